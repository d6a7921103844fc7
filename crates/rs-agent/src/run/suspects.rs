// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who is likely to undo what we do: asked only when somebody does.

use std::path::Path;

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

const FOLDERS: [&str; 4] =
    ["etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d"];

/// Who may have undone it: `askers` (processes seen asking the kernel for changes) first,
/// then programs that run and are known for it, then files that say otherwise.
#[must_use]
pub fn of(change: &Change, askers: &[String]) -> Vec<String> {
    let mut suspects: Vec<String> =
        askers.iter().map(|name| format!("{name} was seen changing the network")).collect();
    let running = running(Path::new("/proc"));
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
        suspects.extend(files(Path::new("/"), &key.to_string(), *to));
    }
    suspects
}

/// The name of a process, if it still runs and is not this one.
#[must_use]
pub fn name_of(process: u32) -> Option<String> {
    if process == std::process::id() {
        return None;
    }
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(format!("{} (process {process})", name.trim()))
}

fn running(proc: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(proc) else {
        return Vec::new();
    };
    let processes = entries.flatten().filter(|entry| {
        entry.file_name().to_string_lossy().starts_with(|c: char| c.is_ascii_digit())
    });
    processes
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .collect()
}

/// Files of sysctl.d(5) with a line for `key` that is not `value`.
fn files(root: &Path, key: &str, value: i32) -> Vec<String> {
    let mut paths = vec![root.join("etc/sysctl.conf")];
    for folder in FOLDERS {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        paths.extend(
            entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "conf")),
        );
    }
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for line in text.lines() {
            let Some((name, other)) = line.split_once('=') else { continue };
            let name = name.trim().trim_start_matches('-');
            let other = other.trim();
            if !name.starts_with(['#', ';']) && matches(name, key) && other != value.to_string() {
                found.push(format!("{} says {name} = {other}", path.display()));
            }
        }
    }
    found
}

/// Whether a name of sysctl.d, which may have `*` for one part and slashes for dots, is that
/// key, written as [`crate::sysctl_key::SysctlKey`] writes it.
fn matches(name: &str, key: &str) -> bool {
    // With a slash as the first separator, dots and slashes change places (sysctl.d(5)).
    let slashes = name.find(['.', '/']).is_some_and(|at| name[at..].starts_with('/'));
    let swapped: String = if slashes {
        let swap = |c| match c {
            '/' => '.',
            '.' => '/',
            c => c,
        };
        name.chars().map(swap).collect()
    } else {
        name.to_owned()
    };
    let (name, key): (Vec<_>, Vec<_>) = (swapped.split('.').collect(), key.split('.').collect());
    name.len() == key.len()
        && name.iter().zip(&key).all(|(part, want)| *part == "*" || part == want)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sysctl_d_are_understood() {
        for (name, key, same) in [
            ("net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.arp_ignore", true),
            ("net/ipv4/conf/all/arp_ignore", "net.ipv4.conf.all.arp_ignore", true),
            ("net.ipv4.conf.*.rp_filter", "net.ipv4.conf.rs-ipip.rp_filter", true),
            ("net/ipv4/conf/eth0.100/x", "net.ipv4.conf.eth0/100.x", true),
            ("net.ipv4.conf.eth0/100.x", "net.ipv4.conf.eth0/100.x", true),
            ("net.ipv4.conf.lo.arp_ignore", "net.ipv4.conf.all.arp_ignore", false),
        ] {
            assert_eq!(matches(name, key), same, "{name}");
        }
    }

    #[test]
    fn files_that_say_otherwise_are_found() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("etc/sysctl.d")).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(root.path().join("etc").join(name), text).unwrap();
        };
        write("sysctl.conf", "# net.ipv4.conf.all.arp_ignore = 0\n");
        write("sysctl.d/50-a.conf", "-net.ipv4.conf.all.arp_ignore=0\nnonsense\n");
        write("sysctl.d/90-b.conf", "net.ipv4.conf.all.arp_ignore = 1\n");
        write("sysctl.d/99.txt", "net.ipv4.conf.all.arp_ignore = 7\n");
        let found = files(root.path(), "net.ipv4.conf.all.arp_ignore", 1);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("50-a.conf says net.ipv4.conf.all.arp_ignore = 0"));
    }

    #[test]
    fn who_runs_is_read_from_proc() {
        assert!(!running(Path::new("/proc")).is_empty());
        assert_eq!(name_of(std::process::id()), None);
        assert!(name_of(1).is_some_and(|name| name.ends_with("(process 1)")));
    }
}
