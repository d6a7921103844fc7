// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads what is wanted, in any of its forms.

use std::path::Path;

use ipvs_cluster::{Desired, Scope, cluster};
use lvs_term::escaped;

use crate::commands::restore;
use crate::error::{ClusterProblems, Error, Problems};

/// Holds what a file says.
pub(super) struct Input {
    /// The file's name.
    pub(super) name: String,
    pub(super) desired: Desired,
    /// What of a director it says to be its own.
    pub(super) declared: Scope,
}

pub(super) fn read(file: &Path, shows_all: bool) -> Result<Input, Error> {
    let name = match file.to_str() {
        Some("-") => "<stdin>".to_owned(),
        _ => escaped(file.as_os_str()),
    };
    let bytes = restore::read(file).map_err(|error| Error::Read { file: name.clone(), error })?;
    if is_table(&bytes) {
        let bad = |all| Error::BadFile(Problems { file: name.clone(), all, shows_all });
        let desired = restore::parse(&bytes).map_err(bad)?.desired;
        let keys = || desired.services().iter().map(|wanted| wanted.service.key);
        let vips = keys().filter_map(|key| key.address());
        let declared = Scope::of_services(keys()).and_addresses(vips);
        return Ok(Input { name, desired, declared });
    }
    match cluster::read(&bytes) {
        Ok(cluster) => {
            let declared = cluster.scope();
            Ok(Input { name, desired: cluster.into_desired(), declared })
        }
        Err(cluster::Problems(all)) => {
            Err(Error::BadCluster(ClusterProblems { file: name, all, shows_all }))
        }
    }
}

/// Says whether it begins as a saved table does: the JSON of one, or lines of ipvsadm.
fn is_table(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let Some(first) = lines.next() else { return false };
    if first.starts_with(b"{") {
        let start = bytes.get(..4096).unwrap_or(bytes);
        return start.windows(11).any(|part| part == b"ipvs-table/");
    }
    let is_option =
        |line: &[u8]| matches!(line, [b'-', letter, ..] if letter.is_ascii_alphabetic());
    is_option(first) || first.starts_with(b"--add-") || first.starts_with(b"ipvsadm ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_known_by_its_beginning() {
        for table in [
            "{\n  \"format\": \"ipvs-table/2\",",
            "\u{feff}{\"format\": \"ipvs-table/1\"",
            "-A -t 192.0.2.1:80",
            "# a comment\n\n-a -t 192.0.2.1:80 -r 10.0.0.1",
            "--add-service -t 192.0.2.1:80",
        ] {
            assert!(is_table(table.as_bytes()), "{table}");
        }
        for cluster in [
            "",
            "format: ipvs-cluster/1",
            "---\nformat: ipvs-cluster/1",
            "# a comment\nformat: ipvs-cluster/1",
            "{\"format\": \"ipvs-cluster/1\"",
            "- tcp",
        ] {
            assert!(!is_table(cluster.as_bytes()), "{cluster}");
        }
    }
}
