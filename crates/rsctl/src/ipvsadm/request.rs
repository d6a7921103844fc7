// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds what a line asks for, once it makes sense.

use std::num::{NonZeroU8, NonZeroU16};

use ipvs_netlink::{
    Change, Destination, DestinationKey, ForwardingMethod, GueChecksum, Invalid, Persistence,
    PersistenceTimeout, Protocol, Service, ServiceKey, SetTimeouts, SyncDaemon, Tunnel, Weight,
    unchecked,
};

use super::flags;
use super::line::Line;
use super::option::{Column, Command, Forward};
use super::rules::{self, TunnelType};
use super::stop::Stop;
use super::view::{Style, View};

const SCHEDULER_DEFAULT: &str = "wlc";
const INTERFACE_DEFAULT: &str = "eth0";

/// Says what is to be done.
#[derive(Debug)]
pub(super) enum Request {
    Change(Box<Change>),
    Show(View, Style),
    Restore,
    Help,
    Version,
}

/// Makes sense of `line`, or says why there is none, in the order `ipvsadm`
/// looks.
pub(super) fn of(line: &Line) -> Result<Request, Stop> {
    if matches!(line.command, Command::Help | Command::Version) {
        let version = line.command == Command::Version;
        return Ok(if version { Request::Version } else { Request::Help });
    }
    rules::check_command(line.command, line.given)?;
    let change = match line.command {
        Command::AddService => Change::AddService(service(line)?),
        Command::EditService => Change::SetService(service(line)?),
        Command::DeleteService => Change::RemoveService(key(line)?),
        Command::AddServer => {
            Change::AddDestination { destination: server(line)?, service: key(line)? }
        }
        Command::EditServer => {
            Change::SetDestination { destination: server(line)?, service: key(line)? }
        }
        Command::DeleteServer => {
            let destination = DestinationKey::new(line.server.address, line.server.port);
            Change::RemoveDestination { service: key(line)?, destination }
        }
        Command::Flush => Change::Flush,
        Command::Zero => {
            let one = line.given.has(Column::Service);
            Change::Zero(if one { Some(key(line)?) } else { None })
        }
        Command::Set => Change::SetTimeouts(timeouts(line)?),
        Command::StartDaemon => Change::StartDaemon(daemon(line)?),
        Command::StopDaemon => Change::StopDaemon(line.daemon.role),
        Command::List => return list(line),
        Command::Save => return Ok(Request::Show(View::All, Style { save: true, ..style(line) })),
        Command::Restore | Command::Help | Command::Version => return Ok(Request::Restore),
    };
    Ok(Request::Change(Box::new(change)))
}

/// What the line parser has made sure of already.
fn impossible(invalid: Invalid) -> Stop {
    Stop::fail(invalid.to_string())
}

fn key(line: &Line) -> Result<ServiceKey, Stop> {
    let part = &line.service;
    if part.mark != 0 {
        return ServiceKey::fwmark(part.family, part.mark).map_err(impossible);
    }
    let protocol = part.protocol.unwrap_or(Protocol::Tcp);
    Ok(ServiceKey::Endpoint { protocol, address: part.address, port: part.port })
}

fn service(line: &Line) -> Result<Service, Stop> {
    let part = &line.service;
    if part.mark == 0 && part.port == 0 && part.persistent.is_none() {
        return Err(Stop::fail("Zero port specified for non-persistent service"));
    }
    if part.ops && part.mark == 0 && part.protocol != Some(Protocol::Udp) {
        return Err(Stop::fail("One-Packet Scheduling is only for UDP virtual services"));
    }
    let scheduler =
        if part.scheduler.is_empty() { SCHEDULER_DEFAULT } else { part.scheduler.as_str() };
    let mut service = Service::new(key(line)?, unchecked::scheduler(scheduler));
    service.scheduler_flags = flags::read(&part.flags, scheduler)?;
    service.one_packet = part.ops;
    service.engine = (!part.engine.is_empty()).then(|| unchecked::engine(&part.engine));
    if let Some(seconds) = part.persistent {
        let timeout = PersistenceTimeout::from_seconds(seconds).map_err(impossible)?;
        service.persistence = Some(Persistence { timeout, netmask: part.netmask });
    }
    Ok(service)
}

