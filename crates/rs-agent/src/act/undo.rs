// SPDX-License-Identifier: MIT OR Apache-2.0
//! Takes changes back, and lowers nothing that hides a VIP which may still be there.

use std::collections::HashSet;
use std::net::IpAddr;

use lvs_host::netlink::Netlink;

use super::interrupt::Interrupt;
use super::{apply, failpoint, next};
use crate::error::Error;
use crate::plan::{Action, Change, Step};

/// Performs the steps of a teardown and goes on past what fails, for the next one to do. Only
/// what hides VIPs stays while one that should have gone may still be there, or was put back by
/// another program. A signal ends it.
///
/// Gives every failure.
#[must_use]
pub fn perform_all(net: &Netlink, steps: &[Step], interrupt: &Interrupt) -> Vec<Error> {
    let actions: Vec<&Action> = steps.iter().map(|step| &step.action).collect();
    let is_back = || returned(net, &actions);
    let mut has_lowered = false;
    let failures = go_on(&actions, is_back, |performed| {
        failpoint::reached(performed)?;
        if performed < actions.len() {
            interrupt.check()?;
        }
        let rest = actions.get(performed..).unwrap_or_default();
        has_lowered |= rest.first().is_some_and(|action| action.lowers());
        Ok(next(net, rest, failpoint::most(performed)))
    });
    if has_lowered { and_hide_again(net, &actions, failures) } else { failures }
}

/// The first IPv4 address that these actions remove and that is there all the same: another
/// program may put back what it sees go.
fn returned(net: &Netlink, actions: &[&Action]) -> Result<Option<IpAddr>, Error> {
    let removed: HashSet<(IpAddr, &str)> = actions
        .iter()
        .filter(|action| action.undo)
        .filter_map(|action| match &action.change {
            Change::Address { ip, device, .. } if ip.is_ipv4() => Some((*ip, device.as_str())),
            _ => None,
        })
        .collect();
    if removed.is_empty() {
        return Ok(None);
    }
    let there = net.links().and_then(|links| net.addresses(&links));
    let there = there.map_err(|source| Error::Observe { what: "addresses", source })?;
    let back = |have: &&lvs_host::Address| removed.contains(&(have.ip, have.device.as_str()));
    Ok(there.iter().find(back).map(|have| have.ip))
}

/// Adds to the `failures` what is not done because a VIP is back: each once.
fn and_hide_again(net: &Netlink, actions: &[&Action], mut failures: Vec<Error>) -> Vec<Error> {
    let hides = |error: &Error| matches!(error, Error::Hides { .. });
    let kept = hide_again(net, actions);
    // It names all that hides, if it names any.
    if kept.iter().any(hides) {
        failures.retain(|error| !hides(error));
    }
    failures.extend(kept);
    failures
}

/// Raises what these actions lowered if a VIP is back, or may be as nobody can tell, and gives
/// what was not done then.
fn hide_again(net: &Netlink, actions: &[&Action]) -> Vec<Error> {
    let lowered: Vec<&Action> = actions.iter().copied().filter(|action| action.lowers()).collect();
    let kept: Vec<Error> = match returned(net, actions) {
        Ok(None) => return Vec::new(),
        Ok(Some(vip)) => {
            let hides = |action: &&Action| Error::Hides { command: action.to_string(), vip };
            lowered.iter().map(hides).collect()
        }
        Err(error) => vec![error],
    };
    let raised = lowered.into_iter().rev().map(|action| apply(net, &action.clone().inverse()));
    kept.into_iter().chain(raised.filter_map(Result::err)).collect()
}

/// `some` tries the first actions after so many, and gives what came of them: nothing, after
/// the last. `is_back` looks for a VIP before the settings that hide it are lowered: where it
/// cannot tell, they stay.
fn go_on(
    actions: &[&Action],
    mut is_back: impl FnMut() -> Result<Option<IpAddr>, Error>,
    mut some: impl FnMut(usize) -> Result<Vec<Result<(), Error>>, Error>,
) -> Vec<Error> {
    let mut failures = Vec::new();
    let mut left = None;
    let mut performed = 0;
    loop {
        if let Some(action) = actions.get(performed).filter(|action| action.lowers()) {
            let kept = match left.map_or_else(&mut is_back, |vip| Ok(Some(vip))) {
                Ok(vip) => {
                    left = vip;
                    vip.map(|vip| Error::Hides { command: action.to_string(), vip })
                }
                Err(unread) => Some(unread),
            };
            if let Some(kept) = kept {
                failures.push(kept);
                performed += 1;
                continue;
            }
        }
        let results = match some(performed) {
            Ok(results) if results.is_empty() => break,
            Ok(results) => results,
            Err(stop) => {
                failures.push(stop);
                break;
            }
        };
        for result in results {
            if let (Some(Action { change: Change::Address { ip, .. }, .. }), Err(_)) =
                (actions.get(performed), &result)
            {
                left = Some(*ip).filter(IpAddr::is_ipv4).or(left);
            }
            failures.extend(result.err());
            performed += 1;
        }
    }
    failures
}

