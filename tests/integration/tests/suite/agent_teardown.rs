// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent teardown` where something will not go, or is not as it was set up.

use lab::Host;
use nix::sys::signal::Signal;

use crate::agent::{assert_same, real_server, state};
use crate::running::Run;

const ARP: [&str; 2] = ["arp_announce", "arp_ignore"];

fn holds(host: &Host, condition: &str) -> bool {
    host.sh(condition).status == 0
}

#[test]
fn what_fails_keeps_nothing_else_from_going() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    server.must("rs-agent setup --mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11");
    for name in ARP {
        let file = format!("/proc/sys/net/ipv4/conf/all/{name}");
        server.must(&format!("mount --bind {file} {file} && mount -o remount,ro,bind {file}"));
    }
    for again in [false, true] {
        let failed = server.sh("rs-agent teardown");
        assert_eq!(failed.status, 1, "{again}: {failed:?}");
        for name in ARP {
            let story = format!("net.ipv4.conf.all.{name} is on a read-only /proc/sys");
            assert!(failed.stderr.contains(&story), "{again}: {failed:?}");
        }
        assert!(failed.stderr.contains("takes down the rest"), "{again}: {failed:?}");
        // The devices come after the settings, and are gone with the VIPs.
        assert!(holds(server, "! ip -o addr | grep -e 192.0.2.10 -e db8:2::10"), "{failed:?}");
        assert!(holds(server, "! ip -o link | grep -e rs-ipip -e rs-sit"), "{failed:?}");
    }
    let status = server.must("rs-agent status").stdout;
    assert!(status.contains("vip 192.0.2.10 missing"), "{status}");
    for name in ARP {
        server.must(&format!("umount /proc/sys/net/ipv4/conf/all/{name}"));
    }
    server.must("rs-agent teardown");
    assert_same(&state(server), &before, "after the second teardown");
    assert_eq!(server.must("rs-agent status").stdout, "not set up\n");
}

#[test]
fn a_tunnel_device_that_somebody_made_anew_is_left_alone() {
    let network = real_server();
    let server = &network.servers[0];
    server.must("rs-agent setup --mode tun --vip 192.0.2.10 --rip 192.0.2.11");
    server.must(
        "ip link del rs-ipip && \
         ip link add rs-ipip type ipip local 192.0.2.11 remote 192.0.2.77 && \
         ip link set rs-ipip up",
    );
    let done = server.must("rs-agent teardown");
    assert!(done.stderr.contains("rs-ipip is another device now: left as it is"), "{done:?}");
    assert!(holds(server, "ip -o link show rs-ipip | grep -q '[<,]UP[,>]'"), "{done:?}");
    assert_eq!(server.must("rs-agent status").stdout, "not set up\n");
}

#[test]
fn a_vip_that_went_bad_can_still_be_dropped_from_the_file() {
    let network = real_server();
    let host = &network.servers[0];
    let configure = |vips: &str| {
        host.feed("cat >/run/rs-agent.toml", &format!("mode = \"dr\"\nvip = [{vips}]\n"));
    };
    configure("\"192.0.2.10\", \"203.0.113.10\"");
    let run = Run::start(host, "--config /run/rs-agent.toml");
    host.must("ip addr add 192.0.2.10/32 dev eth0");
    run.says("192.0.2.10 is on eth0");
    configure("\"203.0.113.10\", \"2001:db8:2::10\"");
    run.signal(Signal::SIGHUP);
    run.says("reloaded");
    let log = run.log();
    assert!(!log.contains("not-reloaded"), "{log}");
    let on_lo = host.must("ip -o addr show dev lo").stdout;
    assert!(!on_lo.contains("192.0.2.10/32"), "{on_lo}");
    assert!(on_lo.contains("203.0.113.10/32") && on_lo.contains("db8:2::10/128"), "{on_lo}");
    // What somebody else put elsewhere is theirs.
    assert!(holds(host, "ip -o addr show dev eth0 | grep -q 192.0.2.10/32"), "{log}");
}
