// SPDX-License-Identifier: MIT OR Apache-2.0
//! Will it be so tomorrow? What the journal remembers, and what files do at boot.

use super::finding::{Finding, Severity};
use super::hiding;
use super::remedy::{Phase, Remedy};
use super::seen::Seen;
use super::subject::Subject;
use super::sysctl_files::{Assignment, winner};
use super::tunnel;
use crate::mode::Mode;
use crate::sysctl_key::SysctlKey;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, wrote) in &subject.written {
        if let Some(now) = seen.sysctls.get(key).filter(|now| *now != wrote) {
            let path = key.path();
            let read = path.strip_prefix("/proc/sys").unwrap_or(&path).display().to_string();
            findings.push(
                Finding::new(
                    "RS-PER-01",
                    Severity::Warning,
                    format!("{key} is {now}, set-up wrote {wrote}: somebody has changed it since"),
                )
                .read([format!("{read} = {now}")])
                .steps(write(key, *wrote, subject, seen)),
            );
        }
    }
    for device in tunnel_devices(subject, seen) {
        findings.extend(recreated(&device, seen));
    }
    findings
}

/// Writes a setting again.
fn write(key: &SysctlKey, value: i32, subject: &Subject, seen: &Seen) -> Vec<Remedy> {
    match key.device() {
        Some(device) if *key == SysctlKey::ipv4(device, "arp_ignore") => {
            hiding::set(subject, seen, &[(device, value)])
        }
        _ => vec![Remedy::run(Phase::Settings, format!("sysctl -w {key}={value}"))],
    }
}

/// Tunnel devices by which IPv4 comes in.
fn tunnel_devices(subject: &Subject, seen: &Seen) -> Vec<String> {
    if subject.mode != Some(Mode::Tun) || subject.ipv4_vips().next().is_none() {
        return Vec::new();
    }
    tunnel::receiving(false, subject, seen).map(|device| device.name.clone()).collect()
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
        Finding::new("RS-PER-02", Severity::Warning, message)
            .read([line.place()])
            .run(Phase::Rest, format!("echo '{key} = 2' >> /etc/sysctl.d/91-real-server.conf")),
    )
}

/// RS-MGR-05: keys that files set otherwise than a real server needs.
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
    let conflict =
        |(key, ours): (SysctlKey, i32)| {
            let line: &Assignment = winner(&seen.boot, &key).filter(|line| line.explicit())?;
            if line.value().is_none_or(|value| sound(&key, value)) {
                return None;
            }
            let message = format!("{} will set {key} to {} at boot", line.place(), line.text());
            Some(Finding::new("RS-MGR-05", Severity::Warning, message).read([line.place()]).mend(
                format!("remove that line, or set {key} = {ours} in a file with a later name"),
            ))
        };
    keys.into_iter().filter_map(conflict).collect()
}
