# The two commands: `make run` shows the program at work, `make check` is the gate.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
DEMO ?= .demo
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Three on two cores: there is always one that waits for a socket, a clock or another process.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder

# Turns off the usage telemetry of dependencies.
export RUNTIME__DLTHUB_TELEMETRY := false
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.runtime ## Pull a simulated cluster, analyze it, and print what fails
	@mkdir -p $(DEMO)
	@PATH="$(abspath $(BIN)):$$PATH" \
	DESTINATION__DUCKDB__CREDENTIALS="$(abspath $(DEMO))/incorta_loads.duckdb" \
	SOURCES__INCORTA__PUBLISH_DIR="$(abspath $(DEMO))/published" \
	incorta-loads simulate --play 8 --state $(DEMO)/simulator.json -- sh docs/demo.sh

.PHONY: docs
docs: $(VENV)/.runtime ## Build the site about all SQL models into .docs/index.html
	@test -f $(DEMO)/incorta_loads.duckdb || $(MAKE) run >/dev/null
	@INCORTA_LOADS_DATABASE="$(abspath $(DEMO))/incorta_loads.duckdb" $(BIN)/dbt --quiet docs generate --static \
		--project-dir sql --profiles-dir sql --target-path "$(abspath .docs)" --log-path "$(abspath .docs)"
	@mv .docs/static_index.html .docs/index.html
	@echo "The site is .docs/index.html"

.PHONY: notebook
notebook: $(VENV)/.dev ## Open the notebook, on what `make run` published
	@test -f $(DEMO)/published/incorta_loads.duckdb || $(MAKE) run >/dev/null
	@$(BIN)/marimo edit notebooks/failure_analysis.py -- --snapshot $(DEMO)/published/incorta_loads.duckdb

.PHONY: notebook-html
notebook-html: $(VENV)/.dev ## Write the notebook as a page that works without a network
	@test -f $(DEMO)/published/incorta_loads.duckdb || $(MAKE) run >/dev/null
	@$(BIN)/python notebooks/as_html.py $(DEMO)/published/incorta_loads.duckdb $(DEMO)/notebook.html
	@echo "The page is $(DEMO)/notebook.html"

.PHONY: superset-try
superset-try: $(VENV)/.runtime debian-packages ## Try Superset on a publication (installs 900 MB into .superset, takes minutes)
	@test -d .superset || { $(PYTHON) -m venv .superset && \
		.superset/bin/python -m pip install --quiet -r docs/superset/requirements.txt; }
	@.superset/bin/python docs/superset/try.py "$(abspath $(BIN))/incorta-loads" .superset/dashboard.png $(EXPORT)

.PHONY: pictures
pictures: $(VENV)/.dev debian-packages ## Make the README's pictures, from what `make run` left
	@test -f $(DEMO)/published/report.html || $(MAKE) run >/dev/null
	@$(BIN)/python docs/pictures.py $(DEMO)

.PHONY: tables
tables: models ## Write docs/tables.md, every table and column with its meaning
	@$(BIN)/python docs/tables.py > docs/tables.md.new
	@mv docs/tables.md.new docs/tables.md

.PHONY: models
models: $(VENV)/.runtime ## Write sql/compiled.json, the SQL that dbt compiles from the models
	@$(BIN)/python -m incorta_loads.analysis.compiled sql/compiled.json

.PHONY: bench-analysis
bench-analysis: $(VENV)/.dev ## Measure what an analysis costs, whole and after 10 new executions
	PYTHONPATH=tests $(BIN)/python tests/benches/analysis.py 1000x1000 20000x1000

.PHONY: bench-report
bench-report: $(VENV)/.dev debian-packages ## Measure the size of report.html, and the time to its first screen
	PYTHONPATH=tests $(BIN)/python tests/benches/page.py story 200x1000 20000x1000

