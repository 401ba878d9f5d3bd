# Makes sure that there is a PostgreSQL for the schedule's tests; says plainly what to do where it cannot.
set -eu
for postgres in "$(command -v postgres || true)" /usr/lib/postgresql/*/bin/postgres; do
  if [ -x "$postgres" ]; then exit 0; fi
done
if command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root=no; fi
  if [ "$as_root" != no ]; then
    echo "Installing PostgreSQL for the schedule's tests (apt-get install postgresql)."
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
    exit 0
  fi
fi
echo "The schedule's tests need PostgreSQL: please install it (Debian and Ubuntu: apt-get install postgresql)." >&2
exit 1
