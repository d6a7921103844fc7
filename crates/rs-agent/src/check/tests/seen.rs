// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was read, asked about: whether an address is local, by which interface it is told, and
//! what a set-up is known by.

use lvs_host::SysctlKey;
use lvs_host::socket::Transport;

use super::super::arp_model::{Answer, Vip, leaking};
use super::super::catalogue::RULES;
use super::super::hiding::{lower_or_raise, speak_as_self};
use super::super::inward;
use super::super::seen::{Arrival, Device, Lookup, Seen};
use super::super::subject::{Port, Subject};
use super::directors::serves;
use super::{CLIENT, DIP, RIP, VIP, VIP6, address, device, findings, ip, set, sound};
use crate::ipvs::Served;
use crate::mode::Mode;
use crate::plan::Change;
use crate::request::{Request, Scope, Typed};
use crate::wanted::Wanted;

/// Interfaces that take it, that do not, and that list it; what the lookup says; and whether it
/// is local, by eth0, by eth1, and listed by eth0.
#[test]
fn what_arrives_counts_before_what_is_looked_up() {
    type Row = (Option<[&'static [&'static str]; 3]>, bool, [bool; 4]);
    let rows: &[Row] = &[
        (None, true, [true, true, true, true]),
        (None, false, [false, false, false, false]),
        (Some([&[], &[], &[]]), true, [true, true, true, false]),
        (Some([&[], &[], &["eth0"]]), false, [false, false, false, true]),
        (Some([&["eth0"], &["eth1"], &["eth0"]]), false, [true, true, false, true]),
        (Some([&["eth1"], &["eth0"], &["eth1"]]), false, [true, false, true, false]),
        (Some([&["eth0"], &[], &[]]), false, [true, true, true, false]),
        (Some([&[], &["eth0"], &[]]), true, [false, false, false, false]),
    ];
    for (arrival, local, expected) in rows {
        let (vip, mut seen) = (ip(VIP), Seen::default());
        seen.lookups.insert(vip, Some(Lookup { local: *local, ..Lookup::default() }));
        seen.arrivals.extend(arrival.map(|names| {
            let [local_by, foreign_by, listed_by] =
                names.map(|names| names.iter().map(ToString::to_string).collect());
            (vip, Arrival { local_by, foreign_by, listed_by, mute: false })
        }));
        let is = [
            seen.is_local(vip),
            seen.is_local_by(vip, "eth0"),
            seen.is_local_by(vip, "eth1"),
            seen.is_listed_by(vip, "eth0"),
        ];
        assert_eq!(is, *expected, "{arrival:?} {local}");
        let known = [Vip::of(&seen, vip)];
        let answers = known[0].answers_by(0, "eth0");
        assert_eq!(answers, (is[1] || is[3]).then_some(Answer::Open), "{arrival:?} {local}");
        assert_eq!(leaking(&seen, "eth0", &known), [vip][..usize::from(is[3])]);
    }
}

/// `arp_announce` 1 names it towards its own subnet of that interface.
#[test]
fn a_vip_is_named_towards_its_subnet() {
    for (device, text, prefix, names) in [
        ("eth0", RIP, 24, true),
        ("eth1", RIP, 24, false),
        ("eth0", "198.51.100.1", 24, false),
        ("eth0", VIP, 32, false),
        ("eth0", VIP, 31, true),
    ] {
        let (_, mut seen) = sound(Mode::Dr);
        seen.addresses = vec![address(text, prefix, device, "global")].into();
        for (value, expected) in [(0, true), (1, names), (2, false), (3, true)] {
            set(&mut seen, "net.ipv4.conf.all.arp_announce", value);
            let leaking = leaking(&seen, "eth0", &[Vip::of(&seen, ip(VIP))]);
            assert_eq!(!leaking.is_empty(), expected, "{device} {text}/{prefix} {value}");
        }
    }
}

