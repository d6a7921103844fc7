// SPDX-License-Identifier: MIT OR Apache-2.0

//! Documentation says in plain words what something does: that of a public function begins with
//! a verb, and none has words that only old books have.

#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use architecture::repository;

/// Words that have a plainer one: remedy or repair, nothing, from where, among, while, on.
const ARCHAIC: [&str; 13] = [
    "amongst",
    "ere",
    "henceforth",
    "hither",
    "lest",
    "mend",
    "naught",
    "nought",
    "thence",
    "thither",
    "unto",
    "whence",
    "whilst",
];

/// What is public in them nobody else can call.
const PROGRAMS: [&str; 2] = ["rs-agent", "rsctl"];

#[test]
fn the_documentation_of_public_functions_begins_with_a_verb() {
    let mut wrong = Vec::new();
    let mut functions = 0;
    for file in sources(|name| !PROGRAMS.contains(&name)) {
        let text = fs::read_to_string(&file).expect("a source can be read");
        let mut first: Option<(usize, &str)> = None;
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if let Some(sentence) = line.strip_prefix("///") {
                first.get_or_insert((number, sentence.trim()));
                continue;
            }
            if ["pub fn ", "pub const fn "].iter().any(|start| line.starts_with(start))
                && let Some((number, sentence)) = first
            {
                functions += 1;
                if !begins_with_a_verb(sentence) {
                    wrong.push(format!("{}:{number}: {sentence}", shown(&file)));
                }
            }
            // Attributes stand between the two, on lines of their own.
            if !line.starts_with("#[") {
                first = None;
            }
        }
    }
    assert!(functions > 300, "{functions} functions");
    assert!(
        wrong.is_empty(),
        "begin with a verb, as in \"Returns the name.\":\n{}",
        wrong.join("\n")
    );
}

/// Verbs of the first sentences of types and constants: "An entry describes …".
const VERBS: [&str; 38] = [
    "adds",
    "asks",
    "begins",
    "belongs",
    "describe",
    "describes",
    "gets",
    "groups",
    "has",
    "have",
    "hold",
    "holds",
    "identifies",
    "is",
    "are",
    "keeps",
    "knows",
    "lets",
    "make",
    "makes",
    "may",
    "means",
    "names",
    "notes",
    "passes",
    "plays",
    "reads",
    "registers",
    "say",
    "says",
    "sends",
    "sets",
    "shows",
    "stands",
    "takes",
    "talks",
    "tells",
    "writes",
];

/// A type is a thing, so its sentence may begin with it; but it is a sentence.
#[test]
fn the_documentation_of_public_types_is_a_sentence() {
    let items =
        ["struct", "enum", "trait", "type", "const", "static"].map(|it| format!("pub {it} "));
    let mut wrong = Vec::new();
    let mut types = 0;
    for file in sources(|name| !PROGRAMS.contains(&name)) {
        let text = fs::read_to_string(&file).expect("a source can be read");
        let mut first: Option<(usize, &str)> = None;
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if let Some(sentence) = line.strip_prefix("///") {
                first.get_or_insert((number, sentence.trim()));
                continue;
            }
            let is_item = items.iter().any(|start| line.starts_with(start));
            if let Some((number, sentence)) = first.filter(|_| is_item && !line.contains(" fn ")) {
                types += 1;
                let mut words = sentence.split(|c: char| !c.is_ascii_alphabetic());
                if !begins_with_a_verb(sentence) && !words.any(|word| VERBS.contains(&word)) {
                    wrong.push(format!("{}:{number}: {sentence}", shown(&file)));
                }
            }
            if !line.starts_with("#[") {
                first = None;
            }
        }
    }
    assert!(types > 150, "{types} types");
    assert!(wrong.is_empty(), "say what it is or does, with a verb:\n{}", wrong.join("\n"));
}

/// As in "Returns the name": all verbs of the third person end so.
fn begins_with_a_verb(sentence: &str) -> bool {
    let word = sentence.split([' ', ',', '.', ':', ';']).next().unwrap_or_default();
    word.ends_with('s')
        && word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_alphabetic())
}

#[test]
fn no_documentation_has_archaic_words() {
    let mut wrong = Vec::new();
    for file in sources(|_| true) {
        let text = fs::read_to_string(&file).expect("a source can be read");
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if !line.starts_with("///") && !line.starts_with("//!") {
                continue;
            }
            let words = line.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_lowercase);
            let archaic = words.filter(|word| ARCHAIC.contains(&word.as_str()));
            wrong.extend(archaic.map(|word| format!("{}:{number}: {word}", shown(&file))));
        }
    }
    assert!(wrong.is_empty(), "there are plainer words:\n{}", wrong.join("\n"));
}

/// Every source file of the crates whose names are `wanted`.
fn sources(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let crates = fs::read_dir(repository().join("crates")).expect("there are crates");
    let mut files = Vec::new();
    for entry in crates {
        let entry = entry.expect("a crate is listed");
        if entry.file_name().to_str().is_some_and(&wanted) {
            collect(&entry.path().join("src"), &mut files);
        }
    }
    files.sort();
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a file is listed").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn shown(file: &Path) -> String {
    file.strip_prefix(repository()).unwrap_or(file).display().to_string()
}
