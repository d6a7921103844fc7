#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# iproute2 6.1.0 on the kernel of this host.
#
# One would say: `ip route get ADDRESS` names no protocol and no user, so rules (`ip rule`)
# for one protocol or one user do not count for it.
# Seen: in IPv4 the kernel looks up a UDP packet of the user who asks (`inet_rtm_getroute()`):
# a rule `ipproto udp` decides about the answer, one for TCP does not, and `uidrange 0-0`
# decides if root asks. In IPv6 no protocol is assumed, the user is. (UDP: Linux 6.12, 6.18,
# 7.2. Users: 6.1, 6.18.) Only a lookup that names them (`ipproto tcp`, `uid 65534`) tells what a server's replies do.
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
ip() { command "$PWD/root/bin/ip" "$@"; }
ip link set lo up
ip link add out type veth peer name out2
ip link set out up
ip link set out2 up
ip addr add 192.0.2.1/24 dev out
ip -6 addr add 2001:db8::1/64 dev out nodad
ip route add default via 192.0.2.2
ip -6 route add default via 2001:db8::2
asks() {
	local found=nowhere
	ip $1 route get $2 >/dev/null 2>&1 && found="a route"
	echo "$3: route get ${2#* }: $found"
}
for rule in "ipproto udp" "ipproto tcp" "uidrange 0-0"; do
	ip rule add $rule blackhole
	ip -6 rule add $rule blackhole
	asks -4 "198.51.100.1" "IPv4, $rule"
	asks -4 "198.51.100.1 ipproto tcp uid 65534" "IPv4, $rule"
	asks -6 "2001:db8:1::1" "IPv6, $rule"
	ip rule del $rule blackhole
	ip -6 rule del $rule blackhole
done
INSIDE
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
uname -r
root/bin/ip -V
timeout 20 unshare --net --mount --pid --fork --kill-child bash inside | tee seen || :
diff - seen <<'EXPECTED' || exit 1
IPv4, ipproto udp: route get 198.51.100.1: nowhere
IPv4, ipproto udp: route get ipproto tcp uid 65534: a route
IPv6, ipproto udp: route get 2001:db8:1::1: a route
IPv4, ipproto tcp: route get 198.51.100.1: a route
IPv4, ipproto tcp: route get ipproto tcp uid 65534: nowhere
IPv6, ipproto tcp: route get 2001:db8:1::1: a route
IPv4, uidrange 0-0: route get 198.51.100.1: nowhere
IPv4, uidrange 0-0: route get ipproto tcp uid 65534: a route
IPv6, uidrange 0-0: route get 2001:db8:1::1: nowhere
EXPECTED
