# One folder, .venv, holds everything installed; stamp files in it remember which lock it was installed from.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
BENCH := $(VENV)/.installed-bench
LOOPS := matching/kernel.compiled
VENDOR := app/web/static/vendor/manifest.json
TOOLS := node_modules/.package-lock.json
PACKAGES := $(patsubst %/,-p %,$(wildcard app/ matching/ migrations/))

PYTEST_ARGS ?=
COVERED := app/*/rules.py,app/*/service*.py,matching/*

# Some machines tell Python to keep no compiled code; every process would compile the service anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## show this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  %-16s %s\n", $$1, $$2}'

.PHONY: run
run: $(RUN) $(LOOPS) $(VENDOR) ## install, prepare the database, serve on http://127.0.0.1:8000 (PORT changes it)
	@exec $(PY) -m app serve --prepare

.PHONY: test
test: $(DEV) $(LOOPS) $(VENDOR) $(TOOLS) ## run all tests, or what PYTEST_ARGS says; BOTTEGA_TEST_NO_SKIPS=1 fails on skips
	@$(PY) -m pytest -p tests.no_skips -n 2 --cov --cov-report= $(PYTEST_ARGS)
	@if [ -z '$(subst ','\'',$(PYTEST_ARGS))' ]; then \
		$(PY) -m coverage report --include='$(COVERED)' --skip-covered --fail-under=95; \
	fi

.PHONY: fuzz
fuzz: $(DEV) $(LOOPS) ## try every operation with BOTTEGA_FUZZ_CASES cases (300), on both databases, always the same ones
	@PYTHONHASHSEED=0 $(PY) -m pytest -q -n 2 -p no:randomly -p tests.told -p tests.no_skips -o faulthandler_timeout=900 --durations=3 tests/fuzz/fuzz_api.py

.PHONY: crash
crash: $(DEV) $(LOOPS) ## kill the server 200 times while it writes, on each database
	@BOTTEGA_CRASH_KILLS=200 $(PY) -m pytest -q -n 2 -p no:randomly -p tests.told -p tests.no_skips -o faulthandler_timeout=900 tests/test_crash.py

.PHONY: audit
audit: $(RUN) ## ask the public lists of known weaknesses about every locked package (needs uv, npm and the network)
	@command -v uv >/dev/null || { echo "make audit needs uv: pip install uv"; exit 1; }
	uv tool run pip-audit --requirement requirements.lock --require-hashes --disable-pip
	npm audit --package-lock-only --audit-level=high

.PHONY: bench
bench: $(BENCH) $(LOOPS) ## run the benchmarks beside their peers
	@for file in $(wildcard benchmarks/[a-z]*.py); do \
		name=$$(basename "$$file" .py); echo "== $$name"; $(PY) -m "benchmarks.$$name" || exit 1; \
	done

.PHONY: assets
assets: $(RUN) ## make the browser files agree with package-lock.json
	@$(PY) -m app.web.assets

.PHONY: format
format: $(DEV) ## format the code
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

.PHONY: lock
lock: ## write the lock files anew from pyproject.toml and package.json (needs uv and npm)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	uv pip compile $(LOCK) pyproject.toml --output-file requirements.lock
	uv pip compile $(LOCK) pyproject.toml --group dev --output-file requirements-dev.lock
	uv pip compile $(LOCK) pyproject.toml --group dev --group bench --output-file requirements-bench.lock
	uv pip compile $(LOCK) --group node --output-file requirements-node.lock
	npm install --package-lock-only
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

.PHONY: clean
clean: ## remove what was installed and built; the database in var/ stays
	rm -rf $(VENV) $(LOOPS) node_modules app/web/static/vendor htmlcov .coverage .coverage.* var/openapi.json
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Checks: `make lint` stops at the first that fails; `make -k lint` runs them all.

LINTERS := lint-ruff lint-format lint-mypy lint-imports lint-templates lint-docker lint-compose lint-publiccode lint-openapi \
	lint-locks lint-secrets

.PHONY: lint $(LINTERS)
lint: $(LINTERS) ## run all checks that read the code

lint-ruff: $(DEV) ## ruff: mistakes and style
	@echo "== ruff check"
	@$(PY) -m ruff check .

lint-format: $(DEV) ## ruff: format
	@echo "== ruff format"
	@$(PY) -m ruff format --check .

lint-mypy: $(DEV) ## mypy: types
	@echo "== mypy"
	@$(PY) -m mypy $(PACKAGES)

lint-imports: $(DEV) ## import-linter: who may import whom
	@echo "== import-linter"
	@if [ -f matching/__init__.py ]; then $(VENV)/bin/lint-imports; else echo "no package matching yet"; fi

lint-templates: $(DEV) ## djlint: templates
	@echo "== djlint"
	@if [ -d app/web/templates ]; then $(PY) -m djlint app/web/templates --lint --quiet; else echo "no templates yet"; fi

lint-docker: $(DEV) ## hadolint: Dockerfile
	@echo "== hadolint"
	@$(VENV)/bin/hadolint Dockerfile

lint-compose: $(DEV) ## compose.yaml against the schema of the compose specification
	@echo "== compose schema"
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml

lint-publiccode: $(DEV) ## publiccode.yml against what the standard demands
	@echo "== publiccode.yml"
	@$(VENV)/bin/check-jsonschema --schemafile tests/publiccode.schema.json publiccode.yml

lint-openapi: $(DEV) $(TOOLS) ## spectral: the API's description, standard and OWASP rules
	@echo "== spectral"
	@if [ ! -f app/cli.py ]; then echo "no command line yet"; else \
		mkdir -p var && BOTTEGA_PUBLIC_URL=https://bottega.example $(PY) -m app openapi > var/openapi.json && \
		$(PY) -m app.web.assets --run spectral lint --fail-severity warn var/openapi.json; \
	fi

lint-locks: $(DEV) ## every package pinned, with hashes, from no address of its own
	@echo "== lock files"
	@$(PY) -m tests.supply locks

lint-secrets: $(DEV) ## detect-secrets: nothing that looks like a secret, but what is known to be none
	@echo "== secrets"
	@$(PY) -m tests.supply secrets

# --- What the targets above stand on

$(VENV)/pyvenv.cfg:
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			echo "Making $(VENV) with $$("$$python" --version)"; \
			"$$python" -m venv $(VENV) && exit 0; \
			rm -rf $(VENV); \
		fi; \
	done; \
	echo "Bottega needs Python 3.11 or later with its venv module (on Debian and Ubuntu: apt install python3-venv)."; \
	exit 1

$(RUN): requirements.lock $(VENV)/pyvenv.cfg
	@echo "Installing what Bottega needs (the first time about a minute) …"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(DEV): requirements-dev.lock $(RUN)
	@echo "Installing what the tests and checks need …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(BENCH): requirements-bench.lock $(DEV)
	@echo "Installing the peers that the benchmarks compare with …"
	@$(PIP) install --require-hashes -r requirements-bench.lock
	@touch $@

# Without a C compiler there is none: it is tried again each time, and numpy does the same more slowly.
$(LOOPS): matching/kernel.c matching/link/words.c matching/build.py | $(RUN)
	@$(PY) -m matching.build

$(VENDOR): package-lock.json app/web/assets.py | $(RUN)
	@$(PY) -m app.web.assets

$(TOOLS): package-lock.json | $(RUN)
	@$(PY) -m app.web.assets --tools
	@touch $@