/// The greater of `all` and the interface's own counts: what is above comes down.
#[test]
fn what_hides_too_much_comes_down() {
    let all = "sysctl -w net.ipv4.conf.all.arp_ignore=1";
    for (own, expected) in [
        (0, all.to_owned()),
        (1, all.to_owned()),
        (2, format!("{all} && sysctl -w net.ipv4.conf.eth0.arp_ignore=1")),
    ] {
        let (subject, mut seen) = sound(Mode::Dr);
        set(&mut seen, "net.ipv4.conf.eth0.arp_ignore", own);
        let steps = lower_or_raise(&subject, &seen, "eth0", 1);
        assert_eq!(steps[0].text(), expected, "{own}");
        // Above 2 `arp_announce` hides nothing.
        set(&mut seen, "net.ipv4.conf.eth0.arp_announce", own + 1);
        let expected = expected.replace("arp_ignore=1", "arp_announce=2");
        assert_eq!(speak_as_self(&seen, "eth0").text(), expected, "{own}");
    }
}

#[test]
fn a_director_has_a_service_of_the_vip() {
    let mut seen = Seen::default();
    serves(&mut seen, Served::Udp("192.0.2.10:53".parse().unwrap()), &[]);
    serves(&mut seen, Served::Mark(7), &[]);
    assert_eq!([VIP, VIP6, RIP].map(|vip| seen.directs(ip(vip))), [true, false, false]);
}

#[test]
fn a_port_has_a_protocol_or_is_one_of_tcp() {
    for (text, expected) in [
        ("80", Some((Transport::Tcp, 80))),
        ("tcp/80", Some((Transport::Tcp, 80))),
        ("udp/53", Some((Transport::Udp, 53))),
        ("udp/65535", Some((Transport::Udp, 65535))),
        ("sctp/80", None),
        ("udp/65536", None),
        ("udp/0", None),
        ("0", None),
        ("", None),
    ] {
        let port = Port::parse(text).map(|port| (port.transport, port.number));
        assert_eq!(port, expected, "{text}");
    }
}

/// Of what was journalled the settings, and the VIPs that are still of the set-up.
#[test]
fn a_set_up_is_known_by_its_changes() {
    let vips = [VIP.to_owned()];
    let request = Request::check(Mode::Dr, &Typed { vips: &vips, ..Typed::default() }).unwrap();
    let wanted = Wanted::resolve(&request, None, &Default::default()).unwrap();
    let key = SysctlKey::ipv4("all", "arp_ignore");
    let added = |text: &str| Change::Address {
        ip: ip(text),
        device: "lo".into(),
        tag: None,
        scope: Scope::Link,
        label: None,
    };
    let changes = [
        Change::Sysctl { key: key.clone(), from: Some(0), to: 1 },
        Change::Up { device: "lo".into() },
        added(VIP),
        added("192.0.2.20"),
    ];
    let subject = Subject::set_up(&wanted, &changes);
    assert_eq!(subject.written, [(key, 1)]);
    assert_eq!(subject.added, [(ip(VIP), "lo".to_owned(), Scope::Link)]);
    // What was asked for on the command line.
    let (rips, directors) = ([RIP.to_owned()], [DIP.to_owned()]);
    let typed = Typed { rips: &rips, directors: &directors, ..Typed::default() };
    let asked = |mode, typed| Subject::asked(&Request::check(mode, &typed).unwrap());
    let dr = asked(Mode::Dr, Typed { vips: &vips, also_director: true, ..typed.clone() });
    assert_eq!((dr.mode, dr.carrier.as_str(), dr.also_director), (Some(Mode::Dr), "lo", true));
    assert_eq!(
        (dr.vips.to_vec(), dr.rips, dr.directors),
        (vec![ip(VIP)], vec![ip(RIP)], vec![ip(DIP)])
    );
    let nat = asked(Mode::Nat, Typed { client: Some(CLIENT), rips: &[], ..typed });
    assert_eq!(nat.client.map(|client| client.ip), Some(ip(CLIENT)));
    // Where routes are asked for: to all that it knows.
    let all = Subject { vips: vec![ip(VIP)].into(), rips: vec![ip(RIP)], ..nat };
    assert!(all.destinations().eq([VIP, DIP, RIP, CLIENT].map(ip)));
}

#[test]
fn a_rule_is_found_by_its_name() {
    let ids = ["RS-ARP-01", "rs-arp-01", "RS-ARP-1", ""]
        .map(|id| RULES.find(id).map(|rule| rule.id.as_str()));
    assert_eq!(ids, [Some("RS-ARP-01"), Some("RS-ARP-01"), None, None]);
}

