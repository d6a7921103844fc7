// SPDX-License-Identifier: MIT OR Apache-2.0

//! Each rule of `rs-agent check`, provoked on a real host; and silence on a sound one.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};

use lab::{Frame, Host, beside, exchange};

use crate::agent::real_server;

const DR: &str = "--mode dr --vip 192.0.2.10,2001:db8:2::10";
const TUN: &str = "--mode tun --vip 192.0.2.10,2001:db8:2::10 --director 192.0.2.1";
const NAT: &str = "--mode nat --gateway 192.0.2.1";
/// Nothing is set up by `rs-agent`.
const BARE: &str = "";

/// Exit status and findings as `ID severity`, worst first.
fn check(host: &Host, arguments: &str) -> (i32, Vec<String>) {
    let (status, findings) = findings(host, arguments);
    (status, findings.into_iter().map(|(found, _)| found).collect())
}

/// The same, each finding with its message.
fn findings(host: &Host, arguments: &str) -> (i32, Vec<(String, String)>) {
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

/// How the host was set up, the disturbance and what ends it, options, and what is found,
/// if need be with words of the message.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // a table
const ROWS: &[Row] = &[
    (DR, "sysctl -qw net.ipv4.conf.all.arp_ignore=0",
        "sysctl -qw net.ipv4.conf.all.arp_ignore=1", "", "RS-ARP-01 error"),
    (DR, "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.lo.arp_ignore=1",
        "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.lo.arp_ignore=0", "", "RS-ARP-02 error"),
    (DR, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=3 && ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev lo",
        "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0", "", "RS-ARP-03 error"),
    (DR, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8",
        "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0", "", "RS-ARP-04 error"),
    (DR, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=2",
        "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0", "", "RS-ARP-05 info"),
    (DR, "sysctl -qw net.ipv4.conf.all.arp_announce=1",
        "sysctl -qw net.ipv4.conf.all.arp_announce=2", "", "RS-ARP-06 error"),
    (DR, "ip addr add 192.0.2.10/32 dev eth0",
        "ip addr del 192.0.2.10/32 dev eth0", "", "RS-ARP-07 error"),
    (DR, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.all.arp_ignore=0",
        "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0 net.ipv4.conf.all.arp_ignore=1", "", "RS-ARP-08 warning"),
    (DR, "ip -6 neigh add proxy 2001:db8:2::10 dev eth0",
        "ip -6 neigh del proxy 2001:db8:2::10 dev eth0", "", "RS-ARP-09 warning"),
    (BARE, "ip link add out type dummy && ip link set out up && ip route add 192.0.2.10/32 dev out && sysctl -qw net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.conf.eth0.forwarding=1",
        "", DR, "RS-ARP-09 warning"),
    (DR, "ip addr del 192.0.2.10/32 dev lo",
        "ip addr add 192.0.2.10/32 dev lo scope host", "", "RS-VIP-01 error"),
    (DR, "ip addr add 192.0.2.10/24 dev lo scope host",
        "ip addr del 192.0.2.10/24 dev lo", "", "RS-VIP-02 error"),
    (DR, "ip addr add 192.0.2.10/24 dev dummy0",
        "ip addr del 192.0.2.10/24 dev dummy0", "", "RS-VIP-02 warning"),
    // Duplicates are looked for until further notice.
    (DR, "sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.neigh.eth0.retrans_time_ms=600000 && ip addr add 2001:db8:2::10/128 dev eth0",
        "ip addr del 2001:db8:2::10/128 dev eth0", "", "RS-VIP-03 error"),
    (DR, "ip addr del 192.0.2.10/32 dev lo && ip route add 203.0.113.0/24 via 192.0.2.10 && ip addr add 192.0.2.10/32 dev lo scope host",
        "ip route del 203.0.113.0/24", "", "RS-VIP-04 error"),
    (DR, "ip link add d1 type veth peer name d2 && ip link set d1 up && ip route add 203.0.113.0/24 dev d1 && ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev lo",
        "ip link del d1", "", "RS-VIP-05 info"),
    (DR, "ip addr del 192.0.2.10/32 dev lo && ip route add local 192.0.2.10/32 dev lo",
        "ip route del local 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev lo scope host", "", "RS-VIP-06 info"),
    (DR, "ip link set lo down",
        "ip link set lo up && ip addr add 2001:db8:2::10/128 dev lo nodad", "", "RS-VIP-07 error"),
    (BARE, "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && ip link set lo down && ip addr add 192.0.2.10/32 dev lo scope host",
        "", "--mode dr --vip 192.0.2.10", "RS-VIP-07 info"),
    (DR, "sysctl -qw net.ipv6.conf.lo.disable_ipv6=1",
        "sysctl -qw net.ipv6.conf.lo.disable_ipv6=0 && ip addr add 2001:db8:2::10/128 dev lo nodad", "", "RS-VIP-08 error"),
    (DR, "ip link add out type veth peer name out2 && ip addr add 10.9.0.1/24 dev out && ip link set out up && ip route replace default via 10.9.0.2 && sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
        "ip link del out && ip route add default via 192.0.2.254 && sysctl -qw net.ipv4.conf.eth0.rp_filter=0", "--director 192.0.2.1", "RS-RPF-03 error"),
    (DR, "true", "true", "--port 81", "RS-SRV-01 error"),
    (DR, "ip route replace default via 192.0.2.1",
        "ip route replace default via 192.0.2.254", "--director 192.0.2.1", "RS-GW-01 error"),
    (DR, "ip -6 route replace default via 2001:db8:2::1",
        "ip -6 route replace default via 2001:db8:2::254", "--director 2001:db8:2::1", "RS-GW-01 warning"),
    (DR, "ip route del default",
        "ip route add default via 192.0.2.254", "--client 198.51.100.7", "RS-GW-05 error"),
    (DR, "ip route del default",
        "ip route add default via 192.0.2.254", "", "RS-GW-05 info"),
    (DR, "mkdir -p /run/systemd/netif/links && printf 'ADMIN_STATE=configured\nNETWORK_FILE=/run/systemd/network/lo.network\n' >/run/systemd/netif/links/1",
        "rm /run/systemd/netif/links/1", "", "RS-MGR-01 warning"),
    (DR, "mkdir -p /run/NetworkManager/devices && printf '[device]\nmanaged=true\nconnection-uuid=0b4c\n' >/run/NetworkManager/devices/1",
        "rm /run/NetworkManager/devices/1", "", "RS-MGR-02 warning"),
    (DR, "mount -t tmpfs none /etc && mkdir /etc/keepalived && echo use_vmac >/etc/keepalived/keepalived.conf",
        "umount /etc", "", "RS-MGR-04 info"),
    (DR, "mkdir -p /run/sysctl.d && echo net.ipv4.conf.all.arp_ignore=0 >/run/sysctl.d/99-x.conf",
        "rm /run/sysctl.d/99-x.conf", "", "RS-MGR-05 warning"),
    (DR, "sysctl -qw net.ipv4.conf.all.arp_ignore=2",
        "sysctl -qw net.ipv4.conf.all.arp_ignore=1", "", "RS-PER-01 warning"),
    (TUN, "sysctl -qw net.ipv4.conf.rs-ipip.rp_filter=1",
        "sysctl -qw net.ipv4.conf.rs-ipip.rp_filter=2", "", "RS-RPF-01 error"),
    (TUN, "ip addr del 192.0.2.10/32 dev rs-ipip && ip addr add 192.0.2.10/32 dev lo scope host",
        "ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev rs-ipip scope host", "", "RS-RPF-01 error"),
    (TUN, "ip route del default",
        "ip route add default via 192.0.2.254", "--client 198.51.100.7", "RS-RPF-02 error"),
    (TUN, "ip route del default",
        "ip route add default via 192.0.2.254", "", "RS-RPF-02 info"),
    (TUN, "cp $(command -v sleep) /run/firewalld && { /run/firewalld 600 >/dev/null 2>&1 & echo $! >/run/pid; until grep -q firewalld /proc/$!/comm; do :; done; }",
        "kill $(cat /run/pid) && while [ -e /proc/$(cat /run/pid) ]; do :; done", "", "RS-RPF-04 warning"),
    (TUN, "ip link set rs-ipip down", "ip link set rs-ipip up", "", "RS-TUN-02 error"),
    (TUN, "true", "true", "--rip 192.0.2.99", "RS-TUN-03 error"),
    (TUN, "true", "true", "--director 192.0.2.2", "RS-TUN-03 error"),
    (TUN, "true", "true", "--tunnel gue --tunnel-port 6080", "RS-TUN-06 error"),
    (TUN, "ip fou add port 6080 ipproto 4", "ip fou del port 6080", "--tunnel gue --tunnel-port 6080", "RS-TUN-06 error: takes plain packets"),
    (TUN, "true", "true", "", "RS-TUN-10 info"),
    (TUN, "ip link add cali1 type dummy", "ip link del cali1", "", "RS-MGR-03 warning"),
    (TUN, "mkdir -p /run/sysctl.d && echo 'net.ipv4.conf.*.rp_filter = 1' >/run/sysctl.d/50-x.conf",
        "rm /run/sysctl.d/50-x.conf", "", "RS-PER-02 warning"),
    (TUN, "ip link del rs-ipip", "", "", "RS-TUN-01 error"),
    // The kernel's own, down, is no device of ours.
    (TUN, "ip link add tunl0 type ipip local 192.0.2.11 2>/dev/null || true; ip link set tunl0 down; ip link del rs-ipip",
        "", "", "RS-TUN-01 error"),
    (BARE, "ip link add t6 type ip6tnl mode ip6ip6 local 2001:db8:2::11 && ip link set t6 up",
        "", "--mode tun --vip 192.0.2.10 --rip 2001:db8:2::11", "RS-TUN-04 error"),
    (BARE, "ip link add g type gre local 192.0.2.11 key 5 && ip link set g up",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --tunnel gre", "RS-TUN-05 error"),
    (BARE, "ip link add g type gre local 192.0.2.11 && ip link set g up",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --tunnel gre --checksum", "RS-TUN-05 error"),
    (BARE, "ip link add t6 type ip6tnl mode any local 2001:db8:2::11 && ip link set t6 up",
        "", "--mode tun --vip 192.0.2.10 --rip 2001:db8:2::11", "RS-TUN-07 info"),
    (BARE, "ip link add t4 type ipip local 192.0.2.11 && ip link set t4 up",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11", "RS-TUN-08 warning"),
    (BARE, "ip link add tunl0 type ipip local 192.0.2.11 2>/dev/null || true; ip link set tunl0 up && ip addr add 10.244.0.1/32 dev tunl0",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11", "RS-TUN-09 error"),
    (BARE, "ip link add tunl0 type ipip local 192.0.2.11 2>/dev/null || true; ip link set tunl0 up && ip link add cali1 type dummy",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11", "RS-MGR-03 error"),
    (NAT, "ip route replace default via 192.0.2.254",
        "ip route replace default via 192.0.2.1", "", "RS-GW-02 error"),
    (NAT, "true", "true", "--client 192.0.2.100", "RS-GW-03 warning"),
    (NAT, "true", "true", "--mode nat --gateway 192.0.2.1 --vip 192.0.2.10", "RS-GW-04 error"),
    (NAT, "ip addr add 203.0.113.9/32 dev lo",
        "ip addr del 203.0.113.9/32 dev lo", "--mode nat --gateway 192.0.2.1 --vip 203.0.113.9", "RS-NAT-01 warning"),
    // The host had arp_announce=1 from the start.
    (NAT, "true", "true", "", "RS-NAT-01 info"),
];

fn rows_of(setup: &str) {
    let mut wrong = Vec::new();
    let mut network = None;
    for &(_, disturb, undo, arguments, expected) in ROWS.iter().filter(|row| row.0 == setup) {
        let server = &network
            .get_or_insert_with(|| {
                let network = real_server();
                if setup != BARE {
                    network.servers[0].must(&format!("rs-agent setup {setup}"));
                }
                network
            })
            .servers[0];
        let (rule, words) = expected.split_once(": ").unwrap_or((expected, ""));
        let is_among = |found: &[(String, String)]| {
            found.iter().any(|(found, message)| found == rule && message.contains(words))
        };
        // What makes the difference: the disturbance, or else the options. Two rows have
        // neither: the host as it was set up.
        let before = if disturb == "true" { "" } else { arguments };
        if (disturb, arguments) != ("true", "") && (setup, before) != (BARE, "") {
            let (_, found) = findings(server, before);
            if is_among(&found) {
                wrong.push(format!("before {disturb} [{before}]: {expected} in {found:?}"));
            }
        }
        server.must(disturb);
        let (_, found) = findings(server, arguments);
        if !is_among(&found) {
            wrong.push(format!("{disturb} [{arguments}]: {expected} is not among {found:?}"));
        }
        if undo.is_empty() {
            network = None;
            continue;
        }
        server.must(undo);
        let (status, found) = check(server, "");
        if status != 0 {
            wrong.push(format!("after {undo}: {found:?}"));
            network = None;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rules_of_mode_dr_are_provoked() {
    rows_of(DR);
}

#[test]
fn rules_of_mode_tun_are_provoked() {
    rows_of(TUN);
}

#[test]
fn rules_of_mode_nat_are_provoked() {
    rows_of(NAT);
}

#[test]
fn rules_about_hosts_set_up_by_hand_are_provoked() {
    rows_of(BARE);
}

#[test]
fn every_rule_is_provoked_here() {
    let network = real_server();
    let list = network.servers[0].must("rs-agent check --list-rules --json").stdout;
    let rules: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    // Provoked by the two tests below, and in `agent_firewall`.
    let elsewhere = ["RS-SRV-01", "RS-SRV-02", "RS-RPF-05", "RS-FW-01"];
    for rule in rules.as_array().expect("rules") {
        let id = rule["id"].as_str().expect("an id");
        let row = ROWS.iter().any(|row| row.4.starts_with(id));
        assert!(row || elsewhere.contains(&id), "{id} has no row");
    }
}

/// Commands among what mends the first error, if there is one.
fn mends_of_the_first(host: &Host) -> Option<(String, Vec<String>)> {
    let output = host.sh("exec rs-agent check --json");
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    let first = report["findings"].as_array()?.first().filter(|it| it["severity"] == "error")?;
    let remedy = first["remedy"].as_array()?.iter().filter_map(|line| line.as_str());
    let command = |line: &&str| line.starts_with("ip ") || line.starts_with("sysctl ");
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
        assert_eq!(mends_of_the_first(host), None, "{setup}");
        host.must(disturb);
        let mut followed = Vec::new();
        while let Some((rule, commands)) = mends_of_the_first(host) {
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

#[test]
fn it_needs_no_privilege_and_says_what_it_could_not_read() {
    let network = real_server();
    let server = &network.servers[0];
    server.must(&format!("rs-agent setup {DR}"));
    let nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --";
    let output = server.sh(&format!("{nobody} rs-agent check --port 81"));
    assert_eq!(output.status, 4, "{output:?}");
    assert!(output.stdout.contains("error: RS-SRV-01: nothing listens on tcp 192.0.2.10:81"));
    // Another test may have made the kernel know iptables, whose tables root alone sees.
    let mut notes = output.stderr.lines().filter(|note| !note.contains("_tables_names"));
    assert_eq!(notes.next(), None);
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
    assert_eq!(
        output.stderr,
        "note: not read: /run/sysctl.d/x.conf: Permission denied (os error 13)\n"
    );
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
        ("--mode dr --vip 192.0.2.10 --client 1.2.3.4/33", "\"1.2.3.4/33\" is not", "192.0.2.10"),
        ("--mode tun --vip 192.0.2.10 --tunnel gue", "needs --tunnel-port", "--tunnel-port"),
        ("--vip 192.0.2.10", "not provided: --mode <MODE>", "--help"),
    ] {
        let output = server.sh(&format!("rs-agent check {arguments}"));
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{arguments}: {output:?}");
        let lines: Vec<&str> = output.stderr.lines().collect();
        assert!(lines[0].contains(line) && lines[0].starts_with("error: "), "{output:?}");
        assert!(lines.len() == 2 && lines[1].contains(hint), "{output:?}");
    }
    let text = server.must("rs-agent check --explain rs-arp-02").stdout;
    assert!(text.starts_with("RS-ARP-02 (error, warning)\n"), "{text}");
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
