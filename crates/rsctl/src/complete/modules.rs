// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ipvs_netlink::Scheduler;

/// What a module of IPVS is called before its own name.
const PREFIX: &str = "ip_vs_";
/// What the module of a persistence engine is called between the two.
const ENGINE: &str = "pe_";
/// No scheduler: it speaks FTP.
const HELPER: &str = "ftp";

/// Returns the schedulers that this kernel has: loaded, built in, or as modules. Where that cannot
/// be told, all that are known.
pub(super) fn schedulers() -> Vec<String> {
    let (modules, is_all) = modules(Path::new("/"));
    offered(modules, is_all)
}

fn offered(modules: BTreeSet<String>, is_all: bool) -> Vec<String> {
    let is_other = |name: &String| name.starts_with(ENGINE) || name == HELPER;
    let mut found: BTreeSet<_> = modules.into_iter().filter(|name| !is_other(name)).collect();
    found.insert(Scheduler::None.name().to_owned());
    if !is_all {
        found.extend(Scheduler::known().map(|scheduler| scheduler.name().to_owned()));
    }
    found.into_iter().collect()
}

/// Returns its persistence engines.
pub(super) fn engines() -> Vec<String> {
    let (modules, _) = modules(Path::new("/"));
    modules.iter().filter_map(|name| Some(name.strip_prefix(ENGINE)?.to_owned())).collect()
}

/// Returns the names of all modules of IPVS, without what they have in common; and whether it
/// knows more than those that are loaded. A container often has no folder of modules.
fn modules(root: &Path) -> (BTreeSet<String>, bool) {
    let read = |path: &str| fs::read_to_string(root.join(path)).ok();
    let release = read("proc/sys/kernel/osrelease").unwrap_or_default();
    let folder = format!("lib/modules/{}", release.trim());
    let mut found = names(&read("proc/modules").unwrap_or_default());
    let mut is_all = false;
    for list in ["modules.dep", "modules.builtin"] {
        if let Some(text) = read(&format!("{folder}/{list}")) {
            is_all = true;
            found.append(&mut names(&text));
        }
    }
    (found, is_all)
}

/// Reads lines that begin with the name of a module, or with the path of its file.
fn names(text: &str) -> BTreeSet<String> {
    let name = |line: &str| {
        let first = line.split([':', ' ']).next()?;
        let file = first.rsplit('/').next()?;
        let name = file.split('.').next()?.strip_prefix(PREFIX)?;
        Some(name.to_owned())
    };
    text.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_folder_of_modules_all_that_are_known_are_offered() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("proc/sys/kernel/osrelease", "7.2.0\n");
        write("proc/modules", "ip_vs_rr 1 1 - Live 0x0\nip_vs_own 1 1 - Live 0x0\n");
        let schedulers = || {
            let (modules, is_all) = modules(root.path());
            offered(modules, is_all)
        };
        let all = schedulers();
        for name in ["none", "own", "rr", "wlc"] {
            assert!(all.iter().any(|it| it == name), "{name} is not offered: {all:?}");
        }
        write("lib/modules/7.2.0/modules.dep", "kernel/ip_vs_sh.ko:\n");
        assert_eq!(schedulers(), ["none", "own", "rr", "sh"]);
    }

    #[test]
    fn modules_are_told_in_three_forms() {
        let names = names(
            "ip_vs_rr 16384 1 - Live 0x0000000000000000\n\
             ip_vs 237568 4 ip_vs_rr, Live 0x0000000000000000\n\
             kernel/net/netfilter/ipvs/ip_vs_pe_sip.ko.xz: kernel/net/netfilter/ipvs/ip_vs.ko.xz\n\
             kernel/net/netfilter/ipvs/ip_vs_sh.ko\n\
             kernel/lib/crc.ko: ip_vs_wlc.ko\n",
        );
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["pe_sip", "rr", "sh"]);
    }
}
