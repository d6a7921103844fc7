#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# iproute2 6.1.0 on the kernel of this host.
#
# One would say: `ip addr change ADDRESS dev DEVICE scope global` changes the scope, or fails.
# Seen: it succeeds without a word (Linux 6.1, 6.18, 7.2), and the scope is what it was: the
# kernel replaces lifetimes, metric and protocol of an IPv4 address, nothing else. To add it
# once more with the other scope is refused. Only removing it first helps.
set -euo pipefail
packages=(iproute2=6.1.0-3 libbpf1=1:1.1.2-0+deb12u1)
untried() {
	echo "could not be tried: $*"
	exit 2
}
[ "$(id -u)" = 0 ] || untried "needs root, for namespaces of its own"
for tool in apt-get dpkg-deb unshare timeout; do
	command -v "$tool" >/dev/null || untried "needs $tool"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
timeout 60 apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}" >apt.log 2>&1 ||
	untried "$(grep -m1 "^E:" apt.log || echo "apt-get cannot download ${packages[*]}")"
for deb in *.deb; do dpkg-deb -x "$deb" root; done

cat >inside <<'INSIDE'
set -e
ip() { command "$PWD/root/bin/ip" "$@"; }
ip link set lo up
ip addr add 192.0.2.10/32 dev lo scope host
for verb in change replace; do
	status=0
	ip addr $verb 192.0.2.10/32 dev lo scope global >said 2>&1 || status=$?
	echo "ip addr $verb … scope global: exit $status, said '$(cat said)', now: $(ip -o -4 addr show dev lo to 192.0.2.10 | grep -o 'scope [a-z]*')"
done
status=0
ip addr add 192.0.2.10/32 dev lo scope global >/dev/null 2>&1 || status=$?
echo "ip addr add … scope global: exit $status"
INSIDE
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
uname -r
root/bin/ip -V
timeout 20 unshare --net --mount --pid --fork --kill-child bash inside | tee seen || :
diff - seen <<'EXPECTED' || exit 1
ip addr change … scope global: exit 0, said '', now: scope host
ip addr replace … scope global: exit 0, said '', now: scope host
ip addr add … scope global: exit 2
EXPECTED
