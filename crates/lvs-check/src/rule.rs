// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes rules, and the catalogue that a program has of its own.

use std::fmt;

use serde::Serialize;

use crate::severity::Severity;

/// A rule's id is what users, scripts and pages name it by, for instance `RS-ARP-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RuleId(&'static str);

impl RuleId {
    /// Returns that id. In a constant, as a catalogue is one, a malformed id does not compile.
    ///
    /// # Panics
    /// If it is not two words of capital letters and two digits, with hyphens between them.
    #[must_use]
    pub const fn new(id: &'static str) -> Self {
        assert!(is_well_formed(id.as_bytes()), "an id is like RS-ARP-01");
        Self(id)
    }

    /// Returns it as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Returns its first part, which all ids of a program share: `RS`.
    #[must_use]
    pub fn family(self) -> &'static str {
        self.0.split('-').next().unwrap_or_default()
    }
}

/// Whether it is letters, a hyphen, letters, a hyphen and two digits.
const fn is_well_formed(id: &[u8]) -> bool {
    let (mut at, mut hyphens, mut length) = (0, 0, 0);
    while at < id.len() {
        let is_of_this_part =
            if hyphens < 2 { id[at].is_ascii_uppercase() } else { id[at].is_ascii_digit() };
        if id[at] == b'-' && length > 0 && hyphens < 2 {
            hyphens += 1;
            length = 0;
        } else if is_of_this_part {
            length += 1;
        } else {
            return false;
        }
        at += 1;
    }
    hyphens == 2 && length == 2
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl PartialEq<str> for RuleId {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for RuleId {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// A rule says what is looked for, and all that can be known before anything is looked at.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// What it is named by.
    pub id: RuleId,
    /// The severities its findings may have.
    pub severities: &'static [Severity],
    /// When it finds something.
    pub meaning: &'static str,
    /// What is read.
    pub reads: &'static str,
    /// What helps.
    pub remedy: &'static str,
    /// Why it matters: what clients see.
    pub why: &'static str,
    /// What it cannot see: where a host may be sound, or may not be, and the rule says
    /// otherwise or nothing.
    pub blind: &'static str,
}

impl Rule {
    /// Returns its severities, with commas between them.
    #[must_use]
    pub fn severities_text(&self) -> String {
        self.severities.iter().map(Severity::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// A catalogue holds all rules of a program, in the order of its page, in groups.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue(&'static [&'static [&'static Rule]]);

impl Catalogue {
    /// Returns a catalogue of those groups.
    #[must_use]
    pub const fn new(groups: &'static [&'static [&'static Rule]]) -> Self {
        Self(groups)
    }

    /// Returns all rules.
    pub fn iter(self) -> impl Iterator<Item = &'static Rule> {
        self.0.iter().copied().flatten().copied()
    }

    /// Returns the rule of that id, in any case of letters.
    #[must_use]
    pub fn find(self, id: &str) -> Option<&'static Rule> {
        self.iter().find(|rule| rule.id.as_str().eq_ignore_ascii_case(id))
    }
}

/// Defines rules, each as a static by which findings name it, and the list of them all.
///
/// ```
/// use lvs_check::Severity::Error;
///
/// lvs_check::rules! {
///     pub RULES:
///     DR_VIP_01 "DR-VIP-01" {
///         severities: &[Error],
///         meaning: "The VIP is on no interface",
///         reads: "addresses",
///         remedy: "add it",
///         why: "clients get no answer",
///         blind: "XDP, which may take packets before",
///     }
/// }
/// assert_eq!(RULES[0].id, DR_VIP_01.id);
/// ```
#[macro_export]
macro_rules! rules {
    ($visible:vis $list:ident: $($name:ident $id:literal { $($field:ident: $value:expr,)* })*) => {
        $(
            #[doc = concat!("Defines ", $id, ".")]
            $visible static $name: $crate::Rule =
                $crate::Rule { id: $crate::RuleId::new($id), $($field: $value,)* };
        )*
        /// Lists these rules in the order in which they are defined.
        $visible const $list: &[&$crate::Rule] = &[$(&$name),*];
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_form() {
        for id in ["RS-ARP-01", "DR-VIP-99", "A-B-00"] {
            assert!(is_well_formed(id.as_bytes()), "{id}");
        }
        for id in
            ["", "RS", "RS-ARP", "RS-ARP-1", "RS-ARP-001", "rs-arp-01", "RS--01", "RS-ARP-01-"]
        {
            assert!(!is_well_formed(id.as_bytes()), "{id}");
        }
        assert_eq!(RuleId::new("RS-ARP-01").family(), "RS");
    }
}
