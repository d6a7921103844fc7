// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rs-agent check` says of a firewall, held to whether packets pass it.

use std::net::SocketAddr;

use lab::{Family, Host, Network, WebServer, skips};

/// A rule of iptables each, and whether a request to TCP port 80 passes.
type Row = (&'static [&'static str], bool);

const DECIDED: &[Row] = &[
    (&[], false),
    (&["-i lo -j ACCEPT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"], false),
    (&["-p tcp --dport 22 -j ACCEPT", "-p udp --dport 80 -j ACCEPT"], false),
    (&["-p tcp -m multiport --dports 22,443:8080 -j ACCEPT"], false),
    (&["-j REJECT", "-p tcp --dport 80 -j ACCEPT"], false),
    (&["-j LOG", "-p tcp --dport 80 -j ACCEPT"], true),
    (&["-p tcp -m multiport --dports 22,70:90 -j ACCEPT"], true),
    (&["-p tcp -m comment --comment \"-i lo -p udp\" -j ACCEPT"], true),
    (&["! -i lo -j ACCEPT"], true),
];

/// None of these lets the client in, and each might for all that is understood of it.
const UNDECIDED: &[&str] = &["-s 203.0.113.0/24 -j ACCEPT", "-m mark --mark 7 -j ACCEPT"];

/// Messages of RS-FW-01, and what mends them.
fn found(server: &Host, options: &str) -> Vec<(String, String)> {
    let output = server.sh(&format!("rs-agent check --rule RS-FW-01 --json {options}"));
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(report["unread"], serde_json::json!([]), "{output:?}");
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(output.status, if findings.is_empty() { 0 } else { 3 }, "{output:?}");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    findings.iter().map(|it| (text(&it["message"]), text(&it["remedy"][0]))).collect()
}

/// A set-up real server behind a director, and what its firewall is called.
struct Site {
    network: Network,
    service: SocketAddr,
    program: &'static str,
    _web: WebServer,
}

impl Site {
    fn new(network: Network, family: Family, director: &str, setup: &str) -> Self {
        let server = &network.servers[0];
        let addresses = network.addresses(family);
        let service = SocketAddr::from((addresses.vip, 80));
        let rip = SocketAddr::from((addresses.rips[0], 80));
        network.director_takes_vip(family);
        network.director.must(&format!(
            "rsctl add-service -t {service} -s rr && \
             rsctl add-server -t {service} -r {rip} {director}"
        ));
        server.must(&format!("rs-agent setup --vip {} {setup}", addresses.vip));
        let program = match family {
            Family::Ipv4 => "iptables-legacy",
            Family::Ipv6 => "ip6tables-legacy",
        };
        Self { service, program, _web: WebServer::start(server, 80), network }
    }

    fn server(&self) -> &Host {
        &self.network.servers[0]
    }

    fn passes(&self) -> bool {
        self.network.client.get(self.service, 1).remove(0).is_ok()
    }

    /// The policy is to drop, but for these; neighbours are found all the same.
    fn firewall(&self, rules: &[&str]) {
        self.firewall_with("DROP", rules);
    }

    fn firewall_with(&self, policy: &str, rules: &[&str]) {
        let program = self.program;
        let mut command = format!("{program} -F INPUT && {program} -P INPUT {policy}");
        if program.starts_with("ip6") {
            command += &format!(" && {program} -A INPUT -p ipv6-icmp -j ACCEPT");
        }
        for rule in rules {
            command += &format!(" && {program} -A INPUT {rule}");
        }
        self.server().must(&command);
    }
}

#[test]
fn what_is_said_of_a_firewall_is_what_it_does() {
    if skips("iptable_filter") {
        return;
    }
    for family in Family::BOTH {
        let site = Site::new(Network::direct_routing(1), family, "--mode dr", "--mode dr");
        assert!(site.passes() && found(site.server(), "--port 80").is_empty(), "no firewall");
        // The same reading for both families: of the second a few rows.
        let every = if family == Family::Ipv4 { 1 } else { 4 };
        for (rules, passes) in DECIDED.iter().step_by(every) {
            site.firewall(rules);
            let found = found(site.server(), "--port 80");
            assert_eq!(site.passes(), *passes, "{rules:?}: {found:?}");
            assert_eq!(found.is_empty(), *passes, "{rules:?}: {found:?}");
        }
        for rule in UNDECIDED.iter().filter(|_| family == Family::Ipv4) {
            site.firewall(&[rule]);
            assert!(!site.passes() && found(site.server(), "--port 80").is_empty(), "{rule}");
        }
        // What leaves INPUT comes to the policy before the last rule.
        for (rule, passes) in [("--dport 80 -j RETURN", true), ("--dport 81 -j RETURN", false)] {
            site.firewall_with("ACCEPT", &[&format!("-p tcp {rule}"), "-j DROP"]);
            assert_eq!(site.passes(), passes, "{rule}");
            assert_eq!(found(site.server(), "--port 80").is_empty(), passes, "{rule}");
        }
        // What mends it does.
        site.firewall(&[]);
        let (message, mend) = found(site.server(), "--port 80").remove(0);
        assert_eq!(message, format!("the firewall accepts no tcp/80 for {}", site.service.ip()));
        site.server().must(&mend);
        assert!(found(site.server(), "--port 80").is_empty(), "{mend}");
        // Answers need no rule: nothing drops them.
        assert!(site.passes(), "{mend}");
        // Not asked about, nothing is said.
        site.firewall(&[]);
        assert!(found(site.server(), "").is_empty(), "without --port");
    }
}

