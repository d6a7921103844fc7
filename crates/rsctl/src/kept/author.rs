// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use lvs_host::escaped;
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};

/// The most characters kept of a command line.
const LONGEST: usize = 2000;
/// What the kernel says of a process that nobody logged in for.
const NOBODY: u32 = u32::MAX;

/// Says who changed something, when, and by which command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Author {
    /// When, by the wall clock, in UTC.
    pub(crate) time: String,
    /// What all records of one command have in common, and no other command's have.
    pub(crate) run: String,
    /// As whom.
    pub(crate) uid: u32,
    /// Who logged in, if somebody did (`/proc/PID/loginuid`): it stays through sudo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) login_uid: Option<u32>,
    pub(crate) pid: u32,
    /// The words of the command line.
    pub(crate) command: Vec<String>,
}

impl Author {
    /// Describes this process, now.
    pub(crate) fn of_this_process() -> Self {
        Self::of(std::env::args_os(), SystemTime::now())
    }

    fn of(args: impl Iterator<Item = OsString>, now: SystemTime) -> Self {
        let pid = std::process::id();
        let time = humantime::format_rfc3339_micros(now).to_string();
        let login = fs::read_to_string("/proc/self/loginuid").ok();
        let login = login.and_then(|text| text.trim().parse().ok()).filter(|uid| *uid != NOBODY);
        Self {
            run: format!("{time}-{pid}"),
            time,
            uid: geteuid().as_raw(),
            login_uid: login,
            pid,
            command: words(args),
        }
    }
}

/// Returns the words, without the folder of the program, and of many the first ones.
fn words(args: impl Iterator<Item = OsString>) -> Vec<String> {
    let mut left = LONGEST;
    let mut words = Vec::new();
    for (place, word) in args.enumerate() {
        let word = match place {
            0 => Path::new(&word).file_name().unwrap_or(&word).to_owned(),
            _ => word,
        };
        let word = escaped::text(word.as_encoded_bytes());
        left = match left.checked_sub(word.chars().count() + 1) {
            Some(left) => left,
            None => {
                words.push("...".to_owned());
                break;
            }
        };
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_kept_without_its_folder_and_not_without_end() {
        let short = ["/usr/sbin/rsctl", "restore", "a b"].map(OsString::from);
        assert_eq!(words(short.into_iter()), ["rsctl", "restore", "a b"]);
        let long = ["rsctl".to_owned(), "x".repeat(1990), "yyy".to_owned(), "z".to_owned()];
        let words = words(long.iter().map(OsString::from));
        assert_eq!((words.len(), words[2].as_str()), (3, "..."));
    }

    #[test]
    fn two_processes_have_different_runs() {
        let author = Author::of([OsString::from("rsctl")].into_iter(), SystemTime::UNIX_EPOCH);
        assert_eq!(author.time, "1970-01-01T00:00:00.000000Z");
        assert_eq!(author.run, format!("{}-{}", author.time, std::process::id()));
    }
}
