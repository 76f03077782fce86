# Every target makes .venv first, so that `make run` is enough on a fresh clone.
.DEFAULT_GOAL := help
PYTHON ?= python3
# Twice the cores of a small laptop: the suite waits for servers more than it computes.
JOBS ?= 4

# A shell completes a folder's name with a slash.
ifdef MOD
override MOD := $(patsubst %/,%,$(MOD))
endif

# By number, also without a README.md yet: `make test` says that it is missing.
MODULES := $(shell ls -d mod*-*/ | cut -d/ -f1 | sort -td -k2n)
PACKAGES := datastore-emulator serverless-localcloud serverless-migration-codelabs
TOOL := .venv/bin
# A clone of the samples is not littered with bytecode, which `diff -r` would show.
export PYTHONDONTWRITEBYTECODE := 1
# Before 3.13, Python reads the paths of our packages as ASCII then, and ends if the clone's path has other letters.
ifneq (,$(filter C POSIX,$(LC_ALL)))
export LC_ALL := C.UTF-8
endif

# So called, the commands that it recommends are those of make.
CODELAB = CODELAB_CALLED_BY=make $(TOOL)/codelab
# A variable's value if it was given to make itself: PORT and the like may be in anybody's environment.
given = $(if $(filter command,$(origin $1)),$($1))
# A step that is not done, or a reset that the user declines, is not a failure of make; exit code 2 is an error.
PENDING = || test $$? = 1
# A reader that leaves early, as head does, is no failure either.
CLOSED = || test $$? = 141
# MOD names a track as `make list` does: mod2-cloudndb, or mod2-cloudndb/FINISH for the track that starts there.
ifeq ($(origin TRACK),command line)
$(error there is no variable TRACK; write MOD=$(MOD)/$(value TRACK))
endif
ifeq ($(origin FROM),command line)
ifeq ($(filter diff,$(MAKECMDGOALS)),)
$(error FROM is for make diff alone; write MOD=$(MOD)/$(FROM))
endif
endif

.PHONY: help setup run learn start check show hint apply next watch reset list diff test-quick test test-all verify coverage mutants doctor deploy probe assess record compare lint bench soak lock clean module
help: ## Print this help
	@awk -F ':.*## ' '/^##/ { print substr($$0, 4) } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "MOD is one of: $(MODULES)"

## Run the apps
run: .venv/.ready ## Run START and FINISH on one Datastore: make run MOD=mod2-cloudndb [SIDE=work for my copy]
	@$(CODELAB) run $(MOD) $(addprefix --side ,$(SIDE)) $(addprefix --port ,$(call given,PORT)) $(addprefix --data ,$(call given,DATA)) \
		$(addprefix --function ,$(call given,FUNCTION)) $(if $(call given,NO_RELOAD),--no-reload) $(if $(call given,PYTHON27),--python27 $(filter-out 1,$(call given,PYTHON27)))

## Follow a codelab in a copy of START under work/ (MOD= is only needed to change to another codelab)
learn: .venv/.ready ## Follow the codelabs on a local web page, with the apps running next to the text
	@$(CODELAB) serve $(addprefix --port ,$(call given,PORT))

start: .venv/.ready ## Make my copy: make start MOD=mod2-cloudndb [MOD=mod2-cloudndb/FINISH for the track that starts there]
	@$(CODELAB) start $(MOD)

next: .venv/.ready ## Show what to do now
	@$(CODELAB) next $(MOD)

show: .venv/.ready ## Show the step to do now [STEP=3 for another]
	@$(CODELAB) show $(MOD) $(addprefix --step ,$(STEP))

check: .venv/.ready ## Check which steps are done, then run the app and compare its output with START's
	@$(CODELAB) check $(MOD) $(PENDING)

watch: .venv/.ready ## Check again after each save
	@$(CODELAB) watch $(MOD)

hint: .venv/.ready ## Show a hint for the step to do now [STEP=3 for another]
	@$(CODELAB) hint $(MOD) $(addprefix --step ,$(STEP))

apply: .venv/.ready ## Do the next step for me and keep my own edits [OVERWRITE=1 to replace my files if they conflict]
	@$(CODELAB) apply $(MOD) $(if $(call given,OVERWRITE),--overwrite)