#[test]
fn an_envelope_and_what_is_in_it_have_to_pass() {
    if skips("iptable_filter") {
        return;
    }
    for (director, setup, outer) in [
        ("--mode tun", "--mode tun", "packets of protocol 4"),
        ("--mode tun --tun-type gre", "--mode tun --tunnel gre", "packets of protocol 47"),
        (
            "--mode tun --tun-type gue --tun-port 6080",
            "--mode tun --tunnel gue --tunnel-port 6080",
            "GUE on UDP port 6080",
        ),
    ] {
        let site = Site::new(Network::tunnel(1), Family::Ipv4, director, setup);
        assert!(site.passes(), "{setup}: no firewall");
        site.firewall(&["-p tcp --dport 80 -j ACCEPT"]);
        assert!(!site.passes(), "{setup}");
        let of_outer = found(site.server(), "--port 80");
        assert_eq!(of_outer.len(), 1, "{of_outer:?}");
        assert!(of_outer[0].0.contains(outer), "{of_outer:?}");

        // Of that name, and yet another protocol.
        if outer == "packets of protocol 4" {
            site.firewall(&["-p ipip -j ACCEPT"]);
            assert_eq!(found(site.server(), "").len(), 1, "{setup}");
            assert!(!site.passes(), "{setup}");
            let text = site.server().sh("rs-agent check --rule RS-FW-01").stdout;
            assert!(text.contains("-p ipip is protocol 94"), "{text}");
        }
        site.firewall(&[]);
        site.server().must(&of_outer[0].1);
        let of_inner = found(site.server(), "--port 80");
        assert!(of_inner.len() == 1 && of_inner[0].0.contains("no tcp/80"), "{of_inner:?}");
        assert!(!site.passes(), "{setup}");
        site.server().must(&of_inner[0].1);
        assert!(site.passes() && found(site.server(), "--port 80").is_empty(), "{setup}");
    }
}

#[test]
fn who_may_not_read_a_firewall_is_told() {
    if skips("iptable_filter") {
        return;
    }
    let site = Site::new(Network::direct_routing(1), Family::Ipv4, "--mode dr", "--mode dr");
    site.firewall(&[]);
    let check = "rs-agent check --rule RS-FW-01";
    // Of root's group, who may read which tables there are but not what is in them; and of none.
    for (group, unread) in [
        ("--regid=0", "read:   the rules of iptables: iptables-legacy-save: "),
        ("--regid=65534", "read:   /proc/thread-self/net/ip_tables_names: Permission denied"),
    ] {
        let nobody = format!("setpriv --reuid=65534 {group} --clear-groups {check}");
        let output = site.server().sh(&format!("{nobody} --port 80"));
        assert_eq!(output.status, 5, "{output:?}");
        assert!(output.stdout.starts_with("unread: RS-FW-01: "), "{output:?}");
        assert!(output.stdout.contains(unread), "{output:?}");
        // Where nothing depends on it, nobody is told.
        assert_eq!(site.server().sh(&nobody).stderr, "");
    }
    // One that never answers is waited for so long, and then ended.
    let (hangs, program) =
        ("#!/bin/sh\nexec sleep 7654321\n", "$(command -v iptables-legacy-save)");
    site.server().must(&format!(
        "printf '{hangs}' >/run/hangs && chmod +x /run/hangs && mount --bind /run/hangs {program}"
    ));
    let output = site.server().sh(&format!("{check} --port 80"));
    let unread = "read:   the rules of iptables: iptables-legacy-save: did not end within 10 s\n";
    assert!(output.status == 5 && output.stdout.contains(unread), "{output:?}");
    assert_ne!(site.server().sh("grep -lsa '[7]654321' /proc/[0-9]*/cmdline").status, 0);
}
