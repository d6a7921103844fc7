// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use clap::CommandFactory;

use crate::cli::{Cli, Generate};
use crate::error::Error;

pub(super) fn run(args: &Generate) -> Result<Vec<PathBuf>, Error> {
    let written = args.what.write(Cli::command(), &args.folder);
    written.map_err(|error| Error::Generate { folder: args.folder.clone(), error })
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

    /// Every option is on a page, and every page that one points to is there.
    #[test]
    fn the_pages_hold_all_and_lead_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Generated::Man.write(Cli::command(), folder.path()).unwrap();
        let texts: Vec<String> =
            paths.iter().map(|path| fs::read_to_string(path).unwrap().replace('\\', "")).collect();
        let mut all = BTreeSet::new();
        let mut command = Cli::command();
        command.build();
        options(&command, &mut all);
        assert!(all.contains("maxlen"));
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
