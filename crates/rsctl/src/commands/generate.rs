// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::{Cli, Generate, Generated};
use crate::error::Error;

/// The section of the manual for an administrator's commands.
const SECTION: &str = "8";

pub(super) fn run(args: &Generate) -> Result<Vec<PathBuf>, Error> {
    let unwritable = |error| Error::Generate { folder: args.folder.clone(), error };
    let shell = match args.what {
        Generated::Man => return man(&args.folder).map_err(unwritable),
        Generated::Bash => Shell::Bash,
        Generated::Zsh => Shell::Zsh,
        Generated::Fish => Shell::Fish,
    };
    let mut command = Cli::command();
    clap_complete::generate_to(shell, &mut command, "rsctl", &args.folder)
        .map(|path| vec![path])
        .map_err(unwritable)
}

/// A page for `rsctl` and one for each command, and for each of theirs:
/// `man rsctl-sync-daemon-start`.
fn man(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    pages(&command, "rsctl")
        .into_iter()
        .map(|(name, page)| {
            let path = folder.join(format!("{name}.{SECTION}"));
            let page = clap_mangen::Man::new(page).section(SECTION);
            let mut text = Vec::new();
            page.render(&mut text)?;
            std::fs::write(&path, text)?;
            Ok(path)
        })
        .collect()
}

fn pages(command: &Command, name: &str) -> Vec<(String, Command)> {
    let mut all = vec![(name.to_owned(), command.clone().name(name.to_owned()))];
    for sub in command.get_subcommands() {
        all.extend(pages(sub, &format!("{name}-{}", sub.get_name())));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    fn options(command: &Command, all: &mut BTreeSet<String>) {
        let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
        all.extend(shown.filter_map(|arg| arg.get_long()).map(str::to_owned));
        command.get_subcommands().for_each(|sub| options(sub, all));
    }

    /// Every option is on a page, and every page that one points to is there.
    #[test]
    fn the_pages_hold_all_and_lead_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let paths = man(folder.path()).unwrap();
        let texts: Vec<String> =
            paths.iter().map(|path| fs::read_to_string(path).unwrap().replace('\\', "")).collect();
        let mut all = BTreeSet::new();
        options(&Cli::command(), &mut all);
        assert!(all.contains("mcast-group"));
        for option in all {
            let word = format!("--{option}");
            assert!(texts.iter().any(|text| text.contains(&word)), "no page has {word}");
        }
        let names: BTreeSet<_> =
            paths.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
        for text in &texts {
            for (before, _) in text.match_indices("(8)").map(|(place, _)| text.split_at(place)) {
                let start = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
                let name = &before[start.map_or(0, |start| start + 1)..];
                assert!(names.contains(name), "{name} is no page: {names:?}");
            }
        }
    }
}
