// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with tunnels, one thing a row.

use super::super::seen::{Ends, Fou, Seen};
use super::super::subject::Subject;
use super::change::{ends, fallback, fou, gre, open_gue};
use super::rows::Row;
use super::{address, ip, set};
use crate::facts::Family;
use crate::mode::Mode;
use crate::tunnel::Encapsulation;

/// The IPv6 VIP comes from another address of the director, over IPv6.
fn both_rips(subject: &mut Subject, seen: &mut Seen) {
    let (rip, dip) = (ip("2001:db8::11"), ip("2001:db8::1"));
    subject.rips.push(rip);
    seen.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
    subject.directors.push(dip);
    seen.devices[3].kind = Some("ip6tnl".into());
    *ends(seen, 3) =
        Ends { protocol: Some(0), local: Some(rip), remote: Some(dip), ..Ends::default() };
}

pub(super) const TUNNELS: &[Row] = &[
    (Mode::Tun, |_, s| drop(s.devices.remove(3)), &["RS-TUN-01 error"]),
    (Mode::Tun, |_, s| s.devices[2].up = false, &["RS-TUN-02 error"]),
    // The kernel's own device is there with its module, down: nobody asked for it.
    (
        Mode::Tun,
        |_, s| {
            s.devices.remove(2);
            fallback(s, "tunl0", "ipip", false);
        },
        &["RS-TUN-01 error"],
    ),
    (
        Mode::Tun,
        |_, s| {
            fallback(s, "tunl0", "ipip", false);
            ends(s, 2).remote = Some(ip("192.0.2.2"));
        },
        &["RS-TUN-03 error"],
    ),
    (
        Mode::Tun,
        |w, _| w.rips = vec![ip("192.0.2.12")],
        &["RS-RIP-01 error", "RS-TUN-03 error", "RS-TUN-03 error"],
    ),
    // Set up for both, and the address is gone.
    (Mode::Tun, |_, s| drop(s.addresses.remove(1)), &["RS-RIP-01 error"]),
    (
        Mode::Tun,
        |w, s| {
            both_rips(w, s);
            s.addresses.retain(|have| have.ip != ip("2001:db8::11"));
        },
        &["RS-RIP-01 error", "RS-TUN-07 info"],
    ),
    // The family that it is for has no VIP any more.
    (
        Mode::Tun,
        |w, s| {
            both_rips(w, s);
            s.addresses.retain(|have| have.ip != ip("2001:db8::11"));
            w.vips.pop();
        },
        &[],
    ),
    // Nobody said which address is the RIP: one device a family.
    (
        Mode::Tun,
        |w, s| {
            w.rips.clear();
            s.addresses.remove(1);
        },
        &["RS-RIP-01 error", "RS-RIP-01 error"],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.rips.clear();
            gre(w, s, false);
            s.addresses.remove(1);
        },
        &["RS-RIP-01 error"],
    ),
    // Another one receives.
    (
        Mode::Tun,
        |w, s| {
            w.rips.clear();
            w.vips.pop();
            let mut old = s.devices[2].clone();
            old.name = "old".into();
            old.ends.as_mut().unwrap().local = Some(ip("192.0.2.12"));
            s.devices.push(old);
        },
        &[],
    ),
    (
        Mode::Tun,
        |w, _| w.directors = vec![ip("192.0.2.2")],
        &["RS-TUN-03 error", "RS-TUN-03 error"],
    ),
    (Mode::Tun, |_, s| ends(s, 2).protocol = Some(41), &["RS-TUN-04 error"]),
    (Mode::Tun, |_, s| ends(s, 2).protocol = Some(0), &[]),
    (
        Mode::Tun,
        |w, s| {
            gre(w, s, false);
            ends(s, 2).keyed = true;
        },
        &["RS-TUN-05 error", "RS-TUN-05 error"],
    ),
    (Mode::Tun, |w, s| gre(w, s, true), &["RS-TUN-05 error", "RS-TUN-05 error"]),
    (
        Mode::Tun,
        |w, s| {
            gre(w, s, false);
            s.devices[2].crc_errors = 9;
        },
        &["RS-TUN-05 warning"],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.encapsulation = Encapsulation::Gue { port: 6080 };
            s.fou = Fou::NoModule;
        },
        &["RS-TUN-06 error"],
    ),
    (Mode::Tun, |w, _| w.encapsulation = Encapsulation::Gue { port: 6080 }, &[]),
    (
        Mode::Tun,
        |w, s| {
            w.encapsulation = Encapsulation::Gue { port: 6080 };
            s.fou = fou(Family::Ipv6, true);
        },
        &["RS-TUN-06 error"],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.encapsulation = Encapsulation::Gue { port: 6080 };
            s.fou = fou(Family::Ipv4, false);
        },
        &["RS-TUN-06 error"],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.encapsulation = Encapsulation::Gue { port: 6080 };
            s.fou = fou(Family::Ipv4, true);
        },
        &[],
    ),
    // Set up with --fallback-devices and no director: only the device says which family.
    (
        Mode::Tun,
        |w, s| {
            open_gue(w, s);
            s.fou = fou(Family::Ipv6, true);
        },
        &["RS-TUN-08 warning"],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.rips = vec![ip("2001:db8::11")];
            s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
            w.directors = vec![ip("2001:db8::1")];
            s.devices[2].kind = Some("ip6tnl".into());
            *ends(s, 2) =
                Ends { protocol: Some(0), remote: Some(ip("2001:db8::1")), ..Ends::default() };
        },
        &["RS-TUN-07 info"],
    ),
    // RIPs of both families: what comes in IPv4 has no device but for IPv4 inside.
    (Mode::Tun, both_rips, &["RS-TUN-07 info"]),
    (
        Mode::Tun,
        |w, s| {
            both_rips(w, s);
            s.devices[3].kind = Some("sit".into());
        },
        &["RS-TUN-01 error"],
    ),
    (
        Mode::Tun,
        |w, s| {
            both_rips(w, s);
            ends(s, 3).local = Some(ip("2001:db8::12"));
        },
        &["RS-TUN-03 error"],
    ),
    (
        Mode::Tun,
        |w, s| {
            both_rips(w, s);
            w.encapsulation = Encapsulation::Gue { port: 6080 };
            s.fou = fou(Family::Ipv4, true);
        },
        &["RS-TUN-06 error", "RS-TUN-07 info"],
    ),
    (
        Mode::Tun,
        |_, s| {
            ends(s, 2).remote = None;
            ends(s, 2).local = None;
        },
        &["RS-TUN-08 warning"],
    ),
    (
        Mode::Tun,
        |_, s| {
            s.devices[2].name = "tunl0".into();
            set(s, "net.ipv4.conf.tunl0.rp_filter", 2);
            s.addresses[2].device = "tunl0".into();
            s.addresses.push(address("10.244.0.1", 32, "tunl0", "global"));
        },
        &["RS-TUN-09 error"],
    ),
    // What the kernel gives sit0 by itself.
    (
        Mode::Tun,
        |w, s| {
            w.vips = vec![ip("2001:db8::10")].into();
            s.devices[2].name = "sit0".into();
            s.devices[2].kind = Some("sit".into());
            *ends(s, 2) = Ends { protocol: Some(41), ..Ends::default() };
            set(s, "net.ipv6.conf.sit0.disable_ipv6", 0);
            s.addresses[2] = address("2001:db8::10", 128, "sit0", "global");
            s.addresses.push(address("::192.0.2.11", 96, "sit0", "global"));
        },
        &["RS-TUN-08 warning"],
    ),
    (Mode::Tun, |_, s| s.routes[0].advmss = None, &["RS-TUN-10 info"]),
    (
        Mode::Tun,
        |_, s| {
            s.routes[0].advmss = None;
            s.devices[1].mtu = 1600;
        },
        &[],
    ),
];
