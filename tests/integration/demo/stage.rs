// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the scenes share: commands shown as they run, requests counted,
//! expectations kept.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::process::ExitCode;

use lab::{Answer, Capture, Family, Host, Network, Packet, WebServer};

/// Requests of one scene; a multiple of the sum of the weights.
pub(crate) const REQUESTS: usize = 40;
/// Weights of the two real servers.
pub(crate) const WEIGHTS: [usize; 2] = [3, 1];

/// What was expected, and whether it came true.
#[derive(Default)]
pub(crate) struct Verdicts {
    met: usize,
    missed: Vec<String>,
}

impl Verdicts {
    /// Notes one expectation.
    pub(crate) fn expect(&mut self, what: impl Display, met: bool) {
        println!("  {} {what}", if met { "ok    " } else { "FAILED" });
        if met {
            self.met += 1;
        } else {
            self.missed.push(what.to_string());
        }
    }

    /// The summary, and the exit status of the demo.
    pub(crate) fn close(self) -> ExitCode {
        let total = self.met + self.missed.len();
        println!("\n{} of {total} expectations met", self.met);
        for missed in &self.missed {
            println!("  missed: {missed}");
        }
        if self.missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Opens a scene.
pub(crate) fn title(text: &str, picture: &str) {
    println!("\n=== {text}\n\n{picture}");
}

/// Types a command on a host. A demo that cannot be set up is over.
pub(crate) fn on(host: &Host, command: &str) {
    println!("{}# {command}", host.name());
    let output = host.must(command);
    for line in output.stdout.lines().chain(output.stderr.lines()) {
        println!("    {line}");
    }
}

/// What a scene's requests left behind.
pub(crate) struct Traffic {
    /// What the director's interfaces saw. A forwarded packet is there twice.
    pub(crate) director: Vec<Packet>,
    /// What the client's interface saw.
    pub(crate) client: Vec<Packet>,
    /// What the real servers' interfaces saw.
    pub(crate) servers: Vec<Packet>,
}

/// Sends the requests, shows who answered them, and checks shares and the
/// source address that the real servers saw.
pub(crate) fn requests(network: &Network, server_port: u16, verdicts: &mut Verdicts) -> Traffic {
    let addresses = network.addresses(Family::Ipv4);
    let _web: Vec<_> =
        network.servers.iter().map(|server| WebServer::start(server, server_port)).collect();
    let director = Capture::start(&network.director);
    let client = Capture::start(&network.client);
    let servers: Vec<_> = network.servers.iter().map(Capture::start).collect();
    println!("\nclient: {REQUESTS} web requests to http://{}/", addresses.vip);
    let answers = network.client.get((addresses.vip, 80).into(), REQUESTS);

    let failed: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    verdicts.expect(format!("{REQUESTS} of {REQUESTS} requests answered"), failed.is_empty());
    if let Some(error) = failed.first() {
        println!("         {} failed, the first: {error}", failed.len());
    }
    let answers: Vec<_> = answers.into_iter().flatten().collect();
    table(network, &answers, verdicts);
    Traffic {
        director: director.stop(),
        client: client.stop(),
        servers: servers.into_iter().flat_map(Capture::stop).collect(),
    }
}

fn table(network: &Network, answers: &[Answer], verdicts: &mut Verdicts) {
    let addresses = network.addresses(Family::Ipv4);
    println!("\n  server  address     weight  answered  expected  saw the client as");
    let all: usize = WEIGHTS.iter().sum();
    let mut fair = true;
    for ((server, rip), weight) in network.servers.iter().zip(&addresses.rips).zip(WEIGHTS) {
        let own: Vec<_> = answers.iter().filter(|a| a.server == server.name()).collect();
        let expected = REQUESTS * weight / all;
        fair &= own.len() == expected;
        let mut seen: Vec<_> = own.iter().map(|answer| answer.saw.to_string()).collect();
        seen.dedup();
        println!(
            "  {:<6}  {:<10}  {weight:>6}  {:>8}  {expected:>8}  {}",
            server.name(),
            rip.to_string(),
            own.len(),
            seen.join(", ")
        );
    }
    println!();
    verdicts.expect("requests shared in proportion to the weights", fair);
    verdicts.expect(
        format!("real servers saw the client's own address, {}", addresses.cip),
        answers.iter().all(|answer| answer.saw == addresses.cip),
    );
}

/// How many replies each host on the client's Ethernet handed to the client.
pub(crate) fn replies_by_host(network: &Network, traffic: &Traffic) -> BTreeMap<String, usize> {
    let vip = network.addresses(Family::Ipv4).vip;
    let mut by_mac = BTreeMap::new();
    for packet in traffic.client.iter().filter(|p| !p.sent && is_from(p, vip, 80)) {
        *by_mac.entry(packet.from).or_default() += 1;
    }
    by_mac.into_iter().map(|(mac, count)| (network.name_of(mac), count)).collect()
}

/// `240 from rs1, 80 from rs2`
pub(crate) fn shown(counts: &BTreeMap<String, usize>) -> String {
    let each: Vec<_> = counts.iter().map(|(host, count)| format!("{count} from {host}")).collect();
    each.join(", ")
}

/// How many packets `keep` accepts.
pub(crate) fn count(packets: &[Packet], keep: impl Fn(&Packet) -> bool) -> usize {
    packets.iter().filter(|packet| keep(packet)).count()
}

/// Whether the application's packet goes from or to this address and port.
pub(crate) fn is_from(packet: &Packet, address: std::net::IpAddr, port: u16) -> bool {
    packet.innermost().is_some_and(|ip| {
        ip.source == address && ip.transport.is_some_and(|transport| transport.source == port)
    })
}

/// The same for the destination.
pub(crate) fn is_to(packet: &Packet, address: std::net::IpAddr, port: u16) -> bool {
    packet.innermost().is_some_and(|ip| {
        ip.destination == address && ip.transport.is_some_and(|t| t.destination == port)
    })
}
