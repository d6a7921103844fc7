// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use ipvs_cluster::cluster;
use lvs_term::{outlive_file_limit, write_for_all};

use crate::cli::{Cli, Generate};
use crate::error::Error;
use crate::manual::MANUAL;

pub(super) fn run(args: &Generate) -> Result<Vec<PathBuf>, Error> {
    let written = match args.what.of_any() {
        Some(what) => what.write(Cli::command(), &MANUAL, &args.folder),
        None => schema(&args.folder),
    };
    written.map_err(|error| Error::Generate { folder: args.folder.clone(), error })
}

/// Writes the JSON schema of the file of a cluster.
fn schema(folder: &Path) -> io::Result<Vec<PathBuf>> {
    outlive_file_limit();
    let path = folder.join("cluster-file.schema.json");
    write_for_all(&path, cluster::schema().as_bytes())?;
    Ok(vec![path])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use clap::Command;
    use lvs_term::Generated;

    use super::*;

    fn options(command: &Command, all: &mut BTreeSet<String>) {
        let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
        all.extend(shown.filter_map(|arg| arg.get_long()).map(str::to_owned));
        command.get_subcommands().for_each(|sub| options(sub, all));
    }

    /// The pages of other programs that ours point to.
    const OTHERS: [&str; 3] = ["ipvsadm(8)", "ip-netns(8)", "rs-agent(8)"];

    fn pages() -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let paths = Generated::Man.write(Cli::command(), &MANUAL, folder.path()).unwrap();
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).unwrap();
            // As it is read: without fonts, and with plain hyphens.
            let text = ["\\fB", "\\fI", "\\fR", "\\&", "\\:"]
                .iter()
                .fold(text, |text, escape| text.replace(escape, ""));
            (path.file_name().unwrap().to_str().unwrap().to_owned(), text.replace("\\-", "-"))
        };
        paths.into_iter().map(read).collect()
    }

    fn page(name: &str) -> String {
        let mut pages = pages().into_iter();
        pages.find(|(file, _)| file == name).map(|(_, text)| text).expect(name)
    }

    /// Every option is on a page, and every page that one points to is there.
    #[test]
    fn the_pages_hold_all_and_lead_nowhere_else() {
        let pages = pages();
        let mut all = BTreeSet::new();
        let mut command = Cli::command();
        command.build();
        options(&command, &mut all);
        assert!(all.contains("maxlen"));
        let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '-';
        let words: BTreeSet<&str> = pages.iter().flat_map(|(_, text)| text.split(is_end)).collect();
        for option in all {
            let word = format!("--{option}");
            assert!(words.contains(&*word), "no page has {word}");
        }
        let known = pages.iter().filter_map(|(file, _)| file.rsplit_once('.'));
        let known = known.map(|(name, section)| format!("{name}({section})"));
        let known: BTreeSet<String> = known.chain(OTHERS.map(str::to_owned)).collect();
        for (file, text) in &pages {
            for line in text.lines().filter_map(|line| line.strip_prefix(".BR ")) {
                let Some((name, section)) = line.split_once(" (") else { continue };
                let section = section.split(')').next().unwrap_or_default();
                let page = format!("{name}({section})");
                assert!(known.contains(&page), "{file}: {page} is no page: {known:?}");
            }
        }
    }

    /// What `man` shows in its order, whichever page.
    #[test]
    fn the_sections_stand_in_their_order() {
        let order = [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "COMMANDS",
            "OPTIONS",
            "JSON",
            "LINES",
            "EXAMPLES",
            "\"EXIT STATUS\"",
            "EXIT STATUS",
            "ENVIRONMENT",
            "FILES",
            "\"SEE ALSO\"",
            "SEE ALSO",
        ];
        for (file, text) in pages() {
            let sections = text.lines().filter_map(|line| line.strip_prefix(".SH "));
            let places = sections
                .map(|section| order.iter().position(|known| *known == section).expect(section));
            let places: Vec<usize> = places.collect();
            assert!(places.is_sorted(), "{file}: {places:?}");
            let needed = ["NAME", "DESCRIPTION", "EXAMPLES", "SEE ALSO"];
            for needed in needed {
                let is = |line: &str| line.trim_start_matches(".SH ").trim_matches('"') == needed;
                assert!(text.lines().any(is), "{file} has no {needed}");
            }
        }
    }

    #[test]
    fn a_folder_of_a_section_gets_its_pages() {
        let folder = tempfile::tempdir().unwrap();
        for section in ["5", "8"] {
            let place = folder.path().join(format!("man{section}"));
            fs::create_dir(&place).unwrap();
            let paths = Generated::Man.write(Cli::command(), &MANUAL, &place).unwrap();
            assert!(!paths.is_empty());
            assert!(paths.iter().all(|path| path.extension().is_some_and(|it| it == section)));
        }
    }

    /// What the reader of saved tables takes is on the page, field by field.
    #[test]
    fn the_page_of_saved_tables_has_all_fields() {
        let page = page("rsctl-table.5");
        let mut fields = Vec::new();
        for source in [
            include_str!("../../../ipvs-cluster/src/file/objects/mod.rs"),
            include_str!("../../../ipvs-cluster/src/file/objects/daemon.rs"),
            include_str!("../../../ipvs-cluster/src/file/objects/server.rs"),
            include_str!("../../../ipvs-cluster/src/file/objects/service.rs"),
        ] {
            let mut is_object = false;
            let mut renamed = None;
            for line in source.lines() {
                is_object |=
                    line.contains("struct ") && line.contains("Object") && line.ends_with('{');
                is_object &= line != "}";
                let Some(line) = line.strip_prefix("    ").filter(|_| is_object) else { continue };
                if let Some((_, name)) = line.split_once("rename = \"") {
                    renamed = name.split('"').next();
                    continue;
                }
                let field = line.split_once(": ").filter(|_| !line.starts_with(['#', '/', ' ']));
                if let Some((field, _)) = field {
                    fields.push(renamed.take().or(field.rsplit(' ').next()).unwrap());
                }
            }
        }
        assert!(fields.len() > 25 && fields.contains(&"timeout_seconds"), "{fields:?}");
        let words: BTreeSet<&str> =
            page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
        for field in fields {
            assert!(words.contains(field), "rsctl-table(5) has no {field}");
        }
    }
}
