// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names who is likely to undo what we do: asked only when somebody does.

use std::path::Path;

use lvs_host::SysctlKey;
use lvs_host::processes;
use lvs_host::sysctl_d;

use crate::plan::Change;

/// Programs known to write addresses, links, routes or these settings, by the name in
/// `/proc/PID/comm` (15 bytes), with what they are known to do.
const KNOWN: [(&str, Kinds, &str); 12] = [
    (
        "systemd-network",
        Kinds::Everything,
        "systemd-networkd removes what its .network files do not say",
    ),
    ("NetworkManager", Kinds::Everything, "NetworkManager applies its profiles"),
    ("keepalived", Kinds::Everything, "keepalived with use_vmac writes arp_ignore and rp_filter"),
    ("kube-proxy", Kinds::Everything, "kube-proxy in ipvs mode writes arp_ignore and arp_announce"),
    ("kube-router", Kinds::Everything, "kube-router writes arp_ignore, arp_announce and rp_filter"),
    ("calico-node", Kinds::Everything, "Calico removes foreign addresses from tunl0"),
    ("tuned", Kinds::Settings, "tuned writes the settings of its profile"),
    ("systemd-sysctl", Kinds::Settings, "systemd-sysctl applies sysctl.d"),
    ("sysctl", Kinds::Settings, "somebody runs sysctl"),
    ("dhclient", Kinds::Routes, "dhclient sets the default route at every renewal"),
    ("dhcpcd", Kinds::Routes, "dhcpcd sets the default route at every renewal"),
    ("bird", Kinds::Routes, "BIRD writes routes"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kinds {
    Everything,
    Settings,
    Routes,
}

/// Returns who may have undone it: `askers` (processes seen asking the kernel for changes) first,
/// then programs that run and are known for it, then files that say otherwise.
#[must_use]
pub fn of(change: &Change, askers: &[String]) -> Vec<String> {
    let mut suspects: Vec<String> =
        askers.iter().map(|name| format!("{name} was seen changing the network")).collect();
    let running = processes::names(Path::new("/proc"));
    for (name, kinds, what) in KNOWN {
        let fits = match change {
            Change::Sysctl { .. } => kinds != Kinds::Routes,
            Change::DefaultRoute { .. } => kinds != Kinds::Settings,
            _ => kinds == Kinds::Everything,
        };
        if fits && running.iter().any(|comm| comm == name) {
            suspects.push(what.to_owned());
        }
    }
    if let Change::Sysctl { key, to, .. } = change {
        suspects.extend(file(Path::new("/"), key, *to));
    }
    suspects
}

/// Returns the name of a process, if it still runs and is not this one.
#[must_use]
pub fn name_of(process: u32) -> Option<String> {
    if process == std::process::id() {
        return None;
    }
    let name = processes::name(Path::new(&format!("/proc/{process}")))?;
    Some(format!("{name} (process {process})"))
}

/// The line of sysctl.d that decides about `key`, if it says anything but `value`.
fn file(root: &Path, key: &SysctlKey, value: i32) -> Option<String> {
    let (lines, _) = sysctl_d::read(root);
    let line = sysctl_d::winner(&lines, key).filter(|line| line.value() != Some(value))?;
    Some(format!("{} says {key} = {}", line.place(), line.text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_otherwise_is_found() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let key = SysctlKey::ipv4("rs-ipip", "rp_filter");
        let found = || file(root.path(), &key, 2).unwrap_or_default();
        assert_eq!(found(), "");
        put("usr/lib/sysctl.d/50-default.conf", "\nnet.ipv4.conf.rs-*.rp_filter = 1\n");
        let ends = "50-default.conf:2 says net.ipv4.conf.rs-ipip.rp_filter = 1";
        assert!(found().ends_with(ends), "{}", found());
        // A file that is hidden, and a line that another overrules, are nobody's doing.
        put("etc/sysctl.d/50-default.conf", "# nothing\n");
        assert_eq!(found(), "");
        put("run/sysctl.d/60-a.conf", "net.ipv4.conf.rs-ipip.rp_filter = 1\n");
        assert!(found().contains("60-a.conf:1 says"), "{}", found());
        put("run/sysctl.d/70-b.conf", "net/ipv4/conf/rs-ipip/rp_filter = 2\n");
        assert_eq!(found(), "");
    }

    #[test]
    fn who_runs_is_read_from_proc() {
        assert!(!processes::names(Path::new("/proc")).is_empty());
        assert_eq!(name_of(std::process::id()), None);
        assert!(name_of(1).is_some_and(|name| name.ends_with("(process 1)")));
    }
}
