// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is refused, and what is not.

use super::{address, commands, host, ip, link, request, route, set, wanted};
use crate::facts::{Facts, Hop, Link};
use crate::mode::Mode;
use crate::plan::{refuse, setup};
use crate::refusal::Refusal;
use crate::request::{Request, Typed, texts};
use crate::sysctl_key::SysctlKey;
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
            Refusal::OnNic { vip: ip("192.0.2.10"), prefix: 32, device: device() },
        ),
        (
            dr(&|f| f.addresses = vec![address("eth0", "192.0.2.10", 24, "global")].into()),
            Refusal::OwnAddress { vip: ip("192.0.2.10"), device: device() },
        ),
        (
            dr(&|f| f.addresses.push(address("lo", "192.0.2.10", 24, "host"))),
            Refusal::WidePrefix { vip: ip("192.0.2.10"), prefix: 24, device: "lo".into() },
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
        let same = |role, other| Err(Refusal::SameAddress { ip: ip("10.0.0.11"), role, other });
        assert_eq!(plan(mode, "10.0.0.11", Typed::default(), Some(&first)), same("VIP", "RIP"));
    }
    let first = plan(Mode::Dr, "192.0.2.10", rip("10.0.0.12"), None).unwrap();
    let refused = plan(Mode::Dr, "192.0.2.10", director("10.0.0.12"), Some(&first));
    let (role, other) = ("RIP", "director address");
    assert_eq!(refused, Err(Refusal::SameAddress { ip: ip("10.0.0.12"), role, other }));
    let first = plan(Mode::Dr, "192.0.2.10", director("10.0.0.1"), None).unwrap();
    let refused = plan(Mode::Dr, "10.0.0.1", Typed::default(), Some(&first));
    assert!(matches!(refused, Err(Refusal::SameAddress { role: "VIP", .. })), "{refused:?}");
}

#[test]
fn a_broadcast_address_is_no_hosts() {
    let mut facts = host();
    // The kernel's answer is the same for both.
    for end in ["10.0.0.255", "10.0.0.250"] {
        let hop = Hop { gateway: None, source: Some(ip("10.0.0.11")) };
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
    facts.links[2] = Link { tunnel: Some(same), ..link("ipip7", false) };
    assert!(matches!(refuse::check(&tun, &facts), Err(Refusal::EndpointTaken { .. })));
    let ours = Some(tun.tunnels[0].clone());
    facts.links[2] = Link { tunnel: ours, ..link("rs-ipip", false) };
    assert_eq!(refuse::check(&tun, &facts), Ok(()));
}

#[test]
fn nat_wants_the_way_back() {
    let facts = host();
    let directors = ["10.0.0.1".to_owned()];
    let typed = Typed { directors: &directors, ..Typed::default() };
    let check = |typed: Typed<'_>, facts: &Facts| {
        let wanted = Wanted::resolve(&request(Mode::Nat, &[], typed), None, facts).unwrap();
        refuse::check(&wanted, facts)
    };
    let refused = check(typed.clone(), &facts);
    assert!(matches!(refused, Err(Refusal::NotThroughDirector { .. })), "{refused:?}");
    let right = ["10.0.0.254".to_owned()];
    assert_eq!(check(Typed { directors: &right, ..typed.clone() }, &facts), Ok(()));

    // The default route is right, that to the client is not.
    let client = Typed { directors: &right, client: Some("198.51.100.7"), ..Typed::default() };
    let mut aside = facts.clone();
    let hop = |gateway| Some(Hop { gateway: Some(ip(gateway)), source: None });
    aside.hops.insert(ip("198.51.100.7"), hop("10.0.0.3"));
    assert!(matches!(check(client.clone(), &aside), Err(Refusal::NotThroughDirector { .. })));
    aside.hops.insert(ip("198.51.100.7"), hop("10.0.0.254"));
    assert_eq!(check(client, &aside), Ok(()));

    let far = Typed { gateways: texts(&["203.0.113.1"]), ..Typed::default() };
    assert_eq!(check(far, &facts), Err(Refusal::GatewayFar(ip("203.0.113.1"))));
    let set = Typed { gateways: texts(&["10.0.0.1"]), ..Typed::default() };
    let wanted = Wanted::resolve(&request(Mode::Nat, &[], set), None, &facts).unwrap();
    let steps = setup::steps(&wanted, &facts);
    assert_eq!(commands(&steps), ["ip route replace default via 10.0.0.1"]);
    let back = steps[0].action.clone().inverse();
    assert_eq!(back.to_string(), "ip route replace default via 10.0.0.254");
}

