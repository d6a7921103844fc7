// SPDX-License-Identifier: MIT OR Apache-2.0
//! The services of this host's own IPVS, as `/proc/net/ip_vs` tells everybody.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::super::seen::{IpvsService, Served};

const PATH: &str = "/proc/thread-self/net/ip_vs";

/// Gives all of them; none without IPVS.
pub(super) fn services(unread: &mut Vec<String>) -> Vec<IpvsService> {
    match std::fs::read(PATH) {
        Ok(text) => parse(&String::from_utf8_lossy(&text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            unread.push(format!("{PATH}: {error}"));
            Vec::new()
        }
    }
}

/// A line for each service, and below it one that begins with `->` for each of its servers.
fn parse(text: &str) -> Vec<IpvsService> {
    let mut services: Vec<IpvsService> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("->"), Some(at)) => {
                let server = address(at).zip(words.nth(1)).filter(|(_, weight)| *weight != "0");
                if let (Some(service), Some((server, _))) = (services.last_mut(), server) {
                    service.servers.push(server);
                }
            }
            (Some("FWM"), Some(mark)) => {
                let mark = u32::from_str_radix(mark, 16).unwrap_or_default();
                services.push(IpvsService { takes: Served::Mark(mark), servers: Vec::new() });
            }
            (Some(protocol), Some(at)) => {
                if let Some(at) = address(at) {
                    let takes = match protocol {
                        "TCP" => Served::Tcp(at),
                        "UDP" => Served::Udp(at),
                        _ => Served::Other(at),
                    };
                    services.push(IpvsService { takes, servers: Vec::new() });
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
                    -> 0A000017:1F90      Masq    0      0          0         \n\
                    UDP  [2001:0db8:0000:0000:0000:0000:0000:0010]:0035 wlc ops \n\
                    FWM  0000000A wlc persistent 300 FFFFFFFF\n";
        let at = |text: &str| text.parse().unwrap();
        let service = |takes, servers| IpvsService { takes, servers };
        assert_eq!(
            parse(text),
            [
                service(Served::Tcp(at("192.0.2.10:80")), vec![at("10.0.0.22:8080")]),
                service(Served::Udp(at("[2001:db8::10]:53")), vec![]),
                service(Served::Mark(10), vec![]),
            ]
        );
        assert_eq!(parse("->\nTCP\nTCP x:y rr\n-> C000020A:0050 Masq 1\n"), []);
    }
}
