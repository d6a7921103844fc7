// SPDX-License-Identifier: MIT OR Apache-2.0

//! The lab itself, proven with tools that are not ours.

use std::net::IpAddr;
use std::panic::catch_unwind;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use lab::{ArpSender, Capture, Family, Host, Network, UdpServer, WebServer, arp_probe, beside};

fn networks() -> [Network; 3] {
    [Network::nat(2), Network::direct_routing(2), Network::tunnel(2)]
}

#[test]
fn hosts_share_nothing() {
    let (one, two) = (Host::new("one"), Host::new("two"));
    one.ip(["link add dummy0 type dummy".to_owned()]);
    one.must("echo hidden >/run/file && ipvsadm -A -t 192.0.2.1:80");
    assert_eq!(one.must("uname -n").stdout, "one\n");
    assert_eq!(two.must("uname -n").stdout, "two\n");
    assert_ne!(two.sh("cat /run/file").status, 0);
    assert_ne!(two.sh("ip link show dummy0").status, 0);
    assert_eq!(two.must("ipvsadm -Sn").stdout, "");
    assert!(two.must("cat /proc/thread-self/net/ip_vs").stdout.lines().count() <= 3);
}

#[test]
fn directors_reach_servers_and_clients_reach_directors() {
    for network in networks() {
        for family in Family::BOTH {
            let addresses = network.addresses(family);
            network.director_takes_vip(family);
            let _director = WebServer::start(&network.director, 80);
            let answer = network.client.get((addresses.vip, 80).into(), 1).remove(0).unwrap();
            assert_eq!((answer.server.as_str(), answer.saw), ("director", addresses.cip));
            for (server, rip) in network.servers.iter().zip(&addresses.rips) {
                let _web = WebServer::start(server, 8080);
                let answer = network.director.get((*rip, 8080).into(), 1).remove(0).unwrap();
                assert_eq!((answer.server.as_str(), answer.saw), (server.name(), addresses.dip));
            }
        }
    }
}

/// What `make shell` opens, each model's with a command in the place of the shell: the hosts of
/// the guide.
#[test]
fn the_shells_hosts_are_led_to_by_name() {
    let shell = |words: &[&str]| {
        // Its /run is not that of the other tests.
        let apart = Host::new("apart");
        apart.enter(|| lab::run(Command::new(env!("CARGO_BIN_EXE_shell")).args(words), ""))
    };
    for (mode, rip, port) in
        [("nat", "10.0.0.12", 8080), ("dr", "192.0.2.12", 80), ("tun", "10.0.2.12", 80)]
    {
        let asked = format!("uname -n; curl -s 127.0.0.1:{port}; exit 7");
        let there = shell(&[mode, "host", "rs2", "sh", "-c", &asked]);
        assert_eq!(
            (there.status, there.stdout.as_str()),
            (7, "rs2\nrs2 127.0.0.1\n"),
            "{}",
            there.stderr
        );
        let addresses = shell(&[mode, "host", "rs2", "ip", "addr"]).stdout;
        assert!(addresses.contains(rip), "{mode}: {addresses}");
        assert!(addresses.contains("02:00:00:00:00:12"), "{mode}: {addresses}");
    }
    let unknown = shell(&["dr", "host", "rs3"]);
    assert_eq!(unknown.status, 2);
    let usage = "usage: host NAME [COMMAND…]; the hosts are client, director, rs1, rs2\n";
    assert_eq!(unknown.stderr, usage);
    assert_eq!(shell(&["bridge"]).status, 2);
}

#[test]
fn a_port_without_a_server_refuses() {
    let network = Network::direct_routing(1);
    let rip = network.addresses(Family::Ipv4).rips[0];
    let error = network.client.get((rip, 80).into(), 1).remove(0).unwrap_err();
    assert!(error.contains("refused"), "{error}");
}

