// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes the files that make a set-up last: a systemd unit, settings for sysctl.d(5), modules for
//! modules-load.d(5). Pure: texts, and where they go.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use lvs_host::SysctlKey;

use crate::facts::{Facts, Family};
use crate::mode::Mode;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::shell;
use crate::wanted::Wanted;

/// The first line of each file of ours: what tells them from somebody's own.
pub const MARK: &str = "# Made by rs-agent install-unit. Delete this line, and the file is yours.";

/// The unit, with `@PROGRAM@` and `@CONFIG@` for the paths.
const UNIT: &str = include_str!("../dist/rs-agent.service");

/// Where the three files are, below `/`.
pub const PATHS: [&str; 3] = [
    "etc/systemd/system/rs-agent.service",
    "etc/sysctl.d/90-rs-agent.conf",
    "etc/modules-load.d/rs-agent.conf",
];

/// Describes a file to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Below `/`.
    pub path: &'static str,
    /// Begins with [`MARK`].
    pub text: String,
}

/// Says why there can be no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// systemd wants absolute paths, and takes some characters for its own.
    #[error("{0:?} cannot stand in a unit: give an absolute path without spaces, % and $")]
    Path(PathBuf),
    /// The unit has no such folder (`ProtectHome=yes`).
    #[error("{path} is below {home}, which the unit does not see (ProtectHome=yes)")]
    Hidden {
        /// The configuration or the program.
        path: PathBuf,
        /// What is hidden.
        home: &'static str,
    },
    /// The unit's root has no right but CAP_NET_ADMIN, and reads as any other user.
    #[error("{path}: {at} cannot be {what} by the unit's root, which has CAP_NET_ADMIN alone")]
    Closed {
        /// The configuration or the program.
        path: PathBuf,
        /// That, or a folder on the way.
        at: PathBuf,
        /// `read`, `run` or `entered`.
        what: &'static str,
        /// What is missing, as chmod(1) has it: `o+r`.
        right: &'static str,
    },
    /// There is nothing to start.
    #[error("{0} is not there, or is no file")]
    NoProgram(PathBuf),
    /// What a host without routes cannot be set up as.
    #[error("at boot there is no route yet: {0}")]
    AtBoot(#[from] Refusal),
}

impl UnitError {
    /// Says what the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Path(_) => None,
            Self::Hidden { .. } => Some(
                "put the configuration below /etc, the program below /usr/local/sbin".to_owned(),
            ),
            Self::Closed { at, right, .. } => Some(format!("`chmod {right} {}`", shell::path(at))),
            Self::NoProgram(path) => Some(format!(
                "`install -m 755 rs-agent {}`, or name the program with --program",
                shell::path(path)
            )),
            Self::AtBoot(refusal) => Some(refusal.hint()),
        }
    }
}

/// What `ProtectHome=yes` hides (systemd.exec(5)).
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

/// Checks that a file will be there for the unit, whatever links lead to it, and that its root
/// can use it: `run` it, or else read it. A file that is not there yet is judged by its name.
///
/// # Errors
/// [`UnitError::Hidden`], [`UnitError::Closed`].
pub fn reachable(path: &Path, run: bool) -> Result<(), UnitError> {
    let real = fs::canonicalize(path);
    let plain = plain(path);
    let ways = [Some(plain.as_path()), real.as_deref().ok()];
    for home in HOMES {
        let places = [Some(PathBuf::from(home)), fs::canonicalize(home).ok()];
        let below = |way: &Path| places.iter().flatten().any(|place| way.starts_with(place));
        if ways.iter().flatten().any(|way| below(way)) {
            return Err(UnitError::Hidden { path: path.to_owned(), home });
        }
    }
    let Ok(real) = real else { return Ok(()) };
    for at in real.ancestors() {
        let Ok(about) = fs::metadata(at) else { continue };
        let (bit, what, rights) = match (about.is_dir(), run) {
            (true, _) => (1, "entered", ["u+x", "g+x", "o+x"]),
            // Whoever may run it may read it: it may be a script.
            (false, true) => (1, "run", ["a+rx"; 3]),
            (false, false) => (4, "read", ["u+r", "g+r", "o+r"]),
        };
        let [of_owner, of_group, of_others] = rights;
        let (class, right) = match (about.uid(), about.gid()) {
            (0, _) => (6, of_owner),
            (_, 0) => (3, of_group),
            _ => (0, of_others),
        };
        if about.mode() >> class & bit == 0 {
            let (path, at) = (path.to_owned(), at.to_owned());
            return Err(UnitError::Closed { path, at, what, right });
        }
    }
    Ok(())
}

