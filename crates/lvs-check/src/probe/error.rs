// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says why a probe tells nothing.

use nix::errno::Errno;

use super::packet::Packet;

/// A probe error says why nothing is known of who answers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The interfaces could not be listed.
    #[error("cannot list the interfaces: {0}")]
    Interfaces(Errno),
    /// There is no such interface, or it has no Ethernet address.
    #[error("cannot probe by {0}: there is no such Ethernet interface")]
    NoInterface(String),
    /// No packet socket, for which it takes `CAP_NET_RAW`.
    #[error("cannot open a packet socket: {0}")]
    Open(Errno),
    /// A question did not leave.
    #[error("cannot send a frame: {0}")]
    Send(Errno),
    /// No frame could be received.
    #[error("cannot receive frames: {0}")]
    Receive(Errno),
    /// The answer that must come did not.
    #[error("cannot prove silence: what must be answered was not")]
    Unanswered {
        /// What came instead.
        heard: Vec<Packet>,
    },
}
