// SPDX-License-Identifier: MIT OR Apache-2.0

//! Debian's `keepalived`, which talks to the kernel itself, and our tools on one
//! table: each sees what the other did, and neither minds.

use std::fs;
use std::process::{Child, Command, Stdio};

use lab::Host;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::health::{Watched, comes_to, keep_theirs, sorted};

/// A server that fails stays with weight 0 in the first service, and goes from the
/// others; both families and a mark. Checks every second, one failure is enough; what
/// fails refuses at once, and what is slow, in a busy guest, has not failed.
const CONFIG: &str = "
global_defs {
    checker_log_all_failures true
}
virtual_server 198.51.100.10 80 {
    delay_loop 1
    lb_algo wrr
    lb_kind NAT
    persistence_timeout 300
    protocol TCP
    real_server 10.0.0.11 80 {
        weight 3
        inhibit_on_failure
        uthreshold 100
        lthreshold 50
        TCP_CHECK { connect_timeout 20 retry 0 delay_before_retry 1 }
    }
    real_server 10.0.0.12 80 {
        weight 2
        inhibit_on_failure
        TCP_CHECK { connect_timeout 20 retry 0 delay_before_retry 1 }
    }
}
virtual_server 2001:db8:1::10 80 {
    delay_loop 1
    lb_algo wlc
    lb_kind DR
    protocol TCP
    real_server 2001:db8::11 80 {
        weight 4
        TCP_CHECK { connect_timeout 20 retry 0 delay_before_retry 1 }
    }
    real_server 2001:db8::12 80 {
        weight 1
        TCP_CHECK { connect_timeout 20 retry 0 delay_before_retry 1 }
    }
}
virtual_server fwmark 7 {
    delay_loop 1
    lb_algo rr
    lb_kind TUN
    real_server 10.0.0.11 0 {
        weight 1
        TCP_CHECK { connect_port 80 connect_timeout 20 retry 0 delay_before_retry 1 }
    }
    real_server 10.0.0.12 0 {
        weight 1
        TCP_CHECK { connect_port 80 connect_timeout 20 retry 0 delay_before_retry 1 }
    }
}
";

const WEB: &str = "-A -t 198.51.100.10:80 -s wrr -p 300";
const WEB6: &str = "-A -t [2001:db8:1::10]:80 -s wlc";
const MARK: &str = "-A -f 7 -s rr";

