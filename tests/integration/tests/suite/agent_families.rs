// SPDX-License-Identifier: MIT OR Apache-2.0

//! Real servers of both families in one set-up: a way back for each, an encapsulation for each.

use std::net::SocketAddr;

use lab::{Family, Network, WebServer};

use crate::agent::{assert_same, assert_set_up, real_server, state};
use crate::agent_tunnels::{ENCAPSULATIONS, Encapsulation};

/// What came of one request to the VIP of each family.
fn answers(network: &Network) -> [Result<String, String>; 2] {
    Family::BOTH.map(|family| {
        let service = SocketAddr::from((network.addresses(family).vip, 80));
        network.client.get(service, 1).remove(0).map(|answer| answer.server)
    })
}

/// The director balances both, by `options`, each to the RIP of its own family.
fn direct(network: &Network, options: &str) {
    for family in Family::BOTH {
        network.director_takes_vip(family);
        let addresses = network.addresses(family);
        let service = SocketAddr::from((addresses.vip, 80));
        let rip = SocketAddr::from((addresses.rips[0], 80));
        network.director.must(&format!(
            "rsctl add-service -t {service} -s rr && \
             rsctl add-server -t {service} -r {rip} {options}"
        ));
    }
}

#[test]
fn nat_goes_back_by_a_gateway_of_each_family() {
    let network = Network::nat(1);
    let server = &network.servers[0];
    let _web = WebServer::start(server, 80);
    for family in Family::BOTH {
        network.director.must(network.forward_command(family));
    }
    direct(&network, "--mode nat");
    let before = state(server);
    assert!(answers(&network).iter().all(Result::is_err), "before setup");

    let [v4, v6] = Family::BOTH.map(|family| network.addresses(family).dip);
    let setup = format!("rs-agent setup --mode nat --gateway {v4},{v6}");
    server.must(&setup);
    assert_eq!(answers(&network), [Ok("rs1".to_owned()), Ok("rs1".to_owned())]);
    assert_set_up(server, &setup);
    let status = server.must("rs-agent status").stdout;
    for gateway in [v4, v6] {
        assert!(status.contains(&format!("default route via {gateway}, ours")), "{status}");
    }
    let check = server.must("rs-agent check").stdout;
    assert!(!check.contains("RS-GW"), "{check}");

    // One of the two gone is one family gone, and is said of that one.
    server.must(&format!("ip -6 route del default via {v6}"));
    let [by_v4, by_v6] = answers(&network);
    assert!(by_v4.is_ok() && by_v6.is_err(), "{by_v4:?} {by_v6:?}");
    let check = server.sh("rs-agent check").stdout;
    assert!(check.contains("replies to IPv6 clients do not go through the director"), "{check}");
    assert!(!check.contains("replies to IPv4 clients"), "{check}");
    server.must(&setup);
    assert!(answers(&network).iter().all(Result::is_ok), "after another setup");

    server.must("rs-agent teardown");
    assert_same(&state(server), &before, &setup);
    assert!(answers(&network).iter().all(Result::is_err), "after teardown");
}

/// What the one that is there was set up with stays, and goes with the other.
#[test]
fn a_gateway_of_the_other_family_is_added() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    server.must("rs-agent setup --mode nat --gateway 192.0.2.1");
    server.must("rs-agent setup --mode nat --gateway 2001:db8:2::1");
    assert_set_up(server, "both");
    let plan = server.must("rs-agent setup --mode nat --gateway 2001:db8:2::1,192.0.2.1 --dry-run");
    assert!(plan.stdout.contains("nothing to do"), "{plan:?}");
    let output = server.sh("rs-agent setup --mode nat --gateway 192.0.2.9");
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("gateway 192.0.2.1, not 192.0.2.9"), "{output:?}");
    server.must("rs-agent teardown");
    assert_same(&state(server), &before, "both");
}

