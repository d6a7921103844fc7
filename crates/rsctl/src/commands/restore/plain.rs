// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lines in the usual words and order of `ipvsadm -Sn`, read without clap, which
//! takes some hundred times as long: a table has 100,000 of them.
//!
//! What is not in that form, or is wrong in any way, is left to clap, so what is
//! taken here is what clap takes too.

use std::net::Ipv4Addr;
use std::str::{self, FromStr};

use ipvs_netlink::{Change, Destination, ForwardingMethod, Protocol, Service, ServiceKey, Weight};

use crate::cli::Endpoint;
use crate::commands;

/// The words of `-a -t VIP -r RIP -m -w 1`, and of `-A -t VIP -s rr`.
const MOST_WORDS: usize = 8;

/// Reads line after line.
#[derive(Default)]
pub(super) struct Reader<'a> {
    /// How the last line began that adds a server, up to the server, and the service
    /// that it named: the next line mostly has the same.
    last: Option<(&'a [u8], ServiceKey)>,
}

impl<'a> Reader<'a> {
    /// The server that a line adds, if it begins as the last one did and has an IPv4
    /// address: nearly all of 100,000 lines.
    pub(super) fn next_server(&self, line: &[u8]) -> Option<(ServiceKey, Destination)> {
        let (start, service) = self.last?;
        let (rip, rest) = ipv4_endpoint(line.strip_prefix(start)?)?;
        let (method, rest) = rest.strip_prefix(b" ")?.split_at_checked(2)?;
        let (weight, rest) = decimal(rest.strip_prefix(b" -w ")?)?;
        let weight = Weight::new(weight).ok().filter(|_| rest.is_empty())?;
        Some((service, destination(&service, rip, method, weight)?))
    }

    /// What a line asks for, if it is of that form.
    pub(super) fn read(&mut self, line: &'a [u8]) -> Option<Change> {
        if let Some((start, service)) = self.last
            && let Some(rest) = line.strip_prefix(start)
        {
            let [rip, method, b"-w", weight, b"", b"", b"", b""] = words(rest)? else {
                return None;
            };
            return add(service, rip, method, weight);
        }
        match words(line)? {
            // A comment may begin, and `ipvsadm` is left out, wherever a name may stand.
            [b"-A", protocol, vip, b"-s", scheduler, b"", b"", b""]
                if !scheduler.starts_with(b"#") && scheduler != b"ipvsadm" =>
            {
                let service = Service::new(key(protocol, vip)?, parse(scheduler)?);
                Some(Change::AddService(service))
            }
            [b"-a", protocol, vip, b"-r", rip, method, b"-w", weight] => {
                let service = key(protocol, vip)?;
                let rest = rip.len() + method.len() + weight.len() + b"  -w ".len();
                self.last = Some((line.get(..line.len().checked_sub(rest)?)?, service));
                add(service, rip, method, weight)
            }
            _ => None,
        }
    }
}

/// The words of a line that has one blank between them and no more than these.
fn words(line: &[u8]) -> Option<[&[u8]; MOST_WORDS]> {
    let mut words = [&b""[..]; MOST_WORDS];
    let (mut count, mut start) = (0, 0);
    for (place, byte) in line.iter().enumerate() {
        if *byte == b' ' {
            *words.get_mut(count)? = line.get(start..place)?;
            (count, start) = (count + 1, place + 1);
        }
    }
    *words.get_mut(count)? = line.get(start..)?;
    Some(words)
}

/// The `10.0.0.1:8080` that `text` begins with, and what follows it: in little more than half
/// the time that std's parser takes.
fn ipv4_endpoint(text: &[u8]) -> Option<(Endpoint, &[u8])> {
    let (first, rest) = decimal(text)?;
    let (second, rest) = decimal(rest.strip_prefix(b".")?)?;
    let (third, rest) = decimal(rest.strip_prefix(b".")?)?;
    let (fourth, rest) = decimal(rest.strip_prefix(b".")?)?;
    let (port, rest) = decimal(rest.strip_prefix(b":")?)?;
    let address = Ipv4Addr::new(first, second, third, fourth).into();
    Some((Endpoint { address, port: Some(port) }, rest))
}

/// The number that `text` begins with, if it is written the usual way and not too large
/// for being read without a look at each step; and what follows it.
fn decimal<T: TryFrom<u32>>(text: &[u8]) -> Option<(T, &[u8])> {
    const MOST_DIGITS: usize = 9;
    let (mut value, mut rest) = (0_u32, text);
    while let [byte, more @ ..] = rest
        && let digit @ 0..=9 = byte.wrapping_sub(b'0')
    {
        value = value.wrapping_mul(10).wrapping_add(digit.into());
        rest = more;
    }
    match text.len() - rest.len() {
        1 => {}
        2..=MOST_DIGITS if !text.starts_with(b"0") => {}
        _ => return None,
    }
    Some((T::try_from(value).ok()?, rest))
}

