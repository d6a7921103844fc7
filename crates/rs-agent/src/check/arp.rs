// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does this host answer for a VIP, or speak in its name? (net/ipv4/arp.c)

use std::cell::OnceCell;
use std::collections::HashSet;
use std::net::IpAddr;

use lvs_check::{Finding, Phase, Remedy, Severity};
use lvs_host::SysctlKey;

use super::arp_model::{Answer, Vip, answers, leaking, shows_others};
use super::catalogue;
use super::doubt;
use super::hiding::{lower_or_raise, planned, speak_as_self};
use super::seen::{Address, Arrival, Device, Seen};
use super::steps::{answers_arp, is_own, remove, to_carrier};
use super::subject::{Subject, some};
use crate::facts::Family;
use crate::shell;

/// Whether requests or replies of this service pass that interface.
fn matters(subject: &Subject, seen: &Seen, nic: &str) -> bool {
    let by_route = |ip: IpAddr| seen.lookup(ip).is_some_and(|to| to.device.as_deref() == Some(nic));
    let holds = |have: &Address| {
        subject.rips.contains(&have.ip) || subject.ipv4_vips().any(|vip| have.covers(vip))
    };
    seen.default_route(Family::Ipv4)
        .is_some_and(|route| route.devices.iter().any(|name| name == nic))
        || subject.directors.iter().copied().chain(subject.clients()).any(by_route)
        || seen.addresses.on(nic).any(holds)
}

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let is_ours = |vip: &IpAddr| {
        let is_listed = |arrival: &Arrival| {
            !arrival.listed_by.is_empty()
                && seen.nics().any(|nic| arrival.listed_by.contains(&nic.name))
        };
        seen.is_local(*vip) || seen.arrivals.get(vip).is_some_and(is_listed)
    };
    // Where something else may serve a VIP that is not here, nothing tells anybody to add it.
    let is_to_come = |vip: &IpAddr| doubt::not_local(*vip, seen).is_none();
    // This host's own address is no VIP, as RS-VIP-04 says: others have to be answered for it.
    let is_hosts = |vip: &IpAddr| seen.places(*vip).any(|have| is_own(have, subject, seen));
    let vips: Vec<IpAddr> = subject
        .ipv4_vips()
        .filter(|vip| (is_ours(vip) || is_to_come(vip)) && !is_hosts(vip))
        .collect();
    let mut findings = Vec::new();
    if !vips.is_empty() {
        // What is not here yet is judged as if it were: whoever adds it must hide it first.
        let missing = |vip: &IpAddr| !is_ours(vip) && is_to_come(vip);
        let then = planned(subject, seen, missing);
        let sight = Sight::of(subject, seen, &then, &vips);
        for nic in seen.speakers() {
            ignore(&sight, nic, &mut findings);
            announce(&sight, nic, &mut findings);
        }
        findings.extend(later_interfaces(seen, &vips));
    }
    on_nic(subject, seen, &mut findings);
    proxies(subject, seen, &mut findings);
    findings
}

/// What `arp_ignore` and `arp_announce` are judged by.
struct Sight<'a> {
    subject: &'a Subject,
    /// The host as it is.
    seen: &'a Seen,
    /// The host with all VIPs.
    then: &'a Seen,
    /// IPv4 VIPs, as they are then.
    vips: Vec<Vip<'a>>,
    /// Those that are local now.
    here: HashSet<IpAddr>,
    /// Devices without ARP that have them and an `arp_ignore` of their own, and `lo`.
    in_vain: Vec<&'a str>,
    /// What raises `arp_ignore` of `all`, and does so for nearly every interface.
    raise: OnceCell<Vec<Remedy>>,
}

impl<'a> Sight<'a> {
    fn of(subject: &'a Subject, seen: &'a Seen, then: &'a Seen, vips: &[IpAddr]) -> Self {
        let carriers = vips.iter().flat_map(|vip| then.places(*vip));
        let mut told = HashSet::new();
        let in_vain = carriers.map(|have| have.device.as_str()).chain(["lo"]);
        let in_vain = in_vain.filter(|name| told.insert(*name));
        Self {
            subject,
            seen,
            then,
            vips: vips.iter().map(|vip| Vip::of(then, *vip)).collect(),
            here: vips.iter().copied().filter(|vip| seen.is_local(*vip)).collect(),
            in_vain: in_vain.filter(|name| seen.ipv4(name, "arp_ignore") > 0).collect(),
            raise: OnceCell::new(),
        }
    }

