// SPDX-License-Identifier: MIT OR Apache-2.0

use std::cmp::Reverse;
use std::net::IpAddr;

use clap::ValueEnum as _;
use ipvs_netlink::{Client, DestinationEntry, ErrorKind, IpvsVersion, ServiceKey, Stats};

use super::director::{Director, USUAL_SERVERS};
use super::filter;
use super::listed::{ListedServer, ListedService, Whole};
use super::public::{self, Public};
use super::reading::{Reading, Wanted};
use crate::cli::{Column, List, ListForm, SortKey, View};
use crate::error::Error;
use crate::names::Names;

/// Holds the table, sorted.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) version: IpvsVersion,
    pub(crate) connection_table_size: u32,
    pub(crate) view: View,
    /// Numbers in full.
    pub(crate) exact: bool,
    pub(crate) shape: Shape,
    pub(crate) services: Vec<ListedService>,
    /// Who reads their servers, and how to sort these, if that is left until they are written.
    pub(crate) unread: Option<(Reading, SortKey)>,
    /// Names, if they were asked for.
    pub(crate) names: Names,
    /// Whether it is only what the kernel tells to everyone, and how sure that is.
    pub(crate) public: Option<IsSettled>,
}

/// Says in which form the table is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    pub(crate) form: ListForm,
    /// Of the forms that have columns with names.
    pub(crate) columns: Vec<Column>,
    /// Without what stands above.
    pub(crate) is_bare: bool,
    /// With a last line of sums.
    pub(crate) sums: bool,
}

impl Shape {
    fn of(args: &List) -> Self {
        let form = args.form.form();
        let usual = match form {
            ListForm::Wide => &Column::WIDE,
            ListForm::Csv => Column::value_variants(),
            _ => &[],
        };
        let is_usual = |column: &Column| args.names || !column.is_host();
        let columns = match args.form.columns.as_slice() {
            [] => usual.iter().copied().filter(is_usual).collect(),
            picked => picked.to_vec(),
        };
        Self { form, columns, is_bare: args.form.no_header, sums: args.form.sums }
    }
}

/// Says whether no service is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsSettled(pub(crate) bool);

impl Listing {
    /// Takes out the services with their servers, which may be read only now.
    pub(crate) fn take_services(
        &mut self,
    ) -> impl Iterator<Item = Result<ListedService, Error>> + use<'_> {
        let services = std::mem::take(&mut self.services).into_iter();
        services.filter_map(|listed| match &mut self.unread {
            None => Some(Ok(listed)),
            Some((reading, by)) => {
                let mut read = reading.next(listed);
                if let Ok(Some(listed)) = &mut read {
                    sort_servers(&mut listed.servers, *by);
                }
                read.transpose()
            }
        })
    }
}

/// Lists what is asked for. `colored` says that servers that take no more are to be marked.
pub(super) fn run(director: &Director, args: &List, colored: bool) -> Result<Listing, Error> {
    if let Some(refusal) = args.contradiction() {
        return Err(Error::refused("list the services", refusal));
    }
    let mut client = director.connect_to_look(USUAL_SERVERS)?;
    let info = match client.info() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let Public { version, connection_table_size, services, is_settled } =
                public::read(director, args, error)?;
            let listing = listing(args, version, connection_table_size, services);
            return Ok(Listing { public: Some(IsSettled(is_settled)), ..listing });
        }
        info => info?,
    };
    let (version, size) = (info.version, info.connection_table_size);
    let stats = shows_stats(args);
    let details = args.view() != View::Default || args.is_columns() || args.filters.full;
    let wanted = Wanted { stats, colored, details };
    if let Some(selector) = args.service {
        let key = selector.0;
        let service = ListedService::new(client.service(&key)?.ok_or(Error::NoService(key))?);
        let service = Reading::new(director, client, wanted).one(service)?;
        return Ok(listing(args, version, size, vec![service]));
    }
    let mut services: Vec<_> = client.services()?.into_iter().map(ListedService::new).collect();
    filter::services(&mut services, &args.filters);
    let mut reading = Reading::new(director, client, wanted);
    // What is looked at before it is written has to be read before.
    let is_read_first = args.names || args.filters.are_given() || args.sort() == SortKey::Active;
    if args.is_json() && !is_read_first {
        let listing = listing(args, version, size, services);
        return Ok(Listing { unread: Some((reading, args.sort())), ..listing });
    }
    Ok(listing(args, version, size, reading.all(services)?))
}

