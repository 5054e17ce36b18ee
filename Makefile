# The first call sets up .venv from requirements.lock; later calls find it ready.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PERIOD ?= 2026-Q3
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: help setup report test thorough lab batch bench gallery check lint lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

setup: $(READY) ## set up .venv from requirements.lock

# A set-up that was broken off leaves no mark, so the next call begins anew.
$(READY): requirements.lock pyproject.toml tools/set_up.sh
	@sh tools/set_up.sh $(READY) $(PYTHON)

report: $(READY) ## the quarterly executive report on the bundled data, as HTML and PDF
	@$(BIN)/kpi render notebooks/quarterly_report.ipynb --period $(PERIOD)

test: $(READY) ## the whole test suite: pytest, doctests, notebooks
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --doctest-modules --nbval-lax kpi_analysis tests notebooks

thorough: $(READY) ## further cases of some tests, which take minutes
	@$(BIN)/python -m pytest -n 2 -m thorough tests

lab: $(READY) ## JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks

batch: $(READY) ## a whole quarter's reports
	@$(BIN)/kpi batch params/batch.yaml

bench: $(READY) ## the benchmarks, side by side with what a user would use instead
	@for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(BIN)/python "$$benchmark" || exit 1; done

gallery: $(READY) ## every chart on every edge case, as HTML and PDF
	@$(BIN)/python tools/gallery.py

check: lint ## lint, types, catalogue and data
	@$(BIN)/kpi check

lint: $(READY) ## ruff, pydoclint and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python tools/docstrings.py kpi_analysis/__init__.py kpi_analysis/core kpi_analysis/stats kpi_analysis/metrics
	@$(BIN)/mypy

lock: $(READY) ## write requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-config --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--quiet -o requirements.lock

clean: ## remove reports and caches
	@find reports -mindepth 1 -maxdepth 1 ! -name .gitkeep ! -name example -exec rm -rf {} +
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
