// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes changes, in order; [`undo`] takes them back.

mod failpoint;
pub mod interrupt;
pub mod undo;

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
}
