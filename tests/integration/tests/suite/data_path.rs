// SPDX-License-Identifier: MIT OR Apache-2.0

//! Real requests through NAT, DR and TUN, in both families, set up by `rsctl`
//! on the director. Real servers are set up by hand where `rs-agent` is not
//! what is tested.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use lab::{Answer, Capture, Family, Network, Packet, UdpServer, WebServer};

/// How many requests each server answered; all must have been.
fn shares(answers: Vec<Result<Answer, String>>) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for answer in answers {
        *shares.entry(answer.expect("an answer").server).or_default() += 1;
    }
    shares
}

fn expected<const N: usize>(shares: [(&str, usize); N]) -> BTreeMap<String, usize> {
    shares.into_iter().map(|(server, count)| (server.to_owned(), count)).collect()
}

/// An address as an option takes it.
fn at(address: IpAddr, port: u16) -> SocketAddr {
    (address, port).into()
}

/// Adds the service and one server each of these weights.
fn balance(network: &Network, family: Family, port: u16, options: &str, weights: &[u32]) {
    let addresses = network.addresses(family);
    let service = at(addresses.vip, 80);
    network.director.must(&format!("rsctl add-service -t {service} -s wrr"));
    for (rip, weight) in addresses.rips.iter().zip(weights) {
        let server = at(*rip, port);
        network
            .director
            .must(&format!("rsctl add-server -t {service} -r {server} {options} -w {weight}"));
    }
}

fn servers_route_through_director(network: &Network, family: Family) {
    let dip = network.addresses(family).dip;
    for server in &network.servers {
        server.must(&format!("ip route add default via {dip}"));
    }
    network.director.must(network.forward_command(family));
}

/// The hidden VIP of a DR server.
fn servers_hold_vip(network: &Network, family: Family) {
    let vip = network.addresses(family).vip;
    for server in &network.servers {
        match family {
            Family::Ipv4 => server.must(&format!(
                "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && \
                 ip addr add {vip}/32 dev lo scope host"
            )),
            Family::Ipv6 => {
                server.must(&format!("ip -6 addr add {vip}/128 dev lo nodad preferred_lft 0"))
            }
        };
    }
}

/// The VIP behind a tunnel device; `link` is what follows `ip link add t0 type`,
/// with RIP for the server's address.
fn servers_unwrap(network: &Network, outer: Family, inner: Family, link: &str) {
    let vip = network.addresses(inner).vip;
    let length = if inner == Family::Ipv4 { 32 } else { 128 };
    for (server, rip) in network.servers.iter().zip(&network.addresses(outer).rips) {
        let link = link.replace("RIP", &rip.to_string());
        server.must(&format!(
            "ip link add t0 type {link} && sysctl -qw net.ipv4.conf.t0.rp_filter=2 && \
             ip link set t0 up && ip addr add {vip}/{length} dev t0"
        ));
    }
}

fn web_on(network: &Network, port: u16) -> Vec<WebServer> {
    network.servers.iter().map(|server| WebServer::start(server, port)).collect()
}

/// Whether the application's packet comes from that address and port.
fn is_from(packet: &Packet, address: IpAddr, port: u16) -> bool {
    packet.innermost().is_some_and(|ip| {
        ip.source == address && ip.transport.is_some_and(|transport| transport.source == port)
    })
}

/// Sends requests and checks the shares of 3:1, the source the servers saw, and
/// whether the replies passed the director.
fn requests_are_balanced(network: &Network, family: Family, replies_pass_director: bool) {
    let addresses = network.addresses(family);
    let capture = Capture::start(&network.director);
    let answers = network.client.get(at(addresses.vip, 80), 12);
    let passed = capture.stop().iter().filter(|packet| is_from(packet, addresses.vip, 80)).count();
    assert_eq!(passed > 0, replies_pass_director, "{passed} replies passed the director");
    for answer in &answers {
        assert_eq!(answer.as_ref().map(|answer| answer.saw), Ok(addresses.cip));
    }
    assert_eq!(shares(answers), expected([("rs1", 9), ("rs2", 3)]));
}

#[test]
fn nat_with_another_port() {
    for family in Family::BOTH {
        let network = Network::nat(2);
        network.director_takes_vip(family);
        servers_route_through_director(&network, family);
        let _web = web_on(&network, 8080);
        balance(&network, family, 8080, "-m", &[3, 1]);
        requests_are_balanced(&network, family, true);
    }
}

