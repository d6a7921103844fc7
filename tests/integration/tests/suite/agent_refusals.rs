// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rs-agent` refuses, in one line and a hint, with nothing changed.

use lab::{ArpSender, Family, Host, Network};

use crate::agent::{assert_same, real_server, state};
use crate::rsctl_refusals::page;

/// Options of `setup`, exit status, and what the error says.
type Case = (&'static str, i32, &'static str);

const INPUT: [Case; 30] = [
    ("--mode dr --vip 192.0.2.10 --tunnel gre", 2, "--tunnel has no meaning in mode dr"),
    ("--mode dr --vip 192.0.2.10 --create-carrier", 2, "--carrier"),
    ("--mode dr --vip 192.0.2.10 --scope site", 2, "`site` is not a value of `--scope <SCOPE>`"),
    ("--mode dr --vip 192.0.2.10 --label sixteen-bytes:xx", 2, "is not a label"),
    ("--mode tun --vip 192.0.2.10 --checksum", 2, "--checksum does not go with this --tunnel"),
    ("--mode tun --vip 192.0.2.10 --tunnel gue", 2, "--tunnel gue needs --tunnel-port"),
    (
        "--mode tun --vip 192.0.2.10 --tunnel gue --tunnel-port 0",
        2,
        "tunnel port 0 is out of range: use 1 to 65535",
    ),
    ("--mode tun --vip 192.0.2.10 --tunnel ipip --tunnel-port 6080", 2, "--tunnel-port does not"),
    (
        "--mode tun --vip 192.0.2.10 --tunnel-device x --fallback-devices",
        2,
        "cannot be used together",
    ),
    ("--mode dr", 2, "--vip is missing"),
    ("--mode dr --vip www.example.com", 2, "is not an IP address"),
    ("--mode dr --vip 192.0.2.10/24", 2, "192.0.2.10/24 is a whole subnet"),
    ("--mode dr --vip 2001:db8:2::10/64", 2, "2001:db8:2::10/64 is a whole subnet"),
    ("--mode dr --vip 0.0.0.0", 2, "the unspecified address"),
    ("--mode dr --vip 224.0.0.1", 2, "a multicast address"),
    ("--mode dr --vip 255.255.255.255", 2, "the broadcast address"),
    ("--mode dr --vip 127.0.0.1", 2, "a loopback address"),
    ("--mode dr --vip fe80::1", 2, "a link-local address"),
    ("--mode dr --vip 192.0.2.10,192.0.2.10/32", 2, "given twice"),
    ("--mode dr --vip 192.0.2.10 --director 192.0.2.10", 2, "both VIP and director address"),
    ("--mode tun --vip 192.0.2.10 --rip 192.0.2.10", 2, "both VIP and RIP"),
    ("--mode tun --vip 192.0.2.10 --tunnel-device sixteen-bytes-xx", 2, "not an interface name"),
    ("--mode tun --vip 192.0.2.10 --carrier lo", 2, "--carrier has no meaning in mode tun"),
    ("--mode nat", 2, "needs to know the director"),
    ("--mode nat --gateway 192.0.2.1 --vip 192.0.2.1", 2, "both VIP and gateway"),
    ("--mode nat --gateway 192.0.2.1,192.0.2.2", 2, "192.0.2.1 and 192.0.2.2 are of one"),
    ("--mode nat --gateway 192.0.2.1 --gateway 192.0.2.1", 2, "--gateway 192.0.2.1 is given twice"),
    ("--mode tun --vip 192.0.2.10 --rip 192.0.2.11,192.0.2.12", 2, "are of one address family"),
    (
        "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --director 2001:db8:2::1",
        2,
        "are of different",
    ),
    ("--mode bridge", 2, "`bridge` is not a value of `--mode"),
];

