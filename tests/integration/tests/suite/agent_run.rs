// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent run` repairs what drifts, and tells what is not its own.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::agent::{assert_same, assert_set_up, real_server, state};
use crate::running::{Ended, LATE, NO_VIP_MISSING, Run, holds, repaired};

#[test]
fn drift_of_direct_routing_is_repaired() {
    let network = real_server();
    let host = &network.servers[0];
    let before = state(host);
    let run = Run::start(host, "--mode dr --vip 192.0.2.10,203.0.113.10,2001:db8:2::10");
    let after = state(host);
    assert_set_up(host, "run sets up");
    let ignores = "[ $(sysctl -n net.ipv4.conf.all.arp_ignore) = 1 ]";
    let announces = "[ $(sysctl -n net.ipv4.conf.all.arp_announce) = 2 ]";
    repaired(
        &run,
        host,
        &[
            ("ip addr del 203.0.113.10/32 dev lo", NO_VIP_MISSING),
            ("ip addr del 192.0.2.10/32 dev lo", "ip -o addr show dev lo | grep -q 192.0.2.10/32"),
            ("sysctl -qw net.ipv4.conf.all.arp_ignore=0", ignores),
            ("sysctl -qw net.ipv4.conf.all.arp_announce=0", announces),
            ("ip link set lo down && ip link set lo up", NO_VIP_MISSING),
            ("rm /run/rs-agent/netns-*.json", "[ -e /run/rs-agent/netns-*.json ]"),
        ],
    );
    // The order of addresses tells which came last.
    let sorted = |state: &str| {
        let mut lines: Vec<_> = state.lines().map(|line| format!("{line}\n")).collect();
        lines.sort();
        lines.concat()
    };
    assert_same(&sorted(&state(host)), &sorted(&after), "after all that");
    assert_set_up(host, &run.log());
    // Nothing is said of a host that is in order.
    let told = run.log().matches("event=repaired").count();
    assert_eq!(told, 6, "{}", run.log());
    host.must("rs-agent teardown");
    assert_same(&state(host), &before, "teardown knows what was before, still");
}

#[test]
fn drift_of_tunnels_is_repaired() {
    let network = real_server();
    let host = &network.servers[0];
    let before = state(host);
    let run = Run::start(host, "--mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11");
    let whole = "ip -o addr show dev rs-ipip | grep -q 192.0.2.10/32 && \
                 [ $(sysctl -n net.ipv4.conf.rs-ipip.rp_filter) = 2 ] && \
                 ip link show rs-ipip up | grep -q rs-ipip";
    let whole6 = "ip -o addr show dev rs-sit | grep -q 2001:db8:2::10/128 && \
                  ip link show rs-sit up | grep -q rs-sit";
    repaired(
        &run,
        host,
        &[
            ("ip link set rs-ipip down", whole),
            ("ip link del rs-ipip", whole),
            ("sysctl -qw net.ipv4.conf.rs-ipip.rp_filter=1", whole),
            ("ip link set rs-sit down && ip link set rs-sit up", whole6),
            ("ip link del rs-sit", whole6),
        ],
    );
    assert_set_up(host, &run.log());
    host.must("rs-agent teardown");
    assert_same(&state(host), &before, "teardown knows what was before, still");
}

#[test]
fn drift_of_the_way_back_is_repaired() {
    let network = real_server();
    let host = &network.servers[0];
    let run = Run::start(host, "--mode nat --gateway 192.0.2.1");
    let back = "ip route get 198.51.100.7 | grep -q 'via 192.0.2.1 '";
    repaired(
        &run,
        host,
        &[
            ("ip route replace default via 192.0.2.254", back),
            ("ip route del default via 192.0.2.1", back),
        ],
    );
    assert_set_up(host, &run.log());
}

#[test]
fn what_is_not_ours_is_told_and_left() {
    let network = real_server();
    let host = &network.servers[0];
    let run = Run::start(host, "--mode dr --vip 192.0.2.10,203.0.113.10");
    host.must("sysctl -qw net.ipv4.conf.all.arp_ignore=2");
    run.says("net.ipv4.conf.all.arp_ignore is 2 now, set-up wrote 1");
    run.behind_its_back(host, "ip addr del 192.0.2.10/32 dev lo; ip addr add 192.0.2.10/32 dev lo");
    run.says("192.0.2.10 on lo was added by somebody else");
    host.must("ip addr add 192.0.2.10/32 dev eth0");
    run.says("192.0.2.10 is on eth0, which answers for it whatever is set");
    // With one VIP in trouble, the other one is still kept.
    repaired(
        &run,
        host,
        &[("ip addr del 203.0.113.10/32 dev lo", "ip addr | grep -q 203.0.113.10")],
    );
    assert!(holds(host, "[ $(sysctl -n net.ipv4.conf.all.arp_ignore) = 2 ]"));
    let theirs = host.must("ip -d addr show | grep 192.0.2.10/32").stdout;
    assert_eq!(theirs.lines().count(), 2, "{theirs}");
    assert!(!theirs.contains("proto"), "neither of them is ours: {theirs}");
    host.must("ip addr del 192.0.2.10/32 dev eth0");
    run.says("event=cleared what=\"192.0.2.10 is on eth0");
    assert_eq!(run.log().matches("event=repaired").count(), 1, "{}", run.log());
}

