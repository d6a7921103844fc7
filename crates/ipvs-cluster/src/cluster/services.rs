// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes the services that the file describes, each protocol, VIP and port of an entry one.

use std::net::IpAddr;

use ipvs_netlink::{
    AddressFamily, Destination, DestinationKey, ForwardingMethod, Scheduler, SchedulerFlags,
    Service, ServiceKey, Thresholds, Tunnel, Weight,
};

use super::address::Wrong;
use super::keys::{Keys, nearest};
use super::models;
use super::problem::{Found, Place};
use super::servers::{Member, Pools, members};
use super::settings::{ServerSettings, ServiceSettings};
use super::tree::Value;
use super::vips::Vips;
use crate::desired::{Builder, DesiredServer, DesiredService};

/// A file makes this many services and servers together at most.
pub const MAX_OBJECTS: usize = 1_000_000;

const SERVICE: Keys<14> = Keys {
    of: "a service",
    names: [
        "service",
        "pool",
        "servers",
        "vips",
        "scheduler",
        "scheduler_flags",
        "persistent",
        "engine",
        "one_packet",
        "method",
        "tunnel",
        "weight",
        "upper_threshold",
        "lower_threshold",
    ],
    elsewhere: &[
        (
            "port",
            "the port of a service stands behind its VIP: tcp/shop:80; that of servers, in the pool or at the server",
        ),
        ("address", "the VIP stands in `service`: tcp/192.0.2.10:80"),
        ("protocol", "the protocol stands in `service`: tcp/shop:80"),
        ("fwmark", "write `service: fwmark/7`"),
        ("pools", "did you mean `pool`?"),
    ],
};

const DEFAULTS: Keys<10> = Keys {
    of: "`defaults`",
    names: [
        "scheduler",
        "scheduler_flags",
        "persistent",
        "engine",
        "one_packet",
        "method",
        "tunnel",
        "weight",
        "upper_threshold",
        "lower_threshold",
    ],
    elsewhere: &[
        ("port", "a port is a pool's or a server's"),
        ("pool", "a pool is a service's"),
        ("servers", "servers are a service's or a pool's"),
    ],
};

/// What holds where nothing nearer is said.
#[derive(Default)]
pub(super) struct Defaults<'t> {
    service: ServiceSettings<'t>,
    server: ServerSettings,
}

impl<'t> Defaults<'t> {
    pub(super) fn read(value: Option<Value<'t>>, found: &mut Found) -> Self {
        let values = value.and_then(|value| DEFAULTS.read(value, found));
        let Some([a, b, c, d, e, server @ ..]) = values else { return Self::default() };
        Self {
            service: ServiceSettings::read([a, b, c, d, e], found),
            server: ServerSettings::read(server, found),
        }
    }
}

/// Makes services of entries.
pub(super) struct Maker<'t, 'w> {
    pub(super) vips: &'w mut Vips<'t>,
    pub(super) pools: &'w mut Pools<'t>,
    pub(super) defaults: &'w Defaults<'t>,
    pub(super) builder: &'w mut Builder<Place>,
    pub(super) found: &'w mut Found,
    /// The VIPs behind firewall marks.
    pub(super) marked: Vec<(ServiceKey, IpAddr)>,
}

/// What an entry says of all its services.
struct Entry<'t> {
    service: ServiceSettings<'t>,
    server: ServerSettings,
    of_ipv4: Members,
    of_ipv6: Members,
}

/// The servers of an entry for its services of one family.
#[derive(Default)]
struct Members {
    all: Vec<Member>,
    /// Whether a pool, or the list of the entry itself, has servers, and none of that family.
    is_other_family: bool,
}