    /// What makes that interface hide what is on others.
    fn hide(&self, nic: &str) -> Vec<Remedy> {
        let Self { subject, seen, .. } = *self;
        match seen.ipv4(nic, "arp_ignore") > 1 {
            true => lower_or_raise(subject, seen, nic, 1),
            false => self.raise.get_or_init(|| lower_or_raise(subject, seen, nic, 1)).clone(),
        }
    }

    /// `eth0 answers ARP for 192.0.2.10`, or will, and whoever may have heard it already.
    fn told(&self, nic: &Device, does: &str, will: &str, vips: &[IpAddr]) -> (String, Vec<IpAddr>) {
        let here: Vec<IpAddr> =
            vips.iter().copied().filter(|vip| self.here.contains(vip)).collect();
        let name = &nic.name;
        let when = match (nic.up, here.is_empty()) {
            (true, false) => return (format!("{name} {does} {}", some(vips)), here),
            (true, true) => "it is local here",
            (false, false) => "that interface is up",
            (false, true) => "that interface is up and it is local here",
        };
        // Of an interface that is down nobody has heard.
        let heard = if nic.up { here } else { Vec::new() };
        (format!("{name} {will} {} as soon as {when}", some(vips)), heard)
    }

    /// While this host is their director, it is to answer for them: what does not hide them
    /// then is wrong as soon as another is that.
    fn severity(&self, nic: &Device, vips: &[IpAddr]) -> Severity {
        let all_directed = !vips.is_empty() && vips.iter().all(|vip| self.seen.is_directing(*vip));
        match nic.up && matters(self.subject, self.then, &nic.name) && !all_directed {
            true => Severity::Error,
            false => Severity::Warning,
        }
    }
}

fn ignore(sight: &Sight<'_>, nic: &Device, findings: &mut Vec<Finding>) {
    let Sight { seen, then, .. } = *sight;
    let name = nic.name.as_str();
    let severity = |vips: &[IpAddr]| sight.severity(nic, vips);
    let value = seen.max("arp_ignore", name);
    let because = |answer: Answer| -> Vec<IpAddr> {
        let vips = sight.vips.iter().filter(|_| shows_others(value));
        let mine = vips.filter(|vip| vip.answers_by(value, name) == Some(answer));
        mine.map(|vip| vip.ip).collect()
    };
    let (open, shown) = (because(Answer::Open), because(Answer::Shown));
    let steps = || sight.hide(name);
    if !open.is_empty() {
        let (told, heard) = sight.told(nic, "answers ARP for", "will answer ARP for", &open);
        let in_vain = sight.in_vain.iter().find(|carrier| **carrier != name);
        let mut read = seen.read("arp_ignore", &["all", name]);
        let finding = if let Some(carrier) = in_vain {
            read.extend(seen.read("arp_ignore", &[carrier]));
            let message = format!(
                "arp_ignore is set on {carrier}, where it has no effect; requests for {} arrive \
                 on {name}",
                some(&open)
            );
            Finding::new(&catalogue::RS_ARP_02, severity(&open), message)
        } else {
            let nothing = if value == 0 { "" } else { ", which means 0" };
            let message = format!(
                "{told}: effective arp_ignore {value}{nothing} (all={}, {name}={})",
                seen.ipv4("all", "arp_ignore"),
                seen.ipv4(name, "arp_ignore")
            );
            Finding::new(&catalogue::RS_ARP_01, severity(&open), message)
        };
        let finding = finding.read(read).steps(steps()).steps(announcement(&heard));
        findings.push(finding.unless(doubt::arp(seen)));
    }
    if let Some(&vip) = shown.first() {
        let scopes: Vec<String> = then.places(vip).map(Address::text).collect();
        let (told, heard) = sight.told(nic, "answers ARP for", "will answer ARP for", &shown);
        let message = format!("{told}: arp_ignore=3 hides only scope-host addresses");
        findings.push(
            Finding::new(
                &catalogue::RS_ARP_03,
                if nic.up { Severity::Error } else { Severity::Warning },
                message,
            )
            .read(seen.read("arp_ignore", &["all", name]))
            .read(scopes)
            .steps(steps())
            .steps(announcement(&heard))
            .unless(doubt::arp(seen)),
        );
    }
    if !nic.up {
        return;
    }
    if value == 8 {
        let rip = seen.addresses.on(name).find(|have| have.ip.is_ipv4());
        let rip = rip.map_or_else(String::new, |have| format!("; {} is unreachable", have.ip));
        findings.push(
            Finding::new(
                &catalogue::RS_ARP_04,
                severity(&[]),
                format!("{name} answers no ARP at all{rip}"),
            )
            .read(seen.read("arp_ignore", &["all", name]))
            .steps(steps()),
        );
    }
    if value == 2 {
        findings.push(
            Finding::new(
                &catalogue::RS_ARP_05,
                Severity::Info,
                format!("{name} answers only requesters of its own subnet"),
            )
            .read(seen.read("arp_ignore", &["all", name]))
            .steps(steps()),
        );
    }
}

