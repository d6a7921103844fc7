// SPDX-License-Identifier: MIT OR Apache-2.0

use lab::{Family, Network};

use crate::stage::{Verdicts, WEIGHTS, count, is_from, is_to, on, requests, title};

/// IP in IP.
const PROTOCOL_IPIP: u8 = 4;

pub(crate) fn play(verdicts: &mut Verdicts) {
    let network = Network::tunnel(2);
    let addresses = network.addresses(Family::Ipv4);
    let (vip, dip) = (addresses.vip, addresses.dip);
    title(
        "TUN: the packet travels inside another one, to servers in other networks",
        "  client            director           rs1          rs2
  198.51.100.100    192.0.2.1          10.0.1.11    10.0.2.12
      |             VIP 192.0.2.10         |            |        on rs-ipip: VIP
      +-----------------+---- router ------+------------+
",
    );
    on(&network.director, &network.take_vip_command(Family::Ipv4));
    for (server, rip) in network.servers.iter().zip(&addresses.rips) {
        on(
            server,
            &format!("rs-agent setup --mode tun --vip {vip} --rip {rip} --director {dip} -v"),
        );
    }
    on(&network.director, &format!("rsctl add-service -t {vip}:80 -s wrr"));
    for (rip, weight) in addresses.rips.iter().zip(WEIGHTS) {
        on(
            &network.director,
            &format!("rsctl add-server -t {vip}:80 -r {rip} --mode tun -w {weight}"),
        );
    }
    let traffic = requests(&network, 80, verdicts);
    on(&network.director, "rsctl list");
    println!();

    let wrapped = count(&traffic.servers, |packet| {
        let outer = packet.ip.as_ref().filter(|ip| ip.protocol == PROTOCOL_IPIP);
        outer.is_some_and(|ip| ip.source == dip && addresses.rips.contains(&ip.destination))
            && is_to(packet, vip, 80)
    });
    verdicts.expect(
        format!("requests arrived wrapped: {wrapped} packets to VIP:80 inside DIP to RIP"),
        wrapped > 0,
    );
    let passing = count(&traffic.director, |packet| is_from(packet, vip, 80));
    let received = count(&traffic.client, |packet| !packet.sent && is_from(packet, vip, 80));
    verdicts.expect(
        format!("no reply passed the director: it saw {passing}, the client got {received}"),
        passing == 0 && received > 0,
    );
}