impl<'t> Maker<'t, '_> {
    pub(super) fn services(&mut self, value: Value<'t>) {
        let Some(items) = value.list("services", self.found) else { return };
        for item in items {
            self.entry(item);
            if self.found.is_full() || self.builder.objects() > MAX_OBJECTS {
                break;
            }
        }
    }

    fn entry(&mut self, value: Value<'t>) {
        let before = self.found.count();
        let Some(values) = SERVICE.read(value, self.found) else { return };
        let is_read = self.found.count() == before;
        let [service, pool, servers, vips, a, b, c, d, e, server @ ..] = values;
        let keys = match service {
            Some(service) => self.keys(service),
            None => {
                let hint = "write `service: tcp/VIP:PORT` or `service: fwmark/NUMBER`";
                self.found.missing(before, value.at(), "the service has no `service`", hint);
                Vec::new()
            }
        };
        let settings = ServiceSettings::read([a, b, c, d, e], self.found);
        let pools = pool.map_or_else(Vec::new, |it| self.pools.named(it, self.found));
        let own = servers.map_or_else(Vec::new, |it| members(it, self.found));
        let has = |family| keys.iter().any(|(key, _)| key.family() == family);
        let has_both = has(AddressFamily::Ipv4) && has(AddressFamily::Ipv6);
        let of = |family| match has(family) {
            true => self.members(&pools, &own, family, has_both),
            false => Members::default(),
        };
        let entry = Entry {
            of_ipv4: of(AddressFamily::Ipv4),
            of_ipv6: of(AddressFamily::Ipv6),
            service: settings.or(&self.defaults.service),
            server: ServerSettings::read(server, self.found).or(self.defaults.server),
        };
        if pool.is_none() && servers.is_none() {
            // One of the unknown keys may be meant.
            if is_read {
                let hint = "write `pool: NAME` or `servers:`; if it has none: `servers: []`";
                self.found.hinted(value.at(), "the service has neither `pool` nor `servers`", hint);
            }
            return;
        }
        let vips = vips.map_or_else(Vec::new, |it| {
            let addresses = self.vips.several(it, "vips", self.found);
            if keys.iter().any(|(key, _)| key.address().is_some()) {
                let hint = "its VIP stands in `service`; `vips` are those that a firewall marks";
                self.found.hinted(it.at(), "only a fwmark service has `vips`", hint);
            }
            addresses
        });
        for (key, at) in keys {
            self.service(key, at, &entry);
            if key.address().is_none() {
                self.marked.extend(vips.iter().map(|vip| (key, *vip)));
            }
            if self.found.is_full() || self.builder.objects() > MAX_OBJECTS {
                return;
            }
        }
    }

    /// Returns the servers for services of a family: those of pools that are of it, and those of
    /// the entry itself, of both if its services are of one.
    fn members(
        &self,
        pools: &[&str],
        own: &[Member],
        family: AddressFamily,
        has_both: bool,
    ) -> Members {
        let mut members = Members::default();
        let lists = pools.iter().map(|name| (self.pools.get(name), true));
        for (list, by_family) in lists.chain([(own, has_both)]) {
            let fitting = list.iter().filter(|it| !by_family || it.family() == family);
            let before = members.all.len();
            members.all.extend(fitting);
            members.is_other_family |= members.all.len() == before && !list.is_empty();
        }
        members
    }

    /// Reads the keys of an entry.
    fn keys(&mut self, value: Value<'t>) -> Vec<(ServiceKey, Place)> {
        let mut all = Vec::new();
        for item in value.items() {
            let Some(text) = item.text("service", self.found) else { continue };
            match self.vips.services(text) {
                Ok(keys) => all.extend(keys.into_iter().map(|key| (key, item.at()))),
                Err(Wrong { message, hint }) => self.found.hinted(item.at(), message, hint),
            }
        }
        all
    }

    fn service(&mut self, key: ServiceKey, at: Place, entry: &Entry<'t>) {
        let Some(service) = made(key, &entry.service, self.found) else { return };
        let is_ipv4 = key.family() == AddressFamily::Ipv4;
        let Members { all: members, is_other_family } =
            if is_ipv4 { &entry.of_ipv4 } else { &entry.of_ipv6 };
        let servers: usize = members.iter().map(|member| member.range.len()).sum();
        let objects = self.builder.objects() + servers + 1;
        if objects > MAX_OBJECTS {
            let message = format!("the file makes more than {MAX_OBJECTS} services and servers");
            self.found.hinted(at, message, "are ranges of ports or addresses larger than meant?");
        }
        let faults = self.builder.faults();
        self.builder.service(at, DesiredService::new(service.clone()));
        // Of the servers of a service that is there already is said enough.
        if objects > MAX_OBJECTS || self.builder.faults() > faults {
            return;
        }
        if servers == 0 {
            if *is_other_family {
                let message = format!("there is no {} server for {key}", key.family());
                let hint = "add one, or leave out the VIPs of that family";
                self.found.hinted(at, message, hint);
            } else {
                let message = format!("{key} has no servers");
                self.found.warn(at, message, "connections to it are refused");
            }
        }
        for member in members {
            let settings = member.settings.or(entry.server);
            let Some(forwarding) = method(&settings, member.at, self.found) else { continue };
            let Some(thresholds) = thresholds(&settings, member.at, self.found) else { continue };
            let weight = settings.weight.and_then(|it| Weight::new(it.value).ok());
            let port = member.port.or(key.port()).unwrap_or_default();
            for address in member.addresses() {
                let mut server = Destination::new(DestinationKey { address, port }, forwarding);
                server.weight = weight.unwrap_or(Weight::ONE);
                server.thresholds = thresholds;
                models::judge(&service, &server, member, self.found);
                self.builder.server(member.at, key, DesiredServer::new(server));
            }
        }
    }
}

