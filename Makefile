# The two commands: `make run` and `make test`. Both do all their set-up, and do it once.

SHELL := bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/pytest -n 2 --dist worksteal
ARGS ?=

.PHONY: run test lint types bench chaos pictures clean help

run: $(VENV)/.run ## serve the product with the real data at http://127.0.0.1:8501 (PORT, DATABASE_URL)
	$(BIN)/python -m lib init
	exec $(BIN)/python -m lib serve

test: $(VENV)/.browser ## all tests, on SQLite, on a PostgreSQL of its own and in Chromium (ARGS for pytest)
# A browser's event loop would stay in the worker that ran it, so its tests run in processes of their own. Each worker
# begins with its half of the tests in their order, which starts the server of a file once, and helps when it is done.
	$(if $(ARGS),$(PYTEST) $(ARGS),$(PYTEST) --ignore tests/e2e && $(PYTEST) tests/e2e)

lint: $(VENV)/.test ## style, formatting and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.test ## static types
	$(BIN)/mypy

bench: $(VENV)/.bench ## the speed figures, as ratios measured side by side in this run (ARGS, such as --help)
	$(BIN)/python -m bench $(ARGS)

chaos: $(VENV)/.test ## faults on purpose at full size: many people, kill -9, restarted PostgreSQL, full disk (half an hour)
	$(BIN)/python -m chaos $(ARGS)

pictures: $(VENV)/.browser ## every page at 1440×900 and 390×844, into build/pictures
	$(BIN)/python -m tools.pictures $(ARGS)

clean: ## the virtual environment and everything built; data/var stays
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.made:
	@tools/venv.sh $(VENV)
	@touch $@

$(VENV)/.run: requirements.txt $(VENV)/.made
	@echo "installing what runs the product"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.test: requirements-dev.txt $(VENV)/.run
	@echo "installing what tests it"
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.test
	@echo "installing what it is measured beside"
	@$(PIP) -r requirements-bench.txt
	@touch $@

$(VENV)/.browser: tools/browser.sh $(VENV)/.test
	@tools/browser.sh $(BIN)/playwright $@
