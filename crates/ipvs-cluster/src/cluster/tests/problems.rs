// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is told of each bad file: `problems.txt`, which `BLESS=1` writes anew.

use std::fmt::Write as _;

use super::super::{Problems, read};

const TABLE: &str = include_str!("problems.txt");

/// Writes problems as the table has them.
fn told(problems: &Problems) -> String {
    let mut told = String::new();
    for it in &problems.0 {
        writeln!(told, "{}:{}: {}", it.line, it.column, it.message).unwrap();
        if let Some(hint) = &it.hint {
            writeln!(told, "    {hint}").unwrap();
        }
    }
    told
}

/// The cases: a name, a file, what is told of it.
fn cases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    TABLE.split("## ").skip(1).map(|case| {
        let (name, rest) = case.split_once('\n').unwrap();
        let (file, told) = rest.split_once("-->\n").unwrap();
        (name, file, told.trim_end())
    })
}

#[test]
fn each_bad_file_is_told_of_in_full() {
    let mut table = String::new();
    for (name, file, _) in cases() {
        // "Half a file" ends where it ends.
        let bytes = if name.starts_with("half") { file.trim_end() } else { file };
        let told = match read(bytes.as_bytes()) {
            Ok(cluster) => format!("accepted {:?}\n", cluster.warnings()),
            Err(problems) => told(&problems),
        };
        write!(table, "## {name}\n{file}-->\n{told}\n").unwrap();
    }
    if std::env::var_os("BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cluster/tests/problems.txt");
        std::fs::write(path, table).unwrap();
        return;
    }
    assert_eq!(table, TABLE);
}
