// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables, chains and rules, read once.

use std::collections::BTreeMap;

use super::rule::FilterRule;

/// A ruleset holds all tables of one address family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruleset {
    pub(super) tables: BTreeMap<String, Table>,
}

/// A table holds chains by name.
pub(super) type Table = BTreeMap<String, Chain>;

/// A chain holds rules, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// A chain of the kernel, with the policy DROP.
    pub(super) drops: bool,
    pub(super) rules: Vec<FilterRule>,
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
                let rule = FilterRule::parse(&chain, words.collect());
                chains.entry(chain).or_default().rules.push(rule);
            }
        }
        rules
    }

    /// Returns whether a rule is for protocol 94, by the name `ipip`: meant for IP in IP as a rule.
    #[must_use]
    pub fn names_ipip(&self) -> bool {
        self.rules("filter").any(FilterRule::is_for_ipip)
    }

    pub(super) fn rules(&self, table: &str) -> impl Iterator<Item = &FilterRule> {
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