/// Directors, RIPs, addresses of eth0 and eth1, and where what the director sends comes in.
#[test]
fn the_directors_network_tells_the_interface() {
    let both = [("eth0", RIP, 24), ("eth1", "198.51.100.11", 24)];
    let single = [("eth0", RIP, 24), ("eth1", DIP, 32)];
    type Have = (&'static str, &'static str, u8);
    type Names<'a> = &'a [&'static str];
    type Row<'a> = (Names<'a>, Names<'a>, &'a [Have], Names<'a>);
    let rows: &[Row<'_>] = &[
        (&[DIP], &[], &both, &["eth0"]),
        (&["198.51.100.1"], &[RIP], &both, &["eth1"]),
        (&[DIP, "198.51.100.1"], &[RIP], &both, &["eth0", "eth1"]),
        (&[DIP], &[], &single, &["eth0"]),
        (&["203.0.113.1"], &[RIP], &both, &["eth0"]),
        (&[], &["198.51.100.11"], &both, &["eth1"]),
        (&["203.0.113.1"], &["203.0.113.11"], &both, &["eth0", "eth1"]),
    ];
    for (directors, rips, addresses, expected) in rows {
        for mode in [Mode::Dr, Mode::Tun] {
            let (mut subject, mut seen) = sound(mode);
            let ips = |texts: &[&str]| texts.iter().map(|text| ip(text)).collect();
            (subject.directors, subject.rips) = (ips(directors), ips(rips));
            seen.devices.push(device("eth1", true));
            let have = |(nic, text, prefix): &Have| address(text, *prefix, nic, "global");
            seen.addresses = addresses.iter().map(have).collect::<Vec<_>>().into();
            let names = |nics: Vec<&Device>| {
                nics.into_iter().map(|nic| nic.name.clone()).collect::<Vec<_>>()
            };
            let found = names(inward::by_ethernet(&subject, &seen));
            assert_eq!(found, *expected, "{directors:?} {rips:?}");
            if mode == Mode::Dr {
                assert_eq!(names(inward::expected(ip(VIP), &subject, &seen)), *expected);
                assert_eq!(names(inward::possible(ip(VIP), &subject, &seen)), ["eth0", "eth1"]);
            }
        }
    }
    let (subject, seen) = sound(Mode::Tun);
    let names = |nics: Vec<&Device>| nics.iter().map(|nic| nic.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(inward::expected(ip(VIP), &subject, &seen)), ["rs-ipip"]);
    assert_eq!(names(inward::possible(ip(VIP6), &subject, &seen)), ["eth0", "rs-sit"]);
    // A link without ARP, if the director or the RIP is there.
    for (director, rip) in [(Some(ip("10.8.0.1")), None), (None, Some(ip("10.8.0.11")))] {
        let (mut subject, mut seen) = sound(Mode::Dr);
        seen.devices.push(Device { kind: Some("wireguard".into()), ..device("wg0", false) });
        seen.addresses.push(address("10.8.0.11", 24, "wg0", "global"));
        subject.directors = director.into_iter().collect();
        subject.rips = rip.into_iter().collect();
        assert_eq!(names(inward::expected(ip(VIP), &subject, &seen)), ["wg0"]);
        assert_eq!(names(inward::possible(ip(VIP), &subject, &seen)), ["eth0", "wg0"]);
    }
}

/// An interface that goes up shows what is IPv4, which must be hidden first.
#[test]
fn an_interface_that_goes_up_shows_ipv4() {
    for (mode, vips, shows) in [
        (Mode::Dr, 0..2, true),
        (Mode::Dr, 1..2, false),
        (Mode::Dr, 0..1, true),
        (Mode::Nat, 0..0, false),
    ] {
        let (mut subject, mut seen) = sound(mode);
        subject.vips = subject.vips[vips.clone()].to_vec().into();
        seen.devices[1].up = false;
        let found = findings(&subject, &seen);
        let down = found.iter().find(|finding| finding.rule.id == "RS-RIP-02").unwrap();
        assert_eq!(down.remedy[0].shows, shows, "{mode} {vips:?}: {down:?}");
    }
}
