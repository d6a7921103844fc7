// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads a command line from left to right, as `ipvsadm` does: what an option means can depend on
//! those in front of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipvs_netlink::{AddressFamily, Netmask, Protocol, SyncRole};

use super::address;
use super::names::Names;
use super::number;
use super::option::{Column, Columns, Command, Forward, Opt};
use super::popt::Words;
use super::rules::TunnelType;
use super::stop::Stop;

/// 31 days.
const TIMEOUT_MAX: i64 = 31 * 24 * 60 * 60;
/// `-p` without a value.
const TIMEOUT_DEFAULT: u32 = 360;
/// `IP_VS_SCHEDNAME_MAXLEN` and others like it, without the final NUL.
const NAME_MAX: usize = 15;

/// Holds all that a line says, defaults included.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) command: Command,
    pub(super) given: Columns,
    pub(super) service: ServicePart,
    pub(super) server: ServerPart,
    pub(super) daemon: DaemonPart,
    /// The values of `--set`; 0 leaves one as it is.
    pub(super) timeouts: [u32; 3],
}

#[derive(Clone, Debug)]
pub(super) struct ServicePart {
    pub(super) protocol: Option<Protocol>,
    pub(super) address: IpAddr,
    pub(super) port: u16,
    /// 0 if it is none of a mark.
    pub(super) mark: u32,
    pub(super) family: AddressFamily,
    pub(super) netmask: Netmask,
    pub(super) scheduler: String,
    pub(super) flags: String,
    pub(super) persistent: Option<u32>,
    pub(super) ops: bool,
    pub(super) engine: String,
}

#[derive(Debug)]
pub(super) struct ServerPart {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) forward: Forward,
    pub(super) weight: u32,
    pub(super) upper: u32,
    pub(super) lower: u32,
    pub(super) tunnel: TunnelType,
    pub(super) tunnel_port: u16,
}

#[derive(Debug)]
pub(super) struct DaemonPart {
    pub(super) role: SyncRole,
    pub(super) interface: String,
    pub(super) sync_id: u8,
    pub(super) max_length: u16,
    pub(super) group: Option<IpAddr>,
    pub(super) port: u16,
    pub(super) ttl: u8,
}

/// Reads the words behind the program's name, of which there is one at least.
pub(super) fn read(program: &str, words: &[String], names: &mut Names) -> Result<Line, Stop> {
    let mut reader = Words::new(words);
    let (command, value) = match reader.next() {
        Some(Ok((Opt::Command(command), value))) => (command, value),
        _ => return Err(Stop::try_help(program)),
    };
    let mut line = Line::new(command);
    match (command, value) {
        // What follows is not looked at.
        (Command::Help | Command::Version, _) => return Ok(line),
        (Command::StartDaemon, role) => {
            let role = role.and_then(|role| role.parse().ok());
            line.daemon.role =
                role.ok_or_else(|| Stop::fail("illegal start-daemon parameter specified"))?;
        }
        (Command::StopDaemon, role) => {
            let role = role.and_then(|role| role.parse().ok());
            line.daemon.role = role.ok_or_else(|| Stop::fail("illegal start_daemon specified"))?;
        }
        _ => {}
    }
    while let Some(next) = reader.next() {
        let (opt, value) = next.map_err(|why| Stop::skip(format!("{}: {why}", reader.last())))?;
        line.take(opt, value, reader.last(), names)?;
    }
    let mut arguments = reader.into_arguments();
    if command == Command::Set {
        let mut values = || arguments.next();
        let (Some(tcp), Some(fin), Some(udp)) = (values(), values(), values()) else {
            return Err(Stop::fail("--set option requires 3 timeout values"));
        };
        line.timeouts = [timeout(tcp, 0)?, timeout(fin, 0)?, timeout(udp, 0)?];
    }
    match arguments.next() {
        Some(word) => Err(Stop::fail(format!("unexpected argument {word}"))),
        None => Ok(line),
    }
}

