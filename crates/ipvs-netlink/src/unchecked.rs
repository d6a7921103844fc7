// SPDX-License-Identifier: MIT OR Apache-2.0

//! Past the checks: for front-ends that promise another tool's behaviour.
//!
//! `rsctl ipvsadm` answers as `ipvsadm` does, also where the kernel takes what
//! makes no sense. Everything else is better served by [`Client::apply`] and
//! the constructors of [`model`](crate::model), which say what is wrong.
//!
//! What the kernel does with such values is in the documentation of each
//! variant of [`Invalid`](crate::Invalid).

use crate::client::{BatchReport, Client};
use crate::error::Error;
use crate::model::{
    Change, EngineName, InterfaceName, PersistenceTimeout, Scheduler, SetTimeouts, SyncDaemon,
    Thresholds, Timeouts,
};
use crate::transport::Transport;

pub use crate::client::BatchError;

/// Makes one change as [`Client::apply`] does, without [checking](Change::check)
/// it.
///
/// # Errors
/// The kernel's refusal.
pub fn apply<T: Transport>(client: &mut Client<T>, change: Change) -> Result<(), Error> {
    client.change(change)
}

/// Makes many changes as [`Client::batch`] does, without [checking](Change::check)
/// them.
///
/// # Errors
/// As [`Client::batch`].
pub fn batch<T: Transport>(
    client: &mut Client<T>,
    changes: impl IntoIterator<Item = Change>,
) -> Result<BatchReport, Box<BatchError>> {
    client.batch_unchecked(changes)
}

/// Takes a scheduler of any name. The kernel makes `ip_vs_NAME` of it and asks `modprobe`
/// for that module.
pub fn scheduler(name: &str) -> Scheduler {
    Scheduler::from_kernel(name)
}

/// Takes a persistence engine of any name; `ip_vs_pe_NAME` is its module.
pub fn engine(name: &str) -> EngineName {
    EngineName::from_kernel(name)
}

/// Takes an interface of any name.
pub fn interface(name: &str) -> InterfaceName {
    InterfaceName::from_kernel(name)
}

/// Takes thresholds in any order and of any size.
pub fn thresholds(upper: u32, lower: u32) -> Thresholds {
    Thresholds::from_kernel(upper, lower)
}

/// Takes a persistence timeout of any length, in seconds. The kernel multiplies it by HZ
/// into 32 bits.
pub fn persistence_timeout(seconds: u32) -> PersistenceTimeout {
    PersistenceTimeout::from_kernel(seconds)
}

/// Returns a request to set timeouts of any length; `None` and 0 leave one as it is.
pub fn timeouts(seconds: Timeouts) -> SetTimeouts {
    SetTimeouts::from_kernel(seconds)
}

/// Returns `daemon` with a sync id of 32 bits. Above 255 none of its messages is taken.
pub fn sync_id(mut daemon: SyncDaemon, id: u32) -> SyncDaemon {
    [daemon.sync_id, ..] = id.to_le_bytes();
    daemon.sync_id_beyond = id & !0xff;
    daemon
}
