// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes rules of routing (`ip rule`), as far as they tell replies from other packets.

use std::net::IpAddr;

use crate::ip::{Family, contains};

/// Describes a rule. Its interface of arrival is left out: replies have none but `lo`, as the
/// kernel itself sees when it is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// The family of the packets it is for.
    pub family: Family,
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
    /// that is more than its ends and this host's VRF. `device` is the number of the rule's
    /// interface, if that is there.
    pub fn marks(&self, plain: &Marks, device: Option<u32>) -> Option<Marks> {
        let marks = Marks {
            device: device.or(plain.device),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_marks_replies_by_what_it_names_beyond_their_ends() {
        let plain = Marks { device: Some(7), user: Some(65_534), ..Marks::default() };
        let understood = Rule { is_understood: true, ..Rule::default() };
        let by_device = Rule { device: Some("eth0".to_owned()), ..understood.clone() };
        let by_mark = |mark| Rule { mark: Some(mark), ..understood.clone() };
        for (rule, device, expected) in [
            (understood.clone(), None, None),
            // Nobody can be bound to an interface that is not there.
            (by_device.clone(), None, None),
            (by_device, Some(3), Some(Marks { device: Some(3), ..plain.clone() })),
            (by_mark(1), None, Some(Marks { mark: Some(1), ..plain.clone() })),
            (by_mark(0), None, None),
            (
                Rule { users: Some((1000, 2000)), ..understood.clone() },
                None,
                Some(Marks { user: Some(1000), ..plain.clone() }),
            ),
            (Rule::default(), None, Some(plain.clone())),
        ] {
            assert_eq!(rule.marks(&plain, device), expected, "{rule:?}");
        }
    }
}
