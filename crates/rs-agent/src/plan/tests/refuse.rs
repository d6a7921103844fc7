// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is refused, and what is not.

use lvs_host::SysctlKey;

use super::{address, be, conf, host, ip, link, request, route, set, wanted};
use crate::bad_request::BadRequest;
use crate::facts::{Facts, Link, Lookup};
use crate::mode::Mode;
use crate::plan::refuse;
use crate::refusal::Refusal;
use crate::request::{Typed, texts};
use crate::tunnel::Tunnel;
use crate::wanted::Wanted;

#[test]
fn unsafe_hosts_are_refused() {
    let dr = |change: &dyn Fn(&mut Facts)| {
        let mut facts = host();
        change(&mut facts);
        refuse::check(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts).unwrap_err()
    };
    let key = |device| SysctlKey::ipv4(device, "arp_ignore");
    let device = || "eth0".to_owned();
    let localnet = || Refusal::ArpScope {
        vip: ip("192.0.2.10"),
        scope: "host, which route_localnet makes link,".into(),
        key: key("eth0"),
    };
    let cases: Vec<(Refusal, Refusal)> = vec![
        (
            dr(&|f| set(f, "eth0", "arp_ignore", 8)),
            Refusal::ArpSilent { device: device(), key: key("eth0"), value: 8 },
        ),
        (
            dr(&|f| set(f, "all", "arp_ignore", 8)),
            Refusal::ArpSilent { device: device(), key: key("all"), value: 8 },
        ),
        (
            dr(&|f| set(f, "eth0", "arp_ignore", 4)),
            Refusal::ArpMeaningless { device: device(), key: key("eth0"), value: 4 },
        ),
        (
            dr(&|f| set(f, "eth0", "arp_announce", 3)),
            Refusal::ArpMeaningless {
                device: device(),
                key: SysctlKey::ipv4("eth0", "arp_announce"),
                value: 3,
            },
        ),
        (
            dr(&|f| {
                set(f, "eth0", "arp_ignore", 3);
                f.addresses.push(address("lo", "192.0.2.10", 32, "global"));
            }),
            Refusal::ArpScope { vip: ip("192.0.2.10"), scope: "global".into(), key: key("eth0") },
        ),
        (
            dr(&|f| {
                set(f, "eth0", "arp_ignore", 3);
                set(f, "lo", "route_localnet", 1);
            }),
            localnet(),
        ),
        (
            dr(&|f| {
                set(f, "eth0", "arp_ignore", 3);
                set(f, "all", "route_localnet", 1);
                f.addresses.push(address("lo", "192.0.2.10", 32, "host"));
            }),
            localnet(),
        ),
        (
            dr(&|f| f.addresses.push(address("eth0", "192.0.2.10", 32, "host"))),
            Refusal::OnNic {
                vip: ip("192.0.2.10"),
                named: "192.0.2.10/32".into(),
                device: device(),
            },
        ),
        (
            dr(&|f| f.addresses = vec![address("eth0", "192.0.2.10", 24, "global")].into()),
            Refusal::OwnAddress { vip: ip("192.0.2.10"), device: device() },
        ),
        (
            dr(&|f| f.addresses.push(address("lo", "192.0.2.10", 24, "host"))),
            Refusal::WidePrefix {
                vip: ip("192.0.2.10"),
                named: "192.0.2.10/24".into(),
                device: "lo".into(),
            },
        ),
        (
            dr(&|f| f.default_routes.push(route("192.0.2.10", 5))),
            Refusal::IsGateway { role: "VIP", ip: ip("192.0.2.10") },
        ),
        (dr(&|f| f.sysctls.clear()), Refusal::NoSysctl(key("all"))),
        (dr(&|f| f.links[0].up = false), Refusal::CarrierDown("lo".into())),
        (dr(&|f| f.links[0].arp = true), Refusal::CarrierAnswersArp("lo".into())),
        (dr(&|f| f.links.clear()), Refusal::NoDevice("lo".into())),
    ];
    for (is, should) in &cases {
        assert_eq!(is, should);
        assert!(!is.is_usage() && !is.hint().is_empty(), "{is}");
    }
}