/// What neighbours have learnt stays while traffic flows, until the owner speaks up.
fn announcement(vips: &[IpAddr]) -> Option<Remedy> {
    let arping = "arping -U -c 3 -I INTERFACE"; // takes one address
    let words = match vips {
        [] => return None,
        [vip] => format!("then on the director: {arping} {vip}"),
        [_, _] | [_, _, _] => {
            let list: Vec<String> = vips.iter().map(ToString::to_string).collect();
            let list = list.join(" ");
            format!("then on the director: for vip in {list}; do {arping} $vip; done")
        }
        _ => format!("then on the director, for each of the {} VIPs: {arping} VIP", vips.len()),
    };
    Some(Remedy::words(Phase::Announce, words))
}

fn announce(sight: &Sight<'_>, nic: &Device, findings: &mut Vec<Finding>) {
    let Sight { seen, then, .. } = *sight;
    let name = nic.name.as_str();
    let leaking = leaking(then, name, &sight.vips);
    if leaking.is_empty() {
        return;
    }
    let severity = sight.severity(nic, &leaking);
    let does = "sends ARP requests with sender";
    let (told, heard) = sight.told(nic, does, "will send ARP requests with sender", &leaking);
    let message = format!("{told}: effective arp_announce {}", seen.max("arp_announce", name));
    findings.push(
        Finding::new(&catalogue::RS_ARP_06, severity, message)
            .read(seen.read("arp_announce", &["all", name]))
            .steps([speak_as_self(seen, name)])
            .steps(announcement(&heard))
            .unless(doubt::arp(seen)),
    );
}

/// Hidden today by values of single interfaces: one that is added tomorrow gets `default`.
fn later_interfaces(seen: &Seen, vips: &[IpAddr]) -> Option<Finding> {
    let weak = |name: &str, good: fn(i32) -> bool| {
        let tomorrow = seen.max(name, "default");
        let mut today = seen.nics().map(|nic| seen.max(name, &nic.name)).peekable();
        !good(tomorrow) && today.peek().is_some() && today.all(good)
    };
    let weak = match (
        weak("arp_ignore", |value| (1..=3).contains(&value)),
        weak("arp_announce", |value| value == 2),
    ) {
        (false, false) => return None,
        (true, false) => ["arp_ignore"].as_slice(),
        (false, true) => &["arp_announce"],
        (true, true) => &["arp_ignore", "arp_announce"],
    };
    let message = format!("an interface added later will answer or speak for {}", some(vips));
    let mut finding = Finding::new(&catalogue::RS_ARP_08, Severity::Warning, message);
    for name in weak {
        let (value, most) = if *name == "arp_ignore" { (1, 3) } else { (2, 2) };
        finding = finding.read(seen.read(name, &["all", "default"]));
        // The greater counts: neither is lowered that is good.
        for (device, is_bad) in [
            ("all", !(value..=most).contains(&seen.ipv4("all", name))),
            ("default", seen.ipv4("default", name) > most),
        ] {
            let command = shell::set(&SysctlKey::ipv4(device, name), value);
            finding = finding.steps(is_bad.then(|| Remedy::command(Phase::Settings, command)));
        }
    }
    Some(finding)
}

