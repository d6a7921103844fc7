// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names of hosts and ports, looked up only where `ipvsadm` does.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

const SERVICES: &str = "/etc/services";

/// What was looked up so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    hosts: HashMap<IpAddr, Option<String>>,
    services: Option<Vec<PortName>>,
    /// Whether hosts have no names: where nothing may be asked.
    #[cfg(any(test, fuzzing))]
    nameless: bool,
}

/// A line of /etc/services.
#[derive(Debug)]
struct PortName {
    names: Vec<String>,
    port: u16,
    protocol: String,
}

impl Names {
    #[cfg(test)]
    pub(super) fn with_services(text: &str) -> Self {
        Self { services: Some(parse(text)), ..Self::default() }
    }

    /// Looks no host up.
    #[cfg(any(test, fuzzing))]
    pub(super) fn nameless(services: &str) -> Self {
        Self { services: Some(parse(services)), nameless: true, ..Self::default() }
    }

    /// The first IPv4 address of a host.
    pub(super) fn address_of(&self, host: &str) -> Option<Ipv4Addr> {
        #[cfg(any(test, fuzzing))]
        if self.nameless {
            return None;
        }
        if host.is_empty() || host.contains('\0') {
            return None;
        }
        (host, 0).to_socket_addrs().ok()?.find_map(|found| match found.ip() {
            IpAddr::V4(v4) => Some(v4),
            IpAddr::V6(_) => None,
        })
    }

    /// The name of the host with that address.
    pub(super) fn host_of(&mut self, address: IpAddr) -> Option<String> {
        let look_up = || {
            let found = dns_lookup::lookup_addr(&address).ok()?;
            // Without a name it is the address again.
            found.parse::<IpAddr>().is_err().then_some(found)
        };
        self.hosts.entry(address).or_insert_with(look_up).clone()
    }

    /// The port of that name.
    pub(super) fn port_of(&mut self, name: &str, protocol: &str) -> Option<u16> {
        let known =
            |line: &&PortName| line.protocol == protocol && line.names.iter().any(|n| n == name);
        self.services().iter().find(known).map(|line| line.port)
    }

    /// The name of that port.
    pub(super) fn port_name(&mut self, port: u16, protocol: &str) -> Option<String> {
        let known = |line: &&PortName| line.protocol == protocol && line.port == port;
        self.services().iter().find(known)?.names.first().cloned()
    }

    fn services(&mut self) -> &[PortName] {
        self.services
            .get_or_insert_with(|| parse(&std::fs::read_to_string(SERVICES).unwrap_or_default()))
    }
}

fn parse(text: &str) -> Vec<PortName> {
    text.lines().filter_map(parse_line).collect()
}

/// `http 80/tcp www # comment`
fn parse_line(line: &str) -> Option<PortName> {
    let mut words = line.split('#').next()?.split_whitespace();
    let name = words.next()?;
    let (port, protocol) = words.next()?.split_once('/')?;
    let names = std::iter::once(name).chain(words).map(str::to_owned).collect();
    Some(PortName { names, port: port.parse().ok()?, protocol: protocol.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_names_by_protocol() {
        let mut names =
            Names::with_services("# all\nhttp\t80/tcp www # web\nhttp 8/sctp\nbad line\n");
        assert_eq!(names.port_of("www", "tcp"), Some(80));
        assert_eq!(names.port_of("www", "udp"), None);
        assert_eq!(names.port_of("http", "sctp"), Some(8));
        assert_eq!(names.port_name(80, "tcp").as_deref(), Some("http"));
        assert_eq!(names.port_name(80, "sctp"), None);
    }
}
