// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who else runs here.

use std::fs;
use std::path::Path;

/// Names of the processes of this network namespace, as in `/proc/PID/comm` (15 bytes); of
/// one that does not say where it is, too. `proc` is normally `/proc`.
#[must_use]
pub fn names(proc: &Path) -> Vec<String> {
    let here = fs::read_link(proc.join("thread-self/ns/net")).ok();
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let ours = |entry: &fs::DirEntry| {
        entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit)
            && fs::read_link(entry.path().join("ns/net")).map_or(true, |at| Some(at) == here)
    };
    let name = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("comm")).ok();
    entries.filter(ours).filter_map(name).map(|name| name.trim().to_owned()).collect()
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
            ("1", Some("here\n"), Some("net:[1]")),
            ("2", Some("elsewhere\n"), Some("net:[2]")),
            ("3", Some("hidden\n"), None),
            ("sys", Some("no process\n"), Some("net:[1]")),
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
        assert_eq!(found, ["here", "hidden"]);
    }
}
