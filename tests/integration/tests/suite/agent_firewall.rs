// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rs-agent check` says of a firewall, held to whether packets pass it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

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

/// Tables, and a rule each, or a chain with its policy.
type Rules = &'static [(&'static str, &'static str)];

/// Tables and rules behind which all else is accepted, and whether a request to TCP port 80
/// passes; those that it passes may be `unread` all the same.
#[rustfmt::skip] // a table
const OPEN: &[(Rules, bool, Option<&str>)] = &[
    (&[("filter", "INPUT -d 192.0.2.10 -j DROP")], false, Some("error")),
    (&[("filter", "INPUT -d 192.0.2.9 -j DROP"), ("filter", "INPUT -p tcp --dport 81 -j DROP")], true, None),
    (&[("filter", "INPUT -p tcp --dport 80 -m comment --comment -lo -j REJECT")], false, Some("error")),
    (&[("filter", "INPUT -p tcp -j WEB"), ("filter", "WEB -p udp -j ACCEPT"),
       ("filter", "WEB -j LOG"), ("filter", "WEB -j REJECT")], false, Some("error")),
    (&[("raw", "PREROUTING -p tcp -j NOTRACK"), ("mangle", "PREROUTING -j MARK --set-mark 1"),
       ("nat", "PREROUTING -p udp -j REDIRECT"), ("filter", "INPUT -p tcp -j DROP")], false, Some("error")),
    (&[("raw", "PREROUTING -d 192.0.2.10 -j DROP")], false, Some("error")),
    (&[("mangle", "INPUT -p tcp --dport 80 -j DROP"), ("filter", "INPUT -p tcp --dport 80 -j DROP")], false, Some("error")),
    // The first packet passes, and no other.
    (&[("filter", "INPUT -p tcp -m conntrack --ctstate ESTABLISHED -j DROP")], false, Some("error")),
    (&[("filter", "INPUT -m conntrack --ctstate INVALID -j DROP"),
       ("filter", "INPUT -p tcp ! --syn -m conntrack --ctstate NEW -j DROP"),
       ("filter", "INPUT -p tcp --tcp-flags ALL NONE -j DROP"),
       ("filter", "INPUT -m addrtype --dst-type LOCAL -j RETURN"), ("filter", "INPUT -j DROP")], true, None),
    (&[("raw", "PREROUTING -p tcp -j CT --notrack"),
       ("filter", "INPUT -p tcp -m conntrack --ctstate NEW -j DROP")], true, None),
    (&[("raw", "PREROUTING -m conntrack --ctstate INVALID -p tcp -j DROP")], false, Some("error")),
    // Whether it is for this client nobody knows.
    (&[("filter", "INPUT -s 203.0.113.0/24 -j DROP")], true, Some("unread")),
    (&[("filter", "INPUT -s 192.0.2.100 -j DROP")], false, Some("unread")),
    (&[("filter", "INPUT -p tcp -m recent --set --name x -j DROP")], false, Some("unread")),
    (&[("nat", "PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 80"),
       ("filter", "INPUT -d 192.0.2.10 -j DROP")], true, Some("unread")),
    // Table nat sees the first packet of a connection, if connections are tracked.
    (&[("nat", ":INPUT DROP"), ("filter", "INPUT -m conntrack --ctstate INVALID -j DROP")], false, Some("error")),
    (&[("nat", ":PREROUTING DROP"), ("filter", "INPUT -m state --state INVALID -j DROP")], false, Some("error")),
    (&[("nat", ":PREROUTING DROP"),
       ("nat", "PREROUTING -p tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT")], true, None),
    (&[("nat", ":PREROUTING DROP"), ("raw", "PREROUTING -p tcp -j CT --notrack"), ("raw", "OUTPUT -p tcp -j CT --notrack"),
       ("filter", "INPUT -m conntrack --ctstate INVALID -j DROP")], true, None),
    (&[("nat", ":PREROUTING DROP")], true, Some("unread")),
    (&[("nat", ":INPUT DROP"), ("raw", "OUTPUT -p udp -j CT --notrack")], true, Some("unread")),
    (&[("nat", ":INPUT DROP"), ("nat", "PREROUTING -p udp -j REDIRECT")], false, Some("error")),
    (&[("nat", "PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 80"),
       ("filter", "INPUT -m conntrack --ctstate DNAT,SNAT -j DROP")], true, None),
    // These decide nothing.
    (&[("mangle", "PREROUTING -j TEE --gateway 192.0.2.99"),
       ("mangle", "PREROUTING -p tcp -j TCPOPTSTRIP --strip-options timestamp")], true, None),
];

