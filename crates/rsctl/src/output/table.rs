// SPDX-License-Identifier: MIT OR Apache-2.0

use std::borrow::Cow;
use std::io::{self, Write};

use ipvs_netlink::{
    AddressFamily, Connections, Destination, DestinationKey, ForwardingMethod, Protocol, Service,
    ServiceKey,
};
use lvs_term::{Look, Tone, printable};

use super::numbers::{digits, endpoint_width, push_endpoint, put_right};
use super::sums::Sums;
use crate::commands::{ListedServer, ListedService, Listing};
use crate::names::Names;

/// Writes the columns of `ipvsadm -Ln`, as wide as what they hold.
///
/// A table can have 100,000 lines: each is put together in place, and nothing of
/// it is kept.
pub(super) fn write(listing: &Listing, look: Look, out: &mut impl Write) -> io::Result<()> {
    let names = &listing.names;
    let is_public = listing.public.is_some();
    let sums = Sums::asked_for(listing);
    let mut widths = Widths::of(&listing.services, names, is_public);
    let sums = sums.map(|it| [it.weight, it.active, it.inactive].map(|sum| sum.to_string()));
    widths.take_in(sums.as_ref());
    widths.fit_into(look, &listing.services, names);
    let mut line = Vec::with_capacity(128);
    if !listing.shape.is_bare {
        title(listing, out)?;
        let [title, address, scheduler, flags] = SERVICE_TITLES;
        let push = |line: &mut Vec<u8>| line.extend_from_slice(address.as_bytes());
        widths.service(&mut line, title, push, [scheduler, flags]);
        look.line(Tone::Title, &line, out)?;
        let [address, cells @ ..] = SERVER_TITLES;
        look.line(Tone::Title, widths.words(&format!("  -> {address}"), cells), out)?;
    }
    for listed in &listing.services {
        let service = &listed.service;
        let words = [scheduler_name(service), printable(&service_flags(service, is_public))];
        let push = |line: &mut Vec<u8>| push_name(line, service.key, names);
        line.clear();
        widths.service(&mut line, &prot(service.key), push, words.each_ref().map(String::as_str));
        look.line(Tone::Plain, &line, out)?;
        for server in &listed.servers {
            line.clear();
            widths.server(&mut line, listed.service.key, server, names);
            look.line(tone(server), &line, out)?;
        }
    }
    if let Some([weight, active, inactive]) = &sums {
        look.line(Tone::Title, widths.words("Sum  ", ["", weight, active, inactive]), out)?;
    }
    Ok(())
}

/// Writes the first line of every view.
pub(super) fn title(listing: &Listing, out: &mut impl Write) -> io::Result<()> {
    let (version, size) = (listing.version, listing.connection_table_size);
    writeln!(out, "IP Virtual Server version {version} (size={size})")
}

/// Returns the tone of a server: dim if it is drained, marked if it takes no more for now.
pub(super) fn tone(listed: &ListedServer) -> Tone {
    match listed.server.weight.get() {
        0 => Tone::Dim,
        _ if listed.is_full() => Tone::Notable,
        _ => Tone::Plain,
    }
}

/// Returns the server's address and port, or their names.
pub(super) fn server_address(service: ServiceKey, listed: &ListedServer, names: &Names) -> String {
    let protocol = match service {
        ServiceKey::Endpoint { protocol, .. } => Some(protocol),
        ServiceKey::Fwmark { .. } => None,
    };
    let key = listed.server.key;
    names.endpoint(key.address, key.port, protocol)
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
    /// Of a terminal that is too narrow for the longest line.
    room: Option<usize>,
    is_public: bool,
}

impl Widths {
    fn of(services: &[ListedService], names: &Names, is_public: bool) -> Self {
        let mut address = SERVICE_TITLES[1].len();
        let mut scheduler = SERVICE_TITLES[2].len();
        let mut server = SERVER_TITLES.map(str::len);
        let mut most = [0; 3];
        for listed in services {
            let key = listed.service.key;
            address = name_width(key, names).max(address);
            scheduler = scheduler_name(&listed.service).len().max(scheduler);
            for listed in &listed.servers {
                let [address, forward, ..] = &mut server;
                *address = address_width(key, listed, names).max(*address);
                *forward = method(listed.server.forwarding, is_public).len().max(*forward);
                let Connections { active, inactive, .. } = listed.connections;
                for (most, number) in
                    most.iter_mut().zip([listed.server.weight.get(), active, inactive])
                {
                    *most = number.max(*most);
                }
            }
        }
        let [_, _, numbers @ ..] = &mut server;
        for (width, most) in numbers.iter_mut().zip(most) {
            *width = digits(most).max(*width);
        }
        Self { address: address.max(server[0]), scheduler, server, room: None, is_public }
    }