impl Line {
    fn new(command: Command) -> Self {
        let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Self {
            command,
            given: Columns::default(),
            service: ServicePart {
                protocol: None,
                address: nowhere,
                port: 0,
                mark: 0,
                family: AddressFamily::Ipv4,
                netmask: Netmask::host(AddressFamily::Ipv4),
                scheduler: String::new(),
                flags: String::new(),
                persistent: None,
                ops: false,
                engine: String::new(),
            },
            server: ServerPart {
                address: nowhere,
                port: 0,
                forward: Forward::Gateway,
                weight: 1,
                upper: 0,
                lower: 0,
                tunnel: TunnelType::Ipip,
                tunnel_port: 0,
            },
            daemon: DaemonPart {
                role: SyncRole::Master,
                interface: String::new(),
                sync_id: 0,
                max_length: 0,
                group: None,
                port: 0,
                ttl: 0,
            },
            timeouts: [0; 3],
        }
    }

    fn note(&mut self, column: Column) -> Result<(), Stop> {
        if self.given.note(column) {
            Ok(())
        } else {
            Err(Stop::fail(format!("multiple '{}' options specified", column.name())))
        }
    }

    fn take(
        &mut self,
        opt: Opt,
        value: Option<&str>,
        word: &str,
        names: &mut Names,
    ) -> Result<(), Stop> {
        let text = value.unwrap_or_default();
        match opt {
            Opt::Command(_) => Err(Stop::fail(format!("invalid option `{word}'"))),
            Opt::Sort => Ok(()),
            Opt::Ipv6 if self.service.mark == 0 => Err(Stop::fail("-6 must follow -f\n")),
            Opt::Ipv6 => {
                self.service.family = AddressFamily::Ipv6;
                self.service.netmask = Netmask::host(AddressFamily::Ipv6);
                Ok(())
            }
            Opt::Service(protocol) => {
                self.note(Column::Service)?;
                self.service.take_endpoint(protocol, text, names)
            }
            Opt::Fwmark => {
                self.note(Column::Service)?;
                self.service.take_mark(text)
            }
            Opt::Forward(forward) => {
                self.note(Column::Forward)?;
                self.server.forward = forward;
                Ok(())
            }
            Opt::Plain(column) => {
                self.note(column)?;
                self.take_plain(column, value, text, names)
            }
        }
    }

    fn take_plain(
        &mut self,
        column: Column,
        value: Option<&str>,
        text: &str,
        names: &mut Names,
    ) -> Result<(), Stop> {
        let Self { service, server, daemon, .. } = self;
        match column {
            Column::Scheduler => service.scheduler = cut(text),
            Column::SchedulerFlags => service.flags = text.to_owned(),
            Column::Engine => service.engine = cut(text),
            Column::Ops => service.ops = true,
            Column::Persistent => {
                let seconds = value.map(|text| timeout(text, 1));
                service.persistent = Some(seconds.unwrap_or(Ok(TIMEOUT_DEFAULT))?);
            }
            Column::Netmask => service.netmask = netmask(text, service.family, names)?,
            Column::Server => server.take_endpoint(text, service, names)?,
            Column::Weight => server.weight = number(text, 0, i32::MAX, "weight")?,
            Column::UpperThreshold => server.upper = number(text, 0, i32::MAX, "u_threshold")?,
            Column::LowerThreshold => server.lower = number(text, 0, i32::MAX, "l_threshold")?,
            Column::TunnelType => {
                server.tunnel = match text {
                    "ipip" => TunnelType::Ipip,
                    "gue" => TunnelType::Gue,
                    "gre" => TunnelType::Gre,
                    _ => return Err(Stop::fail("illegal tunnel type specified")),
                };
            }
            Column::TunnelPort => server.tunnel_port = number(text, 1, 65535, "tunnel port")?,
            Column::Interface => daemon.interface = cut(text),
            Column::SyncId => daemon.sync_id = number(text, 0, 255, "syncid")?,
            Column::Group => daemon.group = Some(group(text)?),
            Column::Port => daemon.port = number(text, 1, 65535, "mcast-port")?,
            Column::Ttl => daemon.ttl = number(text, 1, 255, "mcast-ttl")?,
            Column::MaxLength => daemon.max_length = number(text, 1, 65507, "sync-maxlen")?,
            // Having been there is all they say.
            _ => {}
        }
        Ok(())
    }
}

