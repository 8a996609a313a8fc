# Two commands do everything on a fresh machine: `make rehearse` and `make test`. `make help` lists the others.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup rehearse plugins up down test lint unit policies bench bench-classifier compare faults e2e test-frameworks test-torch test-polyaxon lock pictures schema workflow clean engines test-cdktn docs

# Installed without bytecode (see .venv/.ready), Python must be allowed to write it.
unexport PYTHONDONTWRITEBYTECODE

# The first Python that is new enough; doctor/prerequisites.py says so when there is none.
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do \
  $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && exit; done; echo python3)
BIN := .venv/bin
# The environments that `make rehearse` and `make policies` go through: one of each cloud.
ENV ?= gke-dev aks-dev
# What makes Terraform's configuration: cdktf, or cdktn, which is installed beside it; see docs/engines.md.
MODELYARD_ENGINE ?= cdktf
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --custom-compile-command 'make lock'
# What brings the Node that CDK Terrain's command line wants, where this machine's is older.
NODE_22 = $(shell node -p 'const [a, b] = process.versions.node.split("."); a * 100 + +b < 2219 ? "npx --yes --package node@22 --" : ""')
# Where a checkout of the lab (real provider plugins, a real Kubernetes node) may be; see docs/testing.md.
LAB ?= $(wildcard ../shared/lab)

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: .venv/.ready node_modules/.ready $(if $(filter cdktn,$(MODELYARD_ENGINE)),.venv/.cdktn engines/cdktn/node_modules/.ready) ## Install what the other targets need (they call it)

.venv/.ready: requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: python is missing, 3.11 or newer is needed: https://www.python.org/downloads" >&2; exit 1; }
	@$(PYTHON) doctor/prerequisites.py
	@echo "setting up Python (about a minute, once)"
	@$(PYTHON) -m venv .venv
	@# Bytecode is written when a module is first used: the providers have 5,000 modules, of which some dozens are.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@# A first synth writes the bytecode and unpacks the providers into jsii's cache: every later one starts fast.
	@out="$$(mktemp -d)" && CDKTF_OUTDIR="$$out" $(BIN)/python main.py && rm -r "$$out"
	@touch $@

node_modules/.ready: package-lock.json
	@echo "setting up the CDKTF command line (about a minute, once)"
	@npm ci --loglevel=error --no-update-notifier --no-fund --no-audit > /dev/null
	@touch $@

.venv/.cdktn: requirements-cdktn.txt .venv/.ready
	@echo "setting up CDK Terrain in Python (half a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-cdktn.txt
	@touch $@

engines/cdktn/node_modules/.ready: engines/cdktn/package-lock.json
	@echo "setting up CDK Terrain's command line (about a minute, once)"
	@npm ci --prefix engines/cdktn --loglevel=error --no-update-notifier --no-fund --no-audit > /dev/null
	@touch $@

rehearse: setup ## Deploy, plan again and destroy both clouds' estates on simulated providers, check their policies, write a page of each
	@# The page says what the policies deny, so it is written before their verdict ends this.
	@for env in $(ENV); do \
	  $(BIN)/modelyard rehearse $$env; \
	  verdict=0; $(BIN)/modelyard policies $$env || verdict=$$?; \
	  $(BIN)/modelyard report $$env; \
	  [ $$verdict = 0 ] || exit $$verdict; \
	done

plugins: setup ## Get the real provider plugins that check and plan in rehearsals, by Terraform (half a GB, once)
	@$(BIN)/modelyard plugins

up: setup ## Build, load and deploy the environment `local`, for real: see environments/local.toml
	@$(BIN)/modelyard up local

down: setup ## Take down what `make up` made
	@$(BIN)/modelyard teardown local

test: lint unit ## Check style and types, run the unit tests

lint: setup
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy

unit: setup
	@# Halves, so that most modules' fixtures are made once; who is done takes from the other.
	@$(BIN)/pytest -n 2 --dist worksteal -m 'not slow'

policies: setup ## Check the rehearsed plans with checkov and own checks, but for the dated exceptions
	@for env in $(ENV); do $(BIN)/modelyard policies $$env; done

bench: setup ## Time synth, deploys and previews against what one would run without them, write docs/benchmarks.md
	@$(BIN)/python -m bench --write

bench-classifier: setup .venv-frameworks/.ready ## Load the classifier and the same network in Flask and PyTorch, write the table into its README
	@$(BIN)/python -m services.image_classifier.bench --write

engines: setup .venv-cdktn/.ready ## Compare what CDKTF and CDK Terrain write value by value, write docs/engines.md
	@$(BIN)/python -m comparison.engines --cdktn .venv-cdktn/bin/python --write

compare: setup ## Compare simulated plans with the real providers' leaf by leaf, write docs/plans.md
	@$(BIN)/python -m comparison --write $(if $(PLUGINS),--plugins $(PLUGINS))

