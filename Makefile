# The commands of this repository. `make help` lists them. Works from any directory: make -C path/to/here demo
MAKEFLAGS += --no-print-directory
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
BIN := $(ROOT)/.venv/bin
PYTEST := cd $(ROOT) && $(BIN)/python -m pytest $(if $(JUNIT),--junit-xml=$(abspath $(JUNIT)))
.PHONY: help install install-run system-packages demo test test-fast check requirements clean

help: ## List the commands.
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(ROOT)/Makefile | expand -t 24

install: ## Install everything into .venv: the product, its tests and its checks.
	@$(ROOT)/scripts/install dev

install-run:
	@$(ROOT)/scripts/install run

system-packages:
	@$(ROOT)/scripts/system-packages

demo: install-run ## Six real calls, printed live; then it stays up for yours (ONCE=1: end after them).
	@cd $(ROOT) && exec $(BIN)/ivr demo $(if $(ONCE),--once)

test: install system-packages ## All tests (ARGS="-k name" chooses, JUNIT=file.xml also writes a report).
	@JUNIT=$(if $(JUNIT),$(abspath $(JUNIT))) $(ROOT)/scripts/test $(ARGS)

test-fast: install ## The tests that need no calls, no speech models, no browser and no seconds each; house rules are `make check`.
	@$(PYTEST) -n 2 --dist loadfile -m "not sip and not models and not browser and not slow and not alone" --ignore tests/test_house.py --ignore tests/test_papers.py --ignore tests/sip --ignore tests/browser $(ARGS)

check: install ## Style, types, floors between rooms, house rules. Runs all of them, then says which failed.
	@cd $(ROOT); failed=; \
	step() { echo "== $$*"; "$(BIN)/$$1" "$${@:2}" || failed="$$failed $$1"; }; \
	step ruff check .; step ruff format --check .; step mypy; step lint-imports; \
	step python -m pytest tests/test_house.py tests/test_papers.py; \
	if [ -n "$$failed" ]; then echo "check failed:$$failed"; exit 1; fi

requirements: ## Compile requirements/*.in again (UPGRADE=1: to the newest versions). Needs uv.
	@$(ROOT)/scripts/compile-requirements $(if $(UPGRADE),--upgrade)

clean: ## Remove what the commands made: .venv, caches, run-time files of the demo.
	@cd $(ROOT) && rm -rf .venv ivr.egg-info build var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(ROOT)/ivr $(ROOT)/tests -name __pycache__ -type d -prune -exec rm -rf {} +
