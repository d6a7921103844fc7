// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges whether replies leave the way the mode needs.

use std::net::IpAddr;

use lvs_check::{Finding, Phase, Remedy, Severity};
use lvs_host::SysctlKey;

use super::catalogue;
use super::guards::once_gone;
use super::hops::Hops;
use super::inward;
use super::replies::{self, Way};
use super::seen::{Address, Seen};
use super::steps::remove;
use super::subject::{Subject, some};
use crate::facts::{Family, of_family};
use crate::mode::Mode;
use crate::shell;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let ways = replies::ways(subject, seen);
    let mut findings: Vec<Finding> = ways
        .iter()
        .filter(|way| way.hops.is_none())
        .map(|way| missing(way, subject, seen))
        .collect();
    let through = ways.iter().filter_map(|way| Some((way, way.hops.as_ref()?)));
    findings.extend(through.clone().filter_map(|(way, hops)| dead(way, hops, subject, seen)));
    if subject.mode == Some(Mode::Nat) {
        through.for_each(|(way, hops)| findings.extend(past(way, hops, subject, seen)));
        on_one_ethernet(subject, seen, &mut findings);
        leftovers(subject, seen, &mut findings);
    } else {
        findings.extend(through.filter_map(|(way, hops)| back(way, hops, subject)));
    }
    findings
}

/// The director among the gateways of a route, or one of a rule's.
fn director<'a>(hops: &'a Hops, subject: &Subject) -> Option<&'a IpAddr> {
    hops.gateways.iter().find(|gateway| subject.directors.contains(gateway))
}

/// Modes dr and tun: replies come back to the director.
fn back(way: &Way, hops: &Hops, subject: &Subject) -> Option<Finding> {
    let director = director(hops, subject)?;
    let (severity, then) = match way.family {
        Family::Ipv4 => (Severity::Error, "which drops packets from its own VIP"),
        Family::Ipv6 => (Severity::Warning, "which they only burden"),
    };
    let (who, from) = (&way.who, way.source_text());
    let message = format!("replies{from} to {who} go through director {director}, {then}");
    let finding = Finding::new(&catalogue::RS_GW_01, severity, message).read([way.read.clone()]);
    let finding = match hops.table.filter(|_| way.is_by_rules()) {
        None => finding.words("give this host another gateway"),
        Some(table) => finding.words(format!("give table {table} another gateway")),
    };
    let is_right = |to: Option<&Hops>| to.is_some_and(|to| self::director(to, subject).is_none());
    Some(finding.unless(way.doubt(is_right)))
}

/// There is no route.
fn missing(way: &Way, subject: &Subject, seen: &Seen) -> Finding {
    let (who, from) = (&way.who, way.source_text());
    let nat = subject.mode == Some(Mode::Nat);
    let (rule, severity, message) = if way.is_named {
        (&catalogue::RS_GW_05, Severity::Error, format!("no route leads{from} to {who}"))
    } else if nat {
        let message =
            format!("replies{from} to {who} do not go through the director: no default route");
        (&catalogue::RS_GW_02, Severity::Error, message)
    } else if way.is_by_rules() && seen.default_route(way.family).is_some() {
        // This host has clients elsewhere in mind, and forgot these replies, or denies them.
        let message = format!(
            "no default route{from}, though this host has one: {who} elsewhere get no replies"
        );
        (&catalogue::RS_GW_05, Severity::Warning, message)
    } else {
        // All clients may be in this host's own networks; only --client tells.
        let message =
            format!("no default route{from}: only {who} in this host's networks get replies");
        (&catalogue::RS_GW_05, Severity::Info, message)
    };
    let finding = Finding::new(rule, severity, message).read([way.read.clone()]);
    let is_about_director = rule.id == catalogue::RS_GW_02.id;
    let finding = match (is_about_director, way.is_by_rules()) {
        (true, _) => finding.steps([default_via(way, subject, seen)]),
        (false, false) => finding.words(add_default(way.family)),
        (false, true) => finding.words(format!(
            "{} table TABLE, in the table to which a rule (`ip rule`) leads replies{from}",
            add_default(way.family)
        )),
    };
    if severity == Severity::Info {
        return finding;
    }
    let is_right = |to: Option<&Hops>| match nat && !way.is_named {
        true => to.is_some_and(|to| is_through(to, subject)),
        false => to.is_some(),
    };
    finding.unless(way.doubt(is_right))
}

/// All devices of the route are dead: what is sent there is lost.
fn dead(way: &Way, hops: &Hops, subject: &Subject, seen: &Seen) -> Option<Finding> {
    let is_dead = |name: &String| seen.device(name).is_some_and(|device| !device.carrier);
    // Of the interface by which requests come RS-RIP-02 tells.
    let is_inward = |name: &String| {
        let to_rip = |have: &Address| {
            have.device == *name
                && (subject.rips.contains(&have.ip)
                    || subject.directors.iter().any(|ip| have.is_near(*ip)))
        };
        seen.addresses.iter().any(to_rip) || !seen.nics().any(|nic| nic.carrier)
    };
    if hops.devices.is_empty() || !hops.devices.iter().all(|it| is_dead(it) && !is_inward(it)) {
        return None;
    }
    let (who, from, devices) = (&way.who, way.source_text(), hops.devices.join(", "));
    // Without --client it may be that all are in this host's networks.
    let severity = if way.is_named { Severity::Error } else { Severity::Warning };
    let message =
        format!("replies{from} to {who} leave by {devices}, which has no carrier: they are lost");
    let is_right = |to: Option<&Hops>| to.is_some_and(|to| !to.devices.iter().all(is_dead));
    Some(
        Finding::new(&catalogue::RS_GW_05, severity, message)
            .read([way.read.clone()])
            .words(format!("see the cable of {devices}, or give replies another route"))
            .unless(way.doubt(is_right)),
    )
}

