// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds the page of documentation that has a program's catalogue against that catalogue.

use crate::rule::{Catalogue, Rule};

/// This heading stands between the two tables of a page.
pub const BLIND_HEADING: &str = "## What they cannot see";

/// Returns the rows that a page must have instead of those it has: one for each rule, in order,
/// and below [`BLIND_HEADING`] one for what each cannot see. `None`: it has them.
#[must_use]
pub fn wrong_rows(page: &str, catalogue: Catalogue) -> Option<String> {
    let (rules, blind) = page.split_once(BLIND_HEADING).unwrap_or((page, ""));
    wrong(rules, catalogue, row).or_else(|| wrong(blind, catalogue, blind_row))
}

fn wrong(part: &str, catalogue: Catalogue, row: fn(&Rule) -> String) -> Option<String> {
    let family = catalogue.iter().next().map_or("", |rule| rule.id.family());
    let start = format!("| {family}-");
    let found = part.lines().filter(|line| line.starts_with(&start));
    let expected: Vec<String> = catalogue.iter().map(row).collect();
    (!found.eq(expected.iter().map(String::as_str))).then(|| expected.join("\n"))
}

fn row(rule: &Rule) -> String {
    let severities = rule.severities_text();
    let Rule { id, meaning, why, reads, remedy, .. } = rule;
    format!("| {id} | {severities} | {meaning} | {why} | {reads} | {remedy} |")
}

fn blind_row(rule: &Rule) -> String {
    format!("| {} | {} |", rule.id, rule.blind)
}
