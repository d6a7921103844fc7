// SPDX-License-Identifier: MIT OR Apache-2.0

use lab::{Family, Network};

use crate::stage::{
    Verdicts, WEIGHTS, count, is_from, is_to, on, replies_by_host, requests, shown, title,
};

/// Where the real servers listen: not where the service does.
const SERVER_PORT: u16 = 8080;

pub(crate) fn play(verdicts: &mut Verdicts) {
    let network = Network::nat(2);
    let addresses = network.addresses(Family::Ipv4);
    let (vip, dip) = (addresses.vip, addresses.dip);
    title(
        "NAT: the director rewrites addresses and ports, both ways",
        "  client              director                     rs1          rs2
  198.51.100.100      198.51.100.1   10.0.0.1      10.0.0.11    10.0.0.12
      |               VIP 198.51.100.10  |             |            |
      +--------------------+             +-------------+------------+
",
    );
    on(&network.director, &network.take_vip_command(Family::Ipv4));
    on(&network.director, network.forward_command(Family::Ipv4));
    on(&network.director, &format!("rsctl add-service -t {vip}:80 -s wrr"));
    for (rip, weight) in addresses.rips.iter().zip(WEIGHTS) {
        on(
            &network.director,
            &format!("rsctl add-server -t {vip}:80 -r {rip}:{SERVER_PORT} --mode nat -w {weight}"),
        );
    }
    for server in &network.servers {
        on(server, &format!("rs-agent setup --mode nat --vip {vip} --gateway {dip} -v"));
    }
    let traffic = requests(&network, SERVER_PORT, verdicts);
    on(&network.director, "rsctl list");
    println!();

    let rewritten = |packet: &lab::Packet| {
        !packet.sent && addresses.rips.iter().any(|rip| is_to(packet, *rip, SERVER_PORT))
    };
    let arrived = count(&traffic.servers, rewritten);
    verdicts.expect(
        format!("port 80 became {SERVER_PORT}: {arrived} packets arrived at RIP:{SERVER_PORT}"),
        arrived > 0 && count(&traffic.servers, |packet| is_to(packet, vip, 80)) == 0,
    );
    // Seen on the client's side, where each reply tells who handed it over.
    let replies = replies_by_host(&network, &traffic);
    let passing = count(&traffic.director, |packet| packet.sent && is_from(packet, vip, 80));
    verdicts.expect(
        format!(
            "every reply passed the director: it sent {passing}, the client got {}",
            shown(&replies)
        ),
        passing > 0 && replies.keys().eq(["director"]),
    );
}
