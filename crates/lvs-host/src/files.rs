// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads files within bounds, and writes them as a whole.

pub mod trust;

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Anybody may read a file of this mode.
pub const PUBLIC: u32 = 0o644;
/// Anybody may look into a folder of this mode.
pub const FOLDER: u32 = 0o755;

/// Reads a text, and what the system tells of its file, as [`bytes`].
///
/// # Errors
/// The system's; `InvalidData` if it is no regular file, not UTF-8, or larger than `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<(String, Metadata)> {
    text(bytes(path, most)?)
}

/// Reads it where only this program has files: a link there was put by somebody else, and is
/// not followed.
///
/// # Errors
/// As [`read`]; `InvalidData` if it is a link.
pub fn read_itself(path: &Path, most: u64) -> io::Result<(String, Metadata)> {
    text(found(path, &fs::symlink_metadata(path)?, libc::O_NOFOLLOW, most)?)
}

fn text((bytes, about): (Vec<u8>, Metadata)) -> io::Result<(String, Metadata)> {
    let text = String::from_utf8(bytes).map_err(|_| refused("not UTF-8".to_owned()))?;
    Ok((text, about))
}

/// Reads what is in a file, and what the system tells of it. Neither a file without end nor a
/// FIFO that nobody writes to holds it up.
///
/// # Errors
/// The system's; `InvalidData` if it is no regular file, or larger than `most` bytes.
pub fn bytes(path: &Path, most: u64) -> io::Result<(Vec<u8>, Metadata)> {
    found(path, &fs::metadata(path)?, 0, most)
}

/// Opens what was looked at before, as opening a device may do something by itself.
fn found(path: &Path, before: &Metadata, how: i32, most: u64) -> io::Result<(Vec<u8>, Metadata)> {
    if before.is_symlink() {
        return Err(refused("a symbolic link".to_owned()));
    }
    if !before.is_file() {
        return Err(refused("not a regular file".to_owned()));
    }
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY | how;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if !about.is_file() || bytes.len() as u64 > most {
        return Err(refused(format!("larger than {} KiB", most >> 10)));
    }
    Ok((bytes, about))
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Writes a file as a whole: beside, synced, renamed over, folder synced. Its mode is `mode`,
/// whatever the umask is; what stands at its name, also a link, is replaced and not followed.
///
/// # Errors
/// The system's; what was there is as it was then, unless only the last sync failed.
pub fn replace(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // Of a run that was killed.
    remove(&beside)?;
    // Exclusive: nothing that appears there meanwhile is written to.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let mut write = || {
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    if let Err(error) = write() {
        // On a full disk half a file takes what others need.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    sync_folder(path)
}

/// Removes a file, and is content if there is none.
///
/// # Errors
/// The system's.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes durable which names there are beside this one.
///
/// # Errors
/// The system's.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Makes the folders of this path that are missing, with the mode [`FOLDER`] whatever the
/// umask is.
///
/// # Errors
/// The system's.
pub fn make_folders(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        match DirBuilder::new().mode(FOLDER).create(folder) {
            Ok(()) => fs::set_permissions(folder, Permissions::from_mode(FOLDER))?,
            // Somebody else made it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    #[test]
    fn what_has_no_end_or_no_beginning_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        nix::unistd::mkfifo(&folder.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for (name, why) in [
            ("fifo", "not a regular file"),
            ("/dev/zero", "not a regular file"),
            (".", "not a regular file"),
            ("missing", "No such file"),
        ] {
            let refused = read(&folder.path().join(name), 1 << 20).unwrap_err().to_string();
            assert!(refused.contains(why), "{name}: {refused}");
        }
        for (text, most, why) in [
            (&b"12345"[..], 5, None),
            (b"123456", 5, Some("larger than 0 KiB")),
            (b"\xff", 5, Some("not UTF-8")),
        ] {
            fs::write(&path, text).unwrap();
            let refused = read(&path, most).err().map(|error| error.to_string());
            assert_eq!(refused.as_deref(), why, "{text:?}");
        }
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("file"), folder.path().join("target"));
        fs::write(&target, "precious").unwrap();
        for name in ["file", "file.new"] {
            symlink(&target, folder.path().join(name)).unwrap();
        }
        replace(&path, b"ours", PUBLIC).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
        assert_eq!(fs::read_to_string(&path).unwrap(), "ours");
        let about = fs::symlink_metadata(&path).unwrap();
        assert!(about.is_file() && about.mode() & 0o777 == PUBLIC);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        // A folder in the way is an error, and leaves nothing beside it.
        fs::create_dir(folder.path().join("in-the-way")).unwrap();
        assert!(replace(&folder.path().join("in-the-way"), b"ours", PUBLIC).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
