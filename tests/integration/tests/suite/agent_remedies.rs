// SPDX-License-Identifier: MIT OR Apache-2.0

//! Who runs the remedies of `rs-agent check` in the order in which they are printed ends with
//! a sound host, and at no moment does that host claim a VIP that it did not claim before:
//! for each disturbance, and for pairs of them that meet in a setting, a device or a VIP.

use std::collections::BTreeSet;

use crate::agent::share;
use crate::agent_probes::{Site, VIPS};

/// What it is called, and commands that bring it about on a sound host.
type Disturbance = (&'static str, &'static str);

#[rustfmt::skip] // a table
const ARP: &[Disturbance] = &[
    ("arp_ignore 0", "sysctl -qw net.ipv4.conf.all.arp_ignore=0"),
    ("arp_ignore on lo", "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.lo.arp_ignore=1"),
    ("arp_ignore 3", "sysctl -qw net.ipv4.conf.eth0.arp_ignore=3"),
    ("arp_ignore 8", "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8"),
    ("arp_ignore 9", "sysctl -qw net.ipv4.conf.all.arp_ignore=9"),
    ("arp_ignore of eth0", "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.eth0.arp_ignore=2"),
    ("arp_announce 1", "sysctl -qw net.ipv4.conf.all.arp_announce=1"),
    ("arp_announce of eth0", "sysctl -qw net.ipv4.conf.all.arp_announce=0 net.ipv4.conf.eth0.arp_announce=3"),
];

#[rustfmt::skip] // a table
const VIP: &[Disturbance] = &[
    ("missing", "ip addr flush to 192.0.2.10 dev lo"),
    ("scope global", "ip addr flush to 192.0.2.10 dev lo && ip addr add 192.0.2.10/32 dev lo"),
    ("wide", "ip addr flush to 192.0.2.10 dev lo && ip addr add 192.0.2.10/24 dev lo scope host"),
    ("on eth0", "ip addr flush to 192.0.2.10 dev lo && ip addr add 192.0.2.10/32 dev eth0 scope host"),
    ("on eth0 too", "ip addr add 192.0.2.10/24 dev eth0"),
    ("another on eth0", "ip addr flush to 203.0.113.10 dev lo && ip addr add 203.0.113.10/32 dev eth0 scope host"),
    ("all on eth0", "ip addr flush to 192.0.2.10 dev lo; ip addr flush to 203.0.113.10 dev lo; ip addr add 192.0.2.10/32 dev eth0; ip addr add 203.0.113.10/32 dev eth0"),
    ("by a route", "ip addr flush to 192.0.2.10 dev lo && ip route replace local 192.0.2.10/32 dev lo"),
];

#[rustfmt::skip] // a table
const IPV6: &[Disturbance] = &[
    ("missing", "ip addr flush to 2001:db8:2::10 dev lo"),
    ("wide", "ip addr flush to 2001:db8:2::10 dev lo && ip addr add 2001:db8:2::10/64 dev lo nodad"),
    ("on eth0", "ip addr flush to 2001:db8:2::10 dev lo && ip addr add 2001:db8:2::10/128 dev eth0 nodad"),
    ("tentative", "sysctl -qw net.ipv6.conf.eth0.accept_dad=1 && ip addr add 2001:db8:2::10/64 dev eth0"),
    ("proxy", "ip -6 neigh add proxy 2001:db8:2::10 dev eth0"),
    ("lo down", "ip link set lo down"),
    ("off on lo", "sysctl -qw net.ipv6.conf.lo.disable_ipv6=1"),
];

#[rustfmt::skip] // a table
const TUNNEL: &[Disturbance] = &[
    ("strict", "sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.rs-ipip.rp_filter=0"),
    ("VIPs on lo", "ip addr flush to 192.0.2.10 dev rs-ipip && ip addr flush to 203.0.113.10 dev rs-ipip && ip addr add 192.0.2.10/32 dev lo scope host && ip addr add 203.0.113.10/32 dev lo scope host"),
    ("no ipip", "ip link del rs-ipip"),
    ("no sit", "ip link del rs-sit"),
    ("ipip down", "ip link set rs-ipip down"),
    ("sit down", "ip link set rs-sit down"),
    ("other ends", "ip link set rs-ipip type ipip remote 192.0.2.2"),
];

