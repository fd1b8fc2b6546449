# Everything a person runs here. `make demo` and `make test` work on a fresh machine with Python 3.11 or newer.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2
LEFT_OUT := $(addprefix --no-emit-package ,$(shell cat image/left-out.txt))
TORTURE ?= --minutes 10
E2E ?=
unexport PYTHONDONTWRITEBYTECODE  # without bytecode every command imports from source: a run starts a second later

.PHONY: setup demo test e2e bucket torture check format lint types imports generated fast lock bench clean

setup: $(VENV)/ready  ## an environment with every pinned dependency

$(VENV)/ready: requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "evalfactory needs Python 3.11 or newer on the PATH"; exit 1; }
	@echo "setting up $(VENV) with $(PYTHON), once: pip fetches and installs some 90 pinned packages, silently, for a minute or more"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## about 20 support cases on the offline judge, with a verdict
	@sh examples/demo.sh $(BIN)/evalfactory

check: setup format lint imports types generated test  ## what the build server runs

format:
	$(BIN)/ruff format --check .

lint:
	$(BIN)/ruff check .

imports:
	$(BIN)/lint-imports

types:
	$(BIN)/mypy

generated:  ## committed files that are made from the code are fresh
	$(BIN)/python -m evalfactory.metrics.generate --check
	$(BIN)/python -m evalfactory.cli.reference --check

test: setup  ## all tests
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -q --ignore tests/e2e

e2e: setup  ## runs on the cluster of KUBECONFIG; says what is missing where there is none; the short ones: `make e2e E2E="-m 'not long'"`
	$(BIN)/pytest tests/e2e -n 0 -q --durations 0 --durations-min 1 $(E2E)

bucket: setup  ## the tests of a real S3 server: EVALFACTORY_TEST_S3_ENDPOINT and AWS_*; they skip without
	$(BIN)/pytest -n 0 -q tests/storage/test_store_contract.py tests/storage/test_store_faults.py tests/line/test_line_store_faults.py tests/cli/test_clean.py

torture: setup  ## kills, damage and outages by the dice; `make torture TORTURE="--minutes 60 --seed 7"`
	$(BIN)/python tests/torture/torture.py $(TORTURE)

bench: setup
	$(BIN)/python benchmarks/run.py

lock:  ## pin the newest versions that pyproject.toml allows; needs uv
	uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" pyproject.toml -o requirements/run.txt
	uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" $(LEFT_OUT) --no-emit-package numpy --no-emit-package scipy pyproject.toml -o requirements/worker.txt  # install with --no-deps
	uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" $(LEFT_OUT) --extra kubernetes pyproject.toml -o requirements/full.txt
	echo "hatchling>=1.28" | uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" - -o requirements/build.txt
	uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" --all-extras --group dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
