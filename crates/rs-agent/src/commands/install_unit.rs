// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent install-unit`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lvs_host::SysctlKey;
use lvs_host::files;
use lvs_host::files::trust::{Distrust, Trust};
use lvs_host::sysctl;
use lvs_term::printable;

use crate::cli::InstallUnitArgs;
use crate::cluster;
use crate::config;
use crate::error::Error;
use crate::unit::{self, File, MARK, PATHS, UnitError};

pub(super) fn run(args: &InstallUnitArgs) -> Result<String, Error> {
    if args.remove {
        return remove(&args.destdir);
    }
    unit::reachable(&args.config, false)?;
    unit::reachable(&args.program, true)?;
    let what = config::read(&args.config)?.what;
    what.cluster.iter().try_for_each(|path| unit::reachable(path, false))?;
    let request = cluster::request(&what)?;
    let request = request.ok_or(crate::bad_request::BadRequest::NoMode)?;
    let this_host = args.destdir == Path::new("/");
    if this_host && !args.print && !args.program.is_file() {
        return Err(UnitError::NoProgram(args.program.clone()).into());
    }
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
                replace(&path, &file.text)?;
                report += &told("wrote", &path);
            }
            (None, Some(_)) => {
                fs::remove_file(&path).map_err(failed)?;
                report += &told("removed", &path);
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
        report += &told("removed", &path);
    }
    if report.is_empty() {
        return Ok("nothing to do: not installed\n".to_owned());
    }
    Ok(report + "next: systemctl daemon-reload\n")
}

/// Returns the line that says what was done to a file.
fn told(done: &str, path: &Path) -> String {
    format!("{done} {}\n", printable(&path.display().to_string()))
}

/// More than the longest of ours.
const LARGEST: u64 = 1 << 20;

/// What is there: a link, a device or whatever else is no text of ours is empty.
fn read(path: &Path) -> Result<Option<String>, Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
        Ok(about) if !about.is_file() => return Ok(Some(String::new())),
        Ok(_) => {}
    }
    match files::read(path, LARGEST) {
        Ok((text, _)) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(String::new())),
        Err(source) => Err(failed(source)),
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

/// Nobody ever reads half of it, and no link in a folder of others is followed.
fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let untrusted = |why: Distrust| Error::UntrustedFolder(Box::new(why));
    let trust = Trust::to_act();
    let folder = trust.resolve(path.parent().unwrap_or(path)).map_err(untrusted)?;
    files::make_folders(&folder).map_err(failed)?;
    trust.folder(&folder).map_err(untrusted)?;
    let name = path.file_name().unwrap_or_default();
    files::replace(&folder.join(name), text.as_bytes(), files::PUBLIC).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    fn args(destdir: &Path) -> InstallUnitArgs {
        InstallUnitArgs {
            // Not moved by `--destdir`: it is read where it says.
            config: destdir.join("rs-agent.toml"),
            program: "/usr/local/sbin/rs-agent".into(),
            destdir: destdir.to_owned(),
            print: false,
            remove: false,
        }
    }

    fn configure(root: &Path, text: &str) {
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(root.join("rs-agent.toml"), text).unwrap();
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

    /// What the cluster's file demands of this host is what the files are made of.
    #[test]
    fn the_file_of_a_cluster_is_read_as_at_boot() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let file = root.join("cluster.yaml");
        let cluster = "format: ipvs-cluster/1\nservices:\n  - service: tcp/192.0.2.10:80\n    \
                       method: tun\n    servers: [10.0.0.5]\n";
        fs::write(&file, cluster).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        configure(root, &format!("cluster = \"{}\"\nrip = \"10.0.0.5\"\n", file.display()));
        run(&args(root)).unwrap();
        let modules = fs::read_to_string(root.join(PATHS[2])).unwrap();
        assert!(modules.ends_with("\nipip\n"), "{modules}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        let refused = run(&args(root)).unwrap_err();
        assert!(matches!(refused, Error::Unit(UnitError::Closed { .. })), "{refused}");
    }

    #[test]
    fn a_program_that_is_not_there_is_not_started_at_boot() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        configure(root, "mode = \"dr\"\nvip = \"192.0.2.10\"\n");
        for program in [root.to_owned(), root.join("missing")] {
            let moved = InstallUnitArgs { program, ..args(root) };
            run(&moved).unwrap();
            let here = InstallUnitArgs { destdir: "/".into(), ..moved };
            let refused = run(&here).unwrap_err();
            assert!(matches!(refused, Error::Unit(UnitError::NoProgram(_))), "{refused}");
            run(&InstallUnitArgs { print: true, ..here }).unwrap();
        }
    }

    #[test]
    fn a_file_that_is_not_ours_stops_it_before_the_first() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        configure(root, "mode = \"dr\"\nvip = \"192.0.2.10\"\n");
        let theirs = root.join(PATHS[1]);
        fs::create_dir_all(theirs.parent().unwrap()).unwrap();
        fs::write(&theirs, "net.ipv4.conf.all.arp_ignore = 2\n").unwrap();
        let refused = || {
            for remove in [false, true] {
                let refused = run(&InstallUnitArgs { remove, ..args(root) });
                assert!(matches!(refused, Err(Error::NotOurFiles(_))));
                assert!(theirs.symlink_metadata().is_ok() && !root.join(PATHS[0]).exists());
            }
        };
        refused();
        // Nor is a link, as of `systemctl mask`, or a FIFO, which nobody ever writes to.
        fs::remove_file(&theirs).unwrap();
        std::os::unix::fs::symlink("/dev/null", &theirs).unwrap();
        refused();
        fs::remove_file(&theirs).unwrap();
        nix::unistd::mkfifo(&theirs, nix::sys::stat::Mode::S_IRWXU).unwrap();
        refused();
    }

    #[test]
    fn what_is_written_has_a_mode_of_its_own_and_follows_no_link() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        configure(root, "mode = \"dr\"\nvip = \"192.0.2.10\"\n");
        let settings = root.join(PATHS[1]);
        let folder = settings.parent().unwrap();
        fs::create_dir_all(folder).unwrap();
        let target = root.join("target");
        fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, folder.join("90-rs-agent.conf.new")).unwrap();
        let mode = |path: &Path, bits| {
            fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
        };
        mode(folder, 0o777);
        let refused = run(&args(root)).unwrap_err();
        assert!(matches!(refused, Error::UntrustedFolder(_)), "{refused}");
        let hint = refused.hints().join("; ");
        let remedy = format!("`chmod go-w {}`", folder.display());
        assert!(hint.contains(&remedy) && !hint.contains("--state-dir"), "{hint}");
        mode(folder, 0o755);
        run(&args(root)).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
        for path in &PATHS[..2] {
            let file = fs::symlink_metadata(root.join(path)).unwrap();
            assert!(file.is_file() && file.mode() & 0o777 == 0o644, "{path}");
        }
    }
}