#[test]
fn nat_by_name() {
    let network = Network::nat(2);
    network.director_takes_vip(Family::Ipv4);
    servers_route_through_director(&network, Family::Ipv4);
    let _web = web_on(&network, 8080);
    balance(&network, Family::Ipv4, 8080, "--mode nat", &[3, 1]);
    requests_are_balanced(&network, Family::Ipv4, true);
}

#[test]
fn direct_routing() {
    for (family, option) in [
        (Family::Ipv4, "-g"),
        (Family::Ipv6, "-g"),
        (Family::Ipv4, "--mode dr"),
        // Nothing said is DR, as in ipvsadm.
        (Family::Ipv6, ""),
    ] {
        let network = Network::direct_routing(2);
        network.director_takes_vip(family);
        servers_hold_vip(&network, family);
        let _web = web_on(&network, 80);
        balance(&network, family, 80, option, &[3, 1]);
        requests_are_balanced(&network, family, false);
    }
}

/// Each kind of tunnel, outer and inner family, with the device that unwraps it.
const TUNNELS: [(Family, Family, &str, &str); 9] = [
    (Family::Ipv4, Family::Ipv4, "-i", "ipip local RIP"),
    (Family::Ipv4, Family::Ipv4, "--mode tun", "ipip local RIP"),
    (Family::Ipv4, Family::Ipv6, "-i", "sit local RIP"),
    (Family::Ipv6, Family::Ipv6, "-i", "ip6tnl mode any local RIP allow-localremote"),
    (Family::Ipv6, Family::Ipv4, "-i", "ip6tnl mode any local RIP allow-localremote"),
    (Family::Ipv4, Family::Ipv4, "-i --tun-type gre", "gre local RIP"),
    (Family::Ipv4, Family::Ipv6, "-i --tun-type gre --tun-csum", "gre local RIP icsum"),
    (Family::Ipv6, Family::Ipv6, "-i --tun-type gre", "ip6gre local RIP"),
    (Family::Ipv6, Family::Ipv4, "-i --tun-type gre --tun-csum", "ip6gre local RIP icsum"),
];

#[test]
fn tunnels_of_every_kind() {
    for (outer, inner, options, link) in TUNNELS {
        println!("{inner:?} in {outer:?}, {options}, {link}");
        let network = Network::tunnel(2);
        network.director_takes_vip(inner);
        servers_unwrap(&network, outer, inner, link);
        let _web = web_on(&network, 80);
        let service = at(network.addresses(inner).vip, 80);
        network.director.must(&format!("rsctl add-service -t {service} -s wrr"));
        for (rip, weight) in network.addresses(outer).rips.iter().zip([3, 1]) {
            let rip = at(*rip, 80);
            network
                .director
                .must(&format!("rsctl add-server -t {service} -r {rip} {options} -w {weight}"));
        }
        requests_are_balanced(&network, inner, false);
    }
}

#[test]
fn gue_tunnels() {
    for (family, listen, link, checksum) in [
        (Family::Ipv4, "ip fou add port 6080 gue", "ipip local RIP", "--tun-nocsum"),
        (Family::Ipv4, "ip fou add port 6080 gue", "ipip local RIP", "--tun-csum"),
        (
            Family::Ipv6,
            "ip -6 fou add port 6080 gue",
            "ip6tnl mode any local RIP allow-localremote",
            "--tun-remcsum",
        ),
    ] {
        let network = Network::tunnel(2);
        network.director_takes_vip(family);
        for server in &network.servers {
            server.must("modprobe fou && modprobe fou6");
            server.must(listen);
        }
        servers_unwrap(&network, family, family, link);
        let _web = web_on(&network, 80);
        let options = format!("--mode tun --tun-type gue --tun-port 6080 {checksum}");
        balance(&network, family, 80, &options, &[3, 1]);
        requests_are_balanced(&network, family, false);
    }
}

#[test]
fn wrr_shares_are_in_proportion_to_the_weights() {
    let network = Network::direct_routing(4);
    network.director_takes_vip(Family::Ipv4);
    servers_hold_vip(&network, Family::Ipv4);
    let _web = web_on(&network, 80);
    balance(&network, Family::Ipv4, 80, "-g", &[5, 3, 2, 0]);
    let service = at(network.addresses(Family::Ipv4).vip, 80);
    // Whole rounds: the weighted round robin is exact.
    let answers = network.client.get(service, 50);
    assert_eq!(shares(answers), expected([("rs1", 25), ("rs2", 15), ("rs3", 10)]));
}

