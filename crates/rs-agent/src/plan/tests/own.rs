// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which addresses are this host's own, and where a VIP is in place.

use super::{address, commands, host, ip, link, request, wanted};
use crate::facts::{Address, Facts, Link};
use crate::mode::Mode;
use crate::plan::{refuse, setup};
use crate::refusal::Refusal;
use crate::request::{Typed, texts};
use crate::wanted::Wanted;

/// A single address that is all that this host has.
#[test]
fn the_only_address_of_a_host_is_its_own() {
    let single = |device, ip| address(device, ip, 32, "global");
    let mut facts = host();
    facts.addresses.retain(|have| have.ip.is_ipv6() || have.ip.is_loopback());
    facts.addresses.push(single("eth0", "192.0.2.10"));
    let wanted = wanted(Mode::Dr, &["192.0.2.10"], &facts);
    assert!(matches!(refuse::check(&wanted, &facts), Err(Refusal::OwnAddress { .. })));
    // Beside another it is one that was put there.
    facts.addresses.push(single("eth0", "192.0.2.11"));
    assert!(matches!(refuse::check(&wanted, &facts), Err(Refusal::OnNic { .. })));
}

/// So has a host whose only card answers no ARP, or that is in a VPN only.
#[test]
fn the_only_address_is_its_own_without_arp_too() {
    let check = |kind: Option<&str>, mode, scope, others: &[(&str, &str)]| {
        let mut facts = host();
        facts.links[1].kind = kind.map(str::to_owned);
        facts.links[1].arp = false;
        facts.addresses.retain(|have| have.ip.is_ipv6() || have.ip.is_loopback());
        facts.addresses.push(address("eth0", "192.0.2.10", 32, scope));
        for (device, ip) in others {
            facts.addresses.push(address(device, ip, 32, "global"));
        }
        let typed = Typed { rips: texts(&["10.0.0.77"]), ..Typed::default() };
        let wanted = Wanted::resolve(&request(mode, &["192.0.2.10"], typed), None, &facts);
        refuse::check(&wanted.unwrap(), &facts)
    };
    let own = Refusal::OwnAddress { vip: ip("192.0.2.10"), device: "eth0".to_owned() };
    for kind in [None, Some("wireguard")] {
        for mode in [Mode::Dr, Mode::Tun] {
            assert_eq!(check(kind, mode, "global", &[]), Err(own.clone()), "{mode} {kind:?}");
            for (scope, others) in [
                ("host", &[][..]),
                ("global", &[("lo", "192.0.2.11")]),
                ("global", &[("eth0", "192.0.2.11")]),
            ] {
                assert_eq!(check(kind, mode, scope, others), Ok(()), "{mode} {scope} {others:?}");
            }
        }
    }
}

/// So has a host whose way out is a dummy, as in labs and sandboxes. On one that leads nowhere
/// there are VIPs.
#[test]
fn an_address_of_the_default_route_is_the_hosts_own() {
    let check = |prefix, scope: &str, device: &str, source: Option<&str>| {
        let mut facts = host();
        facts.links.push(Link { kind: Some("dummy".to_owned()), ..link("dummy0", false) });
        facts.addresses.retain(|have| have.ip.is_ipv6() || have.ip.is_loopback());
        facts.addresses.push(address("dummy0", "192.0.2.10", prefix, scope));
        facts.default_routes[0].devices = vec![device.to_owned()];
        facts.default_routes[0].source = source.map(ip);
        let typed = Typed { rips: texts(&["10.0.0.77"]), ..Typed::default() };
        let wanted = Wanted::resolve(&request(Mode::Dr, &["192.0.2.10"], typed), None, &facts);
        refuse::check(&wanted.unwrap(), &facts)
    };
    let own = Err(Refusal::OwnAddress { vip: ip("192.0.2.10"), device: "dummy0".to_owned() });
    for prefix in [24, 32] {
        assert_eq!(check(prefix, "global", "dummy0", None), own, "/{prefix}");
        assert_eq!(check(prefix, "global", "eth0", Some("192.0.2.10")), own, "/{prefix}");
    }
    assert_eq!(check(32, "global", "eth0", None), Ok(()));
    // A VIP that was put there as such.
    assert_eq!(check(32, "host", "dummy0", Some("192.0.2.10")), Ok(()));
    let wide = check(24, "global", "eth0", None);
    assert!(matches!(wide, Err(Refusal::WidePrefix { .. })), "{wide:?}");
}