/// Returns a service as the file describes it.
fn made(key: ServiceKey, settings: &ServiceSettings<'_>, found: &mut Found) -> Option<Service> {
    let scheduler = settings.scheduler.as_ref().map_or(Scheduler::Wlc, |it| it.value.clone());
    let mut flags = SchedulerFlags::empty();
    for flag in settings.flags.iter().flat_map(|flags| &flags.value) {
        if flag.value.fits(&scheduler) {
            flags |= flag.value.bit();
        } else {
            let own: Vec<_> =
                SchedulerFlags::all().words(&scheduler).map(|word| format!("`{word}`")).collect();
            let message = format!("`{}` is not a flag of {scheduler}", flag.value);
            found.hinted(flag.at, message, format!("it has {}", own.join(", ")));
        }
    }
    let mut service = Service::new(key, scheduler).with_scheduler_flags(flags);
    if let (Scheduler::Other(name), Some(said)) = (&service.scheduler, &settings.scheduler) {
        let known = Scheduler::known().map(Scheduler::name);
        let hint = match nearest(name.as_str(), known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "a kernel without a module of that name refuses it".to_owned(),
        };
        found.warn(said.at, format!("no kernel has a scheduler `{name}` of its own"), hint);
    }
    if let Some(sticky) = settings.persistent.as_ref().and_then(|it| it.value) {
        service.persistence = Some(sticky.of(key.family(), found)?);
    }
    service.engine = settings.engine.as_ref().map(|it| it.value.clone());
    service.one_packet = settings.one_packet.is_some_and(|it| it.value);
    Some(service)
}

/// Returns how packets reach a server.
fn method(settings: &ServerSettings, _at: Place, found: &mut Found) -> Option<ForwardingMethod> {
    let method = settings.method.map_or(ForwardingMethod::Gateway, |it| it.value);
    let Some(tunnel) = settings.tunnel else { return Some(method) };
    match method {
        ForwardingMethod::Tunnel(Tunnel::Ipip) => Some(ForwardingMethod::Tunnel(tunnel.value)),
        _ => {
            let message = format!("the method {method} has no tunnel");
            found.hinted(tunnel.at, message, "write `method: tun`, or leave the tunnel out");
            None
        }
    }
}

fn thresholds(settings: &ServerSettings, at: Place, found: &mut Found) -> Option<Thresholds> {
    let (upper, lower) = (settings.upper, settings.lower);
    let value = |it: Option<super::settings::Said<u32>>| it.map_or(0, |it| it.value);
    match Thresholds::new(value(upper), value(lower)) {
        Ok(thresholds) => Some(thresholds),
        Err(why) => {
            let at = lower.or(upper).map_or(at, |it| it.at);
            let hint = "a server takes connections again below the lower one: write it smaller";
            found.hinted(at, why.to_string(), hint);
            None
        }
    }
}
