// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every envelope in every mixture of families, through a real director: no answer before
//! `rs-agent setup`, answers after it, and after `teardown` the host as it was before.

use std::net::SocketAddr;
use std::sync::OnceLock;

use lab::{Family, Host, Network, WebServer};

use crate::agent::{assert_same, assert_set_up, state};

/// What the director is told, and the real server.
struct Envelope {
    director: &'static str,
    agent: &'static str,
    /// Whether the real server can also use the kernel's own devices for it.
    fallback: bool,
}

const ENVELOPES: [Envelope; 5] = [
    Envelope { director: "", agent: "", fallback: true },
    Envelope { director: "--tun-type gre", agent: "--tunnel gre", fallback: true },
    Envelope {
        director: "--tun-type gre --tun-csum",
        agent: "--tunnel gre --checksum",
        fallback: false,
    },
    Envelope {
        director: "--tun-type gue --tun-port 6080 --tun-nocsum",
        agent: "--tunnel gue --tunnel-port 6080",
        fallback: true,
    },
    Envelope {
        director: "--tun-type gue --tun-port 6080 --tun-remcsum",
        agent: "--tunnel gue --tunnel-port 6080",
        fallback: false,
    },
];

/// All that may change on a real server, with the ports that unpack.
fn whole_state(host: &Host) -> String {
    state(host) + &host.must("ip rule && ip -6 rule && ip fou show").stdout
}

/// A network whose real server distrusts what comes from where it would not send.
fn hardened() -> Network {
    let network = Network::tunnel(1);
    let server = &network.servers[0];
    server.must("sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1");
    // What the kernel makes once per host, whatever the first tunnel is.
    server.must("for kind in 4 6; do ip -$kind route show table all; done >/dev/null");
    network
}

/// One request; whether it was answered.
fn answered(network: &Network, service: SocketAddr) -> bool {
    match network.client.get(service, 1).pop() {
        Some(Ok(answer)) => answer.server == "rs1",
        _ => false,
    }
}

fn every_envelope(outer: Family, inner: Family) {
    let network = hardened();
    let server = &network.servers[0];
    let _web = WebServer::start(server, 80);
    network.director_takes_vip(inner);
    let (vip, rip) = (network.addresses(inner).vip, network.addresses(outer).rips[0]);
    let dip = network.addresses(outer).dip;
    let service = SocketAddr::from((vip, 80));
    let before = OnceLock::new();
    for Envelope { director, agent, fallback } in &ENVELOPES {
        let story = format!("{inner:?} in {outer:?}, {agent}");
        println!("{story}");
        let before = before.get_or_init(|| whole_state(server));
        network.director.must(&format!(
            "rsctl add-service -t {service} -s rr && \
             rsctl add-server -t {service} -r {rip} --mode tun {director}"
        ));
        assert!(!answered(&network, service), "{story}: nobody unpacks yet");

        let setup = format!("rs-agent setup --mode tun --vip {vip} --director {dip} {agent}");
        server.must(&setup);
        assert!(answered(&network, service), "{story}");
        assert_set_up(server, &story);
        server.must("rs-agent teardown");
        assert_same(&whole_state(server), before, &story);
        assert!(!answered(&network, service), "{story}: after teardown");

        // The kernel's own ip6tnl0 takes IPv6 only.
        let possible = *fallback && !(outer == Family::Ipv6 && inner == Family::Ipv4);
        if possible || agent.contains("gre") && *fallback {
            server.must(&format!("{setup} --fallback-devices"));
            assert!(answered(&network, service), "{story}, fallback devices");
            assert_set_up(server, &story);
            server.must("rs-agent teardown");
            assert_same(&whole_state(server), before, &format!("{story}, fallback devices"));
        } else {
            let refused = server.sh(&format!("{setup} --fallback-devices"));
            assert_eq!(refused.status != 0, !*fallback && agent.contains("gre") || !possible && *fallback, "{refused:?}");
        }
        network.director.must(&format!("rsctl delete-service -t {service}"));
    }
}

#[test]
fn every_envelope_of_ipv4_over_ipv4() {
    every_envelope(Family::Ipv4, Family::Ipv4);
}

#[test]
fn every_envelope_of_ipv6_over_ipv4() {
    every_envelope(Family::Ipv4, Family::Ipv6);
}

#[test]
fn every_envelope_of_ipv4_over_ipv6() {
    every_envelope(Family::Ipv6, Family::Ipv4);
}

#[test]
fn every_envelope_of_ipv6_over_ipv6() {
    every_envelope(Family::Ipv6, Family::Ipv6);
}
