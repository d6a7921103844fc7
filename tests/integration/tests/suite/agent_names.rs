// SPDX-License-Identifier: MIT OR Apache-2.0

//! Interface names with dots and odd characters, settings that are out of reach, and
//! hundreds of VIPs at once.

use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use lab::{Network, quoted};

use crate::agent::{assert_same, assert_set_up, real_server, state};
use crate::running::{Ended, Run};

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

/// The kernel takes any bytes for names, and other programs write what they like: nothing of
/// it may stand between the host and its VIPs, and what counts is read by its own name.
#[test]
fn names_that_are_no_text_are_names_like_any_other() {
    let network = real_server();
    let server = &network.servers[0];
    // The RIP's interface, its alias and alternative name, another device, a label, a process
    // that shows itself as one, and a file of settings.
    server.must(
        "cp $(command -v sleep) \"/run/$(printf 'sl\\351p')\" && mkdir /run/sysctl.d && \
         printf '# gr\\374n\\nnet.ipv4.conf.gr\\374n.rp_filter = 1\\n' >/run/sysctl.d/50-a.conf",
    );
    server.must(
        "n=$(printf 'nic\\351'); ip link set eth0 down && ip link set eth0 name \"$n\" && \
         ip link set \"$n\" up alias \"$(printf 'gr\\374n')\" && \
         ip link property add dev \"$n\" altname \"$(printf 'alt\\377')\" && \
         ip link add \"$(printf 'x\\377')\" type dummy && ip link set \"$(printf 'x\\377')\" up && \
         ip addr add 10.99.0.1/32 dev lo label \"$(printf 'lo:\\351')\"",
    );
    let rival = server.enter(|| {
        let program = std::ffi::OsStr::from_bytes(b"/run/sl\xe9p");
        Command::new(program).arg("300").spawn().expect("a process")
    });
    let _rival = Ended(rival);
    let before = state(server);
    let setup = "rs-agent setup --mode dr --vip 192.0.2.10,203.0.113.10";
    // Its settings are read by its own name.
    let ignore = "/proc/sys/net/ipv4/conf/$(printf 'nic\\351')/arp_ignore";
    server.must(&format!("echo 8 >\"{ignore}\""));
    let refused = server.sh(setup).stderr;
    assert!(refused.contains("net.ipv4.conf.nic\\xe9.arp_ignore is 8"), "{refused}");
    server.must(&format!("echo 0 >\"{ignore}\""));
    server.must(setup);
    assert_set_up(server, setup);
    let checked = server.sh("rs-agent check");
    assert!(matches!(checked.status, 0 | 3), "{checked:?}");
    assert!(!checked.stderr.contains("not read"), "{checked:?}");
    server.must("ip addr add 192.0.2.10/32 dev \"$(printf 'nic\\351')\"");
    let checked = server.sh("rs-agent check");
    assert!(checked.status == 4 && checked.stdout.contains("nic\\xe9"), "{checked:?}");
    server.must("ip addr del 192.0.2.10/32 dev \"$(printf 'nic\\351')\"");

    let run = Run::start(server, "--mode dr --vip 192.0.2.10,203.0.113.10");
    server.must("ip addr del 203.0.113.10/32 dev lo");
    run.says("event=repaired command=\"ip addr add 203.0.113.10/32");
    drop(run);
    assert_set_up(server, "repaired");
    server.must("rs-agent teardown");
    assert_same(&state(server), &before, "after all");

    // The written form names the device, and makes one.
    for carrier in ["--carrier 'x\\xff'", "--carrier 'gr\\xfcn' --create-carrier"] {
        let setup = format!("rs-agent setup --mode dr --vip 192.0.2.10 {carrier}");
        server.must(&setup);
        assert_set_up(server, &setup);
        let name = if carrier.contains("create") { "gr\\374n" } else { "x\\377" };
        let there = format!("ip -br addr show dev \"$(printf '{name}')\" | grep -q 192.0.2.10");
        server.must(&there);
        server.must("rs-agent teardown");
        assert_same(&state(server), &before, &setup);
    }
}

/// What a terminal would act on is shown by its number, whoever tells of it.
#[test]
fn no_name_reaches_the_terminal_as_it_is() {
    let network = real_server();
    let server = &network.servers[0];
    let name = "e\x1b[1m\u{202e}\u{9b}2J";
    let quoted = quoted(name);
    let odd = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    let shown = |text: &str| assert!(!text.contains(odd) && text.contains("e\\u"), "{text:?}");
    // On a device that hides it a VIP is noted as somebody's own, and status shows where it is.
    server.must(&format!(
        "ip link add {quoted} type dummy && ip link set {quoted} up arp off && \
         ip addr add 192.0.2.10/32 dev {quoted}"
    ));
    let output = server.must("rs-agent setup --mode dr --vip 192.0.2.10 -v");
    shown(&output.stderr);
    shown(&server.must("rs-agent status").stdout);
    let json = server.must("rs-agent status --json").stdout;
    shown(&json);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["vips"][0]["device"], name);
    server.must(&format!("ip link set {quoted} arp on"));
    let run = Run::start(server, "");
    run.says("event=problem");
    drop(server.sh("ip addr del 192.0.2.10/32 dev lo"));
    shown(&run.log());
    drop(run);
    shown(&server.sh("rs-agent status").stdout);
    let checked = server.sh("rs-agent check");
    shown(&checked.stdout);
    shown(&server.sh("rs-agent setup --mode dr --vip 192.0.2.10").stderr);
    server.must("rs-agent teardown");
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
