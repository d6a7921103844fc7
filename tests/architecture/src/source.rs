// SPDX-License-Identifier: MIT OR Apache-2.0

//! One crate's source: its rooms, and what each of them names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::paths::{self, Named, ident, is_punct};

/// The room of what stands in `lib.rs` or `main.rs` itself.
pub const ROOT: &str = "lib";

/// A top-level module with all that is below it.
#[derive(Default)]
pub struct Room {
    /// The first sentence of its documentation.
    pub what: String,
    /// The rooms of the same crate that it names, each with a place where it does.
    pub uses: BTreeMap<String, String>,
    /// Other crates of the workspace that it names.
    pub crates: BTreeSet<String>,
}

/// A path that code names: in which module, and where.
struct Mention {
    module: Vec<String>,
    path: Vec<String>,
    place: String,
}

struct Reader<'a> {
    repository: &'a Path,
    /// Other crates, as code spells them.
    others: &'a [String],
    mentions: Vec<Mention>,
    /// What the root makes known under a name of its own.
    known: BTreeMap<String, Vec<String>>,
    /// The top-level modules, with the first sentence on each.
    modules: BTreeMap<String, String>,
    file: String,
}

/// Reads the rooms of the crate whose source is in `folder`; `others` are the other
/// crates of the workspace, as code spells them.
///
/// # Panics
///
/// Panics if a file is missing or is not Rust.
#[must_use]
pub fn rooms(repository: &Path, folder: &Path, others: &[String]) -> BTreeMap<String, Room> {
    let mut reader = Reader {
        repository,
        others,
        mentions: Vec::new(),
        known: BTreeMap::new(),
        modules: BTreeMap::new(),
        file: String::new(),
    };
    let root = ["lib.rs", "main.rs"].map(|name| folder.join(name));
    let root = root.iter().find(|path| path.exists()).expect("a crate has a lib.rs or a main.rs");
    let what = reader.read(root, &[], folder);
    reader.into_rooms(what)
}

