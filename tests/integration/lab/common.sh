# shellcheck shell=bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# What the scripts of the lab share: where things are, and how they fail.

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$lab/../../.." && pwd)
# Where cargo builds; a relative path is cargo's idea of relative: to the repository here.
target=${CARGO_TARGET_DIR:-$repo/target}
case $target in /*) ;; *) target=$repo/$target ;; esac
# shellcheck disable=SC2034 # read by the scripts that source this file
all_kernels="6.1 6.12 7.2"

die() {
	echo "lab: $*" >&2
	exit 1
}

# need COMMAND PACKAGE: a host without COMMAND is told which package has it.
need() {
	command -v "$1" >/dev/null || die "needs $1; install with: sudo apt-get install $2"
}

# Debian suite whose package user-mode-linux is built from KERNEL.
suite_of() {
	case $1 in
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	7.2) echo sid ;;
	*) die "no kernel '$1': choose from $all_kernels" ;;
	esac
}

# Sets $cache, the folder with the kernels and the guest's root.
find_cache() {
	cache=${LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/ipvs-lab}
	mkdir -p "$cache" 2>/dev/null || die "cannot create $cache: set LAB_CACHE to a folder of yours"
	cache=$(cd "$cache" && pwd)
	# The paths become words of a kernel command line and mount options.
	local path
	for path in "$cache" "$repo" "$target"; do
		case $path in *[!A-Za-z0-9/._+@~-]*) die "not a path of plain characters: $path" ;; esac
	done
}

# uml_release KERNEL: the release of the kernel that is in the cache for it, such as 7.2.7.
uml_release() {
	ls "$cache/$1/modules"
}

# borrowed FOLDER PROGRAM [ARGUMENT…]: runs a program of the Debian packages in
# FOLDER on the C library that is there with it.
borrowed() {
	local folder=$1 program=$2
	shift 2
	"$folder/usr/lib64/ld-linux-x86-64.so.2" --library-path "$folder/usr/lib/x86_64-linux-gnu" \
		"$folder/$program" "$@"
}

# For LAB=host: this machine's own kernel takes the place of the guests.
need_host_ipvs() {
	[ "$(id -u)" = 0 ] || die "LAB=host needs root: run it with sudo, or unset LAB to use User-Mode Linux"
	modprobe -q ip_vs 2>/dev/null || true
	[ -e /proc/net/ip_vs ] ||
		die "LAB=host needs a kernel with IPVS, and $(uname -r) has no ip_vs: install its modules, or unset LAB to use User-Mode Linux"
	need ipvsadm ipvsadm
	need keepalived keepalived
	need ldirectord ldirectord
	need ip iproute2
}
