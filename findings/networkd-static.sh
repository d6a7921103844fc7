#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# systemd-networkd 252.39 (Debian 12).
#
# One would say: KeepConfiguration=static keeps addresses that others have set, of both
# families alike, as both are static: valid for ever, from no lease and no advertisement.
# Seen: networkd calls static what is *preferred* for ever. At the next reconfiguration the
# IPv4 address stays and the IPv6 one goes, whose preferred lifetime is 0, as it should be for
# the address of a service. With KeepConfiguration=yes both stay.
set -euo pipefail
packages=(systemd=252.39-1~deb12u2 libsystemd-shared=252.39-1~deb12u2 dbus-daemon=1.14.10-1~deb12u1 dbus-system-bus-common=1.14.10-1~deb12u1)
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

mkdir -p etc
cp -a /etc/. etc
for user in systemd-network messagebus; do
	grep -q "^$user:" etc/passwd || echo "$user:x:$((64990 + ${#user})):65534::/:/usr/sbin/nologin" >>etc/passwd
	grep -q "^$user:" etc/group || echo "$user:x:$((64990 + ${#user})):" >>etc/group
done
rm -rf etc/systemd/network
mkdir -p etc/systemd/network
echo 0123456789abcdef0123456789abcdef >etc/machine-id
cat >bus.conf <<'CONF'
<busconfig>
<type>system</type>
<listen>unix:path=/run/dbus/system_bus_socket</listen>
<auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="signal"/><allow receive_type="method_return"/><allow receive_type="error"/>
<allow send_destination="*"/></policy>
</busconfig>
CONF
cat >inside <<'INSIDE'
set -e
mount -t tmpfs tmpfs /run
mount -t sysfs -o ro sysfs /sys # so that networkd waits for no udev
mount --bind etc /etc
mkdir -p /run/dbus /run/systemd/netif
chown systemd-network /run/systemd/netif
[ -e /var/run ] || ln -s /run /var/run
root/usr/bin/dbus-daemon --config-file="$PWD/bus.conf" --fork
ip link set lo up
ip link add vip0 type veth peer name nowhere
ip link set nowhere up
ip link set vip0 up
for keep in static yes; do
	printf '[Match]\nName=vip0\n[Network]\nKeepConfiguration=%s\nLinkLocalAddressing=no\n' $keep >/etc/systemd/network/10-vip0.network
	root/lib/systemd/systemd-networkd >log 2>&1 &
	networkd=$!
	for try in $(seq 100); do
		root/bin/networkctl list 2>/dev/null | grep vip0 | grep -q configured && break
		sleep 0.1
	done
	ip addr replace 192.0.2.10/32 dev vip0
	ip addr replace 2001:db8::10/128 dev vip0 nodad preferred_lft 0
	root/bin/networkctl reconfigure vip0
	sleep 1
	for address in 192.0.2.10 2001:db8::10; do
		if ip -o addr show dev vip0 | grep -q " $address/"; then echo "$keep: $address kept"; else echo "$keep: $address removed"; fi
	done
	kill $networkd
	wait $networkd || :
done
INSIDE
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu/systemd:$work/root/usr/lib/x86_64-linux-gnu
root/bin/networkctl --version | head -n1
timeout 60 unshare --net --mount --pid --fork --kill-child --mount-proc bash inside | tee seen || :
diff - seen <<'EXPECTED' || exit 1
static: 192.0.2.10 kept
static: 2001:db8::10 removed
yes: 192.0.2.10 kept
yes: 2001:db8::10 kept
EXPECTED
