# Everything from a fresh clone, with Python 3.11 to 3.13 and make alone.
# `make` lists the targets. The first one that is run sets up .venv.

.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python
READY := .venv/.ready
PIP := $(PY) -m pip --disable-pip-version-check
# uv installs in seconds what takes pip minutes; pip is there where uv cannot reach.
# Bytecode, which pip compiles unasked, halves the time that TensorFlow takes to load
# where PYTHONDONTWRITEBYTECODE is set.
UV := $(PY) -m uv pip
FASHIONNET := $(PY) -m fashionnet

# What an editor adds to a notebook, outputs above all, is no change to git.
ADDED := codemirror_mode file_extension mimetype nbconvert_exporter pygments_lexer version
CLEAN := "$(CURDIR)/$(PY)" -m nbstripout --keep-id \
	--extra-keys "$(ADDED:%=metadata.language_info.%)" | \
	sed "s/\(\"display_name\": \)\".*\"/\1\"Python 3 (ipykernel)\"/"

# Half of a test's time is waiting for other processes. A file stays in one of the two:
# its tests share a browser, or pages made anew.
SIDE_BY_SIDE := --numprocesses 2 --dist loadfile --no-loadscope-reorder

# The first Python on the path that TensorFlow supports; PYTHON=... overrides it.
IN_RANGE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c '$(IN_RANGE)' 2>/dev/null && { echo $$p; break; }; done)

.PHONY: help setup data reports check pdf test unit lint test-slow test-order \
	test-lowest test-newest test-colab coverage mutation colab submission \
	study further search bench all-out lock clean

help: ## list the targets
	@echo "fashionnet: classical networks on Fashion-MNIST"
	@sed -n 's/^\([a-z-]*\):.*## /\1 : /p' $(MAKEFILE_LIST) | \
		awk -F' : ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: $(READY) ## make the virtual environment (.venv) with all packages

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and was" \
		"not found. Install one, or name it: make PYTHON=/path/to/python"; exit 1; }
	@"$(PYTHON)" -c '$(IN_RANGE)' || { echo "PYTHON=$(PYTHON) is no Python 3.11," \
		"3.12 or 3.13: $$("$(PYTHON)" --version 2>&1). Name another one"; exit 1; }
	@echo "Setting up .venv with $$("$(PYTHON)" --version); this takes some minutes."
	@$(PY) -m pip --version >/dev/null 2>&1 || { rm -rf .venv; "$(PYTHON)" -m venv .venv; }
	@$(PIP) install --quiet "$$(grep '^uv==' requirements.txt)"
	$(UV) install --compile-bytecode --python $(PY) --requirement requirements.txt || \
		$(PIP) install --requirement requirements.txt
	@$(PIP) install --quiet --no-deps --editable .
	@test ! -e .git || git config filter.notebooks.clean '$(CLEAN)' || \
		echo "git was not told to leave out what editors add to notebooks."
	@touch $@
	@echo "Set-up done. Next: make reports, make test, or .venv/bin/jupyter lab"

data: $(READY) ## get Fashion-MNIST: find it, download it, or take Debian's package
	@$(FASHIONNET) data

reports: $(READY) ## execute the notebooks and make their pages in reports/
	@$(FASHIONNET) reports

check: data ## list the evidence in the reports, and what breaks a rule
	@$(FASHIONNET) check

pdf: $(READY) ## print the pages and a short report as PDF (needs Chromium or Chrome)
	@$(FASHIONNET) pdf

test: lint data ## run all checks: style, tests, and the three notebooks
	$(PY) -m pytest --durations=5 $(SIDE_BY_SIDE)
	@echo "All tests passed. The pages are in reports/; make reports makes them anew."

# Notebooks with cells of your own: no fault, so the checks leave them out. `git diff`
# would say the same, but forgets what it found, and reads all of them every time.
CHANGED := git status --porcelain --untracked-files=no
EDITED = $(shell $(CHANGED) -- notebooks 2>/dev/null | sed -n 's/^.[^ ] //p')

lint: $(READY) ## check the style of code and notebooks
	$(PY) -m ruff check $(EDITED:%=--exclude %) .
	$(PY) -m ruff format --check $(EDITED:%=--exclude %) .

unit: data ## run the tests of the code that train nothing and start no browser
	$(PY) -m pytest --durations=5 $(SIDE_BY_SIDE) \
		-m "not integration and not slow and not evidence"

test-slow: data ## run the tests that take minutes: more networks, kills, mutations
	$(PY) -m pytest --durations=5 -m slow

test-order: data ## run unit tests in random order, then each of their files alone
	$(PIP) install --quiet --editable '.[quality]'
	$(PY) -m pytest -m "not integration and not slow" -p randomly
	@for file in tests/test_*.py tests/*/test_*.py; do echo "$$file alone"; \
		$(PY) -m pytest -m "not integration and not slow" "$$file" || \
		test $$? = 5 || exit 1; done

test-lowest: $(READY) ## run unit tests with the oldest packages that are allowed
	sh tests/other_versions.sh lowest-direct 3.11

test-newest: $(READY) ## run unit tests with the newest packages that are allowed
	sh tests/other_versions.sh highest 3.13

coverage: data ## measure which lines and branches of the package the tests reach
	$(PIP) install --quiet --editable '.[quality]'
	$(PY) -m coverage run -m pytest
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report

mutation: data ## change the code in hundreds of places; tests must notice 85%
	$(PIP) install --quiet --editable '.[quality]'
	rm -rf mutants
	$(PY) -m mutmut run
	$(PY) -m mutmut results --all true | $(PY) tests/mutation_score.py

test-colab: data colab ## run unit tests and packed notebooks with Colab's versions
	sh tests/colab.sh

colab: $(READY) ## pack notebooks that need no other file; REPO_URL=... adds links to them
	@$(FASHIONNET) colab $(if $(REPO_URL),--repo-url "$(REPO_URL)")

submission: $(READY) ## pack one archive to hand in, with the reports as they are
	@$(FASHIONNET) submission

study: $(READY) ## train the networks of Part 3 (about 25 minutes); resumes where it stopped
	@$(FASHIONNET) study $(if $(JOBS),--jobs $(JOBS))

further: $(READY) ## train the further networks (many hours); resumes where it stopped
	@$(FASHIONNET) further $(if $(ONLY),--only $(ONLY)) $(if $(JOBS),--jobs $(JOBS))

search: $(READY) ## choose the recipe again, on validation images (half an hour)
	@$(FASHIONNET) search

bench: data ## compare speed and accuracy with the peers; QUICK=1 uses one seed
	$(PIP) install --quiet --editable '.[bench]'
	$(PY) benchmarks/bench.py $(if $(QUICK),--quick)

all-out: data ## train the largest network of the benchmark with three seeds
	$(PY) benchmarks/all_out.py

lock: $(READY) ## compile requirements.txt from pyproject.toml
	$(UV) compile --quiet --universal --python-version 3.11 --extra dev --upgrade \
		--no-annotate --no-emit-index-url --no-header \
		--output-file requirements.txt pyproject.toml

clean: ## remove the virtual environment and caches; reports stay
	rm -rf .venv .venv-colab .pytest_cache .ruff_cache .hypothesis mutants *.egg-info
