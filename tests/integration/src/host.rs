// SPDX-License-Identifier: MIT OR Apache-2.0

//! A host: network, mounts and host name of its own, held by file descriptors
//! and gone when they are.

use std::fs::File;
use std::io::Write;
use std::net::Ipv6Addr;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use lvs_check::probe::Mac;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use crate::kernel::kernel;

/// Runs what follows as nobody, without any capability.
pub const NOBODY: &str = "setpriv --reuid 65534 --regid 65534 --clear-groups \
     --no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all";

/// A host of the lab.
#[derive(Clone, Debug)]
pub struct Host {
    name: String,
    namespaces: Arc<Namespaces>,
}

#[derive(Debug)]
struct Namespaces {
    network: File,
    mounts: File,
    host_name: File,
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its exit status; 128 and the number if a signal ended it.
    pub status: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Whether IPVS keeps counters. Before Linux 6.2 a timer does it, after it a thread a namespace.
const ESTIMATION: &str = "net/ipv4/vs/run_estimation";

/// Where state of one host must not meet that of another.
const PRIVATE_FOLDERS: [&str; 2] = ["/run", "/var/lib"];

impl Host {
    /// A new host with nothing but `lo`, which is up. `name` is what it calls
    /// itself, and need not be unique.
    ///
    /// Its IPVS counts nothing ([`Host::count`]). A kernel of 6.12 that takes down a network
    /// namespace soon after its first service can wait for ever for the thread that counts,
    /// which waits for a lock of the former, and with them every user of IPVS: a test that
    /// needs no traffic is over that soon.
    pub fn new(name: &str) -> Self {
        let host = Self::bare(name);
        host.ip(["link set lo up".to_owned()]);
        // Some tests have taken the module away.
        if kernel() >= (6, 2) && host.enter(|| Path::new("/proc/sys").join(ESTIMATION).exists()) {
            host.sysctl(ESTIMATION, "0");
        }
        host
    }

    /// Has its IPVS keep counters and rates, as every host of a [`crate::Network`] does.
    pub fn count(&self) {
        self.sysctl(ESTIMATION, "1");
    }

    /// A new host with nothing but `lo`, which is down.
    pub(crate) fn bare(name: &str) -> Self {
        static MODULES: Once = Once::new();
        MODULES.call_once(load_modules);
        let namespaces = thread::scope(|scope| {
            scope.spawn(|| Namespaces::create(name)).join().expect("the host's namespaces")
        });
        let host = Self { name: name.to_owned(), namespaces: Arc::new(namespaces) };
        // Addresses are usable at once: no duplicates can be here, and nobody advertises.
        for key in ["all/accept_dad", "default/accept_dad", "default/accept_ra"] {
            host.sysctl(&format!("net/ipv6/conf/{key}"), "0");
        }
        host
    }

    /// Whether both are the same host.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.namespaces, &other.namespaces)
    }

    /// Writes a sysctl, its name with slashes.
    pub(crate) fn sysctl(&self, name: &str, value: &str) {
        let written = self.enter(|| std::fs::write(format!("/proc/sys/{name}"), value));
        written.unwrap_or_else(|error| panic!("{}: {name}={value}: {error}", self.name));
    }

