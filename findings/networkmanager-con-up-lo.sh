#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# NetworkManager 1.42.4 (Debian 12), with Debian's configuration.
#
# One would say: lo is "connected (externally)", so what others have set there is theirs; to
# activate that connection either changes nothing or removes what is not NetworkManager's.
# Seen: NetworkManager has made a profile of the addresses that it found. Activated, it sets
# them itself: all stay, but the IPv4 one of scope host has scope global, and the deprecated
# IPv6 one is preferred for ever. Both may now be the source of what this host sends of itself.
# unmanaged-devices=interface-name:lo keeps it off.
set -euo pipefail
packages=(
	network-manager=1.42.4-1+deb12u1 libnm0=1.42.4-1+deb12u1 dbus-daemon=1.14.10-1~deb12u1
	libdbus-1-3=1.14.10-1~deb12u1 libapparmor1=3.0.8-3 libaudit1=1:3.0.9-1 libcap-ng0=0.8.3-1+b3
	libexpat1=2.5.0-1+deb12u2 libndp0=1.8-1+deb12u1 libpsl5=0.21.2-1 libcurl3-gnutls=7.88.1-10+deb12u15
	libbrotli1=1.0.9-2+b6 libglib2.0-0=2.74.6-2+deb12u9 libreadline8=8.2-1.3 libnghttp2-14=1.52.0-1+deb12u3
	librtmp1=2.4+20151223.gitfa8646d.1-2+b2 libssh2-1=1.10.0-3+b1 libldap-2.5-0=2.5.13+dfsg-5
	libsasl2-2=2.1.28+dfsg-10 libgssapi-krb5-2=1.20.1-2+deb12u5 libkrb5-3=1.20.1-2+deb12u5
	libk5crypto3=1.20.1-2+deb12u5 libkrb5support0=1.20.1-2+deb12u5 libkeyutils1=1.6.3-2
)
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
grep -q '^messagebus:' etc/passwd || echo 'messagebus:x:64999:65534::/:/usr/sbin/nologin' >>etc/passwd
rm -rf etc/NetworkManager
cp -a root/etc/NetworkManager etc
mkdir -p etc/NetworkManager/{conf.d,system-connections}
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
mount -t sysfs -o ro sysfs /sys # so that it waits for no udev
mount -t tmpfs tmpfs /var/lib
mount --bind etc /etc
mkdir -p /run/dbus /var/lib/NetworkManager
[ -e /var/run ] || ln -s /run /var/run
root/usr/bin/dbus-daemon --config-file="$PWD/bus.conf" --fork
nmcli() { root/usr/bin/nmcli "$@"; }
ip link set lo up
for conf in managed unmanaged; do
	[ $conf = managed ] || printf '[keyfile]\nunmanaged-devices=interface-name:lo\n' >/etc/NetworkManager/conf.d/lo.conf
	ip addr add 192.0.2.10/32 dev lo scope host
	ip addr add 2001:db8::10/128 dev lo nodad preferred_lft 0
	root/usr/sbin/NetworkManager --no-daemon >log 2>&1 &
	manager=$!
	for try in $(seq 100); do
		nmcli -t -f device,state device 2>/dev/null | grep -qE '^lo:(connected|unmanaged)' && break
		sleep 0.1
	done
	echo "$conf: $(nmcli -t -f device,state device | grep '^lo:')"
	status=0
	nmcli connection up lo >/dev/null 2>&1 || status=$?
	sleep 0.5
	echo "$conf: nmcli connection up lo: exit $status"
	ip -o addr show dev lo to 192.0.2.10 | grep -o '192.*scope [a-z]*' | sed "s/^/$conf: /"
	ip -o addr show dev lo to 2001:db8::10 | grep -oE '2001.*preferred_lft [^ ]*' | sed -E "s/valid_lft forever//; s/ +|\\\\/ /g; s/ +/ /g; s/^/$conf: /"
	kill $manager
	wait $manager || :
	ip addr del 192.0.2.10/32 dev lo
	ip addr del 2001:db8::10/128 dev lo
done
INSIDE
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
root/usr/sbin/NetworkManager --version
timeout 60 unshare --net --mount --pid --fork --kill-child --mount-proc bash inside | tee seen || :
diff - seen <<'EXPECTED' || exit 1
managed: lo:connected (externally)
managed: nmcli connection up lo: exit 0
managed: 192.0.2.10/32 scope global
managed: 2001:db8::10/128 scope global preferred_lft forever
unmanaged: lo:unmanaged
unmanaged: nmcli connection up lo: exit 10
unmanaged: 192.0.2.10/32 scope host
unmanaged: 2001:db8::10/128 scope global nodad deprecated preferred_lft 0sec
EXPECTED
