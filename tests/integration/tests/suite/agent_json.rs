// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tables of `docs/agent-json.md` against what `rs-agent` prints, and what a monitor and a
//! script are told.

use lab::{Host, NOBODY};
use serde_json::Value;

use crate::agent::real_server;
use crate::documented::hold;

const PAGE: &str = include_str!("../../../../docs/agent-json.md");

/// What it prints: one line, whatever its exit status.
#[track_caller]
fn printed(host: &Host, command: &str) -> Value {
    let output = host.sh(&format!("rs-agent {command} --json"));
    assert_eq!(output.stdout.lines().count(), 1, "{command}: {}{}", output.stdout, output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

/// Each kind of step, each way to note and to warn, and nothing to do.
#[test]
fn changes_and_status_are_as_documented() {
    let network = real_server();
    let host = &network.servers[0];
    // In a host of the lab the kernel makes none.
    host.must("ip link add tunl0 type ipip");
    let (mut changes, mut statuses) = (Vec::new(), vec![printed(host, "status")]);
    for setup in [
        "--mode dr --vip 192.0.2.10,2001:db8:2::10 --carrier vips --create-carrier --label vips:a",
        "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --director 192.0.2.1 --tunnel gre --checksum",
        "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --tunnel gue --tunnel-port 6080",
        "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --fallback-devices",
        "--mode nat --gateway 192.0.2.1",
    ] {
        changes.push(printed(host, &format!("setup {setup} --dry-run")));
        changes.push(printed(host, &format!("setup {setup}")));
        changes.push(printed(host, &format!("setup {setup}")));
        statuses.push(printed(host, "status"));
        // Of each kind, nobody's and somebody else's.
        host.sh(
            "sysctl -qw net.ipv4.conf.all.arp_ignore=2; ip link set rs-ipip down; ip link del \
             rs-gre; ip link del vips; ip route del default; ip fou del port 6080",
        );
        statuses.push(printed(host, "status"));
        changes.push(printed(host, "teardown"));
        host.sh("ip route replace default via 192.0.2.254");
    }
    host.must("ip addr add 192.0.2.10/32 dev lo scope host");
    let absent = "setup --mode dr --vip 192.0.2.10 --rip 192.0.2.77";
    changes.push(printed(host, absent));
    host.must("for file in /run/rs-agent/netns-*.json; do : >$file; done");
    statuses.push(printed(host, "status"));
    hold(PAGE, "`setup` and `teardown`", &changes, &[]);
    hold(PAGE, "`status`", &statuses, &[]);
}

#[test]
fn a_check_is_as_documented() {
    let network = real_server();
    let host = &network.servers[0];
    host.must("ip addr add 192.0.2.10/24 dev eth0");
    let judged = "--mode dr --vip 192.0.2.10 --port 80";
    let mut checks = vec![printed(host, &format!("check {judged}"))];
    host.must(
        "mount -t tmpfs none /etc && mkdir /etc/keepalived && \
         echo >/etc/keepalived/keepalived.conf && chmod 0 /etc/keepalived/keepalived.conf",
    );
    let public = host.sh(&format!("{NOBODY} rs-agent check {judged} --json"));
    checks.push(serde_json::from_str(&public.stdout).unwrap());
    host.must("ip addr del 192.0.2.10/24 dev eth0 && rs-agent setup --mode dr --vip 192.0.2.10");
    host.must("for file in /run/rs-agent/netns-*.json; do : >$file; done");
    checks.push(printed(host, "check"));
    hold(PAGE, "`check`\n", &checks, &[]);
    let rules = [printed(host, "check --list-rules"), printed(host, "check --explain RS-ARP-01")];
    hold(PAGE, "`check --list-rules`", &rules, &[]);
}

/// A monitor is told the worst by the exit status and in the first line.
#[test]
fn a_monitor_is_told_the_worst() {
    let network = real_server();
    let host = &network.servers[0];
    let check = |options: &str| {
        let output = host.sh(&format!("rs-agent check --nagios {options}"));
        assert_eq!(output.stderr, "", "{options}");
        (output.status, output.stdout)
    };
    let nothing = "LVS UNKNOWN - cannot check this host: nothing is set up here\n\
                   hint: say what this host should be: --mode dr --vip VIP, as for setup\n";
    assert_eq!(check(""), (3, nothing.to_owned()));
    host.must("rs-agent setup --mode dr --vip 192.0.2.10");
    let rule = "--rule RS-ARP-01,RS-ARP-08";
    let well = "LVS OK - dr for 192.0.2.10: 0 errors, 0 warnings, 0 infos|errors=0;;0;0 \
                warnings=0;0;;0 unread=0;;;0 infos=0;;;0\n";
    assert_eq!(check(rule), (0, well.to_owned()));
    let more = "the same without `--nagios` says what was read, why it matters, and what the \
                remedy is\n";
    host.must("sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.eth0.arp_ignore=1");
    let later = "RS-ARP-08: an interface added later will answer or speak for 192.0.2.10";
    let warned = format!(
        "LVS WARNING - dr for 192.0.2.10: 0 errors, 1 warning, 0 infos; {later}|errors=0;;0;0 \
         warnings=1;0;;0 unread=0;;;0 infos=0;;;0\nwarning: {later}\n{more}"
    );
    assert_eq!(check(rule), (1, warned));
    host.must("sysctl -qw net.ipv4.conf.eth0.arp_ignore=0");
    let answers = "RS-ARP-01: eth0 answers ARP for 192.0.2.10: effective arp_ignore 0 (all=0, \
                   eth0=0)";
    let exposed = format!(
        "LVS CRITICAL - dr for 192.0.2.10: 1 error, 0 warnings, 0 infos; {answers}|errors=1;;0;0 \
         warnings=0;0;;0 unread=0;;;0 infos=0;;;0\nerror: {answers}\n{more}"
    );
    assert_eq!(check(rule), (2, exposed));
}

/// What is exposed is told with what it means, and what remedies it does.
#[test]
fn a_script_is_told_whether_all_is_as_it_should_be() {
    let network = real_server();
    let host = &network.servers[0];
    let asked = || host.sh("rs-agent status --exit-code");
    assert_eq!(asked().status, 5);
    host.must("rs-agent setup --mode dr --vip 192.0.2.10,2001:db8:2::10");
    let told = asked();
    assert_eq!((told.status, told.stdout.contains("drift")), (0, false), "{}", told.stdout);
    host.must("sysctl -qw net.ipv4.conf.all.arp_ignore=2");
    assert_eq!(asked().status, 3);
    for exposed in [
        "sysctl -qw net.ipv4.conf.all.arp_ignore=0",
        "sysctl -qw net.ipv4.conf.all.arp_announce=0",
        "ip addr del 192.0.2.10/32 dev lo",
        "ip addr change 2001:db8:2::10/128 dev lo preferred_lft forever",
    ] {
        host.must(exposed);
        let told = asked();
        assert_eq!(told.status, 4, "{exposed}: {}", told.stdout);
        assert_eq!(host.must("rs-agent status").stdout, told.stdout);
        let means = told.stdout.lines().filter(|line| line.starts_with("  means:  ")).count();
        assert!(means >= 1, "{exposed}: {}", told.stdout);
        let mut remedies = told.stdout.lines().filter_map(|line| line.strip_prefix("  remedy: "));
        let remedy = remedies.next_back().unwrap();
        assert_eq!(remedy, "rs-agent setup --mode dr --vip 192.0.2.10");
        host.must(remedy);
        assert_eq!(asked().status, 0, "{exposed}: {}", asked().stdout);
    }
    // What set-up would refuse has another remedy.
    host.must("ip addr add 192.0.2.10/32 dev eth0");
    let told = asked();
    assert_eq!(told.status, 4, "{}", told.stdout);
    assert!(told.stdout.contains("ip addr del 192.0.2.10/32 dev eth0"), "{}", told.stdout);
    assert!(told.stdout.contains("past the director"), "{}", told.stdout);
}

/// The columns hold what JSON does.
#[test]
fn columns_are_the_same_as_json() {
    let network = real_server();
    let host = &network.servers[0];
    let csv = |command: &str, columns: &str| {
        let said = host.sh(&format!("rs-agent {command} -o csv --no-header --columns {columns}"));
        said.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let lines = |all: &Value, names: &[&str]| {
        let line = |it: &Value| names.iter().map(|name| text(&it[*name])).collect::<Vec<_>>();
        let lines = all.as_array().unwrap().iter().map(|it| line(it).join(","));
        lines.collect::<Vec<_>>()
    };
    // Nothing is set up: there is the header.
    let header = "kind,name,device,detail,state,owner,current,ours,previous,remedy\n";
    assert_eq!(host.must("rs-agent status -o csv").stdout, header);
    host.must("rs-agent setup --mode dr --vip 192.0.2.10,2001:db8:2::10");
    host.must("sysctl -qw net.ipv4.conf.all.arp_ignore=0; ip addr del 192.0.2.10/32 dev lo");
    let status = printed(host, "status");
    let of = |kind: &str, columns: &str| {
        let lines = csv("status", &format!("kind,{columns}"));
        let behind = lines.iter().filter_map(|line| line.strip_prefix(&format!("{kind},")));
        behind.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of("vip", "name,device,owner"), lines(&status["vips"], &["vip", "device", "owner"]));
    assert_eq!(of("vip", "state"), ["missing", "present"]);
    assert_eq!(
        of("sysctl", "name,current,ours,previous,owner"),
        lines(&status["sysctls"], &["key", "current", "ours", "previous", "owner"])
    );
    assert_eq!(of("drift", "state,remedy").len(), status["differences"].as_array().unwrap().len());
    assert!(!of("drift", "name").is_empty());

    let check = printed(host, "check");
    let found = csv("check", "rule,severity");
    assert_eq!(found, lines(&check["findings"], &["rule", "severity"]));
    assert!(found.len() > 1, "{found:?}");
    // The exit status tells the same, and wide has the same lines below its header.
    let wide = host.sh("rs-agent check -o wide");
    assert_eq!(wide.status, host.sh("rs-agent check").status);
    assert_eq!(wide.stdout.lines().count(), found.len() + 1, "{}", wide.stdout);
    assert!(wide.stdout.starts_with("rule "), "{}", wide.stdout);
}
