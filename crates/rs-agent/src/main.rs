// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is the program: parse, run, print, exit.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use rs_agent::cli::Cli;
use rs_agent::{commands, complete, output};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    if let Some(status) = complete::asked(&args) {
        return status;
    }
    lvs_term::outlive_file_limit();
    match Cli::try_parse() {
        Ok(cli) => output::finish(commands::run(&cli), cli.is_for_monitor()),
        Err(usage) => output::usage(&usage),
    }
}
