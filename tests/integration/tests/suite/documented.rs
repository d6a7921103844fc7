// SPDX-License-Identifier: MIT OR Apache-2.0

//! Pages that describe JSON in tables, against what a program prints: nothing that is not in
//! them, everything in them seen, of each type that they say and of no other, and absent where
//! they say so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

type Types = BTreeMap<String, BTreeSet<String>>;

/// Types that a page has and that no document here can show: the heading, the field and the type.
const NEVER_SEEN: [(&str, &str, &str); 3] = [
    // Of a kernel that is built without the protocol.
    ("`timeouts`", "tcp", "null"),
    ("`timeouts`", "tcp_fin", "null"),
    ("`timeouts`", "udp", "null"),
];

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

/// What was seen: the fields with their types, how many objects there were at each path, and in
/// how many of them each field was.
#[derive(Default)]
struct Seen {
    types: Types,
    objects: BTreeMap<String, usize>,
    fields: BTreeMap<String, usize>,
}

impl Seen {
    fn document(&mut self, document: &Value) {
        let lacks = document["lacks"].as_array();
        let lacks = lacks.into_iter().flatten().filter_map(Value::as_str).collect();
        self.value("", document, &lacks);
    }

    /// What stands below `path`. Fields that the document itself says it `lacks` are not missed.
    fn value(&mut self, path: &str, value: &Value, lacks: &BTreeSet<&str>) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(items) => {
                items.iter().for_each(|item| self.value(&format!("{path}[]"), item, lacks));
                "list"
            }
            Value::Object(object) => {
                *self.objects.entry(path.to_owned()).or_default() += 1;
                for (name, value) in object {
                    let dot = if path.is_empty() { "" } else { "." };
                    let below = format!("{path}{dot}{name}");
                    *self.fields.entry(below.clone()).or_default() += 1;
                    self.value(&below, value, lacks);
                }
                for lacking in lacks.iter().filter(|lacking| parent(lacking) == path) {
                    *self.fields.entry((*lacking).to_owned()).or_default() += 1;
                }
                "object"
            }
        };
        // Items that are objects have fields to speak for them.
        if !(path.is_empty() || path.ends_with("[]") && kind == "object") {
            self.types.entry(path.to_owned()).or_default().insert(kind.to_owned());
        }
    }

    /// The types, `absent` of a field that fewer objects have than there are.
    fn types(mut self) -> Types {
        for (field, there) in &self.fields {
            if let (Some(types), true) =
                (self.types.get_mut(field), *there < self.objects[parent(field)])
            {
                types.insert("absent".to_owned());
            }
        }
        self.types
    }
}

/// The path of the object that has this field.
fn parent(field: &str) -> &str {
    field.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// Holds the documents under `heading` of the page against its table. What is below one of
/// `elsewhere` is described elsewhere.
#[track_caller]
pub(crate) fn hold(page: &str, heading: &str, documents: &[Value], elsewhere: &[&str]) {
    let mut seen = Seen::default();
    documents.iter().for_each(|document| seen.document(document));
    let is_elsewhere = |path: &str| {
        let below = |other: &&str| path.strip_prefix(*other).is_some_and(|rest| !rest.is_empty());
        elsewhere.iter().any(below)
    };
    seen.fields.retain(|path, _| !is_elsewhere(path));
    seen.types.retain(|path, _| !is_elsewhere(path));
    let (seen, documented) = (seen.types(), documented(page, heading));
    let (seen, documented) = (rows(&seen), rows(&documented));
    let never: BTreeSet<_> = NEVER_SEEN
        .iter()
        .filter(|(under, ..)| *under == heading)
        .map(|(_, path, kind)| (*path, *kind))
        .collect();
    let unsaid: Vec<_> = seen.difference(&documented).collect();
    let unseen: Vec<_> = documented.difference(&seen).filter(|row| !never.contains(*row)).collect();
    let stale: Vec<_> = never.iter().filter(|row| seen.contains(*row)).collect();
    let faults = [("not in the page", unsaid), ("never seen", unseen), ("can be seen", stale)];
    assert!(faults.iter().all(|(_, rows)| rows.is_empty()), "{heading}: {faults:?}");
}

/// Each field with each of its types.
fn rows(types: &Types) -> BTreeSet<(&str, &str)> {
    let all = types.iter();
    all.flat_map(|(path, types)| types.iter().map(|kind| (path.as_str(), kind.as_str()))).collect()
}