#[test]
fn keepalived_and_rsctl_share_a_table() {
    let mut lab = Watched::new();
    let director = lab.director.clone();
    keep_theirs(&director);
    let keepalived = Keepalived::start(&director);
    let see = |what: &str, table: &[&str]| {
        comes_to(&director, what, table);
        ours_agree(&director, what, table);
    };
    see(
        "started",
        &[
            WEB,
            "-a -t 198.51.100.10:80 -r 10.0.0.11:80 -m -w 3",
            "-a -t 198.51.100.10:80 -r 10.0.0.12:80 -m -w 2",
            WEB6,
            "-a -t [2001:db8:1::10]:80 -r [2001:db8::11]:80 -g -w 4",
            "-a -t [2001:db8:1::10]:80 -r [2001:db8::12]:80 -g -w 1",
            MARK,
            "-a -f 7 -r 10.0.0.11:0 -i -w 1 --tun-type ipip",
            "-a -f 7 -r 10.0.0.12:0 -i -w 1 --tun-type ipip",
        ],
    );
    let listed = list(&director);
    let services = listed["services"].as_array().expect("services");
    let web = services.iter().find(|service| service["address"] == "198.51.100.10").expect("web");
    let servers = web["servers"].as_array().expect("servers");
    let rs1 = servers.iter().find(|server| server["address"] == "10.0.0.11").expect("rs1");
    assert_eq!((&rs1["upper_threshold"], &rs1["lower_threshold"]), (&100.into(), &50.into()));

    // What rsctl adds is none of keepalived's business; what it edits is
    // keepalived's own until that has a reason to write it.
    director.must("rsctl add-service tcp/203.0.113.1:25 -s lc");
    director.must("rsctl add-server tcp/203.0.113.1:25 -r 10.0.0.13:25 --mode nat");
    director.must("rsctl add-server tcp/198.51.100.10:80 -r 10.0.0.13:80 --mode nat -w 6");
    director.must("rsctl edit-server tcp/198.51.100.10:80 -r 10.0.0.12:80 -w 9");
    lab.fail(0);
    let ours = [
        "-A -t 203.0.113.1:25 -s lc",
        "-a -t 203.0.113.1:25 -r 10.0.0.13:25 -m -w 1",
        "-a -t 198.51.100.10:80 -r 10.0.0.13:80 -m -w 6",
    ];
    let with_ours = |table: &[&'static str]| [table, &ours].concat();
    see(
        "rs1 failed",
        &with_ours(&[
            WEB,
            "-a -t 198.51.100.10:80 -r 10.0.0.11:80 -m -w 0",
            "-a -t 198.51.100.10:80 -r 10.0.0.12:80 -m -w 9",
            WEB6,
            "-a -t [2001:db8:1::10]:80 -r [2001:db8::12]:80 -g -w 1",
            MARK,
            "-a -f 7 -r 10.0.0.12:0 -i -w 1 --tun-type ipip",
        ]),
    );

    lab.recover(0);
    see(
        "rs1 is back",
        &with_ours(&[
            WEB,
            "-a -t 198.51.100.10:80 -r 10.0.0.11:80 -m -w 3",
            "-a -t 198.51.100.10:80 -r 10.0.0.12:80 -m -w 9",
            WEB6,
            "-a -t [2001:db8:1::10]:80 -r [2001:db8::11]:80 -g -w 4",
            "-a -t [2001:db8:1::10]:80 -r [2001:db8::12]:80 -g -w 1",
            MARK,
            "-a -f 7 -r 10.0.0.11:0 -i -w 1 --tun-type ipip",
            "-a -f 7 -r 10.0.0.12:0 -i -w 1 --tun-type ipip",
        ]),
    );

    // A reload writes what changed in the file, and leaves the rest.
    keepalived.reload(&CONFIG.replace("weight 3", "weight 5").replace("lb_algo rr", "lb_algo lc"));
    see(
        "reloaded",
        &with_ours(&[
            WEB,
            "-a -t 198.51.100.10:80 -r 10.0.0.11:80 -m -w 5",
            "-a -t 198.51.100.10:80 -r 10.0.0.12:80 -m -w 9",
            WEB6,
            "-a -t [2001:db8:1::10]:80 -r [2001:db8::11]:80 -g -w 4",
            "-a -t [2001:db8:1::10]:80 -r [2001:db8::12]:80 -g -w 1",
            "-A -f 7 -s lc",
            "-a -f 7 -r 10.0.0.11:0 -i -w 1 --tun-type ipip",
            "-a -f 7 -r 10.0.0.12:0 -i -w 1 --tun-type ipip",
        ]),
    );

    keepalived.stop();
    // It takes its services away, and with them the server that rsctl put there.
    see("stopped", &ours[..2]);
    let log = director.must("cat /run/keepalived.log").stdout;
    assert!(log.contains("TCP connection to [10.0.0.11]:tcp:80 failed"), "{log}");
    assert!(!log.contains("IPVS"), "{log}");
}

/// Our three ways of reading agree with that table.
#[track_caller]
fn ours_agree(host: &Host, what: &str, table: &[&str]) {
    let table = sorted(&table.join("\n"));
    for command in ["rsctl ipvsadm -Sn", "rsctl save --format ipvsadm"] {
        // What stands around a saved table is no line of it.
        let mut lines = sorted(&host.must(command).stdout);
        lines.retain(|line| !line.starts_with("ipvsadm"));
        assert_eq!(lines, table, "{what}: {command}");
    }
    let listed = list(host);
    let services = listed["services"].as_array().expect("services");
    let servers = services.iter().map(|service| service["servers"].as_array().map_or(0, Vec::len));
    let count = |verb: &str| table.iter().filter(|line| line.starts_with(verb)).count();
    assert_eq!((services.len(), servers.sum()), (count("-A"), count("-a")), "{what}: {listed:#}");
}

fn list(host: &Host) -> Value {
    serde_json::from_str(&host.must("rsctl list --json").stdout).expect("JSON")
}

/// A running keepalived, only with what watches servers.
struct Keepalived {
    host: Host,
    child: Child,
}

impl Keepalived {
    fn start(host: &Host) -> Self {
        configure(host, CONFIG);
        let child = host.enter(|| {
            let log = fs::File::create("/run/keepalived.log").expect("its log");
            Command::new("keepalived")
                .args(["--check", "--dont-fork", "--log-console", "--log-detail"])
                .args([
                    "--use-file=/run/lab.conf",
                    "--pid=/run/k.pid",
                    "--checkers_pid=/run/kc.pid",
                ])
                .stdin(Stdio::null())
                .stdout(log.try_clone().expect("its log"))
                .stderr(log)
                .spawn()
                .expect("start keepalived")
        });
        Self { host: host.clone(), child }
    }

    fn reload(&self, config: &str) {
        configure(&self.host, config);
        self.signal(Signal::SIGHUP);
    }

    fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let status = self.child.wait().expect("its end");
        assert!(status.success(), "{status}");
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        kill(pid, signal).expect("it runs");
    }
}

impl Drop for Keepalived {
    /// For a test that failed: it takes its children with it.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

fn configure(host: &Host, config: &str) {
    host.enter(|| fs::write("/run/lab.conf", config).expect("its configuration"));
}
