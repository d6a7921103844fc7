// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes, in which order, and what stays.

use lvs_host::SysctlKey;

use super::{address, commands, host, ip, link, request, set, set_up, wanted};
use crate::facts::Link;
use crate::mode::Mode;
use crate::plan::{ADDRESS_TAG, Change, teardown};
use crate::request::{Typed, texts};
use crate::wanted::Wanted;

#[test]
fn teardown_removes_the_vip_first_and_keeps_what_others_need() {
    let facts = host();
    let both = wanted(Mode::Dr, &["192.0.2.10", "2001:db8::10"], &facts);
    let (after, changes) = set_up(&both, &facts);
    let all = teardown::plan(&changes, None, &[], &after);
    assert_eq!(
        commands(&all.steps),
        [
            "ip addr del 2001:db8::10/128 dev lo",
            "ip addr del 192.0.2.10/32 dev lo",
            "sysctl -w net.ipv4.conf.all.arp_announce=0",
            "sysctl -w net.ipv4.conf.all.arp_ignore=0",
        ]
    );
    // IPv6 needs no ARP settings: they go with the last IPv4 VIP.
    let rest = both.without(&[ip("192.0.2.10")]);
    let four = teardown::plan(&changes, rest.as_ref(), &[], &after);
    assert_eq!(commands(&four.steps), commands(&all.steps)[1..]);
    let rest = both.without(&[ip("2001:db8::10")]);
    let six = teardown::plan(&changes, rest.as_ref(), &[], &after);
    assert_eq!(commands(&six.steps), commands(&all.steps)[..1]);
    assert_eq!(six.kept.len(), 3);
}

#[test]
fn directors_go_with_the_last_vip_that_came_from_them() {
    let facts = host();
    let (dip, dip6) = ("10.0.0.1", "2001:db8:1::1");
    let set_up = |mode, vips: &[&str], rips: &[&str], gateways: &[&str], directors: &[&str]| {
        let (rips, gateways) = (texts(rips), texts(gateways));
        let typed = Typed { rips, gateways, directors: texts(directors), ..Typed::default() };
        Wanted::resolve(&request(mode, vips, typed), None, &facts).unwrap()
    };
    let all = ["192.0.2.10", "192.0.2.11", "2001:db8::10"];
    let left = |wanted: &Wanted, gone: &[&str]| {
        let gone: Vec<_> = gone.iter().map(|vip| ip(vip)).collect();
        wanted.without(&gone).unwrap().directors
    };
    let both = [dip, dip6];
    let two = &["10.0.0.11", "2001:db8:1::11"];
    for wanted in
        [set_up(Mode::Dr, &all, &[], &[], &both), set_up(Mode::Tun, &all, two, &[], &both)]
    {
        assert_eq!(left(&wanted, &all[..1]), both.map(ip));
        assert_eq!(left(&wanted, &all[..2]), [ip(dip6)]);
        assert_eq!(left(&wanted, &all[2..]), [ip(dip)]);
    }
    // IPv6 in IPv4 needs the IPv4 director.
    let over_v4 = set_up(Mode::Tun, &all, &two[..1], &[], &both[..1]);
    assert_eq!(left(&over_v4, &all[..2]), [ip(dip)]);
    // One that no VIP came from yet was named for those to come.
    let early = set_up(Mode::Dr, &all[..2], &[], &[], &both);
    assert_eq!(left(&early, &all[..1]), both.map(ip));
    // In mode nat the VIPs are not here anyway.
    let nat = set_up(Mode::Nat, &all, &[], &[], &both);
    assert_eq!(left(&nat, &all), both.map(ip));
}

