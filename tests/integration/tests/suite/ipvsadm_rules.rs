// SPDX-License-Identifier: MIT OR Apache-2.0

//! Each rule of `ipvsadm`'s command lines, told to both: every option with every
//! command, every form of address, number, flag and tunnel.

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

fn filled() -> Pair {
    let mut pair = Pair::new();
    pair.tell_all(&TABLE);
    pair
}

fn lines(from: impl IntoIterator<Item = String>) -> Vec<Words> {
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
fn ipvsadm_twins_every_form_of_address() {
    let mut pair = filled();
    let addresses = [
        "''",
        "80",
        "192.0.2.1",
        "192.0.2.1:80",
        "192.0.2.1:http",
        "192.0.2.1:domain",
        "192.0.2.1:nope",
        "192.0.2.1:",
        "192.0.2.1:70000",
        "192.0.2.1:65536",
        "192.0.2.1:-1",
        "192.0.2.1:0x50",
        "192.0.2.1:80_",
        "192.0.2.1:_82",
        "192.0.2.1:+81",
        "192.0.2.1:0",
        "10.1:83",
        "10.1.2:83",
        "010.0.0.1:84",
        "0x0a000005:85",
        "0x:85",
        "09.1:85",
        "10.0.0.1_junk:86",
        "10.0.0.256:80",
        "10.0.0.1.2:80",
        ":80",
        "192.0.2.1:80:90",
        "[2001:db8::1]:443",
        "[2001:db8::1]",
        "2001:db8::1",
        "[192.0.2.9]:93",
        "[192.0.2.9]",
        "[fe80::1%lo]:80",
        "[fe80::1]:80",
        "[::]:80",
        "[::ffff:192.0.2.1]:80",
        "[::192.0.2.1]:80",
        "[ff02::1]:80",
        "0.0.0.0:80",
        "127.0.0.1:80",
        "224.0.0.1:80",
        "255.255.255.255:80",
        "[2001:db8::1",
        "2001:db8::1]:80",
        "[]:80",
        "[2001:db8::1]80",
        "[2001:db8::1]:http",
        "4294967295:80",
        "4294967296:80",
        "1.2.3.4.:80",
        "2001:db8:0:0:0:0:0:1",
        "[2001:DB8::00A]:80",
        "[::1.2.3.4]:5",
        "1::2::3",
        "192.0.2.1:00080",
        "192.0.2.1:www",
    ];
    for address in addresses {
        pair.tell(&lines([
            format!("-A -t {address}"),
            format!("-A -u {address} -p 60"),
            format!("-a -t 192.0.2.1:80 -r {address} -m"),
            format!("-a -r {address} -t 192.0.2.1:80 -m -w 5"),
            format!("-a -f 7 -r {address}"),
            format!("-d -t 192.0.2.1:80 -r {address}"),
        ]));
    }
    pair.must_agree("addresses");
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_every_form_of_number() {
    let mut pair = filled();
    let numbers = [
        "0",
        "1",
        "5",
        "+5",
        "_5",
        "''",
        "5_",
        "1x",
        "0x10",
        "-1",
        "010",
        "128",
        "129",
        "255",
        "256",
        "65535",
        "65536",
        "2678400",
        "2678401",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "99999999999999999999",
        "a",
        "_",
        "+",
        "64abc",
        "224.0.0.1",
        "255.255.255.0",
        "255.0.255.0",
        "24",
        "/24",
        "10.0.0.1",
    ];
    for number in numbers {
        pair.tell(&lines([
            format!("-e -t 192.0.2.1:80 -r 10.0.0.1 -m -w {number}"),
            format!("-e -t 192.0.2.1:80 -r 10.0.0.1 -m -x {number}"),
            format!("-E -t 192.0.2.1:80 -p {number}"),
            format!("-E -t 192.0.2.1:80 -p 10 -M {number}"),
            format!("-E -t [2001:db8::1]:443 -p 10 -M {number}"),
            format!("-A -f {number} -s rr"),
            format!("--set {number} 0 0"),
            format!("--start-daemon backup --mcast-interface nowhere0 --syncid {number}"),
            format!("--start-daemon master --mcast-interface nowhere0 --sync-maxlen {number}"),
        ]));
    }
    pair.tell_all(&[
        "-E -f 7 -6 -p 10 -M 64",
        "-E -f 7 -M 255.0.0.0 -6 -p 10",
        "-E -f 7 -M 64 -6 -p 10",
        "-E -M 64 -t [2001:db8::1]:443 -p 10",
        "-E -M 64 -f 7 -p 10",
        "-e -t 192.0.2.1:80 -r 10.0.0.1 -m -x 100 -y 101",
        "-e -t 192.0.2.1:80 -r 10.0.0.1 -m -x 100 -y 100",
        "-e -t 192.0.2.1:80 -r 10.0.0.1 -m -y 0",
        "-e -t 192.0.2.1:80 -r 10.0.0.2 -i --tun-type gue --tun-port 0",
        "-e -t 192.0.2.1:80 -r 10.0.0.2 -i --tun-type gue --tun-port 65536",
        "--start-daemon backup --mcast-interface nowhere0 --mcast-port 0",
        "--start-daemon backup --mcast-interface nowhere0 --mcast-port 65536",
        "--start-daemon backup --mcast-interface nowhere0 --mcast-ttl 0",
        "--start-daemon backup --mcast-interface nowhere0 --mcast-ttl 256",
        "--start-daemon backup --mcast-interface nowhere0 --sync-maxlen 65507",
        "--start-daemon backup --mcast-interface nowhere0 --sync-maxlen 65508",
        "-Ln",
        "-L --timeout",
    ]);
    pair.must_agree("numbers");
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