/// Mode nat, default routes and where a gateway is, and what is said of it.
#[test]
fn a_gateway_is_the_next_hop_and_the_only_default_of_its_metric() {
    let (v4, v6) = ("10.0.0.254", "2001:db8:1::fe");
    let near = Some(Hop { gateway: None, source: None });
    let behind = Some(Hop { gateway: Some(ip(v4)), source: None });
    let far = || Err(Refusal::GatewayFar(ip("10.0.0.1")));
    let rows = [
        (vec![(v4, 0)], near.clone(), Ok(())),
        (vec![(v4, 0), (v4, 1)], near.clone(), Ok(())),
        (vec![(v4, 0), (v6, 0)], near.clone(), Ok(())),
        (vec![(v4, 0), (v4, 0)], near, Err(Refusal::ManyDefaults(0))),
        (vec![(v4, 0)], behind, far()),
        (vec![(v4, 0)], None, far()),
    ];
    for (routes, hop, expected) in rows {
        let mut facts = host();
        facts.default_routes = routes.iter().map(|(to, metric)| route(to, *metric)).collect();
        facts.hops.insert(ip("10.0.0.1"), hop.clone());
        let possible = refuse::gateway_is_possible(ip("10.0.0.1"), &facts);
        assert_eq!(possible, expected, "{routes:?} {hop:?}");
    }
}

/// Where rules tell replies apart, they count, and not the default route.
#[test]
fn rules_say_where_replies_go() {
    let anywhere = ip("198.51.100.1");
    let way = |gateway: &str| Some(Hop { gateway: Some(ip(gateway)), source: None });
    let rows = [
        (way("10.0.0.1"), None),
        (way("10.0.0.254"), Some("via 10.0.0.254 by the rules (ip rule)")),
        (Some(Hop { gateway: None, source: None }), Some("on-link by the rules (ip rule)")),
        (None, Some("missing")),
    ];
    for main in ["10.0.0.1", "10.0.0.254"] {
        let mut facts = host();
        facts.default_routes = vec![route(main, 0)];
        let typed = Typed { directors: texts(&["10.0.0.1"]), ..Typed::default() };
        let wanted = Wanted::resolve(&request(Mode::Nat, &[], typed), None, &facts).unwrap();
        let refused = |route: &str| {
            let (clients, route) = ("IPv4 clients".into(), route.into());
            Err(Refusal::NotThroughDirector { clients, route })
        };
        let plain = if main == "10.0.0.1" { Ok(()) } else { refused("default via 10.0.0.254") };
        assert_eq!(refuse::through_director(&wanted, &facts), plain);
        facts.anywhere[0] = Some(anywhere);
        for (hop, route) in &rows {
            facts.replies.insert(anywhere, hop.clone());
            let expected = route.map_or(Ok(()), refused);
            assert_eq!(refuse::through_director(&wanted, &facts), expected, "{main} {hop:?}");
        }
    }
}