    /// What it calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` on this host, on a thread of its own, and waits for it.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                self.namespaces.enter();
                work()
            });
            match worker.join() {
                Ok(result) => result,
                // The test fails with the words of the assertion that failed.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// What runs a command of another program on this host, as long as this process lives: words
    /// for a shell, without the command.
    pub fn enter_command(&self) -> String {
        let Namespaces { network, mounts, host_name } = &*self.namespaces;
        let file = |open: &File| format!("/proc/{}/fd/{}", std::process::id(), open.as_raw_fd());
        let (network, mounts, host_name) = (file(network), file(mounts), file(host_name));
        format!("nsenter --net={network} --mount={mounts} --uts={host_name}")
    }

    /// Starts `work` on this host and does not wait for it.
    pub(crate) fn start(&self, work: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
        let namespaces = Arc::clone(&self.namespaces);
        thread::spawn(move || {
            namespaces.enter();
            work();
        })
    }

    /// Runs a shell command on this host. Before Linux 7.1 one that only lists by `ipvsadm`
    /// is run until it says the same twice running.
    #[track_caller]
    pub fn sh(&self, command: &str) -> Output {
        let output = self.feed(command, "");
        if kernel() >= (7, 1) || !only_asks_ipvsadm(command) {
            return output;
        }
        // There `ipvsadm` loses and repeats services when those of other namespaces come
        // and go: as a witness it is believed when it says so twice.
        let mut said = vec![output];
        for _ in 0..8 {
            let output = self.feed(command, "");
            if said.last() == Some(&output) {
                return output;
            }
            said.push(output);
        }
        let last = &said[said.len() - 2..];
        panic!("{}# {command}: never the same twice running, last\n{last:#?}", self.name)
    }

    /// Runs a shell command on this host and gives it `input` to read.
    pub fn feed(&self, command: &str, input: &str) -> Output {
        self.enter(|| run(Command::new("sh").args(["-c", command]), input))
    }

    /// Runs a shell command on this host, which must succeed.
    #[track_caller]
    pub fn must(&self, command: &str) -> Output {
        let output = self.sh(command);
        assert!(
            output.status == 0,
            "{}# {command}\nexit status {}\n{}{}",
            self.name,
            output.status,
            output.stdout,
            output.stderr
        );
        output
    }

    /// Gives commands to one `ip` process.
    #[track_caller]
    pub fn ip(&self, commands: impl IntoIterator<Item = String>) {
        let commands: Vec<_> = commands.into_iter().collect();
        let output =
            self.enter(|| run(Command::new("ip").args(["-batch", "-"]), &commands.join("\n")));
        assert!(output.status == 0, "{}: ip: {commands:#?}\n{}", self.name, output.stderr);
    }

    /// The MAC address of one of its interfaces.
    #[track_caller]
    pub fn mac(&self, interface: &str) -> Mac {
        let text = self.must(&format!("cat /sys/class/net/{interface}/address")).stdout;
        let byte = |byte| u8::from_str_radix(byte, 16).expect("hex");
        let bytes: Vec<u8> = text.trim().split(':').map(byte).collect();
        Mac(bytes.try_into().expect("six bytes"))
    }

    /// Waits until it hears solicitations for its address `ip`: the kernel
    /// joins their group (RFC 4291, section 2.7.1) after `ip` has returned.
    pub(crate) fn joins_group_of(&self, ip: Ipv6Addr) {
        let [.., x, y, z] = ip.octets();
        let group = format!("ff0200000000000000000001ff{x:02x}{y:02x}{z:02x}");
        let end = Instant::now() + Duration::from_secs(5);
        let groups = || std::fs::read_to_string("/proc/thread-self/net/igmp6").expect("igmp6");
        while !self.enter(groups).contains(&group) {
            assert!(Instant::now() < end, "{} never listens for {ip}", self.name);
            thread::yield_now();
        }
    }

    /// Waits until what comes for its address `ip` is its own: the kernel makes the route
    /// to it (`net/ipv6/addrconf.c: addrconf_dad_work`) after `ip` has returned, and a
    /// router sends the packet on until then.
    pub(crate) fn takes_packets_for(&self, ip: Ipv6Addr) {
        let route = format!("{:032x} 80 ", ip.to_bits());
        let end = Instant::now() + Duration::from_secs(5);
        let routes =
            || std::fs::read_to_string("/proc/thread-self/net/ipv6_route").expect("routes");
        let is_own = |line: &str| line.starts_with(&route) && is_local_route(line);
        while !self.enter(routes).lines().any(is_own) {
            assert!(Instant::now() < end, "{} never takes packets for {ip}", self.name);
            thread::yield_now();
        }
    }

    /// A path to this host's network namespace, for `ip link … netns`.
    pub(crate) fn network_path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.namespaces.network.as_raw_fd())
    }
}

