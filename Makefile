# Every target sets itself up: a virtual environment in .venv, the package and what the target needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MINE_FLAGS ?=
# Some systems ship Python without ensurepip: there virtualenv, from pip, makes the environment.
MAKE_VENV = $(PYTHON) -m venv $(VENV) 2>/dev/null || \
	($(PYTHON) -m pip install --quiet --target .bootstrap virtualenv && \
	PYTHONPATH=.bootstrap $(PYTHON) -m virtualenv --quiet $(VENV))

.DEFAULT_GOAL := help
.PHONY: help mine test check format bench clean

help:  ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(VENV)/.run: pyproject.toml
	$(MAKE_VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml
	$(MAKE_VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@

mine: $(VENV)/.run  ## Search the built-in market for factors (about two minutes on two cores)
	$(BIN)/factorengine mine $(MINE_FLAGS)

test: $(VENV)/.dev  ## Run the tests
	$(BIN)/python -m pytest -n 2 $(PYTEST_FLAGS)

check: $(VENV)/.dev  ## Lint, format check, strict types, import direction
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

format: $(VENV)/.dev  ## Format the code and apply safe lint fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench  ## Measure operators, scoring and evaluations; writes benchmarks/results.md
	$(BIN)/python -m benchmarks

clean:  ## Remove the environment and caches
	rm -rf $(VENV) .bootstrap .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