.PHONY: bench-planning
bench-planning: $(VENV)/.dev ## Measure a run of 10 new executions after a history of any length
	PYTHONPATH=tests $(BIN)/python tests/benches/planning.py 1000x1000 10000x1000 50000x1000

.PHONY: bench-ingest
bench-ingest: $(VENV)/.dev ## Measure ingest beside other ways to load the same executions
	PYTHONPATH=tests $(BIN)/python tests/benches/ingest.py 500x1000 1000x28

.PHONY: bench-fleet
bench-fleet: $(VENV)/.dev ## Measure a run over 20 clusters beside one over the largest alone
	PYTHONPATH=tests $(BIN)/python tests/benches/fleet.py

.PHONY: bench-scale
bench-scale: $(VENV)/.dev ## Measure an analysis over lakes that were never loaded
	PYTHONPATH=tests $(BIN)/python tests/benches/lakes.py 1000x1000 20000x1000

.PHONY: bench-alarms
bench-alarms: $(VENV)/.dev ## Simulate how often alerts are wrong, and how soon they come
	PYTHONPATH=tests $(BIN)/python tests/benches/alarms.py

.PHONY: bench
bench: bench-analysis bench-ingest bench-planning bench-report bench-alarms bench-fleet ## Run all benchmarks

.PHONY: install
install: $(VENV)/.runtime ## Install the program into .venv

.PHONY: check
check: $(VENV)/.dev format-check lint types sql-lint test ## The gate: everything that must hold

.PHONY: format
format: $(VENV)/.dev ## Format Python and SQL
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --quiet sql

.PHONY: format-check
format-check: $(VENV)/.dev
	$(BIN)/ruff format --check .

.PHONY: lint
lint: $(VENV)/.dev ## Lint Python, spelling, imports between folders, and dependencies
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry pipelines

.PHONY: types
types: $(VENV)/.dev ## Check types, strictly
	$(BIN)/mypy

.PHONY: sql-lint
sql-lint: $(VENV)/.dev ## Lint SQL
	$(BIN)/sqlfluff lint sql

.PHONY: test
test: $(VENV)/.dev debian-packages ## Run every test (the sample that the gate takes)
	$(PYTEST)

.PHONY: proof
proof: $(VENV)/.dev debian-packages ## Run every test in full: all examples, a real installation
	HYPOTHESIS_PROFILE=proof $(PYTEST) --full

.PHONY: debian-packages
debian-packages:
	@tests/debian-packages.sh

.PHONY: lock
lock: $(VENV)/.dev ## Renew the pinned requirements
	$(COMPILE) pyproject.toml --group build --output-file requirements/runtime.txt
	$(COMPILE) pyproject.toml --group build --group dev --constraint requirements/runtime.txt \
		--output-file requirements/dev.txt
	echo uv | $(COMPILE) - --output-file requirements/installer.txt

.PHONY: vendor
vendor: ## Fetch the pages' JavaScript libraries again, from the npm index
	@requirements/vendor.sh pipelines/incorta_loads/publication/report/vendor/libraries.txt
	@requirements/vendor.sh tests/incorta_loads/publication/report/vendor/libraries.txt

.PHONY: wheel
wheel: $(VENV)/.dev ## Build the wheel into dist/
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

.PHONY: clean
clean: ## Remove what the commands above made
	rm -rf $(VENV) $(DEMO) .docs .superset dist .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis

# Hashes without the name of any index, for every platform and every Python from 3.11 on.
COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-header --no-annotate

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; install it, or name one: make PYTHON=…"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 2; }

$(VENV)/.runtime: requirements/runtime.txt requirements/install.sh pyproject.toml | $(BIN)/python
	@requirements/install.sh $(VENV) requirements/runtime.txt
	@touch $@

# Holds all of the runtime's, so that one installation serves both.
$(VENV)/.dev: requirements/dev.txt requirements/install.sh pyproject.toml | $(BIN)/python
	@requirements/install.sh $(VENV) requirements/dev.txt
	@touch $(VENV)/.runtime $@