/// Whether the command is made of lists of `ipvsadm` and nothing else.
fn only_asks_ipvsadm(command: &str) -> bool {
    let asks = |part: &str| {
        let part = part.trim_start();
        part.starts_with("ipvsadm -S") || part.starts_with("ipvsadm -L")
    };
    !command.contains('|') && command.split([';', '\n']).all(asks)
}

/// Loads what would otherwise give every host of every test another device as
/// soon as one test uses it, and what must not be loaded on demand: Linux 6.x
/// waits for the module of a scheduler with a mutex held that the end of any
/// network namespace with IPVS wants, and these two wait for the end of that.
fn load_modules() {
    // Of vrf for its setting, which appears in every namespace at once (net.vrf.strict_mode).
    let devices = ["dummy", "ipip", "ip_gre", "sit", "ip6_tunnel", "ip6_gre", "fou", "fou6", "vrf"];
    let schedulers = ["ip_vs_lblc", "ip_vs_lblcr"];
    for module in devices.into_iter().chain(schedulers) {
        // Built in, or missing, which the test that needs it will tell.
        let _ = Command::new("modprobe").args(["-q", module]).status();
    }
}

impl Namespaces {
    /// Makes new ones and moves the calling thread into them.
    fn create(name: &str) -> Self {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)
            .expect("new namespaces (the lab wants root)");
        nix::unistd::sethostname(name).expect("host name");
        let nothing = None::<&str>;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)
            .expect("private mounts");
        for folder in PRIVATE_FOLDERS {
            mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), nothing)
                .unwrap_or_else(|error| panic!("tmpfs on {folder}: {error}"));
        }
        // /sys/class/net shows the network namespace it was mounted in.
        mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::empty(), nothing).expect("sysfs");
        let open = |kind: &str| {
            let path = format!("/proc/thread-self/ns/{kind}");
            File::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        Self { network: open("net"), mounts: open("mnt"), host_name: open("uts") }
    }

    /// Moves the calling thread into them.
    fn enter(&self) {
        let folder = std::env::current_dir();
        // A thread can change its mounts only if it shares no working folder.
        unshare(CloneFlags::CLONE_FS).expect("a working folder of its own");
        setns(&self.network, CloneFlags::CLONE_NEWNET).expect("enter the network namespace");
        setns(&self.mounts, CloneFlags::CLONE_NEWNS).expect("enter the mount namespace");
        setns(&self.host_name, CloneFlags::CLONE_NEWUTS).expect("enter the host-name namespace");
        if let Ok(folder) = folder {
            // Only a convenience: the folder may be hidden on this host.
            let _ = nix::unistd::chdir(&folder);
        }
    }
}

/// Whether a line of `/proc/net/ipv6_route` is the kernel's route to an address of the
/// host itself (`RTF_LOCAL` of `include/uapi/linux/ipv6_route.h`).
pub fn is_local_route(line: &str) -> bool {
    const RTF_LOCAL: u32 = 0x8000_0000;
    let flags = line.split_whitespace().nth(8);
    let flags = flags.and_then(|flags| u32::from_str_radix(flags, 16).ok());
    flags.unwrap_or_else(|| panic!("no line of ipv6_route: {line}")) & RTF_LOCAL != 0
}

/// The text as one word of a shell command.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Runs a command in the namespaces of the calling thread, and gives it `input` to read.
pub fn run(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let stdin = child.stdin.take();
    let output = thread::scope(|scope| {
        if let Some(mut stdin) = stdin {
            // On a thread: a command that prints before it has read all would wait
            // for us. One that does not read at all has its reasons, and a status.
            scope.spawn(move || stdin.write_all(input.as_bytes()));
        }
        child.wait_with_output().expect("wait for a command")
    });
    let status = output.status;
    Output {
        status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