/// Without `.` and `..`, by its text.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// Returns the files for this request; one that is not needed is not among them. `present` tells
/// the value a setting has now: a stricter one is kept, as sysctl.d would lower it.
///
/// # Errors
/// [`UnitError`].
pub fn files(
    request: &Request,
    program: &Path,
    config: &Path,
    present: impl Fn(&SysctlKey) -> Option<i32>,
) -> Result<Vec<File>, UnitError> {
    let unit = UNIT.replace("@PROGRAM@", word(program)?).replace("@CONFIG@", word(config)?);
    // Without any fact, as at boot: what has to be looked up then is missing.
    let wanted = Wanted::resolve(request, None, &Facts::default())?;
    let [unit_path, sysctl_path, modules_path] = PATHS;
    let mut files = vec![File { path: unit_path, text: unit }];
    let settings = settings(&wanted, present);
    if !settings.is_empty() {
        let mut text = format!(
            "{MARK}\n# The settings rs-agent makes, for the time before and without it. One name \
             per line, as\n# a name with * would lose against somebody else's full name. One \
             that may be missing begins with -.\n"
        );
        for (key, value) in settings {
            // A tunnel device is not there until rs-agent makes it; udev has this file read
            // again then.
            let may_be_missing = if key.device() == Some("all") { "" } else { "-" };
            let _ = writeln!(text, "{may_be_missing}{}", shell::sysctl_line(&key, value));
        }
        files.push(File { path: sysctl_path, text });
    }
    let mut modules: BTreeSet<&str> =
        wanted.tunnels.iter().map(|tunnel| tunnel.kind.module()).collect();
    if wanted.create_carrier && wanted.mode == Mode::Dr {
        modules.insert("dummy");
    }
    for listener in wanted.listeners() {
        modules.insert("fou");
        if listener.family == Family::Ipv6 {
            modules.insert("fou6");
        }
    }
    if !modules.is_empty() {
        let mut text = format!("{MARK}\n");
        for module in modules {
            let _ = writeln!(text, "{module}");
        }
        files.push(File { path: modules_path, text });
    }
    Ok(files)
}

fn word(path: &Path) -> Result<&str, UnitError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._+@:-".contains(c);
    let text = path.to_str().filter(|text| text.starts_with('/') && text.chars().all(plain));
    text.ok_or_else(|| UnitError::Path(path.to_owned()))
}

