# The targets; "make help" tells what each is for. CI calls these and nothing
# else, see .ci/run.

GO    ?= go
BIN    = $(CURDIR)/.bin

.PHONY: help
help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.PHONY: hello
hello: ## run the first framework on an embedded cluster
	$(GO) run ./examples/hello

.PHONY: test
test: ## pass the tests, as the README says
	$(GO) test ./...

.PHONY: race
race: ## pass the tests under the race detector (needs gcc)
	$(GO) test -race ./...

.PHONY: invariants
invariants: ## pass the allocator's tests with its books checked after every step
	$(GO) test -short -tags invariants ./offers/... ./internal/mastercore ./scheduler/schedulertest

.PHONY: sim
sim: ## run frameworks through storms, SEEDS of them (default 10000) from FIRST (default 0)
	$(GO) test ./scheduler/schedulertest -run '^TestSimulation$$' -v -timeout 0 -seeds $(or $(SEEDS),10000) -first-seed $(or $(FIRST),0)

.PHONY: fuzz
fuzz: ## fuzz every parser and decoder, FUZZTIME inputs each (default 100000x)
	@for t in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' $$t/*_test.go | cut -c6-); do \
			echo "$$t $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(or $(FUZZTIME),100000x) -fuzzminimizetime 1x $$t || exit 1; \
		done; \
	done

.PHONY: bench
bench: ## run the benchmarks, each beside its floor; write offers/BENCHMARKS.txt
	$(GO) test -run '^$$' -bench . -benchmem ./resources ./scheduler/...
	$(GO) test -run '^$$' -bench . ./offers | tee offers/BENCHMARKS.txt

.PHONY: vet
vet: ## vet for Linux and for macOS
	$(GO) vet ./...
	GOOS=darwin $(GO) vet ./...

.PHONY: lint
lint: $(BIN)/golangci-lint ## check style and what vet does not see
	$(BIN)/golangci-lint run ./...

.PHONY: fmt
fmt: $(BIN)/golangci-lint ## format the code
	$(BIN)/golangci-lint fmt ./...

.PHONY: generate
generate: $(BIN)/protoc-gen-go ## generate code from .proto files (needs protoc)
	PATH=$(BIN):$$PATH $(GO) generate ./...

.PHONY: tidy
tidy: ## bring go.mod and go.sum in line with the imports
	$(GO) mod tidy
	cd internal/tools && $(GO) mod tidy

# Tools are pinned by a module of their own and built into .bin.
$(BIN)/golangci-lint: internal/tools/go.mod
	cd internal/tools && $(GO) build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/protoc-gen-go: internal/tools/go.mod
	cd internal/tools && $(GO) build -o $@ google.golang.org/protobuf/cmd/protoc-gen-go