#[test]
fn each_family_has_its_way_back() {
    let facts = host();
    let (v4, v6) = ("10.0.0.1", "2001:db8:1::1");
    let plan = |gateways: &[&str], directors: &[&str]| {
        let (gateways, directors) = (texts(gateways), texts(directors));
        let typed = Typed { gateways, directors, ..Typed::default() };
        let wanted = Wanted::resolve(&request(Mode::Nat, &[], typed), None, &facts).unwrap();
        refuse::check(&wanted, &facts)?;
        Ok(commands(&setup::steps(&wanted, &facts)))
    };
    let to_v4 = "ip route replace default via 10.0.0.1".to_owned();
    let to_v6 = "ip -6 route replace default via 2001:db8:1::1 metric 1".to_owned();
    assert_eq!(plan(&[v4, v6], &[]), Ok(vec![to_v4.clone(), to_v6]));
    assert_eq!(plan(&[v4, "2001:db8:9::1"], &[]), Err(Refusal::GatewayFar(ip("2001:db8:9::1"))));
    // A family whose route is not set has to have the right one already.
    let missing =
        Refusal::NotThroughDirector { clients: "IPv6 clients".into(), route: "missing".into() };
    assert_eq!(plan(&[v4], &[v6]), Err(missing));
    assert_eq!(plan(&[v4], &["10.0.0.2"]), Ok(vec![to_v4]));
}

#[test]
fn a_second_gateway_is_one_of_the_other_family() {
    let facts = host();
    let resolve = |gateway: &str, before: Option<&Wanted>| {
        let typed = Typed { gateways: texts(&[gateway]), ..Typed::default() };
        Wanted::resolve(&request(Mode::Nat, &[], typed), before, &facts)
    };
    let first = resolve("10.0.0.1", None).unwrap();
    let both = resolve("2001:db8:1::1", Some(&first)).unwrap();
    assert_eq!(both.gateways, [ip("10.0.0.1"), ip("2001:db8:1::1")]);
    assert_eq!(resolve("10.0.0.1", Some(&both)).unwrap(), both);
    let (now, asked) = (ip("10.0.0.1"), ip("10.0.0.2"));
    assert_eq!(resolve("10.0.0.2", Some(&both)), Err(Refusal::OtherGateway { now, asked }));
}

#[test]
fn what_is_asked_of_one_family_keeps_the_others_director() {
    let facts = host();
    for (mode, vips) in [(Mode::Nat, &[][..]), (Mode::Dr, &["192.0.2.10"])] {
        let resolve = |directors: &[&str], gateways: &[&str], before: Option<&Wanted>| {
            let (directors, gateways) = (texts(directors), texts(gateways));
            let typed = Typed { directors, gateways, ..Typed::default() };
            Wanted::resolve(&request(mode, vips, typed), before, &facts).unwrap()
        };
        let first = resolve(&["10.0.0.1"], &[], None);
        let then = |directors: &[&str], gateways: &[&str]| {
            resolve(directors, gateways, Some(&first)).directors
        };
        assert_eq!(then(&["2001:db8:1::1"], &[]), [ip("2001:db8:1::1"), ip("10.0.0.1")]);
        assert_eq!(then(&["10.0.0.2"], &[]), [ip("10.0.0.2")]);
        if mode == Mode::Nat {
            assert_eq!(then(&[], &["2001:db8:1::1"]), [ip("10.0.0.1")]);
            assert!(then(&[], &["10.0.0.2"]).is_empty());
        } else {
            assert_eq!(then(&[], &[]), [ip("10.0.0.1")]);
        }
    }
}

#[test]
fn a_director_has_the_vip_where_it_likes() {
    let refused = |also_director, directed: &[&str], mode| {
        let mut facts = host();
        facts.addresses.push(address("eth0", "192.0.2.10", 24, "global"));
        facts.directed = directed.iter().map(|vip| ip(vip)).collect();
        let vips = ["192.0.2.10".to_owned()];
        let typed = Typed { vips: &vips, also_director, ..Typed::default() };
        let wanted = Wanted::resolve(&Request::check(mode, &typed).unwrap(), None, &facts);
        refuse::check(&wanted.unwrap(), &facts).err()
    };
    let own = |refusal: Option<Refusal>| matches!(refusal, Some(Refusal::OwnAddress { .. }));
    assert!(own(refused(false, &[], Mode::Dr)));
    assert!(own(refused(false, &["192.0.2.11"], Mode::Dr)));
    assert_eq!(refused(false, &["192.0.2.10"], Mode::Dr), None);
    assert_eq!(refused(true, &[], Mode::Dr), None);
    // On lo it is this program's, with the prefix of one address.
    let mut facts = host();
    facts.directed = [ip("192.0.2.10")].into();
    facts.addresses.push(address("lo", "192.0.2.10", 24, "host"));
    let vips = ["192.0.2.10".to_owned()];
    let request = Request::check(Mode::Dr, &Typed { vips: &vips, ..Typed::default() }).unwrap();
    let wanted = Wanted::resolve(&request, None, &facts).unwrap();
    assert!(matches!(refuse::check(&wanted, &facts), Err(Refusal::WidePrefix { .. })));
    let nat = Typed { also_director: true, ..Typed::default() };
    let option = "--also-director";
    let refused = Request::check(Mode::Nat, &nat).unwrap_err();
    assert_eq!(refused, Refusal::WrongMode { option, mode: Mode::Nat });
}

