// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who else sets addresses and settings here?

use std::net::IpAddr;

use super::finding::{Finding, Severity};
use super::persistence::boot_conflicts;
use super::seen::Seen;
use super::subject::{Subject, some};
use super::tunnel;
use crate::mode::Mode;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    if subject.holds_vips() {
        address_managers(subject, seen, &mut findings);
        overlay(subject, seen, &mut findings);
        firewall(subject, seen, &mut findings);
    }
    if let Some(line) = &seen.managers.keepalived_vmac {
        findings.push(
            Finding::new(
                "RS-MGR-04",
                Severity::Info,
                "keepalived changes arp_ignore and rp_filter of interfaces, and restores them when it ends",
            )
            .read([line.clone()])
            .mend("rely on conf/all, as rs-agent does"),
        );
    }
    findings.extend(boot_conflicts(subject, seen));
    findings
}

fn address_managers(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    for device in &seen.devices {
        let name = &device.name;
        let on_it = |vip: &&IpAddr| seen.places(**vip).any(|have| have.device == *name);
        let vips: Vec<IpAddr> = subject.vips.iter().filter(on_it).copied().collect();
        if vips.is_empty() {
            continue;
        }
        if let Some(link) = seen.managers.networkd.get(name) {
            let at_risk: Vec<IpAddr> =
                vips.iter().copied().filter(|vip| !link.declared.contains(vip)).collect();
            if !at_risk.is_empty() && !link.keeps {
                let message = format!(
                    "{} will be removed from {name} when systemd-networkd restarts or reconfigures it",
                    some(&at_risk)
                );
                findings.push(
                    Finding::new("RS-MGR-01", Severity::Warning, message)
                        .read([format!("{name} is configured by {}", link.file)])
                        .mend(format!(
                            "KeepConfiguration=static in {}, or declare the VIP there",
                            link.file
                        )),
                );
            }
        }
        if let Some(uuid) = seen.managers.network_manager.get(name) {
            let message = format!(
                "{} will be removed from {name} when NetworkManager activates its profile again",
                some(&vips)
            );
            findings.push(
                Finding::new("RS-MGR-02", Severity::Warning, message)
                    .read([format!("{name} has NetworkManager's profile {uuid}")])
                    .mend(format!("unmanaged-devices=interface-name:{name} in NetworkManager.conf, or declare the VIP in the profile")),
            );
        }
    }
}

fn overlay(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let Some(evidence) = seen.managers.overlay.as_ref().filter(|_| subject.mode == Some(Mode::Tun))
    else {
        return;
    };
    let tunl0 = tunnel::receiving(false, subject, seen).any(|device| device.name == "tunl0")
        || subject.vips.iter().any(|vip| seen.places(*vip).any(|have| have.device == "tunl0"));
    let severity = if tunl0 { Severity::Error } else { Severity::Warning };
    let message = "Calico removes foreign addresses from tunl0 and drops IP in IP from other hosts";
    findings.push(
        Finding::new("RS-MGR-03", severity, message)
            .read([evidence.clone()])
            .mend("a device of its own and an exception in Calico, or GUE"),
    );
}

fn firewall(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let inner_ipv6 = subject.vips.iter().any(IpAddr::is_ipv6);
    if subject.mode != Some(Mode::Tun) || !inner_ipv6 {
        return;
    }
    if let Some(line) = &seen.managers.firewalld_rpfilter {
        findings.push(
            Finding::new(
                "RS-RPF-04",
                Severity::Warning,
                "firewalld drops IPv6 that arrives by another interface than the replies leave by, as out of a tunnel",
            )
            .read([line.clone()])
            .mend("IPv6_rpfilter=loose in firewalld.conf"),
        );
    }
}