#[test]
fn weight_zero_takes_no_new_connection_and_comes_back() {
    let network = Network::direct_routing(2);
    network.director_takes_vip(Family::Ipv4);
    servers_hold_vip(&network, Family::Ipv4);
    let _web = web_on(&network, 80);
    balance(&network, Family::Ipv4, 80, "-g", &[1, 1]);
    let addresses = network.addresses(Family::Ipv4);
    let service = at(addresses.vip, 80);
    let both = expected([("rs1", 4), ("rs2", 4)]);
    assert_eq!(shares(network.client.get(service, 8)), both);
    let edit = |weight| {
        let server = addresses.rips[0];
        network.director.must(&format!("rsctl edit-server -t {service} -r {server} -w {weight}"));
    };
    edit(0);
    assert_eq!(shares(network.client.get(service, 8)), expected([("rs2", 8)]));
    edit(1);
    assert_eq!(shares(network.client.get(service, 8)), both);
}

#[test]
fn udp_is_balanced() {
    for family in Family::BOTH {
        let network = Network::direct_routing(2);
        network.director_takes_vip(family);
        servers_hold_vip(&network, family);
        let addresses = network.addresses(family);
        let service = at(addresses.vip, 53);
        let _servers: Vec<_> =
            network.servers.iter().map(|server| UdpServer::start(server, service)).collect();
        network.director.must(&format!("rsctl add-service -u {service} -s rr"));
        for rip in &addresses.rips {
            let rip = at(*rip, 53);
            network.director.must(&format!("rsctl add-server -u {service} -r {rip}"));
        }
        let answers = network.client.ask_udp(service, 6);
        assert_eq!(shares(answers), expected([("rs1", 3), ("rs2", 3)]));
    }
}

#[test]
fn persistence_keeps_a_client_on_one_server() {
    let network = Network::direct_routing(2);
    network.director_takes_vip(Family::Ipv4);
    servers_hold_vip(&network, Family::Ipv4);
    let _web = web_on(&network, 80);
    let addresses = network.addresses(Family::Ipv4);
    let service = at(addresses.vip, 80);
    network.director.must(&format!("rsctl add-service -t {service} -s rr -p 60"));
    for rip in &addresses.rips {
        network.director.must(&format!("rsctl add-server -t {service} -r {rip}"));
    }
    assert_eq!(shares(network.client.get(service, 6)).len(), 1);
}

/// `ipvsadm`'s exact counters of a line: connections, packets and bytes.
fn counters(network: &Network, line_with: &str) -> Vec<u64> {
    let listed = network.director.must("ipvsadm -Ln --stats --exact").stdout;
    let line = listed.lines().find(|line| line.contains(line_with)).expect("a line of counters");
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn counters_are_those_of_ipvsadm() {
    let network = Network::nat(1);
    network.director_takes_vip(Family::Ipv4);
    servers_route_through_director(&network, Family::Ipv4);
    let _web = web_on(&network, 8080);
    balance(&network, Family::Ipv4, 8080, "-m", &[1]);
    let addresses = network.addresses(Family::Ipv4);
    let service = at(addresses.vip, 80).to_string();
    assert_eq!(network.client.get(at(addresses.vip, 80), 5).iter().flatten().count(), 5);

    // The kernel samples every two seconds; until then both tools see the old ones.
    let end = Instant::now() + Duration::from_secs(20);
    while counters(&network, &service)[0] < 5 {
        assert!(Instant::now() < end, "the kernel has counted no connection");
        std::thread::sleep(Duration::from_millis(100));
    }
    let json = network.director.must("rsctl list --json").stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let listed = &json["services"][0];
    let server = &listed["servers"][0];
    let rip = at(addresses.rips[0], 8080).to_string();
    for (stats, line) in [(&listed["stats"], &service), (&server["stats"], &rip)] {
        let ours: Vec<_> = [
            "connections",
            "incoming_packets",
            "outgoing_packets",
            "incoming_bytes",
            "outgoing_bytes",
        ]
        .iter()
        .map(|name| stats[*name].as_u64().unwrap_or_else(|| panic!("{name} in {stats}")))
        .collect();
        assert_eq!(ours, counters(&network, line), "{line}");
        assert!(ours.iter().all(|count| *count > 0), "{ours:?}");
    }
    // Closed connections linger as inactive ones.
    assert_eq!(server["connections"]["active"], 0);
    assert_eq!(server["connections"]["inactive"], 5);
}
