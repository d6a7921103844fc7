// SPDX-License-Identifier: MIT OR Apache-2.0

//! What fuzzing found worth keeping (`fuzz/`), run again by each `cargo test`.

#![cfg(all(feature = "cluster", feature = "file"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "../fuzz/bodies/cluster.rs"]
mod cluster;
#[path = "../fuzz/bodies/file.rs"]
mod file;
#[path = "../fuzz/bodies/plan.rs"]
mod plan;

use std::path::Path;

#[test]
fn cluster() {
    replay("cluster", cluster::run);
}

#[test]
fn file() {
    replay("file", file::run);
}

#[test]
fn plan() {
    replay("plan", plan::run);
}

/// Runs a target on each of its inputs, those that once broke it included.
fn replay(target: &str, run: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut inputs = 0;
    for folder in ["corpus", "regressions"].map(|kind| fuzz.join(kind).join(target)) {
        // A target that was never broken has no regressions.
        for entry in folder.read_dir().into_iter().flatten() {
            let path = entry.unwrap().path();
            println!("{}", path.display()); // shown if it panics
            run(&std::fs::read(path).unwrap());
            inputs += 1;
        }
    }
    assert!(inputs >= 20, "{inputs} inputs of {target}: where is the corpus?");
}
