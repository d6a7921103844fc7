// SPDX-License-Identifier: MIT OR Apache-2.0
//! Do replies leave the way the mode needs?

use std::net::IpAddr;

use super::finding::{Finding, Severity};
use super::remedy::{Phase, Remedy, once_gone};
use super::seen::{Address, Seen};
use super::steps::remove;
use super::subject::{Subject, some};
use crate::mode::Mode;
use crate::sysctl_key::SysctlKey;

/// Where replies to one kind of client go.
struct Way {
    who: String,
    ipv6: bool,
    gateways: Vec<IpAddr>,
    on_link: bool,
    read: String,
}

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ways = ways(subject, seen, &mut findings);
    if subject.mode == Some(Mode::Nat) {
        nat(subject, seen, &ways, &mut findings);
        leftovers(subject, seen, &mut findings);
        return findings;
    }
    for way in ways {
        let through: Vec<&IpAddr> =
            way.gateways.iter().filter(|gateway| subject.directors.contains(gateway)).collect();
        let Some(director) = through.first() else { continue };
        let (severity, then) = if way.ipv6 {
            (Severity::Warning, "which they only burden")
        } else {
            (Severity::Error, "which drops packets from its own VIP")
        };
        findings.push(
            Finding::new(
                "RS-GW-01",
                severity,
                format!("replies to {} go through director {director}, {then}", way.who),
            )
            .read([way.read])
            .mend("give this host another gateway"),
        );
    }
    findings
}

/// The families in which clients are served.
fn families(subject: &Subject) -> impl Iterator<Item = bool> {
    let nat = subject.mode == Some(Mode::Nat);
    [false, true].into_iter().filter(move |ipv6| {
        let by_vip = subject.vips.iter().any(|vip| vip.is_ipv6() == *ipv6);
        let by_director = subject.directors.iter().any(|dip| dip.is_ipv6() == *ipv6);
        if nat { by_director } else { by_vip }
    })
}

fn ways(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) -> Vec<Way> {
    let mut ways = Vec::new();
    for ip in subject.clients() {
        match seen.lookup(ip) {
            Some(to) => ways.push(Way {
                who: ip.to_string(),
                ipv6: ip.is_ipv6(),
                gateways: to.gateway.into_iter().collect(),
                on_link: to.gateway.is_none(),
                read: match (&to.gateway, &to.device) {
                    (Some(gateway), _) => format!("route to {ip}: via {gateway}"),
                    (None, Some(device)) => format!("route to {ip}: dev {device}"),
                    (None, None) => format!("route to {ip}: on-link"),
                },
            }),
            None => findings.push(
                Finding::new("RS-GW-05", Severity::Error, format!("no route leads to {ip}"))
                    .read([format!("route to {ip}: none")])
                    .mend(add_default(ip.is_ipv6())),
            ),
        }
    }
    if subject.client.is_some() {
        return ways;
    }
    for ipv6 in families(subject) {
        let family = if ipv6 { "IPv6" } else { "IPv4" };
        match seen.default_route(ipv6) {
            Some(route) => {
                let via: Vec<String> =
                    route.gateways.iter().map(|gateway| format!(" via {gateway}")).collect();
                let dev: Vec<String> =
                    route.devices.iter().map(|device| format!(" dev {device}")).collect();
                ways.push(Way {
                    who: format!("{family} clients"),
                    ipv6,
                    gateways: route.gateways.clone(),
                    on_link: route.gateways.is_empty(),
                    read: format!("default{}{}", via.concat(), dev.concat()),
                });
            }
            // All clients may be in this host's own networks; only --client tells.
            None if subject.mode != Some(Mode::Nat) => findings.push(
                Finding::new(
                    "RS-GW-05",
                    Severity::Info,
                    format!("no default route: only {family} clients in this host's networks get replies"),
                )
                .read([format!("{family} default route: none")])
                .mend(add_default(ipv6)),
            ),
            None => findings.push(
                Finding::new(
                    "RS-GW-02",
                    Severity::Error,
                    format!("replies to {family} clients do not go through the director: no default route"),
                )
                .read([format!("{family} default route: none")])
                .steps([default_via(subject, ipv6)]),
            ),
        }
    }
    ways
}

fn add_default(ipv6: bool) -> &'static str {
    if ipv6 { "ip -6 route add default via GATEWAY" } else { "ip route add default via GATEWAY" }
}

fn default_via(subject: &Subject, ipv6: bool) -> Remedy {
    let replace = format!("ip {}route replace default via", if ipv6 { "-6 " } else { "" });
    match subject.directors.iter().find(|dip| dip.is_ipv6() == ipv6) {
        Some(director) => Remedy::run(Phase::Rest, format!("{replace} {director}")),
        None => Remedy::words(Phase::Rest, format!("{replace} DIP")),
    }
}

