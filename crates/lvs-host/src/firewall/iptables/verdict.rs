// SPDX-License-Identifier: MIT OR Apache-2.0
//! What may become of packets.

/// A verdict says what becomes of packets that come to a firewall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// They pass; or those of a service do, which nobody asked about in particular.
    Accepts,
    /// None passes: by each of these.
    Drops(Vec<DroppedBy>),
    /// Some may pass and some may not.
    Unknown {
        /// The rule that cannot be judged.
        doubt: String,
        /// What drops those that do not pass.
        drop: Option<DroppedBy>,
    },
}

/// Names the rule or the policy that drops packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedBy {
    /// The table.
    pub table: &'static str,
    /// The chain of the kernel in that table.
    pub hook: &'static str,
    /// The rule, which may be in a chain of another name, or the policy.
    pub rule: String,
}

impl DroppedBy {
    /// Returns it as the program writes it.
    #[must_use]
    pub fn text(&self) -> String {
        in_table(self.table, &self.rule)
    }
}

/// Returns a rule with its table, as the program writes it.
pub(super) fn in_table(table: &str, rule: &str) -> String {
    if table == "filter" { rule.to_owned() } else { format!("-t {table} {rule}") }
}

impl Verdict {
    /// Returns what becomes of them by one after the other.
    pub(super) fn and(self, next: Self) -> Self {
        match (self, next) {
            (Self::Drops(one), Self::Drops(other)) => Self::Drops([one, other].concat()),
            (one, other) => one.or_worse(other),
        }
    }

    /// Returns the one that keeps more of them from their way.
    pub(super) fn or_worse(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Drops(_), _) | (_, Self::Accepts) => self,
            (Self::Unknown { .. }, Self::Unknown { .. }) => self,
            _ => other,
        }
    }
}
