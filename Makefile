# Everything a fresh checkout needs. Each target creates what it depends on inside `.venv` and `build`.
#
#   make demo      reference data, training, export, molecular dynamics (examples/ethanol)
#   make test      C, C++ and Python tests
#   make install   build the package and install it in .venv
#   make lint      ruff and clang-format, in check mode      make format   apply them
#   make bench     benchmarks, against the published packages
#   make docs      HTML documentation
#   make test-peer comparison with the published packages, and packages that depend on them
#   make sanitize  the tests with the sanitizers of the compiler
#   make fuzz      FUZZ_SECONDS of damaged files (needs clang)
#   make install-compat   names of published packages, without code, for packages that depend on them
#   make clean     remove everything that was created

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := build/release
DEMO_OUTPUT := demo-output
# environments with the published packages, for comparisons
PEER := .venv-peer
FUZZ_SECONDS := 900
TORCH := torch==2.13.0
JOBS := $(shell nproc)
# a small molecule is too little work for several threads, which then only wait for each other
ONE_THREAD := OMP_NUM_THREADS=1

SOURCES := $(shell git ls-files --cached --others --exclude-standard -- \
    CMakeLists.txt pyproject.toml README.md LICENSE cmake core torch python 2>/dev/null)
CXX_FILES = $(shell git ls-files --cached --others --exclude-standard -- \
    '*.c' '*.h' '*.hpp' '*.cpp')

.PHONY: all install install-compat demo test test-peer sanitize fuzz lint format bench docs clean

all: install

# --- environment -------------------------------------------------------------------------------
# torch comes first: whatever depends on it then finds it installed, and our build can use it.
$(BIN)/.environment: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet --group build --group run --group demo --group test
	touch $@

$(BIN)/.installed: $(BIN)/.environment $(SOURCES)
	PATH="$(CURDIR)/$(BIN):$$PATH" CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) \
	    $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --force-reinstall \
	    -Cbuild-dir=$(BUILD) -Ccmake.define.METATENSOR_BUILD_TESTS=ON .
	touch $@

$(BIN)/.lint: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group lint
	touch $@

$(BIN)/.docs: $(BIN)/.environment
	$(BIN)/python -m pip install --quiet --group docs
	touch $@

install: $(BIN)/.installed

install-compat: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --no-build-isolation $(addprefix ./,$(wildcard compat/*/))

# --- what people run ---------------------------------------------------------------------------
demo: $(BIN)/.installed
	mkdir -p $(DEMO_OUTPUT)
	$(ONE_THREAD) $(BIN)/python examples/ethanol/1-reference-data.py $(DEMO_OUTPUT)
	$(BIN)/python examples/ethanol/2-train.py $(DEMO_OUTPUT)
	$(ONE_THREAD) $(BIN)/python examples/ethanol/3-simulate.py $(DEMO_OUTPUT)

test: $(BIN)/.installed
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)
	$(ONE_THREAD) $(BIN)/python -m pytest

test-peer: $(BIN)/.installed
	$(ONE_THREAD) $(BIN)/python peer/run.py

sanitize: $(BIN)/.environment
	PYTHON="$(CURDIR)/$(BIN)/python" JOBS=$(JOBS) tools/sanitize.sh

fuzz: $(BIN)/.installed
	$(BIN)/python tools/fuzz.py --seconds $(FUZZ_SECONDS) --jobs $(JOBS)

lint: $(BIN)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@echo "clang-format --dry-run on all C and C++ files"
	@$(BIN)/clang-format --dry-run --Werror $(CXX_FILES)

format: $(BIN)/.lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@echo "clang-format -i on all C and C++ files"
	@$(BIN)/clang-format -i $(CXX_FILES)

bench: $(BIN)/.installed
	$(BIN)/python peer/environments.py published
	$(ONE_THREAD) $(BIN)/python benchmarks/run.py --published $(PEER)/published/bin/python

docs: $(BIN)/.installed $(BIN)/.docs
	$(BIN)/python -m sphinx -q -W -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

clean:
	rm -rf $(VENV) $(PEER) build dist $(DEMO_OUTPUT) docs/_build .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
