# `make` alone lists the targets. They need Rust, Node.js and Python. Only `make prerequisites` and
# `make tools` install anything on the machine; the other targets write to this folder and to caches.
# Everything is built with one cargo profile and for the whole workspace, so that nothing is compiled twice:
# what cargo selects decides the features of the crates. Only `bench` builds the release profile.
.DEFAULT_GOAL := help
.PHONY: help prerequisites run build dashboard test test-tools rust-test rust-programs rust-run rust-after-dashboard \
	test-llm dashboard-test dashboard-checks dev lint text-lint code-lint code-after-programs deny audit \
	audit-crates audit-packages bench openapi reference risk-figures weights tools clean

# The dashboard is built again when one of its sources is newer than the last build.
DASHBOARD_SOURCES := $(shell git ls-files --cached --others --exclude-standard dashboard 2>/dev/null)
DASHBOARD_BUILT := target/dashboard-built
# Make's own parallelism is for its targets. Cargo would count it as its own.
CARGO := env -u MAKEFLAGS -u MFLAGS cargo
BUILD_GATEWAY := $(CARGO) build --locked --workspace --bin gaiterguard

# Set to `nice` where something compiles while tests run, which have deadlines.
BEHIND :=
NEXTEST := env -u MAKEFLAGS -u MFLAGS "$$(scripts/python-tools.sh)/bin/cargo-nextest" nextest
PROGRAMS := target/nextest

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

prerequisites: ## install the Debian packages that the tests need and that are missing
	scripts/prerequisites.sh --install test

run: build ## build and start the gateway on http://127.0.0.1:3000, with its data in ./data
	target/debug/gaiterguard

build: dashboard ## build the dashboard and the gateway
	$(BUILD_GATEWAY)

dashboard: $(DASHBOARD_BUILT) ## build the dashboard into dashboard/dist

$(DASHBOARD_BUILT): $(DASHBOARD_SOURCES)
	scripts/prerequisites.sh
	cd dashboard && npm ci --ignore-scripts --no-audit --no-fund && npm run build
	@# Cargo recompiles the server in every build as long as the folder that it embeds is missing.
	mkdir -p target dashboard/dist && touch $@

# Browser tests and end-to-end tests wait for much of their time. The test programs are compiled behind the former, and
# clippy and rustdoc run behind the latter.
test: ## everything: lints, unit, contract, end-to-end, API and browser tests
	scripts/prerequisites.sh test
	$(MAKE) -j2 build test-tools
	$(MAKE) text-lint
	$(MAKE) -j2 BEHIND=nice rust-after-dashboard code-after-programs

rust-after-dashboard: rust-programs dashboard-checks
	$(MAKE) rust-run

code-after-programs: rust-programs
	$(MAKE) code-lint

test-tools: # fetches what the tests and the lints need in .cache
	scripts/python-tools.sh
	scripts/node-tools.sh
	scripts/real-descriptions.sh

rust-test: ## the Rust tests, with a throw-away PostgreSQL and the real upstreams
	$(BUILD_GATEWAY)
	$(MAKE) test-tools
	$(MAKE) rust-programs
	$(MAKE) rust-run

# The list of the programs lets them run without cargo, which would wait for a clippy that runs behind them.
rust-programs: # compiles the tests
	mkdir -p $(PROGRAMS)
	$(CARGO) metadata --locked --format-version 1 > $(PROGRAMS)/metadata.json
	$(BEHIND) $(NEXTEST) list --locked --workspace --cargo-quiet \
		--list-type binaries-only --message-format json > $(PROGRAMS)/binaries.json
	scripts/fit-weights.py --check
	$(BEHIND) env -u MAKEFLAGS -u MFLAGS scripts/count-instructions.py

rust-run: # runs the tests that `rust-programs` has compiled
	scripts/with-postgres.sh $(NEXTEST) run --profile ci \
		--cargo-metadata $(PROGRAMS)/metadata.json --binaries-metadata $(PROGRAMS)/binaries.json

