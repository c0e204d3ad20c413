# Lookout: `make run`, `make test`, `make bench`. Each sets up .venv by itself and costs nothing when
# nothing changed. Needs Python 3.11 or newer, and pip or uv; PYTHON=… names another interpreter.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
VENV := .venv
TEST_PROCESSES ?= auto
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check bench example translations lock clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 20

setup: ## install everything that `make run` needs into .venv; more: EXTRAS="heif postgres"
	@$(call install,run)

setup-dev: ## install what the checks need, too
	@$(call install,dev)

run: setup ## start the bot; without a token, the playground in the browser
	@$(PY) -m bot

test: check ## everything that must pass, tests last
	$(PY) -m pytest -n $(TEST_PROCESSES) --dist loadscope --cov --cov-report=term:skip-covered

check: setup-dev ## lint, types, import contracts, migrations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy bot cogs bench tests
	$(VENV)/bin/lint-imports --no-logo
	$(PY) -m alembic check

bench: setup ## speed, load, memory, conversations, moderation (half an hour); one: .venv/bin/python -m bench NAME
	$(PY) -m bench

example: setup ## write config.example.toml anew from the settings' model
	$(PY) -c 'from bot.config import example_toml; print(example_toml(), end="")' > $@.tmp
	mv $@.tmp config.example.toml

translations: setup-dev ## bring bot/locale up to date with the code's sentences, and compile it
	@$(PY) -m tests.ui.catalogues

# Without pdq, which needs a compiler. dev first: the smaller files are held to its versions, so that one .venv serves all uses.
lock: ## resolve requirements/*.txt anew from pyproject.toml (UPGRADE=1: to the newest versions)
	@$(if $(UV),:,test -x .tools/bin/uv || $(PYTHON) -m pip install --quiet --target .tools uv)
	$(COMPILE) $(if $(UPGRADE),--upgrade) $(foreach extra,$(DEV_EXTRAS),--extra $(extra)) -o requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt --extra builtin --extra encryption --extra moderation --extra video \
		--extra playground -o requirements/run.txt
	$(COMPILE) -c requirements/dev.txt -o requirements/core.txt
	$(COMPILE) -c requirements/dev.txt --extra heif -o requirements/heif.txt
	$(COMPILE) -c requirements/dev.txt --extra postgres -o requirements/postgres.txt

clean: ## remove .venv and every cache
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*

DEV_EXTRAS = builtin dev encryption heif moderation playground postgres video
COMPILE = $(if $(UV),uv,PYTHONPATH=.tools .tools/bin/uv) pip compile pyproject.toml --quiet \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"

# Installs requirements/$(1).txt, and those of EXTRAS, which are remembered. A copy of each lock file
# is kept in .venv: as long as it equals the file (or dev's does, which holds all at the same
# versions), all is done. Debian's Python has no ensurepip and refuses to install outside of a venv
# (PEP 668), so the venv is made without pip and filled from outside.
define install
set -e; \
current() { cmp -s requirements/$$1.txt $(VENV)/installed-$$1.txt; }; \
wanted="$(1) $(EXTRAS)"; \
for extra in heif postgres; do \
	if [ -e $(VENV)/installed-$$extra.txt ]; then wanted="$$wanted $$extra"; fi; \
done; \
if $(PY) -c '' 2>/dev/null; then \
	current dev && exit 0; \
	missing=; for use in $$wanted; do current $$use || missing=yes; done; \
	[ -n "$$missing" ] || exit 0; \
else \
	rm -rf $(VENV); \
	if [ -n '$(UV)' ]; then \
		uv venv --quiet --no-project --python '$(if $(filter file,$(origin PYTHON)),>=3.11,$(PYTHON))' $(VENV); \
	else \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
			{ echo "Lookout needs Python 3.11 or newer. Name one: make $@ PYTHON=python3.12" >&2; exit 1; }; \
		$(PYTHON) -m venv --without-pip $(VENV); \
	fi; \
fi; \
files=; for use in $$wanted; do files="$$files -r requirements/$$use.txt"; done; \
echo "Installing$$files into $(VENV) (once) …"; \
rm -f $(VENV)/installed-*.txt; \
if [ -n '$(UV)' ]; then \
	uv pip install --quiet --python $(PY) --require-hashes $$files; \
else \
	if $(PYTHON) -m pip --version >/dev/null 2>&1; then pip="$(PYTHON) -m pip --python $(PY)"; \
	elif $(PY) -m ensurepip >/dev/null 2>&1; then pip="$(PY) -m pip"; \
	else echo "$(PYTHON) has no pip. Install it (Debian: apt install python3-pip) or uv, then try again." >&2; exit 1; \
	fi; \
	$$pip install --quiet --disable-pip-version-check --no-input --require-hashes $$files; \
fi; \
for use in $$wanted; do cp requirements/$$use.txt $(VENV)/installed-$$use.txt; done
endef
