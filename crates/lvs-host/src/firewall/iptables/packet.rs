// SPDX-License-Identifier: MIT OR Apache-2.0
//! What comes to a firewall.

use std::net::IpAddr;
use std::sync::Arc;

/// Packets for this host that are alike in what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Their destination.
    pub to: IpAddr,
    /// IP protocol; absent: that of some service, which nobody asked about in particular.
    pub protocol: Option<u8>,
    /// Destination port, if the protocol has any; absent as above.
    pub port: Option<u16>,
    /// The type of ICMPv6, if it is that.
    pub icmpv6: Option<u8>,
    /// Whether the destination is one of this host.
    pub is_local: bool,
    /// Who sends them, if that is known.
    pub source: Option<Source>,
    /// The interfaces where they may come in; none if that is not known. Packets to thousands of
    /// addresses may share them.
    pub nics: Arc<[String]>,
    /// Whether something else, as nftables, may translate their addresses.
    pub may_be_translated: bool,
}

/// Says who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Everybody from the first to the last.
    All([IpAddr; 2]),
    /// One of them, most likely.
    OneOf(Vec<IpAddr>),
}

impl Packet {
    /// Returns packets of which only the destination is known.
    #[must_use]
    pub fn to(to: IpAddr) -> Self {
        Self {
            to,
            protocol: None,
            port: None,
            icmpv6: None,
            is_local: true,
            source: None,
            nics: Arc::default(),
            may_be_translated: false,
        }
    }
}

/// How connection tracking counts a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    New,
    Established,
}

/// Whether connection tracking sees it at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tracked {
    Yes,
    No,
    Unknown,
    /// It will, but the table `raw` comes before.
    NotYet,
}

/// A packet on its way through the chains.
#[derive(Debug, Clone)]
pub(super) struct OnItsWay<'a> {
    pub packet: &'a Packet,
    pub state: State,
    pub tracked: Tracked,
    /// A rule has given it another destination, which is not known.
    pub rewritten: bool,
    /// A rule of table nat may be for its connection, and change an address of it.
    pub translated: bool,
}

impl<'a> OnItsWay<'a> {
    pub(super) fn new(packet: &'a Packet, state: State) -> Self {
        // The kernel tracks no neighbour discovery (net/netfilter/nf_conntrack_proto_icmpv6.c).
        let tracked = if packet.icmpv6.is_some() { Tracked::No } else { Tracked::Yes };
        Self { packet, state, tracked, rewritten: false, translated: true }
    }
}
