// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes manual pages from the command line's description, and the scripts by which shells ask
//! the program for completions.

mod faults;
mod manual;
mod options;
mod page;
mod prose;
mod roff;

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::Command;

use crate::signals::outlive_file_limit;

pub use faults::help_faults;
pub use manual::{Entry, Example, Manual};

/// This is the heading of the options that most commands of a program take: the last one in
/// `--help` and in the manual.
pub const COMMON_OPTIONS: &str = "Common options";

/// Names what can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Generated {
    // Documentation of these would be shown as help of the values.
    Man,
    Bash,
    Zsh,
    Fish,
}

impl Generated {
    /// Writes the manual pages of a program, or its completions for a shell, into a folder,
    /// and returns the files. Into a folder called `man5` or `man8` go the pages of that section
    /// of the manual, into others all.
    ///
    /// # Errors
    /// The system's, if the folder is not there or cannot be written.
    pub fn write(
        self,
        command: Command,
        manual: &Manual,
        folder: &Path,
    ) -> io::Result<Vec<PathBuf>> {
        outlive_file_limit();
        let name = command.get_name();
        let (file, script) = match self {
            Self::Man => return man(command, manual, folder),
            Self::Bash => (format!("{name}.bash"), include_str!("generate/bash")),
            Self::Zsh => (format!("_{name}"), include_str!("generate/zsh")),
            Self::Fish => (format!("{name}.fish"), include_str!("generate/fish")),
        };
        // Functions of a shell take no hyphen everywhere.
        let script = script.replace("@FUNCTION@", &name.replace('-', "_"));
        let path = folder.join(file);
        write_for_all(&path, script.replace("@PROGRAM@", name).as_bytes())?;
        Ok(vec![path])
    }
}

/// Writes a page for the program and one for each command, and for each of theirs
/// (`man rsctl-sync-daemon-start`), and those that were written by hand.
fn man(command: Command, manual: &Manual, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let source = format!("{} {}", command.get_name(), command.get_version().unwrap_or_default());
    let by_hand = manual.pages.iter().map(|&(name, text)| {
        (name.to_owned(), text.replace("@SOURCE@", &source).replace("@TITLE@", manual.title))
    });
    let section = folder.file_name().and_then(|name| name.to_str()?.strip_prefix("man"));
    let section = section.filter(|section| matches!(*section, "5" | "8"));
    let mut written = Vec::new();
    for (name, text) in page::pages(command, manual).into_iter().chain(by_hand) {
        if section.is_none_or(|section| name.ends_with(&format!(".{section}"))) {
            let path = folder.join(name);
            write_for_all(&path, text.as_bytes())?;
            written.push(path);
        }
    }
    Ok(written)
}

/// Writes a file that everybody may read, as a whole; what stands at its name, also a link, is
/// replaced and not followed.
///
/// # Errors
/// The system's; what was there stays.
pub fn write_for_all(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // Of a run that was killed.
    let _ = fs::remove_file(&beside);
    let written = File::create_new(&beside).and_then(|mut file| {
        file.write_all(text)?;
        // Whatever the umask is.
        file.set_permissions(Permissions::from_mode(0o644))?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_replaced_and_everybody_may_read_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("theirs"), "theirs").unwrap();
        symlink(at("theirs"), at("x.bash")).unwrap();
        // Of a run that was killed.
        symlink(at("theirs"), at("x.bash.new")).unwrap();
        for _ in ["over the link", "over the file"] {
            let made = Generated::Bash
                .write(Command::new("x"), &Manual::default(), folder.path())
                .unwrap();
            assert_eq!(made, [at("x.bash")]);
            let about = fs::symlink_metadata(at("x.bash")).unwrap();
            assert!(about.is_file());
            assert_eq!(about.permissions().mode() & 0o777, 0o644);
            assert!(!at("x.bash.new").exists());
            fs::set_permissions(at("x.bash"), Permissions::from_mode(0o600)).unwrap();
        }
        assert_eq!(fs::read_to_string(at("theirs")).unwrap(), "theirs");
    }
}
