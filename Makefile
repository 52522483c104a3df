# The front door. Everything a command needs is installed by it, once; later runs start at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := $(wildcard constraints.txt)

.PHONY: demo test check bench torture pictures clean

demo: $(VENV)/.run
	@$(BIN)/dispatch demo $(ARGS)

test: $(VENV)/.test
	@$(BIN)/python tools/need_chromium.py
	@rm -f .pytest_cache/seed-results.jsonl
	$(BIN)/pytest -n 2 --dist loadfile -m "not browser" --ignore tests/process $(ARGS)
	@# By themselves: a browser's driver keeps an event loop running in its process.
	$(BIN)/pytest -m browser $(ARGS)
	@# By themselves: they kill processes, and count how long the others take.
	$(BIN)/pytest tests/process $(ARGS)
	$(if $(ARGS),,$(BIN)/python tools/seed_checklist.py ran)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/alembic_check.py
	$(BIN)/python tools/seed_checklist.py

bench: $(VENV)/.test
	$(BIN)/python -m bench $(ARGS)

torture: $(VENV)/.test
	$(BIN)/python -m bench.torture --incidents $(or $(N),200)
	DISPATCH_TEST_ROWS=50000 $(BIN)/pytest tests/test_many_rows.py --timeout 1800
	DISPATCH_TEST_ROWS=100000 $(BIN)/pytest tests/test_many_rows.py --timeout 1800
	DISPATCH_TEST_EXAMPLES=100000 $(BIN)/pytest tests/api/test_any_request.py -s
	DISPATCH_TEST_EXAMPLES=5000 $(BIN)/pytest tests/slack_sandbox/test_any_request.py --timeout 1800
	DISPATCH_TEST_REQUESTS=10000 $(BIN)/pytest tests/scenarios/test_interleaved.py --timeout 3600 -s

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Dispatch needs Python 3.11 or newer; this is %d.%d. Set PYTHON=python3.x" % sys.version_info[:2]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.run: $(VENV)/bin/python pyproject.toml $(CONSTRAINTS)
	@echo "Installing Dispatch (once)"
	@$(BIN)/python tools/install.py
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml $(CONSTRAINTS)
	@echo "Installing Dispatch and what its tests need (once)"
	@$(BIN)/python tools/install.py test check
	@touch $@ $(VENV)/.run

# The pictures of README and docs/, made by the browser tests.
pictures: $(VENV)/.test
	DISPATCH_PICTURES=1 $(BIN)/pytest -m browser tests/desk

clean:
	rm -rf $(VENV)
