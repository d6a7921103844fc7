// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hosts next to the line between two answers.

use super::super::iptables::Ruleset;
use super::super::seen::{Listener, Route, Seen};
use super::super::subject::Subject;
use super::change::{boot, ends, fallback, gre, listener, listens};
use super::managers::vmac;
use super::rows::Row;
use super::{DIP, ROUTER, VIP, VIP6, address, device, ip, lookup, set, sound};
use crate::mode::Mode;
use crate::request::Scope;

pub(super) const EDGES: &[Row] = &[
    // The interface of the director's network is dead, but what goes there leaves by another;
    // through a router only tunnels lead.
    (
        Mode::Dr,
        |w, s| {
            w.rips.clear();
            s.devices[1].carrier = false;
            s.devices.push(device("eth1", true));
            s.lookups.insert(ip(DIP), lookup(None, "eth1"));
        },
        &[],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.rips.clear();
            s.devices[1].carrier = false;
            s.devices.push(device("eth1", true));
            s.lookups.insert(ip(DIP), lookup(Some(ROUTER), "eth1"));
        },
        &["RS-RIP-02 error"],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.rips.clear();
            s.devices[1].carrier = false;
            s.devices.push(device("eth1", true));
            s.lookups.insert(ip(DIP), lookup(Some(ROUTER), "eth1"));
        },
        &[],
    ),
    // Down, where no VIP is one of ARP.
    (
        Mode::Dr,
        |w, s| {
            w.vips.remove(0);
            s.devices[1].up = false;
        },
        &["RS-RIP-02 error"],
    ),
    // IPv6 that comes in IPv4 comes to the IPv4 RIP.
    (
        Mode::Tun,
        |w, _| {
            w.vips.remove(0);
            w.rips = vec![ip("192.0.2.12")];
        },
        &["RS-RIP-01 error", "RS-TUN-03 error"],
    ),
    // One network is told of once, and each of two.
    (Mode::Nat, |w, _| w.vips = vec![ip("192.0.2.20"), ip("192.0.2.21")], &["RS-GW-03 warning"]),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip("192.0.2.20"), ip("198.51.100.20")];
            s.addresses.push(address("198.51.100.11", 24, "eth0", "global"));
        },
        &["RS-GW-03 warning", "RS-GW-03 warning"],
    ),
    // Redirects of IPv6: the interface's own setting, and not on a router.
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP6)];
            s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
            set(s, "net.ipv6.conf.eth0.accept_redirects", 1);
            set(s, "net.ipv6.conf.eth0.forwarding", 0);
        },
        &["RS-GW-04 error", "RS-GW-03 warning"],
    ),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP6)];
            s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
            set(s, "net.ipv6.conf.eth0.accept_redirects", 1);
            set(s, "net.ipv6.conf.eth0.forwarding", 1);
        },
        &["RS-GW-03 warning"],
    ),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP6)];
            s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
            set(s, "net.ipv6.conf.all.accept_redirects", 1);
            set(s, "net.ipv6.conf.eth0.accept_redirects", 0);
        },
        &["RS-GW-03 warning"],
    ),
    // Two directors cannot be named by one device; one can, and the kernel's own names none.
    (
        Mode::Tun,
        |w, s| {
            w.directors.push(ip("192.0.2.2"));
            s.lookups.insert(ip("192.0.2.2"), lookup(None, "eth0"));
            ends(s, 2).remote = None;
        },
        &["RS-TUN-08 info"],
    ),
    (Mode::Tun, |_, s| ends(s, 2).remote = None, &["RS-TUN-08 warning"]),
    // An address of others is their affair, but on the device of the kernel that is in use.
    (Mode::Tun, |_, s| s.addresses.push(address("10.9.9.9", 32, "rs-ipip", "global")), &[]),
    (
        Mode::Tun,
        |_, s| {
            s.devices.remove(2);
            fallback(s, "tunl0", "ipip", true);
            s.addresses[2].device = "tunl0".into();
            set(s, "net.ipv4.conf.tunl0.rp_filter", 2);
            s.addresses.push(address("10.9.9.9", 32, "tunl0", "global"));
        },
        &["RS-TUN-09 error", "RS-TUN-08 warning"],
    ),
    // What the tunnel takes of a packet.
    (Mode::Tun, |_, s| s.routes[0].advmss = Some(1440), &[]),
    (Mode::Tun, |_, s| s.routes[0].advmss = Some(1441), &["RS-TUN-10 info"]),
    (Mode::Tun, |_, s| s.routes[1].advmss = Some(1420), &[]),
    (Mode::Tun, |_, s| s.routes[1].advmss = Some(1421), &["RS-TUN-10 info"]),
    (
        Mode::Tun,
        |w, s| {
            gre(w, s, false);
            w.vips.pop();
            s.routes[0].advmss = Some(1437);
        },
        &["RS-TUN-10 info"],
    ),
    (
        Mode::Tun,
        |w, s| {
            gre(w, s, false);
            w.vips.pop();
            s.routes[0].advmss = Some(1436);
        },
        &[],
    ),
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
            listens(w, s, true, "::ffff:192.0.2.10", false);
        },
        &[],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.vips.truncate(1);
            listens(w, s, true, "::ffff:192.0.2.20", false);
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
            s.iptables = Some(Ruleset::parse(
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
    subject.vips = vec![ip("203.0.113.1")];
    seen.devices.push(device("eth1", true));
    seen.lookups.insert(ip("203.0.113.1"), lookup(None, by));
}

/// The VIP is not here, and a socket has an address that need not be, either.
fn foreign(seen: &mut Seen, on: &str) {
    seen.addresses.remove(2);
    seen.lookups.insert(ip(VIP), None);
    let socket = Listener { transparent: true, ..listener(true, on, 80) };
    seen.listeners = Some(vec![socket]);
}

/// A route to a network of 24 bits that leads into the tunnel.
fn into_tunnel(network: &str) -> Route {
    let devices = vec!["rs-ipip".into()];
    let (destination, gateways) = (ip(network), vec![]);
    Route { destination, prefix: 24, gateways, devices, metric: 0, advmss: None }
}