reset: .venv/.ready ## Take my copy back to START, or to STEP=2; asks first [YES=1: does not], and keeps the old copy
	@$(CODELAB) reset $(MOD) $(addprefix --step ,$(STEP)) $(if $(call given,YES),--yes) $(PENDING)

list: .venv/.ready ## List all codelabs with my progress
	@$(CODELAB) list

diff: .venv/.ready ## Compare START and FINISH, or others: make diff MOD=mod2-cloudndb FROM=work TO=FINISH (or a step's number)
	@$(CODELAB) diff $(MOD) $(addprefix --from ,$(FROM)) $(addprefix --to ,$(TO))

deploy: .venv/.ready ## Deploy a result: make deploy MOD=mod4-cloudrun PROJECT=PROJECT_ID [DRY_RUN=1 to print the commands only]
	@$(CODELAB) deploy $(MOD) $(addprefix --project ,$(PROJECT)) $(addprefix --region ,$(REGION)) $(addprefix --side ,$(SIDE)) $(if $(DRY_RUN),--dry-run)

probe: .venv/.ready ## Check that a deployed app shows the visitor's own address: make probe URL=https://...
	@$(CODELAB) probe '$(URL)'

assess: .venv/.ready ## Say what must change in an app of my own: make assess DIR=~/my-app [TO=cloudrun or functions] [HTML=report.html]
	@$(CODELAB) assess '$(DIR)' $(addprefix --to ,$(call given,TO)) $(addprefix --html ,$(call given,HTML)) $(if $(call given,JSON),--json)

# Make gives what is on its command line to the shell as variables: a path or a reason may have blanks and quotes.
compare: .venv/.ready ## Compare two apps of my own: make compare OLD=~/old NEW=~/new [REQUESTS=visits.jsonl DATA=file HTML=report.html BEHAVIOURS=1 ACCEPT=reason]
	@$(TOOL)/localcloud compare "$$OLD" "$$NEW" $(if $(call given,REQUESTS),--requests "$$REQUESTS") $(if $(call given,DATA),--data "$$DATA") \
		$(if $(call given,HTML),--html "$$HTML") $(if $(call given,BEHAVIOURS),--behaviours) $(if $(call given,ACCEPT),--accept "$$ACCEPT") \
		$(addprefix --function ,$(call given,FUNCTION)) $(if $(call given,PYTHON27),--python27 $(filter-out 1,$(call given,PYTHON27)))
record: .venv/.ready ## Run an app of my own and write what I do in it: make record DIR=~/my-app TO=visits.jsonl [PORT=8080 DATA=FILE]
	@$(TOOL)/localcloud record "$$DIR" --to "$$TO" $(addprefix --port ,$(call given,PORT)) $(if $(call given,DATA),--data "$$DATA")

## Test and maintain
test test-all: export LANES := $(LANES)
# Each of pytest's processes would compile all tests anew.
test-quick test test-all: export PYTHONDONTWRITEBYTECODE :=
test-quick: .venv/.ready ## Run the tests that start no app and install nothing, in less than a minute
	@$(TOOL)/pytest -m "not app and not wheel" -n $(JOBS) --dist loadgroup

test: MOD ?= mod1-flask
test: module ## Test that START and FINISH of a module give the same output, in less than a minute: make test MOD=mod2-cloudndb
	@$(TOOL)/pytest tests/pairs -k $(MOD) -n $(JOBS) --dist loadgroup

test-all: .venv/.ready ## Run all tests: modules, tools, texts [LANES=all also with each real service here: make doctor]
	@$(TOOL)/pytest -n $(JOBS) --dist loadgroup

verify: .venv/.ready ## Prove the codelabs: START and all steps make FINISH, and the app works after each step
	@$(TOOL)/codelab verify

coverage: .venv/.ready ## Show which branches of the Datastore and of the coach's checks no test takes that starts no app
# With coverage, each Python imports sqlite3 at its start: one test forbids that.
	@$(TOOL)/pytest tests/datastore tests/codelab -m "not app" -n $(JOBS) --dist loadgroup --cov \
		--deselect tests/datastore/test_library.py::test_import_of_the_package_is_cheap

mutants: .venv/.mutants ## Break the Datastore and the coach's checks in small ways, and count what unit tests notice (1 h): docs/mutation.md
	@nice -n 15 $(TOOL)/python -m bench.mutants $(ROOM)

