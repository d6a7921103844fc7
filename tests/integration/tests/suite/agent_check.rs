// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent check`: silence on a sound host, what it counts and finds for itself, and remedies
//! that help. Each of its rules is provoked in `agent_rules`.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};

use lab::{Frame, Host, beside, exchange};

use crate::agent::real_server;

pub(crate) const DR: &str = "--mode dr --vip 192.0.2.10,2001:db8:2::10";
pub(crate) const TUN: &str = "--mode tun --vip 192.0.2.10,2001:db8:2::10 --director 192.0.2.1";
pub(crate) const NAT: &str = "--mode nat --gateway 192.0.2.1";

/// Exit status and findings as `ID severity`, worst first.
pub(crate) fn check(host: &Host, arguments: &str) -> (i32, Vec<String>) {
    let (status, findings) = findings(host, arguments);
    (status, findings.into_iter().map(|(found, _)| found).collect())
}

/// The same, each finding with its message.
pub(crate) fn findings(host: &Host, arguments: &str) -> (i32, Vec<(String, String)>) {
    let output = host.sh(&format!("exec rs-agent check --json {arguments}"));
    assert!(matches!(output.status, 0 | 3 | 4), "{arguments}: {output:?}");
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(report["unread"], serde_json::json!([]), "{arguments}");
    let findings = report["findings"].as_array().expect("findings").iter();
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let found: Vec<_> = findings
        .map(|it| (text(&it["rule"]) + " " + &text(&it["severity"]), text(&it["message"])))
        .collect();
    let worst = found.first().map_or("", |(first, _)| first.split(' ').next_back().unwrap_or(""));
    let expected = [("error", 4), ("warning", 3)].into_iter().find(|(word, _)| *word == worst);
    assert_eq!(output.status, expected.map_or(0, |(_, status)| status), "{found:?}");
    (output.status, found)
}

#[test]
fn a_host_that_was_set_up_has_no_error_and_no_warning() {
    for setup in [
        DR,
        "--mode dr --vip 192.0.2.10 --carrier dummy0",
        TUN,
        "--mode tun --vip 192.0.2.10,2001:db8:2::10 --director 2001:db8:2::1",
        NAT,
        "--mode nat --gateway 2001:db8:2::1",
        "--mode nat --director 192.0.2.254 --client 198.51.100.0/24",
    ] {
        let network = real_server();
        let server = &network.servers[0];
        let nothing = server.sh("rs-agent check");
        assert_eq!(nothing.status, 2, "{nothing:?}");
        server.must(&format!("rs-agent setup {setup}"));
        let (status, found) = check(server, "");
        assert_eq!(status, 0, "{setup}: {found:?}");
        // By what the operator says, too.
        let (status, found) = check(server, setup);
        assert_eq!(status, 0, "{setup}: {found:?}");
    }
}

/// Commands of the remedy of the first error, if there is one.
fn remedy_of_the_first(host: &Host) -> Option<(String, Vec<String>)> {
    let output = host.sh("exec rs-agent check --json");
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    let first = report["findings"].as_array()?.first().filter(|it| it["severity"] == "error")?;
    let remedy = first["remedy"].as_array()?.iter().filter_map(|line| line.as_str());
    let command = |line: &&str| ["ip ", "! ip ", "sysctl "].iter().any(|it| line.starts_with(it));
    Some((first["rule"].to_string(), remedy.filter(command).map(str::to_owned).collect()))
}

#[test]
fn who_follows_what_is_said_gets_a_sound_host() {
    let label = "--carrier rs0 --create-carrier --scope link --label rs0:v";
    for (setup, disturb, like) in [
        (
            format!("--mode dr --vip 192.0.2.10,2001:db8:2::10 {label}"),
            "ip link del rs0",
            "ip -4 addr show dev rs0 | grep 'inet 192.0.2.10/32 scope link rs0:v'",
        ),
        (
            DR.to_owned(),
            "ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/24 dev eth0",
            "ip addr show dev lo | grep 'inet 192.0.2.10/32 scope host'",
        ),
        (
            TUN.to_owned(),
            "ip link del rs-ipip",
            "ip -d link show rs-ipip | grep 'remote 192.0.2.1 local 192.0.2.11'",
        ),
        (
            format!("{TUN} --tunnel gue --tunnel-port 6080"),
            "ip fou del port 6080 && ip link set rs-sit down",
            "ip fou show | grep 6080",
        ),
    ] {
        let network = real_server();
        let host = &network.servers[0];
        host.must(&format!("rs-agent setup {setup}"));
        assert_eq!(remedy_of_the_first(host), None, "{setup}");
        host.must(disturb);
        let mut followed = Vec::new();
        while let Some((rule, commands)) = remedy_of_the_first(host) {
            assert!(!commands.is_empty() && followed.len() < 8, "{rule} after {followed:?}");
            for command in commands {
                host.must(&command);
            }
            followed.push(rule);
        }
        assert!(!followed.is_empty(), "{disturb}");
        host.must(like);
    }
}

