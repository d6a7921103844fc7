// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes changes, in order, and takes them back.

mod failpoint;
pub mod interrupt;

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use interrupt::Interrupt;
use lvs_host::netlink::{AddressChange, How, Netlink, NetlinkError};
use lvs_host::sysctl::{self, SysctlError};
use lvs_host::udev;

use crate::error::Error;
use crate::plan::{ADDRESS_TAG, Action, Change, Step};

/// The kernel makes the route of a new IPv6 address within a millisecond, or when a busy host
/// comes to it.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Checks, without changing anything, that the settings can be written.
///
/// # Errors
/// [`Error::Sysctl`] naming the first that cannot.
pub fn preflight(steps: &[Step]) -> Result<(), Error> {
    for step in steps {
        // A key without an earlier value belongs to a device that does not exist yet.
        if let Change::Sysctl { key, from: Some(_), .. } = &step.action.change {
            sysctl::check_writable(key)?;
        }
    }
    Ok(())
}

/// Performs the steps and hands each one tried, in their order, to `tell`, with what came of
/// it. Once the last device is made, waits until udev is done with them; and at the end, until
/// packets for new VIPs are for this host.
///
/// # Errors
/// The first failure, also [`Error::Interrupted`]; the rest is not attempted, but for what was
/// already sent with it: addresses go in batches.
pub fn perform(
    net: &Netlink,
    steps: &[Step],
    interrupt: &Interrupt,
    mut tell: impl FnMut(&Action, &Result<(), Error>),
) -> Result<(), Error> {
    let actions: Vec<&Action> = steps.iter().map(|step| &step.action).collect();
    let made = actions.iter().rposition(|action| made_device(action).is_some());
    failpoint::reached(0)?;
    let mut performed = 0;
    while performed < actions.len() {
        interrupt.check()?;
        let results = next(net, &actions[performed..], failpoint::most(performed));
        let mut all = Ok(());
        for result in results {
            tell(actions[performed], &result);
            all = all.and(result);
            performed += 1;
        }
        all?;
        if made.is_some_and(|made| made + 1 == performed) {
            let made = actions[..performed].iter().filter_map(|action| made_device(action));
            udev::settle(&made.collect::<Vec<_>>());
        }
        failpoint::reached(performed)?;
    }
    let vips = actions.iter().filter_map(|action| vip(action));
    let is_new = |vip: &AddressChange<'_>| matches!(vip.how, How::Add { .. });
    local(net, vips.filter(is_new).map(|vip| vip.ip).filter(IpAddr::is_ipv6).collect())
}

