// SPDX-License-Identifier: MIT OR Apache-2.0

//! Each rule of `ipvsadm`'s command lines, told to both: every option with every
//! command, every flag and tunnel.

use crate::ipvsadm_pair::{Pair, Words, words};

/// Every option, once with a value that is fine.
const OPTIONS: [&str; 41] = [
    "-n",
    "-c",
    "-t 192.0.2.1:80",
    "-u 192.0.2.1:53",
    "--sctp-service 192.0.2.1:9",
    "-f 7",
    "-f 7 -6",
    "-6",
    "-s rr",
    "-p",
    "-p 60",
    "-M 255.255.255.0",
    "-r 10.0.0.9:80",
    "-r 2001:db8::9",
    "-m",
    "-i",
    "-g",
    "-w 3",
    "-x 9",
    "-y 0",
    "--mcast-interface lo",
    "--timeout",
    "--daemon",
    "--stats",
    "--rate",
    "--thresholds",
    "--persistent-conn",
    "--nosort",
    "--sort",
    "--syncid 5",
    "--exact",
    "-o",
    "--pe sip",
    "-b flag-1",
    "--mcast-group 224.0.0.99",
    "--mcast-port 9000",
    "--mcast-ttl 3",
    "--sync-maxlen 1400",
    "--tun-info",
    "--tun-type gue",
    "--tun-port 6080",
];

const CHECKSUMS: [&str; 3] = ["--tun-nocsum", "--tun-csum", "--tun-remcsum"];

/// Every command with what it needs.
const COMMANDS: [&str; 14] = [
    "-A -t 192.0.2.3:80",
    "-A -u 192.0.2.3:53",
    "-E -u 192.0.2.1:53",
    "-D -t 192.0.2.3:80",
    "-a -t 192.0.2.1:80 -r 10.0.0.4 -i",
    "-e -f 7 -r 10.0.0.1:8080",
    "-d -t 192.0.2.1:80 -r 10.0.0.3",
    "-L -n",
    "-Z",
    "-S -n",
    "--set 0 0 0",
    "--start-daemon backup --mcast-interface nowhere0",
    "--stop-daemon backup",
    "-C",
];

/// Commands without what they need.
const BARE: [&str; 13] = [
    "-A",
    "-E",
    "-D",
    "-a",
    "-e",
    "-d",
    "-L",
    "-S",
    "-R",
    "--set",
    "--start-daemon master",
    "--stop-daemon master",
    "-Z",
];

/// A table with something of everything.
const TABLE: [&str; 12] = [
    "-A -t 192.0.2.1:80 -s wrr",
    "-a -t 192.0.2.1:80 -r 10.0.0.1 -m -x 100 -y 50",
    "-a -t 192.0.2.1:80 -r 10.0.0.2 -i --tun-type gue --tun-port 6080 --tun-csum",
    "-a -t 192.0.2.1:80 -r 2001:db8::9 -i --tun-type gre",
    "-A -u 192.0.2.1:53 -s sh -b sh-port -o",
    "-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip -M 255.255.255.0",
    "-A --sctp-service 192.0.2.1:9 -s mh -b mh-fallback,mh-port",
    "-A -t [2001:db8::1]:443 -p 600 -M 64",
    "-a -t [2001:db8::1]:443 -r [2001:db8::11]:8443 -m -w 7",
    "-A -f 7 -s none",
    "-a -f 7 -r 10.0.0.1:8080 -m",
    "-A -f 7 -6 -s lc",
];

pub(crate) fn filled() -> Pair {
    let mut pair = Pair::new();
    pair.tell_all(&TABLE);
    pair
}

