// SPDX-License-Identifier: MIT OR Apache-2.0
//! VIPs on devices of a VRF, and on links that answer no ARP and lead to somebody all the same.

use super::super::replies::rips;
use super::super::seen::{Arrival, Device, Lookup, Seen};
use super::super::subject::Subject;
use super::rows::Row;
use super::{DIP, RIP, VIP, VIP6, address, device, findings, ip, set, sound};
use crate::mode::Mode;

/// A VRF with a dummy device in it, which has the VIP; `eth0` is not in it.
fn in_vrf(s: &mut Seen) {
    s.devices.push(Device { kind: Some("vrf".into()), table: Some(10), ..device("red", false) });
    let (vrf, kind) = (Some("red".into()), Some("dummy".into()));
    s.devices.push(Device { vrf, kind, ..device("vips", false) });
    s.addresses[2].device = "vips".into();
    let arrival = Arrival { foreign_by: ["eth0".into()].into(), ..Arrival::default() };
    s.arrivals.insert(ip(VIP), arrival);
    s.lookups.insert(ip(VIP), None);
}

/// The same beside an interface that is in the VRF, and has an address.
fn beside_vrf(s: &mut Seen) {
    in_vrf(s);
    s.devices.push(Device { vrf: Some("red".into()), ..device("eth1", true) });
    s.addresses.push(address("198.51.100.11", 24, "eth1", "global"));
    let arrival = s.arrivals.get_mut(&ip(VIP)).unwrap();
    arrival.local_by.insert("eth1".into());
    arrival.listed_by.insert("eth1".into());
}

/// A link to somebody, which has the VIP in place of `lo`.
fn link(s: &mut Seen, kind: &str, prefix: u8) {
    s.devices.push(Device { kind: Some(kind.into()), ..device("wg0", false) });
    s.addresses[2] = address(VIP, prefix, "wg0", "global");
}

pub(super) const REACH: &[Row] = &[
    (
        Mode::Dr,
        |w, s| {
            w.carrier = "vips".into();
            w.vips.truncate(1);
            in_vrf(s);
        },
        &["RS-VIP-01 error"],
    ),
    // Nor does it matter whether anybody said who sends, or whether it is the VRF itself.
    (
        Mode::Dr,
        |w, s| {
            w.carrier = "red".into();
            w.vips.truncate(1);
            (w.directors, w.rips) = (Vec::new(), Vec::new());
            in_vrf(s);
            s.addresses[2].device = "red".into();
        },
        &["RS-VIP-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.vips.truncate(1);
            beside_vrf(s);
        },
        &["RS-VIP-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.vips.truncate(1);
            (w.directors, w.rips) = (Vec::new(), Vec::new());
            beside_vrf(s);
        },
        &["RS-VIP-01 unread"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.vips.truncate(1);
            (w.directors, w.rips) = (Vec::new(), vec![ip("198.51.100.11")]);
            beside_vrf(s);
        },
        &[],
    ),
    // What such a link has of a network is this host's own; a single address is in its place.
    (Mode::Dr, |_, s| link(s, "wireguard", 24), &["RS-VIP-04 error"]),
    (Mode::Dr, |_, s| link(s, "ipip", 24), &["RS-VIP-04 error"]),
    (Mode::Dr, |_, s| link(s, "dummy", 24), &["RS-VIP-02 warning"]),
    (Mode::Dr, |_, s| link(s, "ppp", 32), &[]),
    (
        Mode::Dr,
        |_, s| {
            link(s, "wireguard", 24);
            s.addresses.push(address("192.0.2.12", 24, "wg0", "global"));
        },
        &["RS-VIP-02 warning"],
    ),
    // Its address is a source like any other, also for a card that has none; as the only one of
    // this host it is no VIP.
    (
        Mode::Dr,
        |w, s| {
            link(s, "ppp", 32);
            (w.rips, w.directors) = (Vec::new(), Vec::new());
            s.addresses.remove(1);
        },
        &["RS-VIP-04 error"],
    ),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP)].into();
            s.devices.push(Device { kind: Some("ppp".into()), ..device("wg0", false) });
            s.addresses.push(address(VIP, 32, "wg0", "global"));
        },
        &["RS-GW-03 warning", "RS-NAT-01 warning"],
    ),
    // A VIP with the other end of a link, where there is no link.
    (Mode::Dr, |_, s| s.addresses[2].peer = Some(ip("192.0.2.1")), &["RS-VIP-02 error"]),
    // What is sent elsewhere leaves by such a link.
    (
        Mode::Dr,
        |_, s| {
            link(s, "ppp", 32);
            s.routes[0].devices = vec!["wg0".into()];
            s.routes[0].gateways.clear();
        },
        &[],
    ),
    // The only address of a host is not taken away because it is about to go.
    (
        Mode::Dr,
        |w, s| {
            w.rips.clear();
            s.addresses[1] = address(VIP, 32, "eth0", "global");
            s.addresses[1].preferred = 0;
            s.addresses.remove(2);
        },
        &["RS-VIP-04 error"],
    ),
    // In a VRF, of which table main knows nothing.
    (
        Mode::Nat,
        |w, s| {
            w.rips.clear();
            s.devices[1].vrf = Some("red".into());
            s.lookups.insert(ip(DIP), None);
            s.routes.clear();
        },
        &["RS-GW-02 error"],
    ),
    // A RIP that no neighbour finds here.
    (
        Mode::Dr,
        |w, s| {
            own_ipv6(w, s);
            s.addresses[4].dad_failed = true;
        },
        &["RS-RIP-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            own_ipv6(w, s);
            s.addresses[4].tentative = true;
        },
        &["RS-RIP-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            own_ipv6(w, s);
            s.addresses[4].tentative = true;
            s.devices.push(device("eth1", true));
            s.addresses.push(address("2001:db8::11", 64, "eth1", "global"));
        },
        &[],
    ),
    // Without a carrier nothing is looked for on the wire, and that is why it is tentative.
    (
        Mode::Dr,
        |w, s| {
            own_ipv6(w, s);
            s.addresses[4].tentative = true;
            s.devices[1].up = false;
        },
        &["RS-RIP-02 error"],
    ),
];

