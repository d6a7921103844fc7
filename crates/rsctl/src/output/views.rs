// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the views of a listing besides the usual one: counters, rates, thresholds, clients
//! remembered, tunnels. Services and servers share their columns.

use std::io::{self, Write};

use ipvs_netlink::Stats;
use lvs_term::{Look, Row, Tone, short_number, write_rows};

use super::table::title;
use super::words::{forward, prot_and_address, server_address, tone};
use crate::cli::View;
use crate::commands::{ListedServer, ListedService, Listing};

pub(super) fn write(listing: &Listing, look: Look, out: &mut impl Write) -> io::Result<()> {
    if !listing.shape.is_bare {
        title(listing, out)?;
    }
    let exact = listing.exact;
    match listing.view {
        View::Stats => rows(
            listing,
            ["Conns", "InPkts", "OutPkts", "InBytes", "OutBytes"],
            |listed| sums(&listed.stats, exact),
            |server| sums(&server.stats(), exact),
            look,
            out,
        ),
        View::Rate => rows(
            listing,
            ["CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"],
            |listed| rates(&listed.stats, exact),
            |server| rates(&server.stats(), exact),
            look,
            out,
        ),
        View::Thresholds => rows(
            listing,
            ["Uthreshold", "Lthreshold", "ActiveConn", "InActConn"],
            |_| [const { String::new() }; 4],
            |server| {
                [
                    server.server.thresholds.upper().to_string(),
                    server.server.thresholds.lower().to_string(),
                    server.connections.active.to_string(),
                    server.connections.inactive.to_string(),
                ]
            },
            look,
            out,
        ),
        View::Persistent => rows(
            listing,
            ["Weight", "PersistConn", "ActiveConn", "InActConn"],
            |_| [const { String::new() }; 4],
            |server| {
                [
                    server.server.weight.to_string(),
                    server.connections.persistent.to_string(),
                    server.connections.active.to_string(),
                    server.connections.inactive.to_string(),
                ]
            },
            look,
            out,
        ),
        View::Tunnels | View::Default => rows(
            listing,
            ["Forward", "TunnelInfo", "Weight", "ActiveConn", "InActConn"],
            |_| [const { String::new() }; 5],
            |server| {
                [
                    forward(&server.server),
                    server
                        .server
                        .tunnel()
                        .map_or_else(|| "n/a".to_owned(), |tunnel| tunnel.to_string()),
                    server.server.weight.to_string(),
                    server.connections.active.to_string(),
                    server.connections.inactive.to_string(),
                ]
            },
            look,
            out,
        ),
    }
}

/// A title, then a row for each service and each of its servers.
fn rows<const N: usize>(
    listing: &Listing,
    titles: [&str; N],
    of_service: impl Fn(&ListedService) -> [String; N],
    of_server: impl Fn(&ListedServer) -> [String; N],
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    let row =
        |tone, name: String, cells: [String; N]| Row::new(tone, std::iter::once(name).chain(cells));
    let mut rows = Vec::new();
    if !listing.shape.is_bare {
        let title = "Prot LocalAddress:Port".to_owned();
        rows.push(row(Tone::Title, title, titles.map(str::to_owned)));
        rows.push(Row::new(Tone::Title, ["  -> RemoteAddress:Port".to_owned()]));
    }
    let names = &listing.names;
    for listed in &listing.services {
        let key = listed.service.key;
        let (prot, address) = prot_and_address(key, names);
        rows.push(row(Tone::Plain, format!("{prot:<4} {address}"), of_service(listed)));
        rows.extend(listed.servers.iter().map(|server| {
            let name = format!("  -> {}", server_address(key, server, names));
            row(tone(server), name, of_server(server))
        }));
    }
    write_rows(&rows, |place| place == 0, look, out)
}

fn sums(stats: &Stats, exact: bool) -> [String; 5] {
    [
        stats.connections,
        stats.incoming_packets,
        stats.outgoing_packets,
        stats.incoming_bytes,
        stats.outgoing_bytes,
    ]
    .map(|count| short_number(count, exact))
}

fn rates(stats: &Stats, exact: bool) -> [String; 5] {
    [
        stats.connections_per_second,
        stats.incoming_packets_per_second,
        stats.outgoing_packets_per_second,
        stats.incoming_bytes_per_second,
        stats.outgoing_bytes_per_second,
    ]
    .map(|count| short_number(count, exact))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn text(view: View, exact: bool) -> String {
        let mut listing = sample::listing(sample::services());
        listing.services.truncate(2);
        (listing.view, listing.exact) = (view, exact);
        let mut out = Vec::new();
        write(&listing, Look::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn counters_are_short_unless_asked_for_in_full() {
        assert_eq!(
            text(View::Stats, false),
            "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port   Conns InPkts OutPkts     InBytes OutBytes
  -> RemoteAddress:Port
TCP  192.0.2.10:80        5.0G      0       0           0        0
  -> 10.0.0.11:8080          0      0       0 18446744.0T        0
  -> 10.0.0.12:80            0      0       0           0        0
UDP  [2001:db8::10]:5060     0      0       0           0        0
  -> 10.0.0.13:5060          0      0       0           0        0
  -> [2001:db8::11]:5060     0      0       0           0        0
"
        );
        assert!(text(View::Stats, true).contains(" 18446744073709551615 "));
    }

    #[test]
    fn what_belongs_to_servers_only() {
        assert_eq!(
            text(View::Thresholds, false),
            "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port   Uthreshold Lthreshold ActiveConn InActConn
  -> RemoteAddress:Port
TCP  192.0.2.10:80
  -> 10.0.0.11:8080             100         80          7        12
  -> 10.0.0.12:80                 0          0          0         0
UDP  [2001:db8::10]:5060
  -> 10.0.0.13:5060               0          0          0         0
  -> [2001:db8::11]:5060          0          0          0         0
"
        );
        let clients = text(View::Persistent, false);
        assert!(
            clients.contains("10.0.0.11:8080               3           2          7        12\n")
        );
        assert!(text(View::Tunnels, false).contains("tun   gue:6080"));
        assert!(text(View::Rate, false).contains("CPS InPPS OutPPS InBPS OutBPS"));
    }
}