/// Severity, message and remedy of each finding of RS-FW-01.
fn judged(server: &Host, options: &str) -> Vec<(String, String, Vec<String>)> {
    let output = server.sh(&format!("rs-agent check --rule RS-FW-01 --json {options}"));
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(report["unread"], serde_json::json!([]), "{output:?}");
    let findings = report["findings"].as_array().expect("findings");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let steps = |it: &serde_json::Value| it.as_array().expect("a list").iter().map(text).collect();
    let found = findings
        .iter()
        .map(|it| (text(&it["severity"]), text(&it["message"]), steps(&it["remedy"])));
    let found: Vec<_> = found.collect();
    let worst = found.first().map_or("", |(severity, ..)| severity);
    let status =
        [("", 0), ("error", 4), ("unread", 5)].into_iter().find(|(word, _)| *word == worst);
    assert_eq!(Some(output.status), status.map(|(_, status)| status), "{output:?}");
    found
}

/// Messages of RS-FW-01, and what remedies them, where all are errors.
fn found(server: &Host, options: &str) -> Vec<(String, String)> {
    let found = judged(server, options);
    assert!(found.iter().all(|(severity, ..)| severity == "error"), "{found:?}");
    found.into_iter().map(|(_, message, mut steps)| (message, steps.remove(0))).collect()
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

    /// The same, with less patience where it should not.
    fn passes_as(&self, expected: bool) -> bool {
        if expected {
            return self.passes();
        }
        let patience = Duration::from_millis(500);
        let ask = || -> std::io::Result<usize> {
            let mut stream = TcpStream::connect_timeout(&self.service, patience)?;
            stream.set_read_timeout(Some(patience))?;
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
            stream.read(&mut [0])
        };
        self.network.client.enter(ask).is_ok_and(|read| read > 0)
    }

    /// The policy is to drop, but for these; neighbours are found all the same.
    fn firewall(&self, rules: &[&str]) {
        self.firewall_with("DROP", rules);
    }

    /// All tables anew: these rules, and policies to accept.
    fn tables(&self, rules: &[(&str, &str)]) {
        let mut text = String::new();
        for table in ["raw", "mangle", "nat", "filter"] {
            text += &format!("*{table}\n:WEB - [0:0]\n");
            for hook in ["PREROUTING", "INPUT"] {
                if (table, hook) != ("raw", "INPUT") && (table, hook) != ("filter", "PREROUTING") {
                    text += &format!(":{hook} ACCEPT [0:0]\n");
                }
            }
            for (_, rule) in rules.iter().filter(|(of, _)| *of == table) {
                // What is said last of a policy holds.
                text += &match rule.strip_prefix(':') {
                    Some(policy) => format!(":{policy} [0:0]\n"),
                    None => format!("-A {rule}\n"),
                };
            }
            text += "COMMIT\n";
        }
        self.server().must(&format!("{}-restore <<'END'\n{text}END", self.program));
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

/// The web server ends by an IPv6 connection of its own, which a firewall would let it try for
/// two minutes.
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
            assert_eq!(site.passes_as(*passes), *passes, "{rules:?}: {found:?}");
            assert_eq!(found.is_empty(), *passes, "{rules:?}: {found:?}");
        }
        for rule in UNDECIDED.iter().filter(|_| family == Family::Ipv4) {
            site.firewall(&[rule]);
            let judged = judged(site.server(), "--port 80");
            assert!(!site.passes_as(false) && judged[0].0 == "unread", "{rule}: {judged:?}");
        }
        // What leaves INPUT comes to the policy before the last rule.
        for (rule, passes) in [("--dport 80 -j RETURN", true), ("--dport 81 -j RETURN", false)] {
            site.firewall_with("ACCEPT", &[&format!("-p tcp {rule}"), "-j DROP"]);
            assert_eq!(site.passes_as(passes), passes, "{rule}");
            assert_eq!(found(site.server(), "--port 80").is_empty(), passes, "{rule}");
        }
        // What is said to help does.
        site.firewall(&[]);
        let (message, remedy) = found(site.server(), "--port 80").remove(0);
        assert_eq!(message, format!("the firewall accepts no tcp/80 for {}", site.service.ip()));
        site.server().must(&remedy);
        assert!(found(site.server(), "--port 80").is_empty(), "{remedy}");
        // Answers need no rule: nothing drops them.
        assert!(site.passes(), "{remedy}");
        // Where nobody asked about a port, only what is dropped at every one is told.
        let told = |rules: &[&str]| {
            site.firewall(rules);
            found(site.server(), "").into_iter().map(|(message, _)| message).collect::<Vec<_>>()
        };
        let none = format!("the firewall accepts no packets for {}", site.service.ip());
        assert_eq!(told(&["-p icmp -j ACCEPT"]), [none]);
        assert!(told(&["-p tcp --dport 80 -j ACCEPT"]).is_empty());
    }
}

