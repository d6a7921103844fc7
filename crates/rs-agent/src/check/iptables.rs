// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rulesets as `iptables-legacy-save` writes them, and what they do with a packet:
//! [`Ruleset::judge`] walks it through the chains (`walk`) and says what becomes of it for
//! certain, or which rule keeps that from being known. `rule` decides whether one rule is
//! for it, as far as that can be told.

mod packet;
mod protocols;
mod rewrite;
mod rule;
pub(in crate::check) mod targets;
mod verdict;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::packet::{Packet, Source};
pub use self::verdict::{Drop, Verdict};

use self::rule::Rule;

/// Of one address family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruleset {
    tables: BTreeMap<String, Table>,
}

/// Chains by name.
type Table = BTreeMap<String, Chain>;

/// What happens to a packet that is sent to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Chain {
    /// A chain of the kernel, with the policy DROP.
    drops: bool,
    rules: Vec<Rule>,
}

impl Ruleset {
    /// Reads what the program wrote.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut rules = Self::default();
        let mut table = String::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('*') {
                name.trim().clone_into(&mut table);
                continue;
            }
            let words = words(line);
            let mut words = words.into_iter();
            let Some(first) = words.next() else { continue };
            let chains = rules.tables.entry(table.clone()).or_default();
            if let Some(chain) = first.strip_prefix(':') {
                let drops = words.next().is_some_and(|policy| policy == "DROP");
                chains.entry(chain.to_owned()).or_default().drops = drops;
            } else if first == "-A" {
                let chain = words.next().unwrap_or_default();
                let rule = Rule::parse(&chain, words.collect());
                chains.entry(chain).or_default().rules.push(rule);
            }
        }
        rules
    }

    /// Whether a rule is for protocol 94, by the name `ipip`: meant for IP in IP as a rule.
    #[must_use]
    pub fn names_ipip(&self) -> bool {
        self.rules("filter").any(Rule::is_for_ipip)
    }

    fn rules(&self, table: &str) -> impl Iterator<Item = &Rule> {
        let chains = self.tables.get(table).into_iter().flat_map(BTreeMap::values);
        chains.flat_map(|chain| &chain.rules)
    }
}

/// The words of a line; what is quoted, as comments are, is one.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        // The quotes stay, so that no quoted word is an option.
        words.last_mut().into_iter().for_each(|word| word.push(c));
    }
    words.retain(|word| !word.is_empty());
    words
}
