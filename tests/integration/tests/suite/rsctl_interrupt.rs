// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl restore`, interrupted.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;

use ipvs_netlink::Client;
use lab::Host;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Services and servers that are there. One pass would not do: before 7.1 the services of
/// other namespaces make it show some twice, or not at all.
fn objects(host: &Host) -> usize {
    let table = host.enter(|| Client::connect().unwrap().table().unwrap());
    table.iter().map(|entry| 1 + entry.destinations.len()).sum()
}

const SERVICES: usize = 1000;
const SERVERS: usize = 50;
const ALL: usize = SERVICES * (1 + SERVERS);

/// Lines that take a while.
fn table() -> String {
    let mut table = String::new();
    for n in 0..SERVICES {
        table += &format!("-A -f {} -s rr\n", n + 1);
        for server in 0..SERVERS {
            let (a, b) = (server / 250, server % 250 + 1);
            table += &format!("-a -f {} -r 10.0.{a}.{b}:80 -m -w 1\n", n + 1);
        }
    }
    table
}

/// Interrupts a restore that is at work.
fn interrupted(host: &Host, command: &str) -> Output {
    let mut client = host.enter(|| Client::connect().unwrap());
    let mut restore = host.enter(|| {
        let mut sh = Command::new("sh");
        sh.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::piped());
        sh.stderr(Stdio::piped()).spawn().unwrap()
    });
    restore.stdin.take().unwrap().write_all(table().as_bytes()).unwrap();
    // It is at work once the first service is there.
    let mut begun = false;
    while !begun {
        client.for_each_service(|_| begun = true).unwrap();
        assert!(restore.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        thread::yield_now();
    }
    kill(Pid::from_raw(restore.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    restore.wait_with_output().unwrap()
}

/// What was made is told, is there, and a restore does the rest.
#[test]
fn an_interrupted_restore_says_how_far_it_came() {
    let host = Host::new("director");
    let output = interrupted(&host, "exec rsctl restore");
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    let there = objects(&host);
    assert!(0 < there && there < ALL);
    assert_eq!(
        errors,
        format!(
            "error: cannot restore <stdin>: interrupted: {there} of {ALL} changes made, {} not tried\n\
             hint: `rsctl restore --dry-run` shows what is left, and a restore does it\n",
            ALL - there
        )
    );
    assert_eq!(host.feed("rsctl restore", &table()).status, 0);
    assert_eq!(objects(&host), ALL);
}

/// As of a job in the background of a shell, and with SIGHUP of nohup(1).
#[test]
fn an_interrupt_that_is_ignored_interrupts_nothing() {
    let host = Host::new("director");
    let output = interrupted(&host, "trap '' INT; exec rsctl restore");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(objects(&host), ALL);
}