fn add_default(family: Family) -> String {
    format!("{} route add default via GATEWAY", family.ip_command())
}

/// Makes the director the gateway of replies. Where rules tell packets apart, a route may be
/// that of others, too: then in words.
fn default_via(way: &Way, subject: &Subject, seen: &Seen) -> Remedy {
    let ip = way.family.ip_command();
    let director = of_family(&subject.directors, way.family);
    let dip = director.map_or_else(|| "DIP".to_owned(), |dip| dip.to_string());
    let nics = inward::by_ethernet(subject, seen);
    let vrf = nics.first().and_then(|nic| nic.vrf.as_ref());
    let vrf = vrf.filter(|vrf| nics.iter().all(|nic| nic.vrf.as_ref() == Some(vrf)));
    if let Some(vrf) = vrf {
        let command = format!("{ip} route replace default via {dip} vrf {}", shell::word(vrf));
        return match director {
            Some(_) => Remedy::command(Phase::Rest, command),
            None => Remedy::words(Phase::Rest, command),
        };
    }
    if way.is_by_rules() {
        let rip = way.from.first().map_or_else(|| "RIP".to_owned(), ToString::to_string);
        return Remedy::words(
            Phase::Rest,
            format!(
                "give replies a table of their own: `{ip} route add default via {dip} table \
                 TABLE`, then `{ip} rule add from {rip} lookup TABLE` before all rules that \
                 lead them elsewhere"
            ),
        );
    }
    let command = format!("{ip} route replace default via {dip}");
    match director {
        Some(_) => Remedy::command(Phase::Rest, command),
        None => Remedy::words(Phase::Rest, command),
    }
}

fn is_through(hops: &Hops, subject: &Subject) -> bool {
    !hops.gateways.is_empty()
        && hops.gateways.iter().all(|gateway| subject.directors.contains(gateway))
}

/// Mode nat: replies go past the director.
fn past(way: &Way, hops: &Hops, subject: &Subject, seen: &Seen) -> Option<Finding> {
    if is_through(hops, subject) {
        return None;
    }
    let (who, from) = (&way.who, way.source_text());
    // A director that rewrites the source too gets these replies all the same.
    let finding = if hops.gateways.is_empty() && way.is_named {
        let message =
            format!("client {who} gets replies{from} directly: it needs SNAT on the director");
        Finding::new(&catalogue::RS_GW_03, Severity::Warning, message)
            .read([way.read.clone()])
            .words("masquerade on the director, with net.ipv4.vs.conntrack=1")
    } else {
        let message = format!("replies{from} to {who} do not go through the director");
        Finding::new(&catalogue::RS_GW_02, Severity::Error, message)
            .read([way.read.clone()])
            .steps([default_via(way, subject, seen)])
    };
    let is_right = |to: Option<&Hops>| to.is_some_and(|to| is_through(to, subject));
    Some(finding.unless(way.doubt(is_right)))
}

/// Mode nat with clients, director and this host on one Ethernet.
fn on_one_ethernet(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    for net in shared_nets(subject, seen) {
        let on = &net.device;
        if subject.client.is_none() {
            findings.push(
                Finding::new(
                    &catalogue::RS_GW_03,
                    Severity::Warning,
                    format!(
                        "the VIP is in this host's network {}/{}: clients there need SNAT on the director",
                        net.ip, net.prefix
                    ),
                )
                .read([net.text()])
                .words("masquerade on the director, with net.ipv4.vs.conntrack=1"),
            );
        }
        if let Some((read, off)) = redirects(seen, on, Family::of(net.ip)) {
            findings.push(
                Finding::new(
                    &catalogue::RS_GW_04,
                    Severity::Error,
                    format!(
                        "{on} accepts redirects, by which the director sends replies past itself"
                    ),
                )
                .read(read)
                .command(Phase::Rest, off),
            );
        }
    }
}

/// The networks of this host that have the VIP or a client in them too: director, clients
/// and real server are on one Ethernet.
fn shared_nets<'a>(subject: &'a Subject, seen: &'a Seen) -> Vec<&'a Address> {
    let mut nets: Vec<&Address> = Vec::new();
    for ip in subject.vips.iter().copied().chain(subject.clients()) {
        let is_known = |net: &Address| {
            nets.iter().any(|known| known.device == net.device && known.ip == net.ip)
        };
        if let Some(net) = seen.subnet_of(ip).filter(|net| !is_known(net)) {
            nets.push(net);
        }
    }
    nets
}

/// What makes `device` believe an ICMP redirect, and the command against it.
fn redirects(seen: &Seen, device: &str, family: Family) -> Option<(Vec<String>, String)> {
    if family == Family::Ipv6 {
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
            let finding =
                Finding::new(&catalogue::RS_NAT_01, Severity::Warning, message).read([have.text()]);
            let gone = remove(have, subject, seen);
            findings.push(match gone.is_empty() {
                true => finding.words("give the service an address that only its director has"),
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
            Finding::new(&catalogue::RS_NAT_01, Severity::Info, message)
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
            && seen.device(&have.device).is_some_and(|device| !device.answers_arp())
    };
    let hidden: Vec<IpAddr> = seen.addresses.iter().filter(is_hidden).map(|have| have.ip).collect();
    match hidden.as_slice() {
        [] => Remedy::command(Phase::Relax, command),
        left => Remedy::words(
            Phase::Relax,
            format!("if neighbours may find {} here: {command}", some(left)),
        ),
    }
}