/// Waits until packets for these new IPv6 addresses are for this host. The kernel makes the
/// route that says so from a queue of its own, after it has said that the address is there
/// (`addrconf_dad_work` in net/ipv6/addrconf.c): until then it would drop or send on what
/// comes for it.
fn local(net: &Netlink, mut missing: HashSet<IpAddr>) -> Result<(), Error> {
    let end = Instant::now() + PATIENCE;
    let mut pause = PAUSE;
    while !missing.is_empty() {
        let routes = net.own_ipv6_addresses();
        for ip in routes.map_err(|source| Error::Observe { what: "routes", source })? {
            missing.remove(&ip);
        }
        if let Some(ip) = missing.iter().min().filter(|_| Instant::now() >= end) {
            let more = missing.len();
            return Err(Error::NotAsWanted(vec![format!(
                "{ip} is on its device and the kernel has made no route to it in {} s ({more} in \
                 all)",
                PATIENCE.as_secs()
            )]));
        }
        if !missing.is_empty() {
            // Asked again, never taken for done; and the kernel's queue gets the processor.
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
    Ok(())
}

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

fn made_device(action: &Action) -> Option<&str> {
    action.change.made_device().filter(|_| !action.undo)
}

/// Performs the first of `actions`, or as many as go together: at most `most`. Gives what
/// came of each one tried.
fn next(net: &Netlink, actions: &[&Action], most: usize) -> Vec<Result<(), Error>> {
    let vips: Vec<AddressChange<'_>> =
        actions.iter().take(most.min(Netlink::BATCH)).map_while(|action| vip(action)).collect();
    if vips.is_empty() {
        return actions.iter().take(1).map(|action| apply(net, action)).collect();
    }
    let mut answers = net.change_addresses(&vips).into_iter();
    // No answer is never taken for done: what is not known to be gone keeps what hides it.
    let mut answer = || answers.next().unwrap_or(Err(NetlinkError::NoAnswer));
    actions.iter().take(vips.len()).map(|action| judge(action, answer())).collect()
}

/// Says whether the change may be done: the kernel may have done what it was not heard to refuse.
/// To take back what was not done changes nothing.
#[must_use]
pub fn may_be_done(result: &Result<(), Error>) -> bool {
    match result {
        Ok(()) => true,
        Err(Error::Netlink { source, .. }) => !matches!(source, NetlinkError::Kernel(_)),
        Err(_) => false,
    }
}

fn vip(action: &Action) -> Option<AddressChange<'_>> {
    match &action.change {
        Change::Address { ip, device, scope, label, .. } => {
            let label = label.as_deref();
            let add = How::Add { tag: Some(ADDRESS_TAG) };
            let how = if action.undo { How::Remove } else { add };
            Some(AddressChange { ip: *ip, device, scope: (*scope).into(), label, how })
        }
        Change::Deprecate { ip, device, tag } if !action.undo => {
            let how = How::Deprecate { tag: *tag };
            let scope = lvs_host::Scope::default();
            Some(AddressChange { ip: *ip, device, scope, label: None, how })
        }
        _ => None,
    }
}

fn judge(action: &Action, answer: Result<(), NetlinkError>) -> Result<(), Error> {
    match answer {
        // Undone already, by an earlier run that was interrupted or by somebody else.
        Err(error) if action.undo && error.is_absent() => Ok(()),
        result => result.map_err(|source| Error::Netlink { command: action.to_string(), source }),
    }
}

fn apply(net: &Netlink, action: &Action) -> Result<(), Error> {
    let result = match (&action.change, action.undo) {
        (Change::Sysctl { key, from, to }, false) => {
            let written = sysctl::write(key, *to);
            if let (Err(SysctlError::NotKept { .. }), Some(from)) = (&written, from) {
                // Half done is not done: the caller does not take this action back.
                sysctl::write(key, *from)?;
            }
            return Ok(written?);
        }
        (Change::Sysctl { key, from: Some(from), .. }, true) => {
            return Ok(sysctl::write(key, *from)?);
        }
        (Change::Sysctl { from: None, .. }, true) => return Ok(()),
        (Change::Tunnel(tunnel), false) => net.add_tunnel(tunnel),
        (Change::Tunnel(tunnel), true) => net.delete_link(&tunnel.name),
        (Change::Dummy { device }, false) => net.add_dummy(device),
        (Change::Dummy { device }, true) => net.delete_link(device),
        (Change::Gue(at), false) => net.add_port(*at),
        (Change::Gue(at), true) => net.delete_port(*at),
        (Change::Up { device }, undo) => net.set_up(device, !undo),
        (Change::Deprecate { .. }, true) => return Ok(()),
        (Change::Address { .. } | Change::Deprecate { .. }, _) => {
            let answers = vip(action).map(|vip| net.change_addresses(&[vip])).unwrap_or_default();
            answers.into_iter().next().unwrap_or(Err(NetlinkError::NoAnswer))
        }
        (Change::DefaultRoute { gateway, metric, .. }, false) => {
            net.set_default_route(*gateway, *metric)
        }
        (Change::DefaultRoute { from: Some(from), .. }, true) => net.restore_route(from),
        (Change::DefaultRoute { gateway, metric, from: None }, true) => {
            net.delete_default_route(*gateway, *metric)
        }
    };
    judge(action, result)
}

#[cfg(test)]
mod tests {
    use std::io;

    use lvs_host::SysctlKey;
    use nix::errno::Errno;

    use super::*;
    use crate::request::Scope;

    #[test]
    fn what_was_not_heard_of_may_be_done_and_what_was_refused_is_not() {
        let failed = |source| Err(Error::Netlink { command: String::new(), source });
        let lost = io::Error::from_raw_os_error(libc::ENOBUFS);
        for (result, may_be) in [
            (Ok(()), true),
            (failed(NetlinkError::NoAnswer), true),
            (failed(NetlinkError::Socket(lost)), true),
            (failed(NetlinkError::Unexpected("half an answer".into())), true),
            (failed(NetlinkError::Kernel(Errno::EEXIST)), false),
            (Err(Error::Failpoint(1)), false),
        ] {
            assert_eq!(may_be_done(&result), may_be, "{result:?}");
        }
    }

    fn vip(ip: &str, device: &str) -> Change {
        let (ip, device) = (ip.parse().unwrap(), device.to_owned());
        Change::Address { ip, device, tag: None, scope: Scope::Host, label: None }
    }

    /// On devices that are not there, so that nothing is sent.
    #[test]
    fn what_is_told_of_an_action_is_its_own_and_not_that_of_another() {
        let made = vip("192.0.2.254", "no-such").make();
        let gone = vip("192.0.2.254", "no-such").undo();
        let actions = [made.clone(), gone.clone(), made.clone(), gone.clone()];
        let steps = actions.clone().map(|action| Step { action, reason: "" });
        let mut told = Vec::new();
        let result =
            perform(&Netlink::connect().unwrap(), &steps, &Interrupt::never(), |action, result| {
                told.push((action.clone(), result.is_ok()));
            });
        assert!(matches!(result, Err(Error::Netlink { .. })), "{result:?}");
        assert_eq!(
            told,
            [(made.clone(), false), (gone.clone(), true), (made, false), (gone, true)]
        );
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
