// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replies that rules (`ip rule`) route: what they are like, what they may be like, and what
//! is said.

use lvs_check::{Instruction, Remedy};

use super::*;
use crate::check::hops::{Hops, Other, Replies, Reply};
use crate::check::replies::{rips, ways};

fn hops(gateway: &str, device: &str) -> Option<Hops> {
    Some(Hops {
        gateways: vec![ip(gateway)],
        devices: vec![device.into()],
        table: Some(100),
        advmss: Some(1300),
    })
}

fn other(hops: Option<Option<Hops>>, by_mark: bool, by_socket: bool) -> Other {
    Other { rule: "ip rule 5: from all lookup 7".into(), hops, by_mark, by_socket }
}

/// Replies from some addresses to the client go that way; table main is of no interest.
fn route(
    subject: &mut Subject,
    seen: &mut Seen,
    from: &[&str],
    hops: Option<Hops>,
    others: Vec<Other>,
) {
    subject.client = Some(CLIENT.to_owned().try_into().unwrap());
    let reply = |from: &&str| Reply {
        from: Some(ip(from)),
        to: ip(CLIENT),
        hops: hops.clone(),
        others: others.clone(),
    };
    let all = from.iter().map(reply).collect();
    seen.replies = Some(Replies { all });
    seen.routes.retain(|route| route.prefix != 0);
    seen.lookups.insert(ip(CLIENT), None);
}

/// A rule by a mark would make it right.
fn doubtful(w: &mut Subject, s: &mut Seen, from: &str, hops: Option<Hops>, right: Option<Hops>) {
    set(s, "net.ipv4.conf.all.src_valid_mark", 1);
    route(w, s, &[from], hops, vec![other(Some(right), true, false)]);
}

pub(super) const REPLIES: &[Row] = &[
    // What is sent by a dead interface is lost, whatever others are like.
    (
        Mode::Dr,
        |w, s| {
            w.client = Some(CLIENT.to_owned().try_into().unwrap());
            s.devices.push(Device { carrier: false, ..device("eth1", true) });
            s.lookups.insert(ip(CLIENT), lookup(Some(ROUTER), "eth1"));
        },
        &["RS-GW-05 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.client = None;
            s.devices.push(Device { carrier: false, ..device("eth1", true) });
            s.routes[0].devices = vec!["eth1".into()];
        },
        &["RS-GW-05 warning"],
    ),
    // What the director sends comes by its network, and the route to it is another.
    (
        Mode::Tun,
        |_, s| {
            s.lookups.insert(ip(DIP), lookup(Some(ROUTER), "eth1"));
            set(s, "net.ipv4.conf.eth0.rp_filter", 1);
        },
        &["RS-RPF-03 error"],
    ),
    // By a rule that prohibits them, or a table without a route, and no client is named.
    (
        Mode::Dr,
        |w, s| {
            let routes = s.routes.clone();
            route(w, s, &[VIP], None, Vec::new());
            w.client = None;
            s.routes = routes;
        },
        &["RS-GW-05 warning"],
    ),
    (
        Mode::Dr,
        |w, s| doubtful(w, s, VIP, hops(DIP, "eth0"), hops(ROUTER, "eth0")),
        &["RS-GW-01 unread"],
    ),
    (
        Mode::Dr,
        |w, s| {
            doubtful(w, s, VIP, hops(ROUTER, "eth1"), hops(ROUTER, "eth0"));
            set(s, "net.ipv4.conf.eth0.rp_filter", 1);
        },
        &["RS-RPF-03 unread"],
    ),
    (
        Mode::Tun,
        |w, s| doubtful(w, s, VIP, None, hops(ROUTER, "eth0")),
        &["RS-RPF-02 unread", "RS-GW-05 unread"],
    ),
    (
        Mode::Nat,
        |w, s| doubtful(w, s, RIP, hops(ROUTER, "eth0"), hops(DIP, "eth0")),
        &["RS-GW-02 unread"],
    ),
    // Only a rule's table has no route: a host without a default route has none for anybody.
    (
        Mode::Dr,
        |w, s| {
            route(w, s, &[VIP], None, Vec::new());
            w.client = None;
        },
        &["RS-GW-05 info"],
    ),
    // By a rule it may leave where there is a carrier.
    (
        Mode::Dr,
        |w, s| {
            s.devices.push(Device { carrier: false, ..device("eth1", true) });
            doubtful(w, s, VIP, hops(ROUTER, "eth1"), hops(ROUTER, "eth0"));
        },
        &["RS-GW-05 unread"],
    ),
    (
        Mode::Dr,
        |w, s| {
            s.devices.push(Device { carrier: false, ..device("eth1", true) });
            doubtful(w, s, VIP, hops(ROUTER, "eth1"), hops(DIP, "eth1"));
        },
        &["RS-GW-05 error"],
    ),
    // To a client that was named any route is better than none.
    (Mode::Nat, |w, s| doubtful(w, s, RIP, None, hops(ROUTER, "eth0")), &["RS-GW-05 unread"]),
    (
        Mode::Nat,
        |w, s| {
            let on_link = Hops { devices: vec!["eth0".into()], ..Hops::default() };
            doubtful(w, s, RIP, Some(on_link), hops(DIP, "eth0"));
        },
        &["RS-GW-03 unread"],
    ),
];

