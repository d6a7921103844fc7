// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of packets in all tables.

use super::packet::{OnItsWay, Packet, State, Tracked};
use super::rule::Match;
use super::walk::Walk;
use super::{Ruleset, Table};

/// What becomes of packets that come to a firewall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// They pass; or those of a service do, which nobody asked about in particular.
    Accepts,
    /// None passes: by each of these.
    Drops(Vec<Drop>),
    /// Some may pass and some may not.
    Unknown {
        /// The rule that cannot be judged.
        doubt: String,
        /// What drops those that do not pass.
        drop: Option<Drop>,
    },
}

/// What drops packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drop {
    /// The table.
    pub table: &'static str,
    /// The chain of the kernel in that table.
    pub hook: &'static str,
    /// The rule, which may be in a chain of another name, or the policy.
    pub rule: String,
}

impl Drop {
    /// Returns it as the program writes it.
    #[must_use]
    pub fn text(&self) -> String {
        in_table(self.table, &self.rule)
    }
}

fn in_table(table: &str, rule: &str) -> String {
    if table == "filter" { rule.to_owned() } else { format!("-t {table} {rule}") }
}

const BEFORE_ROUTING: [(&str, &str); 3] =
    [("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("nat", "PREROUTING")];
const TO_THIS_HOST: [(&str, &str); 3] =
    [("mangle", "INPUT"), ("filter", "INPUT"), ("security", "INPUT")];

const TCP: u8 = 6;

impl Ruleset {
    /// Returns what becomes of such packets: of the first of a conversation, and of those that
    /// follow it in TCP, without which there is no answer.
    #[must_use]
    pub fn judge(&self, packet: &Packet) -> Verdict {
        let first = self.verdict(OnItsWay::new(packet, State::New));
        if packet.protocol != Some(TCP) || matches!(first, Verdict::Drops(_)) {
            return first;
        }
        first.or_worse(self.verdict(OnItsWay::new(packet, State::Established)))
    }

    fn verdict(&self, mut on: OnItsWay<'_>) -> Verdict {
        let (mut verdict, mut rewrites) = (Verdict::Accepts, None);
        for (table, hook) in BEFORE_ROUTING {
            let Some(chains) = self.tables.get(table) else { continue };
            let tracked = on.tracked;
            if table == "raw" {
                on.tracked = Tracked::NotYet;
            }
            let mut walk = Walk::new(chains, &on);
            let ends = walk.through(hook);
            if let (None, Some((how, rule))) = (&rewrites, &ends.rewrites) {
                rewrites = Some((*how, in_table(table, rule)));
            }
            verdict = verdict.and(ends.verdict(table, hook));
            let seen = walk.tracked;
            on.tracked = if seen == Tracked::Yes { tracked } else { seen };
        }
        let here = self.input(&on);
        let Some((how, rule)) = rewrites else { return verdict.and(here) };
        on.rewritten = true;
        let doubt = format!("{rule}: it may send them elsewhere");
        let unknown = |drop| Verdict::Unknown { doubt, drop };
        let rewritten = match (here, self.input(&on)) {
            (Verdict::Accepts, Verdict::Accepts) => Verdict::Accepts,
            // Of ports that nobody asked about.
            (Verdict::Accepts, _) if how == Match::Unasked => Verdict::Accepts,
            (Verdict::Drops(drops), _) | (_, Verdict::Drops(drops)) => {
                unknown(drops.into_iter().next())
            }
            (_, Verdict::Unknown { drop, .. }) | (Verdict::Unknown { drop, .. }, _) => {
                unknown(drop)
            }
        };
        verdict.and(rewritten)
    }

    /// Once they are routed to this host.
    fn input(&self, on: &OnItsWay<'_>) -> Verdict {
        let stages = TO_THIS_HOST.into_iter().filter_map(|(table, hook)| {
            let chains: &Table = self.tables.get(table)?;
            Some(Walk::new(chains, on).through(hook).verdict(table, hook))
        });
        stages.fold(Verdict::Accepts, Verdict::and)
    }
}

impl Verdict {
    /// One after the other.
    fn and(self, next: Self) -> Self {
        match (self, next) {
            (Self::Drops(one), Self::Drops(other)) => Self::Drops([one, other].concat()),
            (one, other) => one.or_worse(other),
        }
    }

    fn or_worse(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Drops(_), _) | (_, Self::Accepts) => self,
            (Self::Unknown { .. }, Self::Unknown { .. }) => self,
            _ => other,
        }
    }
}
