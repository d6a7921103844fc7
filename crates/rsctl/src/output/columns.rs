// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes a list as columns that have names: all of a server in one line, aligned for people or as
//! comma-separated values. A service without servers has a line of its own.

use std::io::{self, Write};

use ipvs_netlink::ServiceKey;
use lvs_term::{Cell, Look, Row, Tone, write_csv_line, write_rows};

use super::sums::Sums;
use super::words::tone;
use crate::cli::{Column, ListForm};
use crate::commands::{ListedServer, ListedService, Listing};

pub(super) fn write(listing: &Listing, look: Look, out: &mut impl Write) -> io::Result<()> {
    match listing.shape.form {
        ListForm::Csv => write_csv(listing, out),
        _ => write_wide(listing, look, out),
    }
}

fn write_csv(listing: &Listing, out: &mut impl Write) -> io::Result<()> {
    let columns = &listing.shape.columns;
    if !listing.shape.is_bare {
        write_csv_line(columns.iter().map(|column| Cell::text(column.name())), out)?;
    }
    for (listed, server) in lines(listing) {
        write_csv_line(columns.iter().map(|it| cell(*it, listing, listed, server)), out)?;
    }
    Ok(())
}

/// Nothing folds: what does not fit, the terminal wraps.
fn write_wide(listing: &Listing, look: Look, out: &mut impl Write) -> io::Result<()> {
    let columns = &listing.shape.columns;
    let mut rows = Vec::new();
    if !listing.shape.is_bare {
        rows.push(Row::new(Tone::Title, columns.iter().map(|column| column.name())));
    }
    for (listed, server) in lines(listing) {
        let wide =
            |column: &Column| shown(&cell(*column, listing, listed, server), *column, listing);
        rows.push(Row::new(server.map_or(Tone::Plain, tone), columns.iter().map(wide)));
    }
    if let Some(sums) = Sums::asked_for(listing) {
        rows.push(Row::new(Tone::Title, line_of_sums(columns, &sums, listing)));
    }
    let is_left = |place: usize| columns.get(place).is_some_and(|column| !is_number(*column));
    write_rows(&rows, is_left, Look { width: None, ..look }, out)
}

/// Returns a cell for people: what is set stands as it is typed, and only counters are shortened.
fn shown(cell: &Cell, column: Column, listing: &Listing) -> String {
    cell.wide(listing.exact || !column.is_counter())
}

fn line_of_sums(columns: &[Column], sums: &Sums, listing: &Listing) -> Vec<String> {
    let label = columns.iter().position(|column| !is_number(*column));
    let cells = columns.iter().enumerate().map(|(place, column)| match count(*column, sums) {
        Some(sum) if !is_unknown(*column, listing) => shown(&Cell::Number(sum), *column, listing),
        _ if Some(place) == label => "sum".to_owned(),
        _ => "-".to_owned(),
    });
    cells.collect()
}

/// Yields each server with its service, and services that have none.
fn lines(listing: &Listing) -> impl Iterator<Item = (&ListedService, Option<&ListedServer>)> {
    listing.services.iter().flat_map(|listed| {
        let servers = listed.servers.iter().map(move |server| (listed, Some(server)));
        servers.chain(listed.servers.is_empty().then_some((listed, None)))
    })
}

fn is_number(column: Column) -> bool {
    use Column as C;
    column >= C::Weight || matches!(column, C::VipPort | C::Port | C::Persistent)
}

/// Returns whether `/proc/net/ip_vs` does not tell it, if that is all there was to read.
fn is_unknown(column: Column, listing: &Listing) -> bool {
    use Column as C;
    let lacks =
        matches!(column, C::Flags | C::Persistent | C::Tunnel | C::Upper | C::Lower | C::Clients);
    listing.public.is_some() && (lacks || column.is_counter())
}

fn cell(
    column: Column,
    listing: &Listing,
    listed: &ListedService,
    server: Option<&ListedServer>,
) -> Cell {
    // Nor does it tell the family of a mark, which is part of its name.
    let is_mark = matches!(listed.service.key, ServiceKey::Fwmark { .. });
    let is_half_named = listing.public.is_some() && is_mark && column == Column::Service;
    if is_half_named || is_unknown(column, listing) {
        return Cell::Nothing;
    }
    match server {
        _ if column < Column::Server => of_service(column, listing, listed),
        Some(server) => of_server(column, listing, listed, server),
        None => Cell::Nothing,
    }
}

