// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the services of this host's own IPVS, as `/proc/net/ip_vs` tells everybody.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The file that tells of them.
pub const PATH: &str = "/proc/thread-self/net/ip_vs";

/// Describes a service of IPVS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// What it takes.
    pub takes: Served,
    /// Its servers that get new connections.
    pub servers: Vec<SocketAddr>,
    /// Those of them that get packets for the VIP as they are: by direct routing, or in a tunnel.
    pub unchanged: Vec<SocketAddr>,
}

/// Says what a service of IPVS takes. Port 0 is every port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// TCP to there.
    Tcp(SocketAddr),
    /// UDP to there.
    Udp(SocketAddr),
    /// Another protocol.
    Other(SocketAddr),
    /// Whatever has that mark.
    Mark(u32),
}

impl Service {
    /// Returns a service without servers.
    #[must_use]
    pub fn new(takes: Served) -> Self {
        Self { takes, servers: Vec::new(), unchanged: Vec::new() }
    }

    /// Returns where clients send to; `None`: whatever has its mark.
    #[must_use]
    pub fn at(&self) -> Option<SocketAddr> {
        match self.takes {
            Served::Tcp(at) | Served::Udp(at) | Served::Other(at) => Some(at),
            Served::Mark(_) => None,
        }
    }
}

/// Reads all of them; none without IPVS.
///
/// # Errors
/// The file is there and cannot be read.
pub fn services() -> io::Result<Vec<Service>> {
    match std::fs::read(PATH) {
        Ok(text) => Ok(parse(&String::from_utf8_lossy(&text))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A line for each service, and below it one that begins with `->` for each of its servers.
fn parse(text: &str) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("->"), Some(at)) => {
                let (method, weight) = (words.next(), words.next());
                let server = address(at).filter(|_| weight.is_some_and(|weight| weight != "0"));
                if let (Some(service), Some(server)) = (services.last_mut(), server) {
                    service.servers.push(server);
                    if matches!(method, Some("Route" | "Tunnel")) {
                        service.unchanged.push(server);
                    }
                }
            }
            (Some("FWM"), Some(mark)) => {
                let mark = u32::from_str_radix(mark, 16).unwrap_or_default();
                services.push(Service::new(Served::Mark(mark)));
            }
            (Some(protocol), Some(at)) => {
                if let Some(at) = address(at) {
                    let takes = match protocol {
                        "TCP" => Served::Tcp(at),
                        "UDP" => Served::Udp(at),
                        _ => Served::Other(at),
                    };
                    services.push(Service::new(takes));
                }
            }
            _ => {}
        }
    }
    services
}

/// `C000020A:0050`, or `[2001:0db8:0000:0000:0000:0000:0000:0010]:0050`.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let ip = match ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')) {
        Some(ip) => IpAddr::V6(ip.parse::<Ipv6Addr>().ok()?),
        None => IpAddr::V4(Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?)),
    };
    Some(SocketAddr::from((ip, port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_the_servers_that_get_connections() {
        let text = "IP Virtual Server version 1.2.1 (size=4096)\n\
                    Prot LocalAddress:Port Scheduler Flags\n  \
                    -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n\
                    TCP  C000020A:0050 rr  \n  \
                    -> 0A000016:1F90      Masq    1      0          0         \n  \
                    -> 0A000017:1F90      Masq    0      0          0         \n  \
                    -> 0A000018:0050      Route   1      0          0         \n\
                    UDP  [2001:0db8:0000:0000:0000:0000:0000:0010]:0035 wlc ops \n\
                    FWM  0000000A wlc persistent 300 FFFFFFFF\n";
        let at = |text: &str| text.parse().unwrap();
        let mut web = Service::new(Served::Tcp(at("192.0.2.10:80")));
        web.servers = vec![at("10.0.0.22:8080"), at("10.0.0.24:80")];
        web.unchanged = vec![at("10.0.0.24:80")];
        let name = Service::new(Served::Udp(at("[2001:db8::10]:53")));
        assert_eq!(parse(text), [web, name, Service::new(Served::Mark(10))]);
        assert_eq!(parse("->\nTCP\nTCP x:y rr\n-> C000020A:0050 Masq 1\n"), []);
    }
}