#[test]
fn teardown_leaves_what_somebody_else_changed() {
    let facts = host();
    let (mut after, mut changes) = set_up(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
    for change in &mut changes {
        if let Change::Address { tag, .. } = change {
            *tag = Some(ADDRESS_TAG);
        }
    }
    set(&mut after, "all", "arp_ignore", 2);
    // The address in the facts carries no tag: removed and added again by hand. It stays,
    // so it must stay hidden.
    let plan = teardown::plan(&changes, None, &[], &after);
    assert_eq!(commands(&plan.steps), [""; 0]);
    assert_eq!(plan.notes.len(), 3, "{:?}", plan.notes);
    assert!(plan.notes.iter().any(|note| note.contains("arp_announce=0")), "{:?}", plan.notes);
    // Had it been there before, it would not be ours to hide.
    let found = ["192.0.2.10".parse().unwrap()];
    let plan = teardown::plan(&changes, None, &found, &after);
    assert_eq!(commands(&plan.steps), ["sysctl -w net.ipv4.conf.all.arp_announce=0"]);
}

#[test]
fn teardown_exposes_no_vip_that_came_later() {
    let facts = host();
    let (mut after, changes) = set_up(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
    let mut later = after.vip_on("192.0.2.10".parse().unwrap(), "lo").unwrap().clone();
    later.ip = "192.0.2.50".parse().unwrap();
    after.addresses.push(later);
    let plan = teardown::plan(&changes, None, &[], &after);
    assert_eq!(commands(&plan.steps), ["ip addr del 192.0.2.10/32 dev lo"]);
    assert!(
        plan.notes[0].starts_with("192.0.2.50 on lo is not ours and stays"),
        "{:?}",
        plan.notes
    );
}

/// Somebody made another device of that name: neither it nor its settings are ours to
/// change, and a step that never becomes true would fail every teardown.
/// What a VPN has come up with since is no VIP, unless it is one of ours.
#[test]
fn an_address_of_a_vpn_keeps_no_setting() {
    let facts = host();
    let (after, changes) = set_up(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
    let stays = |kind: &str, text: &str, scope: &str| {
        let mut after = after.clone();
        let ends = (kind == "ipip").then(lvs_host::link::Ends::default);
        after.links.push(Link { kind: Some(kind.into()), ends, ..link("it", false) });
        after.addresses.push(address("it", text, 32, scope));
        let plan = teardown::plan(&changes, None, &[], &after);
        assert_eq!(plan.steps.len(), if plan.notes.is_empty() { 3 } else { 1 });
        !plan.notes.is_empty()
    };
    for (kind, text, scope, expected) in [
        ("wireguard", "10.8.0.2", "global", false),
        ("tun", "10.8.0.2", "global", false),
        ("ppp", "10.8.0.2", "global", false),
        // A VIP: by its scope, by what we set up, or by the device, which is for VIPs.
        ("wireguard", "10.8.0.2", "host", true),
        ("wireguard", "192.0.2.10", "global", true),
        ("ipip", "10.8.0.2", "global", true),
        ("dummy", "10.8.0.2", "global", true),
    ] {
        assert_eq!(stays(kind, text, scope), expected, "{kind} {text} {scope}");
    }
}

#[test]
fn teardown_leaves_a_device_that_somebody_else_made() {
    let facts = host();
    let typed = Typed { rips: texts(&["10.0.0.11"]), ..Typed::default() };
    let request = request(Mode::Tun, &["192.0.2.10"], typed);
    let wanted = Wanted::resolve(&request, None, &facts).unwrap();
    let (mut after, changes) = set_up(&wanted, &facts);
    after.addresses.retain(|have| have.device != "rs-ipip");
    let theirs = after.links.iter_mut().find(|link| link.name == "rs-ipip").unwrap();
    theirs.ends.as_mut().unwrap().remote = Some(ip("10.0.0.77"));
    for rp_filter in [2, 0] {
        set(&mut after, "rs-ipip", "rp_filter", rp_filter);
        let plan = teardown::plan(&changes, None, &[], &after);
        assert_eq!(
            commands(&plan.steps),
            [
                "sysctl -w net.ipv4.conf.all.arp_announce=0",
                "sysctl -w net.ipv4.conf.all.arp_ignore=0",
            ]
        );
        assert_eq!(plan.notes, ["rs-ipip is another device now: left as it is"]);
    }
}

/// A device and what belongs to it stay as long as a VIP needs it.
#[test]
fn a_device_goes_with_the_last_vip_that_needs_it() {
    let facts = host();
    let made = Typed { carrier: Some("vips"), create_carrier: true, ..Typed::default() };
    let tun = Typed { rips: texts(&["10.0.0.11"]), ..Typed::default() };
    type Row<'a> = (Mode, Typed<'a>, &'a [&'a str], &'a str, &'a [&'a str]);
    let rows: [Row<'_>; 3] = [
        (
            Mode::Tun,
            tun.clone(),
            &["192.0.2.10", "192.0.2.11"],
            "192.0.2.11",
            &["ip addr del 192.0.2.11/32 dev rs-ipip"],
        ),
        (
            Mode::Tun,
            tun,
            &["192.0.2.10", "2001:db8::10"],
            "2001:db8::10",
            &["ip addr del 2001:db8::10/128 dev rs-sit", "ip link del rs-sit"],
        ),
        (
            Mode::Dr,
            made,
            &["192.0.2.10", "192.0.2.11"],
            "192.0.2.11",
            &["ip addr del 192.0.2.11/32 dev vips"],
        ),
    ];
    for (mode, typed, vips, gone, expected) in rows {
        let both = Wanted::resolve(&request(mode, vips, typed), None, &facts).unwrap();
        let (after, changes) = set_up(&both, &facts);
        let rest = both.without(&[ip(gone)]);
        let plan = teardown::plan(&changes, rest.as_ref(), &[], &after);
        assert_eq!(commands(&plan.steps), expected, "{mode} {vips:?}");
        assert!(plan.steps.iter().all(|step| !step.reason.is_empty()));
        assert!(plan.notes.is_empty() && plan.kept.len() < changes.len(), "{:?}", plan.notes);
    }
}

/// Nobody writes back a setting of a device that goes, or went, whatever the journal has of it.
#[test]
fn settings_go_with_their_device() {
    let mut facts = host();
    facts.links.push(Link { kind: Some("dummy".into()), ..link("vips", false) });
    set(&mut facts, "vips", "rp_filter", 2);
    let setting = |from| {
        let key = SysctlKey::ipv4("vips", "rp_filter");
        Change::Sysctl { key, from, to: 2 }
    };
    let dummy = || Change::Dummy { device: "vips".into() };
    for (changes, expected) in [
        (vec![dummy(), setting(None)], &["ip link del vips"][..]),
        (vec![dummy(), setting(Some(0))], &["ip link del vips"]),
        (vec![setting(None)], &[]),
        (vec![setting(Some(0))], &["sysctl -w net.ipv4.conf.vips.rp_filter=0"]),
    ] {
        let plan = teardown::plan(&changes, None, &[], &facts);
        assert_eq!(commands(&plan.steps), expected, "{changes:?}");
    }
}
