# SPDX-License-Identifier: MIT OR Apache-2.0
PREFIX ?= /usr/local
TARGET  = $(or $(CARGO_TARGET_DIR),target)
SCRIPTS = tests/integration/lab
# Taken from the command line only: many programs have a TEST in their environment.
TEST   :=
DOCS   := docs
SHARE   = $(DESTDIR)$(PREFIX)/share
SBIN    = $(DESTDIR)$(PREFIX)/sbin
ROWS   :=
BASE   :=
PEERS  :=
DATA   :=
MODULE :=
# Random tables are the same in every run, and others by SEED=NUMBER.
SEED   :=
ifneq ($(SEED),$(shell printf %s '$(SEED)' | grep -xE '[0-9]{1,18}'))
$(error SEED is a number, not '$(SEED)')
endif
PROPTEST_RNG_SEED := $(or $(SEED),1)
export KERNELS TEST KERNEL LAB MODE ROWS BASE PEERS DATA MODULE SEED PROPTEST_RNG_SEED

.PHONY: build test check mutants demo demo-picture shell bench bench-plots lint package docs docs-check install uninstall clean help

build: ## build rsctl and rs-agent (release)
	cargo build --release -p rsctl -p rs-agent

test: ## run every test, in Linux 6.1, 6.12 and 7.2 (KERNELS=6.1, TEST="name…", SEED=7, LAB=host)
	@$(if $(SEED),echo 'random tables by SEED=$(SEED)';) $(SCRIPTS)/test

check: ## formatting, clippy, unit tests, and one kernel's tests of what changed (KERNEL=6.1)
	@$(SCRIPTS)/check

mutants: ## change what decides, place by place: does a unit test notice? (MODULE="file…"; hours)
	@tests/mutants/run

demo: ## show the main job at work in the newest kernel (KERNEL=6.1)
	@$(SCRIPTS)/demo

demo-picture: ## draw the picture of the first page, docs/pictures/demo.svg, from a run of the demo
	@run=$$($(SCRIPTS)/demo) && printf '%s\n' "$$run" | \
		cargo run --quiet -p lab --bin demo -- picture $(DOCS)/pictures/demo.svg

shell: ## open a shell in a lab network (MODE=dr|nat|tun, KERNEL=6.12): try what the guide says
	@$(SCRIPTS)/shell

bench: ## measure against a raw socket and ipvsadm, in an emulated machine (ROWS=word, BASE=folder, CLOCK=instructions, PEERS=1, DATA=file)
	@$(SCRIPTS)/bench

bench-plots: ## draw docs/performance.md, its tables and plots, from what DATA=docs/plots/bench.tsv saved
	@cargo run --release --quiet -p lab --bin bench -- page docs/plots/bench.tsv docs/performance.md docs/plots

lint: docs-check ## formatting, clippy, documentation, manual pages, generated docs in step, spelling, licences
	@tests/lint/run
	@tests/lint/manual
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy -p ipvs-cluster -p ipvs-netlink --lib --no-default-features -- -D warnings
	cargo clippy -p ipvs-cluster --all-targets --no-default-features -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps
	@tests/package/run check
	@tests/lint/oldest

package: ## build and test each library from its own package, with nothing around it
	@tests/package/run

docs: ## make the manual pages, completions and the schema from the programs
	rm -rf $(DOCS)/man $(DOCS)/completions
	mkdir -p $(DOCS)/man $(DOCS)/completions
	cargo build --quiet -p rsctl -p rs-agent
	for program in rsctl rs-agent; do \
		$(TARGET)/debug/$$program generate man $(DOCS)/man >/dev/null || exit; \
		for shell in bash zsh fish; do \
			$(TARGET)/debug/$$program generate $$shell $(DOCS)/completions >/dev/null || exit; \
		done; done
	$(TARGET)/debug/rsctl generate schema $(DOCS) >/dev/null