fn of_service(column: Column, listing: &Listing, listed: &ListedService) -> Cell {
    let service = &listed.service;
    match (column, service.key) {
        (Column::Service, key) => Cell::text(key),
        (Column::Protocol, ServiceKey::Endpoint { protocol, .. }) => Cell::text(protocol),
        (Column::Vip, ServiceKey::Endpoint { address, .. }) => Cell::text(address),
        (Column::VipPort, ServiceKey::Endpoint { port, .. }) => Cell::Number(port.into()),
        (Column::VipHost, ServiceKey::Endpoint { address, .. }) => {
            host(listing.names.host(address))
        }
        (Column::Scheduler, _) => Cell::text(service.scheduler.name()),
        (Column::Flags, _) => {
            let words = service.scheduler_flags.words(&service.scheduler);
            Cell::text(words.map(|flag| flag.to_string()).collect::<Vec<_>>().join(","))
        }
        (Column::Persistent, _) => match service.persistence {
            Some(persistence) => Cell::Number(persistence.timeout.as_seconds().into()),
            None => Cell::Nothing,
        },
        _ => Cell::Nothing,
    }
}

fn of_server(
    column: Column,
    listing: &Listing,
    listed: &ListedService,
    found: &ListedServer,
) -> Cell {
    let server = &found.server;
    match column {
        Column::Server => Cell::text(server.key),
        Column::Address => Cell::text(server.key.address),
        Column::Port => Cell::Number(server.key.port.into()),
        Column::Host => host(listing.names.host(server.key.address)),
        Column::Method => Cell::text(server.forwarding),
        Column::Tunnel => server.tunnel().map_or(Cell::Nothing, Cell::text),
        Column::WeightShare => Cell::share(server.weight.get().into(), listed.whole.weight),
        Column::ActiveShare => Cell::share(found.connections.active.into(), listed.whole.active),
        Column::Upper => Cell::Number(server.thresholds.upper().into()),
        Column::Lower => Cell::Number(server.thresholds.lower().into()),
        column => count(column, &Sums::from(found)).map_or(Cell::Nothing, Cell::Number),
    }
}

/// Returns the cell of a name. It is the only text that a stranger chooses, and a spreadsheet takes
/// one that begins with `=`, `+`, `-` or `@` for a formula.
fn host(name: Option<&str>) -> Cell {
    let begins_well = |name: &&str| name.starts_with(|first: char| first.is_ascii_alphanumeric());
    name.filter(begins_well).map_or(Cell::Nothing, Cell::text)
}

