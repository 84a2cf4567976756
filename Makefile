# The doors people know. Everything real is in the `switchyard` command and in pytest; see `make help`.
.DEFAULT_GOAL := help
.PHONY: help test proof proof-core proof-full optional-on optional-off audit clean

VENV := .venv
BIN  := $(VENV)/bin
YARD := $(BIN)/switchyard
UV_VERSION := 0.13.8

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

# A marker written last: a half-made environment is made again.
$(VENV)/COMPLETE: pyproject.toml requirements.lock
	python3 -c 'import ensurepip' || apt-get install -y python3-venv
	python3 -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

# Debian's smallest browser, 100 MB; any of these opens the pages.
test: $(VENV)/COMPLETE ## Everything that needs no cluster: lint, types, layers, unit, features, render, docs, pages, api
	command -v chromium-headless-shell || command -v chromium || command -v google-chrome || { apt-get update && apt-get install -y --no-install-recommends chromium-headless-shell; }
	$(YARD) toolchain control kubernetes-agents
	$(BIN)/tox run

proof: $(VENV)/COMPLETE ## Bring the yard up and run the whole loop: audit, off, core-only, on, optional-on, commits, storage, a model's life cycle with bad input, three negative controls, audit
	$(YARD) up
	$(BIN)/tox run -e proof-daily

proof-full: $(VENV)/COMPLETE ## The whole loop, thirty times off and on, every way in which a deployment can fail or die, with the layer on, off and toggled, and every live negative control
	$(YARD) up
	$(BIN)/tox run -e proof,proof-off,proof-toggled

proof-core: $(VENV)/COMPLETE ## The everyday proof: pytest -m core_only on the yard that is up
	$(BIN)/pytest -m core_only

optional-on: $(VENV)/COMPLETE ## Attach the optional layer
	$(YARD) attach features

optional-off: $(VENV)/COMPLETE ## Detach the optional layer
	$(YARD) detach features

audit: $(VENV)/COMPLETE ## Judge what the cluster is now, and write it under docs/audit (`switchyard audit` only prints it)
	$(BIN)/pytest -m audit

clean: ## Stop the yard, keep caches
	$(YARD) down