#[test]
fn a_device_that_others_made_anew_is_theirs() {
    let network = real_server();
    let host = &network.servers[0];
    let run = Run::start(host, "--mode tun --vip 192.0.2.10 --rip 192.0.2.11");
    run.behind_its_back(host, "ip link del rs-ipip && ip link add rs-ipip type dummy");
    run.says("rs-ipip is there already as dummy");
    assert_eq!(run.log().matches("event=repaired").count(), 0, "{}", run.log());
    assert!(!holds(host, "ip -o addr show dev rs-ipip | grep -q 192.0.2.10"));
    assert!(holds(host, "[ $(sysctl -n net.ipv4.conf.rs-ipip.rp_filter) != 2 ]"));
    // One that will do is used, and stays when all that is ours goes.
    run.behind_its_back(
        host,
        "ip link del rs-ipip && ip link add rs-ipip type ipip local 192.0.2.11",
    );
    run.says("rs-ipip was made anew by somebody: it is theirs now");
    run.repairs("the VIP", || holds(host, "ip -o addr show dev rs-ipip | grep -q 192.0.2.10"));
    host.must("rs-agent teardown");
    assert!(holds(host, "ip link show rs-ipip"), "{}", run.log());
    assert!(!holds(host, "ip -o addr show dev rs-ipip | grep -q 192.0.2.10"));
}

#[test]
fn who_undoes_it_again_and_again_is_given_way_and_named() {
    let network = real_server();
    let host = &network.servers[0];
    // A program of that name runs, and a file of sysctl.d says otherwise.
    host.must("mkdir /run/sysctl.d && cp $(command -v sleep) /run/keepalived");
    host.must("echo 'net.ipv4.conf.all.arp_ignore = 0' >/run/sysctl.d/50-other.conf");
    let rival = host.enter(|| Command::new("/run/keepalived").arg("300").spawn());
    let _rival = Ended(rival.expect("the rival"));
    let run = Run::start(host, "--mode dr --vip 192.0.2.10");
    let is_one = || holds(host, "[ $(sysctl -n net.ipv4.conf.all.arp_ignore) = 1 ]");
    let undo = || host.must("sysctl -qw net.ipv4.conf.all.arp_ignore=0");
    let mut seen = Vec::new();
    for _ in 0..5 {
        undo();
        run.repairs("a repair", is_one);
        seen.push(Instant::now());
    }
    // The third repair is the last without delay: the next wait 1, 2 seconds and so on.
    // It says so, and the clock of a busy guest proves nothing beyond.
    println!("the fifth {:?} after the fourth", seen[4] - seen[3]);
    run.says("repairs=5 next-in-seconds=4");
    let log = run.log();
    let told: Vec<_> = log.lines().filter(|line| line.contains("event=undone-again")).collect();
    assert_eq!(told.len(), 3, "{log}");
    assert!(told[2].contains("repairs=5 next-in-seconds=4"), "{log}");
    for suspect in ["keepalived with use_vmac", "/run/sysctl.d/50-other.conf:1 says net.ipv4"] {
        assert!(told[0].contains(suspect), "{suspect}: {log}");
    }
}

/// The kernel tells at once of an address that goes, so only the pauses take time: the fourth
/// repair waits a second, the fifth two. However slow the guest is, they cannot take less.
#[test]
fn repairs_of_the_same_thing_have_pauses_between_them() {
    let network = real_server();
    let host = &network.servers[0];
    let run = Run::start(host, "--mode dr --vip 203.0.113.10");
    let is_there = || holds(host, "ip -o addr show dev lo | grep -q 203.0.113.10/32");
    let begun = Instant::now();
    for _ in 0..5 {
        host.must("ip addr del 203.0.113.10/32 dev lo");
        run.repairs("the VIP", is_there);
    }
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(3), "five repairs in {took:?}\n{}", run.log());
}

