// SPDX-License-Identifier: MIT OR Apache-2.0

//! Pages that describe JSON in tables, against what a program prints: nothing that is not in
//! them, everything in them seen, each of the type that they say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

type Types = BTreeMap<String, BTreeSet<String>>;

/// The table under that heading: each field with its types.
fn documented(page: &str, heading: &str) -> Types {
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let row = |row: &str| {
        let (path, rest) = row.split_once("` | ").unwrap();
        let types = rest.split(" |").next().unwrap();
        (path.to_owned(), types.split(", ").map(str::to_owned).collect())
    };
    rows.map(row).collect()
}

/// The fields of `value`, below `path`, with their types.
fn fields(path: &str, value: &Value, seen: &mut Types) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(items) => {
            items.iter().for_each(|item| fields(&format!("{path}[]"), item, seen));
            "list"
        }
        Value::Object(object) => {
            for (name, value) in object {
                let dot = if path.is_empty() { "" } else { "." };
                fields(&format!("{path}{dot}{name}"), value, seen);
            }
            "object"
        }
    };
    // Items that are objects have fields to speak for them.
    if !(path.is_empty() || path.ends_with("[]") && kind == "object") {
        seen.entry(path.to_owned()).or_default().insert(kind.to_owned());
    }
}

/// Holds the documents under `heading` of the page against its table. What is below one of
/// `elsewhere` is described elsewhere.
#[track_caller]
pub(crate) fn hold(page: &str, heading: &str, documents: &[Value], elsewhere: &[&str]) {
    let mut seen = Types::new();
    documents.iter().for_each(|document| fields("", document, &mut seen));
    seen.retain(|path, _| {
        let below = |other: &&&str| path.strip_prefix(**other).is_some_and(|rest| !rest.is_empty());
        !elsewhere.iter().any(|other| below(&other))
    });
    let documented = documented(page, heading);
    let names = |types: &Types| types.keys().cloned().collect::<BTreeSet<_>>();
    let (shown, said) = (names(&seen), names(&documented));
    let unsaid: Vec<_> = shown.difference(&said).collect();
    let unseen: Vec<_> = said.difference(&shown).collect();
    assert!(unsaid.is_empty(), "{heading}: not in the page: {unsaid:?}");
    assert!(unseen.is_empty(), "{heading}: in the page and never seen: {unseen:?}");
    for (path, types) in &seen {
        assert!(types.is_subset(&documented[path]), "{heading}: {path} was {types:?}");
    }
    assert!(documented.values().flatten().all(|kind| {
        matches!(
            kind.as_str(),
            "text" | "number" | "boolean" | "list" | "object" | "null" | "absent"
        )
    }));
}