const STATE: [Case; 18] = [
    ("--mode dr --vip 192.0.2.10 --label eth0:1", 1, "does not begin with lo"),
    ("--mode dr --vip 192.0.2.10 --carrier eth0 --create-carrier", 1, "eth0 answers ARP"),
    ("--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --fallback-devices", 1, "tunl0 is not there"),
    ("--mode dr --vip 192.0.2.11", 1, "192.0.2.11 is this host's own address on eth0"),
    ("--mode dr --vip 2001:db8:2::11", 1, "2001:db8:2::11 is this host's own address on eth0"),
    ("--mode dr --vip 192.0.2.254", 1, "the gateway of this host's default route"),
    ("--mode dr --vip 192.0.2.255", 1, "the broadcast address of eth0's subnet"),
    ("--mode dr --vip 192.0.2.10 --carrier eth7", 1, "eth7 is no interface"),
    ("--mode dr --vip 192.0.2.10 --carrier eth0", 1, "eth0 answers ARP"),
    ("--mode tun --vip 192.0.2.10 --tunnel-device dummy0", 1, "dummy0 is there already as dummy"),
    ("--mode tun --vip 192.0.2.10 --director 203.0.113.1,2001:db8:2::1", 1, "the RIP is not clear"),
    (
        "--mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11,2001:db8:2::11 \
         --tunnel-device t7",
        2,
        "it needs ipip and ip6tnl",
    ),
    ("--mode nat --director 192.0.2.1", 1, "do not go through the director"),
    ("--mode nat --director 192.0.2.254 --client 192.0.2.0/24", 1, "the route is on-link"),
    ("--mode nat --gateway 203.0.113.1", 1, "so it is no gateway"),
    ("--mode nat --gateway 192.0.2.1,2001:db8:9::1", 1, "2001:db8:9::1 is not on a network"),
    ("--mode nat --gateway 192.0.2.1 --vip 192.0.2.11", 1, "is this host's own address on eth0"),
    ("--mode dr --vip 192.0.2.10 --state-dir /proc/nowhere", 1, "opening /proc/nowhere"),
];

#[track_caller]
fn refused(server: &Host, before: &str, command: &str, status: i32, text: &str) {
    let output = server.sh(command);
    assert_eq!(output.status, status, "{command}: {}{}", output.stdout, output.stderr);
    assert_eq!(output.stdout, "", "{command}");
    assert!(output.stderr.starts_with("error: "), "{command}: {}", output.stderr);
    assert!(output.stderr.contains(text), "{command}: {}", output.stderr);
    assert_same(&state(server), before, command);
    assert_ne!(server.sh("ls /run/rs-agent/*.json").status, 0, "{command}: a journal");
}

#[test]
fn bad_input_and_unfit_hosts_change_nothing() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    for (options, status, text) in INPUT.iter().chain(&STATE) {
        refused(server, &before, &format!("rs-agent setup {options}"), *status, text);
    }
    refused(server, &before, "rs-agent teardown --vip 192.0.2.10/24", 2, "whole subnet");
    // What set-up takes for no VIP, `check` does not judge as one.
    let of_no_host = [
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "127.0.0.1",
        "169.254.1.1",
        "fe80::1",
        "ff02::1",
        "192.0.2.255",
    ];
    for vip in of_no_host {
        let said = |command: &str, doing: &str| {
            let output = server.sh(&format!("rs-agent {command} --mode dr --vip {vip}"));
            let why = output.stderr.strip_prefix(&format!("error: cannot {doing}: "));
            (output.status, why.unwrap_or_default().to_owned())
        };
        let setup = said("setup", &format!("set up dr for {vip}"));
        let check = said("check", "check this host");
        assert_ne!(setup.1, "", "{vip}");
        assert_eq!(check, setup, "{vip}");
    }
    let full = server.sh("rs-agent setup --help >/dev/full");
    assert_eq!(full.status, 1, "{full:?}");
    assert!(full.stderr.contains("printing the result: no space left"), "{full:?}");
    for command in ["setup --mode dr --vip 192.0.2.10 --json", "teardown -v"] {
        let untold = server.sh(&format!("rs-agent {command} >/dev/full"));
        assert_eq!(untold.status, 1, "{untold:?}");
        let why = "the changes were made, and cannot be told of: no space left";
        assert!(untold.stderr.contains(why), "{untold:?}");
    }
    assert_eq!(server.must("rs-agent status").stdout, "not set up\n");
    assert_eq!(server.sh("rs-agent --version | true").status, 0);
    for command in ["setup --help", "check --list-rules", "--version", "status"] {
        let closed = server.sh(&format!("rs-agent {command} >&-"));
        assert_eq!(closed.status, 1, "{command}: {closed:?}");
        let open = server.sh(&format!("rs-agent {command} 1<>/dev/null"));
        assert_eq!(open.status, 0, "{command}: {open:?}");
    }
}

