// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges who else sets addresses and settings here.

use std::net::IpAddr;

use lvs_check::{Finding, Phase, Severity};
use lvs_host::SysctlKey;

use super::catalogue;
use super::persistence::boot_conflicts;
use super::receiver;
use super::seen::{Address, Device, Keeps, NetworkdLink, Profile, Seen};
use super::subject::{Subject, some};
use crate::facts::Family;
use crate::mode::Mode;
use crate::shell;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    if subject.holds_vips() {
        address_managers(subject, seen, &mut findings);
        overlay(subject, seen, &mut findings);
        findings
            .extend(Family::BOTH.into_iter().filter_map(|family| swallowed(family, subject, seen)));
        firewall(subject, seen, &mut findings);
    }
    findings.extend(keepalived(seen));
    findings.extend(boot_conflicts(subject, seen));
    findings
}

fn address_managers(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    for device in &seen.devices {
        let name = &device.name;
        let is_vip = |have: &&Address| subject.vips.contains(&have.ip);
        let vips: Vec<&Address> = seen.addresses.on(name).filter(is_vip).collect();
        if vips.is_empty() {
            continue;
        }
        findings
            .extend(seen.managers.networkd.get(name).and_then(|link| networkd(name, &vips, link)));
        let profile = seen.managers.network_manager.get(name);
        findings.extend(profile.map(|profile| network_manager(name, &vips, profile)));
    }
}

/// What networkd counts as static is decided by the preferred lifetime, so that `static`
/// loses an IPv6 VIP as it should be.
fn networkd(name: &str, vips: &[&Address], link: &NetworkdLink) -> Option<Finding> {
    let kept = |have: &Address| match link.keeps {
        Keeps::All => true,
        Keeps::Preferred => have.preferred == u32::MAX,
        Keeps::Nothing => false,
    };
    let at_risk = |have: &&&Address| !link.declared.contains(&have.ip) && !kept(have);
    let at_risk: Vec<IpAddr> = vips.iter().filter(at_risk).map(|have| have.ip).collect();
    if at_risk.is_empty() {
        return None;
    }
    let message = format!(
        "{} will be removed from {name} when systemd-networkd restarts or reconfigures it",
        some(&at_risk)
    );
    let why_not = match link.keeps {
        Keeps::Preferred => ", whose KeepConfiguration=static keeps no deprecated address",
        _ => "",
    };
    Some(
        Finding::new(&catalogue::RS_MGR_01, Severity::Warning, message)
            .read([format!("{name} is configured by {}{why_not}", link.file)])
            .words(format!("KeepConfiguration=yes in {}, or declare the VIP there", link.file)),
    )
}

fn network_manager(name: &str, vips: &[&Address], profile: &Profile) -> Finding {
    let Profile { uuid, file, generated, declared } = profile;
    let foreign = |have: &&&Address| !generated && !declared.contains(&have.ip);
    let foreign: Vec<IpAddr> = vips.iter().filter(foreign).map(|have| have.ip).collect();
    let (severity, message) = if foreign.is_empty() {
        let vips: Vec<IpAddr> = vips.iter().map(|have| have.ip).collect();
        let message = format!(
            "NetworkManager manages {name}: `nmcli con up` makes {} ordinary addresses, \
             `nmcli networking off` removes them",
            some(&vips)
        );
        (Severity::Info, message)
    } else {
        let message = format!(
            "{} will be removed from {name} when NetworkManager activates its profile again",
            some(&foreign)
        );
        (Severity::Warning, message)
    };
    let file = file.as_ref().map_or_else(String::new, |file| format!(", {file}"));
    Finding::new(&catalogue::RS_MGR_02, severity, message)
        .read([format!("{name} has NetworkManager's profile {uuid}{file}")])
        .words(format!("unmanaged-devices=interface-name:{name} in NetworkManager.conf"))
}

