// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use ipvs_cluster::Observed;
use ipvs_netlink::ErrorKind;

use super::Director;
use crate::cli::{Form, INSTALLED, Save};
use crate::error::Error;

/// Holds a table that is to be written.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) table: Observed,
    pub(crate) form: Form,
    /// Where to; `None` is the standard output.
    pub(crate) to: Option<PathBuf>,
    /// Whether that is the place of the table that is restored at boot.
    pub(crate) is_installed: bool,
}

pub(super) fn run(director: &Director, args: Save) -> Result<Saved, Error> {
    let table = Observed::read(&mut director.connect()?).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => Error::NotSaved(error),
        _ => error.into(),
    })?;
    let is_installed = args.install;
    if is_installed && table.services.is_empty() {
        return Err(Error::NothingToInstall(INSTALLED));
    }
    let to = if is_installed { Some(INSTALLED.into()) } else { args.output };
    Ok(Saved { table, form: args.format, to, is_installed })
}