faults: setup ## Break deploys and teardowns off in every way and run them again, write docs/faults.md (about 45 min)
	@$(BIN)/python -m faults --write
	@$(BIN)/python -m faults --random 4

e2e: setup ## What needs minutes: real providers, a real cluster
	@$(BIN)/pytest -n 2 --dist worksteal -m slow
	@MODELYARD_LAB="$(abspath $(LAB))" $(BIN)/pytest -n 2 --dist loadgroup tests/e2e -v$(if $(UNTIL), --until $(UNTIL))

test-frameworks: .venv-frameworks/.ready ## Save models of Keras, PyTorch, scikit-learn, XGBoost and ONNX, serve them, compare the answers
	@# tests/conftest.py is of tests that synthesise.
	@PYTHONPATH="$(CURDIR):$(CURDIR)/constructs" .venv-frameworks/bin/python -m pytest --disable-warnings --confcutdir tests/frameworks tests/frameworks
	@PYTHONPATH="$(CURDIR):$(CURDIR)/constructs" .venv-frameworks/bin/python -m pytest --disable-warnings services/fashion_mnist/tests/keras/*.py

test-torch: .venv-frameworks/.ready ## Compare the classifier's export with torchvision's own AlexNet
	@.venv-frameworks/bin/python -m pytest services/image_classifier/tests/torch_parity/parity.py

STAND_IN := tests/e2e/model_server_stand_in/requirements-no-deps.txt
.venv-frameworks/.ready: tests/frameworks/requirements.txt $(STAND_IN)
	@echo "setting up the frameworks of machine learning (7.4 GB, once)"
	@$(PYTHON) -m venv .venv-frameworks
	@.venv-frameworks/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@.venv-frameworks/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $(STAND_IN)
	@touch $@

test-polyaxon: .venv-polyaxon/.ready ## Polyaxon's own SDK and server: iris tracked, swept, promoted; the add-on's values (downloads 200 MB)
	@# Polyaxon's own deprecations are nobody's here.
	@PYTHONPATH=constructs .venv-polyaxon/bin/python -m pytest --disable-warnings services/iris/tests/polyaxon_sdk/*.py

.venv-polyaxon/.ready: services/iris/tests/polyaxon_sdk/requirements.txt
	@echo "setting up Polyaxon (about a minute, once)"
	@$(PYTHON) -m venv .venv-polyaxon
	@.venv-polyaxon/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

test-cdktn: setup .venv-cdktn/.ready engines/cdktn/node_modules/.ready ## The unit tests with CDK Terrain and without CDKTF, and what both write side by side
	@.venv-cdktn/bin/python -m pytest -n 2 --dist worksteal -m 'not slow'
	@$(NODE_22) .venv-cdktn/bin/python -m pytest -m slow tests/test_engines.py tests/test_fast_start.py tests/test_light_calls.py
	@$(BIN)/python -m comparison.engines --cdktn .venv-cdktn/bin/python

.venv-cdktn/.ready: requirements-cdktn.txt pyproject.toml
	@echo "setting up Python with CDK Terrain alone (about a minute, once)"
	@$(PYTHON) -m venv .venv-cdktn
	@.venv-cdktn/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r $<
	@.venv-cdktn/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

lock: setup ## Write requirements.txt and requirements-cdktn.txt anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(UV_COMPILE) --extra cdktf --extra serving --group dev --group services pyproject.toml -o requirements.txt
	@# Whatever is not the engine stays the same.
	@$(UV_COMPILE) --extra cdktn --extra serving --group dev --group services --constraint requirements.txt pyproject.toml -o requirements-cdktn.txt
	@for each in {services,stacks/add_ons}/*/runtime/requirements.in services/*/runtime/*/requirements.in services/*/comparison/requirements.in; do \
	  (cd "$$(dirname "$$each")" && "$(CURDIR)/"$(UV_COMPILE) --generate-hashes requirements.in -o requirements.txt); done

pictures: setup ## Draw the pictures of docs/report.md, from a rehearsal of gke-dev
	@$(BIN)/modelyard rehearse gke-dev
	@$(BIN)/modelyard policies gke-dev
	@$(BIN)/python -m report.pictures

schema: setup ## Write environments/*.schema.json and the tables of docs/environments.md from the settings
	@$(BIN)/python -m stacks.schema

docs: setup ## Write what comes from the code: docs/reference, and the pictures of README and docs/architecture.md
	@$(BIN)/python -m documentation

workflow: setup ## Write services/sales_pipeline/workflow.json from workflow.py
	@$(BIN)/python -m services.sales_pipeline.workflow

clean: ## Remove what setup, synth and rehearsals made (no real state)
	@rm -rf .venv .venv-cdktn node_modules engines/cdktn/node_modules cdktf.out .rehearsal .plugins
