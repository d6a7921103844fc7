// SPDX-License-Identifier: MIT OR Apache-2.0

//! Debian's `ldirectord`, which reads and changes the table with `ipvsadm` only,
//! on ours: what it makes of servers that fail and return.

use std::{env, fs};

use lab::{Host, kernel};

use crate::health::{THEIRS, Watched, comes_to, keep_theirs, sorted};

/// What ldirectord has no word about, and has to leave alone.
const FOREIGN: [&str; 2] =
    ["-A -t 203.0.113.1:25 -s lc", "-a -t 203.0.113.1:25 -r 10.0.0.11:25 -m -w 9"];

/// The configuration: where a server that fails stays with weight 0, and where it
/// goes; both families, a mark, persistence, thresholds, fallbacks. What fails refuses at
/// once, and what is slow, in a busy guest, has not failed.
const CONFIG: &str = r#"
checktimeout=20
negotiatetimeout=20
checkinterval=1
autoreload=no
readdquiescent=yes
logfile="/run/ldirectord.log"

virtual=198.51.100.10:80
	real=10.0.0.11:80 masq 3 l:50 u:100
	real=10.0.0.12:80 masq 2
	fallback=10.0.0.13:80 masq
	service=http
	checktype=negotiate
	request="index.html"
	receive="rs"
	scheduler=wrr
	persistent=300
	netmask=255.255.255.0
	quiescent=yes

virtual6=[2001:db8:1::10]:80
	real6=[2001:db8::11]:80 gate 4
	checktype=connect
	scheduler=wlc
	quiescent=no

virtual=7
	real=10.0.0.12 masq 7
	fallback=10.0.0.13 masq
	checktype=connect
	checkport=80
	scheduler=rr
	quiescent=no
"#;

const WEB: &str = "-A -t 198.51.100.10:80 -s wrr -p 300 -M 255.255.255.0";
const WEB6: &str = "-A -t [2001:db8:1::10]:80 -s wlc";
const MARK: &str = "-A -f 7 -s rr";

/// The table when all is well.
const WHOLE: [&str; 7] = [
    WEB,
    "-a -t 198.51.100.10:80 -r 10.0.0.11:80 -m -w 3",
    "-a -t 198.51.100.10:80 -r 10.0.0.12:80 -m -w 2",
    WEB6,
    "-a -t [2001:db8:1::10]:80 -r [2001:db8::11]:80 -g -w 4",
    MARK,
    "-a -f 7 -r 10.0.0.12:0 -m -w 7",
];

#[test]
fn ldirectord_adds_quiesces_removes_and_restores() {
    let mut lab = Watched::new();
    keep_theirs(&lab.director);
    keep_theirs(&lab.twin);
    take_the_place_of_ipvsadm(&lab.director);
    // Twice as long; and not before 7.1, where the dumps that Debian's ipvsadm reads lose
    // services when those of other namespaces come and go, which leads ldirectord astray.
    let twins = env::var("LAB_TWINS").is_ok() && kernel() >= (7, 1);
    let directors: Vec<_> =
        [&lab.director, &lab.twin].into_iter().take(1 + usize::from(twins)).cloned().collect();
    let come_to = |what: &str, table: &[&str]| {
        let table = [table, &FOREIGN].concat();
        directors.iter().for_each(|director| comes_to(director, what, &table));
    };
    let daemons: Vec<_> = directors.iter().map(Daemon::start).collect();
    come_to("started", &WHOLE);
    for director in &directors {
        let shown = director.must(&format!("{THEIRS} -Ln --thresholds")).stdout;
        let row = shown.lines().find(|line| line.contains("10.0.0.11:80")).expect("rs1");
        assert_eq!(row.split_whitespace().collect::<Vec<_>>()[2..4], ["100", "50"], "{shown}");
    }

    lab.fail(0);
    come_to(
        "rs1 failed",
        &[
            WEB,
            "-a -t 198.51.100.10:80 -r 10.0.0.11:80 -m -w 0",
            "-a -t 198.51.100.10:80 -r 10.0.0.12:80 -m -w 2",
            WEB6,
            MARK,
            "-a -f 7 -r 10.0.0.12:0 -m -w 7",
        ],
    );

    lab.fail(1);
    come_to(
        "both failed",
        &[
            WEB,
            "-a -t 198.51.100.10:80 -r 10.0.0.11:80 -m -w 0",
            "-a -t 198.51.100.10:80 -r 10.0.0.12:80 -m -w 0",
            "-a -t 198.51.100.10:80 -r 10.0.0.13:80 -m -w 1",
            WEB6,
            MARK,
            "-a -f 7 -r 10.0.0.13:0 -m -w 1",
        ],
    );

    lab.recover(0);
    lab.recover(1);
    come_to("both are back", &WHOLE);

    let changed = CONFIG
        .replace("masq 3", "masq 5")
        .replace("scheduler=wrr", "scheduler=wlc")
        .replace("10.0.0.12 masq 7", "10.0.0.11 masq 8")
        .replace("virtual=7", "virtual=8");
    daemons.iter().for_each(|daemon| daemon.reload(&changed));
    come_to(
        "reloaded",
        &[
            "-A -t 198.51.100.10:80 -s wlc -p 300 -M 255.255.255.0",
            "-a -t 198.51.100.10:80 -r 10.0.0.11:80 -m -w 5",
            "-a -t 198.51.100.10:80 -r 10.0.0.12:80 -m -w 2",
            WEB6,
            "-a -t [2001:db8:1::10]:80 -r [2001:db8::11]:80 -g -w 4",
            "-A -f 8 -s rr",
            "-a -f 8 -r 10.0.0.11:0 -m -w 8",
        ],
    );

    daemons.iter().for_each(Daemon::stop);
    come_to("stopped", &[]);

    let logs: Vec<_> = directors.iter().map(log).collect();
    for log in &logs {
        assert!(!log.iter().any(|line| line.contains("failed")), "{log:#?}");
        for word in ["Added real", "Quiescent real", "Deleted real", "Restored real", "fallback"] {
            assert!(log.iter().any(|line| line.contains(word)), "no {word}: {log:#?}");
        }
    }
    if twins {
        assert_eq!(logs[0], logs[1], "ldirectord did the same");
    }
}

