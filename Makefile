# Two commands do everything on a fresh clone: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo_study
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Each module is compiled once, not by each of the many processes that import TensorFlow.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test bench lint setup lock clean

demo: $(VENV)/ready  ## the whole study on synthetic faces, to a report
	@bash .ci/system_packages demo
	$(BIN)/faceoff demo $(DEMO)

test: $(VENV)/ready lint  ## style, types, layers and tests
	@bash .ci/system_packages test
	@# Three processes for two cores: the one with the windows mostly waits.
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

bench: $(VENV)/bench  ## each hot path beside its peers, into docs/benchmarks.md; SMALL=1 prints a small form
	$(BIN)/python benchmarks/run_all.py $(if $(SMALL),--small,--write docs/benchmarks.md) $(if $(EDF),--edf $(EDF))

$(VENV)/bench: $(VENV)/ready
	$(BIN)/uv pip install --python $(BIN)/python --constraint requirements.lock --no-build-isolation --editable '.[bench]' || \
	  $(BIN)/python -m pip install --constraint requirements.lock --no-build-isolation --editable '.[bench]'
	@touch $@

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: $(VENV)/ready  ## the environment alone

$(VENV)/ready: requirements.lock pyproject.toml .ci/system_packages
	@bash .ci/system_packages setup
	@$(PYTHON) -c 'import sys; assert sys.version_info[:2] == (3, 11)' 2>/dev/null || \
	  { echo "faceoff needs Python 3.11, but $(PYTHON) is `$(PYTHON) --version 2>&1`. Name one: make PYTHON=python3.11" >&2; exit 2; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV); this takes some minutes the first time."
	@$(BIN)/python -m pip install --quiet "`grep ^uv== requirements.lock`"
	@# uv takes a third of pip's time; pip knows mirrors and proxies from its own configuration.
	$(BIN)/uv pip install --python $(BIN)/python --requirement requirements.lock || \
	  $(BIN)/python -m pip install --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lock:  ## resolve pyproject.toml anew, for Linux, Windows and macOS
	$(BIN)/uv lock
	$(BIN)/uv export --all-extras --no-extra bench --no-hashes --no-header --no-annotate --no-emit-project \
	  --output-file requirements.lock > /dev/null

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
