// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks at the calling thread's network namespace, and changes nothing. What cannot be
//! read is said, and the rest is judged all the same.

mod counters;
mod managers;
mod replies;
mod routes;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::seen::{Fou, Seen};
use super::subject::Subject;
use crate::error::Error;
use crate::facts::Family;
use crate::ipvs;
use crate::mode::Mode;
use crate::tunnel::{Encapsulation, Listener as Unpacks};
use lvs_host::firewall;
use lvs_host::link::SETTINGS;
use lvs_host::netlink::{Netlink, NetlinkError};
use lvs_host::socket::Transport;
use lvs_host::sysctl;
use lvs_host::sysctl_d;
use lvs_term::system_error;

/// Collects what the rules about `subject` need; counts drops for as long as `watch`.
///
/// # Errors
/// Interfaces, addresses or routes could not be read: then nothing can be said.
pub fn observe(net: &Netlink, subject: &Subject, watch: Duration) -> Result<Seen, Error> {
    let failed = |what| move |source: NetlinkError| Error::Observe { what, source };
    let devices = net.links().map_err(failed("interfaces"))?;
    let routes = net.routes(&devices).map_err(failed("routes"))?;
    let mut seen = Seen {
        addresses: net.addresses(&devices).map_err(failed("addresses"))?.into(),
        routes: routes.iter().filter(|route| route.is_plain()).cloned().collect(),
        ..Seen::default()
    };
    let gateways: Vec<IpAddr> =
        seen.routes.iter().filter(|it| it.prefix == 0).flat_map(|it| it.gateways.clone()).collect();
    let ends = devices.iter().filter_map(|device| device.ends.as_ref()?.local);
    let ends = ends.filter(|_| subject.mode == Some(Mode::Tun));
    for ip in subject.destinations().chain(gateways).chain(ends).collect::<BTreeSet<IpAddr>>() {
        seen.lookups.insert(ip, net.lookup(ip, &devices).map_err(failed("a route"))?);
    }
    match net.proxies(&devices) {
        Ok(found) => seen.proxies = found,
        Err(error) => seen.unread.push(format!("neighbour proxies: {error}")),
    }
    for setting in sysctl::of_links(&devices, &SETTINGS) {
        match setting {
            Ok((key, value)) => drop(seen.sysctls.insert(key, value)),
            Err(error) => seen.unread.push(error.to_string()),
        }
    }
    seen.devices = devices.clone().into();
    let rules = net.rules();
    routes::arrivals(net, subject, &routes, rules.as_deref().ok(), &mut seen);
    replies::look(net, subject, &replies::Host { routes, devices: &devices }, rules, &mut seen);
    listening(subject, &mut seen);
    match ipvs::services() {
        Ok(services) => seen.ipvs = services.into(),
        Err(error) => seen.unread.push(format!("{}: {}", ipvs::PATH, system_error(&error))),
    }
    let backup_only = std::fs::read_to_string("/proc/sys/net/ipv4/vs/backup_only");
    seen.backup_only = backup_only.is_ok_and(|value| value.trim() == "1");
    let has_udp = subject.ports.iter().any(|port| port.transport == Transport::Udp);
    if matches!(subject.encapsulation, Encapsulation::Gue { .. }) || has_udp {
        match net.ports() {
            Ok(found) => seen.fou = found.map_or(Fou::NoModule, Fou::Ports),
            Err(error) => seen.unread.push(format!("fou ports: {error}")),
        }
    }
    if let (Some(listeners), Fou::Ports(unpack)) = (&mut seen.listeners, &seen.fou) {
        // The kernel's own socket, behind which no server is.
        listeners.retain(|socket| {
            let at = Unpacks { port: socket.port, family: Family::of(socket.ip) };
            let is_kernels = socket.transport == Transport::Udp && socket.ip.is_unspecified();
            !(is_kernels && unpack.iter().any(|port| port.at == at))
        });
    }
    if super::firewall::judges(subject) || subject.holds_vips() {
        seen.firewall = firewall::read();
        if !super::firewall::is_asked(subject) {
            let unread: BTreeSet<String> = seen.firewall.unread().cloned().collect();
            seen.unread.extend(unread);
        }
    }
    let (lines, unread) = sysctl_d::read(Path::new("/"));
    seen.boot = lines;
    seen.unread.extend(unread);
    seen.managers = managers::look(Path::new("/"), &devices, &mut seen.unread);
    if !watch.is_zero() {
        seen.drops = counters::watch(watch, &mut seen.unread);
    }
    Ok(seen)
}

/// Sockets, if there are ports to ask about, or VIPs that only some sockets could serve.
fn listening(subject: &Subject, seen: &mut Seen) {
    let is_odd = |vip: &IpAddr| !seen.is_local(*vip) || seen.is_mute(*vip);
    let is_odd = subject.holds_vips() && subject.vips.iter().any(is_odd);
    for transport in Transport::ALL {
        let is_asked = subject.ports.iter().any(|port| port.transport == transport);
        if !is_asked && !is_odd {
            continue;
        }
        match Netlink::listeners(transport, &seen.devices) {
            Ok(found) => seen.listeners.get_or_insert_default().extend(found),
            Err(error) => {
                seen.deaf.insert(transport, format!("{transport} sockets: {error}"));
            }
        }
        let accept = format!("/proc/sys/net/ipv4/{transport}_l3mdev_accept");
        let accept = std::fs::read_to_string(accept).unwrap_or_default();
        if accept.trim() == "1" {
            seen.takes_from_vrf.insert(transport);
        }
    }
}
