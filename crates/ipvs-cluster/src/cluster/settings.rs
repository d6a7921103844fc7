// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads what may be said of a service and of a server, nearer to it or farther from it: at the
//! server, in its pool, at the service, in the defaults.

use std::num::NonZeroU16;

use ipvs_netlink::{
    AddressFamily, EngineName, ForwardingMethod, GueChecksum, Netmask, Persistence,
    PersistenceTimeout, Scheduler, SchedulerFlag, Tunnel,
};

use super::keys::Keys;
use super::problem::{Found, Place};
use super::tree::{Scalar, Shape, Value};

/// A value, and where it was said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<T> {
    pub(super) value: T,
    pub(super) at: Place,
}

impl<T> Said<T> {
    fn new(value: T, at: Place) -> Self {
        Self { value, at }
    }
}

fn said<'t, T>(
    value: Option<Value<'t>>,
    read: impl FnOnce(Value<'t>) -> Option<T>,
) -> Option<Said<T>> {
    let value = value?;
    read(value).map(|it| Said::new(it, value.at()))
}

/// What a server has besides its address and port.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ServerSettings {
    pub(super) method: Option<Said<ForwardingMethod>>,
    pub(super) tunnel: Option<Said<Tunnel>>,
    pub(super) weight: Option<Said<u32>>,
    pub(super) upper: Option<Said<u32>>,
    pub(super) lower: Option<Said<u32>>,
}

/// The values of `method`, `tunnel`, `weight`, `upper_threshold`, `lower_threshold`.
pub(super) type ServerValues<'t> = [Option<Value<'t>>; 5];

const MOST: u32 = i32::MAX.unsigned_abs();

impl ServerSettings {
    pub(super) fn read(values: ServerValues<'_>, found: &mut Found) -> Self {
        let [method, tunnel, weight, upper, lower] = values;
        Self {
            method: said(method, |it| it.parse("method", found)),
            tunnel: said(tunnel, |it| read_tunnel(it, found)),
            weight: said(weight, |it| it.number("weight", 0, MOST, found)),
            upper: said(upper, |it| it.number("upper_threshold", 0, MOST, found)),
            lower: said(lower, |it| it.number("lower_threshold", 0, MOST, found)),
        }
    }

    /// Takes what is left open from farther away.
    pub(super) fn or(self, farther: Self) -> Self {
        // A tunnel that is said for others stays theirs.
        let is_tunnel = |it: Said<_>| matches!(it.value, ForwardingMethod::Tunnel(_));
        let may_be_tunnel = self.method.is_none_or(is_tunnel);
        Self {
            method: self.method.or(farther.method),
            tunnel: self.tunnel.or(farther.tunnel.filter(|_| may_be_tunnel)),
            weight: self.weight.or(farther.weight),
            upper: self.upper.or(farther.upper),
            lower: self.lower.or(farther.lower),
        }
    }
}

const TUNNEL: Keys<3> = Keys::new("a tunnel", ["type", "port", "checksum"]);

fn read_tunnel(value: Value<'_>, found: &mut Found) -> Option<Tunnel> {
    let before = found.count();
    let (kind, port, checksum) = match value.shape() {
        Shape::Scalar(_) => (Some(value), None, None),
        _ => {
            let [kind, port, checksum] = TUNNEL.read(value, found)?;
            (kind, port, checksum)
        }
    };
    let Some(kind) = kind else {
        found.missing(before, value.at(), "the tunnel has no `type`", "use ipip, gue or gre");
        return None;
    };
    let name = kind.text("type", found)?;
    let number =
        port.and_then(|it| it.number("port", 1, u16::MAX, found)).and_then(NonZeroU16::new);
    let sum = match checksum {
        Some(it) => it.parse("checksum", found)?,
        None => GueChecksum::None,
    };
    let refuse = |value: Option<Value<'_>>, what: &str, found: &mut Found| {
        value.map(|it| found.problem(it.at(), format!("{name} tunnels have no {what}"))).is_none()
    };
    match name {
        "ipip" => (refuse(port, "port", found) & refuse(checksum, "checksum", found))
            .then_some(Tunnel::Ipip),
        "gre" if sum == GueChecksum::Remote => {
            refuse(checksum, "checksum `remote`", found);
            None
        }
        "gre" => refuse(port, "port", found)
            .then_some(Tunnel::Gre { checksum: sum == GueChecksum::Outer }),
        "gue" => {
            if port.is_none() {
                let hint = "say the UDP port on which the real servers take it: `port: 6080`";
                found.hinted(kind.at(), "a gue tunnel needs a port", hint);
            }
            number.map(|port| Tunnel::Gue { port, checksum: sum })
        }
        _ => {
            let message = format!("`{name}` is not a type of tunnel");
            found.hinted(kind.at(), message, "use ipip, gue or gre");
            None
        }
    }
}

