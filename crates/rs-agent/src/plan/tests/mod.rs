// SPDX-License-Identifier: MIT OR Apache-2.0
//! Facts and wishes in, decisions out: a file for each decision, and one for what holds of
//! all. Here is what they share: a host, and what actions do to it.

use std::net::IpAddr;

mod effects;
mod own;
mod property;
mod refuse;
mod replies;
mod setup;
mod teardown;
mod tunnels;

use lvs_host::SysctlKey;

use super::change::{Action, Change, Step};
use crate::facts::{
    Address, DefaultRoute, Facts, Family, Link, Lookup, Port, SavedRoute, host_prefix,
};
use crate::mode::Mode;
use crate::request::{Request, Typed};
use crate::wanted::Wanted;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn link(name: &str, arp: bool) -> Link {
    Link { name: name.into(), up: true, arp, ..Link::default() }
}

fn route(gateway: &str, metric: u32) -> DefaultRoute {
    let text = format!("default via {gateway}");
    let saved = SavedRoute { message: text.clone(), text };
    let (family, gateways) = (Family::of(ip(gateway)), vec![ip(gateway)]);
    DefaultRoute { family, gateways, devices: vec!["eth0".into()], source: None, metric, saved }
}

fn address(device: &str, text: &str, prefix: u8, scope: &str) -> Address {
    let deprecated = ip(text).is_ipv6();
    Address { deprecated, ..Address::new(device, ip(text), prefix, scope) }
}

/// A host with `lo`, `eth0` (10.0.0.11/24) and a default route via 10.0.0.254.
fn host() -> Facts {
    let mut facts = Facts {
        links: vec![link("lo", false), link("eth0", true)],
        addresses: vec![
            address("lo", "127.0.0.1", 8, "host"),
            address("eth0", "10.0.0.11", 24, "global"),
            address("eth0", "2001:db8:1::11", 64, "global"),
        ]
        .into(),
        default_routes: vec![route("10.0.0.254", 0)],
        ..Facts::default()
    };
    for device in ["all", "default", "lo", "eth0"] {
        conf(&mut facts, device);
    }
    let near = |source: &str| Some(Lookup { source: Some(ip(source)), ..Lookup::default() });
    facts.hops.insert(ip("10.0.0.254"), near("10.0.0.11"));
    facts.hops.insert(ip("10.0.0.1"), near("10.0.0.11"));
    facts.hops.insert(ip("2001:db8:1::1"), near("2001:db8:1::11"));
    facts
}

fn conf(facts: &mut Facts, device: &str) {
    for name in ["arp_ignore", "arp_announce", "rp_filter"] {
        facts.sysctls.insert(SysctlKey::ipv4(device, name), 0);
    }
    facts.sysctls.insert(SysctlKey::ipv6(device, "disable_ipv6"), 0);
}

fn request(mode: Mode, vips: &[&str], typed: Typed<'_>) -> Request {
    let vips: Vec<String> = vips.iter().map(ToString::to_string).collect();
    Request::check(mode, &Typed { vips: &vips, ..typed }).unwrap()
}

fn wanted(mode: Mode, vips: &[&str], facts: &Facts) -> Wanted {
    Wanted::resolve(&request(mode, vips, Typed::default()), None, facts).unwrap()
}

fn commands(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step.action.to_string()).collect()
}

/// Makes a link that tunnel.
fn be(link: &mut Link, tunnel: &crate::tunnel::Tunnel) {
    link.kind = Some(tunnel.kind.to_string());
    link.ends = Some(tunnel.into());
}

/// What our actions mean, as far as the facts go: this models our own plans, not the kernel.
fn perform(facts: &mut Facts, action: &Action) {
    match (&action.change, action.undo) {
        (Change::Sysctl { key, to, .. }, false) => {
            facts.sysctls.insert(key.clone(), *to);
        }
        (Change::Sysctl { key, from, .. }, true) => {
            if let Some(from) = from {
                facts.sysctls.insert(key.clone(), *from);
            }
        }
        (Change::Tunnel(tunnel), false) => {
            let mut new = link(&tunnel.name, false);
            new.up = false;
            be(&mut new, tunnel);
            facts.links.push(new);
            conf(facts, &tunnel.name);
        }
        (Change::Tunnel(tunnel), true) => remove(facts, &tunnel.name),
        (Change::Dummy { device }, false) => {
            let mut new = link(device, false);
            (new.up, new.kind) = (false, Some("dummy".into()));
            facts.links.push(new);
            conf(facts, device);
        }
        (Change::Dummy { device }, true) => remove(facts, device),
        (Change::Gue(at), undo) => {
            let ports = facts.ports.get_or_insert_default();
            ports.retain(|port| port.at != *at);
            if !undo {
                ports.push(Port { at: *at, gue: true, is_open: true });
            }
        }
        (Change::Up { device }, undo) => {
            facts.links.iter_mut().find(|link| link.name == *device).unwrap().up = !undo;
        }
        (Change::Address { ip, device, scope, .. }, false) => {
            let scope = if ip.is_ipv4() { scope.to_string() } else { "global".into() };
            facts.addresses.push(address(device, &ip.to_string(), host_prefix(*ip), &scope));
        }
        (Change::Address { ip, device, .. }, true) => {
            facts.addresses.retain(|have| have.ip != *ip || have.device != *device);
        }
        (Change::Deprecate { .. }, _) => unreachable!("a repair, in no plan of a set-up"),
        (Change::DefaultRoute { gateway, metric, .. }, false) => {
            facts.default_routes.retain(|old| old.metric != *metric || !old.family.has(*gateway));
            facts.default_routes.push(route(&gateway.to_string(), *metric));
        }
        (Change::DefaultRoute { gateway, from, .. }, true) => {
            facts.default_routes.retain(|old| old.gateways != [*gateway]);
            if let Some(from) = from {
                let gateway = from.text.strip_prefix("default via ").unwrap();
                facts.default_routes.insert(0, route(gateway, 0));
            }
        }
    }
}

fn remove(facts: &mut Facts, device: &str) {
    facts.links.retain(|link| link.name != device);
    facts.addresses.retain(|have| have.device != device);
    facts.sysctls.retain(|key, _| key.device() != Some(device));
}

fn set(facts: &mut Facts, device: &str, name: &str, value: i32) {
    facts.sysctls.insert(SysctlKey::ipv4(device, name), value);
}

/// Sets up in the model; gives the new facts and the journalled changes.
fn set_up(wanted: &Wanted, facts: &Facts) -> (Facts, Vec<Change>) {
    let steps = super::setup::steps(wanted, facts);
    let mut after = facts.clone();
    steps.iter().for_each(|step| perform(&mut after, &step.action));
    (after, steps.into_iter().map(|step| step.action.change).collect())
}