/// What is found of a sound host whose replies go that way.
fn found(
    mode: Mode,
    from: &[&str],
    hops: Option<Hops>,
    others: Vec<Other>,
    disturb: fn(&mut Subject, &mut Seen),
) -> Vec<Finding> {
    let (mut subject, mut seen) = sound(mode);
    route(&mut subject, &mut seen, from, hops, others);
    disturb(&mut subject, &mut seen);
    findings(&subject, &seen)
}

fn briefs(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(brief).collect()
}

#[test]
fn the_way_of_the_reply_counts_and_not_that_of_other_packets() {
    for (mode, right, wrong, said) in [
        (Mode::Dr, hops(ROUTER, "eth0"), hops(DIP, "eth0"), "RS-GW-01"),
        (Mode::Tun, hops(ROUTER, "eth0"), None, "RS-GW-05"),
        (Mode::Nat, hops(DIP, "eth0"), hops(ROUTER, "eth0"), "RS-GW-02"),
        (Mode::Nat, hops(DIP, "eth0"), None, "RS-GW-05"),
    ] {
        let from = if mode == Mode::Nat { [RIP] } else { [VIP] };
        let of = |to: &Option<Hops>, others| found(mode, &from, to.clone(), others, |_, _| {});
        assert_eq!(briefs(&of(&right, Vec::new())), Vec::<String>::new(), "{mode}");
        let is = |others, severity: &str| {
            let findings = of(&wrong, others);
            let it = findings.iter().find(|it| it.rule.id == said).unwrap();
            assert_eq!(it.severity.to_string(), severity, "{mode} {it:?}");
            assert!(it.message.contains(&format!(" from {}", from[0])), "{it:?}");
            // No command moves what other packets go by.
            let is_run = |it: &Remedy| matches!(it.instruction, Instruction::Command(_));
            assert!(!it.remedy.iter().any(is_run), "{it:?}");
        };
        is(Vec::new(), "error");
        // A rule that may apply, and makes it right; one that does not; one nobody can ask of.
        is(vec![other(Some(right.clone()), true, false)], "unread");
        is(vec![other(Some(wrong.clone()), true, false)], "error");
        is(vec![other(None, false, false)], "unread");
    }
}

#[test]
fn vips_whose_replies_go_one_way_are_told_at_once() {
    let two = |subject: &mut Subject, seen: &mut Seen| {
        subject.vips.push(ip("192.0.2.20"));
        seen.addresses.push(address("192.0.2.20", 32, "lo", "host"));
        seen.lookups.insert(ip("192.0.2.20"), seen.lookups[&ip(VIP)].clone());
    };
    let findings = found(Mode::Dr, &[VIP, "192.0.2.20"], None, Vec::new(), two);
    assert_eq!(briefs(&findings), ["RS-GW-05 error"]);
    assert_eq!(findings[0].message, format!("no route leads from {VIP}, 192.0.2.20 to {CLIENT}"));
}

