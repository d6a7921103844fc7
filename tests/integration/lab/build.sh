# shellcheck shell=bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# What is built on the host to run in the guests.

export CARGO_TERM_COLOR=never

# build_binaries FOLDER [CARGO OPTION…]: rsctl and rs-agent as they are shipped,
# which start twice as fast in a guest, put on the guests' PATH. With test
# features they go to a folder of their own: neither `make install` nor the demo
# may ever find those.
build_binaries() {
	local folder=$1
	shift
	need cargo cargo
	# Minutes of silence look like a program that hangs.
	[ -e "$folder/release/rsctl" ] || echo "building rsctl and rs-agent: some minutes, the first time" >&2
	(cd "$repo" && cargo build --release --quiet --target-dir "$folder" -p rsctl -p rs-agent "$@") || return
	export LAB_BIN_DIR=$folder/release
}

# suite_program: builds the integration suite, and the examples it runs, and
# prints the path of its program.
suite_program() {
	local messages path
	(cd "$repo" && cargo build --quiet -p ipvs-netlink -p ipvs-cluster --examples) || return
	messages=$(cd "$repo" && cargo test --quiet -p lab --test suite --no-run --message-format=json-render-diagnostics) || return
	path=$(sed -nE '/"kind":\["test"\]/s/.*"executable":"([^"]+)".*/\1/p' <<<"$messages")
	[ -n "$path" ] && echo "$path"
}
