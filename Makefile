# SPDX-License-Identifier: MIT OR Apache-2.0
PREFIX ?= /usr/local
TARGET  = $(or $(CARGO_TARGET_DIR),target)
SCRIPTS = tests/integration/lab
# Taken from the command line only: many programs have a TEST in their environment.
TEST   :=
ROWS   :=
export KERNELS TEST KERNEL LAB ROWS

.PHONY: build test demo bench lint install clean help

build: ## build rsctl and rs-agent (release)
	cargo build --release -p rsctl -p rs-agent

test: ## run every test, in Linux 6.1, 6.12 and 7.2 (KERNELS=6.1, TEST=name, LAB=host)
	@$(SCRIPTS)/test

demo: ## show the main job at work in the newest kernel (KERNEL=6.1)
	@$(SCRIPTS)/demo

bench: ## measure against a raw socket and ipvsadm, in an emulated machine (ROWS=word)
	@$(SCRIPTS)/bench

lint: ## formatting, clippy, documentation
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps

install: ## install what `make` built (PREFIX=/usr/local, DESTDIR=)
	@test -x $(TARGET)/release/rsctl || { echo 'nothing to install yet: run make first' >&2; exit 1; }
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/sbin $(TARGET)/release/rsctl $(TARGET)/release/rs-agent

clean: ## remove what was built; the kernels stay in their cache
	cargo clean

help: ## show this list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