/// What a service has besides its key and its servers.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceSettings<'t> {
    pub(super) scheduler: Option<Said<Scheduler>>,
    pub(super) flags: Option<Said<Vec<Said<SchedulerFlag>>>>,
    pub(super) persistent: Option<Said<Option<Sticky<'t>>>>,
    pub(super) engine: Option<Said<EngineName>>,
    pub(super) one_packet: Option<Said<bool>>,
}

/// Persistence for services of both families.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sticky<'t> {
    timeout: PersistenceTimeout,
    /// The text of each mask is read for a family.
    netmasks: Option<Value<'t>>,
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "value in {}", self.at())
    }
}

/// The values of `scheduler`, `scheduler_flags`, `persistent`, `engine`, `one_packet`.
pub(super) type ServiceValues<'t> = [Option<Value<'t>>; 5];

impl<'t> ServiceSettings<'t> {
    pub(super) fn read(values: ServiceValues<'t>, found: &mut Found) -> Self {
        let [scheduler, flags, persistent, engine, one_packet] = values;
        Self {
            scheduler: said(scheduler, |it| it.parse("scheduler", found)),
            flags: said(flags, |it| {
                let flag =
                    |it: Value<'_>| Some(Said::new(it.parse("scheduler_flags", found)?, it.at()));
                Some(it.items().filter_map(flag).take(SchedulerFlag::ALL.len()).collect())
            }),
            persistent: said(persistent, |it| read_sticky(it, found)),
            engine: said(engine, |it| it.parse("engine", found)),
            one_packet: said(one_packet, |it| it.flag("one_packet", found)),
        }
    }

    /// Takes what is left open from farther away.
    pub(super) fn or(self, farther: &Self) -> Self {
        let Self { scheduler, flags, persistent, engine, one_packet } = farther.clone();
        // Flags that are said for another scheduler stay its own.
        let same = |it: &Said<Scheduler>| {
            scheduler.as_ref().is_none_or(|farther| farther.value == it.value)
        };
        let flags = flags.filter(|_| self.scheduler.as_ref().is_none_or(same));
        Self {
            flags: self.flags.or(flags),
            scheduler: self.scheduler.or(scheduler),
            persistent: self.persistent.or(persistent),
            engine: self.engine.or(engine),
            one_packet: self.one_packet.or(one_packet),
        }
    }
}

const STICKY: Keys<2> = Keys::new("`persistent`", ["timeout", "netmask"]);

/// `false` says that there is none, whatever the defaults say.
fn read_sticky<'t>(value: Value<'t>, found: &mut Found) -> Option<Option<Sticky<'t>>> {
    let (timeout, netmasks) = match value.shape() {
        Shape::Scalar(Scalar { text: "false", is_plain: true }) => return Some(None),
        Shape::Scalar(Scalar { text: "true", is_plain: true }) => {
            let hint = "say for how long a client stays on its server: `persistent: 5m`";
            found.hinted(value.at(), "`persistent` is true, which is no time", hint);
            return None;
        }
        Shape::Scalar(_) => (Some(value), None),
        _ => {
            let [timeout, netmask] = STICKY.read(value, found)?;
            (timeout, netmask)
        }
    };
    let timeout = match timeout {
        Some(it) => {
            let seconds = it.seconds("persistent", PersistenceTimeout::MAX.as_seconds(), found)?;
            PersistenceTimeout::from_seconds(seconds).ok()?
        }
        None => PersistenceTimeout::DEFAULT,
    };
    Some(Some(Sticky { timeout, netmasks }))
}

impl Sticky<'_> {
    /// Reads it for a service of that family.
    pub(super) fn of(self, family: AddressFamily, found: &mut Found) -> Option<Persistence> {
        let Some(netmasks) = self.netmasks else {
            return Some(Persistence::new(self.timeout, Netmask::host(family)));
        };
        let mut wrong = None;
        // There are two families.
        for netmask in netmasks.items().take(2) {
            // A prefix length of IPv6 may look like a number.
            let Shape::Scalar(Scalar { text, .. }) = netmask.shape() else {
                netmask.text("netmask", found)?;
                return None;
            };
            match Netmask::parse(text, family) {
                Ok(netmask) => return Some(Persistence::new(self.timeout, netmask)),
                Err(why) => wrong = Some((netmask.at(), why)),
            }
        }
        let (at, why) = match wrong {
            Some((at, why)) => (at, why.to_string()),
            None => (netmasks.at(), "there is no netmask in the list".to_owned()),
        };
        let hint = format!("the service is {family}; one of each: `netmask: [255.255.255.0, 64]`");
        found.hinted(at, why, hint);
        None
    }
}
