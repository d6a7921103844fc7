// SPDX-License-Identifier: MIT OR Apache-2.0

//! The hosts of `docs/guide`: those on which the suite types it, and those of `make shell`.

use std::str::FromStr;

use crate::{Family, Network, UdpServer, WebServer};

/// How the hosts are wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Clients and real servers on either side of the director.
    Nat,
    /// All on one Ethernet.
    Dr,
    /// Each behind a router.
    Tun,
}

impl FromStr for Model {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "nat" => Ok(Self::Nat),
            "dr" => Ok(Self::Dr),
            "tun" => Ok(Self::Tun),
            other => Err(format!("nat, dr or tun, not '{other}'")),
        }
    }
}

impl Model {
    /// Returns the port on which the real servers' web servers listen.
    pub fn web_port(self) -> u16 {
        match self {
            Self::Nat => 8080,
            Self::Dr | Self::Tun => 80,
        }
    }
}

/// The hosts of a page, each with a MAC address that a reader can tell from the others, and
/// with the programs of the real servers.
#[derive(Debug)]
pub struct Guided {
    /// Hosts and cables.
    pub network: Network,
    _web: Vec<WebServer>,
    _udp: Vec<UdpServer>,
}

impl Guided {
    /// Wires them, and starts the programs.
    pub fn new(model: Model) -> Self {
        let network = match model {
            Model::Nat => Network::nat(2),
            Model::Dr => Network::direct_routing(2),
            Model::Tun => Network::tunnel(2),
        };
        for (host, last) in [(&network.client, "01:00"), (&network.director, "00:01")]
            .into_iter()
            .chain(network.servers.iter().zip(["00:11", "00:12"]))
        {
            host.must(&format!("ip link set eth0 address 02:00:00:00:{last}"));
        }
        if model == Model::Nat {
            network.director.must("ip link set eth1 address 02:00:00:00:00:02");
        }
        let port = model.web_port();
        let web = network.servers.iter().map(|server| WebServer::start(server, port)).collect();
        let mut udp = Vec::new();
        if model == Model::Dr {
            for server in &network.servers {
                udp.push(UdpServer::start(server, ([0, 0, 0, 0], 5000).into()));
                // Here before the VIP is.
                server.must("sysctl -qw net.ipv4.ip_nonlocal_bind=1");
                let vip = network.addresses(Family::Ipv4).vip;
                udp.push(UdpServer::start(server, (vip, 5001).into()));
                server.must("sysctl -qw net.ipv4.ip_nonlocal_bind=0");
            }
        }
        Self { network, _web: web, _udp: udp }
    }
}
