// SPDX-License-Identifier: MIT OR Apache-2.0
//! Remembers what this host was like before. Written before the first change, so that a run that
//! dies at any moment leaves what the next one needs to complete it or to undo it.
//!
//! The journal says what was *intended*; what was *done* is seen on the host
//! ([`Change::effect`]), so no step needs a second write. [`Store`] keeps it.

mod known;
mod store;

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use lvs_host::netns::Identity;
use serde::{Deserialize, Serialize};

pub use self::known::without_journal;
pub use self::store::{Found, Store};
use crate::facts::Facts;
use crate::plan::{Change, Effect, Step, Target};
use crate::wanted::Wanted;

/// Format 1 knew neither encapsulations, ports and dummies nor scopes and labels, and is read as
/// one that has none of them; format 2 knew one gateway at most, and RIPs only as ends of
/// devices.
const FORMAT: u32 = 3;

/// Holds the content of a journal file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    format: u32,
    identity: Identity,
    /// When this host was first set up, RFC 3339, UTC.
    pub since: String,
    /// VIP-like addresses that were there before the first set-up: what happens to
    /// them is not our doing.
    #[serde(default)]
    pub found: Vec<IpAddr>,
    /// What was asked for.
    pub wanted: Wanted,
    /// What was or was about to be changed for it, in the order of doing.
    pub changes: Vec<Change>,
}

impl Journal {
    /// Understands the text of a file, of every format there was.
    fn parse(text: &str, format: u32) -> serde_json::Result<Self> {
        let mut journal: Self = serde_json::from_str(text)?;
        if format < 3 {
            let named = journal.wanted.tunnels.iter().filter_map(|tunnel| tunnel.local);
            let rips: BTreeSet<IpAddr> = named.collect();
            journal.wanted.rips = rips.into_iter().collect();
        }
        journal.format = FORMAT;
        Ok(journal)
    }

    /// Adds changes about to be made. For a target that is known the first record stays,
    /// as it holds the value from before any set-up.
    pub fn intend(&mut self, changes: impl IntoIterator<Item = Change>) {
        let mut new: Vec<Change> = changes.into_iter().collect();
        let known: HashSet<Target<'_>> = self.changes.iter().map(Change::target).collect();
        new.retain(|change| !known.contains(&change.target()));
        self.changes.append(&mut new);
    }

    /// Forgets that a device is ours, with what would go away with it.
    pub fn disown(&mut self, name: &str) {
        self.changes.retain(|change| match change {
            Change::Sysctl { key, from: None, .. } => key.device() != Some(name),
            Change::Up { device } => device != name,
            change => change.made_device() != Some(name),
        });
    }

    /// Returns whether any VIP or route is there because of us: what only `teardown` takes away
    /// altogether.
    #[must_use]
    pub fn in_effect(&self, facts: &Facts) -> bool {
        self.changes.iter().any(|change| {
            matches!(change, Change::Address { .. } | Change::DefaultRoute { .. })
                && change.effect(facts) == Effect::There
        })
    }

    /// Notes the tags that addresses are seen to carry, where the kernel keeps them. Returns
    /// whether that is anything new.
    pub fn confirm_tags(&mut self, facts: &Facts) -> bool {
        let mut is_new = false;
        for change in &mut self.changes {
            if change.effect(facts) != Effect::There {
                continue;
            }
            if let Change::Address { ip, device, tag, .. } = change {
                let seen = facts.vip_on(*ip, device).and_then(|have| have.tag);
                let ours = seen.filter(|seen| *seen == crate::plan::ADDRESS_TAG);
                is_new |= ours != *tag;
                *tag = ours;
            }
        }
        is_new
    }

    /// Returns the steps for IPv6 VIPs that set-up added and that are not deprecated any more:
    /// this host may use them as a source. They are changed in place. A change by a program that
    /// gives no `IFA_PROTO` takes ours off the address: it comes back with the repair, or a
    /// teardown would take the VIP for somebody else's. One that gives its own keeps it.
    #[must_use]
    pub fn exposed(&self, facts: &Facts) -> Vec<Step> {
        let wanted: HashSet<&IpAddr> = self.wanted.vips.iter().collect();
        let change = |change: &Change| match change {
            Change::Address { ip, device, tag, .. } if ip.is_ipv6() && wanted.contains(ip) => {
                let have = facts.vip_on(*ip, device).filter(|have| !have.deprecated)?;
                Some(Change::Deprecate { ip: *ip, device: device.clone(), tag: have.tag.or(*tag) })
            }
            _ => None,
        };
        let reason = "this host must not use the VIP as a source of its own";
        let changes = self.changes.iter().filter_map(change);
        changes.map(|change| Step { action: change.make(), reason }).collect()
    }

    /// Returns the addresses that are on their devices because of us.
    #[must_use]
    pub fn owned(&self, facts: &Facts) -> HashSet<(IpAddr, &str)> {
        let there = self.changes.iter().filter(|change| change.effect(facts) == Effect::There);
        let addresses = there.filter_map(|change| match change {
            Change::Address { ip, device, .. } => Some((*ip, device.as_str())),
            _ => None,
        });
        addresses.collect()
    }
}

#[cfg(test)]
mod tests;
