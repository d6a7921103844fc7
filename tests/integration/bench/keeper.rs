// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent run` at work: how soon a lost VIP is back, and what it spends meanwhile.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::agent;
use crate::program::Report;
use crate::scene::rest;

/// How long what a lost VIP costs is counted: the looks that follow the repair are in it.
const AFTER_A_LOSS: Duration = Duration::from_secs(5);

/// `repair PROGRAM VIPS`: reports how soon a VIP that somebody deleted is there again.
pub(crate) fn repair(program: &str, vips: &str) {
    let keeper = Keeper::start(program, vips);
    let clock = Instant::now();
    keeper.lose_one();
    let deadline = clock + Duration::from_secs(60);
    // An address can be bound while the host has it.
    while UdpSocket::bind((keeper.vip.as_str(), 0)).is_err() {
        assert!(Instant::now() < deadline, "{} is not back", keeper.vip);
        thread::sleep(Duration::from_millis(1));
    }
    Report::since(clock).print();
}

/// `spend PROGRAM VIPS loss|SECONDS`: reports the processor time that it takes for a lost
/// VIP, or in so many seconds in which nothing happens.
pub(crate) fn spend(program: &str, vips: &str, what: &str) {
    let keeper = Keeper::start(program, vips);
    let before = keeper.processor_time();
    if what == "loss" {
        keeper.lose_one();
        thread::sleep(AFTER_A_LOSS);
    } else {
        thread::sleep(Duration::from_secs(what.parse().expect("seconds")));
    }
    Report::of(keeper.processor_time() - before).print();
}

/// A running `rs-agent run`.
struct Keeper {
    child: Child,
    /// One of its VIPs.
    vip: String,
}

impl Keeper {
    /// Starts it and waits until it is ready and has come to rest.
    fn start(program: &str, vips: &str) -> Self {
        let vips = agent::vips(vips.parse().expect("VIPS"));
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("notify");
        let manager = UnixDatagram::bind(&socket).expect("a manager's socket");
        manager.set_read_timeout(Some(Duration::from_secs(120))).expect("a time limit");
        let child = Command::new(program)
            .args(["run", "--mode", "dr", "--vip", &vips.join(",")])
            .env("NOTIFY_SOCKET", &socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("rs-agent run");
        let keeper = Self { child, vip: vips[vips.len() / 2].clone() };
        let mut message = [0; 4096];
        loop {
            let length = manager.recv(&mut message).expect("a word that it is ready");
            if message[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
                break;
            }
        }
        rest();
        keeper
    }

    fn lose_one(&self) {
        let vip = format!("{}/32", self.vip);
        let deleted = Command::new("ip").args(["addr", "del", &vip, "dev", "lo"]).status();
        assert!(deleted.expect("ip").success());
    }

    /// Of all its threads that run.
    fn processor_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it runs");
        let of_one = |task: std::io::Result<fs::DirEntry>| {
            let times = fs::read_to_string(task.expect("a thread").path().join("schedstat"));
            let nanoseconds = times.expect("schedstat");
            let nanoseconds = nanoseconds.split(' ').next().and_then(|time| time.parse().ok());
            Duration::from_nanos(nanoseconds.expect("nanoseconds"))
        };
        tasks.map(of_one).sum()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