/// A set-up keeps its carrier, and teardown minds no address of a VPN that has come since.
#[test]
fn a_set_up_does_not_move() {
    let network = real_server();
    let server = &network.servers[0];
    server.must("ip link add d0 type dummy && ip link set d0 up");
    server.must("ip addr add 10.8.0.1 peer 10.8.0.2/32 dev d0");
    let before = state(server);
    let other_end = "10.8.0.2 is the other end of this host's address 10.8.0.1 on d0";
    refused(server, &before, "rs-agent setup --mode dr --vip 10.8.0.2", 1, other_end);
    let checked = server.sh("rs-agent check --mode dr --vip 10.8.0.2");
    assert!(checked.stderr.contains(other_end), "{checked:?}");

    let setup = "rs-agent setup --mode dr --vip 192.0.2.10";
    server.must(setup);
    let done = state(server);
    let moved = server.sh(&format!("{setup} --carrier d0"));
    assert_eq!(moved.status, 1, "{moved:?}");
    let why =
        "it is set up with lo, not d0, as the VIPs' device\nhint: run rs-agent teardown first";
    assert!(moved.stderr.contains(why), "{moved:?}");
    let known = server.must(&format!("{setup} --director 192.0.2.1")).stderr;
    assert!(!known.contains("director"), "it takes nobody's place: {known}");
    let known = server.must(&format!("{setup} --director 192.0.2.2"));
    let told = format!("{}{}", known.stdout, known.stderr);
    assert!(told.contains("note: director: 192.0.2.2 instead of 192.0.2.1"), "{told}");
    assert!(told.contains("nothing to do"), "{told}");
    assert_same(&state(server), &done, "nothing to do");

    server.must("ip link add vpn0 type veth peer name vpn1 && ip link set vpn0 arp off up");
    server.must("ip addr add 10.9.0.2/32 dev vpn0");
    server.must("rs-agent teardown");
    assert_eq!(server.must("sysctl -n net.ipv4.conf.all.arp_ignore").stdout, "0\n");
    server.must("ip link del vpn0");
    assert_same(&state(server), &before, "teardown");
}

/// A card without ARP in a VRF, by which the director's packets come in.
#[test]
fn a_card_without_arp_in_a_vrf() {
    let network = real_server();
    let server = &network.servers[0];
    server.must(
        "ip link add red type vrf table 10 && ip link set red up && \
         ip link add blue type vrf table 20 && ip link set blue up && \
         ip link add vr type dummy && ip link set vr master red up && \
         ip link add vb type dummy && ip link set vb master blue up && \
         ip link add up0 type veth peer name up1 && ip link set up1 up && \
         ip link set up0 arp off master red up && ip addr add 10.7.0.11/24 dev up0",
    );
    let before = state(server);
    for way in ["--rip 10.7.0.11", "--director 10.7.0.1", "--rip 10.7.0.11 --director 10.7.0.1"] {
        let setup = format!("rs-agent setup --mode dr --vip 192.0.2.10 {way} --carrier");
        let elsewhere = "only for what comes in by interfaces of VRF blue: up0 is in none";
        refused(server, &before, &format!("{setup} vb"), 1, elsewhere);
        server.must(&format!("{setup} vr"));
        assert!(server.must("ip addr show dev vr").stdout.contains("192.0.2.10/32"), "{way}");
        server.must("rs-agent teardown");
        assert_same(&state(server), &before, way);
    }
    // The RIP is the address beside the director.
    server.must("rs-agent setup --mode tun --vip 192.0.2.10 --director 10.7.0.1");
    let tunnel = server.must("ip -d link show rs-ipip").stdout;
    assert!(tunnel.contains("remote 10.7.0.1 local 10.7.0.11"), "{tunnel}");
    server.must("rs-agent teardown");
    assert_same(&state(server), &before, "tun");
}

/// `docs/errors.md`.
#[test]
fn every_row_of_the_page_is_refused_and_changes_nothing() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    let rows = page::rows("rs-agent");
    assert!(rows.len() >= 4, "{} rows", rows.len());
    for row in rows {
        let output = server.sh(&row.command);
        let helps = row.check(Some(output.status), &output.stdout, &output.stderr);
        assert!(helps, "{}: {}", row.command, output.stderr);
        assert_same(&state(server), &before, &row.command);
        assert_ne!(server.sh("ls /run/rs-agent/*.json").status, 0, "{}: a journal", row.command);
    }
}