/// rsctl by the name of `/usr/sbin/ipvsadm`, which is the path that ldirectord has
/// built in; nothing else is there by that name, and no script in between.
fn take_the_place_of_ipvsadm(host: &Host) {
    host.must("mount --bind \"$(command -v rsctl)\" /usr/sbin/ipvsadm");
    host.must("[ \"$(command -v rsctl)\" -ef /sbin/ipvsadm ]");
    // These words are our own; theirs need the table, and have others.
    let help = host.must("/sbin/ipvsadm -h").stdout;
    assert!(help.contains("rsctl"), "{help}");
    assert!(!host.must(&format!("{THEIRS} -h")).stdout.contains("rsctl"));
}

/// What an ldirectord did, in its own words, in alphabetical order: it visits what
/// it starts with in an order of its own. When it looked at its file is chance.
fn log(host: &Host) -> Vec<String> {
    let log = host.enter(|| fs::read_to_string("/run/ldirectord.log").expect("its log"));
    let words = log.lines().filter_map(|line| Some(line.split_once("] ")?.1));
    let words = words.filter(|line| !["has changed", "- ignore"].iter().any(|w| line.contains(w)));
    sorted(&words.collect::<Vec<_>>().join("\n"))
}

/// A running ldirectord.
struct Daemon(Host);

impl Daemon {
    fn start(host: &Host) -> Self {
        for line in FOREIGN {
            host.must(&format!("{THEIRS} {line}"));
        }
        let daemon = Self(host.clone());
        daemon.configure(CONFIG);
        // PERLIO: else it starts itself a second time. Its output would be the
        // daemon's too, and never end.
        let start = "PERLIO=perlio ldirectord /run/lab.cf start >/run/said 2>&1";
        host.must(&format!("{start} || {{ cat /run/said; false; }}"));
        daemon
    }

    fn configure(&self, config: &str) {
        self.0.enter(|| fs::write("/run/lab.cf", config).expect("its configuration"));
    }

    /// `ldirectord reload` is this signal; so is `stop` the other (ldirectord(8)).
    fn reload(&self, config: &str) {
        self.configure(config);
        assert!(self.signal("HUP"));
    }

    fn stop(&self) {
        assert!(self.signal("TERM"));
    }

    fn signal(&self, name: &str) -> bool {
        self.0.sh(&format!("kill -{name} \"$(cat /run/ldirectord.lab.cf.pid)\"")).status == 0
    }
}

impl Drop for Daemon {
    /// For a test that failed, whose log tells why: else it is gone, or about to be.
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.0.sh("cat /run/ldirectord.log /run/said").stdout);
        }
        self.signal("TERM");
    }
}
