// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is the program: parse, run, print, exit.

use std::process::ExitCode;

use clap::Parser as _;
use rs_agent::cli::Cli;
use rs_agent::{commands, output};

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => output::finish(commands::run(&cli)),
        Err(usage) => output::usage(&usage),
    }
}
