// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is the program: parse, run, print, exit.

use std::ffi::OsString;
use std::process::ExitCode;

use rs_agent::cli::Cli;
use rs_agent::{commands, complete, output};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    if let Some(status) = complete::asked(&args) {
        return status;
    }
    lvs_term::outlive_file_limit();
    if lvs_term::asks_for_json(&args, &[]) {
        lvs_term::tell_as_json();
    }
    match Cli::read(&args) {
        Ok(cli) => output::finish(commands::run(&cli), cli.shown()),
        Err(unread) => output::usage(unread),
    }
}
