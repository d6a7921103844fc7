// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl apply` promises, of the program as it is shipped: killed behind any of its changes,
//! beside clients, beside a writer that undoes what it does, and with files that are cut.

use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use lab::{Host, Output, beside};
use nix::fcntl::{FcntlArg, fcntl};
use serde_json::Value;

use crate::promises;

const SERVICES: u8 = 24;

/// The file of the first table or of the second: services that go, come, get another scheduler,
/// other servers and other weights; two hundred changes lead from one to the other.
fn file(is_second: bool) -> String {
    let mut file = "\
format: ipvs-cluster/1
defaults: {scheduler: wrr, method: nat}
pools:
  low: {servers: [10.0.0.1-10.0.0.10]}
  high: {servers: [10.0.0.7-10.0.0.16]}
  heavy: {weight: 9, servers: [10.0.0.1-10.0.0.10]}
services:
"
    .to_owned();
    for number in 1..=SERVICES {
        let kind = number % 5;
        let keys = match (kind, is_second) {
            (0, true) | (1, false) => continue,
            (2, true) => "pool: heavy",
            (3, true) => "scheduler: wlc, pool: high",
            (4, true) => "persistent: 60, pool: high",
            (3 | 4, false) => "pool: low",
            _ => "pool: low",
        };
        file += &format!("  - {{service: tcp/192.0.2.{number}:80, {keys}}}\n");
    }
    let of = u8::from(is_second);
    file + &format!("director: {{timeouts: {{udp: 30{of}}}, sysctls: {{sloppy_tcp: {of}}}}}\n")
}

const ALLOW: &str = "--allow-deletes --allow-scheduler-change";

/// What others have beside it, and in it.
const OTHERS: [&str; 3] = [
    "-A -t 192.0.2.200:80 -s wrr",
    "-a -t 192.0.2.200:80 -r 10.0.0.1:80 -m -w 3",
    "-a -t 192.0.2.2:80 -r 10.99.0.1:80 -m -w 7",
];

#[track_caller]
fn apply(host: &Host, file: &str) -> Output {
    let output = host.feed(&format!("rsctl apply - {ALLOW}"), file);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    output
}

