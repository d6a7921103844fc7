// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use ipvs_cluster::Doubt;
use ipvs_cluster::file::Problem;
use tempfile::Builder;

use super::ipvsadm;
use crate::cli::Form;
use crate::commands::Saved;
use crate::commands::restore::lines;
use crate::error::Error;

pub(super) fn write(saved: &Saved, out: &mut impl Write) -> io::Result<()> {
    match saved.form {
        Form::Json => ipvs_cluster::file::write(&saved.table, out),
        Form::Ipvsadm => ipvsadm::write(&saved.table, out),
    }
}

/// Says on stderr what the file does not hold, or what will not be restored.
pub(super) fn warn(saved: &Saved) {
    match saved.form {
        Form::Ipvsadm => {
            for what in ipvsadm::left_out(&saved.table) {
                super::warning(&format!("ipvsadm's form cannot say {what}; `--format json` can"));
            }
            let mut text = Vec::new();
            // A write to memory does not fail.
            let _ = ipvsadm::write(&saved.table, &mut text);
            let read = lines::read(&text).map(|read| read.desired.doubts);
            will_be_restored(read, ", and take it from `--format json` with --as-is");
        }
        Form::Json => {
            let mut text = Vec::new();
            // A write to memory does not fail.
            let _ = ipvs_cluster::file::write(&saved.table, &mut text);
            let read = ipvs_cluster::file::read(&text).map(|read| read.doubts);
            will_be_restored(read, "");
        }
    }
}

/// Says which lines `restore` will refuse, and what else is done with those, or take
/// only if told to.
fn will_be_restored(read: Result<Vec<Doubt>, Vec<Problem>>, instead: &str) {
    match read {
        Ok(doubts) => {
            for Doubt { line, message, .. } in doubts {
                super::warning(&format!(
                    "where it is not there already, `rsctl restore` will take line {line} with \
                     --as-is only: {message}"
                ));
            }
        }
        Err(problems) => {
            for Problem { line, message } in problems {
                super::warning(&format!(
                    "`rsctl restore` will refuse line {line}{instead}: {message}"
                ));
            }
        }
    }
}

/// Writes to a file: a reader, or a crash, finds the old one or the new one.
pub(super) fn to_file(saved: &Saved, file: &Path) -> Result<(), Error> {
    replace(file, |out| write(saved, out))
        .map_err(|error| Error::Write { file: file.display().to_string(), error })
}

fn replace(
    file: &Path,
    write: impl Fn(&mut BufWriter<&fs::File>) -> io::Result<()>,
) -> io::Result<()> {
    // The file a link leads to is replaced, not the link.
    let target = fs::canonicalize(file).unwrap_or_else(|_| PathBuf::from(file));
    let known = fs::metadata(&target).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        let device = fs::OpenOptions::new().write(true).open(&target)?;
        let mut out = BufWriter::new(&device);
        return write(&mut out).and_then(|()| out.flush());
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // As any program would make it, or as it was.
    let permissions = known.map_or_else(default_permissions, |known| known.permissions());
    let mut temporary = Builder::new();
    temporary.prefix(".rsctl-").permissions(permissions.clone());
    let temporary = temporary.tempfile_in(folder)?;
    let mut out = BufWriter::new(temporary.as_file());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    temporary.as_file().sync_all()?;
    temporary.persist(&target)?;
    // The name is safe when the folder is.
    fs::File::open(folder)?.sync_all()
}

fn default_permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o666)
}
