// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeSet;
use std::fs;

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
    let modules = modules();
    if modules.is_empty() {
        return Scheduler::known().map(|scheduler| scheduler.name().to_owned()).collect();
    }
    let is_other = |name: &String| name.starts_with(ENGINE) || name == HELPER;
    let mut found: Vec<_> = modules.into_iter().filter(|name| !is_other(name)).collect();
    found.push(Scheduler::None.name().to_owned());
    found
}

/// Returns its persistence engines.
pub(super) fn engines() -> Vec<String> {
    modules().iter().filter_map(|name| Some(name.strip_prefix(ENGINE)?.to_owned())).collect()
}

/// Returns the names of all modules of IPVS, without what they have in common.
fn modules() -> BTreeSet<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let release = read("/proc/sys/kernel/osrelease");
    let folder = format!("/lib/modules/{}", release.trim());
    let mut found = names(&read("/proc/modules"));
    for list in ["modules.dep", "modules.builtin"] {
        found.append(&mut names(&read(&format!("{folder}/{list}"))));
    }
    found
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
