// SPDX-License-Identifier: MIT OR Apache-2.0

//! A host that Debian's systemd boots: process 1, journal, udev and all, in
//! namespaces and a control group of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

use crate::{Host, Output, quoted};

/// Nothing is waited for longer.
const LATE: Duration = Duration::from_secs(90);

/// What of a machine outlives a reboot: `/etc` and `/usr/local`.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
}

/// A running machine, gone when dropped. The network it is in is its host's.
#[derive(Debug)]
pub struct Machine {
    host: Host,
    init: Child,
}

/// Units that say nothing of a real server and cost a guest seconds, or that have
/// nobody to talk to: there is no console, and D-Bus only for [`Disk::has_network_manager`].
const MASKED: [&str; 12] = [
    "dbus.service",
    "dbus.socket",
    "dev-hugepages.mount",
    "getty.target",
    "kmod-static-nodes.service",
    "ldconfig.service",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "systemd-hwdb-update.service",
    "systemd-journal-catalog-update.service",
    "systemd-logind.service",
    "systemd-user-sessions.service",
];

impl Disk {
    /// Debian's `/etc`, and nothing in `/usr/local`.
    pub fn new() -> Self {
        let disk = Self { folder: tempfile::tempdir().expect("a disk") };
        let copy = Command::new("cp").arg("-R").arg("/etc").arg(disk.folder.path()).status();
        assert!(copy.expect("cp").success(), "a copy of /etc");
        disk.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
        fs::create_dir_all(disk.path("usr/local")).expect("/usr/local");
        disk.link("/usr/lib/systemd/system/multi-user.target", "etc/systemd/system/default.target");
        for unit in MASKED {
            disk.link("/dev/null", &format!("etc/systemd/system/{unit}"));
        }
        // These two are not the machine's own: they hold for the whole kernel.
        for file in ["10-coredump-debian.conf", "50-pid-max.conf"] {
            disk.link("/dev/null", &format!("etc/sysctl.d/{file}"));
        }
        // A guest has hundreds of terminals, each of which would cost a process.
        disk.write(
            "etc/systemd/system/systemd-udev-trigger.service.d/network.conf",
            "[Service]\nExecStart=\n\
             ExecStart=udevadm trigger --type=all --action=add --subsystem-match=net\n",
        );
        disk
    }

    /// Where a file of it is now; `path` is what it is called below `/` once it runs.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, and makes the folders it is in.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Adds a line to a file of it.
    pub fn append(&self, path: &str, line: &str) {
        let have = fs::read_to_string(self.path(path)).expect("a file of Debian's");
        self.write(path, &format!("{have}{line}"));
    }

    /// Adds the user that systemd-networkd runs as.
    pub fn has_networkd(&self) {
        self.append("etc/passwd", "systemd-network:x:192:192::/:/usr/sbin/nologin\n");
        self.append("etc/group", "systemd-network:x:192:\n");
    }

    /// Has NetworkManager started at boot, and the D-Bus by which `nmcli` asks it.
    pub fn has_network_manager(&self) {
        self.append("etc/passwd", "messagebus:x:193:193::/:/usr/sbin/nologin\n");
        self.append("etc/group", "messagebus:x:193:\n");
        for unit in ["dbus.service", "dbus.socket"] {
            fs::remove_file(self.path("etc/systemd/system").join(unit)).expect("a masked unit");
        }
        self.starts_at_boot("NetworkManager");
    }

    /// Has the interfaces of `etc/network/interfaces` set up at boot by ifupdown.
    pub fn has_ifupdown(&self) {
        self.starts_at_boot("networking");
    }

    /// What `systemctl enable` does, and the package's install script.
    fn starts_at_boot(&self, unit: &str) {
        let unit = format!("{unit}.service");
        let wants = format!("etc/systemd/system/multi-user.target.wants/{unit}");
        self.link(&format!("/usr/lib/systemd/system/{unit}"), &wants);
    }

    /// Puts a program that is on the PATH into `/usr/local/sbin`.
    pub fn install(&self, program: &str) {
        let to = self.path(&format!("usr/local/sbin/{program}"));
        let copy = format!("install -D -m 755 \"$(command -v {program})\" {}", to.display());
        let copied = crate::run(Command::new("sh").args(["-c", &copy]), "");
        assert_eq!(copied.status, 0, "{}", copied.stderr);
    }

    fn link(&self, to: &str, path: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        symlink(to, &path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine {
    /// Boots `disk` in the place of `host` and waits until all of it is up.
    #[track_caller]
    pub fn boot(host: &Host, disk: &Disk) -> Self {
        let init = host.enter(|| {
            let own = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNS;
            unshare(own).expect("namespaces of a machine");
            Command::new("sh")
                .args(["-c", include_str!("machine.sh"), "machine"])
                .arg(disk.folder.path())
                .stdin(Stdio::null())
                .spawn()
                .expect("a machine")
        });
        let mut machine = Self { host: host.clone(), init };
        // What systemctl talks to where there is no D-Bus.
        let socket = format!("/proc/{}/root/run/systemd/private", machine.init.id());
        let end = Instant::now() + LATE;
        while fs::symlink_metadata(&socket).is_err() {
            if let Some(status) = machine.init.try_wait().expect("its status") {
                panic!("process 1 ended: {status}");
            }
            assert!(Instant::now() < end, "systemd does not come up");
            thread::sleep(Duration::from_millis(20));
        }
        let up = machine.sh("timeout 90 systemctl is-system-running --wait");
        assert_eq!(
            up.stdout.trim(),
            "running",
            "{}{}",
            up.stderr,
            machine.sh("systemctl --no-pager --failed; systemctl list-jobs; journalctl").stdout
        );
        // The boot does not wait for udev, which gives devices other MAC addresses.
        machine.must("udevadm settle --timeout=60");
        machine
    }

    /// Runs a shell command in it.
    pub fn sh(&self, command: &str) -> Output {
        let path =
            "export PATH=/usr/local/sbin:/usr/sbin:/usr/bin SYSTEMD_PAGER= SYSTEMD_COLORS=0;";
        let command = quoted(&format!("{path} {command}"));
        let init = self.init.id();
        self.host.sh(&format!("exec nsenter -t {init} -m -u -i -n -p -C -- sh -c {command}"))
    }

    /// Runs a shell command in it, which must succeed.
    #[track_caller]
    pub fn must(&self, command: &str) -> Output {
        let output = self.sh(command);
        assert!(
            output.status == 0,
            "# {command}\nexit status {}\n{}{}",
            output.status,
            output.stdout,
            output.stderr
        );
        output
    }

    /// A property of a unit, as `systemctl show` prints it.
    #[track_caller]
    pub fn property(&self, unit: &str, name: &str) -> String {
        self.must(&format!("systemctl show -P {name} {unit}")).stdout.trim().to_owned()
    }

    /// Runs a shell command again and again until it succeeds.
    #[track_caller]
    pub fn until(&self, command: &str) {
        let end = Instant::now() + LATE;
        while self.sh(command).status != 0 {
            let log = || self.sh("journalctl -n 40").stdout;
            assert!(Instant::now() < end, "never: {command}\n{}", log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Shuts it down in order and waits until it is off.
    #[track_caller]
    pub fn power_off(mut self) {
        self.must("systemctl start --no-block --job-mode=replace-irreversibly poweroff.target");
        let end = Instant::now() + LATE;
        while self.init.try_wait().expect("its status").is_none() {
            assert!(Instant::now() < end, "it does not shut down");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // With process 1 all others of its namespace end.
        let _ = self.init.kill();
        let _ = self.init.wait();
    }
}
