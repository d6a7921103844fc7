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