/// All there is, whatever the order.
fn saved(host: &Host) -> Vec<String> {
    let all = "ipvsadm -Sn; ipvsadm -l --timeout; sysctl net.ipv4.vs.sloppy_tcp";
    let mut lines: Vec<_> = host.must(all).stdout.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// A director with the first table and with what others have, that table, and the second.
fn director() -> (Host, [Vec<String>; 2]) {
    let host = Host::new("director");
    apply(&host, &file(false));
    let others: Vec<_> = OTHERS.iter().map(|line| format!("ipvsadm {line}")).collect();
    host.must(&others.join("\n"));
    let first = saved(&host);
    apply(&host, &file(true));
    let second = saved(&host);
    apply(&host, &file(false));
    assert_eq!(saved(&host), first);
    assert_ne!(first, second);
    (host, [first, second])
}

/// Whether a line of the trace is a request that changes something.
fn is_change(line: &str) -> bool {
    let request = line.strip_prefix("netlink > ").and_then(|line| line.split(' ').nth(1));
    request.is_some_and(|command| ["New", "Set", "Delete"].iter().any(|it| command.starts_with(it)))
}

/// Applies the second file and kills that when it has told of so many changes. Returns whether it
/// had ended before.
fn killed(host: &Host, changes: usize) -> bool {
    let path = "/run/second.yaml";
    host.enter(|| {
        std::fs::write(path, file(true)).unwrap();
        let mut apply = Command::new("rsctl");
        apply.args(["apply", path]).args(ALLOW.split(' ')).env("RSCTL_NETLINK_TRACE", "1");
        let (told, tells) = std::io::pipe().unwrap();
        // It cannot be far ahead of what was read.
        fcntl(told.as_fd(), FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
        apply.stdin(Stdio::null()).stdout(Stdio::null()).stderr(tells);
        let mut running = apply.spawn().unwrap();
        // The last that could write to it is the program then.
        drop(apply);
        // Open until the end: with nobody to read what it tells, it would not wait for the signal.
        let mut lines = BufReader::with_capacity(1, told).lines().map(Result::unwrap);
        let told = lines.by_ref().filter(|line| is_change(line)).take(changes).count();
        if told == changes {
            running.kill().unwrap();
        }
        let is_done = running.wait().unwrap().success();
        drop(lines);
        is_done
    })
}

#[test]
fn killed_anywhere_an_apply_goes_on_or_is_rolled_back() {
    let (host, [first, second]) = director();
    // Behind every single one the library is killed (`converge_killed`).
    for changes in (1..=200).step_by(19) {
        assert!(!killed(&host, changes), "{changes}: it had ended before");
        let saved_then = saved(&host);
        for line in OTHERS {
            assert!(saved_then.iter().any(|it| it.trim_end() == line), "{changes}: {line}");
        }
        // Each service of both files has a server, always.
        for number in (1..=SERVICES).filter(|number| number % 5 > 1) {
            let servers = format!("-a -t 192.0.2.{number}:80 -r 10.0.");
            let servers = saved_then.iter().filter(|it| it.starts_with(&servers));
            assert!(servers.count() >= 10, "{changes}: {number}");
        }
        if changes % 2 == 0 {
            apply(&host, &file(true));
            assert_eq!(saved(&host), second, "{changes}");
            let plan = host.feed("rsctl plan -", &file(true));
            assert_eq!(plan.status, 0, "{changes}: {plan:?}");
            apply(&host, &file(false));
        } else {
            let back = host.sh("rsctl rollback");
            assert_eq!((back.status, back.stderr.as_str()), (0, ""), "{changes}");
        }
        assert_eq!(saved(&host), first, "{changes}");
    }
}

/// The same thousand services as of a restore.
#[test]
fn a_swap_by_apply_leaves_no_moment_without_a_server() {
    let table = |network: u8| {
        let servers = format!("10.0.{network}.1-10.0.{network}.{}", promises::SERVERS);
        let mut file = format!(
            "format: ipvs-cluster/1\ndefaults: {{scheduler: rr, method: nat}}\n\
             pools: {{all: {{servers: [{servers}]}}}}\nservices:\n"
        );
        for number in 1..=promises::SERVICES {
            file += &format!("  - {{service: 'udp/{}:53', pool: all}}\n", promises::vip(number));
        }
        file
    };
    promises::swaps(|host, network| {
        apply(host, &table(network));
    });
}

/// Another program takes away what an apply makes, without a pause: an apply ends with the table
/// as the file says, or names what is not.
#[test]
fn beside_a_writer_that_undoes_an_apply_is_honest() {
    let (host, [first, second]) = director();
    let undo = "ipvsadm -D -t 192.0.2.6:80
        ipvsadm -d -t 192.0.2.3:80 -r 10.0.0.12:80
        ipvsadm -e -t 192.0.2.7:80 -r 10.0.0.1:80 -m -w 5";
    let applies = || {
        let (mut told, mut round) = (0, 0);
        while round < 20 || (told == 0 && round < 300) {
            round += 1;
            let output = host.feed(&format!("rsctl apply - --verify --json {ALLOW}"), &file(true));
            let document: Value = serde_json::from_str(&output.stdout).unwrap();
            let steps = document["steps"].as_array().unwrap();
            let all_done = steps.iter().all(|step| step["result"] == "done");
            let differs = !document["differs"].as_array().unwrap().is_empty();
            assert_eq!(output.status, i32::from(!all_done || differs), "round {round}: {output:?}");
            told += usize::from(output.status != 0);
            if round % 5 == 0 {
                host.feed(&format!("rsctl apply - {ALLOW}"), &file(false));
            }
        }
        assert!(told > 0, "the writer never disturbed");
    };
    beside(|| _ = host.sh(undo), applies);
    apply(&host, &file(true));
    assert_eq!(saved(&host), second);
    apply(&host, &file(false));
    assert_eq!(saved(&host), first);
}

/// Wherever a file is cut: if it is refused, nothing was sent; and if it is not, nothing that
/// changes anything unless it is asked for.
#[test]
fn a_file_that_is_cut_sends_nothing() {
    let (host, [first, _]) = director();
    let whole = file(true);
    let mut refused = 0;
    for cut in (0..whole.len()).step_by(29) {
        let part = &whole[..cut];
        for command in ["plan -", "apply -", "apply - --dry-run"] {
            // More than a quarter is never deleted by a file that is cut.
            let output = host.feed(&format!("RSCTL_NETLINK_TRACE=1 rsctl {command}"), part);
            if output.status == 2 {
                assert!(!output.stderr.lines().any(is_change), "{command} at {cut}: {output:?}");
                refused += 1;
            } else {
                assert_eq!(output.status, 3, "{command} at {cut}: {output:?}");
                assert_ne!(command, "apply -", "at {cut}");
                assert!(!output.stderr.lines().any(is_change), "{command} at {cut}: {output:?}");
            }
        }
    }
    assert!(refused > 100, "{refused}");
    assert_eq!(saved(&host), first);
    // The trace shows what is sent.
    let made = host.feed(&format!("RSCTL_NETLINK_TRACE=1 rsctl apply - {ALLOW}"), &whole);
    assert_eq!(made.status, 0);
    assert!(made.stderr.lines().filter(|line| is_change(line)).count() > 200);
}
