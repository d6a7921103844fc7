// SPDX-License-Identifier: MIT OR Apache-2.0

//! Frames made by hand, and what comes back; a probe that fails is a failure of the test.

use std::time::Duration;

use lvs_check::probe::{self, Frame, FrameSocket, Packet};

use crate::Host;

/// How long the sure answer may take, on a machine that has much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Sends `frames` from `interface` of `host` and returns all that any of its interfaces
/// receives up to the packet that `last` knows, which must come.
pub fn exchange(
    host: &Host,
    interface: &str,
    frames: &[Frame],
    last: impl FnMut(&Packet) -> bool + Send,
) -> Vec<Packet> {
    let told = host.enter(|| probe::exchange(interface, frames, PATIENCE, last));
    told.unwrap_or_else(|error| panic!("{error}: {error:#?}"))
}

/// What `host` receives while and after `work` is done, up to the packet that `last` knows,
/// which must come.
pub fn overheard(
    host: &Host,
    work: impl FnOnce() + Send,
    last: impl FnMut(&Packet) -> bool + Send,
) -> Vec<Packet> {
    let socket = host.enter(FrameSocket::open).expect("a packet socket");
    work();
    let told = probe::receive(&socket, PATIENCE, last);
    told.unwrap_or_else(|error| panic!("{error}: {error:#?}"))
}