/// Takes actions back, last first. Stops at the first that fails: a VIP that could not
/// be removed, or that another program put back, must keep the settings that hide it, and gets
/// back those that were lowered before.
///
/// # Errors
/// The action that could not be taken back.
pub fn take_back(net: &Netlink, done: Vec<Action>) -> Result<(), Error> {
    let actions: Vec<Action> = done.into_iter().rev().map(Action::inverse).collect();
    let actions: Vec<&Action> = actions.iter().collect();
    let mut has_lowered = false;
    let result = each_back(net, &actions, &mut has_lowered);
    failpoint::stop();
    let mut failures: Vec<Error> = result.err().into_iter().collect();
    if has_lowered {
        failures = and_hide_again(net, &actions, failures);
    }
    match failures.pop() {
        None => Ok(()),
        Some(only) if failures.is_empty() => Err(only),
        Some(last) => {
            failures.push(last);
            Err(Error::Several(failures))
        }
    }
}

/// Performs these actions until one fails, and notes whether any lowered what hides VIPs.
fn each_back(net: &Netlink, actions: &[&Action], has_lowered: &mut bool) -> Result<(), Error> {
    let mut rest = actions;
    while let Some(first) = rest.first() {
        failpoint::stop();
        if first.lowers() {
            if let Some(vip) = returned(net, actions)? {
                return Err(Error::Hides { command: first.to_string(), vip });
            }
            *has_lowered = true;
        }
        // The numbers of failpoints are those of actions performed: none is meant here.
        let results = next(net, rest, failpoint::most(usize::MAX));
        rest = rest.get(results.len()..).unwrap_or_default();
        results.into_iter().collect::<Result<(), Error>>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use lvs_host::SysctlKey;
    use lvs_host::netlink::NetlinkError;
    use nix::errno::Errno;

    use super::*;
    use crate::request::Scope;

    fn vip(ip: &str, device: &str) -> Change {
        let (ip, device) = (ip.parse().unwrap(), device.to_owned());
        Change::Address { ip, device, tag: None, scope: Scope::Host, label: None }
    }

    #[test]
    fn a_teardown_goes_on_but_uncovers_no_vip_that_stays() {
        let hides = |name| {
            let key = SysctlKey::ipv4("all", name);
            Change::Sysctl { key, from: Some(0), to: 1 }
        };
        let device = || "vips".to_owned();
        let actions = [
            vip("2001:db8::10", "lo"),
            vip("192.0.2.10", "lo"),
            hides("arp_announce"),
            hides("arp_ignore"),
            Change::Dummy { device: device() },
        ]
        .map(Change::undo);
        let actions: Vec<&Action> = actions.iter().collect();
        let refused = || Error::Netlink {
            command: String::new(),
            source: NetlinkError::Kernel(Errno::EPERM),
        };
        // Which of them fails; which are tried; how many failures that makes.
        for (failing, tried, failures) in [
            (5, vec![0, 1, 2, 3, 4], 0),
            (0, vec![0, 1, 2, 3, 4], 1),
            (1, vec![0, 1, 4], 3),
            (2, vec![0, 1, 2, 3, 4], 1),
            (4, vec![0, 1, 2, 3, 4], 1),
        ] {
            let mut seen = Vec::new();
            let failed = go_on(
                &actions,
                || Ok(None),
                |at| {
                    if at == actions.len() {
                        return Ok(Vec::new());
                    }
                    seen.push(at);
                    Ok(vec![if at == failing { Err(refused()) } else { Ok(()) }])
                },
            );
            assert_eq!((seen, failed.len()), (tried, failures), "{failing}: {failed:?}");
        }
        // The end of the run is the end of it.
        let failed = go_on(&actions, || Ok(None), |at| Err(Error::Failpoint(at)));
        assert!(matches!(failed[..], [Error::Failpoint(0)]), "{failed:?}");
        // One that somebody put back meanwhile is as one that stayed.
        let mut seen = Vec::new();
        let back = || Ok("192.0.2.10".parse().ok());
        let failed = go_on(&actions, back, |at| {
            seen.push(at);
            Ok(if at == actions.len() { Vec::new() } else { vec![Ok(())] })
        });
        assert!(matches!(failed[..], [Error::Hides { .. }, Error::Hides { .. }]), "{failed:?}");
        assert_eq!(seen, [0, 1, 4, 5]);
        // So is one of which nobody can tell.
        let mut seen = Vec::new();
        let failed = go_on(
            &actions,
            || Err(refused()),
            |at| {
                seen.push(at);
                Ok(if at == actions.len() { Vec::new() } else { vec![Ok(())] })
            },
        );
        assert!(matches!(failed[..], [Error::Netlink { .. }, Error::Netlink { .. }]), "{failed:?}");
        assert_eq!(seen, [0, 1, 4, 5]);
    }
}