/// This host's address towards the directors, of each family, if there is one.
#[test]
fn a_rip_is_the_source_towards_the_directors() {
    let to =
        |source: &str| Some(Lookup { source: Some(ip(source)), ..lookup(None, "eth0").unwrap() });
    let (dip2, dip6, rip6) = ("192.0.2.2", "2001:db8::1", "2001:db8::11");
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        (&[(DIP, RIP)], &[RIP]),
        (&[(DIP, RIP), (dip2, RIP)], &[RIP]),
        (&[(DIP, RIP), (dip2, "192.0.2.12")], &[]),
        (&[(DIP, RIP), (dip2, VIP)], &[RIP]),
        (&[(DIP, VIP)], &[]),
        (&[(DIP, RIP), (dip6, rip6)], &[RIP, rip6]),
    ];
    for (ways, expected) in rows {
        let (mut subject, mut seen) = sound(Mode::Dr);
        subject.directors = ways.iter().map(|(dip, _)| ip(dip)).collect();
        seen.lookups.extend(ways.iter().map(|(dip, source)| (ip(dip), to(source))));
        let expected: Vec<_> = expected.iter().map(|rip| ip(rip)).collect();
        assert_eq!(rips(&subject, &seen), expected, "{ways:?}");
    }
    // Replies of which the source is known are not those of which it is not.
    let (mut subject, mut seen) = sound(Mode::Nat);
    route(&mut subject, &mut seen, &[RIP, "192.0.2.12"], hops(DIP, "eth0"), Vec::new());
    let from =
        |seen: &Seen| ways(&subject, seen).iter().map(|way| way.from.len()).collect::<Vec<_>>();
    assert_eq!(from(&seen), [2]);
    seen.replies.as_mut().unwrap().all[1].from = None;
    assert_eq!(from(&seen), [1, 0]);
}

#[test]
fn source_validation_goes_by_what_it_knows_of_a_packet() {
    let strict = |_: &mut Subject, seen: &mut Seen| {
        set(seen, "net.ipv4.conf.eth0.rp_filter", 1);
    };
    let marked = |_: &mut Subject, seen: &mut Seen| {
        set(seen, "net.ipv4.conf.eth0.rp_filter", 1);
        set(seen, "net.ipv4.conf.all.src_valid_mark", 1);
    };
    let (out, back) = (hops(ROUTER, "eth1"), hops(ROUTER, "eth0"));
    let of = |to: &Option<Hops>, others, disturb| {
        briefs(&found(Mode::Dr, &[VIP], to.clone(), others, disturb))
    };
    assert_eq!(of(&back, Vec::new(), strict), Vec::<String>::new());
    assert_eq!(of(&out, Vec::new(), strict), ["RS-RPF-03 error"]);
    let by = |by_mark, by_socket| vec![other(Some(back.clone()), by_mark, by_socket)];
    assert_eq!(of(&out, by(false, false), strict), ["RS-RPF-03 unread"]);
    assert_eq!(of(&out, by(false, true), strict), ["RS-RPF-03 error"]);
    assert_eq!(of(&out, by(true, false), strict), ["RS-RPF-03 error"]);
    assert_eq!(of(&out, by(true, false), marked), ["RS-RPF-03 unread"]);
}

/// As clouds give them: the address of a host is a single one.
#[test]
fn the_only_address_of_a_host_is_never_to_be_deleted() {
    for (mode, device, is_own) in
        [(Mode::Dr, "eth0", true), (Mode::Tun, "eth0", true), (Mode::Nat, "lo", false)]
    {
        let (mut subject, mut seen) = sound(mode);
        subject.vips = vec![ip(VIP)].into();
        subject.rips.clear();
        seen.addresses.retain(|have| have.ip.is_loopback());
        seen.addresses.push(address(VIP, 32, device, "global"));
        let findings = findings(&subject, &seen);
        let deletes = |it: &Finding| it.remedy.iter().any(|it| it.text().contains("addr del"));
        assert!(!findings.iter().any(deletes), "{mode}: {findings:?}");
        let told = findings.iter().any(|it| it.rule.id == "RS-VIP-04");
        assert_eq!(told, is_own, "{mode}: {findings:?}");
        // Beside another it is one that can go.
        seen.addresses.push(address(RIP, 32, "eth0", "global"));
        let findings = super::findings(&subject, &seen);
        assert!(findings.iter().any(deletes), "{mode}: {findings:?}");
    }
}
