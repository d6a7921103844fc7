// SPDX-License-Identifier: MIT OR Apache-2.0
//! A rule: for which packets it is, as far as that is understood, and what it does with them.

use super::condition::Condition;
use super::matching::Match;
use super::packet::OnItsWay;
use super::protocols::IPIP;

/// A filter rule is one line of a chain, as it is written and taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilterRule {
    /// `-A CHAIN …`.
    text: String,
    conditions: Vec<Condition>,
    target: Option<Target>,
    /// A match for which the kernel tracks connections.
    tracks: bool,
}

/// What is done with what the rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub name: String,
    /// `-g`: what leaves the chain does not come back.
    pub goes: bool,
    /// What follows its name.
    pub options: Vec<String>,
}

impl Target {
    /// Returns whether it keeps connection tracking from what the rule is for.
    pub(super) fn leaves_untracked(&self) -> bool {
        self.name == "NOTRACK" || self.options.iter().any(|it| it == "--notrack")
    }

    fn needs_tracking(&self) -> bool {
        TARGETS_THAT_TRACK.contains(&self.name.as_str()) && !self.leaves_untracked()
    }
}

/// Matches and targets for which the kernel tracks connections, in all the network namespace,
/// as long as a rule has one (`nf_ct_netns_get` in net/netfilter/xt_*.c).
const MATCHES_THAT_TRACK: [&str; 7] =
    ["conntrack", "state", "connmark", "connbytes", "connlabel", "connlimit", "helper"];
const TARGETS_THAT_TRACK: [&str; 8] =
    ["CT", "CONNMARK", "CONNSECMARK", "DNAT", "SNAT", "REDIRECT", "NETMAP", "MASQUERADE"];

impl FilterRule {
    pub(super) fn parse(chain: &str, words: Vec<String>) -> Self {
        let text = format!("-A {chain} {}", words.join(" "));
        let mut rule = Self { text, conditions: Vec::new(), target: None, tracks: false };
        let mut words = words.into_iter().peekable();
        let mut negated = false;
        while let Some(word) = words.next() {
            match word.as_str() {
                "!" => negated = true,
                "-j" | "-g" => {
                    let name = words.next().unwrap_or_default();
                    let options = words.by_ref().collect();
                    rule.target = Some(Target { name, goes: word == "-g", options });
                }
                option => {
                    let mut values = Vec::new();
                    // A comment without quotes may begin with a hyphen.
                    if option == "--comment" {
                        values.extend(words.next());
                    }
                    let is_value = |word: &String| !word.starts_with('-') && word != "!";
                    values.extend(std::iter::from_fn(|| words.next_if(is_value)));
                    let name = values.first().map_or("", String::as_str);
                    rule.tracks |= option == "-m" && MATCHES_THAT_TRACK.contains(&name);
                    rule.conditions.push(Condition::parse(negated, option, &values));
                    negated = false;
                }
            }
        }
        rule
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// Returns whether the kernel tracks connections on its account, whatever it is for.
    pub(super) fn needs_tracking(&self) -> bool {
        self.tracks || self.target().is_some_and(Target::needs_tracking)
    }

    /// Returns whether it is for protocol 94.
    pub(super) fn is_for_ipip(&self) -> bool {
        self.conditions.iter().any(|condition| condition.names_protocol(IPIP))
    }

    /// Returns whether it singles out messages of ICMPv6 of one of these types.
    pub(super) fn is_for_icmpv6(&self, kinds: &[u8]) -> bool {
        self.conditions.iter().any(|it| kinds.iter().any(|kind| it.fits_icmpv6(*kind)))
    }

    /// Returns whether it is for that packet. The least of its conditions decides.
    pub(super) fn matches(&self, packet: &OnItsWay<'_>) -> Match {
        let conditions = self.conditions.iter().map(|condition| condition.matches(packet));
        conditions.min().unwrap_or(Match::Yes)
    }
}
