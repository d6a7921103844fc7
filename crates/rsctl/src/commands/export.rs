// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use ipvs_cluster::cluster::{Export, export};
use ipvs_netlink::ErrorKind;

use super::director::Director;
use super::save;
use crate::cli;
use crate::error::Error;

/// Holds a table that is to be written as the file of a cluster.
#[derive(Debug)]
pub(crate) struct Exported {
    pub(crate) export: Export,
    pub(crate) json: bool,
    /// Where to; `None` is the standard output.
    pub(crate) to: Option<PathBuf>,
}

pub(super) fn run(director: &Director, args: cli::Export) -> Result<Exported, Error> {
    let table = save::read(director).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => Error::NotExported(error),
        _ => error.into(),
    })?;
    let sysctls = director.procfs().sysctls()?;
    let cli::Export { output: to, json } = args;
    Ok(Exported { export: export(&table, &sysctls), json, to })
}