/// A VIP with the prefix of its network is this host's own address, unless another one of that
/// network is on the same interface.
#[test]
fn an_own_address_is_the_only_one_of_its_network() {
    type Beside = Option<(&'static str, &'static str, u8)>;
    let rows: [(Beside, bool); 6] = [
        (None, true),
        (Some(("eth0", "192.0.2.11", 24)), false),
        (Some(("eth0", "192.0.2.11", 25)), false),
        // By one of another interface, of a single address or of another network nobody
        // reaches it there.
        (Some(("eth1", "192.0.2.11", 24)), true),
        (Some(("eth0", "192.0.2.11", 32)), true),
        (Some(("eth0", "198.51.100.11", 24)), true),
    ];
    for (beside, is_own) in rows {
        let mut facts = host();
        facts.links.push(link("eth1", true));
        facts.addresses.push(address("eth0", "192.0.2.10", 24, "global"));
        if let Some((device, text, prefix)) = beside {
            facts.addresses.push(address(device, text, prefix, "global"));
        }
        let refused = refuse::check(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
        match refused {
            Err(Refusal::OwnAddress { .. }) => assert!(is_own, "{beside:?}"),
            Err(Refusal::OnNic { .. }) => assert!(!is_own, "{beside:?}"),
            other => panic!("{beside:?}: {other:?}"),
        }
    }
}

/// The end of a link that answers no ARP, and what may be a VIP there.
#[test]
fn the_end_of_a_link_is_not_taken_away() {
    let refused = |mode, kind: &str, prefix| {
        let mut facts = host();
        facts.links.push(Link { kind: Some(kind.into()), ..link("wg0", false) });
        if kind == "gre" {
            facts.links[2].ends = Some(lvs_host::link::Ends::default());
        }
        facts.addresses.push(address("wg0", "192.0.2.10", prefix, "global"));
        let typed = Typed { directors: texts(&["10.0.0.254"]), ..Typed::default() };
        let wanted = Wanted::resolve(&request(mode, &["192.0.2.10"], typed), None, &facts);
        refuse::check(&wanted.unwrap(), &facts)
    };
    let vip = ip("192.0.2.10");
    let device = || "wg0".to_owned();
    let mut facts = host();
    facts.links.push(Link { kind: Some("wireguard".into()), ..link("wg0", false) });
    facts.addresses.push(address("wg0", "192.0.2.10", 24, "global"));
    let director = Typed { also_director: true, ..Typed::default() };
    let wanted = Wanted::resolve(&request(Mode::Dr, &["192.0.2.10"], director), None, &facts);
    assert_eq!(refuse::check(&wanted.unwrap(), &facts), Ok(()));
    for kind in ["wireguard", "gre"] {
        let own = Err(Refusal::OwnAddress { vip, device: device() });
        assert_eq!(refused(Mode::Dr, kind, 24), own, "{kind}");
        assert_eq!(refused(Mode::Nat, kind, 24), own, "{kind}");
        assert_eq!(refused(Mode::Dr, kind, 32), Ok(()), "{kind}");
    }
    assert_eq!(refused(Mode::Nat, "ppp", 32), Err(Refusal::OwnAddress { vip, device: device() }));
    // Mode tun has left it on its tunnel, or somebody has put it on a device that leads nowhere.
    let left = Err(Refusal::VipOnNatServer { vip, device: device() });
    assert_eq!(refused(Mode::Nat, "gre", 32), left);
    assert_eq!(refused(Mode::Nat, "dummy", 24), left);
    let wide =
        Err(Refusal::WidePrefix { vip, named: "192.0.2.10/24".to_owned(), device: device() });
    assert_eq!(refused(Mode::Dr, "dummy", 24), wide);
    assert_eq!(refused(Mode::Tun, "gre", 24), wide);
}

/// The other end of a link, on a device that has none, is taken for this host's own or is lost.
#[test]
fn a_vip_has_no_peer_on_a_device_for_vips() {
    let with = |kind: &str| {
        let mut facts = host();
        facts.links.push(Link { kind: Some(kind.into()), ..link("it", false) });
        let vip = address("it", "192.0.2.10", 32, "global");
        facts.addresses.push(Address { peer: Some(ip("10.0.0.1")), ..vip });
        refuse::check(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts)
    };
    assert_eq!(with("ppp"), Ok(()));
    let refused = with("dummy").unwrap_err();
    let named = "192.0.2.10 peer 10.0.0.1/32".to_owned();
    let (vip, device) = (ip("192.0.2.10"), "it".to_owned());
    assert_eq!(refused, Refusal::WidePrefix { vip, named, device });
    assert!(refused.hint().ends_with("&& ip addr del 192.0.2.10 peer 10.0.0.1/32 dev it"));
    // Nor is one with a peer the one that was set up.
    let mut facts = host();
    facts.addresses.push(address("lo", "192.0.2.10", 32, "host"));
    assert!(facts.vip_on(ip("192.0.2.10"), "lo").is_some());
    let mut facts = host();
    let vip = address("lo", "192.0.2.10", 32, "host");
    facts.addresses.push(Address { peer: Some(ip("10.0.0.1")), ..vip });
    assert!(facts.vip_on(ip("192.0.2.10"), "lo").is_none());
}

/// The other end of a link is no VIP, nor is what stands for one on a device that has none.
#[test]
fn the_other_end_of_a_link_is_no_vip() {
    let (vip, own) = (ip("192.0.2.10"), ip("10.8.0.1"));
    for (kind, arp, prefix) in
        [("ppp", false, 32), ("wireguard", false, 24), ("dummy", false, 32), ("veth", true, 32)]
    {
        let mut facts = host();
        facts.links.push(Link { kind: Some(kind.into()), ..link("it", arp) });
        let have = address("it", "10.8.0.1", prefix, "global");
        facts.addresses.push(Address { peer: Some(vip), ..have });
        let check = |mode| {
            let typed = Typed { directors: texts(&["10.0.0.254"]), ..Typed::default() };
            let wanted = Wanted::resolve(&request(mode, &["192.0.2.10"], typed), None, &facts);
            refuse::check(&wanted.unwrap(), &facts)
        };
        let refusal = Refusal::OtherEnd { vip, ip: own, device: "it".to_owned() };
        assert_eq!(refusal.hint(), "choose another VIP");
        for mode in [Mode::Dr, Mode::Tun] {
            assert_eq!(check(mode), Err(refusal.clone()), "{mode} {kind}");
        }
        // The director may be there, with the VIP.
        assert_eq!(check(Mode::Nat), Ok(()), "{kind}");
    }
}

/// What comes in by an interface of no VRF looks for no address in one.
#[test]
fn the_carrier_is_where_packets_come_in() {
    let with = |carrier: &'static str, typed: Typed<'_>, change: &dyn Fn(&mut Facts)| {
        let mut facts = host();
        let vrf = || Some("red".to_owned());
        facts.links.push(Link { table: Some(10), ..link("red", false) });
        facts.links.push(Link { vrf: vrf(), ..link("vips", false) });
        facts.links.push(Link { vrf: vrf(), ..link("eth1", true) });
        facts.addresses.push(address("eth1", "198.51.100.11", 24, "global"));
        change(&mut facts);
        let typed = Typed { carrier: Some(carrier), ..typed };
        let wanted =
            Wanted::resolve(&request(Mode::Dr, &["192.0.2.10"], typed), None, &facts).unwrap();
        (refuse::check(&wanted, &facts), refuse::warnings(&wanted, &facts))
    };
    let rip = |ip: &str| Typed { rips: texts(&[ip]), ..Typed::default() };
    let dip = |ip: &str| Typed { directors: texts(&[ip]), ..Typed::default() };
    let alone = |facts: &mut Facts| facts.links.retain(|link| link.name != "eth1");
    for device in ["vips", "red"] {
        let (vrf, nics) = ("red".to_owned(), vec!["eth0".to_owned()]);
        let refusal = Refusal::CarrierInVrf { device: device.to_owned(), vrf, nics };
        assert!(refusal.hint().contains("lo (the default)") && !refusal.is_usage());
        assert_eq!(with(device, Typed::default(), &alone).0, Err(refusal.clone()));
        assert_eq!(with(device, rip("10.0.0.11"), &|_| {}).0, Err(refusal.clone()));
        assert_eq!(with(device, dip("10.0.0.1"), &|_| {}).0, Err(refusal));
        assert_eq!(with(device, rip("198.51.100.11"), &|_| {}), (Ok(()), Vec::new()));
        // Who does not say where it comes in is told where it must.
        let (possible, warned) = with(device, Typed::default(), &|_| {});
        assert_eq!(possible, Ok(()));
        assert!(warned[0].ends_with("VRF red, not by eth0"), "{warned:?}");
    }
    assert_eq!(with("lo", rip("198.51.100.11"), &|_| {}), (Ok(()), Vec::new()));
    // One that is there on such a device is none: another comes to its place.
    let mut facts = host();
    facts.links.push(Link { table: Some(10), ..link("red", false) });
    facts.addresses.push(address("red", "192.0.2.10", 32, "global"));
    let missing = setup::steps(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
    assert!(commands(&missing).iter().any(|it| it.contains("192.0.2.10/32 dev lo")));
}

/// A link without ARP is one by which the director's packets come in, if the director or the RIP
/// is there: a card whose ARP is off, a tunnel of a VPN.
#[test]
fn packets_come_in_by_links_without_arp_too() {
    for kind in [None, Some("tun")] {
        let with = |carrier: &'static str, typed: Typed<'_>| {
            let mut facts = host();
            let vrf = |name: &str| Some(name.to_owned());
            let dummy = || Some("dummy".to_owned());
            for (name, table) in [("red", 10), ("blue", 20)] {
                facts.links.push(Link {
                    table: Some(table),
                    kind: vrf("vrf"),
                    ..link(name, false)
                });
            }
            facts.links[1] =
                Link { kind: kind.map(str::to_owned), vrf: vrf("red"), ..link("eth0", false) };
            facts.links.push(Link { vrf: vrf("blue"), ..link("mgmt", true) });
            facts.links.push(Link { vrf: vrf("red"), kind: dummy(), ..link("vr", false) });
            facts.links.push(Link { vrf: vrf("blue"), kind: dummy(), ..link("vb", false) });
            facts.addresses.push(address("mgmt", "198.51.100.11", 24, "global"));
            let typed = Typed { carrier: Some(carrier), ..typed };
            let wanted = Wanted::resolve(&request(Mode::Dr, &["192.0.2.10"], typed), None, &facts);
            refuse::check(&wanted.unwrap(), &facts)
        };
        let (rips, directors) = (texts(&["10.0.0.11"]), texts(&["10.0.0.1"]));
        let known = || {
            [
                Typed { rips, ..Typed::default() },
                Typed { directors, ..Typed::default() },
                Typed { rips, directors, ..Typed::default() },
            ]
        };
        let refused = |device: &str, vrf: &str, nic: &str| {
            let (device, vrf, nics) = (device.to_owned(), vrf.to_owned(), vec![nic.to_owned()]);
            Err(Refusal::CarrierInVrf { device, vrf, nics })
        };
        for typed in known() {
            assert_eq!(with("vr", typed), Ok(()), "{kind:?}");
        }
        for typed in known() {
            assert_eq!(with("vb", typed), refused("vb", "blue", "eth0"), "{kind:?}");
        }
        // Who says neither is taken to mean Ethernet.
        assert_eq!(with("vb", Typed::default()), Ok(()));
        assert_eq!(with("vr", Typed::default()), refused("vr", "red", "mgmt"));
    }
}
