// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lines in the usual words and order of `ipvsadm -Sn`, read without clap, which
//! takes some hundred times as long: a table has 100,000 of them.
//!
//! What is not in that form, or is wrong in any way, is left to clap, so what is
//! taken here is what clap takes too.

use std::net::SocketAddrV4;
use std::str::{self, FromStr};

use ipvs_netlink::{Change, Destination, ForwardingMethod, Protocol, Service, ServiceKey, Weight};

use crate::cli::Endpoint;
use crate::commands::server;

/// The most words that a line has here.
const MAX_WORDS: usize = 8;

/// Reads line after line.
#[derive(Default)]
pub(super) struct Reader<'a> {
    /// The protocol and address of the last line, and what they mean: the next
    /// line mostly has the same.
    last: Option<([&'a [u8]; 2], ServiceKey)>,
}

impl<'a> Reader<'a> {
    /// What a line asks for, if it is of that form.
    pub(super) fn read(&mut self, line: &'a [u8]) -> Option<Change> {
        let mut words = [&b""[..]; MAX_WORDS];
        let mut count = 0;
        for word in line.split(|byte| *byte == b' ') {
            *words.get_mut(count)? = word;
            count += 1;
        }
        match words.get(..count)? {
            // A comment may begin, and `ipvsadm` is left out, wherever a name may stand.
            [b"-A", protocol, vip, b"-s", scheduler]
                if !scheduler.starts_with(b"#") && *scheduler != b"ipvsadm" =>
            {
                let service = Service::new(self.key(protocol, vip)?, parse(scheduler)?);
                Some(Change::AddService(service))
            }
            [b"-a", protocol, vip, b"-r", rip, method, b"-w", weight] => {
                let service = self.key(protocol, vip)?;
                let forwarding = match *method {
                    b"-m" => ForwardingMethod::Masquerade,
                    b"-g" => ForwardingMethod::Gateway,
                    _ => return None,
                };
                let real = server::key(&service, endpoint(rip)?);
                let mut destination = Destination::new(real, forwarding);
                destination.weight = number(weight)?;
                Some(Change::AddDestination { service, destination })
            }
            _ => None,
        }
    }

    fn key(&mut self, protocol: &'a [u8], vip: &'a [u8]) -> Option<ServiceKey> {
        if let Some((words, key)) = self.last
            && words == [protocol, vip]
        {
            return Some(key);
        }
        let words = [protocol, vip];
        let protocol = match protocol {
            b"-t" => Protocol::Tcp,
            b"-u" => Protocol::Udp,
            _ => return None,
        };
        let Endpoint { address, port } = endpoint(vip)?;
        let key = ServiceKey::Endpoint { protocol, address, port: port? };
        self.last = Some((words, key));
        Some(key)
    }
}

fn parse<T: FromStr>(word: &[u8]) -> Option<T> {
    str::from_utf8(word).ok()?.parse().ok()
}

fn endpoint(word: &[u8]) -> Option<Endpoint> {
    // Most are of this kind, of which std is as strict as we are.
    match parse::<SocketAddrV4>(word) {
        Some(it) => Some(Endpoint { address: (*it.ip()).into(), port: Some(it.port()) }),
        None => parse(word),
    }
}

fn number(weight: &[u8]) -> Option<Weight> {
    // A sign is a matter for clap.
    let digits = weight.iter().all(u8::is_ascii_digit);
    Weight::new(parse(weight).filter(|_| digits)?).ok()
}
