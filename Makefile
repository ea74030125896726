# `make` alone lists what there is. CI runs `make ci`, the same that you can run.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Everything but the race detector is built without cgo and without this machine's paths: a static binary, and one set of
# compiled dependencies for build, vet and lint alike. Compiling them takes minutes.
export CGO_ENABLED := 0
export GOFLAGS := $(shell go env GOFLAGS) -trimpath

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
PKG     ?= ./...
ARGS    ?=

# The tools' versions are pinned in modules of their own, so that their dependencies stay out of ours. The go command
# keeps what it builds of them in its cache; the first run of the linter takes minutes.
LINT  := go tool -modfile=tools/lint/go.mod golangci-lint
CHECK := go tool -modfile=tools/check/go.mod

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## build, then run everything with sample data and one job of each type, and open the page's address
	./longhaul demo

.PHONY: build
build: ## build ./longhaul, static
	go build -ldflags '-s -w -X main.version=$(VERSION)' -o longhaul .

# The fault cases take eight minutes under the race detector on two cores: go test's own ten are too near.
.PHONY: test
test: temporal ## run all tests (or PKG=./some/folder), with the race detector where there is a C compiler
	@cc=$$(go env CC); race=; \
	if command -v "$${cc%% *}" >/dev/null; then \
		export CGO_ENABLED=1; race=-race; \
	else \
		echo "There is no C compiler ($$cc) on this machine: testing WITHOUT the race detector."; \
	fi; \
	echo "go test $$race -shuffle=on -timeout 30m $(PKG)"; \
	nice go test -trimpath=false $$race -shuffle=on -timeout=30m $(ARGS) $(PKG)

.PHONY: temporal
temporal: ## have a Temporal CLI for the tests: yours, or a build of the pinned one (once, 5 minutes)
	@go run ./internal/devstack/temporalcli

.PHONY: bench
bench: build ## measure exports against a plain loop and against pages by OFFSET (ARGS='--rows 100000')
	./longhaul bench export $(ARGS)

.PHONY: fmt
fmt: ## format the code and sort its imports
	$(LINT) fmt

.PHONY: fmt-check
fmt-check: ## fail if make fmt would change something
	$(LINT) fmt --diff

.PHONY: vet
vet: ## run go vet
	nice go vet $(PKG)

.PHONY: lint
lint: ## run golangci-lint
	nice $(LINT) run $(PKG)

.PHONY: workflowcheck
workflowcheck: ## check that workflows are deterministic
	nice $(CHECK) workflowcheck ./workflows/...

.PHONY: vuln
vuln: ## look for known vulnerabilities (asks vuln.go.dev; not part of ci)
	$(CHECK) govulncheck $(PKG)

.PHONY: compose-check
compose-check: ## check docker-compose.yml, by docker itself too if it is there
	go test -count=1 ./internal/compose
	@if docker compose version >/dev/null 2>&1; then \
		docker compose --env-file .env.example config --quiet; \
	else \
		echo "docker compose is not here: its own check of the file is left out."; \
	fi

.PHONY: ci
ci: export CI := true
ci: fmt-check vet lint workflowcheck compose-check build test ## all that CI asks for; nothing is skipped

.PHONY: clean
clean: ## remove what was built here (not the data in .longhaul)
	rm -rf longhaul bin