#[test]
fn servers_are_found_where_they_listen() {
    let network = real_server();
    let server = &network.servers[0];
    server.must(&format!("rs-agent setup {DR}"));
    let both = ["RS-SRV-01 error"; 2];
    let found = |port: &str| -> Vec<String> {
        let (_, found) = check(server, &format!("--port {port}"));
        found.into_iter().filter(|found| found.starts_with("RS-SRV")).collect()
    };
    assert_eq!(found("80"), both);
    let _rip = server.enter(|| TcpListener::bind("192.0.2.11:80").expect("a server"));
    assert_eq!(found("80"), both, "the RIP's server is not the VIP's");
    let _v4 = server.enter(|| TcpListener::bind("192.0.2.10:80").expect("a server"));
    assert_eq!(found("tcp/80"), ["RS-SRV-01 error"]);
    let v6 = |port| TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).expect("a server");
    let _both = server.enter(|| v6(81));
    assert!(found("81").is_empty(), "an IPv6 socket takes IPv4 too");
    server.must("sysctl -qw net.ipv6.bindv6only=1");
    let _only = server.enter(|| v6(82));
    assert_eq!(found("82"), ["RS-SRV-01 error"], "unless it is told not to");

    assert_eq!(found("udp/53"), both);
    // On a port of its own: a child of another test may hold it a little longer.
    let _any = server.enter(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 54)).expect("a server"));
    assert_eq!(found("udp/54"), ["RS-SRV-01 error", "RS-SRV-02 warning"]);
    let _own = server.enter(|| UdpSocket::bind("192.0.2.10:53").expect("a server"));
    assert_eq!(found("udp/53"), ["RS-SRV-01 error"]);
    // The kernel's own socket takes packets apart, and serves nobody.
    server.must("modprobe -q fou; ip fou add port 6080 gue && ip -6 fou add port 6080 gue");
    assert_eq!(found("udp/6080"), both);
}

#[test]
fn drops_by_source_validation_are_counted() {
    let network = real_server();
    let server = &network.servers[0];
    server.must(&format!("rs-agent setup {DR}"));
    let mac = server.mac("eth0");
    let (rip, cip) = (Ipv4Addr::new(192, 0, 2, 11), Ipv4Addr::new(192, 0, 2, 100));
    let watch = |spoofed: bool| {
        let send = || {
            let mut frames = vec![Frame::Echo(mac, vec![(cip, rip)])];
            if spoofed {
                // From its own address: nobody else may send that.
                frames.insert(0, Frame::Echo(mac, vec![(rip, rip)]));
            }
            exchange(&network.client, "eth0", &frames, |packet| packet.is_icmp(rip, cip));
        };
        beside(send, || check(server, "--watch 1").1)
    };
    assert!(!watch(false).contains(&"RS-RPF-05 warning".to_owned()));
    assert!(watch(true).contains(&"RS-RPF-05 warning".to_owned()));
}

/// Of a network in a VRF table main knows nothing, nor of the way back there.
#[test]
fn a_nat_server_may_be_in_a_vrf() {
    let network = real_server();
    let server = &network.servers[0];
    server.must(
        "ip link add red type vrf table 10 && ip link set red up && ip link set eth0 master red",
    );
    let nat = "--mode nat --director 192.0.2.1 --rule RS-GW-02";
    assert_eq!(check(server, nat), (4, vec!["RS-GW-02 error".to_owned()]));
    let said = server.sh(&format!("rs-agent check {nat}")).stdout;
    let remedy = said.lines().find_map(|line| line.strip_prefix("  remedy: ")).expect("a remedy");
    server.must(remedy);
    assert_eq!(check(server, nat), (0, Vec::new()), "{remedy}");
}

#[test]
fn it_needs_no_privilege_and_says_what_it_could_not_read() {
    let network = real_server();
    let server = &network.servers[0];
    server.must(&format!("rs-agent setup {DR}"));
    let nobody = lab::NOBODY;
    let output = server.sh(&format!("{nobody} rs-agent check --port 81"));
    // Another test may have loaded a packet filter, whose rules root alone sees.
    let unread = ["nftables", "iptables"]
        .map(|of| format!("unread: RS-SRV-01: cannot be judged: rules of {of} could not be read"));
    let told = |text: &str| output.stdout.contains(text);
    if unread.iter().any(|text| told(text)) {
        assert_eq!(output.status, 5, "{output:?}");
    } else {
        assert_eq!(output.status, 4, "{output:?}");
        assert!(told("error: RS-SRV-01: nothing listens on tcp 192.0.2.10:81"), "{output:?}");
    }
    assert!(told("nothing listens on tcp 192.0.2.10:81") && output.stderr.is_empty());
    let gue = format!(
        "{nobody} rs-agent check --mode tun --vip 192.0.2.10 --tunnel gue --tunnel-port 6080 \
         --rule RS-TUN-06"
    );
    assert_eq!(server.sh(&gue).status, 4);
    server.must("ip fou add port 6080 gue");
    assert_eq!(server.sh(&gue).status, 0);
    server.must(
        "mkdir -p /run/sysctl.d && touch /run/sysctl.d/x.conf && chmod 0 /run/sysctl.d/x.conf",
    );
    let output = server.sh(&format!("{nobody} rs-agent check"));
    assert_eq!(output.status, 0, "{output:?}");
    // Of a packet filter as above.
    let notes = output.stderr.lines().filter(|line| !line.contains("tables"));
    assert_eq!(
        notes.collect::<Vec<_>>(),
        ["note: not read: /run/sysctl.d/x.conf: permission denied"]
    );
}

