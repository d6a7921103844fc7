// SPDX-License-Identifier: MIT OR Apache-2.0
//! Walks packets through the chains of a table. Where a rule may be for them, both ways are
//! walked, so that in the end it is known what may become of them.

use std::collections::BTreeMap;

use super::matching::Match;
use super::packet::{OnItsWay, Tracked};
use super::rule::FilterRule;
use super::ruleset::{Chain, Table};
use super::targets::is_harmless;
use super::verdict::{DroppedBy, Verdict, in_table};

/// Outcomes say what may become of packets in a chain.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcomes {
    /// Some may be accepted.
    accepts: bool,
    /// Those of some protocol and port are, whatever is not known.
    serves: bool,
    /// Some may be dropped: by what, which is for them that much.
    drops: Option<(Match, String)>,
    /// Whether some are dropped depends on what is not known.
    risky: bool,
    /// Some may come back to where they were sent from.
    back: bool,
    /// The first rule that decides and cannot be judged.
    doubt: Option<String>,
    /// Some may get another destination: by what, which is for them that much.
    pub rewrites: Option<(Match, String)>,
}

impl Outcomes {
    fn dropped(how: Match, by: &str) -> Self {
        let (drops, risky) = (Some((how, by.to_owned())), how == Match::Unknown);
        Self { drops, risky, ..Self::default() }
    }

    pub(super) fn verdict(self, table: &'static str, hook: &'static str) -> Verdict {
        let drop = self.drops.map(|(_, rule)| DroppedBy { table, hook, rule });
        match drop {
            Some(_) if self.serves => Verdict::Accepts,
            Some(drop) if !self.accepts => Verdict::Drops(vec![drop]),
            Some(drop) => {
                let doubt = self.doubt.unwrap_or_else(|| drop.rule.clone());
                Verdict::Unknown { doubt: in_table(table, &doubt), drop: Some(drop) }
            }
            None => Verdict::Accepts,
        }
    }
}

pub(super) struct Walk<'a> {
    chains: &'a Table,
    on: &'a OnItsWay<'a>,
    /// Chains are walked once, however many lead to them.
    walked: BTreeMap<&'a str, Outcomes>,
    /// All packets come to where the walk is.
    all: bool,
    /// Whether the rules leave them to connection tracking.
    pub tracked: Tracked,
}

impl<'a> Walk<'a> {
    pub(super) fn new(chains: &'a Table, on: &'a OnItsWay<'a>) -> Self {
        Self { chains, on, walked: BTreeMap::new(), all: true, tracked: Tracked::Yes }
    }

    /// Through a chain of the kernel, and its policy.
    pub(super) fn through(&mut self, hook: &'static str) -> Outcomes {
        let Some((name, chain)) = self.chains.get_key_value(hook) else {
            return Outcomes::default();
        };
        let mut outcomes = self.chain(name, chain);
        if outcomes.back && chain.drops {
            let policy = Outcomes::dropped(Match::Yes, &format!(":{hook} DROP"));
            outcomes.drops = policy.drops;
        } else if outcomes.back {
            outcomes.accepts = true;
            outcomes.serves |= !outcomes.risky;
        }
        outcomes
    }

    fn chain(&mut self, name: &'a str, chain: &'a Chain) -> Outcomes {
        if let Some(known) = self.walked.get(name) {
            return known.clone();
        }
        // The kernel has no loops; were there one, it would lead nowhere.
        self.walked.insert(name, Outcomes { back: true, ..Outcomes::default() });
        let outcomes = self.rules(&chain.rules);
        self.walked.insert(name, outcomes.clone());
        outcomes
    }

