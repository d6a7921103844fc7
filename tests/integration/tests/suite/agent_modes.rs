// SPDX-License-Identifier: MIT OR Apache-2.0

//! DR and NAT through a real director: no answer before `rs-agent setup`, answers after
//! it, and after `teardown` the host as it was before. Tunnels are in `agent_tunnels`.

use std::net::SocketAddr;

use lab::{Family, Network, WebServer};

use crate::agent::{assert_same, assert_set_up, state};

/// With `rsctl add-server OPTIONS` and `rs-agent setup SETUP`.
fn works(network: &Network, family: Family, options: &str, setup: &str) {
    let server = &network.servers[0];
    let addresses = network.addresses(family);
    let (vip, rip) = (addresses.vip, SocketAddr::from((addresses.rips[0], 80)));
    let service = SocketAddr::from((vip, 80));
    let _web = WebServer::start(server, 80);
    network.director_takes_vip(family);
    network.director.must(&format!(
        "rsctl add-service -t {service} -s rr && \
         rsctl add-server -t {service} -r {rip} {options}"
    ));
    let request = || network.client.get(service, 1).remove(0).map(|answer| answer.server);
    // A real server without the VIP, or without the way back, is silent.
    let silent = |story: &str| {
        let error = request().expect_err(story);
        assert!(error.contains("timed out"), "{story}: {error}");
    };
    let before = state(server);
    silent("before setup");
    let setup = format!("rs-agent setup --vip {vip} {setup}");
    server.must(&setup);
    assert_eq!(request(), Ok("rs1".to_owned()), "{setup}");
    assert_set_up(server, &setup);
    server.must("rs-agent teardown");
    assert_same(&state(server), &before, &setup);
    silent("after teardown");
}

#[test]
fn direct_routing_with_every_carrier() {
    for family in Family::BOTH {
        for carrier in ["", "--scope global", "--carrier vips.0 --create-carrier"] {
            let network = Network::direct_routing(1);
            works(&network, family, "--mode dr", &format!("--mode dr {carrier}"));
        }
    }
}

#[test]
fn nat_with_the_gateway_set() {
    for family in Family::BOTH {
        let network = Network::nat(1);
        network.director.must(network.forward_command(family));
        let dip = network.addresses(family).dip;
        works(&network, family, "--mode nat", &format!("--mode nat --gateway {dip}"));
    }
}
