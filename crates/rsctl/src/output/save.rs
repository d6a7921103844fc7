// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use ipvs_cluster::Doubt;
use ipvs_cluster::file::Problem;
use tempfile::Builder;

use super::{ipvsadm, words};
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
    // Asked by its own name, so that the kernel has its say about links that others left in
    // a folder for all (the sysctl fs.protected_symlinks).
    let known = match fs::metadata(file) {
        Ok(known) => Some(known),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        let device = fs::OpenOptions::new().write(true).open(file)?;
        let mut out = BufWriter::new(&device);
        return write(&mut out).and_then(|()| out.flush());
    }
    // The file a link leads to is replaced, not the link.
    let target = match &known {
        Some(_) => fs::canonicalize(file)?,
        None if file.is_symlink() => {
            let to = fs::read_link(file)?;
            let why = format!("it is a link to {}, which is not there", to.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        None => PathBuf::from(file),
    };
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // As any program would make a new one; for nobody else until it is as the old one was.
    let mode = if known.is_some() { 0o600 } else { 0o666 };
    let mut temporary = Builder::new();
    temporary.prefix(".rsctl-").permissions(fs::Permissions::from_mode(mode));
    let temporary = temporary.tempfile_in(folder)?;
    let mut out = BufWriter::new(temporary.as_file());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    if let Some(known) = known {
        keep_rights(&known, temporary.as_file())?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&target)?;
    // The name is safe when the folder is.
    fs::File::open(folder)?.sync_all()
}

/// Gives `file` the owner, the group and the mode that `known` has.
fn keep_rights(known: &fs::Metadata, file: &fs::File) -> io::Result<()> {
    let new = file.metadata()?;
    if (known.uid(), known.gid()) != (new.uid(), new.gid()) {
        fchown(file, Some(known.uid()), Some(known.gid())).map_err(|error| {
            let why = format!("its owner cannot be kept: {}", words::system(&error));
            io::Error::new(error.kind(), why)
        })?;
    }
    // Behind that: a change of owner takes bits away.
    file.set_permissions(known.permissions())
}
