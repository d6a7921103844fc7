// SPDX-License-Identifier: MIT OR Apache-2.0

//! Validates files of a cluster by the JSON schema, as an editor does.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Holds the schema, ready to validate.
#[derive(Debug)]
pub struct Schema(jsonschema::Validator);

impl Schema {
    /// Returns the schema that the library gives.
    pub fn ours() -> Self {
        let schema: Value = serde_json::from_str(&ipvs_cluster::cluster::schema()).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        Self(jsonschema::validator_for(&schema).unwrap())
    }

    /// Returns what it has against a file, by a reader of YAML that is not ours.
    ///
    /// # Errors
    /// The faults, a line each.
    pub fn check(&self, file: &str) -> Result<(), String> {
        let file: Value = serde_yaml_ng::from_str(file).map_err(|error| error.to_string())?;
        let faults = self.0.iter_errors(&file);
        let faults: Vec<_> =
            faults.map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }
}

/// Returns the folder of the documentation.
pub fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Returns every file of a cluster that the documentation shows, with its name: those of
/// `docs/examples`, and the blocks of the pages that begin with a `format`.
pub fn examples() -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut folders = vec![docs()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".yaml") {
                all.push((name, fs::read_to_string(&path).unwrap()));
            } else if name.ends_with(".md") {
                let page = fs::read_to_string(&path).unwrap();
                let blocks = blocks(&page).into_iter();
                all.extend(blocks.map(|(line, text)| (format!("{name}:{line}"), text)));
            }
        }
    }
    all.sort();
    all
}

/// Returns the blocks of a page that are whole files, with their lines.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (place, line) in page.lines().enumerate() {
        match &mut block {
            Some(_) if line.trim_start().starts_with("```") => found.extend(block.take()),
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
            None if matches!(line, "```yaml" | "```json") => {
                block = Some((place + 2, String::new()))
            }
            None => {}
        }
    }
    found.retain(|(_, text)| {
        text.lines().any(|line| {
            line.starts_with("format: ipvs-cluster/")
                || line.contains("\"format\": \"ipvs-cluster/")
        })
    });
    found
}
