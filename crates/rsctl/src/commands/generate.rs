// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::{Path, PathBuf};

use clap::CommandFactory;
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

/// A page for `rsctl` and one for each command: `man rsctl-add-server`.
fn man(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut pages = vec![(String::from("rsctl"), command.clone())];
    pages.extend(command.get_subcommands().map(|sub| {
        let name = format!("rsctl-{}", sub.get_name());
        (name.clone(), sub.clone().name(name))
    }));
    pages
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