#[rustfmt::skip] // a table
const TUNNEL_VIP: &[Disturbance] = &[
    ("missing", "ip addr flush to 192.0.2.10"),
    ("on eth0", "ip addr flush to 192.0.2.10; ip addr add 192.0.2.10/32 dev eth0 scope host"),
    ("IPv6 on eth0", "ip addr flush to 2001:db8:2::10; ip addr add 2001:db8:2::10/128 dev eth0 nodad"),
    ("wide", "ip addr add 192.0.2.10/24 dev rs-ipip scope host"),
    ("shown", "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0"),
    ("arp_ignore 8", "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8"),
];

/// What the host is held against, and the commands that make it so.
struct Mode {
    options: &'static str,
    make: &'static str,
}

const DR: Mode = Mode {
    options: "--mode dr",
    make: "addr add 192.0.2.10/32 dev lo scope host\n\
           addr add 203.0.113.10/32 dev lo scope host\n\
           addr add 2001:db8:2::10/128 dev lo nodad preferred_lft 0\n",
};

const TUN: Mode = Mode {
    options: "--mode tun --rip 192.0.2.11 --director 192.0.2.1",
    make: "link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1\n\
           link add rs-sit type sit mode ip6ip local 192.0.2.11 remote 192.0.2.1\n\
           link set rs-ipip up\n\
           link set rs-sit up\n\
           addr add 192.0.2.10/32 dev rs-ipip scope host\n\
           addr add 203.0.113.10/32 dev rs-ipip scope host\n\
           addr add 2001:db8:2::10/128 dev rs-sit nodad preferred_lft 0\n",
};

/// Takes all VIPs away, and what disturbances left.
const CLEAN: &str = "link del rs-ipip\n\
                     link del rs-sit\n\
                     link set lo up\n\
                     addr flush to 192.0.2.10 dev lo\n\
                     addr flush to 203.0.113.10 dev lo\n\
                     addr flush to 2001:db8:2::10 dev lo\n\
                     addr flush to 192.0.2.10 dev eth0\n\
                     addr flush to 203.0.113.10 dev eth0\n\
                     addr flush to 2001:db8:2::10 dev eth0\n\
                     route del local 192.0.2.10/32 dev lo\n\
                     neigh del proxy 2001:db8:2::10 dev eth0\n";

/// So that nothing is said of clients elsewhere.
const ROUTES: &str = "route replace default via 192.0.2.254 advmss 1300\n\
                      route replace default via 2001:db8:2::254 advmss 1300\n";

const SETTINGS: &[(&str, &str)] = &[
    ("ipv4/conf/all/arp_ignore", "1"),
    ("ipv4/conf/all/arp_announce", "2"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "1"),
    ("ipv4/conf/eth0/arp_ignore", "0"),
    ("ipv4/conf/eth0/arp_announce", "0"),
    ("ipv4/conf/lo/arp_ignore", "0"),
    ("ipv6/conf/lo/disable_ipv6", "0"),
    ("ipv6/conf/eth0/accept_dad", "0"),
];

/// Of a report: its findings, and what to run in that order.
struct Report {
    rules: BTreeSet<String>,
    bad: BTreeSet<String>,
    text: String,
    commands: Vec<String>,
}

/// What the words of a step come to, where a human would decide so.
fn decided(words: &str) -> Option<&str> {
    words.strip_prefix("if nobody else needs ")?.split_once(": ").map(|(_, command)| command)
}

fn check(site: &Site, mode: &Mode) -> Report {
    let output =
        site.server().sh(&format!("exec rs-agent check --json --vip {VIPS} {}", mode.options));
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings").iter();
    let remedies = report["remedies"].as_array().expect("remedies").iter();
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let of = |bad: bool| {
        let wanted = |it: &&serde_json::Value| !bad || it["severity"] != "info";
        findings.clone().filter(wanted).map(|it| text(&it["rule"])).collect()
    };
    let command = |step: &serde_json::Value| match step["command"].as_str() {
        Some(command) => Some(command.to_owned()),
        None => decided(step["words"].as_str().expect("words")).map(str::to_owned),
    };
    Report {
        rules: of(false),
        bad: of(true),
        text: output.stdout,
        commands: remedies.filter_map(command).collect(),
    }
}

