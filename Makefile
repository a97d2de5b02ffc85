# Everything needs Python 3.11 or newer, make and a package index; `make help` lists the targets.
# The environment in .venv is made from requirements.lock and made again when that file changes.

.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed-$(firstword $(shell cksum requirements.lock))
JOBS ?= 2

# The package is used from src/, not installed. One thread of linear algebra and no settings of the
# user's: the same numbers on every machine.
export PYTHONPATH := $(CURDIR)/src
export IPYTHONDIR := $(CURDIR)/_build/ipython
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1

.PHONY: help book html test lint check explain serve bench simulate clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: $(STAMP) ## website and PDF in _build, from the data; only what is due
	@$(PY) -m alliance_review build

html: $(STAMP) ## the same without the PDF
	@$(PY) -m alliance_review build --html-only

test: $(STAMP) lint book ## everything that continuous integration runs
	$(PY) -m pytest tests -n $(JOBS) --dist loadfile
	$(PY) -m pytest --nbval chapters -n $(JOBS) --dist loadfile --nbval-current-env

lint: $(STAMP) ## style of the code
	$(PY) -m ruff check src tests benchmarks validation

check: $(STAMP) ## validate the data
	@$(PY) -m alliance_review check

explain: $(STAMP) ## where a number comes from: make explain WHAT=pools.core.all_reports.r
	@$(PY) -m alliance_review explain "$(WHAT)"

serve: book ## the website at http://127.0.0.1:8000 (the pages also open as files)
	@$(PY) -m http.server 8000 --bind 127.0.0.1 --directory _build/html

bench: $(STAMP) ## times: the statistics against other packages, a rebuild against plain jupyter-book
	@$(PY) benchmarks/engine.py
	@$(PY) benchmarks/rebuild.py

simulate: $(STAMP) ## the simulation study again, from the present record (validation/simulation)
	@$(PY) -m alliance_review.simulation_study --jobs $(JOBS)

clean: ## remove what was built (the environment stays)
	rm -rf _build .pytest_cache .ruff_cache

$(STAMP):
	@set -eu; \
	for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if command -v "$$python" >/dev/null 2>&1 \
	     && "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	  echo "Python 3.11 or newer is needed; found: $$(python3 --version 2>&1 || true)." >&2; \
	  echo "Install one, or name it: make book PYTHON=/path/to/python3" >&2; exit 1; fi; \
	echo "environment: installing requirements.lock into $(VENV) (once, a few minutes at most)"; \
	if command -v uv >/dev/null 2>&1; then \
	  [ -x $(PY) ] || uv venv --quiet --no-python-downloads --python "$$found" $(VENV); \
	  uv pip sync --quiet --python $(PY) --require-hashes --compile-bytecode requirements.lock; \
	else \
	  [ -x $(PY) ] || "$$found" -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "Python's venv module is incomplete (on Debian and Ubuntu: python3-venv)." >&2; \
	    exit 1; }; \
	  $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	    -r requirements.lock; \
	fi; \
	rm -f $(VENV)/.installed-*; touch $@
