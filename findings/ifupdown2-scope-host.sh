#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# ifupdown2 3.0.0 (Debian 12; the network manager of Proxmox VE).
#
# One would say: `ifreload -a` with an unchanged /etc/network/interfaces changes nothing, or
# removes all that it did not set.
# Seen: of the foreign addresses on lo it removes the IPv6 one and the IPv4 one of scope
# global, and keeps the IPv4 one of scope host, which it does not look at.
set -euo pipefail
packages=(ifupdown2=3.0.0-1.1)
untried() {
	echo "could not be tried: $*"
	exit 2
}
[ "$(id -u)" = 0 ] || untried "needs root, for namespaces of its own"
for tool in apt-get dpkg-deb unshare timeout ip /usr/bin/python3; do
	command -v "$tool" >/dev/null || untried "needs $tool"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
timeout 60 apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}" >apt.log 2>&1 ||
	untried "$(grep -m1 "^E:" apt.log || echo "apt-get cannot download ${packages[*]}")"
for deb in *.deb; do dpkg-deb -x "$deb" root; done

mkdir etc
cp -a /etc/. etc
cp -a root/etc/. etc
printf 'auto lo\niface lo inet loopback\n' >etc/network/interfaces
cat >inside <<'INSIDE'
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/network
mount --bind etc /etc
mount --bind root/usr/share /usr/share
ip link set lo up
ip addr add 192.0.2.10/32 dev lo scope host
ip addr add 192.0.2.20/32 dev lo scope global
ip addr add 2001:db8::10/128 dev lo nodad preferred_lft 0
/usr/bin/python3 ./ifreload -a >&2
for address in 192.0.2.10 192.0.2.20 2001:db8::10; do
	if ip -o addr show dev lo | grep -q " $address/"; then echo "$address kept"; else echo "$address removed"; fi
done
INSIDE
ln -s /usr/share/ifupdown2/__main__.py ifreload
timeout 60 unshare --net --mount --pid --fork --kill-child --mount-proc bash inside | tee seen || :
diff - seen <<'EXPECTED' || exit 1
192.0.2.10 kept
192.0.2.20 removed
2001:db8::10 removed
EXPECTED
