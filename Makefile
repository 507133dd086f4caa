.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Only to set up with: everything after that runs on the Python 3.13 of .venv.
ANY_PYTHON = $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then echo $$python; break; fi; done)
COMPILE = .tools/uv pip compile --quiet --generate-hashes --no-header
PYTEST = .venv/bin/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

# Where it is set, each of hundreds of processes would compile our code anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install Python 3.13, the packages, Azurite and axe-core (every target does this first)
	@python="$(ANY_PYTHON)"; test -n "$$python" || { echo "setup: install any Python 3.9 or newer first" >&2; exit 1; }; \
	"$$python" -m dev.bootstrap

.PHONY: test
test: setup ## Run the tests, except the long ones, with a part of the drawn examples
	$(PYTEST) -m 'not long'

.PHONY: test-long
test-long: setup ## Run the long tests, and all examples of the drawn ones
	$(PYTEST) -m 'long or hypothesis' --hypothesis-profile=whole

.PHONY: lint
lint: setup ## Check style, types and shell scripts
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/mypy --strict terraform/modules/sluice/setup/*.py
	git grep -lIE '^#!.*[/ ](ba)?sh$$' -- ':!*.md' | xargs .venv/bin/shellcheck --external-sources --source-path=SCRIPTDIR

.PHONY: format
format: setup ## Format the code
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

.PHONY: demo
demo: setup ## Deliver an hour of synthetic flow logs end to end (or real ones: make demo LOGS=DIR)
	.venv/bin/python -m dev.demo $(if $(LOGS),--logs="$$LOGS")

.PHONY: looks
looks: setup ## Look at every screen of the console in all its forms (make looks PICTURES=DIR SCREENS=TEXT)
	.venv/bin/python -m tests.gateway.looks $(if $(PICTURES),--pictures '$(PICTURES)') $(if $(SCREENS),--screens '$(SCREENS)')

.PHONY: screenshots
screenshots: setup package ## Take the pictures in the README (needs Chromium)
	.venv/bin/python -m dev.screenshots

.PHONY: diagrams
diagrams: setup ## Draw the documents' diagrams for the console (needs Chromium)
	.venv/bin/python -m dev.diagrams

.PHONY: bench
bench: setup ## Measure speed, memory and storage operations
	.venv/bin/python -m benchmarks

.PHONY: chaos
chaos: setup ## Deliver under random faults and kills, over many schedules (make chaos SCHEDULES=1000)
	.venv/bin/python -m dev.chaos $(if $(SCHEDULES),--schedules '$(SCHEDULES)')

.PHONY: chaos-controls
chaos-controls: setup ## Remove each check of storage's answers, and show that its schedule then fails
	.venv/bin/python -m dev.chaos.controls

.PHONY: claims-model
claims-model: setup ## Explore the protocol of claims, and show what goes wrong without each of its rules
	.venv/bin/python -m dev.claims

.PHONY: interleaved
interleaved: setup ## Play delivery's code a step at a time, in memory, with and without each rule of the protocol
	.venv/bin/python -m dev.interleaved

.PHONY: terraform-interruptions
terraform-interruptions: setup ## Interrupt terraform at each request of an apply, and continue it
	.venv/bin/python -m tests.terraform.interruptions

.PHONY: package
package: ## Build the function app's package, dist/function.zip
	@python="$(ANY_PYTHON)"; test -n "$$python" || { echo "package: install any Python 3.9 or newer first" >&2; exit 1; }; \
	"$$python" -m dev.package

.PHONY: release
release: setup ## Make dist/release of the commit: function.zip, the gateway's bundle, SBOMs and checksums
	.venv/bin/python -m dev.release

.PHONY: release-check
release-check: setup ## Make the release twice, compare, and run the gateway from its bundle
	.venv/bin/python -m dev.release.check

.PHONY: lock
lock: setup ## Pin all packages again, with hashes, from pyproject.toml
	$(COMPILE) pyproject.toml --output-file requirements.txt
	$(COMPILE) pyproject.toml --group dev --output-file dev/requirements.txt
	$(COMPILE) --group gateway --output-file gateway/requirements.txt
	$(COMPILE) --group uv --output-file dev/bootstrap/uv.txt
	$(COMPILE) --group node --output-file dev/bootstrap/node.txt

.PHONY: clean
clean: ## Remove everything that was made here
	rm -rf .venv .tools .demo dist dev/emulator/node_modules dev/axe/node_modules dev/diagrams/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache
