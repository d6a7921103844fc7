// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which steps, in which order.

use super::{address, commands, host, ip, link, request, set, wanted};
use crate::facts::{Facts, Link, Lookup};
use crate::mode::Mode;
use crate::plan::setup;
use crate::refusal::Refusal;
use crate::request::{Typed, texts};
use crate::wanted::Wanted;

#[test]
fn dr_hides_before_it_adds() {
    let facts = host();
    let steps = setup::steps(&wanted(Mode::Dr, &["2001:db8::10", "192.0.2.10"], &facts), &facts);
    assert_eq!(
        commands(&steps),
        [
            "sysctl -w net.ipv4.conf.all.arp_ignore=1",
            "sysctl -w net.ipv4.conf.all.arp_announce=2",
            "ip addr add 2001:db8::10/128 dev lo nodad preferred_lft 0",
            "ip addr add 192.0.2.10/32 dev lo scope host",
        ]
    );
}

#[test]
fn dr_changes_no_more_than_needed() {
    let mut facts = host();
    set(&mut facts, "all", "arp_ignore", 2);
    set(&mut facts, "all", "arp_announce", 1);
    facts.addresses.push(address("lo", "192.0.2.10", 32, "global"));
    let steps = setup::steps(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
    assert_eq!(commands(&steps), ["sysctl -w net.ipv4.conf.all.arp_announce=2"]);
    // Nobody else's device is put up.
    facts.links[0].up = false;
    let steps = setup::steps(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
    assert_eq!(commands(&steps), ["sysctl -w net.ipv4.conf.all.arp_announce=2"]);
    let only_v6 = wanted(Mode::Dr, &["2001:db8::10"], &facts);
    let steps = setup::steps(&only_v6, &facts);
    assert_eq!(commands(&steps), ["ip addr add 2001:db8::10/128 dev lo nodad preferred_lft 0"]);
}

#[test]
fn tun_makes_one_device_per_encapsulation() {
    let facts = host();
    // Without an IPv6 default route the RIP is IPv4.
    let both = wanted(Mode::Tun, &["192.0.2.10", "2001:db8::10"], &facts);
    assert_eq!(
        commands(&setup::steps(&both, &facts)),
        [
            "ip link add rs-ipip type ipip mode ipip local 10.0.0.11",
            "ip link add rs-sit type sit mode ip6ip local 10.0.0.11",
            "sysctl -w net.ipv4.conf.all.arp_ignore=1",
            "sysctl -w net.ipv4.conf.all.arp_announce=2",
            "sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2",
            "ip link set rs-ipip up",
            "ip link set rs-sit up",
            "ip addr add 192.0.2.10/32 dev rs-ipip scope host",
            "ip addr add 2001:db8::10/128 dev rs-sit nodad preferred_lft 0",
        ]
    );
    let directors = ["2001:db8:1::1".to_owned()];
    let typed = Typed { directors: &directors, tunnel_device: Some("t6"), ..Typed::default() };
    let over6 = Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], typed), None, &facts).unwrap();
    assert_eq!(
        commands(&setup::steps(&over6, &facts))[0],
        "ip link add t6 type ip6tnl mode any local 2001:db8:1::11 remote 2001:db8:1::1 \
         allow-localremote"
    );
}

#[test]
fn the_rip_is_guessed_only_if_it_is_clear() {
    let mut facts = host();
    facts.hops.insert(
        ip("10.9.0.1"),
        Some(Lookup { source: Some(ip("10.9.0.11")), ..Lookup::default() }),
    );
    let directors = ["10.0.0.1", "10.9.0.1"].map(str::to_owned);
    let typed = Typed { directors: &directors, ..Typed::default() };
    let two = Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], typed.clone()), None, &facts);
    assert!(matches!(two, Err(Refusal::RipUnclear(_))), "{two:?}");
    let rip = Typed { rips: texts(&["10.0.0.11"]), ..typed };
    let given = Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], rip), None, &facts).unwrap();
    assert_eq!(given.tunnels[0].local, Some(ip("10.0.0.11")));
    assert_eq!(given.tunnels[0].remote, None, "two directors: no single remote end");
    facts.default_routes.clear();
    let none =
        Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], Typed::default()), None, &facts);
    assert!(matches!(none, Err(Refusal::RipUnclear(_))), "{none:?}");
}

