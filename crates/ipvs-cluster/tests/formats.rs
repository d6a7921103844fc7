// SPDX-License-Identifier: MIT OR Apache-2.0

//! A table as each version of the file's format writes it. Files stay for years: a version that
//! was written once is read for ever.

#![cfg(feature = "file")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use ipvs_cluster::file::{self, Table};
use ipvs_cluster::{Observed, Policy, plan};

const FIRST: &str = include_str!("formats/ipvs-table-1.json");
const NOW: &str = include_str!("formats/ipvs-table-2.json");

fn read(text: &str) -> Table {
    file::read(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn written(table: &Table) -> String {
    let mut out = Vec::new();
    file::write(&Observed::from(&table.desired), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_file_of_the_first_version_says_what_it_said() {
    let (first, now) = (read(FIRST), read(NOW));
    assert_eq!(written(&first), NOW);
    let there = Observed::from(&now.desired);
    assert!(plan(&first.desired, &there, Policy::exact()).steps().is_empty());
}

#[test]
fn what_is_written_is_of_this_version_and_read_as_it_was() {
    let now = read(NOW);
    assert_eq!(written(&now), NOW);
    assert!(NOW.contains(&format!("\"format\": \"{}\"", file::FORMAT)));
}

/// Who writes a file by hand writes the word of another program's list.
#[test]
fn other_words_are_read_in_any_case() {
    let words = [("\"nat\"", "\"MASQ\""), ("\"dr\"", "\"Route\""), ("\"tun\"", "\"Tunnel\"")];
    let text = words.iter().fold(NOW.to_owned(), |text, (ours, other)| text.replace(ours, other));
    assert_ne!(text, NOW);
    assert_eq!(written(&read(&text)), NOW);
}

#[test]
fn a_later_version_is_not_read() {
    let later = NOW.replace("ipvs-table/2", "ipvs-table/3");
    let problems = file::read(later.as_bytes()).expect_err("a version of later");
    let told: Vec<_> = problems.iter().map(|it| it.message.as_str()).collect();
    let expected = "the format is \"ipvs-table/3\", and this program reads \"ipvs-table/1\" and \
                    \"ipvs-table/2\"";
    assert_eq!(told, [expected]);
}
