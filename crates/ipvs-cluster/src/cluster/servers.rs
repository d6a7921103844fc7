// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads servers, and pools of them.

use std::net::IpAddr;

use foldhash::{HashMap, HashSet};
use ipvs_netlink::{AddressFamily, DestinationKey};

use super::address::{self, Range, Wrong};
use super::keys::{Keys, key_text, nearest};
use super::problem::{Found, Place};
use super::settings::ServerSettings;
use super::tree::{Shape, Value};

const SERVER: Keys<7> = Keys {
    of: "a server",
    names: ["server", "port", "method", "tunnel", "weight", "upper_threshold", "lower_threshold"],
    elsewhere: &[
        ("scheduler", "the scheduler is the service's, not a server's"),
        ("persistent", "persistence is the service's, not a server's"),
    ],
};

const POOL: Keys<7> = Keys {
    of: "a pool",
    names: ["servers", "port", "method", "tunnel", "weight", "upper_threshold", "lower_threshold"],
    elsewhere: &[
        ("scheduler", "the scheduler is the service's: say it there, or in `defaults`"),
        ("persistent", "persistence is the service's: say it there, or in `defaults`"),
        ("scheduler_flags", "the flags are the service's: say them there, or in `defaults`"),
        ("engine", "the engine is the service's: say it there, or in `defaults`"),
        ("one_packet", "one_packet is the service's: say it there, or in `defaults`"),
    ],
};

/// A server as it was written, or a range of them.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) at: Place,
    pub(super) range: Range,
    pub(super) port: Option<u16>,
    pub(super) settings: ServerSettings,
    /// The port of an IPv6 address without brackets, if it is read otherwise than it was.
    pub(super) maybe_port: Option<u16>,
}

impl Member {
    pub(super) fn family(&self) -> AddressFamily {
        AddressFamily::of(self.range.first())
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.range.addresses()
    }

    fn read(value: Value<'_>, found: &mut Found) -> Option<Self> {
        let before = found.count();
        let (server, port, settings) = match value.shape() {
            Shape::Map(_) => {
                let [server, port, settings @ ..] = SERVER.read(value, found)?;
                let settings = ServerSettings::read(settings, found);
                (server, port, settings)
            }
            _ => (Some(value), None, ServerSettings::default()),
        };
        let port_at = port.map(Value::at);
        let port = port.map(|it| it.number("port", 0, u16::MAX, found));
        let Some(server) = server else {
            let hint = "write `server: ADDRESS` beside the rest";
            found.missing(before, value.at(), "the server has no `server`", hint);
            return None;
        };
        let text = server.text("server", found)?;
        let told = |Wrong { message, hint }| found.hinted(server.at(), message, hint);
        let (range, own) = address::server(text).map_err(told).ok()?;
        let port = match (own, port) {
            (own, None) => own,
            (None, Some(port)) => Some(port?),
            (Some(own), Some(port)) => {
                if port.is_some_and(|port| port != own) {
                    let message = format!("`{text}` has a port already");
                    let at = port_at.unwrap_or(server.at());
                    found.hinted(at, message, "leave one of the two out");
                }
                Some(own)
            }
        };
        let maybe_port = match own {
            None if range.first().is_ipv6() && range.len() == 1 => {
                DestinationKey::without_brackets(text).map(|key| key.port)
            }
            _ => None,
        };
        Some(Self { at: server.at(), range, port, settings, maybe_port })
    }
}

/// Reads a list of servers.
pub(super) fn members(value: Value<'_>, found: &mut Found) -> Vec<Member> {
    let Some(items) = value.list("servers", found) else { return Vec::new() };
    let mut all = Vec::new();
    for item in items {
        all.extend(Member::read(item, found));
        if found.is_full() {
            break;
        }
    }
    all
}

/// Servers that services share.
pub(super) struct Pool {
    pub(super) at: Place,
    pub(super) members: Vec<Member>,
    is_used: bool,
}

/// Holds the pools by name.
#[derive(Default)]
pub(super) struct Pools<'t> {
    by_name: HashMap<&'t str, Pool>,
}

impl<'t> Pools<'t> {
    pub(super) fn read(value: Option<Value<'t>>, found: &mut Found) -> Self {
        let mut pools = Self::default();
        let Some(value) = value else { return pools };
        let Shape::Map(mut entries) = value.shape() else {
            let hint = "write `NAME:` and below it `servers:`";
            found.hinted(value.at(), "`pools` is no mapping", hint);
            return pools;
        };
        while let (Some(key), Some(value)) = (entries.next(), entries.next()) {
            let Some(_) = key_text(key, found) else { continue };
            let name = key.name("pool", found);
            let pool = Pool { at: key.at(), members: pool_members(value, found), is_used: false };
            let Some(name) = name else { continue };
            if let Some(first) = pools.by_name.insert(name, pool) {
                let message = format!("the pool `{name}` is there already, in {}", first.at);
                found.hinted(key.at(), message, "give one of them another name");
            }
        }
        pools
    }

    /// Returns the pools that a service names.
    pub(super) fn named(&mut self, value: Value<'t>, found: &mut Found) -> Vec<&'t str> {
        let mut names: Vec<&str> = Vec::new();
        let mut seen = HashSet::default();
        for item in value.items() {
            let Some(name) = item.text("pool", found) else { continue };
            match self.by_name.get_mut(name) {
                Some(_) if !seen.insert(name) => {
                    found.hinted(
                        item.at(),
                        format!("the pool `{name}` is there twice"),
                        "leave one out",
                    );
                }
                Some(pool) => {
                    pool.is_used = true;
                    names.push(name);
                }
                None => {
                    let hint = match nearest(name, self.by_name.keys().copied()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("write it below `pools:`, as `{name}:`"),
                    };
                    found.hinted(item.at(), format!("there is no pool `{name}`"), hint);
                }
            }
        }
        names
    }

    pub(super) fn get(&self, name: &str) -> &[Member] {
        self.by_name.get(name).map_or(&[], |pool| &pool.members)
    }

    pub(super) fn warn_of_unused(&self, found: &mut Found) {
        for (name, pool) in &self.by_name {
            if !pool.is_used {
                found.warn(
                    pool.at,
                    format!("no service uses the pool `{name}`"),
                    "is one missing?",
                );
            }
        }
    }
}

/// Reads the servers of a pool, each with what the pool says of them.
fn pool_members(value: Value<'_>, found: &mut Found) -> Vec<Member> {
    let before = found.count();
    let (servers, port, settings) = match value.shape() {
        // Nothing but servers.
        Shape::List(_) => (Some(value), None, ServerSettings::default()),
        _ => {
            let Some([servers, port, settings @ ..]) = POOL.read(value, found) else {
                return Vec::new();
            };
            (servers, port, ServerSettings::read(settings, found))
        }
    };
    let port = port.and_then(|it| it.number("port", 0, u16::MAX, found));
    let Some(servers) = servers else {
        let hint = "if there are none: `servers: []`";
        found.missing(before, value.at(), "the pool has no `servers`", hint);
        return Vec::new();
    };
    let mut members = members(servers, found);
    if members.is_empty() && found.is_fine() {
        found.warn(servers.at(), "the pool has no servers", "connections to it are refused");
    }
    for member in &mut members {
        member.port = member.port.or(port);
        member.settings = member.settings.or(settings);
    }
    members
}