    /// Of the lines of servers; what is behind a service is words, and may wrap.
    fn whole(&self) -> usize {
        START + self.address + self.behind_address()
    }

    fn behind_address(&self) -> usize {
        let [_, rest @ ..] = self.server;
        rest.iter().map(|width| 1 + width).sum()
    }

    /// Makes room for the sums.
    fn take_in(&mut self, sums: Option<&[String; 3]>) {
        let [_, _, numbers @ ..] = &mut self.server;
        for (width, sum) in numbers.iter_mut().zip(sums.into_iter().flatten()) {
            *width = sum.len().max(*width);
        }
    }

    /// On a terminal that is too narrow for the longest address, the column is as wide as the
    /// longest that has room.
    fn fit_into(&mut self, look: Look, services: &[ListedService], names: &Names) {
        let Some(room) = look.width.filter(|_| look.is_too_narrow_for(self.whole())) else {
            return;
        };
        self.room = Some(room);
        let most = room.saturating_sub(START + self.behind_address());
        let addresses = services.iter().flat_map(|listed| {
            let key = listed.service.key;
            let servers = listed.servers.iter();
            let servers = servers.map(move |server| address_width(key, server, names));
            servers.chain([name_width(key, names)])
        });
        let titles = [SERVICE_TITLES[1].len(), SERVER_TITLES[0].len()];
        let widths = addresses.chain(titles).filter(|width| *width <= most);
        self.address = widths.max().unwrap_or(0);
    }

    /// Goes from the end of an address, which begins at `start`, to where the rest of the line
    /// begins, which is as long as `rest`. What has no room goes below the address.
    fn go_on(&self, line: &mut Vec<u8>, start: usize, rest: usize) {
        let end = start + self.address;
        let Some(room) = self.room else {
            return line.resize(end.max(line.len()), b' ');
        };
        if line.len() <= end && end + rest <= room {
            line.resize(end, b' ');
        } else if line.len() + rest > room {
            let column = START + self.address;
            let indent = if column + rest <= room { column.max(INDENT) } else { INDENT };
            line.push(b'\n');
            line.resize(line.len() + indent, b' ');
        }
    }

    /// Returns a line of words in the columns of servers.
    fn words(&self, start: &str, [forward, weight, active, inactive]: [&str; 4]) -> Vec<u8> {
        let mut line = start.as_bytes().to_vec();
        let [_, w1, w2, w3, w4] = self.server;
        self.go_on(&mut line, START, self.behind_address());
        let rest = format!(" {forward:<w1$} {weight:>w2$} {active:>w3$} {inactive:>w4$}");
        line.extend_from_slice(rest.as_bytes());
        line
    }

    /// Appends the line of a service, whose name `push` appends.
    fn service(
        &self,
        line: &mut Vec<u8>,
        prot: &str,
        push: impl FnOnce(&mut Vec<u8>),
        [scheduler, flags]: [&str; 2],
    ) {
        line.extend_from_slice(prot.as_bytes());
        line.resize(line.len().max(4), b' ');
        line.push(b' ');
        let start = line.len();
        push(line);
        let rest =
            if flags.is_empty() { scheduler.len() } else { self.scheduler + 1 + flags.len() };
        self.go_on(line, start, 1 + rest);
        line.push(b' ');
        let end = line.len() + self.scheduler;
        line.extend_from_slice(scheduler.as_bytes());
        line.resize(end.max(line.len()), b' ');
        line.push(b' ');
        line.extend_from_slice(flags.as_bytes());
        line.truncate(line.trim_ascii_end().len());
    }

