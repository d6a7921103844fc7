// SPDX-License-Identifier: MIT OR Apache-2.0
//! VIPs where they should not be, beside what else answers or may: next to the line between
//! two answers.

use lvs_host::firewall::Ruleset;
use lvs_host::socket::Transport;

use super::super::seen::{Listener, Route, Seen};
use super::super::subject::Subject;
use super::change::{boot, listener, listens};
use super::doubts::nat;
use super::managers::vmac;
use super::rows::Row;
use super::{DIP, RIP, VIP, address, device, ip, lookup, set, sound};
use crate::mode::Mode;
use crate::request::Scope;
use crate::tunnel::{Tunnel, TunnelKind};

pub(super) const PLACED: &[Row] = &[
    // What set-up added is looked for where it added it.
    (
        Mode::Dr,
        |w, s| {
            w.added = vec![(ip(VIP), "lo".into(), Scope::Host)];
            s.addresses[2].device = "eth0".into();
            s.addresses[2].scope = "global".into();
        },
        &["RS-ARP-07 error"],
    ),
    // Files say how a tunnel's device starts, which is of interest for IPv4 in tunnels alone.
    (
        Mode::Dr,
        |_, s| {
            let (_, tun) = sound(Mode::Tun);
            s.devices.push(tun.devices[2].clone());
            boot(s, "net.ipv4.conf.default.rp_filter=1");
        },
        &[],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.vips.remove(0);
            boot(s, "net.ipv4.conf.default.rp_filter=1");
        },
        &[],
    ),
    // Only an interface of keepalived's that has an address is to answer for it.
    (
        Mode::Dr,
        |_, s| {
            vmac(s);
            s.addresses.pop();
            set(s, "net.ipv4.conf.vrrp/51.rp_filter", 1);
        },
        &["RS-MGR-04 info"],
    ),
    // Of equal routes to the network of a VIP that is too wide, the first is taken.
    (
        Mode::Tun,
        |_, s| {
            s.addresses[2].prefix = 24;
            s.routes.insert(0, into_tunnel("192.0.2.0"));
        },
        &["RS-VIP-02 error"],
    ),
    (
        Mode::Tun,
        |_, s| {
            s.addresses[2].prefix = 24;
            s.routes.insert(0, into_tunnel("198.51.100.0"));
        },
        &["RS-VIP-02 warning"],
    ),
    (
        Mode::Tun,
        |_, s| {
            s.addresses[2].prefix = 24;
            s.routes[2] = into_tunnel("192.0.2.0");
        },
        &["RS-VIP-02 warning"],
    ),
    // Where it is narrow is elsewhere: it is made so here.
    (
        Mode::Dr,
        |_, s| {
            s.addresses[2].prefix = 24;
            s.devices.push(device("rs0", false));
            s.addresses.push(address(VIP, 32, "rs0", "host"));
        },
        &["RS-VIP-02 error"],
    ),
    // A rule for what is not local is one for a VIP that is not here.
    (
        Mode::Dr,
        |_, s| {
            foreign(s, "192.0.2.20");
            s.firewall.iptables = nat("-A PREROUTING -m addrtype ! --dst-type LOCAL -j REDIRECT");
        },
        &["RS-VIP-01 unread"],
    ),
    (
        Mode::Dr,
        |_, s| {
            foreign(s, "192.0.2.20");
            s.firewall.iptables = nat("-A PREROUTING -m addrtype --dst-type LOCAL -j REDIRECT");
        },
        &["RS-VIP-01 error"],
    ),
    // Another interface of keepalived's is none that answers in its place.
    (
        Mode::Dr,
        |_, s| {
            vmac(s);
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.eth0.arp_ignore", 1);
        },
        &["RS-ARP-01 warning", "RS-MGR-04 info"],
    ),
    // What listens elsewhere than at the VIP would take nothing from its VRF, either.
    (
        Mode::Dr,
        |w, s| {
            w.vips.truncate(1);
            s.devices[1].vrf = Some("red".into());
            listens(w, s, Transport::Tcp, RIP, false);
        },
        &["RS-SRV-01 error"],
    ),
    // In place of the kernel's device comes one of its own, whatever set-up took.
    (
        Mode::Tun,
        |w, s| {
            let (name, kind) = ("tunl0".into(), TunnelKind::Ipip);
            let (local, remote, checksum, fallback) = (None, None, false, true);
            w.tunnels = vec![Tunnel { name, kind, local, remote, checksum, fallback }];
            w.vips.truncate(1);
            s.devices[2].name = "tunl0".into();
            s.addresses[2].device = "tunl0".into();
            set(s, "net.ipv4.conf.tunl0.rp_filter", 2);
            s.addresses.push(address("10.9.9.9", 32, "tunl0", "global"));
        },
        &["RS-TUN-09 error"],
    ),
    // A VIP of scope host is no source of anything; nor is one beside a route of IPv6.
    (Mode::Dr, |_, s| s.addresses[1].device = "lo".into(), &[]),
    (
        Mode::Dr,
        |_, s| {
            s.devices.push(device("eth1", true));
            s.routes[1].devices = vec!["eth1".into()];
            s.addresses[2].scope = "global".into();
        },
        &[],
    ),
    // A default route may lead into a device that has no VIP.
    (
        Mode::Dr,
        |_, s| {
            s.devices.push(device("wg0", false));
            (s.routes[0].gateways, s.routes[0].devices) = (vec![], vec!["wg0".into()]);
        },
        &[],
    ),
    // A VIP on Calico's device is lost, whichever device takes the packets.
    (
        Mode::Tun,
        |_, s| {
            s.managers.overlay = Some("interface cali1".into());
            s.addresses[2].device = "tunl0".into();
            s.devices.push(device("tunl0", false));
            set(s, "net.ipv4.conf.all.rp_filter", 2);
        },
        &["RS-RPF-01 error", "RS-MGR-03 error"],
    ),
    // An IPv6 socket takes the IPv4 VIP by its mapped address, too.
    (
        Mode::Dr,
        |w, s| {
            w.vips.truncate(1);
            listens(w, s, Transport::Tcp, "::ffff:192.0.2.10", false);
        },
        &[],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.vips.truncate(1);
            listens(w, s, Transport::Tcp, "::ffff:192.0.2.20", false);
        },
        &["RS-SRV-01 error"],
    ),
    // firewalld's check is of IPv6 that comes out of tunnels.
    (
        Mode::Tun,
        |w, s| {
            w.vips.truncate(1);
            s.managers.firewalld_rpfilter = Some("firewalld.conf".into());
        },
        &[],
    ),
    (Mode::Dr, |_, s| s.managers.firewalld_rpfilter = Some("firewalld.conf".into()), &[]),
    // A proxy answers for what is elsewhere: by another interface, as a router, if it may.
    (
        Mode::Dr,
        |w, s| {
            elsewhere(w, s, "eth1");
            set(s, "net.ipv4.conf.eth0.proxy_arp", 1);
        },
        &["RS-VIP-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            elsewhere(w, s, "eth1");
            set(s, "net.ipv4.conf.eth0.forwarding", 1);
        },
        &["RS-VIP-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            elsewhere(w, s, "eth0");
            set(s, "net.ipv4.conf.eth0.proxy_arp", 1);
            set(s, "net.ipv4.conf.eth0.forwarding", 1);
        },
        &["RS-VIP-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.vips.truncate(1);
            set(s, "net.ipv4.conf.all.proxy_arp", 1);
            set(s, "net.ipv4.conf.eth0.forwarding", 1);
        },
        &[],
    ),
    // A socket that takes foreign addresses may take this one.
    (Mode::Dr, |_, s| foreign(s, VIP), &["RS-VIP-01 unread"]),
    (Mode::Dr, |_, s| foreign(s, "192.0.2.20"), &["RS-VIP-01 error"]),
    // `ipip` is the name of another protocol than the tunnel's.
    (
        Mode::Tun,
        |w, s| {
            w.vips.truncate(1);
            s.firewall.iptables = Some(Ruleset::parse(
                "*filter\n:INPUT DROP [0:0]\n-A INPUT -p ipip -j ACCEPT\n-A INPUT -d 192.0.2.10 -j ACCEPT\n",
            ));
        },
        &["RS-FW-01 error"],
    ),
    // Each VIP is hidden by the settings of single interfaces.
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_announce", 0);
            set(s, "net.ipv4.conf.eth0.arp_announce", 2);
        },
        &["RS-ARP-08 warning"],
    ),
    // An interface matters by the default route, by the way to the director, by its RIP, or by
    // a network that the VIP is in: each by itself.
    (
        Mode::Dr,
        |_, s| {
            other_nic(s);
            s.routes[0].devices = vec!["eth1".into()];
        },
        &["RS-ARP-01 error"],
    ),
    (
        Mode::Dr,
        |_, s| {
            other_nic(s);
            s.lookups.insert(ip(DIP), lookup(None, "eth1"));
        },
        &["RS-ARP-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            other_nic(s);
            s.addresses.push(address("203.0.113.11", 24, "eth1", "global"));
            w.rips.push(ip("203.0.113.11"));
        },
        &["RS-ARP-01 error"],
    ),
    (
        Mode::Dr,
        |_, s| {
            other_nic(s);
            s.addresses.push(address("192.0.2.13", 24, "eth1", "global"));
        },
        &["RS-ARP-01 error"],
    ),
    (
        Mode::Dr,
        |_, s| {
            other_nic(s);
            s.addresses.push(address("203.0.113.11", 24, "eth1", "global"));
        },
        &["RS-ARP-01 warning"],
    ),
];

/// Another interface, which answers whom it likes.
fn other_nic(seen: &mut Seen) {
    seen.devices.push(device("eth1", true));
    set(seen, "net.ipv4.conf.eth1.arp_ignore", 4);
}

/// A VIP that is not here, and to which a route leads.
fn elsewhere(subject: &mut Subject, seen: &mut Seen, by: &str) {
    subject.vips = vec![ip("203.0.113.1")].into();
    seen.devices.push(device("eth1", true));
    seen.lookups.insert(ip("203.0.113.1"), lookup(None, by));
}

/// The VIP is not here, and a socket has an address that need not be, either.
fn foreign(seen: &mut Seen, on: &str) {
    seen.addresses.remove(2);
    seen.lookups.insert(ip(VIP), None);
    let socket = Listener { transparent: true, ..listener(Transport::Tcp, on, 80) };
    seen.listeners = Some(vec![socket]);
}

/// A route to a network of 24 bits that leads into the tunnel.
fn into_tunnel(network: &str) -> Route {
    let devices = vec!["rs-ipip".into()];
    Route { devices, ..Route::new(ip(network), 24) }
}