/// People see the first of many, programs all.
#[test]
fn many_vips_are_no_endless_report() {
    let network = real_server();
    let server = &network.servers[0];
    let vips: Vec<String> = (1..=40).map(|host| format!("203.0.113.{host}")).collect();
    let vips = vips.join(",");
    server.must(&format!("rs-agent setup --mode dr --vip {vips}"));
    let text = server.sh("rs-agent check --port 81").stdout;
    assert!(text.contains("error: RS-SRV-01: and 32 more, in JSON\n"), "{text}");
    assert!(!text.contains("203.0.113.9") && text.lines().count() < 60, "{text}");
    let last = text.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("dr for 203.0.113.1, 203.0.113.2, 203.0.113.3 and 37 more: "),
        "{text}"
    );
    let (status, found) = check(server, "--port 81");
    assert_eq!((status, found.len()), (4, 40), "{found:?}");
    let again = server.must(&format!("rs-agent setup --mode dr --vip {vips}")).stdout;
    assert!(again.ends_with("203.0.113.8 and 32 more\n"), "{again}");
}

#[test]
fn what_is_typed_wrong_is_one_line_and_a_hint() {
    let network = real_server();
    let server = &network.servers[0];
    for (arguments, line, hint) in [
        ("", "cannot check this host: nothing is set up here", "--mode dr --vip VIP"),
        ("--rule RS-X", "\"RS-X\" is no rule", "--list-rules"),
        ("--explain nonsense", "\"nonsense\" is no rule", "--list-rules"),
        ("--mode dr --vip 192.0.2.10 --port http", "--port \"http\" is no port", "udp/53"),
        ("--mode dr --vip 192.0.2.10 --port 0", "--port \"0\" is no port", "udp/53"),
        ("--mode dr --vip x", "--vip \"x\" is not an IP address", "192.0.2.10"),
        ("--mode dr --vip 192.0.2.10 --client 1.2.3.4/33", "\"1.2.3.4/33\" is not", "100.0/24"),
        ("--mode tun --vip 192.0.2.10 --tunnel gue", "needs --tunnel-port", "--tunnel-port"),
        ("--vip 192.0.2.10", "missing `--mode <MODE>`", "--help"),
    ] {
        let output = server.sh(&format!("rs-agent check {arguments}"));
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{arguments}: {output:?}");
        let lines: Vec<&str> = output.stderr.lines().collect();
        assert!(lines[0].contains(line) && lines[0].starts_with("error: "), "{output:?}");
        assert!(lines.len() == 2 && lines[1].contains(hint), "{output:?}");
    }
    let text = server.must("rs-agent check --explain rs-arp-02").stdout;
    assert!(text.starts_with("RS-ARP-02 (error, unread, warning)\n"), "{text}");
    let only = server.sh("rs-agent check --mode dr --vip 192.0.2.10 --rule RS-GW-01");
    assert_eq!(
        (only.status, only.stdout.as_str()),
        (0, "dr for 192.0.2.10: 0 errors, 0 warnings, 0 infos\n")
    );
}

#[test]
fn status_tells_ours_from_what_was_there_and_from_what_others_did() {
    let network = real_server();
    let server = &network.servers[0];
    server.must(
        "ip addr add 203.0.113.1/32 dev lo scope host && sysctl -qw net.ipv4.conf.all.arp_ignore=0",
    );
    server.must("rs-agent setup --mode dr --vip 192.0.2.10,203.0.113.1,203.0.113.2,203.0.113.3");
    server.must("ip addr del 203.0.113.2/32 dev lo && ip addr add 203.0.113.2/32 dev lo");
    server.must("ip addr del 203.0.113.3/32 dev lo");
    server.must("sysctl -qw net.ipv4.conf.all.arp_ignore=2 net.ipv4.conf.all.arp_announce=1");
    let status = server.must("rs-agent status").stdout;
    let lines: Vec<&str> = status.lines().collect();
    for line in [
        "vip 192.0.2.10 on lo, scope host, ours",
        "vip 203.0.113.1 on lo, scope host, found before",
        "vip 203.0.113.2 on lo, scope global, foreign",
        "vip 203.0.113.3 missing on lo",
        "sysctl net.ipv4.conf.all.arp_ignore = 2, foreign (ours 1, before 0)",
        "sysctl net.ipv4.conf.all.arp_announce = 1, found before (ours 2, before 1)",
    ] {
        assert!(lines.contains(&line), "{line}: {status}");
    }
    assert!(lines[0].starts_with("mode dr, set up since 20"), "{status}");
    server.must("rs-agent teardown");
    server.must(&format!("rs-agent setup {NAT}"));
    let status = server.must("rs-agent status").stdout;
    assert!(status.contains("default route via 192.0.2.1, ours\n"), "{status}");
}
