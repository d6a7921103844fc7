// SPDX-License-Identifier: MIT OR Apache-2.0
//! A limit of the size of files, as `ulimit -f` sets it. Nothing here needs a privilege.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::process::Command;

#[test]
fn no_part_of_a_file_is_left() {
    let folder = tempfile::tempdir().unwrap();
    for what in ["man", "bash"] {
        let output = Command::new("sh")
            .args(["-c", "ulimit -f 0; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rs-agent")])
            .args(["generate", what, folder.path().to_str().unwrap()])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("error: cannot generate: "), "{what}: {output:?}");
        assert!(stderr.contains("file too large"), "{what}: {stderr}");
        assert_eq!(output.status.code(), Some(1), "{what}: {output:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{what}");
    }
}
