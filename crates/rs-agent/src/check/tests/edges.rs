// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hosts next to the line between two answers.

use super::change::{ends, fallback, gre};
use super::rows::Row;
use super::{DIP, ROUTER, VIP6, address, device, ip, lookup, set};
use crate::mode::Mode;

pub(super) const EDGES: &[Row] = &[
    // IPv6 is off where packets for the VIP come in, and not on the VIP's own device.
    (Mode::Dr, |_, s| set(s, "net.ipv6.conf.eth0.disable_ipv6", 1), &["RS-VIP-08 error"]),
    (
        Mode::Dr,
        |w, s| {
            w.vips.pop();
            set(s, "net.ipv6.conf.eth0.disable_ipv6", 1);
        },
        &[],
    ),
    // What a director could send to is behind another interface, or it is a bridge of this host's
    // own, where no director is.
    (
        Mode::Dr,
        |_, s| {
            s.devices.push(device("eth1", true));
            s.addresses.push(address("2001:db8:1::11", 64, "eth1", "global"));
            set(s, "net.ipv6.conf.eth0.disable_ipv6", 1);
        },
        &["RS-VIP-08 warning"],
    ),
    (
        Mode::Dr,
        |w, s| {
            (w.rips, w.directors) = (vec![], vec![]);
            s.devices.push(device("virbr0", true));
            set(s, "net.ipv6.conf.virbr0.disable_ipv6", 1);
        },
        &[],
    ),
    (
        Mode::Dr,
        |w, s| {
            (w.rips, w.directors) = (vec![], vec![]);
            s.devices.push(device("virbr0", true));
            set(s, "net.ipv6.conf.eth0.disable_ipv6", 1);
        },
        &["RS-VIP-08 error"],
    ),
    // The tunnel brings it in, packed in IPv4; it comes out of a device that has no VIP.
    (Mode::Tun, |_, s| set(s, "net.ipv6.conf.eth0.disable_ipv6", 1), &[]),
    (
        Mode::Tun,
        |_, s| {
            s.addresses.retain(|have| have.ip != ip(VIP6));
            s.addresses.push(address(VIP6, 128, "lo", "global"));
            set(s, "net.ipv6.conf.rs-sit.disable_ipv6", 1);
        },
        &["RS-VIP-08 error"],
    ),
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
    (
        Mode::Nat,
        |w, _| w.vips = vec![ip("192.0.2.20"), ip("192.0.2.21")].into(),
        &["RS-GW-03 warning"],
    ),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip("192.0.2.20"), ip("198.51.100.20")].into();
            s.addresses.push(address("198.51.100.11", 24, "eth0", "global"));
        },
        &["RS-GW-03 warning", "RS-GW-03 warning"],
    ),
    // Redirects of IPv6: the interface's own setting, and not on a router.
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP6)].into();
            s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
            set(s, "net.ipv6.conf.eth0.accept_redirects", 1);
            set(s, "net.ipv6.conf.eth0.forwarding", 0);
        },
        &["RS-GW-04 error", "RS-GW-03 warning"],
    ),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP6)].into();
            s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
            set(s, "net.ipv6.conf.eth0.accept_redirects", 1);
            set(s, "net.ipv6.conf.eth0.forwarding", 1);
        },
        &["RS-GW-03 warning"],
    ),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP6)].into();
            s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
            set(s, "net.ipv6.conf.all.accept_redirects", 1);
            set(s, "net.ipv6.conf.eth0.accept_redirects", 0);
        },
        &["RS-GW-03 warning"],
    ),
    // Strict, where the way to the director is the one that its packets come by.
    (Mode::Tun, |_, s| set(s, "net.ipv4.conf.eth0.rp_filter", 1), &[]),
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
];
