// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds what the options of a line say together: which service or server it adds.

use std::num::NonZeroU16;

use ipvs_netlink::{AddressFamily, GueChecksum, Protocol, SchedulerFlag, ServiceKey};

use super::options::{Adds, Opt, Options, Row, similar};
use super::words::Words;
use super::{command_of, with_hints};
use crate::cli::{
    BadValue, Endpoint, MethodArgs, Mode, ServerSettings, ServiceSettings, TunnelSettings,
    TunnelType, value,
};

/// Holds what a line adds.
#[derive(Debug)]
pub(super) enum Added {
    /// A virtual service.
    Service(ServiceKey, ServiceSettings),
    /// A real server of a virtual service.
    Server(ServiceKey, Endpoint, ServerSettings),
}

/// Holds a line that adds a server, without the address of that server: in most tables the next
/// line is the same around another address.
#[derive(Debug)]
pub(super) struct Last<'a> {
    before: &'a str,
    behind: &'a str,
    service: ServiceKey,
    settings: ServerSettings,
}

impl Last<'_> {
    pub(super) fn read(&self, line: &str) -> Option<Added> {
        let address = line.strip_prefix(self.before)?.strip_suffix(self.behind)?;
        Some(Added::Server(self.service, address.parse().ok()?, self.settings))
    }
}

/// Reads what a line adds; `None` if it has no command.
///
/// # Errors
/// What is wrong with it, with what may help in parentheses.
pub(super) fn read<'a>(
    line: &'a str,
    words: &mut Words<'a>,
    last: &mut Option<Last<'a>>,
) -> Result<Option<Added>, String> {
    if let Some(added) = last.as_ref().and_then(|last| last.read(line)) {
        return Ok(Some(added));
    }
    let Some(command) = words.next() else {
        return words.wrong.map_or(Ok(None), |wrong| Err(wrong.to_owned()));
    };
    let (adds, bundled) = command_of(command)?;
    let mut given = Given::default();
    let mut around = None;
    let mut options = Options::new(adds, bundled, words);
    while let Some(option) = options.next() {
        let (row, value) = option?;
        given.take(row, value)?;
        if let (Opt::RealServer, Some(address)) = (row.opt, value) {
            around = options.around(line, address);
        }
    }
    if let Some(wrong) = words.wrong {
        return Err(wrong.to_owned());
    }
    let added = given.finish(adds)?;
    let around = around.filter(|_| !words.has_skipped);
    if let (Added::Server(service, _, settings), Some((before, behind))) = (&added, around) {
        *last = Some(Last { before, behind, service: *service, settings: *settings });
    }
    Ok(Some(added))
}

fn bit(opt: Opt) -> u32 {
    1 << opt as u32
}

