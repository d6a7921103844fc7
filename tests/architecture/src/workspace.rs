// SPDX-License-Identifier: MIT OR Apache-2.0

//! The workspace as its manifests describe it: its crates, and which depends on which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::Arrow;
use crate::source::{Room, mentions, rooms};

/// A crate of the workspace.
pub struct Crate {
    /// Its folder.
    pub folder: PathBuf,
    /// Other crates of the workspace that it is built on.
    pub uses: BTreeSet<String>,
    /// Those that only its tests, examples and benches need.
    pub uses_in_tests: BTreeSet<String>,
    /// Its top-level modules; none for a crate that only tests something.
    pub rooms: BTreeMap<String, Room>,
}

impl Crate {
    /// Returns the arrows between its rooms.
    #[must_use]
    pub fn arrows(&self) -> BTreeSet<Arrow> {
        let arrows = self
            .rooms
            .iter()
            .flat_map(|(from, room)| room.uses.keys().map(move |to| (from.clone(), to.clone())));
        arrows.collect()
    }

    /// Returns whether any file of the crate names `other`.
    ///
    /// # Panics
    ///
    /// Panics if a file cannot be read.
    #[must_use]
    pub fn names(&self, other: &str) -> bool {
        mentions(&self.folder, &other.replace('-', "_"))
    }
}

/// Returns the root of the repository.
///
/// # Panics
///
/// Panics if this crate is not in a repository.
#[must_use]
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("tests/architecture is two folders deep").to_owned()
}

/// Reads all crates of the workspace, this one left out.
///
/// # Panics
///
/// Panics if a manifest or a source file cannot be read.
#[must_use]
pub fn crates(repository: &Path) -> BTreeMap<String, Crate> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = Manifest::read(repository);
    let folders = root.members.iter().map(|member| repository.join(member));
    let manifests: Vec<(PathBuf, Manifest)> = folders
        .filter(|folder| folder.as_path() != here)
        .map(|folder| (folder.clone(), Manifest::read(&folder)))
        .collect();
    let names: BTreeSet<String> =
        manifests.iter().map(|(_, manifest)| manifest.name.clone()).collect();
    let read = |(folder, manifest): &(PathBuf, Manifest)| {
        // A crate may ask for its own features in tests.
        let others: BTreeSet<String> =
            names.iter().filter(|other| **other != manifest.name).cloned().collect();
        let (uses, in_tests) = (&manifest.dependencies & &others, &manifest.in_tests & &others);
        let others: Vec<String> = others.iter().map(|other| other.replace('-', "_")).collect();
        let read = Crate {
            uses,
            uses_in_tests: in_tests,
            // A harness of tests may do as it likes.
            rooms: if folder.starts_with(repository.join("crates")) {
                rooms(repository, &folder.join("src"), &others)
            } else {
                BTreeMap::new()
            },
            folder: folder.clone(),
        };
        (manifest.name.clone(), read)
    };
    manifests.iter().map(read).collect()
}

/// What is needed of a `Cargo.toml`.
struct Manifest {
    name: String,
    members: Vec<String>,
    dependencies: BTreeSet<String>,
    in_tests: BTreeSet<String>,
}

impl Manifest {
    fn read(folder: &Path) -> Self {
        let path = folder.join("Cargo.toml");
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let table =
            DeTable::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let table = table.get_ref();
        let keys = |name: &str| -> BTreeSet<String> {
            let table = at(table, &[name]).and_then(DeValue::as_table);
            table.into_iter().flatten().map(|(key, _)| key.get_ref().to_string()).collect()
        };
        let members = at(table, &["workspace", "members"]).and_then(DeValue::as_array);
        let members = members.into_iter().flatten().filter_map(|member| member.get_ref().as_str());
        Self {
            name: at(table, &["package", "name"])
                .and_then(DeValue::as_str)
                .unwrap_or_default()
                .to_owned(),
            members: members.map(str::to_owned).collect(),
            dependencies: keys("dependencies"),
            in_tests: keys("dev-dependencies"),
        }
    }
}

/// Returns the value to which these keys lead.
fn at<'a, 'text>(table: &'a DeTable<'text>, keys: &[&str]) -> Option<&'a DeValue<'text>> {
    let (first, rest) = keys.split_first()?;
    let (_, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    match rest {
        [] => Some(value.get_ref()),
        rest => at(value.get_ref().as_table()?, rest),
    }
}
