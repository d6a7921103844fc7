// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was read of packet filters.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::iptables::Ruleset;
use crate::ip::Family;

/// Says what the packet filters of a host decide about packets, or may decide and nobody can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Firewall {
    /// The rules of iptables for IPv4; `None`: there are none, or they cannot be read.
    pub iptables: Option<Ruleset>,
    /// Those for IPv6.
    pub ip6tables: Option<Ruleset>,
    /// Why the rules of iptables could not be read, of each family.
    pub iptables_unread: BTreeMap<Family, String>,
    /// Why those of nftables could not be read.
    pub nftables_unread: Option<String>,
    /// What may give packets another destination before they are routed; rules of iptables that
    /// were read are not among it.
    pub rewrites: Vec<Suspect>,
    /// Rules of nftables that may drop packets.
    pub drops: Vec<Suspect>,
    /// What may keep this host from answering ARP requests, or have its own name another sender.
    pub arp: Vec<String>,
    /// What may keep it from answering neighbour solicitations.
    pub neighbours: Vec<String>,
}

/// Names something that may keep packets from their way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// The family of the packets, if it is about one only.
    pub family: Option<Family>,
    /// What was seen.
    pub what: String,
}

impl Firewall {
    /// Returns the rules of iptables for a family.
    #[must_use]
    pub fn ruleset(&self, family: Family) -> Option<&Ruleset> {
        match family {
            Family::Ipv4 => self.iptables.as_ref(),
            Family::Ipv6 => self.ip6tables.as_ref(),
        }
    }

    /// Returns why rules could not be read.
    pub fn unread(&self) -> impl Iterator<Item = &String> {
        self.iptables_unread.values().chain(&self.nftables_unread)
    }
}

impl Suspect {
    /// Returns whether it may be about packets to that address.
    #[must_use]
    pub fn concerns(&self, to: IpAddr) -> bool {
        self.family.is_none_or(|family| family.has(to))
    }
}