#[test]
fn hosts_that_would_still_answer_are_refused() {
    for (preparation, text) in [
        (
            "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8",
            "effective net.ipv4.conf.eth0.arp_ignore is 8",
        ),
        (
            "sysctl -qw net.ipv4.conf.all.arp_ignore=8",
            "effective net.ipv4.conf.all.arp_ignore is 8",
        ),
        (
            // The dot in the name is part of it.
            "ip link add link eth0 name eth0.100 type vlan id 100 && ip link set eth0.100 up && \
             echo 8 >/proc/sys/net/ipv4/conf/eth0.100/arp_ignore",
            "effective net.ipv4.conf.eth0/100.arp_ignore is 8",
        ),
        ("sysctl -qw net.ipv4.conf.eth0.arp_ignore=5", "would not hide the VIP"),
        (
            "sysctl -qw net.ipv4.conf.eth0.arp_ignore=3 && ip addr add 192.0.2.10/32 dev lo",
            "which hides only scope host",
        ),
        (
            "sysctl -qw net.ipv4.conf.eth0.arp_ignore=3 net.ipv4.conf.lo.route_localnet=1",
            "has scope host, which route_localnet makes link,",
        ),
        ("ip addr add 192.0.2.10/32 dev eth0", "192.0.2.10 is on eth0"),
        ("ip addr add 192.0.2.10/25 dev dummy0", "competes with the route to its subnet"),
        (
            "ip addr add 192.0.2.10 peer 192.0.2.1 dev lo",
            "192.0.2.10 peer 192.0.2.1/32 on lo makes",
        ),
        ("ip link set lo down", "lo is down"),
    ] {
        let network = real_server();
        let server = &network.servers[0];
        server.must(preparation);
        refused(server, &state(server), "rs-agent setup --mode dr --vip 192.0.2.10", 1, text);
    }
}

/// A link that answers no ARP and leads to somebody: without its address nobody reaches this host
/// there.
#[test]
fn the_end_of_a_link_is_never_taken_away() {
    let network = real_server();
    let server = &network.servers[0];
    server.must(
        "ip link add up0 type veth peer name up1 && ip link set up0 arp off up && \
         ip link set up1 arp off up",
    );
    let dr = "--mode dr --vip 203.0.113.5";
    let nat = "--mode nat --director 192.0.2.254 --vip 203.0.113.5";
    for (address, own) in
        [("203.0.113.5/24", &[dr, nat][..]), ("203.0.113.5 peer 203.0.113.1", &[nat])]
    {
        server.must(&format!("ip addr add {address} dev up0"));
        let before = state(server);
        for options in own {
            let text = "203.0.113.5 is this host's own address on up0\nhint: give the service";
            refused(server, &before, &format!("rs-agent setup {options}"), 1, text);
        }
        for options in [dr, nat] {
            let said = server.sh(&format!("rs-agent check {options}")).stdout;
            assert!(!said.contains("addr del 203.0.113.5"), "{said}");
            let told = ["RS-VIP-04", "RS-NAT-01"].iter().any(|rule| said.contains(rule));
            assert_eq!(told, own.contains(&options), "{options}: {said}");
        }
        server.must("ip addr flush dev up0");
    }
}