/// Returns what can be added up.
fn count(column: Column, sums: &Sums) -> Option<u64> {
    let Sums { weight, active, inactive, clients, stats } = sums;
    Some(match column {
        Column::Weight => *weight,
        Column::Active => *active,
        Column::Inactive => *inactive,
        Column::Clients => *clients,
        Column::Conns => stats.connections,
        Column::InPackets => stats.incoming_packets,
        Column::OutPackets => stats.outgoing_packets,
        Column::InBytes => stats.incoming_bytes,
        Column::OutBytes => stats.outgoing_bytes,
        Column::Cps => stats.connections_per_second,
        Column::InPps => stats.incoming_packets_per_second,
        Column::OutPps => stats.outgoing_packets_per_second,
        Column::InBps => stats.incoming_bytes_per_second,
        Column::OutBps => stats.outgoing_bytes_per_second,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::{PersistenceTimeout, Stats, Thresholds, Weight};

    use super::super::sample;
    use super::*;
    use crate::commands::{IsSettled, Whole};

    fn listing(form: ListForm, columns: &[Column]) -> Listing {
        let mut listing = sample::listing(sample::services());
        listing.shape.form = form;
        listing.shape.columns = columns.to_vec();
        listing.services[0].whole = Whole { weight: 4, active: 21 };
        listing
    }

    fn text(listing: &Listing) -> String {
        let mut out = Vec::new();
        write(listing, Look::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_server_is_a_line_and_so_is_a_service_without() {
        use Column as C;
        let columns = [C::Service, C::Server, C::Method, C::Weight, C::WeightShare, C::InBytes];
        let mut listing = listing(ListForm::Wide, &columns);
        listing.services.truncate(3);
        listing.services[0].servers.truncate(1);
        assert_eq!(
            text(&listing),
            "\
service                 server              method weight weight_share    in_bytes
tcp/192.0.2.10:80       10.0.0.11:8080      nat         3        75.0% 18446744.0T
udp/[2001:db8::10]:5060 10.0.0.13:5060      tun         1            -           0
udp/[2001:db8::10]:5060 [2001:db8::11]:5060 tun         0            -           0
fwmark/7                -                   -           -            -           -
"
        );
        (listing.shape.sums, listing.shape.is_bare, listing.exact) = (true, true, true);
        listing.shape.columns = vec![C::Weight, C::WeightShare, C::Server, C::InBytes];
        assert_eq!(
            text(&listing),
            "\
3 75.0% 10.0.0.11:8080      18446744073709551615
1     - 10.0.0.13:5060                         0
0     - [2001:db8::11]:5060                    0
-     - -                                      -
4     - sum                 18446744073709551615
"
        );
    }

    #[test]
    fn csv_has_whole_numbers_and_no_more_than_it_knows() {
        use Column as C;
        let columns = [C::Service, C::Flags, C::Address, C::Active, C::ActiveShare, C::InBytes];
        let mut listing = listing(ListForm::Csv, &columns);
        listing.services.truncate(3);
        let all = "\
service,flags,address,active,active_share,in_bytes
tcp/192.0.2.10:80,,10.0.0.11,7,33.3,18446744073709551615
tcp/192.0.2.10:80,,10.0.0.12,0,0.0,0
udp/[2001:db8::10]:5060,\"sh-fallback,sh-port\",10.0.0.13,0,,0
udp/[2001:db8::10]:5060,\"sh-fallback,sh-port\",2001:db8::11,0,,0
fwmark/7,flag-3,,,,
";
        assert_eq!(text(&listing), all);
        listing.shape.is_bare = true;
        assert_eq!(text(&listing), all.split_once('\n').unwrap().1);
        listing.public = Some(IsSettled(true));
        assert_eq!(text(&listing).lines().next(), Some("tcp/192.0.2.10:80,,10.0.0.11,7,33.3,"));
        // The name of a mark has its family.
        assert_eq!(text(&listing).lines().last(), Some(",,,,,"));
    }

    /// A weight is typed again, and so is what stands for it.
    #[test]
    fn only_counters_are_shortened() {
        use Column as C;
        let columns = [C::Weight, C::Upper, C::Persistent, C::InBytes];
        let mut listing = listing(ListForm::Wide, &columns);
        listing.services.remove(0);
        listing.services.truncate(1);
        let service = &mut listing.services[0];
        service.servers.truncate(1);
        service.servers[0].server.weight = Weight::new(250_000).unwrap();
        service.servers[0].server.thresholds = Thresholds::new(300_000, 1).unwrap();
        service.service.persistence.as_mut().unwrap().timeout =
            PersistenceTimeout::from_seconds(200_000).unwrap();
        let mut stats = Stats::default();
        stats.incoming_bytes = 250_000;
        let ListedServer { server, connections, .. } = service.servers.remove(0);
        service.servers = vec![ListedServer::new(server, connections, stats)];
        (listing.shape.sums, listing.shape.is_bare) = (true, true);
        assert_eq!(text(&listing), "250000 300000 200000 250.0K\n250000      -      - 250.0K\n");
    }

    #[test]
    fn a_name_is_no_formula() {
        for (name, expected) in [
            ("web1.example", "web1.example"),
            ("1.example", "1.example"),
            ("=1+1", ""),
            ("+1", ""),
            ("-1", ""),
            ("@SUM(1)", ""),
            ("\\u{9}=1", ""),
            ("", ""),
        ] {
            assert_eq!(host(Some(name)).csv(), expected, "{name:?}");
        }
        assert_eq!(host(None), Cell::Nothing);
        assert_eq!(host(Some("=1+1")).wide(false), "-");
    }
}
