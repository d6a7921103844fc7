// SPDX-License-Identifier: MIT OR Apache-2.0

//! Debian's `keepalived`, which is told to read its configuration again.

use std::fmt::Write;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipvs_netlink::{Client, ServiceKey};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::load::{Item, Key, Load, PORTS, SCHEDULER};
use crate::program::{Program, Report};
use crate::scene::{rest, table_size};

const CONFIG: &str = "/run/keepalived.conf";
const LOG: &str = "/run/keepalived.log";
/// The weight of one server after the reload.
const CHANGED: u32 = 2;
/// Nothing is waited for longer.
pub(crate) const LATE: Duration = Duration::from_secs(300);

/// A job of this binary for `load`.
pub(crate) fn program(load: Load) -> Program {
    let [services, destinations] = load.arguments();
    Program::own(["reload", &services, &destinations])
}

/// `reload SERVICES DESTINATIONS`: reports how long it takes from the signal until the
/// kernel has the one weight that is another in the file. Nothing is checked for health.
pub(crate) fn main(load: Load) {
    let mut client = Client::connect().expect("connect");
    write(load, PORTS.1, 1);
    let mut keepalived = start();
    let all = load.services + load.total_destinations();
    until(Duration::from_millis(100), "the table", || table_size() == all);
    rest();
    write(load, PORTS.1, CHANGED);
    let Some(Key::Address(last)) = load.keys().last() else { panic!("services have addresses") };
    let key = ServiceKey::tcp(last, PORTS.0);
    let clock = Instant::now();
    signal(&keepalived, Signal::SIGHUP);
    // Asking takes the processor from it, so not too often.
    until(Duration::from_millis(5), "the change", || {
        let mut changed = false;
        client
            .for_each_destination(&key, |entry| {
                changed |= entry.destination.weight.get() == CHANGED
            })
            .expect("the destinations of a service");
        changed
    });
    let report = Report::since(clock);
    signal(&keepalived, Signal::SIGTERM);
    assert!(keepalived.wait().expect("its end").success());
    report.print();
}

/// Writes its configuration, with that port of all servers and that weight of the last.
pub(crate) fn write(load: Load, port: u16, weight_of_last: u32) {
    let mut text = "global_defs {\n}\n".to_owned();
    let mut left = load.total_destinations();
    let mut close = "";
    for item in load.items() {
        match item {
            Item::Service(Key::Address(vip)) => write!(
                text,
                "{close}virtual_server {vip} {} {{\nlb_algo {SCHEDULER}\nlb_kind NAT\nprotocol TCP\n",
                PORTS.0
            ),
            Item::Service(Key::Mark(mark)) => panic!("a service of mark {mark}"),
            Item::Destination { address, .. } => {
                left -= 1;
                let weight = if left == 0 { weight_of_last } else { 1 };
                write!(text, "real_server {address} {port} {{\nweight {weight}\n}}\n")
            }
        }
        .expect("a String takes all");
        close = "}\n";
    }
    fs::write(CONFIG, text + "}\n").expect("its configuration");
}

pub(crate) fn start() -> Child {
    // Debian's does not start without what it was built with, in words.
    fs::create_dir_all("/etc/keepalived").expect("its folder");
    fs::write("/etc/keepalived/keepalived.config-opts", "none\n").expect("its options");
    let log = fs::File::create(LOG).expect("its log");
    Command::new("keepalived")
        .args(["--check", "--dont-fork", "--log-console"])
        .arg(format!("--use-file={CONFIG}"))
        .args(["--pid=/run/keepalived.pid", "--checkers_pid=/run/checkers.pid"])
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("its log"))
        .stderr(log)
        .spawn()
        .expect("start keepalived")
}

pub(crate) fn signal(process: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(process.id()).expect("a process id"));
    kill(pid, signal).expect("it runs");
}

pub(crate) fn until(pause: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LATE;
    while !is_so() {
        if Instant::now() > deadline {
            let log = fs::read_to_string(LOG).unwrap_or_default();
            let end = log.len().saturating_sub(2000);
            panic!("keepalived: {what} does not come: {}", log.get(end..).unwrap_or(&log));
        }
        thread::sleep(pause);
    }
}
