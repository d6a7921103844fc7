// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    Client, Connections, Destination, DestinationEntry, ErrorKind, IpvsVersion, Service,
    ServiceEntry, ServiceKey, Stats,
};

use crate::cli::List;
use crate::error::Error;

/// The table, sorted.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) version: IpvsVersion,
    pub(crate) connection_table_size: u32,
    pub(crate) services: Vec<ListedService>,
}

#[derive(Debug)]
pub(crate) struct ListedService {
    pub(crate) service: Service,
    pub(crate) stats: Stats,
    pub(crate) servers: Vec<ListedServer>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ListedServer {
    pub(crate) server: Destination,
    pub(crate) connections: Connections,
    pub(crate) stats: Stats,
}

pub(super) fn run(args: &List) -> Result<Listing, Error> {
    let mut client = Client::connect()?;
    let info = client.info()?;
    let mut entries = match args.service {
        Some(selector) => {
            let key = selector.0;
            vec![client.service(&key)?.ok_or(Error::NoService(key))?]
        }
        None => client.services()?,
    };
    entries.sort_by_key(|entry| order(&entry.service.key));
    let mut services = Vec::with_capacity(entries.len());
    for ServiceEntry { service, stats, .. } in entries {
        if let Some(entries) = servers(&mut client, &service.key)? {
            let mut servers: Vec<_> = entries.into_iter().map(ListedServer::from).collect();
            servers.sort_by_key(|listed| listed.server.key);
            services.push(ListedService { service, stats, servers });
        }
    }
    Ok(Listing {
        version: info.version,
        connection_table_size: info.connection_table_size,
        services,
    })
}

impl From<DestinationEntry> for ListedServer {
    fn from(entry: DestinationEntry) -> Self {
        Self { server: entry.destination, connections: entry.connections, stats: entry.stats }
    }
}

/// The servers of a service, or `None` if it went away since it was listed.
pub(super) fn servers(
    client: &mut Client,
    key: &ServiceKey,
) -> Result<Option<Vec<DestinationEntry>>, Error> {
    match client.destinations(key) {
        Ok(servers) => Ok(Some(servers)),
        Err(error) if error.kind() == ErrorKind::ServiceMissing => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// As `ipvsadm` sorts, by family, protocol, address and port, then the marks;
/// but by numbers without a sign.
pub(super) fn order(key: &ServiceKey) -> impl Ord + use<> {
    (matches!(key, ServiceKey::Fwmark { .. }), key.family(), *key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_come_by_family_protocol_address_and_port_and_marks_last() {
        let sorted = [
            "tcp/10.0.0.9:80",
            "tcp/10.0.0.10:80",
            "tcp/10.0.0.10:443",
            "tcp/255.255.255.255:1",
            "udp/10.0.0.1:53",
            "tcp/[2001:db8::1]:80",
            "tcp/[fe80::1]:80",
            "fwmark/7",
            "fwmark/2147483648",
            "fwmark/7/ipv6",
        ];
        let mut keys: Vec<ServiceKey> =
            sorted.iter().rev().map(|text| text.parse().unwrap()).collect();
        keys.sort_by_key(order);
        assert_eq!(keys.iter().map(ToString::to_string).collect::<Vec<_>>(), sorted);
    }
}
