// SPDX-License-Identifier: MIT OR Apache-2.0

//! Two `rsctl` at once: the lock on the table of a network namespace (`docs/locking.md`).

use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use ipvs_netlink::{Client, Destination, ServiceKey, Thresholds};
use lab::{Host, NOBODY, Output};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket,
};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::rsctl_save::framed;

const NAME: &[u8] = b"lvs-ipvs-table";
const SERVICE: &str = "tcp/192.0.2.1:80";

/// Ends with its test.
pub(crate) struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Ended {
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().cast_signed()), signal).unwrap();
    }

    /// The next line that it writes to stderr.
    fn says(&mut self) -> String {
        let mut line = String::new();
        // A byte at a time: the reader must keep nothing to itself.
        let stderr = self.0.stderr.as_mut().unwrap();
        BufReader::with_capacity(1, stderr).read_line(&mut line).unwrap();
        line
    }

    fn ends(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

fn start(host: &Host, command: &str) -> Ended {
    let mut sh = Command::new("sh");
    sh.args(["-c", &format!("exec {command}")]);
    sh.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    Ended(host.enter(|| sh.spawn().unwrap()))
}

/// The lock, held by this process.
pub(crate) fn hold(host: &Host) -> OwnedFd {
    host.enter(|| {
        let name = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None);
        let name = name.unwrap();
        bind(name.as_raw_fd(), &UnixAddr::new_abstract(NAME).unwrap()).unwrap();
        listen(&name, Backlog::new(8).unwrap()).unwrap();
        name
    })
}

fn director() -> Host {
    let host = Host::new("director");
    host.must(
        "rsctl add-service -t 192.0.2.1:80 -s rr
         rsctl add-server -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1",
    );
    host
}

fn table(host: &Host) -> String {
    host.must("rsctl save").stdout
}

fn server(host: &Host) -> Destination {
    let key: ServiceKey = SERVICE.parse().unwrap();
    let servers = host.enter(|| Client::connect().unwrap().destinations(&key).unwrap());
    let [server] = &servers[..] else { panic!("{servers:?}") };
    server.destination
}

/// A restore that is at work, and stopped there.
fn stopped_restore(host: &Host) -> Ended {
    let mut lines = String::new();
    for service in 1..=1000 {
        lines += &format!("-A -f {service} -s rr\n");
        for server in 1..=50 {
            lines += &format!("-a -f {service} -r 10.0.0.{server}:80 -m -w 1\n");
        }
    }
    let mut client = host.enter(|| Client::connect().unwrap());
    let mut restore = start(host, "rsctl restore --merge");
    restore.0.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let mut begun = false;
    while !begun {
        let mut services = 0;
        client.for_each_service(|_| services += 1).unwrap();
        begun = services > 1;
        assert!(restore.0.try_wait().unwrap().is_none(), "it ended before it could be stopped");
    }
    restore.signal(Signal::SIGSTOP);
    // It stops behind the send that it is in.
    let pid = Pid::from_raw(restore.0.id().cast_signed());
    let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
    assert_eq!(stopped, WaitStatus::Stopped(pid, Signal::SIGSTOP));
    restore
}

