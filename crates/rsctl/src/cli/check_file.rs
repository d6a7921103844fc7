// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
#[command(after_help = "\
FILE describes a cluster: docs/cluster-file.md has every key. All that is wrong with it is told at \
once, each with its line and what helps, and what is allowed and hardly meant as a warning. Neither \
rights nor a kernel with IPVS are needed, so that a program which makes such files can check one \
before it takes the place of the last.

Examples:
  rsctl check-file cluster.yaml
  make-cluster | rsctl check-file -

Exit status: 0 FILE can be applied, 2 it cannot.")]
pub(crate) struct CheckFile {
    /// The file to read; - for standard input.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Print what was found as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}
