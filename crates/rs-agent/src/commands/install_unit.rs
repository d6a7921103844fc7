// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent install-unit`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::act::sysctl;
use crate::cli::InstallUnitArgs;
use crate::config;
use crate::error::Error;
use crate::escaped;
use crate::sysctl_key::SysctlKey;
use crate::unit::{self, File, MARK, PATHS};

pub(super) fn run(args: &InstallUnitArgs) -> Result<String, Error> {
    if args.remove {
        return remove(&args.destdir);
    }
    let request = config::read(&at(&args.destdir, &args.config))?.what.request()?;
    let request = request.ok_or(crate::refusal::Refusal::NoMode)?;
    let this_host = args.destdir == Path::new("/");
    let present = |key: &SysctlKey| sysctl::read(key).ok().filter(|_| this_host);
    let files = unit::files(&request, &args.program, &args.config, present)?;
    if args.print {
        let shown = files.iter().map(|file| format!("# /{}\n{}", file.path, file.text));
        return Ok(shown.collect::<Vec<_>>().join("\n"));
    }
    write(&args.destdir, &files)
}

/// All or nothing as far as it can be told before: nothing is written if a file of
/// somebody else's is in the way. One of ours that is not needed any more goes.
fn write(destdir: &Path, files: &[File]) -> Result<String, Error> {
    let mut present = Vec::new();
    for path in PATHS {
        let path = destdir.join(path);
        let now = read(&path)?;
        present.push((path, now));
    }
    not_foreign(&present)?;
    let mut report = String::new();
    for (path, now) in present {
        let failed = |source| Error::File { path: path.clone(), source };
        match (files.iter().find(|file| destdir.join(file.path) == path), now) {
            (Some(file), Some(now)) if file.text == now => {}
            (Some(file), _) => {
                replace(&path, &file.text).map_err(failed)?;
                report += &format!("wrote {}\n", path.display());
            }
            (None, Some(_)) => {
                fs::remove_file(&path).map_err(failed)?;
                report += &format!("removed {}\n", path.display());
            }
            (None, None) => {}
        }
    }
    if report.is_empty() {
        return Ok("nothing to do: all is in place\n".to_owned());
    }
    Ok(report + "next: systemctl daemon-reload && systemctl enable --now rs-agent\n")
}

fn remove(destdir: &Path) -> Result<String, Error> {
    let mut present = Vec::new();
    for path in PATHS {
        let path = destdir.join(path);
        let now = read(&path)?;
        present.push((path, now));
    }
    not_foreign(&present)?;
    let mut report = String::new();
    for (path, _) in present.into_iter().filter(|(_, now)| now.is_some()) {
        fs::remove_file(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        report += &format!("removed {}\n", path.display());
    }
    if report.is_empty() {
        return Ok("nothing to do: not installed\n".to_owned());
    }
    Ok(report + "next: systemctl daemon-reload\n")
}

fn at(destdir: &Path, path: &Path) -> PathBuf {
    destdir.join(path.strip_prefix("/").unwrap_or(path))
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    // What is there may be somebody else's, in any encoding.
    match fs::read(path) {
        Ok(bytes) => Ok(Some(escaped::text(&bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File { path: path.to_owned(), source }),
    }
}

fn not_foreign(present: &[(PathBuf, Option<String>)]) -> Result<(), Error> {
    let foreign = |now: &str| now.lines().next() != Some(MARK);
    let found: Vec<String> = present
        .iter()
        .filter(|(_, now)| now.as_deref().is_some_and(foreign))
        .map(|(path, _)| path.display().to_string())
        .collect();
    if found.is_empty() { Ok(()) } else { Err(Error::NotOurFiles(found)) }
}

/// Written beside and renamed over, so that nobody ever reads half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("rs-agent-new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(destdir: &Path) -> InstallUnitArgs {
        InstallUnitArgs {
            config: "/etc/rs-agent/rs-agent.toml".into(),
            program: "/usr/local/sbin/rs-agent".into(),
            destdir: destdir.to_owned(),
            print: false,
            remove: false,
        }
    }

    fn configure(root: &Path, text: &str) {
        fs::create_dir_all(root.join("etc/rs-agent")).unwrap();
        fs::write(root.join("etc/rs-agent/rs-agent.toml"), text).unwrap();
    }

    #[test]
    fn comes_changes_with_the_configuration_and_goes() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        assert!(matches!(run(&args(root)), Err(Error::ReadConfig { .. })));
        configure(root, "mode = \"dr\"\nvip = \"192.0.2.10\"\n");
        let printed = run(&InstallUnitArgs { print: true, ..args(root) }).unwrap();
        assert!(printed.contains("ExecStart=/usr/local/sbin/rs-agent run --config"));
        assert!(!root.join(PATHS[0]).exists());
        assert_eq!(run(&args(root)).unwrap().matches("wrote ").count(), 2);
        assert!(run(&args(root)).unwrap().starts_with("nothing to do"));
        configure(root, "mode = \"dr\"\nvip = \"2001:db8::1\"\n");
        assert!(run(&args(root)).unwrap().contains("removed "), "no setting is needed now");
        assert!(!root.join(PATHS[1]).exists());
        run(&InstallUnitArgs { remove: true, ..args(root) }).unwrap();
        assert!(!root.join(PATHS[0]).exists());
    }

    #[test]
    fn a_file_that_is_not_ours_stops_it_before_the_first() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        configure(root, "mode = \"dr\"\nvip = \"192.0.2.10\"\n");
        let theirs = root.join(PATHS[1]);
        fs::create_dir_all(theirs.parent().unwrap()).unwrap();
        fs::write(&theirs, "net.ipv4.conf.all.arp_ignore = 2\n").unwrap();
        for remove in [false, true] {
            let refused = run(&InstallUnitArgs { remove, ..args(root) });
            assert!(matches!(refused, Err(Error::NotOurFiles(_))));
            assert!(theirs.exists() && !root.join(PATHS[0]).exists());
        }
    }
}