#[test]
fn a_capture_sees_each_packet_once() {
    let network = Network::direct_routing(1);
    for family in Family::BOTH {
        let addresses = network.addresses(family);
        let rip = addresses.rips[0];
        let _names = UdpServer::start(&network.servers[0], (rip, 53).into());
        let capture = Capture::start(&network.servers[0]);
        for answer in network.client.ask_udp((rip, 53).into(), 5) {
            answer.expect("an answer");
        }
        let packets = capture.stop();
        let count = |sent, port: fn(&lab::Transport) -> u16| {
            packets
                .iter()
                .filter(|packet| packet.sent == sent)
                .filter_map(|packet| packet.ip.as_ref()?.transport.as_ref())
                .filter(|transport| port(transport) == 53)
                .count()
        };
        assert_eq!(count(false, |t| t.destination), 5);
        assert_eq!(count(true, |t| t.source), 5);
        assert_eq!(count(false, |t| t.source), 0);
        assert_eq!(count(true, |t| t.destination), 0);
    }
}

#[test]
fn probes_tell_who_answers() {
    let network = Network::direct_routing(2);
    let server = &network.servers[0];
    let IpAddr::V4(vip) = network.addresses(Family::Ipv4).vip else { unreachable!() };
    let IpAddr::V4(cip) = network.addresses(Family::Ipv4).cip else { unreachable!() };
    let rips = &network.addresses(Family::Ipv4).rips;
    let names = |sender| -> Vec<_> {
        let macs = network.who_has(vip.into(), sender, rips);
        macs.into_iter().map(|mac| network.name_of(mac)).collect()
    };
    assert!(names(ArpSender::Nobody).is_empty());
    server.must(&format!("ip addr add {vip}/32 dev lo"));
    assert_eq!(names(ArpSender::Nobody), ["rs1"]);
    assert_eq!(names(ArpSender::Address(cip)), ["rs1"]);
    // The other way of asking, which waits.
    assert_eq!(arp_probe(&network.client, "eth0", vip, cip).len(), 1);
    server.must("sysctl -qw net.ipv4.conf.all.arp_ignore=1");
    assert!(names(ArpSender::Nobody).is_empty());
    assert!(names(ArpSender::Address(cip)).is_empty());

    let vip = network.addresses(Family::Ipv6).vip;
    server.must(&format!("ip addr add {vip}/128 dev lo"));
    assert!(network.who_answers(vip).is_empty());
    network.director_takes_vip(Family::Ipv6);
    let macs = network.who_answers(vip);
    assert_eq!(macs.len(), 1);
    assert_eq!(macs.first().map(|mac| network.name_of(*mac)).as_deref(), Some("director"));
}

#[test]
fn ipvsadm_balances() {
    let network = Network::nat(2);
    let addresses = network.addresses(Family::Ipv4);
    network.director_takes_vip(Family::Ipv4);
    network.director.must(network.forward_command(Family::Ipv4));
    let (vip, dip) = (addresses.vip, addresses.dip);
    network.director.must(&format!("ipvsadm -A -t {vip}:80 -s rr"));
    for (server, rip) in network.servers.iter().zip(&addresses.rips) {
        server.must(&format!("ip route add default via {dip}"));
        network.director.must(&format!("ipvsadm -a -t {vip}:80 -r {rip}:8080 -m"));
    }
    let _web: Vec<_> = network.servers.iter().map(|s| WebServer::start(s, 8080)).collect();
    let mut servers: Vec<_> = network
        .client
        .get((vip, 80).into(), 4)
        .into_iter()
        .map(|answer| answer.unwrap().server)
        .collect();
    servers.sort();
    assert_eq!(servers, ["rs1", "rs1", "rs2", "rs2"]);
}

#[test]
fn a_test_that_fails_beside_something_fails_and_does_not_hang() {
    let fails = || beside(thread::yield_now, || panic!("as it must"));
    assert!(catch_unwind(fails).is_err());
    let (at_work, seen) = mpsc::channel();
    let work = || {
        // Nobody listens any more when the test is over.
        let _ = at_work.send(());
    };
    beside(work, move || seen.recv().expect("it works"));
}