test-llm: ## the tests with a small real language model (1.1 GB, fetched once; takes minutes)
	$(BUILD_GATEWAY)
	scripts/with-local-model.sh cargo test --locked -p gaiterguard-tests --test e2e local_model:: -- \
		--ignored --test-threads 1

dashboard-test: build ## the dashboard's lints, types and tests, in a real browser against the gateway
	$(MAKE) dashboard-checks

dashboard-checks: # tests the dashboard with the gateway that is built
	cd dashboard && npm run lint && npm run typecheck && npm test && npm run test:browser

dev: build ## the gateway, and the dashboard on http://127.0.0.1:5173/app/ with live reload
	target/debug/gaiterguard & trap "kill $$!" EXIT; cd dashboard && npm run dev

lint: text-lint code-lint ## formatting, structure, words, spelling, links, OpenAPI, clippy, documentation and banned crates

text-lint: # the checks that take seconds
	cargo fmt --all --check
	scripts/check-structure.py --self-test
	scripts/check-structure.py
	scripts/order-imports.py --self-test
	scripts/order-imports.py --check
	scripts/check-words.py --self-test
	scripts/check-words.py
	scripts/check-toolchain.sh
	scripts/check-links.py
	"$$(scripts/python-tools.sh)/bin/typos"
	scripts/lint-openapi.sh
	scripts/banned-crates.sh

code-lint: # the checks that compile
	$(BEHIND) $(CARGO) clippy --locked --workspace --all-targets --quiet -- -D warnings
	@# In the environment that `cargo clippy` sets, rustdoc reads the metadata that clippy has written. Otherwise
	@# cargo would check every crate once more.
	RUSTC_WORKSPACE_WRAPPER="$$(rustc --print sysroot)/bin/clippy-driver" \
		CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__ \
		RUSTDOCFLAGS="-D warnings" $(BEHIND) $(CARGO) doc --locked --workspace --no-deps --quiet

deny: ## licenses, sources and banned crates (needs cargo-deny: `make tools`)
	cargo deny check bans licenses sources

audit: audit-crates audit-packages ## known vulnerabilities in crates and npm packages (needs cargo-deny and the network)

audit-crates:
	cargo deny check advisories

# The dashboard's build tools are audited too, because the gateway serves their output.
audit-packages:
	cd dashboard && npm audit
	cd tests/clients && npm audit

bench: dashboard ## measure the release build on this machine, and nginx and a bare pass-through for comparison
	cargo build --locked --release -p gaiterguard -p gaiterguard-bench
	target/release/bench $(BENCH_ARGUMENTS)
	target/release/curve $(CURVE_ARGUMENTS)
	target/release/assessment
	scripts/prerequisites.sh test
	cd dashboard && GAITERGUARD_BINARY=$(CURDIR)/target/release/gaiterguard node e2e/bench.mjs

openapi: ## write the API's description to crates/server/openapi.json
	$(BUILD_GATEWAY)
	target/debug/gaiterguard openapi > target/openapi.json
	mv target/openapi.json crates/server/openapi.json

reference: ## write the generated pages of the book's reference, and .env.example
	WRITE_REFERENCE=1 cargo test --locked -p gaiterguard-settings --lib reference::
	WRITE_REFERENCE=1 cargo test --locked -p gaiterguard --bin gaiterguard reference::
	$(BUILD_GATEWAY)
	WRITE_REFERENCE=1 cargo test --locked -p gaiterguard-tests --test e2e reference::

risk-figures: ## record in risk/figures.json how good the built-in risk assessor is on the labeled requests
	WRITE_RISK_FIGURES=1 cargo test --locked -p gaiterguard --test it risk_figures::

weights: ## fit the weights of the built-in risk assessor to the labeled requests again
	scripts/fit-weights.py --folds

tools: ## install the optional cargo tool: deny
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny

clean: ## remove what was built and installed here (not ./data)
	rm -rf target .cache dashboard/dist dashboard/node_modules
