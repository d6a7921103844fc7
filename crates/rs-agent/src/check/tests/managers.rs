// SPDX-License-Identifier: MIT OR Apache-2.0
//! What other programs do to a host, or will do.

use super::super::seen::{Device, Keeps, NetworkdLink, Profile, Seen};
use super::super::subject::Subject;
use super::change::boot;
use super::rows::Row;
use super::{VIP, VIP6, address, device, ip, set};
use crate::mode::Mode;
use crate::request::Scope;

/// networkd configures lo.
fn keeps(seen: &mut Seen, keeps: Keeps) {
    let link = NetworkdLink { file: "a.network".into(), keeps, ..NetworkdLink::default() };
    seen.managers.networkd.insert("lo".into(), link);
}

/// NetworkManager manages lo.
fn profile(seen: &mut Seen, generated: bool, declared: &[&str]) {
    let declared = declared.iter().copied().map(ip).collect();
    let profile = Profile { uuid: "u".into(), file: None, generated, declared };
    seen.managers.network_manager.insert("lo".into(), profile);
}

/// keepalived's own interface, as it is where the kernel refuses its settings.
pub(super) fn vmac(seen: &mut Seen) {
    seen.managers.keepalived_vmac = Some("k:1".into());
    let kind = Some("macvlan".to_owned());
    seen.devices.push(Device { kind, ..device("vrrp.51", true) });
    seen.addresses.push(address("192.0.2.99", 32, "vrrp.51", "global"));
}

/// What setup added.
fn added(subject: &mut Subject) {
    subject.added = vec![
        (ip(VIP), "lo".to_owned(), Scope::Host),
        (ip(VIP6), "lo".to_owned(), Scope::default()),
    ];
}

/// As the other tables.
pub(super) const MANAGERS: &[Row] = &[
    (Mode::Dr, |_, s| keeps(s, Keeps::Nothing), &["RS-MGR-01 warning"]),
    (
        Mode::Dr,
        |_, s| {
            let declared = vec![ip(VIP), ip(VIP6)];
            let file = "a.network".into();
            let link = NetworkdLink { file, keeps: Keeps::Nothing, declared };
            s.managers.networkd.insert("lo".into(), link);
        },
        &[],
    ),
    // `static` keeps what is preferred for ever: the IPv6 VIP is not.
    (Mode::Dr, |_, s| keeps(s, Keeps::Preferred), &["RS-MGR-01 warning"]),
    (
        Mode::Dr,
        |w, s| {
            w.vips = vec![ip(VIP)].into();
            keeps(s, Keeps::Preferred);
        },
        &[],
    ),
    (Mode::Dr, |_, s| keeps(s, Keeps::All), &[]),
    (Mode::Dr, |_, s| profile(s, true, &[]), &["RS-MGR-02 info"]),
    (Mode::Dr, |_, s| profile(s, false, &[VIP, VIP6]), &["RS-MGR-02 info"]),
    (Mode::Dr, |_, s| profile(s, false, &[VIP]), &["RS-MGR-02 warning"]),
    (Mode::Tun, |_, s| s.managers.overlay = Some("interface cali1".into()), &["RS-MGR-03 warning"]),
    (
        Mode::Tun,
        |_, s| {
            s.managers.overlay = Some("interface cali1".into());
            s.devices[2].name = "tunl0".into();
            set(s, "net.ipv4.conf.tunl0.rp_filter", 2);
            s.addresses[2].device = "tunl0".into();
        },
        &["RS-MGR-03 error"],
    ),
    (Mode::Dr, |_, s| s.managers.keepalived_vmac = Some("k:1".into()), &["RS-MGR-04 info"]),
    // keepalived's settings of its own interface are there.
    (
        Mode::Dr,
        |_, s| {
            vmac(s);
            set(s, "net.ipv4.conf.vrrp/51.accept_local", 1);
        },
        &["RS-MGR-04 info"],
    ),
    // They are not, and `all` makes up for it.
    (Mode::Dr, |_, s| vmac(s), &["RS-MGR-04 info"]),
    (
        Mode::Dr,
        |_, s| {
            vmac(s);
            set(s, "net.ipv4.conf.vrrp/51.rp_filter", 1);
        },
        &["RS-MGR-04 warning"],
    ),
    (
        Mode::Dr,
        |w, s| {
            vmac(s);
            w.vips = vec![ip(VIP6)].into();
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
        },
        &["RS-MGR-04 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            let kind = Some("dummy".into());
            s.devices.push(Device { kind, ..device("rs-vip0", false) });
            s.addresses[2].device = "rs-vip0".into();
            (s.routes[0].gateways, s.routes[0].devices) = (vec![], vec!["rs-vip0".into()]);
        },
        &["RS-MGR-06 warning"],
    ),
    (Mode::Dr, |_, s| boot(s, "net.ipv4.conf.all.arp_announce = 0"), &["RS-MGR-05 warning"]),
    (Mode::Dr, |_, s| boot(s, "net.ipv4.conf.all.arp_ignore = 2"), &[]),
    (Mode::Tun, |_, s| boot(s, "net.ipv4.conf.rs-ipip.rp_filter = 1"), &["RS-MGR-05 warning"]),
    (Mode::Dr, |w, _| w.written.push(("net.ipv4.conf.all.arp_ignore".parse().unwrap(), 1)), &[]),
    (
        Mode::Dr,
        |w, s| {
            w.written.push(("net.ipv4.conf.all.arp_ignore".parse().unwrap(), 1));
            set(s, "net.ipv4.conf.all.arp_ignore", 2);
        },
        &["RS-PER-01 warning", "RS-ARP-05 info"],
    ),
    (Mode::Dr, |w, _| added(w), &[]),
    (
        Mode::Dr,
        |w, s| {
            added(w);
            s.addresses[2].scope = "global".into();
        },
        &["RS-PER-03 warning"],
    ),
    (
        Mode::Dr,
        |w, s| {
            added(w);
            s.addresses[3].preferred = u32::MAX;
        },
        &["RS-PER-03 warning"],
    ),
    (Mode::Tun, |_, s| boot(s, "net.ipv4.conf.*.rp_filter = 1"), &["RS-PER-02 warning"]),
    (Mode::Tun, |_, s| boot(s, "net.ipv4.conf.default.rp_filter = 1"), &["RS-PER-02 warning"]),
    (
        Mode::Tun,
        |_, s| boot(s, "net.ipv4.conf.*.rp_filter = 1\nnet.ipv4.conf.rs-ipip.rp_filter = 2"),
        &[],
    ),
];
