// SPDX-License-Identifier: MIT OR Apache-2.0

//! Interface names with dots and odd characters, settings that are out of reach, and
//! hundreds of VIPs at once.

use lab::{Network, quoted};

use crate::agent::{assert_same, assert_set_up, real_server, state};

/// Names the kernel takes and a shell, a path or a dotted sysctl name would not.
const NAMES: [&str; 8] = ["eth1.100", "a..b", "-x", "it's", "$HOME", "*", "q\"\\", "gr\u{fc}n"];

#[test]
fn odd_names_are_names_like_any_other() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    for name in NAMES {
        for setup in [
            "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --tunnel-device=",
            "--mode dr --vip 192.0.2.10,2001:db8:2::10 --create-carrier --carrier=",
        ] {
            let setup = format!("rs-agent setup {setup}{}", quoted(name));
            server.must(&setup);
            assert_set_up(server, &setup);
            server.must("rs-agent teardown");
            assert_same(&state(server), &before, &setup);
        }
    }
}

#[test]
fn an_interface_with_a_dot_is_seen_to_answer() {
    let network = real_server();
    let server = &network.servers[0];
    server.must("ip link add link eth0 name eth0.100 type vlan id 100 && ip link set eth0.100 up");
    // The page's trap: `eth0` of a dotted name is another interface.
    server.must("echo 8 >/proc/sys/net/ipv4/conf/eth0.100/arp_ignore");
    let output = server.sh("rs-agent setup --mode dr --vip 192.0.2.10");
    assert!(output.stderr.contains("net.ipv4.conf.eth0/100.arp_ignore is 8"), "{output:?}");
    server.must("echo 0 >/proc/sys/net/ipv4/conf/eth0.100/arp_ignore");
    server.must("rs-agent setup --mode dr --vip 192.0.2.10");
}

/// A name that is no text cannot be told to the operator or kept in the journal; not to
/// see the interface would be worse.
#[test]
fn a_name_that_is_no_text_is_not_passed_over() {
    let network = real_server();
    let server = &network.servers[0];
    server.must("ip link add \"$(printf 'x\\377')\" type dummy");
    let before = server.must("ip -br addr show lo").stdout;
    let output = server.sh("rs-agent setup --mode dr --vip 192.0.2.10");
    assert!(output.status == 1 && output.stderr.contains("reading interfaces"), "{output:?}");
    assert_eq!(server.must("ip -br addr show lo").stdout, before);
}

#[test]
fn out_of_reach_is_told_from_missing() {
    let setup = "rs-agent setup --mode dr --vip 192.0.2.10";
    for (preparation, words) in [
        (
            "mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys",
            "net.ipv4.conf.all.arp_ignore is on a read-only /proc/sys",
        ),
        ("mount -t tmpfs none /proc/sys/net", "net.ipv4.conf.all.arp_ignore is not there"),
    ] {
        let network = Network::direct_routing(1);
        let server = &network.servers[0];
        server.must(preparation);
        let addresses = || server.must("ip addr").stdout;
        let before = addresses();
        let output = server.sh(setup);
        assert!(output.status == 1 && output.stderr.contains(words), "{output:?}");
        assert_eq!(addresses(), before);
        assert_ne!(server.sh("ls /run/rs-agent/*.json").status, 0, "a journal");
    }
}

#[test]
fn a_thousand_vips_come_and_go() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    let vips: Vec<String> = (0..1000)
        .map(|n| match n % 2 {
            0 => format!("10.9.{}.{}", n / 200, n % 200 + 1),
            _ => format!("2001:db8:9::{n:x}"),
        })
        .collect();
    let setup = format!("rs-agent setup --mode dr --vip {}", vips.join(","));
    server.must(&setup);
    assert_set_up(server, "a thousand");
    let listed = server.must("ip -o addr show lo | wc -l").stdout;
    assert_eq!(listed.trim(), "1002");
    assert!(server.must(&setup).stdout.starts_with("nothing to do"));
    // One of the last batch is in the way of a second thousand: all of it is taken back.
    let with_one = state(server);
    server.must("ip addr add 10.8.3.77/32 dev eth0");
    let more: Vec<String> =
        (0..1000).map(|n| format!("10.8.{}.{}", n / 200, n % 200 + 1)).collect();
    let refused = server.sh(&format!("rs-agent setup --mode dr --vip {}", more.join(",")));
    assert!(refused.stderr.contains("10.8.3.77 is on eth0"), "{}", refused.stderr);
    server.must("ip addr del 10.8.3.77/32 dev eth0");
    let failing =
        format!("RS_AGENT_FAILPOINT=700:error rs-agent setup --mode dr --vip {}", more.join(","));
    assert_eq!(server.sh(&failing).status, 1);
    assert_same(&state(server), &with_one, "700 of a second thousand taken back");
    server.must("rs-agent teardown");
    assert_same(&state(server), &before, "after a thousand");
}
