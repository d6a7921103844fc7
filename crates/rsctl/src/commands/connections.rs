// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lists the connection table: what is wanted of it, one entry at a time where that is possible.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::net::{IpAddr, SocketAddr};

use ipvs_netlink::procfs::{Connection, ConnectionTable, VirtualAddress};

use super::Director;
use super::ghosts::Living;
use crate::cli::{ConnectionSort, Connections, GroupBy};
use crate::error::Error;
use crate::names::Names;

/// Holds what was found.
pub(crate) enum Found {
    /// Entries as they come.
    Stream(Stream),
    /// How many of each kind, most first.
    Groups { by: GroupBy, groups: Vec<(String, u64)>, names: Names },
}

/// Yields the entries that are wanted, in order.
pub(crate) struct Stream {
    pub(crate) entries: Box<dyn Iterator<Item = Result<Connection, Error>>>,
    /// Whether the column of origins is wanted.
    pub(crate) origin: bool,
    /// Whether all of them are ghosts.
    pub(crate) ghosts: bool,
    /// Names, if they were asked for.
    pub(crate) names: Names,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connections")
    }
}

impl Iterator for Stream {
    type Item = Result<Connection, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.next()
    }
}

pub(super) fn run(director: &Director, args: &Connections) -> Result<Found, Error> {
    let wanted = Filter::new(director, args)?;
    let procfs = director.procfs();
    let table: ConnectionTable<BufReader<File>> =
        if args.origin { procfs.connections_with_origin()? } else { procfs.connections()? };
    let entries = table.map(|entry| entry.map_err(Error::from));
    let entries = entries.filter(move |entry| entry.as_ref().map_or(true, |e| wanted.takes(e)));
    let most = args.top.map_or(usize::MAX, |top| usize::try_from(top).unwrap_or(usize::MAX));
    if let Some(by) = args.group_by {
        let groups = groups(entries, by, most)?;
        let names = if args.names {
            Names::look_up(groups.iter().filter_map(|(name, _)| address_of(name)))
        } else {
            Names::default()
        };
        return Ok(Found::Groups { by, groups, names });
    }
    let entries: Box<dyn Iterator<Item = _>> = match args.sort {
        ConnectionSort::None => Box::new(entries.take(most)),
        sort => Box::new(sorted(entries, sort)?.into_iter().take(most).map(Ok)),
    };
    let (origin, ghosts) = (args.origin, args.ghosts);
    if !args.names {
        return Ok(Found::Stream(Stream { entries, origin, ghosts, names: Names::default() }));
    }
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    let names = Names::look_up(entries.iter().flat_map(addresses));
    let entries = Box::new(entries.into_iter().map(Ok));
    Ok(Found::Stream(Stream { entries, origin, ghosts, names }))
}

fn addresses(entry: &Connection) -> impl Iterator<Item = IpAddr> + use<> {
    let vip = match entry.service {
        VirtualAddress::Endpoint(endpoint) => Some(endpoint.ip()),
        _ => None,
    };
    [entry.client.ip(), entry.server.address].into_iter().chain(vip)
}

/// Returns the address in the name of a group, with its port or without.
pub(crate) fn address_of(name: &str) -> Option<IpAddr> {
    let endpoint = name.parse::<SocketAddr>().map(|endpoint| endpoint.ip());
    endpoint.or_else(|_| name.parse()).ok()
}

fn sorted(
    entries: impl Iterator<Item = Result<Connection, Error>>,
    sort: ConnectionSort,
) -> Result<Vec<Connection>, Error> {
    let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
    match sort {
        ConnectionSort::None => {}
        ConnectionSort::Expires => entries.sort_by_key(|entry| entry.expires),
        ConnectionSort::Client => entries.sort_by_key(|entry| entry.client),
        ConnectionSort::Service => entries.sort_by_key(|entry| (entry.service, entry.client)),
        ConnectionSort::Server => entries.sort_by_key(|entry| (entry.server, entry.client)),
    }
    Ok(entries)
}

fn groups(
    entries: impl Iterator<Item = Result<Connection, Error>>,
    by: GroupBy,
    most: usize,
) -> Result<Vec<(String, u64)>, Error> {
    let mut counts = HashMap::<String, u64>::new();
    for entry in entries {
        *counts.entry(group_of(&entry?, by)).or_default() += 1;
    }
    let mut groups: Vec<_> = counts.into_iter().collect();
    groups.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
    groups.truncate(most);
    Ok(groups)
}

fn group_of(entry: &Connection, by: GroupBy) -> String {
    match by {
        GroupBy::Client => entry.client.ip().to_string(),
        GroupBy::Service => entry.service.to_string(),
        GroupBy::Server => entry.server.to_string(),
        GroupBy::State => entry.state.to_string(),
        GroupBy::Protocol => entry.protocol.to_string(),
    }
}

/// What the options ask for.
struct Filter {
    living: Option<Living>,
    service: Option<ipvs_netlink::ServiceKey>,
    server: Option<crate::cli::Endpoint>,
    client: Option<(IpAddr, u8)>,
    state: Option<String>,
    expires_within: Option<u32>,
    templates: Option<bool>,
    ghosts: bool,
}

impl Filter {
    fn new(director: &Director, args: &Connections) -> Result<Self, Error> {
        let service = args.service.map(|selector| selector.0);
        let marked = service.is_some_and(|key| key.port().is_none());
        // Which connections belong to a mark, only its servers tell.
        let living = if args.ghosts || marked {
            Some(Living::read(&mut director.connect()?)?)
        } else {
            None
        };
        Ok(Self {
            living,
            service,
            server: args.server,
            client: args.client,
            state: args.state.clone(),
            expires_within: args.expires_within,
            templates: match (args.templates, args.no_templates) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            ghosts: args.ghosts,
        })
    }

    fn takes(&self, entry: &Connection) -> bool {
        let server = self.server.is_none_or(|wanted| wanted.means(entry.server));
        let state = |state: &String| entry.state.as_str().eq_ignore_ascii_case(state);
        let soon = |seconds| entry.expires.as_secs() <= u64::from(seconds);
        server
            && self
                .service
                .is_none_or(|key| super::ghosts::belongs(entry, &key, self.living.as_ref()))
            && self.client.is_none_or(|network| within(entry.client.ip(), network))
            && self.state.as_ref().is_none_or(state)
            && self.expires_within.is_none_or(soon)
            && self.templates.is_none_or(|wanted| entry.is_template() == wanted)
            && (!self.ghosts || self.living.as_ref().is_some_and(|living| living.is_ghost(entry)))
    }
}

pub(super) fn within(address: IpAddr, (network, length): (IpAddr, u8)) -> bool {
    let same = |a: u128, b: u128, bits: u8| {
        let shift = u32::from(bits - length.min(bits));
        shift >= 128 || a >> shift == b >> shift
    };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_both_families() {
        for (address, network, length, expected) in [
            ("192.0.2.9", "192.0.2.0", 24, true),
            ("192.0.3.9", "192.0.2.0", 24, false),
            ("192.0.2.9", "192.0.2.9", 32, true),
            ("192.0.2.9", "0.0.0.0", 0, true),
            ("2001:db8::9", "2001:db8::", 64, true),
            ("2001:db8:1::9", "2001:db8::", 64, false),
            ("2001:db8::9", "::", 0, true),
            ("192.0.2.9", "::", 0, false),
        ] {
            let network = (network.parse().unwrap(), length);
            assert_eq!(
                within(address.parse().unwrap(), network),
                expected,
                "{address} {network:?}"
            );
        }
    }
}
