#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# dhcpcd 9.4.1 (Debian 12) with Debian's dhcpcd.conf.
#
# One would say: a device that only carries a service's address is of no interest to a DHCP
# client: it asks, hears nothing, and leaves the device and the routes alone.
# Seen: after some seconds the device has an address of 169.254.0.0/16 and the host a default
# route into it, as there is no other: what the host sends elsewhere is lost from then on.
# `denyinterfaces rs-*` is heeded.
set -euo pipefail
packages=(dhcpcd-base=9.4.1-24~deb12u5)
untried() {
	echo "could not be tried: $*"
	exit 2
}
[ "$(id -u)" = 0 ] || untried "needs root, for namespaces of its own"
for tool in apt-get dpkg-deb unshare timeout ip; do
	command -v "$tool" >/dev/null || untried "needs $tool"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
timeout 60 apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}" >apt.log 2>&1 ||
	untried "$(grep -m1 "^E:" apt.log || echo "apt-get cannot download ${packages[*]}")"
for deb in *.deb; do dpkg-deb -x "$deb" root; done

mkdir -p etc var
cp -a /etc/. etc
cp -a root/etc/. etc
grep -q '^dhcpcd:' etc/passwd || echo 'dhcpcd:x:64999:65534::/usr/lib/dhcpcd:/bin/false' >>etc/passwd
cat >inside <<'INSIDE'
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mkdir -p /run/dhcpcd /var/lib/dhcpcd
mount --bind etc /etc
mkdir -p empty
ip link set lo up
# A carrier, here one end of a cable to nowhere, as not every kernel has dummy devices.
ip link add rs-vip0 type veth peer name nowhere
ip link set nowhere up
ip link set rs-vip0 up
ip addr add 192.0.2.10/32 dev rs-vip0 scope host
for deny in '' 'denyinterfaces rs-*'; do
	cp root/etc/dhcpcd.conf conf
	echo 'denyinterfaces nowhere' >>conf
	[ -z "$deny" ] || echo 'denyinterfaces nowhere rs-*' >>conf
	root/usr/sbin/dhcpcd --nodev -B -f "$PWD/conf" >log 2>&1 &
	dhcpcd=$!
	for second in $(seq 30); do
		sleep 1
		ip route | grep -q '^default' && break
	done
	linklocal=$(ip -o -4 addr show dev rs-vip0 | grep -c ' 169\.254\.') || :
	default=$(ip route | grep -c '^default dev rs-vip0') || :
	vip=$(ip -o addr show dev rs-vip0 | grep -c ' 192\.0\.2\.10/32 ') || :
	echo "${deny:-as installed}: 169.254/16 addresses $linklocal, default routes into it $default, VIPs $vip"
	kill $dhcpcd
	wait $dhcpcd || :
	ip route flush dev rs-vip0
	ip -4 addr flush dev rs-vip0 scope global
done
INSIDE
root/usr/sbin/dhcpcd --version | head -n1
timeout 100 unshare --net --mount --pid --fork --kill-child --mount-proc bash inside | tee seen || :
diff - seen <<'EXPECTED' || exit 1
as installed: 169.254/16 addresses 1, default routes into it 1, VIPs 1
denyinterfaces rs-*: 169.254/16 addresses 0, default routes into it 0, VIPs 1
EXPECTED