fn listing(
    args: &List,
    version: IpvsVersion,
    connection_table_size: u32,
    mut services: Vec<ListedService>,
) -> Listing {
    let shape = Shape::of(args);
    if args.is_columns() {
        services.iter_mut().for_each(|listed| listed.whole = Whole::of(&listed.servers));
    }
    filter::servers(&mut services, &args.filters);
    sort(&mut services, args.sort());
    let names = if args.names || shape.columns.iter().any(|column| column.is_host()) {
        Names::look_up(addresses(&services))
    } else {
        Names::default()
    };
    Listing {
        names,
        version,
        connection_table_size,
        view: args.view(),
        exact: args.exact,
        shape,
        services,
        unread: None,
        public: None,
    }
}

fn shows_stats(args: &List) -> bool {
    let view = matches!(args.view(), View::Stats | View::Rate);
    let counters = args.form.columns.iter().any(|column| column.is_counter());
    args.is_json()
        || view
        || counters
        || (args.is_columns() && args.form.columns.is_empty())
        || matches!(args.sort(), SortKey::Connections | SortKey::Bytes | SortKey::Rate)
}

fn addresses(services: &[ListedService]) -> impl Iterator<Item = IpAddr> {
    services.iter().flat_map(|listed| {
        let vip = match listed.service.key {
            ServiceKey::Endpoint { address, .. } => Some(address),
            ServiceKey::Fwmark { .. } => None,
        };
        vip.into_iter().chain(listed.servers.iter().map(|listed| listed.server.key.address))
    })
}

fn sort(services: &mut [ListedService], by: SortKey) {
    for listed in &mut *services {
        sort_servers(&mut listed.servers, by);
    }
    sort_services(services, by);
}

fn sort_services(services: &mut [ListedService], by: SortKey) {
    if by == SortKey::None {
        return;
    }
    services.sort_by_cached_key(|listed| order(&listed.service.key));
    // By number the largest come first, and what is equal stays in order.
    let number: fn(&ListedService) -> u64 = match by {
        SortKey::Active => |listed| listed.servers.iter().map(active).sum(),
        SortKey::Connections => |listed| listed.stats.connections,
        SortKey::Bytes => |listed| bytes(&listed.stats),
        SortKey::Rate => |listed| rate(&listed.stats),
        SortKey::Weight | SortKey::Address | SortKey::None => return,
    };
    services.sort_by_key(|listed| Reverse(number(listed)));
}

fn sort_servers(servers: &mut [ListedServer], by: SortKey) {
    if by == SortKey::None {
        return;
    }
    servers.sort_by_key(|listed| listed.server.key);
    let number: fn(&ListedServer) -> u64 = match by {
        SortKey::Weight => |listed| listed.server.weight.get().into(),
        SortKey::Active => active,
        SortKey::Connections => |listed| listed.stats().connections,
        SortKey::Bytes => |listed| bytes(&listed.stats()),
        SortKey::Rate => |listed| rate(&listed.stats()),
        SortKey::Address | SortKey::None => return,
    };
    servers.sort_by_key(|listed| Reverse(number(listed)));
}

fn active(listed: &ListedServer) -> u64 {
    listed.connections.active.into()
}

fn bytes(stats: &Stats) -> u64 {
    stats.incoming_bytes.saturating_add(stats.outgoing_bytes)
}

fn rate(stats: &Stats) -> u64 {
    stats.incoming_bytes_per_second.saturating_add(stats.outgoing_bytes_per_second)
}

/// Reads the servers of a service, or returns `None` if it went away since it was listed.
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

/// Returns what services are sorted by, as in `ipvsadm`: family, protocol, address and port, then
/// the marks; but by numbers without a sign.
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
