// SPDX-License-Identifier: MIT OR Apache-2.0
//! All that is said of each row of the tables: what was read, and what helps.
//!
//! `findings.txt` has it, in the order of the rows. After a change that is meant,
//! `BLESS=1 cargo test -p rs-agent` writes it anew: what it says now is to be read then.

use std::fmt::Write as _;
use std::path::Path;

use lvs_check::Instruction;

use super::{disturbed, findings, sound};

/// Of each row a paragraph: mode and rules, then message, what was read and the remedy.
fn told() -> String {
    let mut told = String::new();
    for (mode, disturb, expected) in disturbed() {
        let (mut subject, mut seen) = sound(*mode);
        disturb(&mut subject, &mut seen);
        let rules = if expected.is_empty() { "nothing".into() } else { expected.join(", ") };
        writeln!(told, "{mode}: {rules}").unwrap();
        for finding in findings(&subject, &seen) {
            writeln!(told, "  {} {}", finding.rule.id, finding.message).unwrap();
            for read in &finding.read {
                writeln!(told, "    read {read}").unwrap();
            }
            for remedy in &finding.remedy {
                let kind = match remedy.instruction {
                    Instruction::Command(_) => "run",
                    Instruction::Words(_) => "say",
                };
                writeln!(told, "    {kind} {:?}: {}", remedy.phase, remedy.text()).unwrap();
            }
        }
        told.push('\n');
    }
    without_folders(&told)
}

/// Some rows are of files, each time in another folder.
fn without_folders(told: &str) -> String {
    let folder = std::env::temp_dir().join(".tmp");
    let mut parts = told.split(folder.to_str().unwrap());
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.find('/').map_or("", |name| &part[name..]))
}

#[test]
fn each_disturbance_is_told_of_in_these_words_with_this_remedy() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check/tests/findings.txt");
    let told = told();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    let rows = told.split_terminator("\n\n").zip(expected.split_terminator("\n\n"));
    for (row, (told, expected)) in rows.enumerate() {
        assert!(told == expected, "row {row} says\n{told}\nand not\n{expected}");
    }
    assert_eq!(told.matches("\n\n").count(), expected.matches("\n\n").count(), "rows");
}
