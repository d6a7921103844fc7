// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes rules of routing (`ip rule`), as far as they tell replies from other packets.

use std::net::IpAddr;

use crate::ip::contains;
use crate::link;

/// Describes a rule. Its interface of arrival is left out: replies have none but `lo`, as the
/// kernel itself sees when it is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// It is for IPv6.
    pub ipv6: bool,
    /// As `ip rule` writes it.
    pub text: String,
    /// The network of its destinations.
    pub to: Option<(IpAddr, u8)>,
    /// The network of its sources.
    pub from: Option<(IpAddr, u8)>,
    /// It is for what it does not name.
    pub is_inverted: bool,
    /// `SO_MARK`, or of the packet filter.
    pub mark: Option<u32>,
    /// Whose sockets it is for: the first and the last of a range.
    pub users: Option<(u32, u32)>,
    /// The interface a socket is bound to.
    pub device: Option<String>,
    /// DSCP and ECN.
    pub tos: u8,
    /// TCP, UDP or ICMP.
    pub protocol: Option<u8>,
    /// Source port and destination port: the first of each range.
    pub ports: [Option<u16>; 2],
    /// A kernel can be asked with all that it names.
    pub is_understood: bool,
    /// It is there from the start: local, main, default.
    pub is_from_the_start: bool,
}

impl Rule {
    /// Returns what a reply is like to which it applies (or does not, if it is inverted), if
    /// that is more than its ends and this host's VRF.
    pub fn marks(&self, plain: &Marks) -> Option<Marks> {
        let device = self.device.as_ref().map(|name| link::index(name));
        let marks = Marks {
            device: device.flatten().or(plain.device),
            mark: self.mark.filter(|mark| *mark != 0),
            user: self.users.map(|(first, _)| first).or(plain.user),
            tos: self.tos,
            protocol: self.protocol.or(plain.protocol),
            ports: self.ports,
        };
        (marks != *plain || !self.is_understood).then_some(marks)
    }

    /// Returns whether it is for packets of other protocols than those, if any are known.
    pub fn is_for_others(&self, protocols: &[u8]) -> bool {
        !self.is_inverted
            && !protocols.is_empty()
            && self.protocol.is_some_and(|protocol| !protocols.contains(&protocol))
    }

    /// Returns whether it names a source, be it that one or one that is not known.
    pub fn is_by_source(&self, from: Option<IpAddr>) -> bool {
        self.from.is_some_and(|(of, prefix)| {
            self.is_inverted || from.is_none_or(|from| contains(of, prefix, from))
        })
    }
}

/// Tells whether the rules are those that are there from the start, so that every packet is
/// routed alike wherever it comes from.
#[must_use]
pub fn are_all_alike(rules: &[Rule]) -> bool {
    rules.iter().all(|rule| rule.is_from_the_start)
}

/// Says what a rule may tell a packet by, besides its ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The interface to which its socket is bound.
    pub device: Option<u32>,
    /// `SO_MARK`, or of the packet filter.
    pub mark: Option<u32>,
    /// Whose socket it is.
    pub user: Option<u32>,
    /// DSCP and ECN.
    pub tos: u8,
    /// TCP, UDP or ICMP.
    pub protocol: Option<u8>,
    /// Source port and destination port.
    pub ports: [Option<u16>; 2],
}
