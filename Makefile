# What can be made; `make` alone prints this list.

# What scripts/install-* set up, so that a fresh machine needs cargo and make and nothing else by hand.
CARGO ?= cargo
export CARGO_TERM_COLOR ?= auto

# Chromium's sandbox does not work for root. The demo and the benchmark open nothing but the bundled app on
# loopback, so for them, and only for root, it is turned off.
SANDBOX_FOR_OWN_APP := $(if $(filter 0,$(shell id -u)),--browser-sandbox off)

.DEFAULT_GOAL := help
.PHONY: drafts fuzz-api help demo fleet-demo test crash-matrix soak check check-deploy audit fuzz apps acme-pages mutations bench bench-browser bench-queue bench-log

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: ## install what is missing, build, and do the whole job on the bundled app
	scripts/install-build-deps
	scripts/install-browser
	$(CARGO) build --release --locked
	$(CARGO) run --release --locked --quiet -- demo $(SANDBOX_FOR_OWN_APP) $(DEMO_FLAGS)

fleet-demo: ## the same by a fleet: 40 jobs, RabbitMQ, PostgreSQL, two workers, one of them killed
	scripts/install-build-deps
	scripts/install-browser
	$(CARGO) build --release --locked
	scripts/services -- $(CARGO) run --release --locked --quiet -- demo --fleet $(SANDBOX_FOR_OWN_APP) $(DEMO_FLAGS)

test: ## install what is missing and run every test
	scripts/install-build-deps
	scripts/install-browser
	scripts/install-test-deps
	scripts/run-tests

crash-matrix: ## kill a worker at every boundary, for every fate of the change in the app (takes about an hour)
	scripts/install-build-deps
	scripts/install-browser
	TURNLOCK_CRASH_MATRIX=all scripts/run-test killed_anywhere_it_finds_its_way_back

MINUTES ?= 10
soak: ## kill workers and browsers at random moments for MINUTES (10), 4 workers, 50 accounts
	scripts/install-build-deps
	scripts/install-browser
	TURNLOCK_SOAK_MINUTES=$(MINUTES) scripts/run-test nothing_is_lost_to_random_kills

check: ## formatting, lints, and what the dependencies may be
	scripts/install-build-deps --lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features failpoints --locked -- -D warnings
	scripts/install-cargo-deny
	$(CARGO) deny --log-level error check bans licenses sources

check-deploy: ## Dockerfile, compose.yaml, Kubernetes, alerts, the board and shell scripts, by linters
	scripts/check-deploy

SECONDS ?= 240
fuzz: ## throw strange messages at what reads them, SECONDS (240) a target (needs nightly Rust and cargo-fuzz)
	for target in extract mail; do \
		$(CARGO) +nightly fuzz run -O $$target -- -max_total_time=$(SECONDS) -timeout=10 -max_len=6000 || exit 1; \
	done

fuzz-api: ## have a public fuzzer of OpenAPI servers ask `turnlock serve`, and hold each answer against its document
	scripts/install-build-deps
	$(CARGO) build --locked
	scripts/fuzz-api target/debug/turnlock

audit: ## known holes in the dependencies; needs the advisory database
	scripts/install-cargo-deny
	$(CARGO) deny check advisories

acme-pages: ## record the bundled app's pages anew, and see to it that no secret is in them
	scripts/install-build-deps
	scripts/install-browser
	TURNLOCK_KEEP_PAGES=1 scripts/run-test pages_of_an_acceptance_run_with_mail_and_text_messages

mutations: ## try the bundled playbooks on changed pages, and write docs/playbooks/mutations.md
	scripts/install-build-deps
	scripts/install-browser
	$(CARGO) run --release --locked --quiet -- $(SANDBOX_FOR_OWN_APP) playbook mutate playbooks --at-least 80 --write docs/playbooks/mutations.md

apps: ## start real apps and run their playbooks end to end (needs node 20, npm, python3-venv, apt-get; takes half an hour)
	scripts/install-build-deps
	scripts/install-browser
	$(CARGO) build --release --locked
	fixtures/apps/run

drafts: ## draft playbooks of the real apps with `playbook new`, and sign in by the drafts as they are (as `make apps`)
	scripts/install-build-deps
	scripts/install-browser
	$(CARGO) build --release --locked
	fixtures/apps/run --draft

bench: bench-browser bench-queue bench-log ## measure all that has a limit (takes half an hour)

bench-browser: ## compare with Playwright and with a bare CDP script (needs node and npm)
	scripts/install-build-deps
	scripts/install-browser
	$(CARGO) build --release --locked --workspace
	bench/run $(BENCH_FLAGS)

bench-queue: ## jobs without a browser through RabbitMQ and PostgreSQL (needs node)
	scripts/install-build-deps
	$(CARGO) build --release --locked
	bench/queue $(BENCH_QUEUE_FLAGS)

bench-log: ## the log's first pages among five million rows (takes minutes and 5 GB of disk)
	scripts/install-build-deps
	scripts/install-test-deps --servers
	scripts/run-test --release first_pages_of_five_million_rows --ignored
