// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use ipvs_netlink::{AddressFamily, Destination, ForwardingMethod, Protocol, Service, ServiceKey};

use super::words;
use crate::commands::{ListedServer, ListedService, Listing};
use crate::flags;

/// The columns of `ipvsadm -Ln`, as wide as what they hold.
pub(super) fn write(listing: &Listing, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "IP Virtual Server version {} (size={})",
        listing.version, listing.connection_table_size
    )?;
    let widths = Widths::of(&listing.services);
    widths.service(out, &SERVICE_TITLES.map(str::to_owned))?;
    widths.server(out, &SERVER_TITLES.map(str::to_owned))?;
    for listed in &listing.services {
        widths.service(out, &service_cells(&listed.service))?;
        for server in &listed.servers {
            widths.server(out, &server_cells(server))?;
        }
    }
    Ok(())
}

const SERVICE_TITLES: [&str; 4] = ["Prot", "LocalAddress:Port", "Scheduler", "Flags"];
const SERVER_TITLES: [&str; 5] =
    ["RemoteAddress:Port", "Forward", "Weight", "ActiveConn", "InActConn"];

/// `Prot` and the arrow are of one width, so both lines share the address
/// column; the scheduler's ends where it likes, since only words follow it.
struct Widths {
    address: usize,
    scheduler: usize,
    server: [usize; 5],
}

impl Widths {
    fn of(services: &[ListedService]) -> Self {
        let mut address = SERVICE_TITLES[1].len();
        let mut scheduler = SERVICE_TITLES[2].len();
        let mut server = SERVER_TITLES.map(str::len);
        for listed in services {
            let cells = service_cells(&listed.service);
            address = address.max(cells[1].len());
            scheduler = scheduler.max(cells[2].len());
            for cells in listed.servers.iter().map(server_cells) {
                for (width, cell) in server.iter_mut().zip(&cells) {
                    *width = cell.len().max(*width);
                }
            }
        }
        Self { address: address.max(server[0]), scheduler, server }
    }

    fn service(
        &self,
        out: &mut impl Write,
        [prot, address, scheduler, flags]: &[String; 4],
    ) -> io::Result<()> {
        let line = format!(
            "{prot:<4} {address:<0$} {scheduler:<1$} {flags}",
            self.address, self.scheduler
        );
        writeln!(out, "{}", line.trim_end())
    }

    fn server(
        &self,
        out: &mut impl Write,
        [address, forward, weight, active, inactive]: &[String; 5],
    ) -> io::Result<()> {
        let [_, w1, w2, w3, w4] = self.server;
        writeln!(
            out,
            "  -> {address:<w0$} {forward:<w1$} {weight:>w2$} {active:>w3$} {inactive:>w4$}",
            w0 = self.address
        )
    }
}

fn service_cells(service: &Service) -> [String; 4] {
    let (prot, address) = prot_and_address(service.key);
    [prot, address, service.scheduler.to_string(), service_flags(service)]
}

/// `TCP` and `192.0.2.10:80`, `FWM` and `7 IPv6`.
pub(super) fn prot_and_address(key: ServiceKey) -> (String, String) {
    match key {
        ServiceKey::Endpoint { protocol, address, port } => {
            (prot(protocol), std::net::SocketAddr::new(address, port).to_string())
        }
        ServiceKey::Fwmark { family: AddressFamily::Ipv4, mark } => {
            ("FWM".to_owned(), mark.to_string())
        }
        ServiceKey::Fwmark { family: AddressFamily::Ipv6, mark } => {
            ("FWM".to_owned(), format!("{mark} IPv6"))
        }
    }
}

fn prot(protocol: Protocol) -> String {
    protocol.to_string().to_uppercase()
}

/// `(sh-port) persistent 360 mask 255.255.255.0 pe sip ops`
fn service_flags(service: &Service) -> String {
    let mut words = Vec::new();
    let mut flags: Vec<String> = flags::names(service.scheduler_flags, &service.scheduler)
        .into_iter()
        .map(str::to_owned)
        .collect();
    if service.unknown_flags() != 0 {
        flags.push(format!("{:#x}", service.unknown_flags()));
    }
    if !flags.is_empty() {
        words.push(format!("({})", flags.join(",")));
    }
    if let Some(persistence) = service.persistence {
        words.push(format!("persistent {}", persistence.timeout.as_seconds()));
        if !persistence.netmask.is_host() {
            words.push(format!("mask {}", persistence.netmask));
        }
    }
    if let Some(engine) = &service.engine {
        words.push(format!("pe {engine}"));
    }
    if service.one_packet {
        words.push("ops".to_owned());
    }
    words.join(" ")
}

fn server_cells(listed: &ListedServer) -> [String; 5] {
    let server = &listed.server;
    let forward = match server.forwarding {
        ForwardingMethod::Tunnel(tunnel) => format!("Tunnel({})", words::tunnel(tunnel)),
        _ => forward(server),
    };
    [
        server.key.to_string(),
        forward,
        server.weight.to_string(),
        listed.connections.active.to_string(),
        listed.connections.inactive.to_string(),
    ]
}

/// The forwarding method in `ipvsadm`'s words.
pub(super) fn forward(server: &Destination) -> String {
    server.forwarding.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn text(listing: &Listing) -> String {
        let mut out = Vec::new();
        write(listing, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_empty_table_has_its_titles() {
        let expected = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port  Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
";
        assert_eq!(text(&sample::listing(Vec::new())), expected);
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let expected = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port   Scheduler Flags
  -> RemoteAddress:Port  Forward              Weight ActiveConn InActConn
TCP  192.0.2.10:80       wrr
  -> 10.0.0.11:8080      Masq                      3          7        12
  -> 10.0.0.12:80        Route            2147483647          0         0
UDP  [2001:db8::10]:5060 sh        (sh-fallback,sh-port) persistent 600 mask 64 pe sip ops
  -> 10.0.0.13:5060      Tunnel(gue:6080)          1          0         0
  -> [2001:db8::11]:5060 Tunnel(ipip)              0          0         0
FWM  7                   rr        (flag-3) persistent 360
FWM  4294967295 IPv6     wlc
";
        assert_eq!(text(&sample::listing(sample::services())), expected);
    }
}
