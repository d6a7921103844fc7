// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges whether all will be so after the next boot. What the journal remembers, and what files do
//! at boot.

use lvs_check::{Finding, Instruction, Phase, Remedy, Severity};
use lvs_host::SysctlKey;
use lvs_host::sysctl_d::{Assignment, winner};

use super::catalogue;
use super::hiding;
use super::receiver;
use super::seen::{Address, Seen};
use super::steps::add;
use super::subject::{Subject, single};
use crate::facts::{Family, host_prefix};
use crate::mode::Mode;
use crate::plan::Change;
use crate::request::Scope;
use crate::shell;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, wrote) in &subject.written {
        if let Some(now) = seen.sysctls.get(key).filter(|now| *now != wrote) {
            let path = key.path();
            let read = path.strip_prefix("/proc/sys").unwrap_or(&path).display().to_string();
            findings.push(
                Finding::new(
                    &catalogue::RS_PER_01,
                    Severity::Warning,
                    format!("{key} is {now}, set-up wrote {wrote}: somebody has changed it since"),
                )
                .read([format!("{read} = {now}")])
                .steps(write(key, *wrote, subject, seen)),
            );
        }
    }
    for (ip, device, scope) in &subject.added {
        let here = |have: &&Address| have.device == *device && have.prefix == host_prefix(*ip);
        findings
            .extend(seen.places(*ip).find(here).and_then(|have| changed(have, *scope, subject)));
    }
    for device in tunnel_devices(subject, seen) {
        findings.extend(recreated(&device, seen));
    }
    findings
}

/// RS-PER-03: a network manager that activates a profile makes a VIP an ordinary address.
fn changed(have: &Address, scope: Scope, subject: &Subject) -> Option<Finding> {
    let Address { ip, device, .. } = have;
    let found = |message| {
        Finding::new(&catalogue::RS_PER_03, Severity::Warning, message).read([format!(
            "{} preferred for {}",
            have.text(),
            lifetime(have.preferred)
        )])
    };
    if ip.is_ipv6() {
        let message = format!("{ip} on {device} is not deprecated any more: somebody changed it");
        let again = Change::Deprecate { ip: *ip, device: device.clone(), tag: None }.make();
        return (have.preferred != 0)
            .then(|| found(message).command(Phase::Add, again.to_string()));
    }
    if have.scope == scope.to_string() {
        return None;
    }
    let message = format!(
        "{ip} on {device} has scope {}, set-up gave it scope {scope}: somebody added it anew",
        have.scope
    );
    // No scope is changed in place; meanwhile the route takes what arrives.
    let route = format!("local {ip} dev lo table local metric 1 proto static");
    let add = add(*ip, device, scope, subject);
    let (single, device) = (single(*ip), shell::word(device));
    let command = format!(
        "ip route add {route} && ip addr del {single} dev {device} && {} && ip route del {route}",
        add.text()
    );
    Some(found(message).steps([Remedy { instruction: Instruction::Command(command), ..add }]))
}

fn lifetime(seconds: u32) -> String {
    if seconds == u32::MAX { "ever".to_owned() } else { format!("{seconds} s") }
}

/// Writes a setting again.
fn write(key: &SysctlKey, value: i32, subject: &Subject, seen: &Seen) -> Vec<Remedy> {
    match key.device() {
        Some(device) if *key == SysctlKey::ipv4(device, "arp_ignore") => {
            hiding::set(subject, seen, &[(device, value)])
        }
        _ => vec![Remedy::command(Phase::Settings, shell::set(key, value))],
    }
}

/// Tunnel devices by which IPv4 comes in.
fn tunnel_devices(subject: &Subject, seen: &Seen) -> Vec<String> {
    if subject.mode != Some(Mode::Tun) || subject.ipv4_vips().next().is_none() {
        return Vec::new();
    }
    receiver::receiving(Family::Ipv4, subject, seen).map(|device| device.name.clone()).collect()
}

/// RS-PER-02: udev applies sysctl.d to an interface that appears.
fn recreated(device: &str, seen: &Seen) -> Option<Finding> {
    let key = SysctlKey::ipv4(device, "rp_filter");
    let line = match winner(&seen.boot, &key) {
        Some(line) if line.explicit() || line.value() == Some(2) => return None,
        Some(line) => line,
        // Nothing names it: it starts as `default` has it.
        None => winner(&seen.boot, &SysctlKey::ipv4("default", "rp_filter"))
            .filter(|line| line.value().is_some_and(|value| value != 2))?,
    };
    let message = format!("rp_filter of {device} will be {} when it is made again", line.text());
    // In a file that `rs-agent install-unit` does not call its own.
    Some(
        Finding::new(&catalogue::RS_PER_02, Severity::Warning, message)
            .read([line.place()])
            .command(
                Phase::Rest,
                format!(
                    "echo '{}' >> /etc/sysctl.d/91-real-server.conf",
                    shell::sysctl_line(&key, 2)
                ),
            ),
    )
}

/// Judges RS-MGR-05: keys that files set otherwise than a real server needs.
pub(super) fn boot_conflicts(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    if subject.ipv4_vips().next().is_none() {
        return Vec::new();
    }
    let all = |name| SysctlKey::ipv4("all", name);
    let mut keys: Vec<(SysctlKey, i32)> = vec![(all("arp_ignore"), 1), (all("arp_announce"), 2)];
    for device in tunnel_devices(subject, seen) {
        keys.push((SysctlKey::ipv4(&device, "rp_filter"), 2));
    }
    let sound = |key: &SysctlKey, value: i32| {
        if *key == all("arp_ignore") { matches!(value, 1..=3) } else { value == 2 }
    };
    let conflict = |(key, ours): (SysctlKey, i32)| {
        let line: &Assignment = winner(&seen.boot, &key).filter(|line| line.explicit())?;
        if line.value().is_none_or(|value| sound(&key, value)) {
            return None;
        }
        let message = format!("{} will set {key} to {} at boot", line.place(), line.text());
        Some(
            Finding::new(&catalogue::RS_MGR_05, Severity::Warning, message)
                .read([line.place()])
                .words(format!(
                    "remove that line, or set {key} = {ours} in a file with a later name"
                )),
        )
    };
    keys.into_iter().filter_map(conflict).collect()
}
