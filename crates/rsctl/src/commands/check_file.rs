// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_cluster::cluster::{self, Problem, Problems};
use lvs_term::escaped;

use super::restore;
use crate::cli::CheckFile;
use crate::error::{ClusterProblems, Error};
use crate::exit::Exit;

/// Says what the file of a cluster is like.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Its name.
    pub(crate) file: String,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
    /// How many services it describes; none if it has problems.
    pub(crate) services: usize,
    /// How many servers they have together.
    pub(crate) servers: usize,
}

impl Checked {
    pub(super) fn conclude(&self) -> Exit {
        if self.problems.is_empty() { Exit::Done } else { Exit::Usage }
    }
}

/// Checks a file. Its problems are an error to people and an outcome to programs.
pub(super) fn run(args: &CheckFile) -> Result<Checked, Error> {
    let file = match args.file.to_str() {
        Some("-") => "<stdin>".to_owned(),
        _ => escaped(args.file.as_os_str()),
    };
    let bytes =
        restore::read(&args.file).map_err(|error| Error::Read { file: file.clone(), error })?;
    match cluster::read(&bytes) {
        Ok(cluster) => {
            let services = cluster.desired().services();
            Ok(Checked {
                services: services.len(),
                servers: services.iter().map(|wanted| wanted.servers.len()).sum(),
                warnings: cluster.warnings().to_vec(),
                problems: Vec::new(),
                file,
            })
        }
        Err(Problems(problems)) if args.json => {
            Ok(Checked { file, problems, warnings: Vec::new(), services: 0, servers: 0 })
        }
        Err(Problems(all)) => {
            Err(Error::BadCluster(ClusterProblems { file, all, shows_all: true }))
        }
    }
}
