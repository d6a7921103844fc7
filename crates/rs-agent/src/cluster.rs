// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the file that describes a whole cluster, and finds in it what this host is to be.

mod part;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::Path;

use ipvs_cluster::cluster::{self, MAX_BYTES};

use self::part::Host;
use crate::cli::What;
use crate::config;
use crate::error::Error;
use crate::mode::Mode;
use crate::observe;
use crate::request::{Request, Typed};

/// Returns what was asked for by options, by the cluster's file if they name one; `None` if
/// nothing was.
///
/// # Errors
/// As [`What::request`] and [`request_of`].
pub fn request(what: &What) -> Result<Option<Request>, Error> {
    match &what.cluster {
        Some(path) => request_of(path, what.mode, &what.typed()).map(Some),
        None => Ok(what.request()?),
    }
}

/// Returns what the cluster's file has this host be, and the options beside it.
///
/// # Errors
/// [`Error::ReadCluster`]; [`Error::UntrustedConfig`] if others can change the file;
/// [`Error::Cluster`] with all that is wrong in it; a refusal if it does not make a real server of
/// this host, or if the options contradict it.
pub fn request_of(path: &Path, mode: Option<Mode>, typed: &Typed<'_>) -> Result<Request, Error> {
    let failed = |source| Error::ReadCluster { path: path.to_owned(), source };
    let bytes = config::obeyed(path, MAX_BYTES as u64, failed)?;
    let cluster = cluster::read(&bytes)
        .map_err(|problems| Error::Cluster { path: path.to_owned(), problems: problems.0 })?;
    let host = Host { own: own()?, file: path.display().to_string() };
    Ok(host.request(&cluster, mode, typed)?)
}

/// The addresses of this host.
fn own() -> Result<Vec<IpAddr>, Error> {
    let addresses = observe::addresses(&observe::connect()?)?;
    Ok(addresses.iter().map(|have| have.ip).collect())
}
