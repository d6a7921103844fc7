// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent teardown`.

use std::path::Path;

use crate::act::interrupt::Interrupt;
use crate::cli::TeardownArgs;
use crate::error::Error;
use crate::output::ChangeReport;
use crate::request;
use crate::transaction::take_down;

pub(super) fn run(args: &TeardownArgs, state_dir: &Path) -> Result<ChangeReport, Error> {
    take_down(&request::vips(&args.vips)?, args.how.dry_run, state_dir, None, Interrupt::catch)
}
