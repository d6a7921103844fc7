// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells who else runs here.

use std::fs;
use std::path::Path;

use crate::escaped;

/// Returns the names of the processes of this network namespace, as in `/proc/PID/comm` (15 bytes);
/// of one that does not say where it is, too. `proc` is normally `/proc`.
#[must_use]
pub fn names(proc: &Path) -> Vec<String> {
    let here = fs::read_link(proc.join("thread-self/ns/net")).ok();
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let ours = |entry: &fs::DirEntry| {
        entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit)
            && fs::read_link(entry.path().join("ns/net")).map_or(true, |at| Some(at) == here)
    };
    entries.filter(ours).filter_map(|entry| name(&entry.path())).collect()
}

/// Returns the name of the process of this folder of `/proc`. It need not be UTF-8: any process may
/// write it.
#[must_use]
pub fn name(folder: &Path) -> Option<String> {
    let name = fs::read(folder.join("comm")).ok()?;
    Some(escaped::text(name.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_does_not_say_where_it_is_counts() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        for (process, name, place) in [
            ("thread-self", None, Some("net:[1]")),
            ("1", Some(&b"here\n"[..]), Some("net:[1]")),
            ("2", Some(b"elsewhere\n"), Some("net:[2]")),
            ("3", Some(b"hidden\n"), None),
            ("4", Some(b"gr\xfcn\n"), Some("net:[1]")),
            ("sys", Some(b"no process\n"), Some("net:[1]")),
        ] {
            let folder = root.join(process).join("ns");
            fs::create_dir_all(&folder).unwrap();
            if let Some(name) = name {
                fs::write(root.join(process).join("comm"), name).unwrap();
            }
            if let Some(place) = place {
                std::os::unix::fs::symlink(place, folder.join("net")).unwrap();
            }
        }
        let mut found = names(root);
        found.sort();
        assert_eq!(found, ["gr\\xfcn", "here", "hidden"]);
    }
}
