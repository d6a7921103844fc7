// SPDX-License-Identifier: MIT OR Apache-2.0
//! Walks packets through the chains of a table. Where a rule may be for them, both ways are
//! walked, so that in the end it is known what may become of them.

use std::collections::BTreeMap;

use super::packet::{OnItsWay, Tracked};
use super::rule::{Match, Rule};
use super::targets::is_harmless;
use super::verdict::{Drop, Verdict};
use super::{Chain, Table};

/// The ends that packets may come to in a chain.
#[derive(Debug, Clone, Default)]
pub(super) struct Ends {
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

impl Ends {
    fn dropped(how: Match, by: &str) -> Self {
        let (drops, risky) = (Some((how, by.to_owned())), how == Match::Unknown);
        Self { drops, risky, ..Self::default() }
    }

    pub(super) fn verdict(self, table: &'static str, hook: &'static str) -> Verdict {
        let drop = self.drops.map(|(_, rule)| Drop { table, hook, rule });
        match drop {
            Some(_) if self.serves => Verdict::Accepts,
            Some(drop) if !self.accepts => Verdict::Drops(vec![drop]),
            Some(drop) => {
                let doubt = self.doubt.unwrap_or_else(|| drop.rule.clone());
                let doubt = if table == "filter" { doubt } else { format!("-t {table} {doubt}") };
                Verdict::Unknown { doubt, drop: Some(drop) }
            }
            None => Verdict::Accepts,
        }
    }
}

pub(super) struct Walk<'a> {
    chains: &'a Table,
    on: &'a OnItsWay<'a>,
    /// Chains are walked once, however many lead to them.
    walked: BTreeMap<&'a str, Ends>,
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
    pub(super) fn through(&mut self, hook: &'static str) -> Ends {
        let Some((name, chain)) = self.chains.get_key_value(hook) else { return Ends::default() };
        let mut ends = self.chain(name, chain);
        if ends.back && chain.drops {
            let policy = Ends::dropped(Match::Yes, &format!(":{hook} DROP"));
            ends.drops = policy.drops;
        } else if ends.back {
            ends.accepts = true;
            ends.serves |= !ends.risky;
        }
        ends
    }

    fn chain(&mut self, name: &'a str, chain: &'a Chain) -> Ends {
        if let Some(known) = self.walked.get(name) {
            return known.clone();
        }
        // The kernel has no loops; were there one, it would lead nowhere.
        self.walked.insert(name, Ends { back: true, ..Ends::default() });
        let ends = self.rules(&chain.rules);
        self.walked.insert(name, ends.clone());
        ends
    }

    fn rules(&mut self, rules: &'a [Rule]) -> Ends {
        let mut ends = Ends::default();
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
                ends.doubt.get_or_insert_with(|| rule.text().to_owned());
            }
            ends.doubt = ends.doubt.take().or(of_rule.doubt);
            ends.accepts |= of_rule.accepts;
            ends.serves |= of_rule.serves && how != Match::Unknown && !some_dropped;
            let drops = of_rule.drops.is_some();
            keep(&mut ends.drops, of_rule.drops, how);
            keep(&mut ends.rewrites, of_rule.rewrites, how);
            ends.back |= leaves;
            match how {
                Match::Unknown => {
                    ends.risky |= drops;
                    some_dropped |= drops || leaves;
                    left |= leaves;
                }
                Match::Yes => {
                    ends.risky |= of_rule.risky || (drops && left);
                    some_dropped |= of_rule.risky;
                }
                Match::Unasked | Match::No => {}
            }
            if how == Match::Yes && !goes_on {
                return ends;
            }
        }
        ends.back = true;
        ends
    }

    /// The ends of what a rule is for, and whether those that come back have left its chain.
    fn target(&mut self, rule: &'a Rule, how: Match) -> (Ends, bool) {
        let on = Ends { back: true, ..Ends::default() };
        let Some(target) = rule.target() else { return (on, false) };
        match target.name.as_str() {
            // SNAT in INPUT comes behind every other chain: nobody looks at the source any more.
            "ACCEPT" | "SNAT" => (Ends { accepts: true, serves: true, ..Ends::default() }, false),
            "DROP" | "REJECT" => (Ends::dropped(Match::Yes, rule.text()), false),
            "RETURN" => (on, true),
            "DNAT" | "REDIRECT" | "NETMAP" => {
                let rewrites = Some((Match::Yes, rule.text().to_owned()));
                (Ends { accepts: true, serves: true, rewrites, ..Ends::default() }, false)
            }
            name if self.chains.contains_key(name) => {
                let Some((name, chain)) = self.chains.get_key_value(name) else {
                    return (on, false);
                };
                let all = self.all;
                self.all &= how == Match::Yes;
                let ends = self.chain(name, chain);
                self.all |= all && how != Match::Yes;
                let leaves = target.goes && ends.back;
                (ends, leaves)
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
                let ends = Ends {
                    accepts: true,
                    back: elsewhere,
                    doubt: Some(text.to_owned()),
                    rewrites: elsewhere.then(|| (Match::Unknown, text.to_owned())),
                    ..Ends::dropped(Match::Unknown, text)
                };
                (ends, false)
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