impl ServicePart {
    fn take_endpoint(
        &mut self,
        protocol: &'static str,
        text: &str,
        names: &mut Names,
    ) -> Result<(), Stop> {
        self.protocol = Some(match protocol {
            "udp" => Protocol::Udp,
            "sctp" => Protocol::Sctp,
            _ => Protocol::Tcp,
        });
        let endpoint = address::endpoint(text, Some(protocol), names)
            .ok_or_else(|| Stop::fail("illegal virtual server address[:port] specified"))?;
        self.address = endpoint.address;
        self.family = AddressFamily::of(endpoint.address);
        self.port = endpoint.port.unwrap_or(0);
        if self.family == AddressFamily::Ipv6 {
            self.netmask = Netmask::host(AddressFamily::Ipv6);
        }
        Ok(())
    }

    fn take_mark(&mut self, text: &str) -> Result<(), Stop> {
        let mark = number::strict(text, 1, u32::MAX.into()).and_then(|mark| mark.try_into().ok());
        self.mark =
            mark.ok_or_else(|| Stop::fail(format!("invalid fwmark value `{text}' specified")))?;
        self.family = AddressFamily::Ipv4;
        self.protocol = Some(Protocol::Tcp);
        Ok(())
    }
}

impl ServerPart {
    fn take_endpoint(
        &mut self,
        text: &str,
        service: &ServicePart,
        names: &mut Names,
    ) -> Result<(), Stop> {
        let protocol = service.protocol.map(protocol_name);
        let endpoint = address::endpoint(text, protocol, names)
            .ok_or_else(|| Stop::fail("illegal real server address[:port] specified"))?;
        self.address = endpoint.address;
        self.port = endpoint.port.unwrap_or(service.port);
        Ok(())
    }
}

/// Returns the name of a protocol in /etc/services.
pub(super) fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
        _ => "tcp",
    }
}

/// Copies as many bytes as the field of the kernel's structure takes.
fn cut(text: &str) -> String {
    let end = (0..=NAME_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or(0)].to_owned()
}

fn timeout(text: &str, least: i64) -> Result<u32, Stop> {
    number::strict(text, least, TIMEOUT_MAX)
        .and_then(|seconds| seconds.try_into().ok())
        .ok_or_else(|| Stop::fail(format!("invalid timeout value `{text}' specified")))
}

fn number<N: TryFrom<i64>>(text: &str, least: i64, most: i32, what: &str) -> Result<N, Stop> {
    number::strict(text, least, most.into())
        .and_then(|number| number.try_into().ok())
        .ok_or_else(|| Stop::fail(format!("illegal {what} specified")))
}

fn netmask(text: &str, family: AddressFamily, names: &Names) -> Result<Netmask, Stop> {
    match family {
        AddressFamily::Ipv4 => address::inet_aton(text)
            .or_else(|| names.address_of(text))
            .map(Netmask::ipv4)
            .ok_or_else(|| Stop::fail("illegal virtual server persistent mask specified")),
        AddressFamily::Ipv6 => u8::try_from(number::atoi(text))
            .ok()
            .and_then(|length| Netmask::ipv6_prefix(length).ok())
            .ok_or_else(|| Stop::fail("illegal ipv6 netmask specified")),
    }
}

fn group(text: &str) -> Result<IpAddr, Stop> {
    if let Ok(v6) = text.parse::<Ipv6Addr>() {
        return if v6.is_multicast() {
            Ok(v6.into())
        } else {
            Err(Stop::fail(format!("invalid IPv6 mcast-group `{text}'")))
        };
    }
    match text.parse::<Ipv4Addr>() {
        Ok(v4) if v4.is_multicast() => Ok(v4.into()),
        _ => Err(Stop::fail(format!("invalid IPv4 mcast-group `{text}'"))),
    }
}

#[cfg(test)]
mod tests;