doctor: .venv/.ready ## List the tools on this machine, and the test lanes that they enable
	@$(TOOL)/localcloud doctor $(CLOSED)
	@$(TOOL)/python -m tests.support.lanes $(CLOSED)

lint: .venv/.ready ## Check style, types and which room imports which, Dockerfiles and the prose of Markdown too
	@$(TOOL)/ruff check packages tests bench
	@$(TOOL)/ruff format --check packages tests bench
	@$(TOOL)/ruff check --isolated --select E,F,I,W --ignore I001 mod* one-app examples
	@$(TOOL)/lint-imports --no-logo --no-cache
	@$(TOOL)/mypy
	@$(TOOL)/hadolint $(wildcard */*/Dockerfile)
	@$(TOOL)/codespell $$(git ls-files '*.md')
	@$(TOOL)/python -m tests.prose

bench: .venv/.bench ## Measure the local cloud, and Google's emulators if they are installed (10 min): docs/bench.md
	@$(TOOL)/python -m bench $(if $(MILLION),--million)

soak: .venv/.ready ## Run everything under load and attack for half an hour (or SOAK_MINUTES=), and print the figures
	@SOAK_MINUTES='$(SOAK_MINUTES)' $(TOOL)/python -m bench.soak

lock: .venv/.ready ## Look up the newest packages of the tool, and write requirements.lock
	@$(TOOL)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-emit-index-url \
		--no-header $(addprefix --no-emit-package ,$(PACKAGES)) --group dev packages/*/pyproject.toml --output-file requirements.lock
	@$(TOOL)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-emit-index-url \
		--no-header --group bench --constraints requirements.lock --output-file bench/requirements.lock
	@$(TOOL)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-emit-index-url \
		--no-header --group mutants --constraints requirements.lock --output-file bench/mutants.lock

setup: .venv/.ready ## Make the tool's environment, .venv (the other targets do it by themselves)

clean: ## Remove what the other targets made: .venv, local data [CACHE=1: the apps' packages in your cache, too]
# By Python alone: .venv may be gone already.
	@PYTHONPATH=packages/localcloud/src:packages/datastore-emulator/src $(PYTHON) -m localcloud clean $(if $(call given,CACHE),--cache) \
		| sed 's/localcloud clean --cache/make clean CACHE=1/'
	@rm -rf .venv .localcloud .mutants .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find packages tests mod* one-app examples -name __pycache__ -type d -prune -exec rm -rf {} +

module: .venv/.ready
	@$(if $(filter $(MOD),$(MODULES)),:,echo 'make: there is no module $(MOD); MOD is one of: $(MODULES)' >&2; exit 2)

.venv/.ready: requirements.lock pyproject.toml $(wildcard packages/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "make: expected Python 3.10 or newer, found $$($(PYTHON) --version 2>&1); name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "make: $(PYTHON) cannot make an environment; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv, once"
	@$(TOOL)/pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements.lock)"
# A package mirror in pip's settings is used by uv too.
	@mirror=$$($(TOOL)/pip config get global.index-url 2>/dev/null); set -- $${mirror:+--default-index "$$mirror"}; \
	$(TOOL)/uv pip sync --quiet --compile-bytecode "$$@" --python $(TOOL)/python --require-hashes requirements.lock && \
	$(TOOL)/uv pip install --quiet "$$@" --python $(TOOL)/python --no-deps $(addprefix --editable ,$(wildcard packages/*))
	@touch $@

.venv/.bench: bench/requirements.lock .venv/.ready
	@mirror=$$($(TOOL)/pip config get global.index-url 2>/dev/null); set -- $${mirror:+--default-index "$$mirror"}; \
	$(TOOL)/uv pip install --quiet "$$@" --python $(TOOL)/python --require-hashes --requirements bench/requirements.lock
	@touch $@

.venv/.mutants: bench/mutants.lock .venv/.ready
	@mirror=$$($(TOOL)/pip config get global.index-url 2>/dev/null); set -- $${mirror:+--default-index "$$mirror"}; \
	$(TOOL)/uv pip install --quiet "$$@" --python $(TOOL)/python --require-hashes --requirements bench/mutants.lock
	@touch $@
