PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint docs bench

run: .venv/app
	$(BIN)/streamlit run app.py

test: .venv/dev
	$(BIN)/python -m pytest

lint: .venv/dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

docs: .venv/dev
	$(BIN)/python -m sphinx --quiet --fail-on-warning --jobs auto docs docs/_build/html

bench: .venv/dev
	$(BIN)/python -m benchmarks && $(BIN)/python -m benchmarks.tables

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/app: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: requirements-dev.txt requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
