// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent generate`: manual pages and completions, from the command line's description.

use clap::CommandFactory as _;

use crate::cli::{Cli, GenerateArgs};
use crate::error::Error;

pub(super) fn run(args: &GenerateArgs) -> Result<String, Error> {
    let files = args.what.write(Cli::command(), &args.folder);
    let files = files.map_err(|source| Error::File { path: args.folder.clone(), source })?;
    Ok(files
        .iter()
        .map(|file| format!("{}\n", lvs_term::printable(&file.display().to_string())))
        .collect())
}