/// The RIP, and another address that it may be found by.
fn own_ipv6(w: &mut Subject, s: &mut Seen) {
    w.rips = vec![ip("2001:db8::11")];
    s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
}

/// What is said of an end of a link never takes it away, whatever else is wrong.
#[test]
fn no_remedy_deletes_the_end_of_a_link() {
    for (kind, prefix) in [("wireguard", 24), ("ppp", 32), ("tun", 24), ("gre", 30)] {
        for mode in [Mode::Dr, Mode::Nat] {
            let (mut subject, mut seen) = sound(mode);
            subject.vips = vec![ip(VIP), ip(VIP6)].into();
            if mode == Mode::Nat {
                seen.addresses.push(address(RIP, 24, "eth0", "global"));
            }
            link(&mut seen, kind, prefix);
            for (name, value) in [("arp_ignore", 3), ("arp_announce", 0)] {
                set(&mut seen, &format!("net.ipv4.conf.all.{name}"), value);
            }
            for finding in findings(&subject, &seen) {
                for remedy in &finding.remedy {
                    assert!(!remedy.text().contains("addr del 192.0.2.10"), "{finding:#?}");
                }
            }
        }
    }
}

/// A director is in the network of an interface, whatever table main says of the way to it.
#[test]
fn a_rip_may_be_in_a_vrf() {
    let (mut subject, mut seen) = sound(Mode::Nat);
    subject.rips.clear();
    let source = Some(ip("10.9.0.11"));
    let lookup = Lookup { source, ..Lookup::default() };
    seen.lookups.insert(ip(DIP), Some(lookup));
    assert_eq!(rips(&subject, &seen), [ip("10.9.0.11")]);
    seen.devices[1].vrf = Some("red".into());
    assert_eq!(rips(&subject, &seen), [ip(RIP)]);
    seen.addresses.push(address("192.0.2.12", 24, "eth0", "global"));
    assert_eq!(rips(&subject, &seen), [ip("10.9.0.11")]);
}
