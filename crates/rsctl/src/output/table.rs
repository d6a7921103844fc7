// SPDX-License-Identifier: MIT OR Apache-2.0

mod widths;

use std::io::{self, Write};

use lvs_term::{Look, Tone, printable};

use self::widths::{SERVER_TITLES, SERVICE_TITLES, Widths, push_name};
use super::sums::Sums;
use super::words::{prot, scheduler_name, service_flags, tone};
use crate::commands::Listing;

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
}
