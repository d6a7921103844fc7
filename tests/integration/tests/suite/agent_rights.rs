// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent` needs one capability and no root; what is missing it says beforehand.

use std::process::Command;

use nix::sys::signal::Signal;

use crate::agent::{SETUPS, assert_same, real_server, share, state};
use crate::running::{Run, repaired};

/// Runs what follows as nobody, with these capabilities and no way to get others.
fn nobody(capabilities: &str) -> String {
    format!(
        "setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
         --inh-caps=-all{capabilities} --ambient-caps=-all{capabilities} \
         --bounding-set=-all{capabilities} rs-agent --state-dir /run/lvs"
    )
}

#[test]
fn one_capability_is_enough() {
    let agent = nobody(",+net_admin");
    for setup in share(SETUPS) {
        let network = real_server();
        let server = &network.servers[0];
        server.must("install -d -o 65534 /run/lvs");
        let before = state(server);
        server.must(&format!("{agent} setup {setup}"));
        assert_ne!(state(server), before, "{setup}");
        let status = server.must(&format!("{agent} status")).stdout;
        assert!(!status.contains("drift"), "{setup}: {status}");
        server.must(&format!("{agent} teardown"));
        assert_same(&state(server), &before, setup);
    }
}

#[test]
fn run_repairs_with_one_capability() {
    let network = real_server();
    let server = &network.servers[0];
    server.must("install -d -o 65534 /run/lvs");
    let before = state(server);
    let run =
        format!("{} run --mode dr --vip 192.0.2.10 --on-stop teardown", nobody(",+net_admin"));
    let mut run = Run::spawn(server, &run, &[]);
    run.hears("READY=1");
    repaired(
        &run,
        server,
        &[
            (
                "sysctl -qw net.ipv4.conf.all.arp_ignore=0",
                "[ $(sysctl -n net.ipv4.conf.all.arp_ignore) = 1 ]",
            ),
            ("ip addr del 192.0.2.10/32 dev lo", "ip -o addr show dev lo | grep -q 192.0.2.10"),
        ],
    );
    run.signal(Signal::SIGTERM);
    let (status, log) = run.ends();
    assert_eq!(status, Some(0), "{log}");
    assert_same(&state(server), &before, &log);
}

#[test]
fn what_is_missing_is_named_and_nothing_is_changed() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    let without = nobody("");
    for command in
        ["setup --mode dr --vip 192.0.2.10", "run --mode dr --vip 192.0.2.10", "teardown"]
    {
        let refused = server.sh(&format!("{without} {command}"));
        assert_eq!(refused.status, 1, "{command}: {refused:?}");
        assert!(refused.stderr.contains("needs CAP_NET_ADMIN"), "{command}: {refused:?}");
    }
    // The capability, but nowhere to keep what was before.
    server.must("install -d -o 0 /run/lvs");
    let refused = server.sh(&format!("{} setup --mode dr --vip 192.0.2.10", nobody(",+net_admin")));
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("/run/lvs"), "{refused:?}");
    assert_same(&state(server), &before, "refused");
    // Settings that nobody can write, not even root.
    server.must("mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys");
    let refused = server.sh("rs-agent setup --mode dr --vip 192.0.2.10");
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("all.arp_ignore is on a read-only /proc/sys"), "{refused:?}");
    server.must("umount /proc/sys");
    assert_same(&state(server), &before, "read-only settings");
}

/// What udev does to a new device: a glob of sysctl.d comes after the device, and is done
/// with when the file is there. The namespace is the one that sysfs shows.
#[test]
fn udev_has_had_its_turn_before_settings_are_made() {
    let network = real_server();
    let server = &network.servers[0];
    server.must(
        "install -d -o 65534 /run/lvs && mkdir -p /run/udev && \
         mount -t tmpfs udev /run/udev && mkdir /run/udev/data && touch /run/udev/control && \
         mount -t sysfs sysfs /sys",
    );
    let udev = "until [ -e /sys/class/net/rs-ipip/ifindex ]; do sleep 0.01; done; sleep 0.3; \
                sysctl -qw net.ipv4.conf.rs-ipip.rp_filter=1; \
                touch /run/udev/data/n$(cat /sys/class/net/rs-ipip/ifindex)";
    let mut udev = server
        .enter(|| Command::new("timeout").args(["60", "sh", "-c", udev]).spawn().expect("a udev"));
    let agent = nobody(",+net_admin");
    server.must(&format!("{agent} setup --mode tun --vip 192.0.2.10 --rip 192.0.2.11"));
    assert!(udev.wait().expect("its status").success());
    let set = server.must("sysctl -n net.ipv4.conf.rs-ipip.rp_filter").stdout;
    assert_eq!(set.trim(), "2");
}
