// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says what is not as set-up left it, what that means for clients, and what the remedy is.

use std::collections::HashMap;
use std::path::Path;

use lvs_host::SysctlKey;
use serde::Serialize;

use crate::facts::Facts;
use crate::journal::Journal;
use crate::mode::Mode;
use crate::plan::{Change, Effect, Step, Target};
use crate::refusal::Refusal;
use crate::shell;
use crate::verify;
use crate::wanted::Wanted;

/// Describes one thing that is not as set-up left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub what: String,
    /// Something that is needed is missing or wrong; else somebody else has changed something that
    /// is enough all the same.
    pub harmful: bool,
    /// What it means for clients and for this host.
    pub means: &'static str,
    /// A command, or what to do in words.
    pub remedy: String,
}

/// Returns what is not as the journal says; empty if all is well. `state_dir` is the folder that a
/// command has to name to find the journal, if it is not the usual one.
#[must_use]
pub fn differences(journal: &Journal, facts: &Facts, state_dir: Option<&Path>) -> Vec<Difference> {
    let wanted = &journal.wanted;
    let again = set_up_again(wanted, state_dir);
    let judge = format!("`{}` judges this host as it is now", here("rs-agent check", state_dir));
    let mut steps = verify::missing(wanted, facts);
    steps.extend(journal.exposed(facts));
    let meaning = |step: &Step| missing_means(&step.action.change, wanted);
    let needed: HashMap<Target<'_>, &str> =
        steps.iter().map(|step| (step.action.change.target(), meaning(step))).collect();
    let foreign = journal.changes.iter().filter_map(|change| {
        let Effect::Foreign(what) = change.effect(facts) else { return None };
        Some(match needed.get(&change.target()) {
            Some(means) => Difference { what, harmful: true, means, remedy: again.clone() },
            None => Difference { what, harmful: false, means: THEIRS, remedy: judge.clone() },
        })
    });
    let refused = verify::refused(wanted, facts).map(|refusal| Difference {
        what: refusal.to_string(),
        harmful: true,
        means: refused_means(&refusal),
        remedy: match refusal {
            Refusal::NotThroughDirector { .. } if !wanted.gateways.is_empty() => again.clone(),
            _ => refusal.hint(),
        },
    });
    let missing = steps.iter().map(|step| Difference {
        what: format!("missing: {}", step.action),
        harmful: true,
        means: meaning(step),
        remedy: again.clone(),
    });
    foreign.chain(refused).chain(missing).collect()
}

/// Returns the command that makes what is missing. All else that was asked for is in the journal.
fn set_up_again(wanted: &Wanted, state_dir: Option<&Path>) -> String {
    let mut command = format!("rs-agent setup --mode {}", wanted.mode);
    let (option, ips) = match wanted.mode {
        Mode::Dr | Mode::Tun => ("--vip", &wanted.vips),
        Mode::Nat if wanted.gateways.is_empty() => ("--director", &wanted.directors),
        Mode::Nat => ("--gateway", &wanted.gateways),
    };
    if let Some(ip) = ips.first() {
        command += &format!(" {option} {ip}");
    }
    here(&command, state_dir)
}

/// Returns that command as it finds this journal.
fn here(command: &str, state_dir: Option<&Path>) -> String {
    match state_dir {
        Some(folder) => format!("{command} --state-dir {}", shell::path(folder)),
        None => command.to_owned(),
    }
}

const THEIRS: &str = "somebody else has made it so since: it is theirs now, and teardown leaves it";
const ANSWERS: &str = "this host answers ARP requests for the VIPs: packets of clients may come \
                       straight here, past the director";
const NAMES: &str = "this host may name a VIP as the sender of its own ARP requests: who hears \
                     that sends packets for the VIP here, past the director";
const PAST: &str = "replies do not pass the director, which alone can put the VIP back as their \
                    source: clients get no answer that they take";
const NOT_LOCAL: &str = "packets for the VIP are not for this host: they are dropped, or sent \
                         back to the director in a loop where this host forwards";
const PACKED: &str = "packets from the director are not taken out of their encapsulation: its \
                      clients are not served";

fn missing_means(change: &Change, wanted: &Wanted) -> &'static str {
    let all = |name| SysctlKey::ipv4("all", name);
    match change {
        Change::Sysctl { key, .. } if *key == all("arp_ignore") => ANSWERS,
        Change::Sysctl { key, .. } if *key == all("arp_announce") => NAMES,
        Change::Sysctl { .. } => {
            "packets that come out of the tunnel may be dropped, as the way back to the client \
             does not lead into it: clients are not served"
        }
        Change::Tunnel(_) | Change::Gue(_) => PACKED,
        Change::Up { device } if wanted.tunnels.iter().any(|it| it.name == *device) => PACKED,
        Change::Up { .. } => "IPv6 addresses on a device that is down are gone",
        Change::Dummy { .. } => "the VIPs have no device to be on: packets for them are not for us",
        Change::Address { .. } => NOT_LOCAL,
        Change::Deprecate { .. } => {
            "this host may use the VIP as the source of what it sends by itself, and the answers \
             go to the director"
        }
        Change::DefaultRoute { .. } => PAST,
    }
}