fn server(line: &Line) -> Result<Destination, Stop> {
    let part = &line.server;
    let rewrites = line.service.mark != 0 || part.forward == Forward::Masquerade;
    let port = if rewrites { part.port } else { line.service.port };
    let address = DestinationKey::new(part.address, port);
    let tunnelled = part.forward == Forward::Tunnel;
    if address.family() != line.service.family && !tunnelled {
        let text = "Different address family is allowed only for tunneling servers";
        return Err(Stop::fail(text));
    }
    let tunnel_columns = [
        Column::TunnelType,
        Column::TunnelPort,
        Column::NoChecksum,
        Column::Checksum,
        Column::RemoteChecksum,
    ];
    if line.given.has_any(&tunnel_columns) && !tunnelled {
        return Err(Stop::fail("Tunnel options conflict with forward method"));
    }
    rules::check_tunnel(part.tunnel, line.given)?;
    let forwarding = match part.forward {
        Forward::Masquerade => ForwardingMethod::Masquerade,
        Forward::Gateway => ForwardingMethod::Gateway,
        Forward::Tunnel => ForwardingMethod::Tunnel(tunnel(line)),
    };
    let mut server = Destination::new(address, forwarding);
    server.weight = Weight::new(part.weight).map_err(impossible)?;
    server.thresholds = unchecked::thresholds(part.upper, part.lower);
    Ok(server)
}

fn tunnel(line: &Line) -> Tunnel {
    let checksum = line.given.has(Column::Checksum);
    match (line.server.tunnel, NonZeroU16::new(line.server.tunnel_port)) {
        (TunnelType::Gue, Some(port)) => {
            let checksum = match checksum {
                true => GueChecksum::Outer,
                false if line.given.has(Column::RemoteChecksum) => GueChecksum::Remote,
                false => GueChecksum::None,
            };
            Tunnel::Gue { port, checksum }
        }
        (TunnelType::Gre, _) => Tunnel::Gre { checksum },
        _ => Tunnel::Ipip,
    }
}

fn timeouts(line: &Line) -> Result<SetTimeouts, Stop> {
    let [tcp, fin, udp] = line.timeouts;
    let mut timeouts = SetTimeouts::new();
    if tcp != 0 {
        timeouts = timeouts.tcp(tcp).map_err(impossible)?;
    }
    if fin != 0 {
        timeouts = timeouts.tcp_fin(fin).map_err(impossible)?;
    }
    if udp != 0 {
        timeouts = timeouts.udp(udp).map_err(impossible)?;
    }
    Ok(timeouts)
}

fn daemon(line: &Line) -> Result<SyncDaemon, Stop> {
    let part = &line.daemon;
    let interface =
        if part.interface.is_empty() { INTERFACE_DEFAULT } else { part.interface.as_str() };
    let mut daemon = SyncDaemon::new(part.role, unchecked::interface(interface), part.sync_id);
    if let Some(group) = part.group {
        daemon = daemon.with_group(group).map_err(impossible)?;
    }
    daemon.max_length = NonZeroU16::new(part.max_length);
    daemon.port = NonZeroU16::new(part.port);
    daemon.ttl = NonZeroU8::new(part.ttl);
    Ok(daemon)
}

fn list(line: &Line) -> Result<Request, Stop> {
    use Column::{Connection, Daemon, PersistentConn, Rate, Stats, Thresholds, Timeout};
    let given = line.given;
    let whole = given.has_any(&[Timeout, Daemon]);
    let counts = given.has_any(&[Stats, Rate, Thresholds]);
    if ((whole || given.has(Connection)) && counts) || (whole && given.has(PersistentConn)) {
        return Err(Stop::fail("options conflicts in the list command"));
    }
    let view = if given.has(Connection) {
        View::Connections
    } else if given.has(Column::Service) {
        View::One(key(line)?)
    } else if given.has(Timeout) {
        View::Timeouts
    } else if given.has(Daemon) {
        View::Daemons
    } else {
        View::All
    };
    Ok(Request::Show(view, style(line)))
}

fn style(line: &Line) -> Style {
    Style::of(line.given)
}