#[test]
fn the_rip_is_nobody_elses() {
    let facts = host();
    let plan = |mode, vip: &str, typed, before: Option<&Wanted>| {
        let wanted = Wanted::resolve(&request(mode, &[vip], typed), before, &facts)?;
        refuse::check(&wanted, &facts)?;
        Ok(wanted)
    };
    let rip = |rip: &str| Typed { rips: texts(&[rip]), ..Typed::default() };
    let director = |dip: &str| Typed { directors: texts(&[dip]), ..Typed::default() };
    for mode in [Mode::Dr, Mode::Tun] {
        let refused = plan(mode, "192.0.2.10", rip("10.0.0.254"), None);
        let is_gateway = Refusal::IsGateway { role: "RIP", ip: ip("10.0.0.254") };
        assert!(!is_gateway.is_usage() && is_gateway.hint().contains("of this host"));
        assert_eq!(refused, Err(is_gateway), "{mode}");
        // Nor by what is asked for later.
        let first = plan(mode, "192.0.2.10", rip("10.0.0.11"), None).unwrap();
        assert_eq!(first.rips, [ip("10.0.0.11")]);
        let same = |role, other| {
            Err(Refusal::Request(BadRequest::SameAddress { ip: ip("10.0.0.11"), role, other }))
        };
        assert_eq!(plan(mode, "10.0.0.11", Typed::default(), Some(&first)), same("VIP", "RIP"));
    }
    let first = plan(Mode::Dr, "192.0.2.10", rip("10.0.0.12"), None).unwrap();
    let refused = plan(Mode::Dr, "192.0.2.10", director("10.0.0.12"), Some(&first));
    let (role, other) = ("RIP", "director address");
    assert_eq!(
        refused,
        Err(Refusal::Request(BadRequest::SameAddress { ip: ip("10.0.0.12"), role, other }))
    );
    let first = plan(Mode::Dr, "192.0.2.10", director("10.0.0.1"), None).unwrap();
    let refused = plan(Mode::Dr, "10.0.0.1", Typed::default(), Some(&first));
    assert!(
        matches!(refused, Err(Refusal::Request(BadRequest::SameAddress { role: "VIP", .. }))),
        "{refused:?}"
    );
}

#[test]
fn a_broadcast_address_is_no_hosts() {
    let mut facts = host();
    // The kernel's answer is the same for both.
    for end in ["10.0.0.255", "10.0.0.250"] {
        let hop = Lookup { source: Some(ip("10.0.0.11")), ..Lookup::default() };
        facts.hops.insert(ip(end), Some(hop));
    }
    let check = |mode, vips: &[&str], typed: Typed<'_>| {
        let wanted = Wanted::resolve(&request(mode, vips, typed), None, &facts)?;
        refuse::check(&wanted, &facts)
    };
    let refused = |role: &'static str| {
        let hint = match role {
            "VIP" => "choose another VIP",
            "RIP" => "name the address of this host that the director sends to",
            "director" => "name the address from which the director sends, its DIP",
            _ => "name the director's DIP",
        };
        let refused = Refusal::Broadcast { role, ip: ip("10.0.0.255"), device: "eth0".into() };
        assert!(refused.hint() == hint && !refused.is_usage(), "{role}: {}", refused.hint());
        Err(refused)
    };
    for (end, is_host) in [("10.0.0.255", false), ("10.0.0.250", true)] {
        let expected = |role| if is_host { Ok(()) } else { refused(role) };
        let ends = texts(&[end]);
        let vip = &["192.0.2.10"];
        for mode in [Mode::Dr, Mode::Tun] {
            assert_eq!(check(mode, &[end], Typed::default()), expected("VIP"), "{mode}");
            let rip = Typed { rips: ends, ..Typed::default() };
            assert_eq!(check(mode, vip, rip), expected("RIP"), "{mode}");
            let director = Typed { directors: ends, ..Typed::default() };
            assert_eq!(check(mode, vip, director), expected("director"), "{mode}");
        }
        let gateway = Typed { gateways: ends, ..Typed::default() };
        assert_eq!(check(Mode::Nat, &[], gateway), expected("gateway"));
    }
}