fn nat(subject: &Subject, seen: &Seen, ways: &[Way], findings: &mut Vec<Finding>) {
    for way in ways {
        let through = !way.gateways.is_empty()
            && way.gateways.iter().all(|gateway| subject.directors.contains(gateway));
        // A director that rewrites the source too gets these replies all the same.
        if way.on_link && subject.client.is_some() {
            findings.push(
                Finding::new(
                    "RS-GW-03",
                    Severity::Warning,
                    format!(
                        "client {} gets replies directly: it needs SNAT on the director",
                        way.who
                    ),
                )
                .read([way.read.clone()])
                .mend("masquerade on the director, with net.ipv4.vs.conntrack=1"),
            );
        } else if !through {
            findings.push(
                Finding::new(
                    "RS-GW-02",
                    Severity::Error,
                    format!("replies to {} do not go through the director", way.who),
                )
                .read([way.read.clone()])
                .steps([default_via(subject, way.ipv6)]),
            );
        }
    }
    for net in shared_nets(subject, seen) {
        let on = &net.device;
        if subject.client.is_none() {
            findings.push(
                Finding::new(
                    "RS-GW-03",
                    Severity::Warning,
                    format!(
                        "the VIP is in this host's network {}/{}: clients there need SNAT on the director",
                        net.ip, net.prefix
                    ),
                )
                .read([net.text()])
                .mend("masquerade on the director, with net.ipv4.vs.conntrack=1"),
            );
        }
        if let Some((read, off)) = redirects(seen, on, net.ip.is_ipv6()) {
            findings.push(
                Finding::new(
                    "RS-GW-04",
                    Severity::Error,
                    format!(
                        "{on} accepts redirects, by which the director sends replies past itself"
                    ),
                )
                .read(read)
                .run(Phase::Rest, off),
            );
        }
    }
}

/// The networks of this host that have the VIP or a client in them too: director, clients
/// and real server are on one Ethernet.
fn shared_nets<'a>(subject: &'a Subject, seen: &'a Seen) -> Vec<&'a Address> {
    let mut nets: Vec<&Address> = Vec::new();
    for ip in subject.vips.iter().copied().chain(subject.clients()) {
        if let Some(net) = seen.subnet_of(ip)
            && !nets.iter().any(|known| known.device == net.device && known.ip == net.ip)
        {
            nets.push(net);
        }
    }
    nets
}

/// What makes `device` believe an ICMP redirect, and the command against it.
fn redirects(seen: &Seen, device: &str, ipv6: bool) -> Option<(Vec<String>, String)> {
    if ipv6 {
        let on = |name| seen.ipv6(device, name).unwrap_or(0) != 0;
        // `rt6_do_redirect()`: only the interface's own value, and not on a router.
        return (on("accept_redirects") && !on("forwarding")).then(|| {
            let key = SysctlKey::ipv6(device, "accept_redirects");
            (
                vec![format!("net/ipv6/conf/{device}/accept_redirects = 1")],
                crate::shell::set(&key, 0),
            )
        });
    }
    let all = seen.ipv4("all", "accept_redirects") != 0;
    let own = seen.ipv4(device, "accept_redirects") != 0;
    // `IN_DEV_RX_REDIRECTS`: both on a router, either elsewhere.
    let accepts = if seen.ipv4(device, "forwarding") != 0 { all && own } else { all || own };
    accepts.then(|| {
        let key = SysctlKey::ipv4(device, "accept_redirects");
        (
            seen.read("accept_redirects", &["all", device]),
            format!(
                "sysctl -w net.ipv4.conf.all.accept_redirects=0 && {}",
                crate::shell::set(&key, 0)
            ),
        )
    })
}

fn leftovers(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    for &vip in &subject.vips {
        for have in seen.places(vip) {
            let message =
                format!("{vip} is on {}: in mode nat only the director has the VIP", have.device);
            let finding = Finding::new("RS-NAT-01", Severity::Warning, message).read([have.text()]);
            let gone = remove(have, subject, seen);
            findings.push(match gone.is_empty() {
                true => finding.mend("give the service an address that only its director has"),
                false => finding.steps(gone),
            });
        }
    }
    let set = ["arp_ignore", "arp_announce"]
        .into_iter()
        .filter(|name| seen.ipv4("all", name) != 0)
        .map(|name| format!("net/ipv4/conf/all/{name} = {}", seen.ipv4("all", name)));
    let set: Vec<String> = set.collect();
    if !set.is_empty() {
        let message =
            "ARP settings that mode nat does not need are set, perhaps left by another mode";
        findings.push(
            Finding::new("RS-NAT-01", Severity::Info, message)
                .read(set)
                .steps(
                    subject
                        .vips
                        .iter()
                        .flat_map(|vip| seen.places(*vip))
                        .flat_map(|have| remove(have, subject, seen)),
                )
                .steps([show(subject, seen)]),
        );
    }
}

/// Ends the hiding of addresses, if nobody needs it: those that are left may be VIPs.
fn show(subject: &Subject, seen: &Seen) -> Remedy {
    let command = "sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0";
    let vips = subject.vips.iter().filter(|vip| vip.is_ipv4());
    let command = once_gone(vips.flat_map(|vip| seen.places(*vip)), command);
    let is_hidden = |have: &&Address| {
        have.ip.is_ipv4()
            && !have.ip.is_loopback()
            && !subject.vips.contains(&have.ip)
            && seen.device(&have.device).is_some_and(|device| !device.arp)
    };
    let hidden: Vec<IpAddr> = seen.addresses.iter().filter(is_hidden).map(|have| have.ip).collect();
    match hidden.as_slice() {
        [] => Remedy::run(Phase::Relax, command),
        left => Remedy::words(
            Phase::Relax,
            format!("if neighbours may find {} here: {command}", some(left)),
        ),
    }
}
