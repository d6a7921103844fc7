// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds the public interface of the libraries, as text, against `docs/api`: a change to it
//! is seen in review. `BLESS=1 cargo test -p api` writes the text anew.

#![cfg(test)]
#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns what the library offers with all of its features, an item a line.
fn interface(library: &str) -> String {
    let target =
        option_env!("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    let target = target.join("api");
    let status = Command::new(env!("CARGO"))
        .current_dir(repository())
        .args(["rustdoc", "--quiet", "--locked", "--lib", "--all-features", "--package", library])
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Zunstable-options", "--output-format=json", "--cap-lints=allow"])
        // The form of the output has not settled, so a released rustdoc wants to be asked twice.
        .env("RUSTC_BOOTSTRAP", "1")
        .status();
    assert!(status.expect("cargo").success(), "cargo rustdoc of {library}");
    let json = target.join("doc").join(library.replace('-', "_")).with_extension("json");
    let interface = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .expect("the version of public-api reads what this rustdoc writes");
    interface.to_string()
}

fn holds(library: &str) {
    let path = repository().join("docs/api").join(library).with_extension("txt");
    let now = interface(library);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &now).expect("docs/api can be written");
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    let lines = |of: &str, but: &str, sign: &str| -> String {
        let other: std::collections::HashSet<&str> = but.lines().collect();
        let only = of.lines().filter(|line| !other.contains(line));
        only.map(|line| format!("{sign} {line}\n")).collect()
    };
    assert!(
        now == text,
        "the public interface of {library} is not what {} says:\n{}{}\
         If that is meant, `BLESS=1 cargo test -p api` writes it, and CHANGELOG.md tells of it.",
        path.display(),
        lines(&text, &now, "-"),
        lines(&now, &text, "+"),
    );
}

#[test]
fn ipvs_netlink_offers_what_the_text_says() {
    holds("ipvs-netlink");
}

#[test]
fn ipvs_cluster_offers_what_the_text_says() {
    holds("ipvs-cluster");
}