    fn server(
        &self,
        line: &mut Vec<u8>,
        service: ServiceKey,
        listed: &ListedServer,
        names: &Names,
    ) {
        line.extend_from_slice(b"  -> ");
        push_address(line, service, listed, names);
        self.go_on(line, START, self.behind_address());
        let mut at = line.len();
        line.resize(at + self.behind_address(), b' ');
        // Each column is as wide as the longest in it.
        let mut next = |width: usize| {
            let start = at + 1;
            at = start + width;
            start..at
        };
        let [_, forward, numbers @ ..] = self.server;
        let method = method(listed.server.forwarding, self.is_public);
        let place = line.get_mut(next(forward)).and_then(|it| it.get_mut(..method.len()));
        if let Some(place) = place {
            place.copy_from_slice(method.as_bytes());
        }
        let Connections { active, inactive, .. } = listed.connections;
        for (number, width) in
            [listed.server.weight.get(), active, inactive].into_iter().zip(numbers)
        {
            if let Some(place) = line.get_mut(next(width)) {
                put_right(place, number);
            }
        }
    }
}

/// Where addresses begin.
const START: usize = 5;
/// Where the rest of a line begins that has no column to begin at.
const INDENT: usize = 6;

/// Returns how wide [`push_address`] makes a line.
fn address_width(service: ServiceKey, listed: &ListedServer, names: &Names) -> usize {
    if names.are_asked_for() {
        server_address(service, listed, names).len()
    } else {
        endpoint_width(listed.server.key)
    }
}

/// [`server_address`], without making a string of what is none.
fn push_address(line: &mut Vec<u8>, service: ServiceKey, listed: &ListedServer, names: &Names) {
    if names.are_asked_for() {
        line.extend_from_slice(server_address(service, listed, names).as_bytes());
    } else {
        push_endpoint(line, listed.server.key);
    }
}

/// Returns how wide [`push_name`] makes a line.
fn name_width(service: ServiceKey, names: &Names) -> usize {
    match service {
        ServiceKey::Endpoint { address, port, .. } if !names.are_asked_for() => {
            endpoint_width(DestinationKey::new(address, port))
        }
        other => prot_and_address(other, names).1.len(),
    }
}

/// Appends what [`prot_and_address`] has of the address.
fn push_name(line: &mut Vec<u8>, service: ServiceKey, names: &Names) {
    match service {
        ServiceKey::Endpoint { address, port, .. } if !names.are_asked_for() => {
            push_endpoint(line, DestinationKey::new(address, port));
        }
        other => line.extend_from_slice(prot_and_address(other, names).1.as_bytes()),
    }
}

/// Returns the scheduler's name: modules of the kernel are called as those who wrote them like.
fn scheduler_name(service: &Service) -> String {
    printable(service.scheduler.name())
}

/// Returns `TCP` and `192.0.2.10:80`, `FWM` and `7 IPv6`.
pub(super) fn prot_and_address(key: ServiceKey, names: &Names) -> (Cow<'static, str>, String) {
    let address = match key {
        ServiceKey::Endpoint { protocol, address, port } => {
            names.endpoint(address, port, Some(protocol))
        }
        ServiceKey::Fwmark { family: AddressFamily::Ipv4, mark } => mark.to_string(),
        ServiceKey::Fwmark { family: AddressFamily::Ipv6, mark } => format!("{mark} IPv6"),
    };
    (prot(key), address)
}

fn prot(key: ServiceKey) -> Cow<'static, str> {
    match key {
        ServiceKey::Endpoint { protocol: Protocol::Tcp, .. } => "TCP".into(),
        ServiceKey::Endpoint { protocol: Protocol::Udp, .. } => "UDP".into(),
        ServiceKey::Endpoint { protocol, .. } => protocol.to_string().to_uppercase().into(),
        ServiceKey::Fwmark { .. } => "FWM".into(),
    }
}

