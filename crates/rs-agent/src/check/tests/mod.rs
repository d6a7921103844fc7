// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each rule as a table: a sound host, one disturbance, and the rule that must speak.

mod change;
mod directors;
mod doubts;
mod edges;
mod golden;
mod managers;
mod placed;
mod ports;
mod reach;
mod remedies;
mod replies;
mod rows;
mod seen;
mod steps;
mod tunnels;

use std::net::IpAddr;

use lvs_check::Finding;
use lvs_host::SysctlKey;

use super::catalogue::RULES;
use super::findings;
use super::seen::{Address, Device, Ends, Lookup, Route, Seen};
use super::subject::Subject;
use crate::mode::Mode;
use directors::DIRECTORS;
use doubts::DOUBTS;
use edges::EDGES;
use managers::MANAGERS;
use placed::PLACED;
use ports::PORTS;
use reach::REACH;
use replies::REPLIES;
use rows::{HOST, Row};
use tunnels::TUNNELS;

const VIP: &str = "192.0.2.10";
const VIP6: &str = "2001:db8::10";
const RIP: &str = "192.0.2.11";
const DIP: &str = "192.0.2.1";
const ROUTER: &str = "192.0.2.254";
const CLIENT: &str = "198.51.100.7";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn device(name: &str, arp: bool) -> Device {
    Device { name: name.into(), up: true, carrier: true, arp, mtu: 1500, ..Device::default() }
}

fn address(ip_text: &str, prefix: u8, device: &str, scope: &str) -> Address {
    let preferred = if ip_text == VIP6 { 0 } else { u32::MAX };
    Address { preferred, ..Address::new(device, ip(ip_text), prefix, scope) }
}

fn lookup(gateway: Option<&str>, device: &str) -> Option<Lookup> {
    let gateway = gateway.map(ip);
    Some(Lookup { gateway, device: Some(device.into()), ..Lookup::default() })
}

fn set(seen: &mut Seen, key: &str, value: i32) {
    seen.sysctls.insert(key.parse().unwrap(), value);
}

/// A real server of that mode as `rs-agent setup` leaves it, and what it is held against.
fn sound(mode: Mode) -> (Subject, Seen) {
    let (nat, tun) = (mode == Mode::Nat, mode == Mode::Tun);
    let subject = Subject {
        mode: Some(mode),
        vips: if nat { vec![] } else { vec![ip(VIP), ip(VIP6)] }.into(),
        rips: vec![ip(RIP)],
        directors: vec![ip(DIP)],
        carrier: "lo".into(),
        ..Subject::default()
    };
    let addresses = vec![address("127.0.0.1", 8, "lo", "host"), address(RIP, 24, "eth0", "global")];
    let devices = vec![device("lo", false), device("eth0", true)];
    let mut seen = Seen { devices: devices.into(), addresses: addresses.into(), ..Seen::default() };
    let gateway = if nat { DIP } else { ROUTER };
    for (destination, prefix, gateways) in [
        ("0.0.0.0", 0, vec![ip(gateway)]),
        ("::", 0, vec![ip("fe80::1")]),
        ("192.0.2.0", 24, vec![]),
    ] {
        seen.routes.push(Route {
            gateways,
            devices: vec!["eth0".into()],
            advmss: tun.then_some(1300),
            ..Route::new(ip(destination), prefix)
        });
    }
    seen.lookups.insert(ip(DIP), lookup(None, "eth0"));
    seen.lookups.insert(ip(CLIENT), lookup(Some(gateway), "eth0"));
    let devices = ["all", "default", "lo", "eth0"];
    for name in devices {
        seen.sysctls.insert(SysctlKey::ipv6(name, "disable_ipv6"), 0);
    }
    if nat {
        return (subject, seen);
    }
    set(&mut seen, "net.ipv4.conf.all.arp_ignore", 1);
    set(&mut seen, "net.ipv4.conf.all.arp_announce", 2);
    let (v4, v6) = if tun { ("rs-ipip", "rs-sit") } else { ("lo", "lo") };
    if tun {
        for (name, kind, protocol) in [("rs-ipip", "ipip", 4), ("rs-sit", "sit", 41)] {
            let ends = Ends {
                local: Some(ip(RIP)),
                remote: Some(ip(DIP)),
                protocol: Some(protocol),
                ..Ends::default()
            };
            let kind = Some(kind.to_owned());
            seen.devices.push(Device { kind, ends: Some(ends), ..device(name, false) });
            set(&mut seen, &format!("net.ipv4.conf.{name}.rp_filter"), 2);
            seen.sysctls.insert(SysctlKey::ipv6(name, "disable_ipv6"), 0);
        }
    }
    seen.addresses.push(address(VIP, 32, v4, "host"));
    seen.addresses.push(address(VIP6, 128, v6, "global"));
    for vip in [VIP, VIP6] {
        seen.lookups.insert(ip(vip), Some(Lookup { local: true, ..Lookup::default() }));
    }
    (subject, seen)
}

#[test]
fn a_sound_host_has_no_finding() {
    for mode in [Mode::Dr, Mode::Tun, Mode::Nat] {
        let (subject, seen) = sound(mode);
        assert_eq!(findings(&subject, &seen), [], "{mode}");
    }
}

fn disturbed() -> impl Iterator<Item = &'static Row> {
    [HOST, EDGES, PLACED, MANAGERS, TUNNELS, DOUBTS, PORTS, DIRECTORS, REPLIES, REACH]
        .into_iter()
        .flatten()
}

fn brief(finding: &Finding) -> String {
    format!("{} {}", finding.rule.id, finding.severity)
}

#[test]
fn each_disturbance_is_found_and_nothing_else() {
    let mut wrong = Vec::new();
    for (row, (mode, disturb, expected)) in disturbed().enumerate() {
        let (mut subject, mut seen) = sound(*mode);
        disturb(&mut subject, &mut seen);
        let found = findings(&subject, &seen);
        let briefs: Vec<String> = found.iter().map(brief).collect();
        if briefs != *expected {
            wrong.push((row, mode, expected, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_rule_has_a_row_for_each_severity_and_says_all() {
    for rule in RULES.iter() {
        for severity in rule.severities {
            let id = format!("{} {severity}", rule.id);
            // An error or a warning by how much the interface matters: one row is enough.
            let other = ["RS-ARP-02 warning", "RS-ARP-04 warning", "RS-ARP-06 warning"];
            let row = disturbed().any(|(_, _, expected)| expected.contains(&id.as_str()));
            assert!(
                row || other.contains(&id.as_str()) || id == "RS-TUN-08 info",
                "no row for {id}"
            );
        }
    }
    for (mode, disturb, _) in disturbed() {
        let (mut subject, mut seen) = sound(*mode);
        disturb(&mut subject, &mut seen);
        for finding in findings(&subject, &seen) {
            assert!(RULES.iter().any(|rule| rule == finding.rule), "{finding:?}");
            assert!(finding.rule.severities.contains(&finding.severity), "{finding:?}");
            assert!(!finding.read.is_empty() && !finding.remedy.is_empty(), "{finding:?}");
        }
    }
}

#[test]
fn the_page_is_the_catalogue() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/checks.md");
    let page = std::fs::read_to_string(path).unwrap();
    let wrong = lvs_check::page::wrong_rows(&page, RULES);
    assert!(wrong.is_none(), "docs/checks.md must have these rows:\n{}", wrong.unwrap());
}
