// SPDX-License-Identifier: MIT OR Apache-2.0

//! Looks up names of hosts and ports, only where `ipvsadm` does.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

use super::port_names::PortNames;

/// Holds what was looked up so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    hosts: HashMap<IpAddr, Option<String>>,
    services: Option<PortNames>,
    /// Whether hosts have no names: where nothing may be asked.
    #[cfg(any(test, fuzzing))]
    nameless: bool,
}

impl Names {
    #[cfg(test)]
    pub(super) fn with_services(text: &str) -> Self {
        Self { services: Some(PortNames::parse(text)), ..Self::default() }
    }

    /// Looks no host up.
    #[cfg(any(test, fuzzing))]
    pub(super) fn nameless(services: &str) -> Self {
        Self { services: Some(PortNames::parse(services)), nameless: true, ..Self::default() }
    }

    /// Returns the first IPv4 address of a host.
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

    /// Returns the name of the host with that address.
    pub(super) fn host_of(&mut self, address: IpAddr) -> Option<String> {
        let look_up = || {
            let found = dns_lookup::lookup_addr(&address).ok()?;
            // Without a name it is the address again.
            found.parse::<IpAddr>().is_err().then_some(found)
        };
        self.hosts.entry(address).or_insert_with(look_up).clone()
    }

    /// Returns the port of that name.
    pub(super) fn port_of(&mut self, name: &str, protocol: &str) -> Option<u16> {
        self.services().port(name, protocol)
    }

    /// Returns the name of that port.
    pub(super) fn port_name(&mut self, port: u16, protocol: &str) -> Option<String> {
        self.services().name(port, protocol).map(str::to_owned)
    }

    fn services(&mut self) -> &PortNames {
        self.services.get_or_insert_with(PortNames::read)
    }
}