/// What the set-up writes, and a reboot would forget.
fn settings(wanted: &Wanted, present: impl Fn(&SysctlKey) -> Option<i32>) -> Vec<(SysctlKey, i32)> {
    let mut settings = Vec::new();
    if wanted.mode != Mode::Nat && wanted.vips.iter().any(IpAddr::is_ipv4) {
        // 2 hides all that 1 hides, and more (net/ipv4/arp.c, `arp_ignore`).
        let ignore = SysctlKey::ipv4("all", "arp_ignore");
        let value = if present(&ignore) == Some(2) { 2 } else { 1 };
        settings.push((ignore, value));
        settings.push((SysctlKey::ipv4("all", "arp_announce"), 2));
    }
    let tunnels = wanted.tunnels.iter().filter(|tunnel| tunnel.carries_ipv4());
    settings.extend(tunnels.map(|tunnel| (SysctlKey::ipv4(&tunnel.name, "rp_filter"), 2)));
    settings
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config;

    fn texts(config: &str) -> Result<Vec<File>, UnitError> {
        let request = config::parse(config).unwrap().what.request().unwrap().unwrap();
        let (program, config) = ("/usr/local/sbin/rs-agent", "/etc/rs-agent/x.toml");
        files(&request, Path::new(program), Path::new(config), |_| Some(0))
    }

    #[test]
    fn a_stricter_setting_is_kept() {
        let config = config::parse("mode = \"dr\"\nvip = \"192.0.2.10\"\n").unwrap();
        let request = config.what.request().unwrap().unwrap();
        let wanted = Wanted::resolve(&request, None, &Facts::default()).unwrap();
        for (present, value) in [(None, 1), (Some(0), 1), (Some(1), 1), (Some(2), 2), (Some(8), 1)]
        {
            assert_eq!(settings(&wanted, |_| present)[0].1, value, "{present:?}");
        }
    }

    #[test]
    fn each_mode_gets_the_files_it_needs() {
        let dr = texts("mode = \"dr\"\nvip = \"192.0.2.10\"\n").unwrap();
        assert_eq!(dr.len(), 2);
        assert!(
            dr[1].text.ends_with(
                "net.ipv4.conf.all.arp_ignore = 1\nnet.ipv4.conf.all.arp_announce = 2\n"
            )
        );
        let v6 = texts("mode = \"dr\"\nvip = \"2001:db8::1\"\n").unwrap();
        assert_eq!(v6.len(), 1, "IPv6 needs no setting");
        let tun = texts(
            "mode = \"tun\"\nvip = \"192.0.2.10\"\nrip = \"10.0.0.5\"\ntunnel-device = \"rs.1\"\n",
        );
        let tun = tun.unwrap();
        assert!(tun[1].text.ends_with("\n-net.ipv4.conf.rs/1.rp_filter = 2\n"), "{}", tun[1].text);
        assert!(tun[2].text.ends_with("\nipip\n"));
        let own = "mode = \"dr\"\nvip = \"192.0.2.10\"\ncarrier = \"v\"\ncreate-carrier = true\n";
        assert!(texts(own).unwrap().pop().unwrap().text.ends_with(".\ndummy\n"));
        let gue = "mode = \"tun\"\nvip = \"2001:db8::1\"\nrip = \"2001:db8:1::5\"\ntunnel = \"gue\"\n\
                   tunnel-port = 6080\n";
        assert!(texts(gue).unwrap().pop().unwrap().text.ends_with(".\nfou\nfou6\nip6_tunnel\n"));
        let both = gue.replace("rip = ", "rip = [\"10.0.0.5\", ").replace("::5\"", "::5\"]");
        let both = both.replace("vip = ", "vip = [\"192.0.2.10\", ").replace("::1\"", "::1\"]");
        let both = texts(&both).unwrap();
        assert!(both[2].text.ends_with(".\nfou\nfou6\nip6_tunnel\nipip\n"), "{}", both[2].text);
        let nat = texts("mode = \"nat\"\ngateway = [\"10.0.0.1\", \"2001:db8::1\"]\n").unwrap();
        assert_eq!(nat.len(), 1);
        assert!(matches!(
            texts("mode = \"tun\"\nvip = \"192.0.2.10\"\n"),
            Err(UnitError::AtBoot(Refusal::RipUnclear(_)))
        ));
    }

    #[test]
    fn every_file_bears_the_mark_and_no_place_is_left_open() {
        let tun = "mode = \"tun\"\nvip = \"192.0.2.10\"\nrip = \"10.0.0.5\"\n";
        for file in texts(tun).unwrap() {
            assert_eq!(file.text.lines().next(), Some(MARK), "{}", file.path);
            assert!(!file.text.contains("@PROGRAM@") && !file.text.contains("@CONFIG@"));
            assert!(PATHS.contains(&file.path));
        }
        for example in
            [include_str!("../dist/90-rs-agent.conf"), include_str!("../dist/rs-agent.modules")]
        {
            assert_eq!(example.lines().next(), Some(MARK));
        }
        assert!(config::parse(include_str!("../dist/rs-agent.toml")).is_ok());
        let modules = include_str!("../dist/rs-agent.modules");
        use crate::tunnel::TunnelKind::{Gre, Ip6gre, Ip6tnl, Ipip, Sit};
        let kinds = [Ipip, Sit, Ip6tnl, Gre, Ip6gre].map(|kind| kind.module());
        for module in kinds.into_iter().chain(["fou", "fou6", "dummy"]) {
            assert!(modules.lines().any(|line| line == module), "{module}");
        }
    }

    #[test]
    fn what_the_unit_does_not_see_or_may_not_read_is_refused() {
        let home = |path: &str, run| match reachable(Path::new(path), run) {
            Err(UnitError::Hidden { home, .. }) => Some(home),
            _ => None,
        };
        assert!(UNIT.contains("\nProtectHome=yes\n"));
        for (path, hidden) in [
            ("/root/rs-agent.toml", Some("/root")),
            ("/home/ops/rs-agent", Some("/home")),
            ("/etc/../home/ops/x", Some("/home")),
            ("/run/user/1000/x", Some("/run/user")),
            ("/rooted/x", None),
            ("/etc/rs-agent/home/x", None),
        ] {
            assert_eq!((home(path, false), home(path, true)), (hidden, hidden), "{path}");
        }
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/root", &link).unwrap();
        let linked = reachable(&link, false);
        assert!(matches!(linked, Err(UnitError::Hidden { home: "/root", .. })), "{linked:?}");

        // A temporary folder is its owner's: the class of that owner for the unit's root.
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let about = fs::metadata(&file).unwrap();
        let (class, who) = if about.uid() == 0 {
            (6, "u")
        } else if about.gid() == 0 {
            (3, "g")
        } else {
            (0, "o")
        };
        // Its hint is what opens it.
        let remedied = |at: &Path, right: &str, run: bool| {
            let hint = reachable(&file, run).unwrap_err().hint();
            let command = format!("chmod {right} {}", shell::path(at));
            assert_eq!(hint, Some(format!("`{command}`")));
            assert!(
                std::process::Command::new("sh").args(["-c", &command]).status().unwrap().success()
            );
            reachable(&file, run).unwrap();
        };
        let mode = |bits| fs::Permissions::from_mode(bits);
        fs::set_permissions(folder.path(), mode(0o755)).unwrap();
        for (bits, what) in [(4, None), (0, Some("read")), (5, None), (1, Some("read"))] {
            fs::set_permissions(&file, mode(bits << class)).unwrap();
            match (reachable(&file, false), what) {
                (Ok(()), None) => {}
                (Err(UnitError::Closed { at, what, .. }), Some(wanted)) => {
                    assert!(at == file && what == wanted);
                }
                other => panic!("{bits}: {other:?}"),
            }
            assert_eq!(reachable(&file, true).is_ok(), bits & 1 == 1, "{bits}");
        }
        fs::set_permissions(&file, mode(0)).unwrap();
        remedied(&file, &format!("{who}+r"), false);
        fs::set_permissions(&file, mode(0o644)).unwrap();
        remedied(&file, "a+rx", true);
        fs::set_permissions(folder.path(), mode(0o711 & !(7 << class))).unwrap();
        let closed = reachable(&file, false);
        let entered = fs::canonicalize(folder.path()).unwrap();
        remedied(&entered, &format!("{who}+x"), false);
        assert!(matches!(closed, Err(UnitError::Closed { what: "entered", .. })), "{closed:?}");
    }

    #[test]
    fn a_path_that_systemd_would_read_otherwise_is_refused() {
        for path in ["rs-agent", "/opt/my agent", "/opt/%h", "/opt/$x", "/a\nb"] {
            assert!(word(Path::new(path)).is_err(), "{path}");
        }
    }
}