#[test]
fn each_family_comes_in_an_encapsulation_of_its_own() {
    let [v4, v6] = Family::BOTH;
    for Encapsulation { director, agent, .. } in &ENCAPSULATIONS {
        let network = Network::tunnel(1);
        let server = &network.servers[0];
        server.must("sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1");
        let _web = WebServer::start(server, 80);
        direct(&network, &format!("--mode tun {director}"));
        let before = state(server);
        let vips = [v4, v6].map(|family| network.addresses(family).vip);
        let rips = [v4, v6].map(|family| network.addresses(family).rips[0]);
        let dips = ["192.0.2.1", "2001:db8:2::1"];
        let setup = |[vip, vip6]: [_; 2], [rip, rip6]: [_; 2], [dip, dip6]: [&str; 2]| {
            format!(
                "rs-agent setup --mode tun {agent} --vip {vip},{vip6} --rip {rip},{rip6} \
                 --director {dip},{dip6}"
            )
        };
        let both = setup(vips, rips, dips);
        assert!(answers(&network).iter().all(Result::is_err), "before {both}");
        server.must(&both);
        assert_eq!(answers(&network), [Ok("rs1".to_owned()), Ok("rs1".to_owned())], "{both}");
        assert_set_up(server, &both);
        let check = server.sh("rs-agent check").stdout;
        assert!(check.contains("0 errors, 0 warnings"), "{both}: {check}");

        // One family goes; the other stays, and what was known of the first.
        server.must(&format!("rs-agent teardown --vip {}", vips[1]));
        let [by_v4, by_v6] = answers(&network);
        assert!(by_v4.is_ok() && by_v6.is_err(), "{both}: {by_v4:?} {by_v6:?}");
        assert_set_up(server, "IPv4 alone");
        server.must(&format!("rs-agent setup --mode tun --vip {}", vips[1]));
        assert_eq!(answers(&network), [Ok("rs1".to_owned()), Ok("rs1".to_owned())], "{both}");

        server.must("rs-agent teardown");
        assert_same(&state(server), &before, &both);
        assert!(answers(&network).iter().all(Result::is_err), "after teardown of {both}");

        // Each end is that of its family: no other director is heard in either.
        server.must(&setup(vips, rips, ["192.0.2.19", "2001:db8:2::19"]));
        assert!(answers(&network).iter().all(Result::is_err), "{both} for another director");
    }
}

/// Set up for one family, then for the other, as two programs might.
#[test]
fn a_rip_of_the_other_family_is_added() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    let setup = "rs-agent setup --mode tun --tunnel gre";
    server.must(&format!("{setup} --vip 192.0.2.10 --rip 192.0.2.11 --director 192.0.2.1"));
    let v6 = "--vip 2001:db8:2::10 --rip 2001:db8:2::11 --director 2001:db8:2::1";
    server.must(&format!("{setup} {v6}"));
    assert_set_up(server, "both");
    let status = server.must("rs-agent status").stdout;
    for line in [
        "device rs-gre gre local 192.0.2.11 remote 192.0.2.1, up, ours",
        "device rs-ip6gre ip6gre local 2001:db8:2::11 remote 2001:db8:2::1, up, ours",
        "vip 192.0.2.10 on rs-gre, scope host, ours",
        "vip 2001:db8:2::10 on rs-ip6gre, scope global, ours",
    ] {
        assert!(status.lines().any(|have| have == line), "{line}: {status}");
    }
    // What was of one family goes with its last VIP, and comes back with the next.
    let whole = status;
    server.must("rs-agent teardown --vip 2001:db8:2::10");
    let status = server.must("rs-agent status").stdout;
    assert!(status.contains("director 192.0.2.1\n") && !status.contains("2001:"), "{status}");
    let again = "--vip 2001:db8:2::10 --director 2001:db8:2::1";
    server.must(&format!("{setup} {again}"));
    assert_eq!(sorted(&server.must("rs-agent status").stdout), sorted(&whole));
    server.must("rs-agent teardown");
    assert_same(&state(server), &before, "both");
}

fn sorted(lines: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    lines
}

/// In mode dr too; and nothing is left of what was.
#[test]
fn a_director_goes_with_the_last_vip_of_its_family() {
    let network = real_server();
    let server = &network.servers[0];
    let v6 = "--vip 2001:db8:2::10 --director 2001:db8:2::1";
    server.must("rs-agent setup --mode dr --vip 192.0.2.10,192.0.2.20 --director 192.0.2.1");
    let alone = server.must("rs-agent status --json").stdout;
    server.must(&format!("rs-agent setup --mode dr {v6}"));
    let directors = || {
        let status = server.must("rs-agent status").stdout;
        let lines = status.lines().filter_map(|line| line.strip_prefix("director "));
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(directors(), ["2001:db8:2::1", "192.0.2.1"]);
    server.must("rs-agent teardown --vip 192.0.2.20");
    assert_eq!(directors(), ["2001:db8:2::1", "192.0.2.1"]);
    server.must("rs-agent setup --mode dr --vip 192.0.2.20");
    server.must("rs-agent teardown --vip 2001:db8:2::10");
    assert_eq!(server.must("rs-agent status --json").stdout, alone);
    assert!(!server.must("cat /run/rs-agent/*.json").stdout.contains("2001:db8:2::1\""));
    server.must(&format!("rs-agent setup --mode dr {v6}"));
    assert_eq!(directors(), ["2001:db8:2::1", "192.0.2.1"]);
}

/// The kernel makes the route of a new IPv6 address from a queue of its own, which has to wait
/// here: what runs without a pause, and before all others, are the programs.
#[test]
fn a_vip_is_local_when_setup_returns() {
    let network = real_server();
    let server = &network.servers[0];
    for vips in ["2001:db8:2::10", "192.0.2.10,2001:db8:2::10,2001:db8:2::20"] {
        let output = server.sh(&format!(
            "chrt -f 50 sh -c 'rs-agent setup --mode dr --vip {vips} && rs-agent check'"
        ));
        assert!(!output.stdout.contains("is not local here"), "{output:?}");
        assert!(output.stdout.contains("dr for "), "{output:?}");
        server.must("rs-agent teardown");
    }
}