#[test]
fn harmless_hosts_are_not_refused() {
    let ok = |change: &dyn Fn(&mut Facts)| {
        let mut facts = host();
        change(&mut facts);
        let checked = refuse::check(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
        assert_eq!(checked, Ok(()));
    };
    ok(&|_| {});
    ok(&|f| set(f, "eth0", "arp_ignore", 2));
    // Scope host is hidden by 3, and ours has it.
    ok(&|f| set(f, "eth0", "arp_ignore", 3));
    ok(&|f| {
        set(f, "eth0", "arp_ignore", 3);
        set(f, "eth0", "route_localnet", 1);
    });
    // What does not answer ARP does not count: down, a bridge's port, lo.
    ok(&|f| {
        set(f, "eth0", "arp_ignore", 8);
        f.links[1].up = false;
    });
    ok(&|f| {
        set(f, "eth0", "arp_ignore", 8);
        f.links[1].port = true;
    });
    ok(&|f| set(f, "lo", "arp_ignore", 8));
}

#[test]
fn a_device_of_another_kind_or_the_same_ends_is_refused() {
    let mut facts = host();
    let tun = wanted(Mode::Tun, &["192.0.2.10"], &facts);
    facts.links.push(Link { kind: Some("dummy".into()), ..link("rs-ipip", false) });
    assert!(matches!(refuse::check(&tun, &facts), Err(Refusal::DeviceTaken { .. })));
    let same = Tunnel { name: "ipip7".into(), ..tun.tunnels[0].clone() };
    facts.links[2] = link("ipip7", false);
    be(&mut facts.links[2], &same);
    assert!(matches!(refuse::check(&tun, &facts), Err(Refusal::EndpointTaken { .. })));
    facts.links[2] = link("rs-ipip", false);
    be(&mut facts.links[2], &tun.tunnels[0]);
    assert_eq!(refuse::check(&tun, &facts), Ok(()));
}

/// What is said to help takes nothing away before something else is in its place.
#[test]
fn a_vip_of_a_whole_subnet_is_replaced_by_one_that_is_there_first() {
    for (vip, prefix, first) in [
        ("192.0.2.10", 24, "ip addr add 192.0.2.10/32 dev vips scope host && ip addr del "),
        ("2001:db8::10", 64, "ip -6 route add local 2001:db8::10 dev lo table local metric 1 && "),
    ] {
        let hint = Refusal::WidePrefix {
            vip: ip(vip),
            named: format!("{vip}/{prefix}"),
            device: "vips".into(),
        }
        .hint();
        assert!(hint.starts_with(first), "{hint}");
        assert!(hint.contains(&format!("ip addr del {vip}/{prefix} dev vips")), "{hint}");
    }
}

#[test]
fn a_director_is_elsewhere_unless_it_is_said() {
    let facts = host();
    for (also_director, expected) in
        [(false, Err(Refusal::DirectorIsHere(ip("10.0.0.11")))), (true, Ok(()))]
    {
        let directors = texts(&["10.0.0.11"]);
        let typed = Typed { directors, also_director, ..Typed::default() };
        let request = request(Mode::Dr, &["192.0.2.10"], typed);
        let wanted = Wanted::resolve(&request, None, &facts).unwrap();
        assert_eq!(refuse::check(&wanted, &facts), expected);
    }
}

#[test]
fn ipv6_vips_need_ipv6_where_they_come() {
    let key = SysctlKey::ipv6("lo", "disable_ipv6");
    for (value, expected) in [
        (Some(0), Ok(())),
        (Some(1), Err(Refusal::Ipv6Off(key.clone()))),
        (None, Err(Refusal::NoIpv6)),
    ] {
        let mut facts = host();
        facts.sysctls.remove(&key);
        facts.sysctls.extend(value.map(|value| (key.clone(), value)));
        let check = |vip| refuse::check(&wanted(Mode::Dr, &[vip], &facts), &facts);
        assert_eq!(check("2001:db8::10"), expected);
        assert_eq!(check("192.0.2.10"), Ok(()));
    }
}

/// The kernel drops IPv6 where it comes in, wherever the VIP is.
#[test]
fn ipv6_that_is_off_where_packets_come_in_is_told() {
    let warnings = |mode, vip: &str, other: &str| {
        let mut facts = host();
        facts.addresses.retain(|have| have.ip.is_ipv4());
        facts.sysctls.insert(SysctlKey::ipv6("eth0", "disable_ipv6"), 1);
        facts.links.push(link("eth1", true));
        conf(&mut facts, "eth1");
        facts.addresses.push(address("eth1", other, 64, "global"));
        let typed = Typed { rips: texts(&["10.0.0.11"]), ..Typed::default() };
        let wanted = Wanted::resolve(&request(mode, &[vip], typed), None, &facts).unwrap();
        refuse::warnings(&wanted, &facts)
    };
    let told =
        "IPv6 is off on eth0 (disable_ipv6): packets for 2001:db8::10 are dropped there".to_owned();
    assert_eq!(warnings(Mode::Dr, "2001:db8::10", "10.1.0.11"), [told]);
    assert!(warnings(Mode::Dr, "2001:db8::10", "2001:db8:2::11").is_empty());
    assert!(warnings(Mode::Dr, "192.0.2.10", "10.1.0.11").is_empty());
    assert!(warnings(Mode::Tun, "2001:db8::10", "10.1.0.11").is_empty());
}

#[test]
fn ipv6_that_is_off_where_nothing_of_others_comes_in_is_not_told() {
    let mut facts = host();
    facts.addresses.retain(|have| have.ip.is_ipv4());
    let down = Link { up: false, ..link("eth1", true) };
    facts.links.extend([link("virbr0", true), down]);
    for name in ["eth1", "virbr0"] {
        facts.sysctls.insert(SysctlKey::ipv6(name, "disable_ipv6"), 1);
    }
    let warned = |facts: &Facts| {
        let wanted = wanted(Mode::Dr, &["2001:db8::10"], facts);
        refuse::warnings(&wanted, facts).into_iter().next()
    };
    // Which of them leads anywhere is not known.
    assert!(warned(&facts).is_some_and(|told| told.contains(" off on virbr0 (")), "{facts:?}");
    let out = Lookup { device: Some("eth0".to_owned()), ..Lookup::default() };
    facts.hops.insert(ip("10.0.0.254"), Some(out));
    assert_eq!(warned(&facts), None);
    facts.sysctls.insert(SysctlKey::ipv6("eth0", "disable_ipv6"), 1);
    assert!(warned(&facts).is_some_and(|told| told.contains(" off on eth0 (")), "{facts:?}");
}