impl Reader<'_> {
    /// Reads a file and the modules below it; returns the first sentence on it.
    fn read(&mut self, path: &Path, module: &[String], below: &Path) -> String {
        let text =
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let tokens: TokenStream =
            text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let shown = path.strip_prefix(self.repository).unwrap_or(path).display().to_string();
        let outer = std::mem::replace(&mut self.file, shown);
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        self.scan(&tokens, module, below);
        self.file = outer;
        first_sentence(&text)
    }

    fn scan(&mut self, tokens: &[TokenTree], module: &[String], below: &Path) {
        let mut at = 0;
        let mut is_public = false;
        while let Some(token) = tokens.get(at) {
            if let Some((attribute, inner)) = attribute(tokens, at) {
                at += if inner { 3 } else { 2 };
                if !is_for_tests(&attribute) {
                    let content: Vec<TokenTree> = attribute.stream().into_iter().collect();
                    self.scan(&content, module, below);
                } else if inner {
                    return;
                } else {
                    at = behind_item(tokens, at);
                }
                continue;
            }
            match ident(Some(token)).as_deref() {
                Some("pub") => {
                    is_public = true;
                    at += 1;
                    // `pub(in crate::x)` names a place and uses nothing of it.
                    if let Some(TokenTree::Group(group)) = tokens.get(at)
                        && is_restriction(group)
                    {
                        at += 1;
                    }
                    continue;
                }
                Some("mod") if ident(tokens.get(at + 1)).is_some() => {
                    at = self.module(tokens, at + 1, module, below);
                }
                Some("use") if !is_punct(tokens.get(at + 1), '<') => {
                    at = self.import(tokens, at + 1, module, is_public);
                }
                Some(_) if paths::begins(tokens, at) => {
                    let (path, end) = paths::path(tokens, at);
                    self.mention(module, path, token.span().start().line);
                    at = end;
                }
                _ => {
                    if let TokenTree::Group(group) = token {
                        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                        self.scan(&inner, module, below);
                    }
                    at += 1;
                }
            }
            is_public = false;
        }
    }

    /// Reads `name;` or `name { … }` behind `mod`; returns where it ends.
    fn module(
        &mut self,
        tokens: &[TokenTree],
        at: usize,
        module: &[String],
        below: &Path,
    ) -> usize {
        let name = ident(tokens.get(at)).unwrap_or_default();
        let inside: Vec<String> = module.iter().chain([&name]).cloned().collect();
        let folder = below.join(&name);
        let mut what = String::new();
        match tokens.get(at + 1) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                self.scan(&inner, &inside, &folder);
            }
            token if is_punct(token, ';') => {
                let files = [below.join(format!("{name}.rs")), folder.join("mod.rs")];
                let file = files.iter().find(|path| path.exists());
                let file = file.unwrap_or_else(|| panic!("{}: no file for mod {name}", self.file));
                what = self.read(file, &inside, &folder);
            }
            // Not a module: a word of some macro.
            _ => return at + 1,
        }
        if module.is_empty() {
            self.modules.insert(name, what);
        }
        at + 2
    }

    /// Reads the tree behind `use`; returns where it ends.
    fn import(
        &mut self,
        tokens: &[TokenTree],
        at: usize,
        module: &[String],
        is_public: bool,
    ) -> usize {
        let length = tokens[at..].iter().position(|token| is_punct(Some(token), ';'));
        let end = length.map_or(tokens.len(), |length| at + length);
        let mut found = Vec::new();
        paths::tree(&tokens[at..end], 0, &[], &mut found);
        for Named { path, alias, line } in found {
            if module.is_empty() && alias != "*" {
                self.known.insert(alias, path.clone());
            }
            // What the root hands on is a name for users of the crate, not a use.
            if !(module.is_empty() && is_public) {
                self.mention(module, path, line);
            }
        }
        end
    }

    fn mention(&mut self, module: &[String], path: Vec<String>, line: usize) {
        let place = format!("{}:{line}", self.file);
        self.mentions.push(Mention { module: module.to_vec(), path, place });
    }

    fn into_rooms(self, what: String) -> BTreeMap<String, Room> {
        let mut rooms: BTreeMap<String, Room> = BTreeMap::new();
        for (name, what) in &self.modules {
            rooms.entry(name.clone()).or_default().what.clone_from(what);
        }
        for mention in &self.mentions {
            let from = mention.module.first().map_or(ROOT, String::as_str);
            let first = mention.path.first().map(String::as_str).unwrap_or_default();
            if self.others.iter().any(|other| other == first) {
                let other = first.replace('_', "-");
                rooms.entry(from.to_owned()).or_default().crates.insert(other);
            } else if let Some(to) = self.room_of(mention)
                && to != from
            {
                let uses = &mut rooms.entry(from.to_owned()).or_default().uses;
                uses.entry(to).or_insert_with(|| mention.place.clone());
            }
        }
        // A root that names nothing and is named by nobody is no room worth a line.
        let is_named = rooms.values().any(|room| room.uses.contains_key(ROOT));
        if is_named || rooms.contains_key(ROOT) {
            rooms.entry(ROOT.to_owned()).or_default().what = what;
        }
        rooms
    }

    /// Returns the room that a path leads to, if it is one of this crate.
    fn room_of(&self, mention: &Mention) -> Option<String> {
        let mut module = mention.module.as_slice();
        let mut path = mention.path.as_slice();
        let mut is_absolute = false;
        while let Some((first, rest)) = path.split_first() {
            match first.as_str() {
                "crate" => module = &[],
                "self" => {}
                "super" => module = module.split_last().map_or(&[][..], |(_, above)| above),
                _ => break,
            }
            is_absolute = true;
            path = rest;
        }
        // A name without `crate` or `super` is of a crate, or of the module itself.
        let name = module.first().or(path.first())?;
        if !is_absolute && !mention.module.is_empty() {
            return None;
        }
        if self.modules.contains_key(name) {
            return Some(name.clone());
        }
        match self.known.get(name) {
            Some(path) if *path != mention.path => self.room_of(&Mention {
                module: Vec::new(),
                path: path.clone(),
                place: String::new(),
            }),
            _ => is_absolute.then(|| ROOT.to_owned()),
        }
    }
}