/// `(sh-port) persistent 360 mask 255.255.255.0 pe sip ops`
fn service_flags(service: &Service, is_public: bool) -> String {
    let mut words = Vec::new();
    let named = service.scheduler_flags.words(&service.scheduler);
    let mut flags: Vec<String> = named.map(|flag| flag.to_string()).collect();
    if service.unknown_flags() != 0 {
        flags.push(format!("{:#x}", service.unknown_flags()));
    }
    if !flags.is_empty() {
        words.push(format!("({})", flags.join(",")));
    }
    if let Some(persistence) = service.persistence {
        // For everyone the kernel counts it in ticks, and does not say how long those are.
        words.push(match is_public {
            true => "persistent".to_owned(),
            false => format!("persistent {}", persistence.timeout.as_seconds()),
        });
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

/// Returns the forwarding method, with the tunnel if there is one that is known.
fn method(forwarding: ForwardingMethod, is_public: bool) -> Cow<'static, str> {
    match (forwarding, forwarding.name()) {
        (ForwardingMethod::Tunnel(tunnel), Some(word)) if !is_public => {
            format!("{word}({tunnel})").into()
        }
        (_, Some(word)) => word.into(),
        (other, None) => other.to_string().into(),
    }
}

/// Returns the forwarding method, without the tunnel.
pub(super) fn forward(server: &Destination) -> String {
    server.forwarding.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn text(listing: &Listing) -> String {
        let mut out = Vec::new();
        write(listing, Look::default(), &mut out).unwrap();
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
  -> RemoteAddress:Port  Forward           Weight ActiveConn InActConn
TCP  192.0.2.10:80       wrr
  -> 10.0.0.11:8080      nat                    3          7        12
  -> 10.0.0.12:80        dr            2147483647          0         0
UDP  [2001:db8::10]:5060 sh        (sh-fallback,sh-port) persistent 600 mask 64 pe sip ops
  -> 10.0.0.13:5060      tun(gue:6080)          1          0         0
  -> [2001:db8::11]:5060 tun(ipip)              0          0         0
FWM  7                   rr        (flag-3) persistent 360
FWM  4294967295 IPv6     wlc
";
        assert_eq!(text(&sample::listing(sample::services())), expected);
    }

    #[test]
    fn a_narrow_terminal_folds_what_a_wide_one_shows_in_a_line() {
        let mut listing = sample::listing(sample::services());
        listing.services.truncate(1);
        let text = |width| {
            let mut out = Vec::new();
            write(&listing, Look { color: true, width: Some(width) }, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let wide = text(200);
        assert_eq!(wide, text(63));
        // What has room stays in its line, and the rest of what has none stands in its columns.
        let expected = "\
IP Virtual Server version 1.2.1 (size=4096)
\x1b[1mProt LocalAddress:Port Scheduler Flags\x1b[0m
\x1b[1m  -> RemoteAddress:Port\x1b[0m
\x1b[1m                       Forward     Weight ActiveConn InActConn\x1b[0m
TCP  192.0.2.10:80     wrr
  -> 10.0.0.11:8080    nat              3          7        12
  -> 10.0.0.12:80      dr      2147483647          0         0
";
        assert_eq!(text(62), expected);
        // No server has room.
        let expected = "\
TCP  192.0.2.10:80 wrr
  -> 10.0.0.11:8080
       nat              3          7        12
  -> 10.0.0.12:80
       dr      2147483647          0         0
";
        assert_eq!(text(48).split_once("InActConn\x1b[0m\n").unwrap().1, expected);
        let words = |text: &str| -> Vec<String> {
            let plain = text.replace("\x1b[1m", "").replace("\x1b[0m", "");
            plain.split_whitespace().map(str::to_owned).collect()
        };
        assert_eq!(words(&wide), words(&text(62)), "something was dropped");
    }

    #[test]
    fn a_long_address_folds_alone() {
        let mut listing = sample::listing(sample::services());
        listing.services.truncate(2);
        listing.services[0].servers.truncate(1);
        let server = &mut listing.services[1].servers[1].server;
        server.key = "[2001:db8:1:2:3:4:5:6]:5060".parse().unwrap();
        (listing.shape.is_bare, listing.shape.sums) = (true, true);
        let mut out = Vec::new();
        write(&listing, Look { color: false, width: Some(72) }, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\
TCP  192.0.2.10:80       wrr
  -> 10.0.0.11:8080      nat                3          7        12
UDP  [2001:db8::10]:5060
       sh        (sh-fallback,sh-port) persistent 600 mask 64 pe sip ops
  -> 10.0.0.13:5060      tun(gue:6080)      1          0         0
  -> [2001:db8:1:2:3:4:5:6]:5060
                         tun(ipip)          0          0         0
Sum                                         4          7        12
"
        );
    }

    #[test]
    fn lines_have_the_colour_of_their_server() {
        let mut listing = sample::listing(sample::services());
        listing.services[0].servers[0].connections.active = 100;
        listing.services[0].servers[1].server.weight = ipvs_netlink::Weight::ZERO;
        let servers = &listing.services[0].servers;
        assert_eq!((tone(&servers[0]), tone(&servers[1])), (Tone::Notable, Tone::Dim));
        assert_eq!(tone(&listing.services[1].servers[0]), Tone::Plain);
    }
}