#[test]
fn an_error_is_what_no_client_passes() {
    if skips("iptable_filter") {
        return;
    }
    let site = Site::new(Network::direct_routing(1), Family::Ipv4, "--mode dr", "--mode dr");
    for (rules, passes, severity) in OPEN {
        site.tables(rules);
        let judged = judged(site.server(), "--port 80");
        assert_eq!(site.passes_as(*passes), *passes, "{rules:?}: {judged:?}");
        let severities: Vec<&str> = judged.iter().map(|(severity, ..)| severity.as_str()).collect();
        assert_eq!(
            severities,
            severity.iter().copied().collect::<Vec<_>>(),
            "{rules:?}: {judged:?}"
        );
        for (_, _, steps) in judged.iter().filter(|_| *severity == Some("error")) {
            steps.iter().for_each(|step| drop(site.server().must(step)));
            assert!(
                found(site.server(), "--port 80").is_empty() && site.passes(),
                "{rules:?}: {steps:?}"
            );
        }
    }
    // Who is asked about is known.
    site.tables(&[("filter", "INPUT -s 203.0.113.0/24 -j DROP")]);
    assert!(judged(site.server(), "--port 80 --client 198.51.100.0/24").is_empty());
    assert_eq!(found(site.server(), "--port 80 --client 203.0.113.7").len(), 1);
}

/// Without it the director asks for ever who has the RIP.
#[test]
fn neighbours_have_to_be_heard() {
    if skips("ip6table_filter") {
        return;
    }
    let site = Site::new(Network::direct_routing(1), Family::Ipv6, "--mode dr", "--mode dr");
    let rip = site.network.addresses(Family::Ipv6).rips[0];
    assert!(site.passes());
    let forget = || site.network.director.sh("ip -6 neigh flush all");
    site.firewall(&["-p tcp --dport 80 -j ACCEPT"]);
    assert!(found(site.server(), "").is_empty());
    site.server().must("ip6tables-legacy -D INPUT -p ipv6-icmp -j ACCEPT");
    forget();
    assert!(!site.passes_as(false));
    let (message, remedy) = found(site.server(), "--port 80").remove(0);
    assert_eq!(message, format!("the firewall accepts no neighbour solicitations for {rip}"));
    site.server().must(&remedy);
    forget();
    assert!(found(site.server(), "--port 80").is_empty() && site.passes(), "{remedy}");
}

#[test]
fn an_encapsulation_and_what_is_in_it_have_to_pass() {
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
        assert!(!site.passes_as(false), "{setup}");
        let of_outer = found(site.server(), "--port 80");
        assert_eq!(of_outer.len(), 1, "{of_outer:?}");
        assert!(of_outer[0].0.contains(outer), "{of_outer:?}");

        // Of that name, and yet another protocol.
        if outer == "packets of protocol 4" {
            site.firewall(&["-p ipip -j ACCEPT"]);
            let found = found(site.server(), "");
            assert!(found.len() == 2 && found[0].0.contains(outer), "{found:?}");
            assert!(found[1].0.contains("no packets for 192.0.2.10"), "{found:?}");
            assert!(!site.passes_as(false), "{setup}");
            let text = site.server().sh("rs-agent check --rule RS-FW-01").stdout;
            assert!(text.contains("-p ipip is protocol 94"), "{text}");
        }
        site.firewall(&[]);
        site.server().must(&of_outer[0].1);
        let of_inner = found(site.server(), "--port 80");
        assert!(of_inner.len() == 1 && of_inner[0].0.contains("no tcp/80"), "{of_inner:?}");
        assert!(!site.passes_as(false), "{setup}");
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
        ("--regid=0", "read:   iptables-legacy-save: "),
        ("--regid=65534", "read:   /proc/thread-self/net/ip_tables_names: permission denied"),
    ] {
        let nobody = format!("setpriv --reuid=65534 {group} --clear-groups {check}");
        let output = site.server().sh(&format!("{nobody} --port 80"));
        assert_eq!(output.status, 5, "{output:?}");
        assert!(output.stdout.starts_with("unread: RS-FW-01: "), "{output:?}");
        assert!(output.stdout.contains(unread), "{output:?}");
        // Where nobody asked about it in particular, it is a note.
        let output = site.server().sh(&nobody);
        assert_eq!(output.status, 0, "{output:?}");
        let note = unread.replace("read:   ", "note: not read: ");
        assert!(output.stderr.contains(&note), "{output:?}");
    }
    // One that never answers is waited for so long, and then ended.
    let (hangs, program) =
        ("#!/bin/sh\nexec sleep 7654321\n", "$(command -v iptables-legacy-save)");
    site.server().must(&format!(
        "printf '{hangs}' >/run/hangs && chmod +x /run/hangs && mount --bind /run/hangs {program}"
    ));
    let output = site.server().sh(&format!("{check} --port 80"));
    let unread = "read:   iptables-legacy-save: did not end within 10 s\n";
    assert!(output.status == 5 && output.stdout.contains(unread), "{output:?}");
    assert_ne!(site.server().sh("grep -lsa '[7]654321' /proc/[0-9]*/cmdline").status, 0);
}
