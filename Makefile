# Each target makes what it needs, from nothing: a virtual environment in .venv, then rectifier in it.
#
#   make demo    repair a script whose units die, then compare ten activations; pages in demo/
#   make test    the tests
#   make check   lint, format, strict types, architecture
#   make check-native   every kernel, and what Python calls of native/, once under the address and
#                undefined-behaviour sanitizers
#   make bench   the performance tables
#   make docs    a page for each activation, in docs/activations/

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
BUILD := pyproject.toml constraints.txt CMakeLists.txt $(wildcard native/*) \
	$(wildcard src/rectifier/kernels/*.py src/rectifier/expression/*.py \
		src/rectifier/catalog/*.py) src/rectifier/activation.py

.PHONY: demo test check check-native bench docs clean

demo: .venv/.installed
	mkdir -p demo
	$(BIN)/rectifier repair --html demo/repair.html examples/digits_dying.py
	$(BIN)/rectifier compare --task digits --store demo/compare.sqlite --resume \
		--html demo/compare.html
	@echo
	@echo "Open demo/repair.html and demo/compare.html in a browser; they need no network."

test: .venv/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

check-native: .venv/.installed-dev
	cmake -S . -B build/check -DRECTIFIER_CHECK=ON -DPython_EXECUTABLE=$(abspath $(BIN)/python)
	cmake --build build/check --target native_check _native
	build/check/native_check
	$(BIN)/python native/check.py build/check

bench: .venv/.installed-dev
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

docs: .venv/.installed
	$(BIN)/python docs/build.py
	@echo "Start at docs/activations/index.md."

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "rectifier needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version); set PYTHON="; \
		exit 1; }
	$(PYTHON) -m venv .venv

# A failed build of the kernels is no failed installation, and pip does not show it: so say it here.
TELL = @$(BIN)/python -c 'from rectifier.kernels import native; native.available() or \
	print("\n*** WITHOUT COMPILED KERNELS, everything is slower: " + native.why_not() + "\n")'

.venv/.installed: .venv/bin/python $(BUILD)
	$(PIP) install -q -c constraints.txt -e '.[all]'
	$(TELL)
	touch $@

.venv/.installed-dev: .venv/bin/python $(BUILD)
	$(PIP) install -q -c constraints.txt -e '.[dev]'
	@# Where there is no GPU, Triton interprets its kernels; PyTorch for CUDA brings its own. It has
	@# a folder to itself: in one process with JAX's or TensorFlow's LLVM this one would abort.
	-@$(BIN)/python -c 'import triton' 2>/dev/null || test -d .venv/triton || \
		$(PIP) install -q --no-deps --target .venv/triton triton==3.9.0
	$(TELL)
	touch $@ .venv/.installed

clean:
	rm -rf .venv build dist