#[test]
fn who_changes_waits_for_who_changes_and_who_reads_for_nobody() {
    let host = director();
    let other = Host::new("other");
    let restore = stopped_restore(&host);
    let pid = restore.0.id();
    let before = table(&host);

    for reads in [
        "rsctl list",
        "rsctl list --json",
        "rsctl save",
        "rsctl timeouts",
        "rsctl sync-daemon",
        "rsctl add-service -f 5000 --dry-run",
        "rsctl edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -w 9 --dry-run",
        "rsctl clear --yes --dry-run",
    ] {
        let output = host.must(reads);
        assert_eq!(output.stderr, "", "{reads}");
    }
    assert_eq!(host.feed("rsctl restore --dry-run --merge", "-A -f 5000\n").status, 3);

    let busy = format!(
        "error: cannot change the table: pid {pid} (`rsctl restore --merge`) is changing it; \
         nothing was changed\n\
         hint: `--lock-wait 10` waits until it has ended, for 10 seconds at most\n"
    );
    for changes in [
        "rsctl add-service -f 5000 --lock-wait 0",
        "rsctl edit-service tcp/192.0.2.1:80 -s wrr --lock-wait 0",
        "rsctl delete-service tcp/192.0.2.1:80 --lock-wait 0",
        "rsctl add-server tcp/192.0.2.1:80 -r 10.0.0.2 -m --lock-wait 0",
        "rsctl edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -w 9 --lock-wait 0",
        "rsctl delete-server tcp/192.0.2.1:80 -r 10.0.0.1 --lock-wait 0",
        "rsctl zero --lock-wait 0",
        "rsctl clear --yes --lock-wait 0",
        "rsctl timeouts --tcp 77 --lock-wait 0",
        "rsctl sync-daemon start master --interface lo --syncid 7 --lock-wait 0",
        "rsctl sync-daemon stop master --lock-wait 0",
        "echo '-A -f 5000' | rsctl restore --merge --lock-wait 0",
    ] {
        let output = host.sh(changes);
        assert_eq!((output.status, output.stderr.as_str()), (4, busy.as_str()), "{changes}");
    }
    assert_eq!(table(&host), before);

    // What cannot be is told at once, and not after a wait.
    assert_eq!(host.sh("rsctl add-service -t 192.0.2.1:0 --lock-wait 600").status, 2);
    assert_eq!(host.feed("rsctl restore --lock-wait 600", "bogus\n").status, 2);

    // Other tables are not its own; and this one is, from wherever it is changed.
    other.must("rsctl add-service -f 7 --lock-wait 0");
    let from_there = format!("rsctl --netns pid:{pid} add-service -f 5000 --lock-wait 0");
    let output = other.sh(&from_there);
    assert_eq!((output.status, output.stderr.as_str()), (4, busy.as_str()), "{from_there}");

    // `ipvsadm` knows of no lock, and neither does ours by that name.
    host.must("rsctl ipvsadm -A -f 5001 -s rr");
    let lines = "-A -f 5002 -s rr\n-D -f 5001\n-D -f 5002\n";
    assert_eq!(host.feed("rsctl ipvsadm -R", lines).status, 0);
    assert_eq!(table(&host), before);

    // The lock of who is killed, even while it is stopped, is none.
    restore.signal(Signal::SIGKILL);
    host.must("rsctl add-service -f 5000 --lock-wait 600");
}

#[test]
fn who_waits_says_for_whom_and_gives_up_in_time() {
    let host = director();
    let before = table(&host);
    let held = hold(&host);
    let output = host.sh("rsctl add-service -f 7 --lock-wait 1");
    let lines: Vec<&str> = output.stderr.lines().collect();
    let [waits, error, hint] = &lines[..] else { panic!("{output:?}") };
    let us = format!("pid {} (`suite-", std::process::id());
    assert!(waits.starts_with(&format!("waiting for {us}")), "{waits}");
    assert!(waits.ends_with("`), which changes the table, 1 s at most"), "{waits}");
    assert!(error.starts_with(&format!("error: cannot change the table: {us}")), "{error}");
    assert_eq!(*hint, "hint: `--lock-wait 10` waits longer");
    assert_eq!((output.status, output.stdout.as_str()), (4, ""));

    // Who is interrupted while it waits ends, and changes nothing.
    let mut waits = start(&host, "rsctl restore --allow-empty --lock-wait 600");
    drop(waits.0.stdin.take());
    assert!(waits.says().starts_with("waiting for "));
    waits.signal(Signal::SIGINT);
    assert_eq!(waits.0.wait().unwrap().signal(), Some(Signal::SIGINT as i32));
    assert_eq!(table(&host), before);
    drop(held);
    // Programs that other tests start have the socket too, between their fork and their exec.
    host.must("rsctl add-service -f 7 --lock-wait 60");
}

/// What happens while a command waits, it sees: it looks behind the lock.
#[test]
fn a_command_looks_when_it_is_alone() {
    let host = director();
    let held = hold(&host);
    let mut edit = start(&host, "rsctl edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -w 7");
    assert!(edit.says().starts_with("waiting for "));
    let mut restore = start(&host, "rsctl restore --allow-deletes");
    let wanted = "-A -f 1 -s rr\n-A -f 2 -s rr\n";
    restore.0.stdin.take().unwrap().write_all(wanted.as_bytes()).unwrap();
    assert!(restore.says().starts_with("waiting for "));

    let key: ServiceKey = SERVICE.parse().unwrap();
    let mut client = host.enter(|| Client::connect().unwrap());
    let mut changed = server(&host);
    changed.thresholds = Thresholds::new(100, 50).unwrap();
    client.edit_destination(&key, &changed.key, |it| *it = changed).unwrap();
    host.must("ipvsadm -A -f 3 -s rr");

    // The edit alone first.
    restore.signal(Signal::SIGSTOP);
    drop(held);
    assert_eq!(edit.ends(), Some(0));
    let now = server(&host);
    assert_eq!((now.weight.get(), now.thresholds), (7, changed.thresholds));
    restore.signal(Signal::SIGCONT);
    assert_eq!(restore.ends(), Some(0));
    assert_eq!(host.must("ipvsadm -Sn").stdout, wanted);
}

