# What a developer runs. CI runs .ci/run, which calls "make test" first.
GO ?= go
export CGO_ENABLED ?= 0

.PHONY: test check build race fuzz generate bench compare-evtx compare-synth compare-sigma fmt bench-correlation bench-attribution train-attribution profile

test: ## every test; parts that need the shared data say so when they skip
	$(GO) test ./...

build:
	$(GO) build -trimpath -o goshawk ./cmd/goshawk

fmt:
	gofmt -l -w .

check: ## what CI checks beside the tests
	bash .ci/run

race: ## packages that use goroutines
	CGO_ENABLED=1 $(GO) test -race ./internal/pipeline/ ./internal/evidence/ ./internal/detect/ ./internal/parser/ ./evtx/ ./sigma/ ./cmd/goshawk/

compare-sigma: ## matches of Sigma rules against pySigma and SQLite (SEED=, RULES=)
	bash scripts/compare-sigma $(SEED) $(RULES)

fuzz: ## each target for a minute; FUZZTIME=10m for longer
	bash scripts/fuzz "$(or $(FUZZTIME),1m)"

generate: ## generated files; CI asks that this changes nothing
	$(GO) generate ./...

bench: ## records per processor-second, peak memory, and the ratio to evtx_dump in the same run
	bash scripts/bench

profile: ## cmd/goshawk/default.pgo, by which the compiler is guided
	bash scripts/profile

bench-correlation: ## correlation rules over 10 million events with a million groups: time and peak memory
	bash scripts/bench-correlation $(EVENTS) $(KEYS)

bench-attribution: ## attribute with one report left out: accuracy, calibration, learning curve, ceiling (DRAWS=)
	bash scripts/bench-attribution $(DRAWS)

train-attribution: ## the weights of attribute, learned again from the shared bundle
	$(GO) run ./internal/attrib/train -bundle .shared/attack/enterprise-attack.json -out internal/attrib/weights.json

compare-evtx: ## field values against evtx_dump
	bash scripts/compare-evtx

compare-synth: ## the demo's logs against evtx_dump
	bash scripts/compare-synth
