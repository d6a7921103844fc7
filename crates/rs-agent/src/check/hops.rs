// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds where the kernel routes replies, as it was asked.

use std::net::IpAddr;

/// Replies are the ways that the kernel told, where not all packets are routed alike.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    /// One for each source and client.
    pub all: Vec<Reply>,
}

/// A reply is sent from one address to one client, by the route that the kernel told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// From that address; `None` if it is not known which, or the kernel cannot be asked yet.
    pub from: Option<IpAddr>,
    /// To that client.
    pub to: IpAddr,
    /// What no rule singles out but by its ends; `None`: it goes nowhere.
    pub hops: Option<Hops>,
    /// What may become of it by rules for packets that this program does not know.
    pub others: Vec<Other>,
}

/// Hops are the next ones of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hops {
    /// Its routers; none if it is on-link.
    pub gateways: Vec<IpAddr>,
    /// The interfaces it leaves by.
    pub devices: Vec<String>,
    /// Its table, if that was asked.
    pub table: Option<u32>,
    /// `advmss` in bytes, if set.
    pub advmss: Option<u32>,
}

/// Describes another way: a rule may apply to a reply or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// The rule, as `ip rule` writes it.
    pub rule: String,
    /// Where the reply would go then; `None`: nobody can tell.
    pub hops: Option<Option<Hops>>,
    /// It names the mark of a packet.
    pub by_mark: bool,
    /// It names the socket's user or its interface.
    pub by_socket: bool,
}

impl Other {
    /// Returns whether source validation of what comes in may go by that rule, too; by the mark
    /// only if that is not ignored (`src_valid_mark`).
    pub(super) fn validates(&self, marks: bool) -> bool {
        !self.by_socket && (marks || !self.by_mark)
    }
}
