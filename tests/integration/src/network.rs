// SPDX-License-Identifier: MIT OR Apache-2.0

//! The three networks of IPVS, each for both address families at once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Host, Mac, Wiring};

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4
    Ipv4,
    /// IPv6
    Ipv6,
}

impl Family {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Ipv4, Self::Ipv6];
}

/// Who has which address in one family.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The virtual service's.
    pub vip: IpAddr,
    /// The director's, on the side of the real servers.
    pub dip: IpAddr,
    /// The client's.
    pub cip: IpAddr,
    /// The real servers', in the order of [`Network::servers`].
    pub rips: Vec<IpAddr>,
}

/// A client, a director, real servers, and what lies between them.
///
/// All have their own addresses and routes; nobody has the VIP yet.
#[derive(Debug)]
pub struct Network {
    /// Sends requests.
    pub client: Host,
    /// Balances them.
    pub director: Host,
    /// Answer them: rs1, rs2, …
    pub servers: Vec<Host>,
    /// Joins the networks, in [`tunnel`](Self::tunnel) only.
    pub router: Option<Host>,
    ipv4: Addresses,
    ipv6: Addresses,
    /// Kept so that the cables stay plugged in.
    _switch: Host,
}

/// 198.51.100.x and 2001:db8:1::x, where the client lives.
const CLIENT_NET: Net = Net { ipv4: [198, 51, 100], ipv6: 1 };
/// 192.0.2.x and 2001:db8:2::x, where the director lives.
const DIRECTOR_NET: Net = Net { ipv4: [192, 0, 2], ipv6: 2 };
/// 10.0.0.x and 2001:db8:10::x, behind a NAT director.
const INNER_NET: Net = Net { ipv4: [10, 0, 0], ipv6: 0x10 };

const DIRECTOR: u8 = 1;
const VIP: u8 = 10;
const CLIENT: u8 = 100;
const ROUTER: u8 = 254;

/// A network of each family, numbered alike.
#[derive(Clone, Copy)]
struct Net {
    ipv4: [u8; 3],
    ipv6: u16,
}

impl Net {
    /// The network of the `server`th server where each has its own.
    fn of_server(server: u8) -> Self {
        Self { ipv4: [10, 0, server], ipv6: 0x10 + u16::from(server) }
    }

    fn address(self, family: Family, number: u8) -> IpAddr {
        let [a, b, c] = self.ipv4;
        match family {
            Family::Ipv4 => Ipv4Addr::new(a, b, c, number).into(),
            // The same digits as in IPv4, so that a dump reads easily.
            Family::Ipv6 => {
                let digits = u16::from_str_radix(&number.to_string(), 16).unwrap_or_default();
                Ipv6Addr::new(0x2001, 0xdb8, self.ipv6, 0, 0, 0, 0, digits).into()
            }
        }
    }

    /// Both addresses, as for `ip addr add`.
    fn both(self, number: u8) -> [String; 2] {
        [
            format!("{}/24", self.address(Family::Ipv4, number)),
            format!("{}/64", self.address(Family::Ipv6, number)),
        ]
    }

    fn default_routes(self, gateway: u8) -> [String; 2] {
        Family::BOTH
            .map(|family| format!("route add default via {}", self.address(family, gateway)))
    }
}

/// The number of a real server in its network: rs1 is 11, and so on.
fn number(server: u8) -> u8 {
    10 + server
}

impl Network {
    /// Client, director and real servers in a row: the director has one leg
    /// (`eth0`) on the client's network and one (`eth1`) on the servers'. The
    /// servers have no default route yet.
    pub fn nat(count: u8) -> Self {
        let mut wiring = Wiring::new();
        let (front, back) = (wiring.segment(), wiring.segment());
        let (client, director) = (wiring.host("client"), wiring.host("director"));
        wiring.plug(front, &client, "eth0", &CLIENT_NET.both(CLIENT));
        wiring.plug(front, &director, "eth0", &CLIENT_NET.both(DIRECTOR));
        wiring.plug(back, &director, "eth1", &INNER_NET.both(DIRECTOR));
        let mut servers = Vec::new();
        for server in 1..=count {
            let host = wiring.host(&format!("rs{server}"));
            wiring.plug(back, &host, "eth0", &INNER_NET.both(number(server)));
            servers.push(host);
        }
        let addresses = |family| Addresses {
            vip: CLIENT_NET.address(family, VIP),
            dip: INNER_NET.address(family, DIRECTOR),
            cip: CLIENT_NET.address(family, CLIENT),
            rips: (1..=count).map(|server| INNER_NET.address(family, number(server))).collect(),
        };
        Self::new(client, director, servers, None, addresses, wiring.connect())
    }

