// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use ipvs_cluster::Observed;
use ipvs_netlink::ErrorKind;

use super::director::{Director, USUAL_SERVERS};
use crate::cli::{Form, Save};
use crate::error::Error;

/// Holds a table that is to be written.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) table: Observed,
    pub(crate) form: Form,
    /// Where to; `None` is the standard output.
    pub(crate) to: Option<PathBuf>,
}

pub(super) fn run(director: &Director, args: Save) -> Result<Saved, Error> {
    let mut client = director.connect_to_look(USUAL_SERVERS)?;
    let table = Observed::read(&mut client).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => Error::NotSaved(error),
        _ => error.into(),
    })?;
    Ok(Saved { table, form: args.format, to: args.output })
}