/// Returns whether a path in any file below `folder` begins with `name`.
pub(crate) fn mentions(folder: &Path, name: &str) -> bool {
    let is_code = |path: &PathBuf| !["fuzz", "target"].iter().any(|name| path.ends_with(name));
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    paths.filter(is_code).any(|path| {
        if path.is_dir() {
            return mentions(&path, name);
        }
        path.extension().is_some_and(|extension| extension == "rs")
            && fs::read_to_string(&path).is_ok_and(|text| text.contains(&format!("{name}::")))
    })
}

/// Returns the attribute that begins at `at`, and whether it is one of what it stands in.
fn attribute(tokens: &[TokenTree], at: usize) -> Option<(Group, bool)> {
    if !is_punct(tokens.get(at), '#') {
        return None;
    }
    let inner = is_punct(tokens.get(at + 1), '!');
    match tokens.get(at + 1 + usize::from(inner)) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some((group.clone(), inner))
        }
        _ => None,
    }
}

/// Returns whether an attribute is `cfg(…)` of what only tests and fuzzing compile.
fn is_for_tests(attribute: &Group) -> bool {
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().collect();
    match (ident(tokens.first()).as_deref(), tokens.get(1)) {
        (Some("cfg"), Some(TokenTree::Group(condition))) => holds_in_tests_only(condition.stream()),
        _ => false,
    }
}

fn holds_in_tests_only(condition: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = condition.into_iter().collect();
    match (ident(tokens.first()).as_deref(), tokens.get(1)) {
        (Some("test" | "fuzzing"), None) => true,
        (Some(of @ ("all" | "any")), Some(TokenTree::Group(group))) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let mut parts = inner
                .split(|token| is_punct(Some(token), ','))
                .filter(|part| !part.is_empty())
                .map(|part| holds_in_tests_only(part.iter().cloned().collect()));
            if of == "all" { parts.any(|part| part) } else { parts.all(|part| part) }
        }
        _ => false,
    }
}

/// Returns where the item that begins at `at` has ended: behind its `;` or its braces.
fn behind_item(tokens: &[TokenTree], at: usize) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    tokens[at..].iter().position(is_end).map_or(tokens.len(), |length| at + length + 1)
}

fn is_restriction(group: &Group) -> bool {
    let tokens: Vec<TokenTree> = group.stream().into_iter().take(2).collect();
    let first = ident(tokens.first());
    group.delimiter() == Delimiter::Parenthesis
        && match first.as_deref() {
            Some("in") => true,
            Some("crate" | "super" | "self") => tokens.len() == 1,
            _ => false,
        }
}

/// Returns the first sentence that documents a file: what `//!` says, else the first `///`.
fn first_sentence(text: &str) -> String {
    let lines = |mark: &str| -> String {
        let said = text.lines().map(str::trim_start).skip_while(|line| !line.starts_with(mark));
        let said = said.map_while(|line| line.strip_prefix(mark)).map(str::trim);
        said.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let said = Some(lines("//!")).filter(|said| !said.is_empty()).unwrap_or_else(|| lines("///"));
    let end = said.find(". ").unwrap_or(said.len());
    without_links(said[..end].trim_end_matches('.'))
}

/// Returns text of rustdoc as it reads elsewhere: its links lead to nothing there.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('[') {
        plain.push_str(before);
        let Some((name, behind)) = behind.split_once(']') else { break };
        plain.push_str(&name.replace("mod@", "").replace("crate::", ""));
        rest = behind
            .strip_prefix('(')
            .and_then(|link| link.split_once(')'))
            .map_or(behind, |(_, rest)| rest);
    }
    plain + rest
}

#[cfg(test)]
mod tests;
