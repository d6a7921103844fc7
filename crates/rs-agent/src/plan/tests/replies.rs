// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is refused, and what is told, of directors, gateways and the ways of replies.

use super::{address, commands, host, ip, request, route};
use crate::bad_request::BadRequest;
use crate::facts::{Facts, Lookup};
use crate::mode::Mode;
use crate::plan::{refuse, setup};
use crate::refusal::Refusal;
use crate::request::{Request, Typed, texts};
use crate::wanted::Wanted;

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
    let hop = |gateway| Some(Lookup { gateway: Some(ip(gateway)), ..Lookup::default() });
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
    let near = Some(Lookup::default());
    let behind = Some(Lookup { gateway: Some(ip(v4)), ..Lookup::default() });
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
    let way = |gateway: &str| Some(Lookup { gateway: Some(ip(gateway)), ..Lookup::default() });
    let rows = [
        (way("10.0.0.1"), None),
        (way("10.0.0.254"), Some("via 10.0.0.254 by the rules (ip rule)")),
        (Some(Lookup::default()), Some("on-link by the rules (ip rule)")),
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
        facts.anywhere.push(anywhere);
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
    assert_eq!(refused, BadRequest::WrongMode { option, mode: Mode::Nat });
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
