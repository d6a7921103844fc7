// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks at the calling thread's network namespace, and changes nothing. What cannot be
//! read is said, and the rest is judged all the same.

mod child;
mod counters;
mod decode;
mod firewall;
mod managers;
mod sockets;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::seen::{Device, Fou, Seen};
use super::subject::Subject;
use super::sysctl_files;
use crate::act::netlink::{Netlink, NetlinkError};
use crate::act::sysctl::{self, SysctlError};
use crate::error::Error;
use crate::mode::Mode;
use crate::sysctl_key::SysctlKey;
use crate::tunnel::{Envelope, Listener as Unpacks};

/// Collects what the rules about `subject` need; counts drops for as long as `watch`.
///
/// # Errors
/// Interfaces, addresses or routes could not be read: then nothing can be said.
pub fn observe(net: &Netlink, subject: &Subject, watch: Duration) -> Result<Seen, Error> {
    let failed = |what| move |source: NetlinkError| Error::Observe { what, source };
    let links = net.link_messages().map_err(failed("interfaces"))?;
    let devices: Vec<(u32, Device)> = links.iter().filter_map(decode::device).collect();
    let addresses = net.address_messages().map_err(failed("addresses"))?;
    let routes = net.route_messages().map_err(failed("routes"))?;
    let mut seen = Seen {
        addresses: addresses.iter().filter_map(|it| decode::address(it, &devices)).collect(),
        routes: routes.iter().filter_map(|it| decode::route(it, &devices)).collect(),
        ..Seen::default()
    };
    let gateways: Vec<IpAddr> =
        seen.routes.iter().filter(|it| it.prefix == 0).flat_map(|it| it.gateways.clone()).collect();
    let ends = devices.iter().filter_map(|(_, device)| device.ends.as_ref()?.local);
    let ends = ends.filter(|_| subject.mode == Some(Mode::Tun));
    for ip in subject.destinations().chain(gateways).chain(ends).collect::<BTreeSet<IpAddr>>() {
        let found = net.lookup_message(ip).map_err(failed("a route"))?;
        seen.lookups.insert(ip, found.and_then(|it| decode::lookup(&it, &devices)));
    }
    match net.proxy_messages() {
        Ok(found) => {
            seen.proxies = found.iter().filter_map(|it| decode::proxy(it, &devices)).collect();
        }
        Err(error) => seen.unread.push(format!("neighbour proxies: {error}")),
    }
    settings(&devices, &mut seen);
    if !subject.ports.is_empty() {
        match sockets::listeners() {
            Ok(found) => seen.listeners = Some(found),
            Err(error) => seen.unread.push(format!("sockets: {error}")),
        }
    }
    let has_udp = subject.ports.iter().any(|port| !port.tcp);
    if matches!(subject.envelope, Envelope::Gue { .. }) || has_udp {
        match net.ports() {
            Ok(found) => seen.fou = found.map_or(Fou::NoModule, Fou::Ports),
            Err(error) => seen.unread.push(format!("fou ports: {error}")),
        }
    }
    if let (Some(listeners), Fou::Ports(unpack)) = (&mut seen.listeners, &seen.fou) {
        // The kernel's own socket, behind which no server is.
        listeners.retain(|socket| {
            let at = Unpacks { port: socket.port, ipv6: socket.ip.is_ipv6() };
            let is_kernels = !socket.tcp && socket.ip.is_unspecified();
            !(is_kernels && unpack.iter().any(|port| port.at == at))
        });
    }
    if super::firewall::judges(subject) {
        seen.iptables = firewall::ruleset(false, &mut seen.unread);
        seen.ip6tables = firewall::ruleset(true, &mut seen.unread);
    }
    let (lines, unread) = sysctl_files::read(Path::new("/"));
    seen.boot = lines;
    seen.unread.extend(unread);
    seen.managers = managers::look(Path::new("/"), &devices, &mut seen.unread);
    seen.devices = devices.into_iter().map(|(_, device)| device).collect();
    if !watch.is_zero() {
        seen.drops = counters::watch(watch, &mut seen.unread);
    }
    Ok(seen)
}

const IPV4: [&str; 9] = [
    "arp_ignore",
    "arp_announce",
    "rp_filter",
    "proxy_arp",
    "route_localnet",
    "accept_redirects",
    "forwarding",
    "arp_filter",
    "promote_secondaries",
];
const IPV6: [&str; 3] = ["disable_ipv6", "accept_redirects", "forwarding"];

fn settings(devices: &[(u32, Device)], seen: &mut Seen) {
    let names = devices.iter().map(|(_, device)| device.name.as_str());
    for device in ["all", "default"].into_iter().chain(names) {
        let keys = IPV4.map(|name| SysctlKey::ipv4(device, name));
        let keys = keys.into_iter().chain(IPV6.map(|name| SysctlKey::ipv6(device, name)));
        for key in keys {
            match sysctl::read(&key) {
                Ok(value) => {
                    seen.sysctls.insert(key, value);
                }
                // Its interface is gone, or the kernel has no IPv6.
                Err(SysctlError::NotThere(_)) => {}
                Err(error) => seen.unread.push(error.to_string()),
            }
        }
    }
}