fn add(service: ServiceKey, rip: &[u8], method: &[u8], weight: &[u8]) -> Option<Change> {
    let destination = destination(&service, endpoint(rip)?, method, number(weight)?)?;
    Some(Change::AddDestination { service, destination })
}

fn destination(
    service: &ServiceKey,
    rip: Endpoint,
    method: &[u8],
    weight: Weight,
) -> Option<Destination> {
    let forwarding = match method {
        b"-m" => ForwardingMethod::Masquerade,
        b"-g" => ForwardingMethod::Gateway,
        _ => return None,
    };
    let mut destination = Destination::new(commands::server::key(service, rip), forwarding);
    destination.weight = weight;
    Some(destination)
}

fn key(protocol: &[u8], vip: &[u8]) -> Option<ServiceKey> {
    let protocol = match protocol {
        b"-t" => Protocol::Tcp,
        b"-u" => Protocol::Udp,
        _ => return None,
    };
    let Endpoint { address, port } = endpoint(vip)?;
    Some(ServiceKey::Endpoint { protocol, address, port: port? })
}

fn parse<T: FromStr>(word: &[u8]) -> Option<T> {
    str::from_utf8(word).ok()?.parse().ok()
}

fn endpoint(word: &[u8]) -> Option<Endpoint> {
    match ipv4_endpoint(word) {
        Some((endpoint, [])) => Some(endpoint),
        _ => parse(word),
    }
}

fn number(weight: &[u8]) -> Option<Weight> {
    // A sign is a matter for clap.
    let digits = weight.iter().all(u8::is_ascii_digit);
    Weight::new(parse(weight).filter(|_| digits)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which lines are taken, and whether because they begin as the one before them did. The
    /// others are left to clap, which says the same of each (`lines.rs`), in a hundred times
    /// the time.
    #[test]
    fn the_usual_lines_are_taken() {
        let one = "-a -t 192.0.2.1:80 -r ";
        let other = "-a -u [2001:db8::1]:53 -r ";
        let rows: &[(&str, bool, bool)] = &[
            ("-A -t 192.0.2.1:80 -s rr", true, false),
            ("-A -u [2001:db8::1]:53 -s mh", true, false),
            ("-A -t 192.0.2.1:80 -s #rr", false, false),
            ("-A -t 192.0.2.1:80 -s ipvsadm", false, false),
            ("-A -t 192.0.2.1:80", false, false),
            ("-A -f 7 -s rr", false, false),
            ("-A -t 192.0.2.1 -s rr", false, false),
            (&format!("{other}10.0.0.1:53 -m -w 1"), true, false),
            (&format!("{one}10.0.0.1:80 -m -w 1"), true, false),
            // From here on each begins as this last one did.
            (&format!("{one}10.0.0.2:80 -m -w 1"), true, true),
            (&format!("{one}10.0.0.2:80 -g -w 999999999"), true, true),
            (&format!("{one}255.255.255.255:65535 -g -w 0"), true, true),
            // Of nine digits more are left to the other reader.
            (&format!("{one}10.0.0.2:80 -g -w 1000000000"), true, false),
            (&format!("{one}[2001:db8::9]:80 -m -w 1"), true, false),
            (&format!("{one}10.0.0.2 -m -w 1"), true, false),
            (&format!("{one}10.0.0.2:080 -m -w 1"), true, false),
            (&format!("{one}10.0.0.2:80 -m -w 01"), true, false),
            (&format!("{one}10.0.0.256:80 -m -w 1"), false, false),
            (&format!("{one}10.0.0.2:80 -i -w 1"), false, false),
            (&format!("{one}10.0.0.2:80 -m -w 1x"), false, false),
            (&format!("{one}10.0.0.2:80 -m -w +1"), false, false),
            (&format!("{one}10.0.0.2:80 -m -w 2147483648"), false, false),
            (&format!("{one}10.0.0.2:80 -m -w 1 "), true, false),
            (&format!("{one}10.0.0.2:80 -m"), false, false),
        ];
        let mut reader = Reader::default();
        for (line, is_taken, is_next) in rows {
            let next = reader.next_server(line.as_bytes());
            assert_eq!(next.is_some(), *is_next, "{line}");
            let read = reader.read(line.as_bytes());
            assert_eq!(read.is_some(), *is_taken, "{line}");
            if let Some((service, destination)) = next {
                assert_eq!(read, Some(Change::AddDestination { service, destination }), "{line}");
            }
        }
    }
}