#[test]
fn values_of_arp_ignore_hide_or_answer_as_we_say() {
    let network = Network::direct_routing(1);
    let server = &network.servers[0];
    let answers = || {
        // Which it answers whatever it does about ARP.
        let awaited = &network.addresses(Family::Ipv6).rips;
        network.who_has([192, 0, 2, 10].into(), ArpSender::Nobody, awaited).len()
    };
    server.must("ip addr add 192.0.2.10/32 dev lo scope host");
    for (value, expected) in
        [(0, 1), (1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (7, 1), (8, 0), (9, 1)]
    {
        server.must(&format!("sysctl -qw net.ipv4.conf.eth0.arp_ignore={value}"));
        assert_eq!(answers(), expected, "arp_ignore={value}");
    }
    // 3 looks at the scope, which route_localnet of the device with the address widens.
    server.must("sysctl -qw net.ipv4.conf.eth0.arp_ignore=3 net.ipv4.conf.eth0.route_localnet=1");
    assert_eq!(answers(), 0);
    server.must("sysctl -qw net.ipv4.conf.lo.route_localnet=1");
    assert_eq!(answers(), 1);
}

#[test]
fn ipv6_that_is_off_and_tunnels_that_are_taken_are_refused() {
    let network = real_server();
    let server = &network.servers[0];
    server.must("sysctl -qw net.ipv6.conf.lo.disable_ipv6=1");
    let before = state(server);
    refused(
        server,
        &before,
        "rs-agent setup --mode dr --vip 2001:db8:2::10",
        1,
        "lo.disable_ipv6 is 1",
    );
    server.must("ip link add t7 type ipip local 192.0.2.11");
    let setup = "rs-agent setup --mode tun --vip 192.0.2.10 --rip 192.0.2.11";
    let before = state(server);
    refused(server, &before, setup, 1, "t7 already receives ipip local 192.0.2.11");
    let other = "rs-agent setup --mode tun --vip 192.0.2.10 --rip 192.0.2.12 --tunnel-device t7";
    refused(server, &before, other, 1, "t7 is there already as ipip local 192.0.2.11");
    // One that fits is used, and stays.
    server.must(&format!("{setup} --tunnel-device t7"));
    server.must("rs-agent teardown");
    server.must("ip link show t7");
}

#[test]
fn another_mode_or_tunnel_needs_a_teardown_first() {
    let network = real_server();
    let server = &network.servers[0];
    server.must("rs-agent setup --mode tun --vip 192.0.2.10 --rip 192.0.2.11");
    let before = state(server);
    for (options, text) in [
        ("--mode dr --vip 192.0.2.10", "this host is set up as tun"),
        ("--mode nat --gateway 192.0.2.1", "this host is set up as tun"),
        (
            "--mode tun --vip 192.0.2.10 --director 192.0.2.1",
            "192.0.2.10 is set up with rs-ipip (ipip local 192.0.2.11)",
        ),
        ("--mode tun --vip 192.0.2.30 --rip 192.0.2.12", "192.0.2.10 is set up with rs-ipip"),
        (
            "--mode tun --vip 192.0.2.20,192.0.2.10 --rip 2001:db8:2::11",
            ": 192.0.2.10 is set up with rs-ipip (ipip local 192.0.2.11), not RIP 2001:db8:2::11",
        ),
        (
            "--mode tun --vip 192.0.2.20 --rip 2001:db8:2::11",
            "with rs-ipip (ipip local 192.0.2.11), not RIP 2001:db8:2::11 for 192.0.2.20",
        ),
    ] {
        let output = server.sh(&format!("rs-agent setup {options}"));
        assert_eq!(output.status, 1, "{options}");
        assert!(output.stderr.contains(text), "{options}: {}", output.stderr);
        assert!(output.stderr.contains("hint: run rs-agent teardown first"), "{}", output.stderr);
        assert_same(&state(server), &before, options);
    }
}

#[test]
fn missing_rights_are_named_before_anything_is_changed() {
    let network = real_server();
    let server = &network.servers[0];
    let setup = "rs-agent setup --mode dr --vip 192.0.2.10";
    let nobody = "setpriv --reuid=65534 --clear-groups";
    let before = state(server);
    refused(
        server,
        &before,
        &format!("{nobody} {setup}"),
        1,
        ": needs CAP_NET_ADMIN\nhint: run it as root",
    );
    assert_eq!(server.must(&format!("{nobody} rs-agent status")).stdout, "not set up\n");
    assert_ne!(server.must(&format!("{nobody} {setup} --dry-run")).stdout, "");
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    let network = real_server();
    let server = &network.servers[0];
    for command in
        ["status", "status --json", "--help", "setup --mode dr --vip 192.0.2.10 --dry-run"]
    {
        let output = server.must(&format!(
            "{{ rs-agent {command}; echo $? >/run/status; }} | true; cat /run/status"
        ));
        assert_eq!(output.stdout, "0\n", "{command}: {}", output.stderr);
        assert_eq!(output.stderr, "", "{command}");
    }
}
