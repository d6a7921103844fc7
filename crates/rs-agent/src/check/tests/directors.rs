// SPDX-License-Identifier: MIT OR Apache-2.0
//! A host that is a director, too: what may be its own is never taken away.

use super::super::seen::Seen;
use super::rows::Row;
use super::{RIP, VIP, VIP6, address, findings, ip, set, sound};
use crate::ipvs::{Served, Service};
use crate::mode::Mode;

/// Its servers get packets with another destination.
pub(super) fn serves(seen: &mut Seen, takes: Served, servers: &[&str]) {
    let servers = servers.iter().map(|at| at.parse().unwrap()).collect();
    seen.ipvs.push(Service { servers, ..Service::new(takes) });
}

/// Services of both VIPs.
fn directs(seen: &mut Seen) {
    serves(seen, Served::Tcp("192.0.2.10:80".parse().unwrap()), &["192.0.2.11:80"]);
    serves(seen, Served::Tcp("[2001:db8::10]:80".parse().unwrap()), &["[2001:db8::99]:80"]);
}

pub(super) const DIRECTORS: &[Row] = &[
    // A director, too: the VIP on the interface is another's matter, if the service is known.
    (
        Mode::Dr,
        |_, s| {
            directs(s);
            s.addresses.push(address(VIP, 24, "eth0", "global"));
            s.addresses.push(address(VIP6, 128, "eth0", "global"));
        },
        &[],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.also_director = true;
            s.addresses.push(address(VIP, 32, "eth0", "global"));
        },
        &[],
    ),
    // What is shown while it may be, and will be when it may not.
    (
        Mode::Dr,
        |_, s| {
            directs(s);
            s.addresses.push(address(VIP, 32, "eth0", "global"));
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.all.arp_announce", 0);
        },
        &["RS-ARP-01 warning", "RS-ARP-06 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            directs(s);
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
        },
        &["RS-ARP-01 error"],
    ),
    (
        Mode::Dr,
        |_, s| {
            directs(s);
            s.addresses[2].device = "eth0".into();
        },
        &["RS-DIR-01 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            directs(s);
            s.ipvs[0].unchanged = vec!["192.0.2.12:80".parse().unwrap()];
        },
        &["RS-DIR-02 warning"],
    ),
    // Not while it is the active one, nor to itself, nor where that is forbidden.
    (
        Mode::Dr,
        |_, s| {
            directs(s);
            s.ipvs[0].unchanged = vec!["192.0.2.12:80".parse().unwrap()];
            s.addresses.push(address(VIP, 32, "eth0", "global"));
        },
        &[],
    ),
    (
        Mode::Dr,
        |_, s| {
            directs(s);
            s.ipvs[0].unchanged = vec!["192.0.2.11:80".parse().unwrap()];
        },
        &[],
    ),
    (
        Mode::Dr,
        |_, s| {
            directs(s);
            s.ipvs[0].unchanged = vec!["192.0.2.12:80".parse().unwrap()];
            s.backup_only = true;
        },
        &[],
    ),
];

#[test]
fn what_may_be_a_directors_is_never_taken_away() {
    for mode in [Mode::Dr, Mode::Nat] {
        let (mut subject, mut seen) = sound(mode);
        subject.vips = vec![ip(VIP), ip(VIP6)].into();
        seen.addresses.push(address(VIP, 24, "eth0", "global"));
        seen.addresses.push(address(VIP6, 128, "eth0", "global"));
        set(&mut seen, "net.ipv4.conf.all.arp_ignore", 8);
        let del = |seen: &Seen| format!("{:?}", findings(&subject, seen)).contains("addr del");
        assert!(del(&seen));
        serves(&mut seen, Served::Mark(1), &[]);
        assert!(!del(&seen), "{:#?}", findings(&subject, &seen));
        if mode == Mode::Dr {
            let found = findings(&subject, &seen);
            let unread = found.iter().find(|finding| finding.rule.id == "RS-ARP-07").unwrap();
            assert!(unread.remedy[0].text().contains("--also-director"), "{unread:?}");
        }
    }
}

#[test]
fn this_hosts_own_address_is_never_taken_away() {
    for mode in [Mode::Dr, Mode::Tun, Mode::Nat] {
        let (mut subject, mut seen) = sound(mode);
        subject.vips = vec![ip(RIP), ip("192.0.2.12")].into();
        subject.rips.clear();
        let del = |seen: &Seen| {
            let found = findings(&subject, seen);
            let texts = found.iter().flat_map(|finding| &finding.remedy);
            texts.map(|remedy| remedy.text()).any(|text| text.contains("addr del 192.0.2.11"))
        };
        // Another VIP is no address that the host has of its own.
        seen.addresses.push(address("192.0.2.12", 24, "eth0", "global"));
        for ignore in [0, 1, 8] {
            set(&mut seen, "net.ipv4.conf.all.arp_ignore", ignore);
            assert!(!del(&seen), "{mode} {ignore}: {:#?}", findings(&subject, &seen));
        }
        seen.addresses.push(address("192.0.2.13", 24, "eth0", "global"));
        assert!(del(&seen), "{mode}");
    }
}
