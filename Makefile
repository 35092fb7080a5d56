# `make demo` and `make test` are all that a fresh machine with Python 3.11, its venv module and make needs.

BIN := .venv/bin
UV_VERSION := 0.13.9
SYSTEM_PACKAGES := chromium fonts-wqy-microhei
SIDE_BY_SIDE := --numprocesses auto --dist loadfile --no-loadscope-reorder
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := true

.PHONY: help setup demo run check test soak bench spark system lock lint
.DELETE_ON_ERROR:

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready .venv/.compiled ## install everything into .venv

demo: .venv/.ready ## trade on a venue with made-up buyers and sellers
	@$(BIN)/suanli demo

run: setup ## run the venue on this machine
	@$(BIN)/suanli serve

check: lint ## say yes or no in two minutes: format, lint, types, imports, tests without a database
	$(BIN)/pytest -rs $(SIDE_BY_SIDE) -m 'not integration and not browser and not soak'

test: setup spark system lint ## run all tests, database, browser and Spark included: what CI runs
	$(BIN)/pytest -rs $(SIDE_BY_SIDE)

soak: setup ## run the long tests
	$(BIN)/pytest -rs -m soak --timeout 0

bench: setup ## measure how fast the venue is here
	@$(BIN)/suanli bench

spark: .venv/.spark ## install Spark and a Java of its own, 650 MB: for its tests and suanli bench settle

system: ## install what the page tests need: Chromium and a Chinese font (Debian, as root or by sudo)
	@command -v chromium >/dev/null && fc-list :lang=zh | grep -q . && exit; \
	sudo=; test "$$(id -u)" = 0 || sudo='sudo -n'; \
	apt="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq"; \
	{ $$apt update && $$apt install --no-install-recommends $(SYSTEM_PACKAGES); } >/dev/null 2>&1 \
	|| echo 'The page tests need $(SYSTEM_PACKAGES), which could not be installed from here.'

lock: $(BIN)/uv ## write requirements.lock and requirements-spark.lock for what pyproject.toml asks
	@$(LOCK) --group dev --output-file requirements.lock
	@$(LOCK) --extra spark --constraint requirements.lock --output-file requirements-spark.lock
	@! grep '://' requirements.lock requirements-spark.lock

LOCK := UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet pyproject.toml --universal --generate-hashes

lint: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/.ready: requirements.lock pyproject.toml | $(BIN)/uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

.venv/.spark: requirements-spark.lock | .venv/.ready
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-spark.lock
	@touch $@

# The matcher is compiled from the same sources that the tests read. Without a compiler it runs as plain Python.
# Its words stay as they are: the log is read by their types, which a compiler drops.
WORDS := __init__ terms curves commands events cases book_cases
.venv/.compiled: $(wildcard matching/*.py) | .venv/.ready
	@cd .venv/lib/python3*/site-packages && rm -rf matching $$(cd ../../../build 2>/dev/null && ls *.so 2>/dev/null)
	@rm -rf .venv/build && mkdir .venv/build && cp -r matching .venv/build/
	@if ! command -v cc >/dev/null; then echo 'There is no C compiler here: the matcher runs as plain Python.'; \
	elif echo 'Compiling the matcher, which takes a minute.' && cd .venv/build \
		&& PATH="$$PWD/../bin:$$PATH" mypyc --strict $(filter-out $(WORDS:%=matching/%.py),$(wildcard matching/*.py)) >log 2>&1; \
	then cp -r matching *.so ../lib/python3*/site-packages/; \
	else echo 'The matcher could not be compiled and runs as plain Python: see .venv/build/log.'; fi
	@touch $@

$(BIN)/uv: | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(BIN)/python:
	@echo 'Installing into .venv …'
	@for python in python3.11 python3; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		$$python -m venv .venv && exit; \
		rm -rf .venv; \
		echo "$$python lacks its venv module: install it (Debian: python3-venv), then run make again."; exit 1; \
	done; \
	echo 'Suanli needs Python 3.11 or newer: install it, then run make again.'; exit 1