/// What was read so far.
#[derive(Debug, Default)]
struct Given {
    /// A bit for each option.
    seen: u32,
    /// The first two that exclude each other.
    conflict: Option<[&'static Row; 2]>,
    service: Option<(&'static Row, ServiceKey)>,
    ipv6: Option<&'static Row>,
    real_server: Option<Endpoint>,
    of_service: ServiceSettings,
    of_server: ServerSettings,
    method: Option<(&'static Row, Mode)>,
    tunnel: Option<TunnelType>,
    port: Option<NonZeroU16>,
    checksum: Option<(&'static Row, GueChecksum)>,
}

const TYPES: [(&str, TunnelType); 3] =
    [("ipip", TunnelType::Ipip), ("gue", TunnelType::Gue), ("gre", TunnelType::Gre)];

impl Given {
    /// Takes an option with its value, which is there if the option needs one.
    fn take(&mut self, row: &'static Row, value: Option<&str>) -> Result<(), String> {
        let bit = bit(row.opt);
        if self.seen & bit != 0 && row.opt != Opt::Flags {
            return Err(match value {
                Some(word) if row.opt == Opt::Service => format!("unexpected argument `{word}`"),
                _ => format!("`{}` is given more than once", row.shown()),
            });
        }
        self.seen |= bit;
        let text = value.unwrap_or_default();
        match row.opt {
            Opt::Service => self.select(row, value::service(text).map_err(told)?),
            Opt::Tcp => self.select(row, endpoint(text)?.service(Protocol::Tcp)),
            Opt::Udp => self.select(row, endpoint(text)?.service(Protocol::Udp)),
            Opt::Sctp => self.select(row, endpoint(text)?.service(Protocol::Sctp)),
            Opt::Fwmark => {
                let mark = match text.parse::<i32>() {
                    // So `ipvsadm` writes marks above 2147483647.
                    Ok(negative @ ..0) => value::fwmark(&(negative as u32).to_string()),
                    _ => value::fwmark(text),
                };
                let (mark, family) = (mark.map_err(told)?, AddressFamily::Ipv4);
                self.select(row, ServiceKey::Fwmark { family, mark });
            }
            Opt::Ipv6 => self.ipv6 = Some(row),
            Opt::RealServer => self.real_server = Some(text.parse().map_err(told)?),
            Opt::Scheduler => {
                self.of_service.scheduler = Some(value::scheduler(text).map_err(told)?);
            }
            Opt::Persistent => {
                let timeout = value.map(value::persistence_timeout).transpose().map_err(told)?;
                self.of_service.persistent = Some(timeout);
            }
            Opt::Netmask => self.of_service.netmask = Some(text.to_owned()),
            Opt::Engine => self.of_service.engine = Some(value::engine(text).map_err(told)?),
            Opt::Flags => {
                let flags = SchedulerFlag::ALL.map(|flag| (flag.name(), flag));
                for word in text.split(',') {
                    self.of_service.flags.push(one_of(row, &flags, word)?);
                }
            }
            Opt::OnePacket => self.of_service.one_packet = true,
            Opt::Weight => self.of_server.weight = Some(value::weight(text).map_err(told)?),
            Opt::Upper => self.of_server.upper = Some(value::upper_threshold(text).map_err(told)?),
            Opt::Lower => self.of_server.lower = Some(value::lower_threshold(text).map_err(told)?),
            Opt::Gateway => self.forward(row, Mode::Dr),
            Opt::Tunnel => self.forward(row, Mode::Tun),
            Opt::Masquerade => self.forward(row, Mode::Nat),
            Opt::Mode => {
                let named = || one_of(row, &Mode::ALL.map(|mode| (mode.name(), mode)), text);
                self.forward(row, Mode::read(text).map_or_else(named, Ok)?);
            }
            Opt::TunType => self.tunnel = Some(one_of(row, &TYPES, text)?),
            Opt::TunPort => self.port = Some(value::tunnel_port(text).map_err(told)?),
            Opt::TunNoCsum => self.sum(row, GueChecksum::None),
            Opt::TunCsum => self.sum(row, GueChecksum::Outer),
            Opt::TunRemCsum => self.sum(row, GueChecksum::Remote),
        }
        Ok(())
    }

    fn select(&mut self, row: &'static Row, key: ServiceKey) {
        if let Some((first, _)) = self.service.replace((row, key)) {
            self.conflict.get_or_insert([first, row]);
        }
    }

    fn forward(&mut self, row: &'static Row, mode: Mode) {
        if let Some((first, _)) = self.method.replace((row, mode)) {
            self.conflict.get_or_insert([first, row]);
        }
    }

    fn sum(&mut self, row: &'static Row, checksum: GueChecksum) {
        if let Some((first, _)) = self.checksum.replace((row, checksum)) {
            self.conflict.get_or_insert([first, row]);
        }
    }

    /// Puts together what was given.
    fn finish(self, adds: Adds) -> Result<Added, String> {
        if let Some([first, second]) = self.conflict {
            return Err(excluded(first, second));
        }
        let service = match (self.service, self.ipv6) {
            (Some((_, ServiceKey::Fwmark { mark, .. })), Some(_)) if self.has(Opt::Fwmark) => {
                Some(ServiceKey::Fwmark { family: AddressFamily::Ipv6, mark })
            }
            (Some((row, _)), Some(ipv6)) => return Err(excluded(row, ipv6)),
            (None, Some(_)) => return Err("missing `--fwmark-service <MARK>`".to_owned()),
            (service, None) => service.map(|(_, key)| key),
        };
        if adds == Adds::Server && self.real_server.is_none() {
            return Err("missing `--real-server <RIP[:PORT]>`".to_owned());
        }
        let service = service.ok_or_else(|| {
            "missing `SERVICE` (SERVICE is, for example, tcp/192.0.2.10:80 or -t 192.0.2.10:80)"
                .to_owned()
        })?;
        let Some(real_server) = self.real_server else {
            return Ok(Added::Service(service, self.of_service));
        };
        let checksum = self.checksum.map(|(_, checksum)| checksum);
        let settings = ServerSettings {
            method: self.method.map(|(_, mode)| MethodArgs::of(mode)).unwrap_or_default(),
            tunnel: TunnelSettings::new(self.tunnel, self.port, checksum),
            ..self.of_server
        };
        Ok(Added::Server(service, real_server, settings))
    }

    fn has(&self, opt: Opt) -> bool {
        self.seen & bit(opt) != 0
    }
}

fn endpoint(text: &str) -> Result<Endpoint, String> {
    text.parse().map_err(told)
}

/// Finds the value that `word` names.
fn one_of<T: Copy>(row: &Row, named: &[(&str, T)], word: &str) -> Result<T, String> {
    if let Some((_, value)) = named.iter().find(|(name, _)| *name == word) {
        return Ok(*value);
    }
    if word.is_empty() {
        return Err(format!("`{}` needs a value", row.shown()));
    }
    let names = || named.iter().map(|(name, _)| *name);
    let meant = similar(word, names()).map(|name| format!("did you mean `{name}`?"));
    let valid: Vec<_> = names().map(|name| format!("`{name}`")).collect();
    let message =
        format!("`{word}` is not a value of `{}`: use one of {}", row.shown(), valid.join(", "));
    Err(with_hints(message, meant.as_slice()))
}

fn excluded(first: &Row, second: &Row) -> String {
    format!("`{}` cannot be used together with `{}`", first.shown(), second.shown())
}

fn told(bad: BadValue) -> String {
    with_hints(bad.to_string(), bad.hint.as_slice())
}
