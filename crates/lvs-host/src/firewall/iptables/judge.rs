// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of packets in all tables.

use super::matching::Match;
use super::packet::{OnItsWay, Packet, State, Tracked};
use super::rule::FilterRule;
use super::ruleset::Ruleset;
use super::verdict::{DroppedBy, Verdict, in_table};
use super::walk::Walk;

/// What one chain of the kernel does with packets.
struct Passage {
    verdict: Verdict,
    /// The rule that may give them another destination, which is for them that much.
    rewrites: Option<(Match, String)>,
    /// Whether its rules leave them to connection tracking.
    tracked: Tracked,
}

const BEFORE_ROUTING: [(&str, &str); 3] =
    [("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("nat", "PREROUTING")];
const TO_THIS_HOST: [(&str, &str); 4] =
    [("mangle", "INPUT"), ("filter", "INPUT"), ("security", "INPUT"), ("nat", "INPUT")];

const TCP: u8 = 6;

impl Ruleset {
    /// Returns what becomes of such packets: of the first of a conversation, and of those that
    /// follow it in TCP, without which there is no answer.
    #[must_use]
    pub fn judge(&self, packet: &Packet) -> Verdict {
        let mut on = OnItsWay::new(packet, State::New);
        on.translated = on.packet.may_be_translated || self.translates(&on);
        let first = self.verdict(on.clone());
        if packet.protocol != Some(TCP) || matches!(first, Verdict::Drops(_)) {
            return first;
        }
        first.or_worse(self.verdict(OnItsWay { state: State::Established, ..on }))
    }

    fn verdict(&self, mut on: OnItsWay<'_>) -> Verdict {
        let (mut verdict, mut rewrites) = (Verdict::Accepts, None);
        for (table, hook) in BEFORE_ROUTING {
            let Some(passage) = self.walk(table, hook, &on) else { continue };
            rewrites = rewrites.or(passage.rewrites);
            verdict = verdict.and(passage.verdict);
            if passage.tracked != Tracked::Yes {
                on.tracked = passage.tracked;
            }
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
        let stages =
            TO_THIS_HOST.into_iter().filter_map(|(table, hook)| self.walk(table, hook, on));
        stages.map(|passage| passage.verdict).fold(Verdict::Accepts, Verdict::and)
    }

    /// Through a chain of the kernel; not if such packets do not come there.
    fn walk(&self, table: &'static str, hook: &'static str, on: &OnItsWay<'_>) -> Option<Passage> {
        let chains = self.tables.get(table)?;
        let is_nat = table == "nat";
        if is_nat && on.tracked == Tracked::No {
            return None;
        }
        let mut at = on.clone();
        if table == "raw" {
            at.tracked = Tracked::NotYet;
        } else if is_nat {
            // Only the first packet of a connection comes there, and what becomes of it becomes
            // of all (nf_nat_inet_fn in net/netfilter/nf_nat_core.c).
            at.state = State::New;
        }
        let mut walk = Walk::new(chains, &at);
        let outcomes = walk.through(hook);
        let tracked = walk.tracked;
        let rewrites = outcomes.rewrites.as_ref().map(|(how, rule)| (*how, in_table(table, rule)));
        let verdict = match outcomes.verdict(table, hook) {
            Verdict::Drops(drops) if is_nat && !self.tracks(on) => {
                let doubt = drops.first().map_or_else(String::new, DroppedBy::text)
                    + ": only for what connection tracking sees";
                Verdict::Unknown { doubt, drop: None }
            }
            verdict => verdict,
        };
        Some(Passage { verdict, rewrites, tracked })
    }

    /// Whether it is certain that connection tracking sees such packets. What else than these
    /// rules may make the kernel track connections, as rules of nftables do, is not known.
    fn tracks(&self, on: &OnItsWay<'_>) -> bool {
        let mut rules = self.tables.keys().flat_map(|table| self.rules(table));
        on.tracked == Tracked::Yes && rules.any(FilterRule::needs_tracking)
    }
}
