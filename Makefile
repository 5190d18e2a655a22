# Few thin targets. PYTHON may name another Python, 3.11 or newer.
PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 8000
BIN    := $(VENV)/bin

.PHONY: serve editor test coverage check bench lint docs lock clean

serve: $(VENV)/.serve editor
	$(BIN)/kg serve --port $(PORT)

# The bundle of /sparql, built once; without it the page is a plain form. KG_EDITOR=no leaves it out.
editor: $(VENV)/.python
	@$(BIN)/python src/editor/build.py

test: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow and not check and not text"

# The same and what is slow, under coverage; it fails below the floor in pyproject.toml.
coverage: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist loadfile -m "not check and not text" -q --cov --cov-report=term

# Four workers on two cores: many checks wait for a browser, another server or a download.
check: export KG_EDITOR = require
check: $(VENV)/.dev lint editor
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder -m "slow or check or text"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python bench/start.py

docs: $(VENV)/.dev
	mkdir -p build
	$(BIN)/kg query docs/ontology.rq --format ttl > build/ontology.ttl
	$(BIN)/pylode build/ontology.ttl -o build/ontology.html
	$(BIN)/python docs/model.py
	@command -v dot >/dev/null || { echo "make: docs/*.svg need Graphviz. On Debian: apt install graphviz" >&2; exit 2; }
	for picture in architecture serving; do dot -Tsvg docs/$$picture.dot -o docs/$$picture.svg; done

lock: $(VENV)/.dev
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-strip-extras -q -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-strip-extras -q --group dev -o requirements-dev.lock pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-strip-extras -q -o src/editor/node.lock src/editor/node.in

clean:
	rm -rf $(VENV) dist build src/kg/web/static/editor .coverage .pytest_cache .mypy_cache .ruff_cache

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than 3.11; run make PYTHON=python3.11" >&2; exit 2; }
	@rm -rf $(VENV); $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "make: $(PYTHON) cannot make a virtual environment. On Debian: apt install python3-venv" >&2; exit 2; }
	@touch $@

$(VENV)/.serve: $(VENV)/.python pyproject.toml requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	KG_EDITOR=no $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.serve
