# make run         from a fresh clone to a checked, drawn and trained course; needs Python 3.11+ and nothing else
# make test        every check and test; also brings the system packages that tests use
# make test-long   the long test run (the tests marked `long`)
# make docs        the documentation site, into out/docs
# make pictures    draw the gallery anew, and with it the README's picture
# make tables      write the tables of keys in docs/language.md anew, and the table of protocols

PYTHON ?=
TORCH ?= torch==2.13.0
BIN := .venv/bin
NODE := $(addsuffix /node_modules/.package-lock.json,tests/diagrams/mermaid tests/editors/server)

.PHONY: run test test-long docs pictures tables system
.DELETE_ON_ERROR:

run: .venv/run
	@mkdir -p out
	$(BIN)/protoflow validate fedavg
	@echo
	$(BIN)/protoflow diagram fedavg --kind states -o out/fedavg.states.svg
	$(BIN)/protoflow diagram fedavg --kind flow -o out/fedavg.flow.svg
	@echo
	$(BIN)/protoflow run fedavg --clients 10 --data digits --partition dirichlet:0.5 --latency 20ms..80ms \
	    --compute client=1s..2s --trace out/fedavg.jsonl
	@echo "pictures: out/fedavg.states.svg out/fedavg.flow.svg"

test: .venv/test system $(NODE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2

test-long: .venv/test system $(NODE)
	$(BIN)/pytest -n 2 -m long

docs: .venv/docs
	$(BIN)/sphinx-build -q -W -n docs out/docs
	@echo "out/docs/index.html"

pictures: .venv/run
	$(BIN)/protoflow diagram protocols -o docs/gallery
	$(BIN)/python tools/gallery.py

tables: .venv/run
	$(BIN)/python tools/key_tables.py
	$(BIN)/python tools/protocol_table.py

system:
	@tools/system_packages.sh

$(NODE): %/node_modules/.package-lock.json: %/package-lock.json | system
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# The stamps: a file in .venv that is newer than what it was installed from.
.venv/run: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet $(TORCH) -e '.[draw,torch]'
	@touch $@

.venv/test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet $(TORCH) -e '.[all]' --group dev
	@touch $@ .venv/run

.venv/docs: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet -e '.[draw]' --group docs
	@touch $@

.venv/bin/python:
	@for each in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14; do \
	    if $$each -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "$$each -m venv .venv"; exec $$each -m venv .venv; \
	    fi; \
	done; \
	echo 'protoflow needs Python 3.11 or newer, with its venv module; none was found on the PATH.' >&2; \
	echo 'Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3' >&2; \
	exit 1