fn refused_means(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::OnNic { .. } | Refusal::ArpMeaningless { .. } | Refusal::ArpScope { .. } => {
            "an interface answers ARP requests for a VIP, or names it in its own: packets of \
             clients may come straight here, past the director"
        }
        Refusal::ArpSilent { .. } => {
            "this interface answers no ARP request at all, not for the RIP either: nobody reaches \
             this host by it"
        }
        Refusal::NotThroughDirector { .. } => PAST,
        Refusal::Ipv6Off(_) | Refusal::NoIpv6 => {
            "packets for the IPv6 VIPs are dropped: their clients are not served"
        }
        _ => "set-up is not possible on this host as it is now, and repairs nothing until it is",
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::facts::{Address, Link};
    use crate::journal::Store;
    use crate::plan::setup;
    use crate::request::{Request, Typed, texts};

    /// A host with that VIP, set up and as it should be.
    fn set_up(vip: &str) -> (Journal, Facts) {
        let link = |name: &str, arp| Link { name: name.into(), up: true, arp, ..Link::default() };
        let own = Address::new("eth0", [10, 0, 0, 11].into(), 24, "global");
        let mut facts = Facts {
            links: vec![link("lo", false), link("eth0", true)],
            addresses: vec![own].into(),
            ..Facts::default()
        };
        for device in ["all", "lo", "eth0"] {
            for name in ["arp_ignore", "arp_announce"] {
                facts.sysctls.insert(SysctlKey::ipv4(device, name), 0);
            }
            facts.sysctls.insert(SysctlKey::ipv6(device, "disable_ipv6"), 0);
        }
        let vips = texts(&[vip]).to_vec();
        let request = Request::check(Mode::Dr, &Typed { vips: &vips, ..Typed::default() });
        let wanted = Wanted::resolve(&request.unwrap(), None, &facts).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Store::new(folder.path()).unwrap().begin(wanted.clone(), &facts);
        journal.intend(setup::steps(&wanted, &facts).into_iter().map(|it| it.action.change));
        set(&mut facts, "arp_ignore", 1);
        set(&mut facts, "arp_announce", 2);
        let vip: IpAddr = vip.parse().unwrap();
        let (prefix, scope) = if vip.is_ipv4() { (32, "host") } else { (128, "global") };
        let deprecated = vip.is_ipv6();
        facts.addresses.push(Address { deprecated, ..Address::new("lo", vip, prefix, scope) });
        (journal, facts)
    }

    fn set(facts: &mut Facts, name: &str, value: i32) {
        facts.sysctls.insert(SysctlKey::ipv4("all", name), value);
    }

    fn told(journal: &Journal, facts: &Facts) -> Vec<(String, bool, &'static str)> {
        let found = differences(journal, facts, None).into_iter();
        found.map(|it| (it.what, it.harmful, it.means)).collect()
    }

    #[test]
    fn what_is_exposed_says_what_it_means() {
        let (journal, facts) = set_up("192.0.2.10");
        assert_eq!(told(&journal, &facts), []);
        for (name, value, means) in
            [("arp_ignore", 0, ANSWERS), ("arp_announce", 0, NAMES), ("arp_announce", 1, NAMES)]
        {
            let mut facts = facts.clone();
            set(&mut facts, name, value);
            let told = told(&journal, &facts);
            let missing = format!("missing: sysctl -w net.ipv4.conf.all.{name}=");
            let (what, harmful, it) = told.last().unwrap();
            assert!(what.starts_with(&missing) && *harmful && *it == means, "{told:?}");
            // That it is another's now is no comfort.
            assert!(told.iter().all(|(_, harmful, _)| *harmful), "{told:?}");
            let last = differences(&journal, &facts, None).pop().unwrap();
            assert_eq!(last.remedy, "rs-agent setup --mode dr --vip 192.0.2.10");
            let last = differences(&journal, &facts, Some(Path::new("/run/a b"))).pop().unwrap();
            assert!(last.remedy.ends_with(" --state-dir '/run/a b'"), "{last:?}");
        }
        let mut gone = facts.clone();
        gone.addresses.retain(|have| have.device != "lo");
        let what = "missing: ip addr add 192.0.2.10/32 dev lo scope host".to_owned();
        assert_eq!(told(&journal, &gone), [(what, true, NOT_LOCAL)]);
        // On the interface beside it arp_ignore is of no use.
        let mut answered = facts;
        answered.addresses.push(Address::new("eth0", [192, 0, 2, 10].into(), 32, "global"));
        let told = told(&journal, &answered);
        assert!(told[0].0.contains("answers for it") && told[0].1, "{told:?}");
        assert!(told[0].2.contains("past the director"), "{told:?}");
    }

    #[test]
    fn what_is_raised_further_does_no_harm() {
        let (journal, mut facts) = set_up("192.0.2.10");
        set(&mut facts, "arp_ignore", 2);
        let told = told(&journal, &facts);
        let [(what, false, means)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(what, "net.ipv4.conf.all.arp_ignore is 2 now, set-up wrote 1");
        assert!(means.contains("teardown leaves it"));
        for (folder, command) in
            [(None, ""), (Some(Path::new("/run/a b")), " --state-dir '/run/a b'")]
        {
            let remedy = differences(&journal, &facts, folder).pop().unwrap().remedy;
            assert_eq!(remedy, format!("`rs-agent check{command}` judges this host as it is now"));
        }
    }

    #[test]
    fn a_source_that_this_host_may_use_is_exposed() {
        let (journal, mut facts) = set_up("2001:db8::10");
        assert_eq!(told(&journal, &facts), []);
        facts.addresses.retain(|have| have.device != "lo");
        let vip = "2001:db8::10".parse().unwrap();
        facts.addresses.push(Address::new("lo", vip, 128, "global"));
        let told = told(&journal, &facts);
        let [(_, true, means)] = told.as_slice() else { panic!("{told:?}") };
        assert!(means.contains("as the source"), "{means}");
    }
}