fn on_nic(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    for vip in subject.ipv4_vips() {
        for have in seen.places(vip) {
            let name = &have.device;
            // Of this host's own address RS-VIP-04 tells.
            if !answers_arp(name, seen) || is_own(have, subject, seen) {
                continue;
            }
            let silent = answers(seen, name, vip).is_none();
            let (severity, message) = if silent {
                let value = seen.max("arp_ignore", name);
                let message = format!("{vip} is on {name}, silent only by arp_ignore={value}");
                (Severity::Warning, message)
            } else {
                let message =
                    format!("{vip} is on {name}: it is announced there whatever arp_ignore says");
                (Severity::Error, message)
            };
            let finding =
                Finding::new(&catalogue::RS_ARP_07, severity, message).read([have.text()]);
            findings.push(misplaced(finding, have, doubt::arp(seen), subject, seen));
        }
    }
    // An IPv6 address on an interface is announced there, and nothing can hide it.
    for &vip in subject.vips.iter().filter(|vip| subject.holds_vips() && vip.is_ipv6()) {
        for have in seen.places(vip) {
            if answers_arp(&have.device, seen) && !is_own(have, subject, seen) {
                let message = format!("{vip} is on {}: its neighbours find it there", have.device);
                let finding = Finding::new(&catalogue::RS_ARP_07, Severity::Error, message)
                    .read([have.text()]);
                findings.push(misplaced(finding, have, doubt::neighbours(seen), subject, seen));
            }
        }
    }
}

/// Moves the VIP to its device, unless the host may have it as a director: of one that is
/// active, that would end the service.
fn misplaced(
    finding: Finding,
    have: &Address,
    doubt: Option<String>,
    subject: &Subject,
    seen: &Seen,
) -> Finding {
    if let Some(why) = doubt::by_mark(seen) {
        let words = format!(
            "if this host is a director of {}, too: say --also-director, to check and to setup",
            have.ip
        );
        let mut finding = finding.unless(Some(why));
        finding.remedy.insert(0, Remedy::words(Phase::Rest, words));
        return finding;
    }
    // Local without a break: the other is there first.
    let finding = to_carrier(finding, have.ip, subject, seen).steps(remove(have, subject, seen));
    finding.unless(doubt)
}

fn proxies(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let is_proxy =
        |nic: &&Device| seen.or("proxy_arp", &nic.name) && seen.ipv4(&nic.name, "forwarding") != 0;
    let proxies: Vec<&Device> = seen.nics().filter(is_proxy).collect();
    for &vip in &subject.vips {
        for (_, name) in seen.proxies.iter().filter(|(ip, _)| *ip == vip) {
            findings.push(
                Finding::new(
                    &catalogue::RS_ARP_09,
                    Severity::Warning,
                    format!("{name} answers for {vip} as proxy"),
                )
                .read([format!("neighbour proxy {vip} dev {name}")])
                .command(
                    Phase::Settings,
                    format!("ip neigh del proxy {vip} dev {}", shell::word(name)),
                ),
            );
        }
        let Some(route) = seen.lookup(vip).filter(|route| vip.is_ipv4() && !route.local) else {
            continue;
        };
        for nic in proxies.iter().filter(|nic| route.device.as_deref() != Some(&nic.name)) {
            let out = route.device.as_deref().unwrap_or("another interface");
            let name = &nic.name;
            // Either is enough.
            let on = ["all", name].into_iter().filter(|device| seen.ipv4(device, "proxy_arp") != 0);
            let off = on.map(|device| {
                let key = SysctlKey::ipv4(device, "proxy_arp");
                Remedy::command(Phase::Settings, shell::set(&key, 0))
            });
            findings.push(
                Finding::new(
                    &catalogue::RS_ARP_09,
                    Severity::Warning,
                    format!("{name} answers for {vip} as proxy: its route leaves by {out}"),
                )
                .read(seen.read("proxy_arp", &["all", name]))
                .read(seen.read("forwarding", &[name]))
                .steps(off),
            );
        }
    }
}