#[test]
fn two_restores_at_once_end_in_one_of_both_tables() {
    let host = Host::new("director");
    let lines = |first: u32, scheduler: &str| {
        let mut lines = String::new();
        for service in 1..=60 {
            lines += &format!("-A -f {} -s {scheduler}\n", service + first % 2);
            for server in first..first + 10 {
                let service = service + first % 2;
                lines += &format!("-a -f {service} -r 10.0.0.{server}:80 -m -w {first}\n");
            }
        }
        framed(&lines)
    };
    let tables = [lines(11, "rr"), lines(16, "wrr")];
    let saved: Vec<String> = tables
        .iter()
        .map(|table| {
            assert_eq!(host.feed("rsctl restore", table).status, 0);
            // Without the servers' order, which those that stay keep.
            sorted(&host)
        })
        .collect();
    assert_ne!(saved[0], saved[1]);
    for _ in 0..10 {
        let outputs: Vec<Output> = std::thread::scope(|scope| {
            let host = &host;
            let restore =
                |table| scope.spawn(move || host.feed("rsctl restore --lock-wait 300", table));
            let both: Vec<_> = tables.iter().map(|table| restore(table)).collect();
            both.into_iter().map(|it| it.join().unwrap()).collect()
        });
        for output in outputs {
            assert_eq!(output.status, 0, "{output:?}");
            let lines = output.stderr.lines();
            assert!(lines.into_iter().all(|line| line.starts_with("waiting for ")), "{output:?}");
        }
        assert!(saved.contains(&sorted(&host)));
    }
}

fn sorted(host: &Host) -> String {
    let mut lines: Vec<String> =
        host.must("rsctl save --format ipvsadm").stdout.lines().map(str::to_owned).collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn edits_at_once_lose_nothing() {
    let host = director();
    // A lower threshold needs an upper one, whichever edit comes first.
    host.must("rsctl edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -x 100");
    for round in 1..=20 {
        let edits = [
            format!("rsctl edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -w {round}"),
            format!("rsctl edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -x {}", round + 100),
            format!("rsctl edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -y {round}"),
        ];
        std::thread::scope(|scope| {
            let host = &host;
            for edit in &edits {
                scope.spawn(move || host.must(&format!("{edit} --lock-wait 300")));
            }
        });
        let now = server(&host);
        let thresholds = Thresholds::new(round + 100, round).unwrap();
        assert_eq!((now.weight.get(), now.thresholds), (round, thresholds));
    }
}

/// Takes the lock as any user can, and lets who asks connect.
const TAKE: &str = r#"use Socket;
socket my $name, AF_UNIX, SOCK_STREAM, 0;
bind $name, pack_sockaddr_un("\0lvs-ipvs-table") and listen $name, 8 or die "name: $!";
$| = 1;
print STDERR "held\n";
sleep 600;
"#;

/// The lock, held by another user's process.
pub(crate) fn taken_by_nobody(host: &Host) -> Ended {
    let mut taken = start(host, &format!("{NOBODY} perl -e '{TAKE}'"));
    assert_eq!(taken.says(), "held\n");
    taken
}

#[test]
fn another_user_stops_nobody() {
    let host = director();
    let taken = taken_by_nobody(&host);
    let pid = taken.0.id();
    let output = host.must("rsctl add-service -f 7 --lock-wait 0");
    let warning = format!(
        "warning: going on without the lock of the table: pid {pid} of uid 65534 (`perl -e use Socket;"
    );
    assert!(output.stderr.starts_with(&warning), "{output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    // It is waited for all the same: it might be one of ours.
    let output = host.must("rsctl add-service -f 8 --lock-wait 1");
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("waiting for pid "), "{output:?}");
}
