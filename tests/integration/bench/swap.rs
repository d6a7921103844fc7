// SPDX-License-Identifier: MIT OR Apache-2.0

//! All servers of all services are swapped for others: how long the first service has none.

use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use ipvs_netlink::{Client, ServiceKey};
use nix::sys::signal::Signal;

use crate::load::{Item, Key, Load, PORTS, SCHEDULER};
use crate::program::{Program, Report};
use crate::reload;
use crate::scene::{rest, table_size};

const FILE: &str = "/run/swap.yaml";
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);
/// The ports of the servers, before and after.
const SERVERS: [u16; 2] = [PORTS.1, PORTS.1 + 1];

/// A job of this binary for `load`, by `rsctl apply`.
pub(crate) fn by_apply(load: Load) -> Program {
    program("apply", load)
}

/// The same by keepalived's reload.
pub(crate) fn by_keepalived(load: Load) -> Program {
    program("keepalived", load)
}

fn program(who: &str, load: Load) -> Program {
    let [services, destinations] = load.arguments();
    Program::own(["swap", who, &services, &destinations])
}

/// `swap WHO SERVICES DESTINATIONS`: reports the longest time for which the first service had no
/// server, looked at every 2 ms until the last service has the other servers and no more.
pub(crate) fn main(who: &str, load: Load) {
    let longest = if who == "apply" { apply(load) } else { keepalived(load) };
    Report::of(longest).print();
}

fn apply(load: Load) -> Duration {
    let rsctl = || {
        let mut rsctl = Command::new("rsctl");
        rsctl.args(["apply", FILE, "--allow-deletes"]);
        rsctl
    };
    fs::write(FILE, cluster(load, SERVERS[0])).expect("its file");
    assert!(rsctl().status().expect("rsctl").success());
    fs::write(FILE, cluster(load, SERVERS[1])).expect("its file");
    rest();
    let mut running = rsctl().spawn().expect("rsctl");
    let longest = longest_gap(load);
    assert!(running.wait().expect("rsctl").success());
    longest
}

fn keepalived(load: Load) -> Duration {
    reload::write(load, SERVERS[0], 1);
    let mut keepalived = reload::start();
    let all = load.services + load.total_destinations();
    reload::until(Duration::from_millis(100), "the table", || table_size() == all);
    rest();
    reload::write(load, SERVERS[1], 1);
    reload::signal(&keepalived, Signal::SIGHUP);
    let longest = longest_gap(load);
    reload::signal(&keepalived, Signal::SIGTERM);
    assert!(keepalived.wait().expect("its end").success());
    longest
}

/// The file of the cluster, with that port of all servers.
fn cluster(load: Load, port: u16) -> String {
    let mut text = format!(
        "format: ipvs-cluster/1\ndefaults: {{scheduler: {SCHEDULER}, method: nat}}\nservices:\n"
    );
    for item in load.items() {
        match item {
            Item::Service(Key::Address(vip)) => {
                write!(text, "- service: tcp/{vip}:{}\n  servers:\n", PORTS.0)
            }
            Item::Service(Key::Mark(mark)) => panic!("a service of mark {mark}"),
            Item::Destination { address, .. } => writeln!(text, "  - {address}:{port}"),
        }
        .expect("a String takes all");
    }
    text
}

fn longest_gap(load: Load) -> Duration {
    let mut client = Client::connect().expect("connect");
    let key = |key| match key {
        Key::Address(vip) => ServiceKey::tcp(vip, PORTS.0),
        Key::Mark(mark) => panic!("a service of mark {mark}"),
    };
    let first = key(load.keys().next().expect("a service"));
    let last = key(load.keys().last().expect("a service"));
    // How many servers a service has with the port of before, and with that of after.
    let mut ports = |service| {
        let mut count = [0; 2];
        let mut add = |port: u16| count[usize::from(port == SERVERS[1])] += 1;
        // A service that is away has none.
        let _ = client.for_each_destination(service, |it| add(it.destination.key.port));
        count
    };
    let (mut longest, mut since) = (Duration::ZERO, None);
    let deadline = Instant::now() + reload::LATE;
    loop {
        let now = Instant::now();
        assert!(now < deadline, "the swap does not end");
        if ports(&first) == [0, 0] {
            // One look without any is more than none.
            longest = longest.max(PAUSE + (now - *since.get_or_insert(now)));
        } else {
            since = None;
            if ports(&last) == [0, load.destinations] {
                return longest;
            }
        }
        thread::sleep(PAUSE);
    }
}