/// Mode, director, RIP, where the default route leads, and what is told.
#[test]
fn what_works_badly_is_told() {
    let through = |director: &str| {
        format!(
            "the default route leads through director {director}, which drops replies that come \
             from its own VIP"
        )
    };
    let missing = |rip: &str| format!("RIP {rip} is no address of this host yet");
    let none = Vec::<String>::new;
    let rows = [
        (Mode::Dr, "10.0.0.1", "10.0.0.11", "10.0.0.254", none()),
        (Mode::Dr, "10.0.0.1", "10.0.0.11", "10.0.0.1", vec![through("10.0.0.1")]),
        (Mode::Tun, "10.0.0.1", "10.0.0.11", "10.0.0.1", vec![through("10.0.0.1")]),
        (Mode::Dr, "10.0.0.1", "10.0.0.12", "10.0.0.254", vec![missing("10.0.0.12")]),
        (
            Mode::Dr,
            "10.0.0.1",
            "2001:db8:1::12",
            "10.0.0.1",
            vec![through("10.0.0.1"), missing("2001:db8:1::12")],
        ),
        (Mode::Dr, "10.0.0.1", "2001:db8:1::11", "10.0.0.254", none()),
        // IPv6 has no source check that would drop such replies.
        (Mode::Dr, "2001:db8:1::1", "10.0.0.11", "2001:db8:1::1", none()),
        // That is how it has to be there.
        (Mode::Nat, "10.0.0.1", "10.0.0.12", "10.0.0.1", none()),
    ];
    for (mode, director, rip, gateway, expected) in rows {
        let mut facts = host();
        facts.default_routes = vec![route(gateway, 0)];
        let (directors, rips) = (texts(&[director]), texts(&[rip]));
        let (vips, rips): (&[&str], _) =
            if mode == Mode::Nat { (&[], &[][..]) } else { (&["192.0.2.10"], rips) };
        let typed = Typed { directors, rips, ..Typed::default() };
        let wanted = Wanted::resolve(&request(mode, vips, typed), None, &facts).unwrap();
        assert_eq!(refuse::warnings(&wanted, &facts), expected, "{mode} {director} {rip}");
    }
    // Of several routes the one that is taken counts.
    let mut facts = host();
    facts.default_routes = vec![route("10.0.0.1", 9), route("10.0.0.254", 0)];
    let typed = Typed { directors: texts(&["10.0.0.1"]), ..Typed::default() };
    let wanted = Wanted::resolve(&request(Mode::Dr, &["192.0.2.10"], typed), None, &facts).unwrap();
    assert_eq!(refuse::warnings(&wanted, &facts), none());
}

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

/// What is said to help takes nothing away before something else is in its place.
#[test]
fn a_vip_of_a_whole_subnet_is_replaced_by_one_that_is_there_first() {
    for (vip, prefix, first) in [
        ("192.0.2.10", 24, "ip addr add 192.0.2.10/32 dev vips scope host && ip addr del "),
        ("2001:db8::10", 64, "ip -6 route add local 2001:db8::10 dev lo table local metric 1 && "),
    ] {
        let hint = Refusal::WidePrefix { vip: ip(vip), prefix, device: "vips".into() }.hint();
        assert!(hint.starts_with(first), "{hint}");
        assert!(hint.contains(&format!("ip addr del {vip}/{prefix} dev vips")), "{hint}");
    }
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