/// Linux 7.2 refuses what keepalived says of single interfaces, so that those of `use_vmac`
/// stay as they were made. keepalived goes on all the same.
fn keepalived(seen: &Seen) -> Option<Finding> {
    let line = seen.managers.keepalived_vmac.as_ref()?;
    let is_vmac = |device: &&Device| {
        device.kind.as_deref() == Some("macvlan")
            && seen.addresses.on(&device.name).any(|have| have.ip.is_ipv4())
    };
    let bare = |device: &&Device| seen.ipv4(&device.name, "accept_local") == 0;
    for Device { name, .. } in seen.nics().filter(is_vmac).filter(bare) {
        let finding = |message| {
            let mut read = vec![line.clone()];
            read.extend(seen.read("accept_local", &[name]));
            read.extend(seen.read("rp_filter", &["all", name]));
            read.extend(seen.read("arp_ignore", &["all"]));
            Finding::new(&catalogue::RS_MGR_04, Severity::Warning, message).read(read)
        };
        let key = |device: &str, key| SysctlKey::ipv4(device, key);
        let other = |nic: &&Device| {
            nic.kind.as_deref() != Some("macvlan") && seen.max("arp_ignore", &nic.name) == 0
        };
        // A request that arrives there does not have its way back there.
        let deaf = seen.max("rp_filter", name) == 1;
        if !deaf && seen.nics().find(other).is_none() {
            continue;
        }
        let message = match deaf {
            true => format!("{name} does not answer ARP for its addresses: its rp_filter is 1"),
            false => format!(
                "other interfaces answer for the addresses of {name}, too, with another MAC address"
            ),
        };
        let mut found = finding(format!("keepalived could not set {name} up: {message}"));
        if deaf {
            found = found.command(Phase::Relax, shell::set(&key(name, "rp_filter"), 0));
        }
        if seen.ipv4("all", "arp_ignore") == 0 {
            found = found.command(Phase::Settings, shell::set(&key("all", "arp_ignore"), 1));
        }
        // With these it answers, also for a VIP that was on it by mistake.
        return Some(found.command(Phase::Relax, shell::set(&key(name, "accept_local"), 1)));
    }
    let message = "keepalived changes arp_ignore, arp_filter and rp_filter of interfaces; what it \
                   sets on the parent stays when it ends";
    Some(
        Finding::new(&catalogue::RS_MGR_04, Severity::Info, message)
            .read([line.clone()])
            .words("rely on conf/all, as rs-agent does"),
    )
}

/// dhcpcd takes a device that carries VIPs for one that a network is behind.
fn swallowed(family: Family, subject: &Subject, seen: &Seen) -> Option<Finding> {
    let route = seen.default_route(family)?;
    let carries = |name: &str| {
        let is_for_vips = |device: &Device| {
            !device.answers_arp() && device.ends.is_none() && !device.is_point_to_point()
        };
        seen.device(name).is_some_and(is_for_vips)
            && seen.addresses.on(name).any(|have| subject.vips.contains(&have.ip))
    };
    let device = route.devices.iter().find(|name| carries(name))?;
    let message = format!("the default route of {family} leads into {device}, which carries VIPs");
    Some(
        Finding::new(&catalogue::RS_MGR_06, Severity::Warning, message)
            .read([format!("default dev {device} metric {}", route.metric)])
            .words(format!("denyinterfaces {device} in dhcpcd.conf"))
            .command(
                Phase::Rest,
                format!("{} route del default dev {}", family.ip_command(), shell::word(device)),
            ),
    )
}

fn overlay(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let Some(evidence) = seen.managers.overlay.as_ref().filter(|_| subject.mode == Some(Mode::Tun))
    else {
        return;
    };
    let tunl0 = receiver::receiving(Family::Ipv4, subject, seen)
        .any(|device| device.name == "tunl0")
        || subject.vips.iter().any(|vip| seen.places(*vip).any(|have| have.device == "tunl0"));
    let severity = if tunl0 { Severity::Error } else { Severity::Warning };
    let message = "Calico removes foreign addresses from tunl0 and drops IP in IP from other hosts";
    findings.push(
        Finding::new(&catalogue::RS_MGR_03, severity, message)
            .read([evidence.clone()])
            .words("a device of its own and an exception in Calico, or GUE"),
    );
}

fn firewall(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    if subject.mode != Some(Mode::Tun) || !subject.vips.iter().any(IpAddr::is_ipv6) {
        return;
    }
    if let Some(line) = &seen.managers.firewalld_rpfilter {
        findings.push(
            Finding::new(
                &catalogue::RS_RPF_04,
                Severity::Warning,
                "firewalld drops IPv6 that arrives by another interface than the replies leave by, as out of a tunnel",
            )
            .read([line.clone()])
            .words("IPv6_rpfilter=loose in firewalld.conf"),
        );
    }
}
