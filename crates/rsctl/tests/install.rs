// SPDX-License-Identifier: MIT OR Apache-2.0

//! `make install`: what it puts where, and what it never overwrites.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const LINKS: [&str; 3] = ["ipvsadm", "ipvsadm-save", "ipvsadm-restore"];

/// A build that is done, as far as `make install` can see, and an empty root.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let built = place.0.path().join("target/release");
        fs::create_dir_all(&built).unwrap();
        for program in ["rsctl", "rs-agent"] {
            fs::copy("/bin/sh", built.join(program)).unwrap();
        }
        place
    }

    fn root(&self) -> std::path::PathBuf {
        self.0.path().join("root")
    }

    fn install(&self, options: &[&str]) -> Output {
        self.make("install", options)
    }

    fn make(&self, goal: &str, options: &[&str]) -> Output {
        Command::new("make")
            .args(["-s", "-C", concat!(env!("CARGO_MANIFEST_DIR"), "/../.."), goal])
            .args(["PREFIX=/usr".to_owned(), format!("DESTDIR={}", self.root().display())])
            .args(options)
            .env("CARGO_TARGET_DIR", self.0.path().join("target"))
            .env_remove("MAKEFLAGS")
            .output()
            .unwrap()
    }

    fn files(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        walk(&self.root(), &mut |path| {
            found.insert(path.strip_prefix(self.root()).unwrap().display().to_string());
        });
        found
    }
}

fn walk(folder: &Path, file: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() { walk(&path, file) } else { file(&path) }
    }
}

#[test]
fn uninstall_takes_what_install_put_there_and_nothing_else() {
    let place = Place::new();
    let sbin = place.root().join("usr/sbin");
    fs::create_dir_all(&sbin).unwrap();
    fs::write(sbin.join("ipvsadm-save"), "another's").unwrap();
    assert!(place.install(&[]).status.success());
    symlink("rsctl", sbin.join("ipvsadm")).unwrap();
    let output = place.make("uninstall", &[]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(place.files(), BTreeSet::from(["usr/sbin/ipvsadm-save".to_owned()]));
    let output = place.make("uninstall", &[]);
    assert!(output.status.success(), "twice: {output:?}");
}

#[test]
fn everything_is_put_in_its_place() {
    let place = Place::new();
    let output = place.install(&[]);
    assert!(output.status.success(), "{output:?}");
    let files = place.files();
    for wanted in [
        "usr/sbin/rsctl",
        "usr/sbin/rs-agent",
        "usr/share/man/man8/rsctl.8",
        "usr/share/man/man8/rs-agent-setup.8",
        "usr/share/man/man8/rsctl-ipvsadm.8",
        "usr/share/man/man5/rs-agent.toml.5",
        "usr/share/man/man5/rsctl-table.5",
        "usr/share/bash-completion/completions/rsctl",
        "usr/share/zsh/site-functions/_rsctl",
        "usr/share/fish/vendor_completions.d/rs-agent.fish",
        "usr/share/rsctl/cluster-file.schema.json",
        "usr/lib/systemd/system/rs-agent.service",
        "usr/lib/systemd/system/rsctl-restore.service",
    ] {
        assert!(files.contains(wanted), "{wanted} is missing of {files:#?}");
    }
    // Nothing is called ipvsadm unless that is asked for.
    assert!(!files.iter().any(|file| file.contains("/ipvsadm")), "{files:#?}");
    let unit = place.root().join("usr/lib/systemd/system/rs-agent.service");
    assert!(fs::read_to_string(unit).unwrap().contains("ExecStart=/usr/sbin/rs-agent run"));
}

#[test]
fn ipvsadm_is_linked_when_asked_for_and_never_overwritten() {
    let place = Place::new();
    for _ in 0..2 {
        let output = place.install(&["IPVSADM=1"]);
        assert!(output.status.success(), "{output:?}");
        for link in LINKS {
            let target = fs::read_link(place.root().join("usr/sbin").join(link)).unwrap();
            assert_eq!(target, Path::new("rsctl"));
        }
    }

    for foreign in LINKS {
        let place = Place::new();
        let path = place.root().join("usr/sbin").join(foreign);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "somebody's").unwrap();
        let output = place.install(&["IPVSADM=1"]);
        assert!(!output.status.success(), "{output:?}");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(complaint.contains("is there already, and not ours"), "{complaint}");
        assert_eq!(place.files(), BTreeSet::from([format!("usr/sbin/{foreign}")]));
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's");
        // One that leads nowhere is somebody's too.
        fs::remove_file(&path).unwrap();
        symlink("/nonexistent/alternatives", &path).unwrap();
        assert!(!place.install(&["IPVSADM=1"]).status.success());
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("/nonexistent/alternatives"));
    }
}

#[test]
fn without_a_build_nothing_is_installed() {
    let place = Place::new();
    fs::remove_file(place.0.path().join("target/release/rsctl")).unwrap();
    let output = place.install(&[]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("run make first"), "{output:?}");
    assert_eq!(place.files(), BTreeSet::new());
}