/// The route towards a director that is a neighbour in a VRF leads elsewhere, or nowhere.
#[test]
fn the_rip_is_the_address_beside_the_director() {
    let rip = |directors: &[&str], change: &dyn Fn(&mut Facts)| {
        let mut facts = host();
        facts.links.push(Link { table: Some(10), ..link("red", false) });
        facts.links.push(Link { vrf: Some("red".into()), ..link("eth1", true) });
        facts.addresses.push(address("eth1", "198.51.100.11", 24, "global"));
        for dip in ["198.51.100.1", "198.51.100.2"] {
            let elsewhere = Lookup { source: Some(ip("10.0.0.11")), ..Lookup::default() };
            facts.hops.insert(ip(dip), Some(elsewhere));
        }
        change(&mut facts);
        let directors: Vec<String> = directors.iter().map(ToString::to_string).collect();
        let typed = Typed { directors: &directors, ..Typed::default() };
        let wanted = Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], typed), None, &facts);
        wanted.map(|wanted| wanted.rips)
    };
    let dip = &["198.51.100.1"];
    assert_eq!(rip(dip, &|_| {}), Ok(vec![ip("198.51.100.11")]));
    assert_eq!(
        rip(&["198.51.100.1", "198.51.100.2"], &|_| {}),
        Ok(vec![ip("198.51.100.11")]),
        "two directors"
    );
    let nowhere = |f: &mut Facts| drop(f.hops.insert(ip(dip[0]), None));
    assert_eq!(rip(dip, &nowhere), Ok(vec![ip("198.51.100.11")]));
    let tun = |f: &mut Facts| f.links.last_mut().unwrap().arp = false;
    assert_eq!(rip(dip, &tun), Ok(vec![ip("198.51.100.11")]), "a link without ARP");
    let none = |f: &mut Facts| f.links.last_mut().unwrap().vrf = None;
    assert_eq!(rip(dip, &none), Ok(vec![ip("10.0.0.11")]), "the route knows better");
    // What the kernel chose beside the director stays.
    assert_eq!(rip(&["10.0.0.1"], &|_| {}), Ok(vec![ip("10.0.0.11")]));
    let two = |f: &mut Facts| f.addresses.push(address("eth1", "198.51.100.12", 24, "global"));
    assert!(matches!(rip(dip, &two), Err(Refusal::RipUnclear(_))));
    assert_eq!(rip(&[], &|_| {}), Ok(vec![ip("10.0.0.11")]));
}

#[test]
fn adding_keeps_what_is_set_up() {
    let facts = host();
    let one = wanted(Mode::Tun, &["192.0.2.10"], &facts);
    let more = request(Mode::Tun, &["192.0.2.11"], Typed::default());
    let both = Wanted::resolve(&more, Some(&one), &facts).unwrap();
    assert_eq!(both.vips, [ip("192.0.2.10"), ip("192.0.2.11")]);
    assert_eq!(both.tunnels, one.tunnels);

    let dr =
        Wanted::resolve(&request(Mode::Dr, &["192.0.2.11"], Typed::default()), Some(&one), &facts);
    assert_eq!(dr, Err(Refusal::OtherMode(Mode::Tun)));
    let elsewhere = Typed { rips: texts(&["10.0.0.12"]), ..Typed::default() };
    let other =
        Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], elsewhere), Some(&one), &facts);
    assert!(matches!(other, Err(Refusal::OtherTunnel { .. })), "{other:?}");
}