    fn rules(&mut self, rules: &'a [FilterRule]) -> Outcomes {
        let mut outcomes = Outcomes::default();
        // For what is not known some may have been dropped before, or have left the chain.
        let (mut some_dropped, mut left) = (false, false);
        for rule in rules {
            let how = rule.matches(self.on);
            if how == Match::No {
                continue;
            }
            let (of_rule, leaves) = self.target(rule, how);
            let decides = of_rule.accepts || of_rule.drops.is_some() || leaves;
            let goes_on = of_rule.back && !leaves;
            if decides && (how != Match::Yes || goes_on) {
                self.all = false;
            }
            if decides && how == Match::Unknown {
                outcomes.doubt.get_or_insert_with(|| rule.text().to_owned());
            }
            outcomes.doubt = outcomes.doubt.take().or(of_rule.doubt);
            outcomes.accepts |= of_rule.accepts;
            outcomes.serves |= of_rule.serves && how != Match::Unknown && !some_dropped;
            let drops = of_rule.drops.is_some();
            keep(&mut outcomes.drops, of_rule.drops, how);
            keep(&mut outcomes.rewrites, of_rule.rewrites, how);
            outcomes.back |= leaves;
            match how {
                Match::Unknown => {
                    outcomes.risky |= drops;
                    some_dropped |= drops || leaves;
                    left |= leaves;
                }
                Match::Yes => {
                    outcomes.risky |= of_rule.risky || (drops && left);
                    some_dropped |= of_rule.risky;
                }
                Match::Unasked | Match::No => {}
            }
            if how == Match::Yes && !goes_on {
                return outcomes;
            }
        }
        outcomes.back = true;
        outcomes
    }

    /// Returns what may become of what a rule is for, and whether those that come back have left
    /// its chain.
    fn target(&mut self, rule: &'a FilterRule, how: Match) -> (Outcomes, bool) {
        let on = Outcomes { back: true, ..Outcomes::default() };
        let Some(target) = rule.target() else { return (on, false) };
        match target.name.as_str() {
            // SNAT in INPUT comes behind every other chain: nobody looks at the source any more.
            "ACCEPT" | "SNAT" => {
                (Outcomes { accepts: true, serves: true, ..Outcomes::default() }, false)
            }
            "DROP" | "REJECT" => (Outcomes::dropped(Match::Yes, rule.text()), false),
            "RETURN" => (on, true),
            "DNAT" | "REDIRECT" | "NETMAP" => {
                let rewrites = Some((Match::Yes, rule.text().to_owned()));
                (Outcomes { accepts: true, serves: true, rewrites, ..Outcomes::default() }, false)
            }
            name if self.chains.contains_key(name) => {
                let Some((name, chain)) = self.chains.get_key_value(name) else {
                    return (on, false);
                };
                let all = self.all;
                self.all &= how == Match::Yes;
                let outcomes = self.chain(name, chain);
                self.all |= all && how != Match::Yes;
                let leaves = target.goes && outcomes.back;
                (outcomes, leaves)
            }
            name if is_harmless(name) => {
                if target.leaves_untracked() {
                    self.tracked = match self.tracked {
                        Tracked::Yes if self.all && how == Match::Yes => Tracked::No,
                        Tracked::Yes => Tracked::Unknown,
                        known => known,
                    };
                }
                (on, false)
            }
            // TPROXY drops what no socket waits for, and NFQUEUE asks a program.
            name => {
                let text = rule.text();
                let elsewhere = !matches!(name, "TPROXY" | "NFQUEUE" | "QUEUE");
                let outcomes = Outcomes {
                    accepts: true,
                    back: elsewhere,
                    doubt: Some(text.to_owned()),
                    rewrites: elsewhere.then(|| (Match::Unknown, text.to_owned())),
                    ..Outcomes::dropped(Match::Unknown, text)
                };
                (outcomes, false)
            }
        }
    }
}

/// Keeps the rule that is most certainly for the packets.
fn keep(kept: &mut Option<(Match, String)>, new: Option<(Match, String)>, how: Match) {
    let new = new.map(|(inner, rule)| (inner.min(how), rule));
    if new.as_ref().map(|(how, _)| *how) > kept.as_ref().map(|(how, _)| *how) {
        *kept = new;
    }
}
