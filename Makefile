# Everything a newcomer needs, with Python 3.11 or newer and make on the machine; each target does its own set-up.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq
REALDATA ?=
WORKERS ?= 2
ARGS ?=
export PATH := $(CURDIR)/$(BIN):$(PATH)

TRANSLATIONS := $(patsubst %.po,%.mo,$(wildcard web/translations/*/LC_MESSAGES/messages.po))
FRONTEND := $(wildcard web/frontend/*.* web/frontend/.npmrc web/frontend/build web/frontend/assets/*)

.PHONY: run test lint strings bench bench-pages bench-log bench-watching bench-withdrawing bench-documents described screenshots demo-reset help
.DELETE_ON_ERROR:

run: $(VENV)/.runs web/static/app.css $(TRANSLATIONS) ## set up what is missing, and serve the demo on http://localhost:8000
	@$(BIN)/citizen-vault demo
	@exec $(BIN)/citizen-vault serve

demo-reset: $(VENV)/.runs ## delete the demo's people and begin anew; asks first unless ARGS=--yes
	@$(BIN)/citizen-vault demo --reset $(ARGS)

test: $(VENV)/.tests $(VENV)/.system tests/node/node_modules web/static/app.css $(TRANSLATIONS) ## run all tests; ARGS="-k words" narrows, REALDATA=required demands ../shared
	CITIZEN_VAULT_REALDATA=$(REALDATA) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: $(VENV)/.tests ## check style, types, the house, and that all strings are in every language
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.strings

strings: $(VENV)/.tests ## gather what people read, and say what has no translation yet
	$(BIN)/python -m tests.strings --update

bench: $(VENV)/.tests $(VENV)/.system web/static/app.css $(TRANSLATIONS) ## measure the governed read against a bare one, on SQLite and PostgreSQL
	$(BIN)/python -m tests.benchmarks $(ARGS)

bench-withdrawing: $(VENV)/.tests $(VENV)/.system web/static/app.css $(TRANSLATIONS) ## measure how soon a withdrawal counts, with 32 clients on two servers
	$(BIN)/python -m tests.benchmarks.withdrawing $(ARGS)

bench-documents: $(VENV)/.tests $(VENV)/.system web/static/app.css $(TRANSLATIONS) ## measure a document of 100 MiB going in and out, and the memory it takes
	$(BIN)/python -m tests.benchmarks.documents $(ARGS)

bench-pages: $(VENV)/.tests web/static/app.css $(TRANSLATIONS) ## measure every page with 1,000 residents and 100,000 entries in the log
	$(BIN)/python -m tests.benchmarks.pages $(ARGS)

bench-log: $(VENV)/.tests ## measure the log at ten thousand, a hundred thousand and a million entries; takes a while
	$(BIN)/python -m tests.benchmarks.million $(ARGS)

bench-watching: $(VENV)/.tests ## measure how much planted misuse the watchers find, and what else they find
	$(BIN)/python -m tests.benchmarks.watching $(ARGS)

described: $(VENV)/.tests ## send the data API 10,000 calls that Schemathesis makes up, under all its checks; takes about 20 minutes
	$(BIN)/python -m tests.described $(ARGS)

screenshots: $(VENV)/.tests $(VENV)/.system web/static/app.css $(TRANSLATIONS) ## photograph the pages of a fresh demo into docs/screenshots
	$(BIN)/python -m tests.journeys.screenshots $(ARGS)

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- Set-up, each step once -------------------------------------------------------------------------------------------

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, as python3 on the path" >&2; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make $(VENV); on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.runs: requirements.lock pyproject.toml | $(VENV)/.made
	@echo "installing what the vault runs on"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.tests: requirements-test.lock $(VENV)/.runs
	@echo "installing what the tests need"
	@$(PIP) --require-hashes -r requirements-test.lock
	@touch $@

$(VENV)/.node: requirements-node.lock | $(VENV)/.made
	@tests/setup has-node || { echo "installing Node.js into $(VENV)"; $(PIP) --require-hashes -r requirements-node.lock; }
	@touch $@

$(VENV)/.system: tests/setup | $(VENV)/.made
	@tests/setup system
	@touch $@

web/static/app.css: $(FRONTEND) | $(VENV)/.node
	@echo "building the pages' style"
	@web/frontend/build
	@touch $@

web/translations/%.mo: web/translations/%.po | $(VENV)/.runs
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@ --locale $(word 3,$(subst /, ,$@))

tests/node/node_modules: tests/node/package.json tests/node/package-lock.json | $(VENV)/.node
	@cd tests/node && npm ci --silent
	@touch $@
