# `make demo` and `make test` do everything from a bare checkout: Python 3.11, pip and make suffice.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
OUT := demo
# Debian keeps ensurepip in a package of its own; without it the system's pip fills the environment.
PIP = $$(test -x $(BIN)/pip && echo $(BIN)/pip || echo $(PYTHON) -m pip --python $(BIN)/python)
INSTALL = $(PIP) install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-slow bench lint docs format clean

demo: $(VENV)/installed
	$(BIN)/vagus run examples/ra-implanted-cuff.yaml --out $(OUT)/ra
	$(BIN)/vagus run examples/migraine-cervical.yaml --out $(OUT)/migraine
	$(BIN)/vagus trial run examples/trial-migraine.yaml --out $(OUT)/trial --replicates 300
	$(BIN)/vagus evidence --pool headache-days --out $(OUT)/evidence
	$(BIN)/vagus screen examples/patients/migraine.yaml --device gammacore --out $(OUT)/screen
	$(BIN)/vagus cite examples/migraine-cervical.yaml --out $(OUT)/migraine/works.bib
	@echo "The reports are $(abspath $(OUT)/ra/report.html), $(abspath $(OUT)/migraine/report.html),"
	@echo "$(abspath $(OUT)/trial/trial.html), $(abspath $(OUT)/evidence/evidence.html)"
	@echo "and $(abspath $(OUT)/screen/screening.html)"

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

test-slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

bench: $(VENV)/installed-bench
	$(BIN)/python -m benchmarks

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The variable silences the theme's notice on a later mkdocs, which is not used here.
docs: $(VENV)/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "Open $(abspath site)/index.html in a browser. Only search needs a server:"
	@echo "$(BIN)/python -m http.server -d site, then http://localhost:8000"

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(OUT) site .cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || $(PYTHON) -m venv --without-pip --clear $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-bench: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[bench]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[docs]'
	@touch $@ $(VENV)/installed