pub(crate) fn lines(from: impl IntoIterator<Item = String>) -> Vec<Words> {
    from.into_iter().map(|line| words(&line)).collect()
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_every_option_with_every_command() {
    let mut pair = filled();
    for command in COMMANDS {
        // The kernel's own order is another in each namespace.
        let fits = |option: &&&str| !(command.starts_with("-L") && **option == "--nosort");
        let options = OPTIONS.iter().chain(&CHECKSUMS).filter(fits);
        let with = options.map(|option| format!("{command} {option}"));
        pair.tell(&lines(with));
        pair.tell_all(&["-C"]);
        pair.tell_all(&TABLE);
    }
    for command in BARE {
        let with = OPTIONS.iter().step_by(7).map(|option| format!("{command} {option}"));
        pair.tell(&lines(with.chain([command.to_owned()])));
    }
    pair.must_agree("options and commands");
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_pairs_of_list_options() {
    let mut pair = filled();
    let options = [
        "-c",
        "-t 192.0.2.1:80",
        "-f 7 -6",
        "-t 192.0.2.9:9",
        "--timeout",
        "--daemon",
        "--stats",
        "--rate",
        "--thresholds",
        "--persistent-conn",
        "--tun-info",
        "--exact",
        "--syncid 1",
        "-X",
        "--sort",
    ];
    for (place, first) in options.iter().enumerate() {
        let with = options.iter().skip(place).map(|second| format!("-Ln {first} {second}"));
        pair.tell(&lines(with));
    }
    pair.must_agree("list options");
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_flags_and_schedulers() {
    let mut pair = filled();
    let flags = [
        "''",
        ",",
        ",,",
        "sh-port",
        "sh-fallback",
        "sh-port,sh-fallback",
        "mh-port",
        "mh-fallback",
        "flag-1",
        "flag-2",
        "flag-3",
        "flag-1,flag-2,flag-3",
        "sh-port,",
        ",sh-port",
        "sh-port,,sh-fallback",
        "nope",
        "sh-port,nope",
        "SH-PORT",
        "_sh-port",
        "sh-port,flag-3",
    ];
    for flag in flags {
        pair.tell(&lines(
            ["rr", "sh", "mh"]
                .map(|scheduler| format!("-E -u 192.0.2.1:53 -s {scheduler} -b {flag}")),
        ));
        pair.tell(&lines([format!("-E -b {flag} -u 192.0.2.1:53 -s sh"), "-Ln".to_owned()]));
    }
    let schedulers = [
        "rr",
        "wrr",
        "lc",
        "wlc",
        "fo",
        "ovf",
        "lblc",
        "lblcr",
        "dh",
        "sh",
        "mh",
        "sed",
        "nq",
        "none",
        "''",
        "RR",
        "nonesuch",
        "sixteen_letters_",
        "a/b",
        "rr_",
        "rr,wrr",
    ];
    for scheduler in schedulers {
        pair.tell(&lines([
            format!("-E -t 192.0.2.1:80 -s {scheduler}"),
            format!("-A -t 192.0.2.1:{} -s {scheduler}", 1000 + scheduler.len()),
        ]));
    }
    pair.tell_all(&[
        "-E -u 192.0.2.1:53 --pe sip",
        "-E -t 192.0.2.1:80 --pe sip",
        "-E -t 192.0.2.1:80 -p --pe sip",
        "-E -u 192.0.2.1:53 -p --pe nope",
        "-E -u 192.0.2.1:53 -p --pe ''",
        "-E -u 192.0.2.1:53 -p -o --pe sip",
        "-E -f 7 -o",
        "-E -t 192.0.2.1:80 -o",
        "-E --sctp-service 192.0.2.1:9 -o",
        "-Ln",
        "-Sn",
    ]);
    pair.must_agree("flags and schedulers");
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_tunnels_and_forwarding() {
    let mut pair = filled();
    for kind in ["", "--tun-type ipip", "--tun-type gue", "--tun-type gre", "--tun-type nope"] {
        for port in ["", "--tun-port 6080"] {
            for sums in [
                "",
                "--tun-nocsum",
                "--tun-csum",
                "--tun-remcsum",
                "--tun-csum --tun-nocsum",
                "--tun-remcsum --tun-csum",
            ] {
                let method = if sums.is_empty() { "-m" } else { "-i" };
                let server = "-e -t 192.0.2.1:80 -r 10.0.0.1";
                pair.tell(&lines([format!("{server} {method} {kind} {port} {sums}")]));
            }
        }
        pair.tell_all(&["-Ln --tun-info", "-Sn"]);
    }
    for method in ["", "-m", "-g", "-i"] {
        for (number, server) in
            ["10.0.0.50", "10.0.0.51:80", "10.0.0.52:8080", "2001:db8::53", "[2001:db8::54]:8080"]
                .iter()
                .enumerate()
        {
            let before = format!("-a -r {server} -t 192.0.2.1:80 {method} -w {number}");
            pair.tell(&lines([
                before,
                format!("-a -t 192.0.2.1:80 -r {server} {method} -w 8"),
                format!("-e -t 192.0.2.1:80 -r {server} {method} -x 5 -y 9"),
                format!("-a -t [2001:db8::1]:443 -r {server} {method}"),
                format!("-a -f 7 -r {server} {method}"),
                format!("-d -t 192.0.2.1:80 -r {server}"),
            ]));
        }
    }
    pair.must_agree("tunnels and forwarding");
}