/// What cannot be read stands for all that need not be read for that.
#[test]
fn a_lost_vip_is_put_back_before_all_else_is_looked_at() {
    let network = real_server();
    let host = &network.servers[0];
    let run = Run::start(host, "--mode dr --vip 192.0.2.10,203.0.113.10,2001:db8:2::10");
    run.hears("STATUS=");
    host.must(
        "echo none >/run/none && \
         mount --bind /run/none /proc/sys/net/ipv4/conf/default/route_localnet",
    );
    repaired(
        &run,
        host,
        &[
            ("ip addr del 203.0.113.10/32 dev lo", NO_VIP_MISSING),
            ("ip addr del 2001:db8:2::10/128 dev lo", NO_VIP_MISSING),
        ],
    );
    run.says("ip addr add 2001:db8:2::10/128");
    assert!(!run.log().contains("event=problem"), "{}", run.log());
    // Anything else makes it look at everything.
    host.must("ip link add dummy1 type dummy");
    run.says("default.route_localnet reads");
}

/// Somebody has put it back before the notice is read that it was lost.
#[test]
fn a_vip_that_is_there_again_is_let_be() {
    let network = real_server();
    let host = &network.servers[0];
    let run = Run::start(host, "--mode dr --vip 192.0.2.10,203.0.113.10");
    run.hears("STATUS=");
    run.behind_its_back(
        host,
        "ip addr del 203.0.113.10/32 dev lo && \
         ip addr add 203.0.113.10/32 dev lo scope host proto 0x72",
    );
    // By then it has read that notice too.
    let other = "ip -o addr show dev lo | grep -q 192.0.2.10/32";
    repaired(&run, host, &[("ip addr del 192.0.2.10/32 dev lo", other)]);
    run.says("event=repaired");
    assert_set_up(host, &run.log());
    let log = run.log();
    let told: Vec<&str> = log.lines().filter(|line| !line.contains("event=set-up")).collect();
    assert!(matches!(told[..], [one] if one.contains("192.0.2.10/32")), "{log}");
}

#[test]
fn a_vip_is_hidden_before_it_is_put_back() {
    let network = real_server();
    let host = &network.servers[0];
    let run = Run::start(host, "--mode dr --vip 192.0.2.10,203.0.113.10");
    run.hears("STATUS=");
    run.behind_its_back(
        host,
        "ip addr del 203.0.113.10/32 dev lo && sysctl -qw net.ipv4.conf.all.arp_ignore=0",
    );
    run.repairs("the VIP", || holds(host, "ip -o addr show dev lo | grep -q 203.0.113.10/32"));
    assert!(holds(host, "[ $(sysctl -n net.ipv4.conf.all.arp_ignore) = 1 ]"), "{}", run.log());
    run.says("event=repaired command=\"ip addr add 203.0.113.10/32");
    let log = run.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("event=repaired")).collect();
    assert!(matches!(told[..], [first, _] if first.contains("arp_ignore=1")), "{log}");
}

#[test]
fn lost_notices_make_it_look() {
    let network = real_server();
    let host = &network.servers[0];
    let run = Run::start(host, "--mode dr --vip 192.0.2.10,203.0.113.10,2001:db8:2::10");
    run.behind_its_back(
        host,
        "for i in $(seq 2000); do echo addr add 10.9.9.9/32 dev dummy0; \
         echo addr del 10.9.9.9/32 dev dummy0; done | ip -batch - && \
         ip addr del 203.0.113.10/32 dev lo",
    );
    run.repairs("the VIP", || holds(host, NO_VIP_MISSING));
    run.says("event=lost-notices");
}

#[test]
fn a_flood_is_repaired_and_told_in_a_few_lines() {
    const VIPS: usize = 400;
    let network = real_server();
    let host = &network.servers[0];
    let vips: Vec<String> =
        (0..VIPS).map(|n| format!("10.9.{}.{}", n / 200, n % 200 + 1)).collect();
    let run = Run::start(host, &format!("--mode dr --vip {}", vips.join(",")));
    let all_there = format!("[ $(ip -o addr show dev lo to 10.9.0.0/16 | wc -l) = {VIPS} ]");
    for flood in 1..=3 {
        run.behind_its_back(host, "ip addr flush dev lo scope host to 10.9.0.0/16");
        run.repairs(&format!("flood {flood}"), || holds(host, &all_there));
    }
    run.says("event=undone-again");
    run.until(LATE, "all repairs told", || repaired(&run.log()) >= 3 * VIPS);
    let log = run.log();
    // A line for the settings each, and for each look one for all that it repaired.
    assert!(log.lines().count() < 50, "{log}");
    fn repaired(log: &str) -> usize {
        let lines = log.lines().filter(|line| line.contains("event=repaired"));
        let count = |line: &str| {
            let (_, rest) = line.split_once(" count=")?;
            rest.split(' ').next()?.parse::<usize>().ok()
        };
        lines.map(|line| count(line).unwrap_or(1)).sum()
    }
}
