// SPDX-License-Identifier: MIT OR Apache-2.0

use lab::{Family, Network};

use crate::stage::{
    Verdicts, WEIGHTS, count, is_from, is_to, on, replies_by_host, requests, shown, title,
};

const PICTURE: &str = "  client       director       rs1          rs2
  192.0.2.100  192.0.2.1      192.0.2.11   192.0.2.12
      |        VIP 192.0.2.10     |            |         on lo: VIP, hidden from ARP
      +------------+--------------+------------+
";

pub(crate) fn play(verdicts: &mut Verdicts) {
    let network = Network::direct_routing(2);
    let addresses = network.addresses(Family::Ipv4);
    let vip = addresses.vip;
    title("DR: the director changes the MAC address only, servers answer the client", PICTURE);
    on(&network.director, &network.take_vip_command(Family::Ipv4));
    for server in &network.servers {
        on(server, &format!("rs-agent setup --mode dr --vip {vip} -v"));
    }
    on(&network.director, &format!("rsctl add-service -t {vip}:80 -s wrr"));
    for (rip, weight) in addresses.rips.iter().zip(WEIGHTS) {
        on(
            &network.director,
            &format!("rsctl add-server -t {vip}:80 -r {rip} --mode dr -w {weight}"),
        );
    }
    let traffic = requests(&network, 80, verdicts);
    on(&network.director, "rsctl list");
    println!();

    let replies = replies_by_host(&network, &traffic);
    let passing = count(&traffic.director, |packet| is_from(packet, vip, 80));
    verdicts.expect(
        format!(
            "no reply passed the director: it saw {passing}, the client got {}",
            shown(&replies)
        ),
        passing == 0 && replies.keys().eq(["rs1", "rs2"]),
    );
    let director = network.director.macs();
    let untouched = count(&traffic.servers, |packet| {
        !packet.sent && is_to(packet, vip, 80) && director.contains(&packet.from)
    });
    let rewritten = |packet: &lab::Packet| addresses.rips.iter().any(|rip| is_to(packet, *rip, 80));
    verdicts.expect(
        format!("requests came from the director's MAC address, still to VIP:80: {untouched}"),
        untouched > 0 && count(&traffic.servers, rewritten) == 0,
    );
    verdicts.expect("ARP for the VIP is answered by director", who_has(&network) == ["director"]);
    println!();
    for server in &network.servers {
        on(server, "rs-agent teardown -v");
    }
    println!();
    verdicts.expect(
        "teardown took the VIP away and left nothing behind",
        network.servers.iter().all(|server| {
            server.must("ip -o addr show").stdout.lines().all(|line| !line.contains("192.0.2.10/"))
                && server.must("sysctl -n net.ipv4.conf.all.arp_ignore").stdout == "0\n"
        }),
    );
}

/// The contrast: the same VIP by hand, without the sysctls.
pub(crate) fn play_without_agent(verdicts: &mut Verdicts) {
    let network = Network::direct_routing(2);
    let vip = network.addresses(Family::Ipv4).vip;
    title("The ARP problem: DR without arp_ignore and arp_announce", PICTURE);
    on(&network.director, &network.take_vip_command(Family::Ipv4));
    for server in &network.servers {
        on(server, &format!("ip addr add {vip}/32 dev lo"));
    }
    let answers = who_has(&network);
    println!();
    verdicts.expect(
        format!("ARP for the VIP is answered by {}: any of them may win", answers.join(", ")),
        answers == ["director", "rs1", "rs2"],
    );
}

/// Who answers the client's "who has VIP?", by name.
fn who_has(network: &Network) -> Vec<String> {
    let macs = network.who_answers(network.addresses(Family::Ipv4).vip);
    let mut names: Vec<_> = macs.into_iter().map(|mac| network.name_of(mac)).collect();
    names.sort();
    names
}
