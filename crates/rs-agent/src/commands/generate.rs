// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent generate`: manual pages and completions, from the command line's description.

use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_complete::Shell;
use lvs_host::files;

use crate::cli::{Cli, GenerateArgs, Generated};
use crate::error::Error;

/// The section of the manual for an administrator's commands.
const SECTION: &str = "8";

pub(super) fn run(args: &GenerateArgs) -> Result<String, Error> {
    let files = match args.what {
        Generated::Man => man(&args.folder),
        Generated::Bash => completion(Shell::Bash, &args.folder),
        Generated::Zsh => completion(Shell::Zsh, &args.folder),
        Generated::Fish => completion(Shell::Fish, &args.folder),
    };
    let files = files.map_err(|source| Error::File { path: args.folder.clone(), source })?;
    Ok(files.iter().map(|file| format!("{}\n", file.display())).collect())
}

fn completion(shell: Shell, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut command = Cli::command();
    Ok(vec![clap_complete::generate_to(shell, &mut command, "rs-agent", folder)?])
}

/// A page for `rs-agent` and one for each command: `man rs-agent-setup`.
fn man(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut pages = vec![(String::from("rs-agent"), command.clone())];
    pages.extend(command.get_subcommands().map(|sub| {
        let name = format!("rs-agent-{}", sub.get_name());
        (name.clone(), sub.clone().name(name))
    }));
    let page = |(name, page): (String, clap::Command)| {
        let path = folder.join(format!("{name}.{SECTION}"));
        let mut text = Vec::new();
        clap_mangen::Man::new(page).section(SECTION).render(&mut text)?;
        files::replace(&path, &text, files::PUBLIC)?;
        Ok(path)
    };
    pages.into_iter().map(page).collect()
}
