// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes a file as a whole.

use std::fs::{self, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use lvs_term::{escaped, system_error};
use tempfile::Builder;

/// Replaces a file, or writes to what is none. A new one has that mode, if any, whatever the umask.
pub(super) fn replace(
    file: &Path,
    mode_of_new: Option<u32>,
    write: impl Fn(&mut BufWriter<&fs::File>) -> io::Result<()>,
) -> io::Result<()> {
    // Asked by its own name, so that the kernel has its say about links that others left in
    // a folder for all (the sysctl fs.protected_symlinks).
    let known = match fs::metadata(file) {
        Ok(known) => Some(known),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let device = match &known {
        Some(known) => match descriptor(file)? {
            None if !known.is_file() => Some(fs::OpenOptions::new().write(true).open(file)?),
            open => open,
        },
        None => None,
    };
    if let Some(device) = device {
        let mut out = BufWriter::new(&device);
        return write(&mut out).and_then(|()| out.flush());
    }
    // The file a link leads to is replaced, not the link.
    let target = match &known {
        Some(_) => fs::canonicalize(file)?,
        None if file.is_symlink() => {
            let to = fs::read_link(file)?;
            let why = format!("it is a link to {}, which is not there", escaped(to.as_os_str()));
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
    // Made here: the errors of `tempfile_in` name the temporary file, which nobody has asked for.
    let temporary = Builder::new().prefix(".rsctl-").make_in(folder, |name| {
        fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(name)
    })?;
    let mut out = BufWriter::new(temporary.as_file());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    match (known, mode_of_new) {
        (Some(known), _) => keep_rights(&known, temporary.as_file())?,
        (None, Some(mode)) => temporary.as_file().set_permissions(Permissions::from_mode(mode))?,
        (None, None) => {}
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&target)?;
    // The name is safe when the folder is.
    fs::File::open(folder)?.sync_all()
}

/// Returns what `file` stands for if it names something that a process has open, such as
/// `/dev/stdout`: whoever opened it goes on with it, so that it is not replaced.
fn descriptor(file: &Path) -> io::Result<Option<fs::File>> {
    // As many as the kernel follows (path_resolution(7)).
    const MOST_LINKS: usize = 40;
    let mut file = file.to_owned();
    for _ in 0..MOST_LINKS {
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { break };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        // What is not there is complained of by who makes it.
        let Ok(folder) = fs::canonicalize(folder) else { break };
        let here = folder.join(name);
        if folder.starts_with("/proc") && folder.ends_with("fd") {
            return open_descriptor(&here).map(Some);
        }
        let Ok(to) = fs::read_link(&here) else { break };
        file = folder.join(to);
    }
    Ok(None)
}

/// Opens `/proc/PID/fd/N`.
fn open_descriptor(file: &Path) -> io::Result<fs::File> {
    let own = fs::canonicalize("/proc/self/fd")?;
    // Opened anew it would have a place of its own, and what others write there next would
    // stand above this.
    let shared = match file.strip_prefix(own).ok().and_then(Path::to_str) {
        Some("1") => io::stdout().as_fd().try_clone_to_owned()?,
        Some("2") => io::stderr().as_fd().try_clone_to_owned()?,
        _ => return fs::OpenOptions::new().append(true).open(file),
    };
    Ok(shared.into())
}

/// Gives `file` the owner, the group and the mode that `known` has.
fn keep_rights(known: &fs::Metadata, file: &fs::File) -> io::Result<()> {
    let new = file.metadata()?;
    if (known.uid(), known.gid()) != (new.uid(), new.gid()) {
        fchown(file, Some(known.uid()), Some(known.gid())).map_err(|error| {
            let why = format!("its owner cannot be kept: {}", system_error(&error));
            io::Error::new(error.kind(), why)
        })?;
    }
    // Behind that: a change of owner takes bits away.
    file.set_permissions(known.permissions())
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_open_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mix");
        let mut open = fs::File::create(&path).unwrap();
        open.write_all(b"one\n").unwrap();
        let number = open.as_raw_fd();
        let link = folder.path().join("link");
        symlink(format!("/dev/fd/{number}"), &link).unwrap();
        let before = fs::metadata(&path).unwrap().ino();
        let own = std::process::id();
        for name in [
            format!("/dev/fd/{number}"),
            format!("/proc/self/fd/{number}"),
            format!("/proc/{own}/task/{own}/fd/{number}"),
            escaped(link.as_os_str()),
        ] {
            replace(Path::new(&name), None, |out| out.write_all(b"two\n")).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\ntwo\ntwo\ntwo\n");
        assert_eq!(fs::metadata(&path).unwrap().ino(), before);
        // By its own name it is replaced.
        replace(&path, None, |out| out.write_all(b"three\n")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
        assert_ne!(fs::metadata(&path).unwrap().ino(), before);
    }

    /// Nobody has asked for the temporary file.
    #[test]
    fn who_cannot_write_is_told_of_the_file_only() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        let missing = folder.path().join("missing").join("x");
        let long = folder.path().join("x".repeat(300));
        for (file, why) in [
            (missing, "no such file or directory"),
            (plain.join("x"), "not a directory"),
            (long, "file name too long"),
        ] {
            let error = replace(&file, None, |_| Ok(())).unwrap_err();
            assert_eq!(system_error(&error), why, "{file:?}");
        }
    }

    #[test]
    fn only_what_is_open_is_a_descriptor() {
        for name in ["/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/2"] {
            assert!(descriptor(Path::new(name)).unwrap().is_some(), "{name}");
        }
        for name in ["/dev/null", "/", "..", "fd/1", "/proc/self/status", "/nowhere/fd/1"] {
            assert!(descriptor(Path::new(name)).unwrap().is_none(), "{name}");
        }
    }
}
