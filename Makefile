# Everything a developer or a new user runs. `make help` lists it. Root is needed for `setup`, `test`, `test-fast` and `demo`:
# they install Debian packages when some are missing, and run servers in a network namespace of their own.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Node 26 comes with the dev dependencies, whatever the host has.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

JEST := npm run --silent jest --
IN_NETNS := hack/in-netns.sh
MODULES := node_modules/.installed
SOURCES := $(shell find src -name '*.ts' 2>/dev/null)

.PHONY: help root setup build generate manifests check test test-fast model fuzz demo bench clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done

setup: root $(MODULES) ## Install what the tests and the demo need (Debian packages, Node modules, a real Kubernetes control plane)
	@hack/setup.sh

# Said first, before anything is installed.
root:
	@[ "$$(id -u)" = 0 ] || { echo "Root is needed: to install Debian packages that are missing, and for a network namespace of the tests' own. Nothing was done." >&2; exit 1; }

build: dist/main.js ## Compile src/ to dist/

generate: $(MODULES) ## Write crds/, the chart's README and two pages of docs/ from what they are made of
	@node hack/generate.ts

manifests: setup ## Write deploy/ from charts/tlsa-operator (needs Helm, which the set-up builds)
	@node hack/deploy-manifests.ts

check: $(MODULES) ## Types, lint, format, generated files up to date
	@npm run --silent typecheck
	@npm run --silent lint
	@npm run --silent format
	@node hack/generate.ts --check
	@dockerfile-utils lint Dockerfile

test: setup build ## All tests, from nothing
	@hack/test.sh unit model network integration e2e

test-fast: setup build ## The levels that take a minute or two: unit, model and network
	@hack/test.sh unit model network

fuzz: root $(MODULES) ## 100,000 hostile cases each for certificates, DNS and mail servers (FUZZ_CASES, SEED; a CASE that was printed)
	@FUZZ_CASES=$${FUZZ_CASES:-100000} $(IN_NETNS) $(JEST) --maxWorkers=100% test/fuzz

model: $(MODULES) ## Random worlds around the planner (WORLDS, SEED; EXHAUSTIVE=1: all small ones; MUTANT: with a planted fault)
	@node test/model/search.ts

demo: setup build ## The main job, end to end, on real servers (KEEP=1 keeps them up)
	@$(IN_NETNS) node hack/demo.ts

bench: setup build ## Measure, as ratios within one run (BENCH="rollout ten-thousand" names some, COUNT, EXTERNAL_DNS=binary)
	@$(IN_NETNS) node bench/main.ts $(BENCH)

clean: ## Remove what was built here; tools cached outside the checkout stay
	@rm -rf dist coverage node_modules

# npm warns that its own Node is older than some packages ask for; scripts run on the Node 26 that it installs.
$(MODULES): package.json package-lock.json
	@echo "Installing Node modules"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

dist/main.js: $(MODULES) $(SOURCES) tsconfig.json tsconfig.build.json
	@npm run --silent build
	@touch $@
