# Openchair. `make run` starts a practice meeting that you can walk into; `make test` proves that all of it works.

# The newest Python there is that runs: a name alone may be the shim of a version manager, with nothing behind it.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
WEB := client/web
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test screenshots check bench chaos simulate lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

setup: .venv/ready $(WEB)/dist/.vite/manifest.json ## Make .venv/ with the command `openchair`, and build the page

run: setup ## Start the practice room on 127.0.0.1:8000 (PORT=… for another port)
	$(BIN)/openchair practice --port $(or $(PORT),8000)

test: setup .venv/ready-to-test ## Run all tests, with a real browser
	cd $(WEB) && PATH="$(CURDIR)/$(BIN):$$PATH" npm test --silent
	$(BIN)/python -m pytest $(TESTS)

screenshots: setup .venv/ready-to-test ## Take pictures of the main states into build/screenshots
	$(BIN)/python -m tests.e2e.screenshots

check: setup .venv/ready-to-test ## Types, format, lint, layers, and that nothing is left untranslated
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/config/test_messages.py
	cd $(WEB) && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent check

bench: setup .venv/ready-to-bench bench/rivals/node_modules/.package-lock.json ## Measure beside the rivals (about ten minutes)
	$(BIN)/python -m bench $(BENCH)
	$(BIN)/python -m bench.schedule

chaos: setup .venv/ready-to-test ## Let everything fail under 200 people, and renew under 1,000 (twenty minutes)
	$(BIN)/python -m tests.chaos $(CHAOS)

simulate: setup .venv/ready-to-test ## Hold ten thousand simulated meetings in which nearly everything goes wrong
	$(BIN)/python -m tests.simulation --seeds 10000 $(SIMULATE)

lock: ## Renew the locked versions from pyproject.toml
	$(BIN)/pip install --quiet uv
	for set in "requirements:build" "requirements-dev:dev" "requirements-bench:bench"; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command "make lock" pyproject.toml --group $${set#*:} -o $${set%:*}.txt; \
	done

clean: ## Remove all that the other commands made
	rm -rf .venv bench/rivals/node_modules $(WEB)/node_modules $(WEB)/dist bench/build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/ready: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Openchair needs Python 3.11 or newer, and found none (python3 --version says which you have)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Openchair needs Python 3.11 or newer; this is $$($(PYTHON) --version)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/ready-to-test: .venv/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@sh tests/e2e/install-browser.sh
	@sh tests/server/schedule/install-postgres.sh
	@touch $@

.venv/ready-to-bench: .venv/ready requirements-bench.txt
	@command -v cc >/dev/null || { echo "The load generator needs a C compiler (cc). On Debian and Ubuntu: apt-get install gcc libc6-dev"; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-bench.txt
	@touch $@

bench/rivals/node_modules/.package-lock.json: .venv/ready bench/rivals/package.json bench/rivals/package-lock.json
	cd bench/rivals && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --loglevel=error --no-audit --no-fund
	@touch $@

$(WEB)/node_modules/.package-lock.json: .venv/ready $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --loglevel=error --no-audit --no-fund
	@touch $@

$(WEB)/dist/.vite/manifest.json: $(WEB)/node_modules/.package-lock.json $(shell find $(WEB)/src -type f 2>/dev/null) $(WEB)/vite.config.ts
	cd $(WEB) && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build
	@touch $@
