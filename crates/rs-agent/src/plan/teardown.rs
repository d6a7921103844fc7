// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides what goes away, in which order, and what is left because it is not ours.

use std::collections::HashSet;
use std::net::IpAddr;

use super::change::{Change, Effect, Step};
use crate::facts::{Address, Facts};
use crate::wanted::Wanted;

/// Says how to take down what the rest does not need.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Teardown {
    /// The steps.
    pub steps: Vec<Step>,
    /// Changes that the rest still needs: the new journal.
    pub kept: Vec<Change>,
    /// What is not touched, and why.
    pub notes: Vec<String>,
}

/// Plans the way back. `rest` is what stays set up; `None` takes down everything.
/// `found` was there before the first set-up, hidden or not.
#[must_use]
pub fn plan(
    changes: &[Change],
    rest: Option<&Wanted>,
    found: &[IpAddr],
    facts: &Facts,
) -> Teardown {
    let vips: HashSet<IpAddr> = rest.iter().flat_map(|rest| &rest.vips).copied().collect();
    let (kept, mut going): (Vec<Change>, Vec<Change>) = changes
        .iter()
        .cloned()
        .partition(|change| rest.is_some_and(|rest| needs(rest, &vips, change)));
    going.sort_by_key(Change::rank);
    // Also those that somebody else has made anew: what was ours went with ours.
    let made: HashSet<String> =
        going.iter().filter_map(Change::made_device).map(str::to_owned).collect();
    let there = || going.iter().filter(|change| change.effect(facts) == Effect::There);
    let doomed: HashSet<String> =
        there().filter_map(Change::made_device).map(str::to_owned).collect();
    let removed: HashSet<(IpAddr, &str)> = there().filter_map(address).collect();
    let known: HashSet<IpAddr> =
        changes.iter().filter_map(address).map(|(ip, _)| ip).chain(found.iter().copied()).collect();
    let found: HashSet<&IpAddr> = found.iter().collect();
    let staying: Vec<&Address> = facts
        .hidden_addresses(&known)
        .filter(|have| !doomed.contains(&have.device))
        .filter(|have| !removed.contains(&(have.ip, &have.device)))
        .collect();

    let mut plan = Teardown { kept, ..Teardown::default() };
    for change in going.into_iter().rev() {
        // Settings and state of a device go with it. Addresses do too, but are taken
        // away first and by name, so that no setting is restored before its VIP is gone.
        let goes_with_device = match &change {
            Change::Sysctl { from: None, .. } => true,
            Change::Sysctl { key, .. } => key.device().is_some_and(|d| made.contains(d)),
            Change::Up { device } => made.contains(device),
            _ => false,
        };
        match change.effect(facts) {
            _ if goes_with_device => {}
            Effect::There if change.hides_vips() => {
                // Somebody's VIP that came after ours would be answered for at once.
                match staying.iter().find(|have| !found.contains(&have.ip)) {
                    Some(have) => plan.notes.push(format!(
                        "{} on {} is not ours and stays; so does what hides it, instead of `{}`",
                        have.ip,
                        have.device,
                        change.undo()
                    )),
                    None => {
                        plan.notes.extend(staying.iter().map(|have| {
                            let (ip, device) = (have.ip, &have.device);
                            format!(
                                "{ip} on {device} was there before: nothing of ours hides it now"
                            )
                        }));
                        plan.steps.push(Step { reason: reason(&change), action: change.undo() });
                    }
                }
            }
            Effect::There => {
                plan.steps.push(Step { reason: reason(&change), action: change.undo() })
            }
            Effect::Gone => {}
            Effect::Foreign(what) => plan.notes.push(format!("{what}: left as it is")),
        }
    }
    // Both settings have the same story to tell of an address.
    let mut told = HashSet::new();
    plan.notes.retain(|note| told.insert(note.clone()));
    plan
}

/// The address that undoing the change removes.
fn address(change: &Change) -> Option<(IpAddr, &str)> {
    match change {
        Change::Address { ip, device, .. } => Some((*ip, device)),
        _ => None,
    }
}

fn needs(rest: &Wanted, vips: &HashSet<IpAddr>, change: &Change) -> bool {
    let uses = |device: &str| {
        rest.tunnels.iter().any(|tunnel| tunnel.name == device)
            || (rest.create_carrier && rest.carrier == device)
    };
    match change {
        Change::Tunnel(tunnel) => uses(&tunnel.name),
        Change::Dummy { device } => uses(device),
        Change::Gue(at) => rest.listeners().contains(at),
        Change::Up { device } => uses(device),
        Change::Sysctl { key, .. } => match key.device() {
            Some("all") => rest.vips.iter().any(IpAddr::is_ipv4),
            Some(device) => uses(device),
            None => false,
        },
        Change::Address { ip, .. } | Change::Deprecate { ip, .. } => vips.contains(ip),
        Change::DefaultRoute { .. } => true,
    }
}

fn reason(change: &Change) -> &'static str {
    match change {
        Change::Tunnel(_) | Change::Dummy { .. } | Change::Gue(_) => "set-up made it",
        Change::Sysctl { .. } => "the value from before, now that no VIP needs ours",
        Change::Up { .. } => "it was down before",
        Change::Address { .. } | Change::Deprecate { .. } => {
            "stop accepting packets for the VIP, before anything else"
        }
        Change::DefaultRoute { from: Some(_), .. } => "the default route from before",
        Change::DefaultRoute { from: None, .. } => "there was none like it before",
    }
}
