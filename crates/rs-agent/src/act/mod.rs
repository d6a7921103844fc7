// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes changes, in order, and takes them back.

mod failpoint;
pub mod netlink;
pub mod privilege;
pub mod sysctl;
pub mod udev;

use netlink::{Netlink, NetlinkError, Vip};
use sysctl::SysctlError;

use crate::error::Error;
use crate::plan::{Action, Change, Step};

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

/// Performs the steps and hands each one that is or may be done to `done`: what has to be
/// taken back if it all fails.
///
/// # Errors
/// The first failure; the rest is not attempted, but for what was already sent with it:
/// addresses go in batches.
pub fn perform(net: &Netlink, steps: &[Step], mut done: impl FnMut(&Action)) -> Result<(), Error> {
    let actions: Vec<&Action> = steps.iter().map(|step| &step.action).collect();
    failpoint::reached(0)?;
    let mut performed = 0;
    while performed < actions.len() {
        let most = failpoint::next(performed).map_or(usize::MAX, |next| next - performed);
        let (tried, result) = next(net, &actions[performed..], most, &mut done);
        performed += tried;
        result?;
        failpoint::reached(performed)?;
    }
    Ok(())
}

/// Takes actions back, last first. Stops at the first that fails: a VIP that could not
/// be removed must keep the settings that hide it.
///
/// # Errors
/// The action that could not be taken back.
pub fn take_back(net: &Netlink, done: Vec<Action>) -> Result<(), Error> {
    let actions: Vec<Action> = done.into_iter().rev().map(Action::inverse).collect();
    let mut rest: &[&Action] = &actions.iter().collect::<Vec<_>>();
    while !rest.is_empty() {
        let (tried, result) = next(net, rest, usize::MAX, &mut |_| {});
        result?;
        rest = rest.get(tried..).unwrap_or_default();
    }
    Ok(())
}

/// Performs the first of `actions`, or as many as go together: at most `most`. Gives how
/// many were tried, and the first failure.
fn next(
    net: &Netlink,
    actions: &[&Action],
    most: usize,
    done: &mut impl FnMut(&Action),
) -> (usize, Result<(), Error>) {
    let vips: Vec<Vip<'_>> =
        actions.iter().take(most.min(Netlink::BATCH)).map_while(|action| vip(action)).collect();
    if let ([action, ..], true) = (actions, vips.is_empty()) {
        let result = apply(net, action);
        if may_be_done(&result) {
            done(action);
        }
        return (1, result);
    }
    let mut result = Ok(());
    let mut answers = net.change_vips(&vips).into_iter();
    for action in actions.iter().take(vips.len()) {
        // Never taken for done: what is not known to be gone keeps what hides it.
        let answer = answers.next().unwrap_or(Err(NetlinkError::NoAnswer));
        let judged = judge(action, answer);
        if may_be_done(&judged) {
            done(action);
        }
        result = result.and(judged);
    }
    (vips.len(), result)
}

/// The kernel may have done what it was not heard to refuse. To take back what was not done
/// changes nothing.
fn may_be_done(result: &Result<(), Error>) -> bool {
    match result {
        Ok(()) => true,
        Err(Error::Netlink { source, .. }) => !matches!(source, NetlinkError::Kernel(_)),
        Err(_) => false,
    }
}

fn vip(action: &Action) -> Option<Vip<'_>> {
    match &action.change {
        Change::Address { ip, device, scope, label, .. } => {
            let label = label.as_deref();
            Some(Vip { ip: *ip, device, scope: *scope, label, remove: action.undo })
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
        (Change::Address { .. }, _) => {
            let answers = vip(action).map(|vip| net.change_vips(&[vip])).unwrap_or_default();
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
}