/// Makes the host sound, whatever it was, and forgets what was heard meanwhile.
fn sound(site: &Site, mode: &Mode) {
    let server = site.server();
    server.feed("ip -force -batch - 2>/dev/null; true", CLEAN);
    let make = || {
        for (key, value) in SETTINGS {
            std::fs::write(format!("/proc/sys/net/{key}"), value).expect(key);
        }
    };
    server.enter(make);
    let made = server.feed("ip -batch -", &(ROUTES.to_owned() + mode.make));
    assert_eq!(made.status, 0, "{made:?}");
    if mode.make.contains("rs-ipip") {
        let loose = || std::fs::write("/proc/sys/net/ipv4/conf/rs-ipip/rp_filter", "2");
        server.enter(loose).expect("a setting");
    }
    heard(site);
}

/// What the host claims now.
fn heard(site: &Site) -> BTreeSet<String> {
    let of = |device: &str| {
        let path = format!("/proc/sys/net/ipv4/conf/{device}/arp_ignore");
        let value = site.server().enter(|| std::fs::read_to_string(path)).expect("a setting");
        value.trim().parse::<i32>().expect("a number")
    };
    site.watch.look_at(of("eth0").max(of("all")) == 8);
    site.watch.claims().into_iter().collect()
}

/// Disturbs a sound host and runs the remedies. What was wrong with that.
fn remedied(site: &Site, mode: &Mode, disturb: &[Disturbance]) -> Option<String> {
    let names: Vec<&str> = disturb.iter().map(|(name, _)| *name).collect();
    let story = format!("{} {}", mode.options, names.join(" + "));
    sound(site, mode);
    for (_, command) in disturb {
        // Two of them may be about the same address.
        site.server().sh(command);
    }
    let before = check(site, mode);
    // Such a value or such a scope is no fault alone.
    if before.rules.is_empty() && !["arp_ignore 3", "scope global"].contains(&names[0]) {
        return Some(format!("{story}: nothing is found"));
    }
    // What was claimed on the way to this is over.
    heard(site);
    let mut allowed: BTreeSet<String> = (0..3).flat_map(|_| heard(site)).collect();
    for command in &before.commands {
        let done = site.server().sh(command);
        let said = heard(site);
        if done.status != 0 || !said.is_subset(&allowed) {
            let all = before.commands.join("\n");
            return Some(format!("{story}: {command}: {done:?}, {said:?}, of\n{all}"));
        }
        // Whom it asks for in the name of a VIP depends on whom it knows just then.
        if allowed.iter().any(|claim| !claim.contains("request")) {
            let now = heard(site);
            allowed.retain(|claim| claim.contains("request") || now.contains(claim));
        }
    }
    let after = check(site, mode);
    heard(site);
    let claims = heard(site);
    let left: Vec<&String> = after.rules.intersection(&before.rules).collect();
    // What no command can know is left: none of these disturbances is of that kind.
    (!left.is_empty() || !after.bad.is_empty() || !claims.is_empty()).then(|| {
        let all = before.commands.join("\n");
        format!("{story}: {left:?} {claims:?} after\n{all}\n{}", after.text)
    })
}

/// Each alone, and on this kernel its share of all pairs of one of each group.
fn all_remedied(mode: &Mode, first: &[Disturbance], second: &[Disturbance]) {
    let site = Site::new();
    let mut tries: Vec<Vec<Disturbance>> =
        first.iter().chain(second).map(|one| vec![*one]).collect();
    // Of a share each still meets every other one.
    let places = (0..first.len()).flat_map(|one| (0..second.len()).map(move |other| (one, other)));
    let pairs = places.map(|(one, other)| vec![first[one], second[(one + other) % second.len()]]);
    tries.extend(share(pairs));
    let wrong: Vec<String> =
        tries.iter().filter_map(|disturb| remedied(&site, mode, disturb)).collect();
    assert!(wrong.is_empty(), "{} of {}: {}", wrong.len(), tries.len(), wrong.join("\n"));
}

#[test]
fn remedies_for_arp_and_vips_show_nothing() {
    all_remedied(&DR, ARP, VIP);
}

#[test]
fn remedies_for_ipv6_vips_show_nothing() {
    all_remedied(&DR, &IPV6[..4], &IPV6[4..]);
}

#[test]
fn remedies_for_tunnels_show_nothing() {
    all_remedied(&TUN, TUNNEL, TUNNEL_VIP);
}
