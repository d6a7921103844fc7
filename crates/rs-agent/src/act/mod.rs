// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes changes, in order, and takes them back.

mod failpoint;
pub mod netlink;
pub mod privilege;
pub mod sysctl;

use netlink::Netlink;
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

/// Performs the steps and hands each one done to `done`.
///
/// # Errors
/// The first failure; the rest is not attempted.
pub fn perform(net: &Netlink, steps: &[Step], mut done: impl FnMut(&Action)) -> Result<(), Error> {
    failpoint::reached(0)?;
    for (count, step) in (1..).zip(steps) {
        apply(net, &step.action)?;
        done(&step.action);
        failpoint::reached(count)?;
    }
    Ok(())
}

/// Takes actions back, last first. Stops at the first that fails: a VIP that could not
/// be removed must keep the settings that hide it.
///
/// # Errors
/// The action that could not be taken back.
pub fn take_back(net: &Netlink, done: Vec<Action>) -> Result<(), Error> {
    done.into_iter().rev().try_for_each(|action| apply(net, &action.inverse()))
}

fn apply(net: &Netlink, action: &Action) -> Result<(), Error> {
    let failed = |source| Error::Netlink { command: action.to_string(), source };
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
        (Change::Up { device }, undo) => net.set_up(device, !undo),
        (Change::Address { ip, device, .. }, false) => net.add_vip(*ip, device),
        (Change::Address { ip, device, .. }, true) => net.delete_vip(*ip, device),
        (Change::DefaultRoute { gateway, metric, .. }, false) => {
            net.set_default_route(*gateway, *metric)
        }
        (Change::DefaultRoute { from: Some(from), .. }, true) => net.restore_route(from),
        (Change::DefaultRoute { gateway, metric, from: None }, true) => {
            net.delete_default_route(*gateway, *metric)
        }
    };
    match result {
        // Undone already, by an earlier run that was interrupted or by somebody else.
        Err(error) if action.undo && error.is_absent() => Ok(()),
        result => result.map_err(failed),
    }
}
