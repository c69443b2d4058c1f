# Two commands are all a newcomer needs: `make demo` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
#: Accessibility rules and page audits, for tests in a browser; npm's own mark that they are whole.
RULES := tests/browser/node_modules/.package-lock.json
.PHONY: help demo test test-fast browser lint bench lock clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: locks/run.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: locks/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/dev.txt
	@touch $@

$(RULES): tests/browser/package-lock.json
	cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

demo: $(VENV)/.run ## the whole story on made-up members, then HTTP on 127.0.0.1:8000 (once=1: stop after the story; port=N)
	$(BIN)/tillit demo $(if $(once),--once) $(if $(port),--port $(port))

test: $(VENV)/.dev $(if $(filter browser,$(without)),,$(RULES)) ## every test, on a private PostgreSQL or the one in TILLIT_DATABASE_URL (without=browser: no Chromium)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(if $(without),-m "not $(without)")

test-fast: $(VENV)/.dev ## the tests that take no time
	$(BIN)/python -m pytest -m "not slow and not browser"

browser: $(RULES) ## what tests in a browser need beside Chromium: npm's part, pinned by hashes

lint: $(VENV)/.dev ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## what is measured, against whom (only=ROW for one row)
	$(BIN)/python -m bench $(if $(only),--only $(only))

lock: $(BIN)/python ## pin what pyproject.toml names, with hashes and without an index
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml locks/build.in --universal --generate-hashes --no-emit-index-url --no-header -o locks/run.txt
	$(BIN)/uv pip compile pyproject.toml locks/build.in --extra dev --extra bench --universal --generate-hashes --no-emit-index-url --no-header -c locks/run.txt -o locks/dev.txt

clean: ## remove what was built (never data)
	rm -rf $(VENV) tests/browser/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
