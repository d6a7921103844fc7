// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says what a change makes of what, in the words of a saved file.

use ipvs_cluster::file::Object;
use serde_json::{Map, Value};

/// Returns what differs, or what is new; nothing of what goes.
pub(super) fn text(before: Option<&Object>, after: Option<&Object>) -> String {
    let value = |object: &Object| serde_json::to_value(object).ok();
    match (before.and_then(value), after.and_then(value)) {
        (Some(before), Some(after)) => differences(&before, &after),
        (None, Some(after)) => settings(&after),
        _ => String::new(),
    }
}

/// Returns what an object is, without its name.
fn settings(object: &Value) -> String {
    let parts = fields(object).filter(|(name, _)| {
        !matches!(name.as_str(), "service" | "server" | "role" | "interface" | "sysctl")
    });
    parts.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

fn differences(before: &Value, after: &Value) -> String {
    let empty = Map::new();
    let (before, after) =
        (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = before.keys().collect();
    names.extend(after.keys().filter(|name| !before.contains_key(*name)));
    let shown = |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), plain);
    let differences = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    differences
        .map(|name| format!("{name} {} -> {}", shown(before.get(name)), shown(after.get(name))))
        .collect::<Vec<_>>()
        .join(", ")
}

fn fields(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Object(_) => {
            fields(value).map(|(_, value)| plain(value)).collect::<Vec<_>>().join("/")
        }
        other => other.to_string(),
    }
}
