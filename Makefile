# The front door. Every target makes .venv first, so that `make run` on a fresh clone is enough.
.DEFAULT_GOAL := help
PYTHON ?= python3
SIDE ?= START FINISH
FROM ?= START
TO ?= FINISH
# Twice the cores of a small laptop: the suite waits for servers more than it computes.
JOBS ?= 4

# A shell completes a folder's name with a slash.
ifdef MOD
override MOD := $(patsubst %/,%,$(MOD))
endif

MODULES := mod1-flask mod2-cloudndb mod4-cloudrun mod5-buildpacks mod11-functions mod12-memcache mod13-memorystore
TOOL := .venv/bin
# A clone of the samples is not littered with bytecode, which `diff -r` would show.
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help setup run diff test test-all doctor deploy lint lock clean module
help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "MOD is one of: $(MODULES)"

setup: .venv/.ready ## Make the tool's own environment, .venv (the other targets do it by themselves)

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "make: expected Python 3.10 or newer, found $$($(PYTHON) --version 2>&1); name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "make: $(PYTHON) cannot make an environment; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv, once"
	@$(TOOL)/pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements.lock)"
# A package mirror that pip has been told of is uv's as well.
	@mirror=$$($(TOOL)/pip config get global.index-url 2>/dev/null); set -- $${mirror:+--default-index "$$mirror"}; \
	$(TOOL)/uv pip sync --quiet --compile-bytecode "$$@" --python $(TOOL)/python --require-hashes requirements.lock && \
	$(TOOL)/uv pip install --quiet "$$@" --python $(TOOL)/python --no-deps --editable .
	@touch $@

run: MOD ?= mod1-flask
run: module ## Run START and FINISH on one store: make run MOD=mod2-cloudndb [SIDE=START]
	@$(if $(filter file,$(origin MOD)),echo 'This is $(MOD). For another module: make run MOD=... with one of: $(filter-out $(MOD),$(MODULES))')
	@mkdir -p .localcloud
	@$(TOOL)/localcloud run $(addprefix $(MOD)/,$(SIDE)) --function visitme --data .localcloud/$(MOD).sqlite3

diff: MOD ?= mod1-flask
diff: module ## Show what a migration changes: make diff MOD=mod2-cloudndb [FROM=START TO=FINISH-py3]
	@diff -ruN $(MOD)/$(FROM) $(MOD)/$(TO) || test $$? = 1

test: MOD ?= mod1-flask
test: module ## Check that one module's sides give the same output: make test MOD=mod2-cloudndb
	@$(TOOL)/pytest tests/pairs -k $(MOD) -n $(JOBS) --dist loadgroup

test-all: .venv/.ready ## Check everything: all modules, the local cloud, the texts
	@$(TOOL)/pytest -n $(JOBS) --dist loadgroup

doctor: .venv/.ready ## Say which tools are here, and which lanes of the suite they enable
	@$(TOOL)/localcloud doctor

deploy: module ## Deploy with gcloud: make deploy MOD=mod2-cloudndb PROJECT=PROJECT_ID [SIDE=FINISH-py3] [DRY_RUN=1]
	@$(TOOL)/python -m localcloud.deploy $(MOD)/$(if $(filter file,$(origin SIDE)),$(firstword $(notdir $(wildcard $(MOD)/FINISH-py3)) FINISH),$(SIDE)) --project "$(PROJECT)" --region "$(or $(REGION),us-central1)" $(if $(DRY_RUN),--dry-run)

lint: .venv/.ready ## Check style and types
	@$(TOOL)/ruff check src tests
	@$(TOOL)/ruff format --check src tests
	@$(TOOL)/ruff check --isolated --select E,F,I,W --ignore I001 mod*
	@$(TOOL)/mypy

lock: .venv/.ready ## Look up the tool's packages afresh and write requirements.lock
	@$(TOOL)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-emit-index-url \
		--no-header --group dev pyproject.toml --output-file requirements.lock

clean: ## Remove what all of this made: .venv, local data, caches
	@rm -rf .venv .localcloud .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests mod* -name __pycache__ -type d -prune -exec rm -rf {} +

module: .venv/.ready
	@$(if $(filter $(MOD),$(MODULES)),:,echo 'make: MOD=$(MOD): expected one of $(MODULES)' >&2; exit 2)