    /// Client, director and real servers on one Ethernet.
    pub fn direct_routing(count: u8) -> Self {
        let mut wiring = Wiring::new();
        let lan = wiring.segment();
        let (client, director) = (wiring.host("client"), wiring.host("director"));
        wiring.plug(lan, &client, "eth0", &DIRECTOR_NET.both(CLIENT));
        wiring.plug(lan, &director, "eth0", &DIRECTOR_NET.both(DIRECTOR));
        let mut servers = Vec::new();
        for server in 1..=count {
            let host = wiring.host(&format!("rs{server}"));
            wiring.plug(lan, &host, "eth0", &DIRECTOR_NET.both(number(server)));
            servers.push(host);
        }
        let addresses = |family| Addresses {
            vip: DIRECTOR_NET.address(family, VIP),
            dip: DIRECTOR_NET.address(family, DIRECTOR),
            cip: DIRECTOR_NET.address(family, CLIENT),
            rips: (1..=count).map(|server| DIRECTOR_NET.address(family, number(server))).collect(),
        };
        Self::new(client, director, servers, None, addresses, wiring.connect())
    }

    /// Client, director and every real server on a network of its own, joined
    /// by a router.
    pub fn tunnel(count: u8) -> Self {
        let mut wiring = Wiring::new();
        let router = wiring.host("router");
        for key in ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"] {
            router.sysctl(key, "1");
        }
        let mut legs = 0;
        let mut attach = |name: &str, net: Net, number: u8| {
            let (host, segment) = (wiring.host(name), wiring.segment());
            wiring.plug(segment, &router, &format!("eth{legs}"), &net.both(ROUTER));
            wiring.plug(segment, &host, "eth0", &net.both(number));
            for route in net.default_routes(ROUTER) {
                wiring.run(&host, route);
            }
            legs += 1;
            host
        };
        let client = attach("client", CLIENT_NET, CLIENT);
        let director = attach("director", DIRECTOR_NET, DIRECTOR);
        let servers = (1..=count)
            .map(|server| attach(&format!("rs{server}"), Net::of_server(server), number(server)))
            .collect();
        let addresses = |family| Addresses {
            vip: DIRECTOR_NET.address(family, VIP),
            dip: DIRECTOR_NET.address(family, DIRECTOR),
            cip: CLIENT_NET.address(family, CLIENT),
            rips: (1..=count)
                .map(|server| Net::of_server(server).address(family, number(server)))
                .collect(),
        };
        Self::new(client, director, servers, Some(router), addresses, wiring.connect())
    }

    fn new(
        client: Host,
        director: Host,
        servers: Vec<Host>,
        router: Option<Host>,
        addresses: impl Fn(Family) -> Addresses,
        switch: Host,
    ) -> Self {
        let (ipv4, ipv6) = (addresses(Family::Ipv4), addresses(Family::Ipv6));
        Self { client, director, servers, router, ipv4, ipv6, _switch: switch }
    }

    /// Who has which address.
    pub fn addresses(&self, family: Family) -> &Addresses {
        match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        }
    }

    /// The command by which the director takes the VIP.
    pub fn take_vip_command(&self, family: Family) -> String {
        let vip = self.addresses(family).vip;
        match family {
            Family::Ipv4 => format!("ip addr add {vip}/32 dev eth0"),
            // Never a source address: a real server drops packets from its own VIP.
            Family::Ipv6 => format!("ip -6 addr add {vip}/128 dev eth0 nodad preferred_lft 0"),
        }
    }

    /// The director takes the VIP, and answers for it when this returns.
    pub fn director_takes_vip(&self, family: Family) {
        self.director.must(&self.take_vip_command(family));
        self.director_listens_for_vip(family);
    }

    /// Waits until the director, which has the VIP, hears who asks for it.
    pub fn director_listens_for_vip(&self, family: Family) {
        if let IpAddr::V6(vip) = self.addresses(family).vip {
            self.director.joins_group_of(vip);
        }
    }

    /// The command by which a NAT director lets replies through.
    pub fn forward_command(&self, family: Family) -> &'static str {
        match family {
            Family::Ipv4 => "sysctl -w net.ipv4.ip_forward=1",
            Family::Ipv6 => "sysctl -w net.ipv6.conf.all.forwarding=1",
        }
    }

    /// Everybody.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        [&self.client, &self.director].into_iter().chain(&self.servers).chain(&self.router)
    }

    /// The name of the host with that MAC address.
    pub fn name_of(&self, mac: Mac) -> String {
        self.hosts()
            .find(|host| host.macs().contains(&mac))
            .map_or_else(|| mac.to_string(), |host| host.name().to_owned())
    }
}
