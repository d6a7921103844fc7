// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent setup`.

use std::path::Path;

use crate::act::interrupt::Interrupt;
use crate::bad_request::BadRequest;
use crate::cli::SetupArgs;
use crate::cluster;
use crate::config;
use crate::error::Error;
use crate::output::ChangeReport;
use crate::transaction::set_up;

pub(super) fn run(args: &SetupArgs, state_dir: &Path) -> Result<ChangeReport, Error> {
    let request = match &args.what.config {
        None => cluster::request(&args.what)?,
        Some(path) => {
            args.what.request()?;
            cluster::request(&config::read(path)?.what)?
        }
    };
    let request = request.ok_or(BadRequest::NoMode)?;
    set_up(&request, &[], args.how.dry_run, state_dir, Interrupt::catch)
}
