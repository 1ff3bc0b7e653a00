# The commands of README. Each prepares what it needs; nothing is installed outside .venv and the cache folder.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
VERIFIER := .venv-verifier
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Exactly what is locked, with nothing resolved: a later release changes no install. `pip check` then proves it whole.
LOCKED := --quiet --disable-pip-version-check --no-deps --require-hashes
# Python keeps what it has compiled, whatever the machine says: else each run compiles all tests anew.
unexport PYTHONDONTWRITEBYTECODE
# The order of the tests is shuffled, another way for each commit: the same commit gives the same answer again.
ORDER := --randomly-seed $(shell printf '%d' 0x$$(git rev-parse --short=7 HEAD 2>/dev/null || echo 1))

QUICK := tests/unit tests/repository
FAST := $(QUICK) tests/component tests/contracts

PICTURED := tests/integration/audit/test_page.py::test_an_auditor_finds_a_case_and_the_page_checks_every_step \
	tests/integration/router/test_console.py::test_a_person_of_the_desk_assigns_what_is_parked_with_a_reason \
	tests/integration/router/test_console.py::test_an_operator_finds_a_case_and_replays_and_closes_a_dead_letter \
	tests/integration/router/test_clerk_page.py::test_a_clerk_asks_for_information_and_decides_and_the_server_sees_none_of_it

.PHONY: help setup verifier demo static quick fast test test-again test-long check up down bench docs pictures fix lock clean

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready ## Create .venv from the locked dependencies

$(VENV)/.ready: locks/development.txt pyproject.toml
	@echo "setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install $(LOCKED) -r locks/development.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/pip check --disable-pip-version-check >$(VENV)/check.txt || { cat $(VENV)/check.txt; exit 1; }
	@touch $@

verifier: $(VERIFIER)/.ready ## Create .venv-verifier: a log verifier and witness that we did not write

# They ask for Python 3.12 and run on 3.11 as well; kept apart, since nothing of ours may lean on them.
$(VERIFIER)/.ready: locks/verifier.txt
	@$(PYTHON) -m venv $(VERIFIER)
	@$(VERIFIER)/bin/pip install $(LOCKED) --ignore-requires-python -r locks/verifier.txt
	@$(VERIFIER)/bin/pip check --disable-pip-version-check >$(VERIFIER)/check.txt || { cat $(VERIFIER)/check.txt; exit 1; }
	@touch $@

demo: setup verifier ## Boot the stack and watch real submissions travel (OPTIONS="--submissions 60 --report FILE")
	@$(BIN)/amtsweg demo $(OPTIONS)

up: setup verifier ## Start the stack in the background
	@$(BIN)/amtsweg up --detach

down: setup ## Stop the stack
	@$(BIN)/amtsweg down

static: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

quick: setup
	@$(BIN)/pytest -q $(ORDER) --numprocesses logical -m "not long and not slow" $(QUICK)

fast: setup verifier
	@$(BIN)/pytest -q $(ORDER) --numprocesses logical -m "not long" $(FAST)

# Types are one core's work: the tests run beside them.
check: setup ## Gates of about a minute: format, lint, types, import contracts, unit and repository tests
	@$(MAKE) --no-print-directory --jobs 2 static quick

test: setup verifier ## Everything, on real parts
	@$(MAKE) --no-print-directory --jobs 2 static fast
	@$(BIN)/pytest -q $(ORDER) --numprocesses 4 --dist loadscope --no-loadscope-reorder --durations 10 -m "not long" tests/e2e tests/integration

test-again: ## After make test: what failed on real parts, if it is little, once more and alone
	@$(BIN)/python -m tests.again

test-long: setup verifier ## What takes longer than make test may: many more examples, soaks, longer faults, other servers
	@$(BIN)/pytest -q --numprocesses logical --hypothesis-profile thorough -m "hypothesis and not long" $(FAST)
	@$(BIN)/pytest -q --numprocesses 2 --dist loadscope --durations 10 -m long tests

bench: setup verifier ## Measure: benchmarks/ with their baselines
	@for question in benchmarks/*.py; do $(BIN)/python $$question; done

docs: setup ## Write the pages and golden files that are made from code
	@$(BIN)/amtsweg docs
	@$(BIN)/python -m tests.golden.write

pictures: setup ## Take the pictures of the docs anew: the tests take them while they use the pages in Chromium
	@SCREENSHOTS=$(VENV)/pictures $(BIN)/pytest -q -n 0 $(PICTURED)
	@cp $(VENV)/pictures/{console-parked,console-operator,clerk-decide,auditors-page}.jpg docs/images/

fix: setup ## Format and repair what can be repaired
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: setup ## Renew locks/ from pyproject.toml
	@$(UV) pip compile pyproject.toml --extra operate --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o locks/services.txt
	@$(UV) pip compile pyproject.toml --extra stack --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o locks/development.txt
	@printf 'aics-tlog==0.2.1\naics-witness==0.1.0\n' | $(UV) pip compile - --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o locks/verifier.txt

clean: ## Remove .venv and var
	@rm -rf $(VENV) $(VERIFIER) var
