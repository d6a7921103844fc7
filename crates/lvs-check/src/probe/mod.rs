// SPDX-License-Identifier: MIT OR Apache-2.0
//! Probes ask the network itself: who answers for an address (ARP, RFC 826; neighbour discovery,
//! RFC 4861), and whether anybody takes connections (TCP).
//!
//! Each works in the network namespace of the calling thread. What sends frames needs
//! `CAP_NET_RAW`.
//!
//! Nobody says "no" to a question, so silence cannot be waited for. It can be proved: behind the
//! question goes one that is surely answered, on the same path. What has not been answered when
//! that answer comes will not be.

mod error;
mod frame;
mod link;
mod neighbours;
mod packet;
mod tcp;

pub use error::ProbeError;
pub use frame::{ArpSender, Frame};
pub use link::{FrameSocket, Interface};
pub use neighbours::{Asker, Silence, exchange, receive, who_has};
pub use packet::{Arp, Ip, Mac, Neighbour, Packet, Transport};
pub use tcp::{ConnectError, connect};