DIST = crates/rs-agent/dist
UNIT = sed 's|@PROGRAM@|$(PREFIX)/sbin/rs-agent|g; s|@CONFIG@|/etc/rs-agent/rs-agent.toml|g' $(DIST)/rs-agent.service

RSCTL_UNIT = sed 's|@PROGRAM@|$(PREFIX)/sbin/rsctl|g; s|@TABLE@|/etc/rsctl/table.json|g' crates/rsctl/dist/rsctl-restore.service

docs-check:
	@new=$$(mktemp -d) && trap 'rm -rf "$$new"' EXIT && $(MAKE) -s docs DOCS=$$new && \
	for part in man completions cluster-file.schema.json; do diff -r docs/$$part $$new/$$part || { \
		echo 'docs/man, docs/completions or docs/cluster-file.schema.json is out of step with the program: run make docs' >&2; \
		exit 1; }; done

# What is there under these names may be somebody's ipvsadm: it is never replaced.
LINKS = ipvsadm ipvsadm-save ipvsadm-restore

install: ## install what `make` built (PREFIX=/usr/local, DESTDIR=, IPVSADM=1 links ipvsadm to it)
	@test -x $(TARGET)/release/rsctl || { echo 'nothing to install yet: run make first' >&2; exit 1; }
	@[ -z "$(IPVSADM)" ] || for link in $(LINKS); do \
		[ "$$(readlink $(SBIN)/$$link)" = rsctl ] || { [ ! -e $(SBIN)/$$link ] && [ ! -L $(SBIN)/$$link ]; } || { \
			echo "$(SBIN)/$$link is there already, and not ours: take it away first" >&2; \
			exit 1; }; done
	install -D -m 755 -t $(SBIN) $(TARGET)/release/rsctl $(TARGET)/release/rs-agent
	for section in 5 8; do \
		install -D -m 644 -t $(SHARE)/man/man$$section docs/man/*.$$section || exit; done
	for program in rsctl rs-agent; do \
		install -D -m 644 docs/completions/$$program.bash $(SHARE)/bash-completion/completions/$$program && \
		install -D -m 644 -t $(SHARE)/zsh/site-functions docs/completions/_$$program && \
		install -D -m 644 -t $(SHARE)/fish/vendor_completions.d docs/completions/$$program.fish || exit; done
	install -D -m 644 -t $(SHARE)/rsctl docs/cluster-file.schema.json
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	$(UNIT) >$(DESTDIR)$(PREFIX)/lib/systemd/system/rs-agent.service
	$(RSCTL_UNIT) >$(DESTDIR)$(PREFIX)/lib/systemd/system/rsctl-restore.service
	install -D -m 644 -t $(SHARE)/doc/rs-agent $(DIST)/rs-agent.toml $(DIST)/90-rs-agent.conf $(DIST)/rs-agent.modules
	[ -z "$(IPVSADM)" ] || for link in $(LINKS); do ln -sf rsctl $(SBIN)/$$link; done

uninstall: ## remove what `make install` put there, after `systemctl disable` (the same PREFIX, DESTDIR)
	for link in $(LINKS); do [ "$$(readlink $(SBIN)/$$link)" != rsctl ] || rm -f $(SBIN)/$$link || exit; done
	for program in rsctl rs-agent; do \
		rm -f $(SBIN)/$$program \
			$(SHARE)/man/man8/$$program.8 $(SHARE)/man/man8/$$program-*.8 \
			$(SHARE)/man/man5/$$program.*5 $(SHARE)/man/man5/$$program-*.5 \
			$(SHARE)/bash-completion/completions/$$program \
			$(SHARE)/zsh/site-functions/_$$program \
			$(SHARE)/fish/vendor_completions.d/$$program.fish || exit; done
	rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/rs-agent.service $(DESTDIR)$(PREFIX)/lib/systemd/system/rsctl-restore.service
	rm -rf $(SHARE)/doc/rs-agent $(SHARE)/rsctl

clean: ## remove what was built; the kernels stay in their cache
	cargo clean

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
