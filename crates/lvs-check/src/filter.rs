// SPDX-License-Identifier: MIT OR Apache-2.0
//! Selects the findings that somebody wants to know.

use crate::finding::Finding;
use crate::rule::RuleId;
use crate::severity::Severity;

/// A filter names the findings that are wanted; what it does not name, it does not limit.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of these rules; of all if there are none.
    pub rules: Vec<RuleId>,
    /// Only those of these severities; of all if there are none.
    pub severities: Vec<Severity>,
}

impl Filter {
    /// Returns whether that finding is wanted.
    #[must_use]
    pub fn wants(&self, finding: &Finding) -> bool {
        (self.rules.is_empty() || self.rules.contains(&finding.rule.id))
            && (self.severities.is_empty() || self.severities.contains(&finding.severity))
    }
}
