// SPDX-License-Identifier: MIT OR Apache-2.0

//! How words are cut into options, and lines at random from the whole grammar.

use lab::{Dice, kernel};

use crate::ipvsadm_pair::{Pair, Words, words};

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_words_are_cut_alike() {
    let mut pair = Pair::new();
    pair.tell_all(&["-A -t 192.0.2.1:80", "-a -t 192.0.2.1:80 -r 10.0.0.1 -m -w 3"]);
    pair.tell_all(&[
        "-Ln",
        "-ln",
        "-nL",
        "-n -L",
        "-L -n",
        "-L-n",
        "--list --numeric",
        "--list -n --sort",
        "-Lnn",
        "-L -n --numeric",
        "-LnX",
        "-Lnq",
        "-Ln=",
        "-Ln=5",
        "-L=n",
        "-L=",
        "--list=5",
        "--list=",
        "-L --numeric=1",
        "--num",
        "--lis",
        "-list",
        "-add-service",
        "--add-serv",
        "-",
        "--",
        "-- -L",
        "-L --",
        "-L -- x",
        "-L -- -n",
        "-L -",
        "-L x",
        "-L x -n",
        "-L '' ",
        "''",
        "x",
        "-t 192.0.2.1:80 -A",
        "-D -A",
        "-Lt192.0.2.1:80",
        "-Lnt192.0.2.1:80",
        "-Lnt=192.0.2.1:80",
        "-Lnt 192.0.2.1:80",
        "-L -n --tcp-service=192.0.2.1:80",
        "-L -n --tcp-service 192.0.2.1:80",
        "-L -n --tcp-service=",
        "-L -t=",
        "-L -t",
        "-Lt",
        "--list --tcp-service",
        "-at 192.0.2.1:80 -r 10.0.0.2 -mw 3",
        "-at192.0.2.1:80 -r10.0.0.3 -mw3",
        "-at=192.0.2.1:80 -r=10.0.0.4 -mw=8",
        "-a -t 192.0.2.1:80 -r 10.0.0.5 -w=",
        "-a -t 192.0.2.1:80 -r 10.0.0.5 -w -1",
        "-a -t 192.0.2.1:80 -r 10.0.0.5 -w",
        "-a -t 192.0.2.1:80 -r 10.0.0.5 --weight=",
        "-a -t 192.0.2.1:80 -r 10.0.0.6 -m -g",
        "-a -t 192.0.2.1:80 -r 10.0.0.6 -m -m",
        "-a -t 192.0.2.1:80 -u 192.0.2.1:80 -r 10.0.0.6",
        "-a -t 192.0.2.1:80 -f 1 -r 10.0.0.6",
        "-a -t 192.0.2.1:80 -r 10.0.0.6 -w 1 -w 2",
        "-a -t 192.0.2.1:80 -r 1.1.1.1 -r 1.1.1.2",
        "-E -t 192.0.2.1:80 -p",
        "-E -t 192.0.2.1:80 -p 600",
        "-E -t 192.0.2.1:80 -p600",
        "-E -t 192.0.2.1:80 -p=600",
        "-E -t 192.0.2.1:80 -p=",
        "-E -t 192.0.2.1:80 -p ''",
        "-E -t 192.0.2.1:80 --persistent=60",
        "-E -t 192.0.2.1:80 --persistent 60",
        "-E -t 192.0.2.1:80 --persistent=",
        "-E -t 192.0.2.1:80 -p -s rr",
        "-E -p -t 192.0.2.1:80",
        "-E -p rr -t 192.0.2.1:80",
        "-Ep -t 192.0.2.1:80",
        "-Ep60 -t 192.0.2.1:80",
        "-E -t 192.0.2.1:80 -op",
        "-E -t 192.0.2.1:80 -p -- 60",
        "-E -t 192.0.2.1:80 -p -",
        "-E -t 192.0.2.1:80 -p 60 60",
        "-E -t 192.0.2.1:80 -p -1",
        "-E -t 192.0.2.1:80 --scheduler=rr",
        "-E -t 192.0.2.1:80 -srr",
        "-E -t 192.0.2.1:80 -s=",
        "-E -t 192.0.2.1:80 -A",
        "-E -t 192.0.2.1:80 -h",
        "-E -t 192.0.2.1:80 -v",
        "-E -t 192.0.2.1:80 --help",
        "-L --start-daemon master",
        "-L --set 1 2 3",
        "-LS",
        "-L -R",
        "-LL",
        "-L --list",
        "-Lnh",
        "-L --bogus",
        "-L -1",
        "-L -I 5",
        "-L --syncid=5",
        "-L --syncid",
        "-L --syncid 256",
        "-L -6",
        "-6 -L",
        "-L -6 -f 7",
        "-L -f 7 -6",
        "-L -t 192.0.2.1:80 -6",
        "-A -6 -f 7",
        "-A -f 7 -6 -6",
        "-D -f 7 -6",
        "-X -L",
        "-L -X -X",
        "--set 1 2",
        "--set 1 2 3 4",
        "--set -1 2 3",
        "--set -- -1 2 3",
        "--set 10 20 30",
        "--set 0 0 0",
        "--set a b c",
        "--set 1 2 x",
        "--set 1 2 3 -n",
        "-n --set 1 2 3",
        "--set",
        "--set=1 2 3",
        "-L --timeout",
        "--start-daemon",
        "--start-daemon nope",
        "--start-daemon=master --mcast-interface nowhere0",
        "--start-daemon=",
        "--stop-daemon",
        "--stop-daemon nope",
        "--stop-daemon=backup",
        "--start-daemon master",
        "--start-daemon master --mcast-interface nowhere0 --syncid=256",
        "--start-daemon master --mcast-interface a_b",
        "--start-daemon master --mcast-interface fifteen_letters",
        "-h",
        "--help",
        "-hL",
        "-h x",
        "-v",
        "--version",
        "-v x",
        "-vh",
        "-hv",
        "-v -t",
        "--version=1",
        "-v=1",
        "-C x",
        "-C -n",
        "-Z x",
        "-Z",
        "-Z -t 192.0.2.1:80",
        "-Z -t 192.0.2.9:9",
        "-S",
        "-S -n",
        "-Sn",
        "-S --sort",
        "-S --nosort",
        "-S -6",
        "-R x",
        "-R -n",
        "-R",
        "-C -6",
        "-C --sort",
        "-C",
        "-Ln",
    ]);
    pair.must_agree("words");
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_sync_daemons() {
    let mut pair = Pair::new();
    for options in [
        "",
        "--syncid 7",
        "--syncid 255 --sync-maxlen 1000",
        "--mcast-group 224.0.0.99",
        "--mcast-port 9000 --mcast-ttl 3",
        "--mcast-group ff02::99",
        "--mcast-group 10.0.0.1",
        "--mcast-group 2001:db8::1",
        "--mcast-group nope",
        "--sync-maxlen 1",
        "--sync-maxlen 65535",
    ] {
        for role in ["master", "backup"] {
            pair.tell(&[
                words(&format!("--start-daemon {role} --mcast-interface lo {options}")),
                words(&format!("--start-daemon {role} --mcast-interface lo {options}")),
                words("-L --daemon"),
                words(&format!("--stop-daemon {role} --syncid 9")),
                words(&format!("--stop-daemon {role}")),
                words("-L --daemon"),
            ]);
        }
    }
    pair.tell_all(&[
        "--start-daemon master --mcast-interface lo",
        "--start-daemon backup --mcast-interface lo --syncid 3",
        "-L --daemon",
        "-Ln --daemon --exact",
        "--stop-daemon backup",
        "--stop-daemon master",
        "--start-daemon master",
    ]);
    pair.must_agree("sync daemons");
}

/// A line at random: mostly sensible, over few enough names that lines meet.
pub(crate) fn random_line(dice: &mut Dice) -> Words {
    let service = dice.pick(&[
        "-t 192.0.2.1:80",
        "-t 192.0.2.2:0",
        "-t 192.0.2.2",
        "-u 192.0.2.1:53",
        "-u 192.0.2.1:5060",
        "--sctp-service 192.0.2.1:9",
        "-f 7",
        "-f 7 -6",
        "-f 4294967295",
        "-t [2001:db8::1]:443",
        "-u [fe80::1]:53",
        "-t 255.255.255.255:1",
        "-t 0.0.0.0:1",
        "-t 10.1:83",
        "--tcp-service=192.0.2.1:80",
    ]);
    let server = dice.pick(&[
        "-r 10.0.0.1",
        "-r 10.0.0.2:8080",
        "-r 10.0.0.3:80",
        "-r 200.0.0.1",
        "-r 2001:db8::11",
        "-r [2001:db8::12]:443",
        "-r [fd00::1]:0",
        "--real-server=10.0.0.1:http",
        "-r 0.0.0.0",
        "-r 224.0.0.1:80",
    ]);
    let schedulers: &[&str] = if kernel() < (6, 12) {
        &["rr", "wrr", "wlc", "sh", "mh", "none", "fo", "dh"]
    } else {
        &["rr", "wrr", "wlc", "sh", "mh", "none", "twos", "dh"]
    };
    let mut line = match dice.roll(20) {
        0..6 => format!("-A {service}"),
        6..8 => format!("-E {service}"),
        8 => format!("-D {service}"),
        9..14 => format!("-a {service} {server}"),
        14..16 => format!("-e {service} {server}"),
        16 => format!("-d {service} {server}"),
        17 => {
            format!("-L -n {}", dice.pick(&["", "--stats", "--rate", "--thresholds", "--tun-info"]))
        }
        18 => format!("-Z {}", if dice.roll(2) == 0 { service } else { "" }),
        _ => dice
            .pick(&["-Sn", "-Ln --persistent-conn --exact", "--set 1 2 0", "-Lcn", "-Ln -f 7"])
            .to_owned(),
    };
    let options = dice.roll(4);
    for _ in 0..options {
        let of_service = ["-A", "-E"].iter().any(|word| line.starts_with(word));
        let option = match (dice.roll(30), of_service) {
            (0, _) => dice
                .pick(&["-n", "-c", "-6", "--sort", "-o", "-m", "-w 3", "--stats", "x"])
                .to_owned(),
            (1..9, true) => format!("-s {}", dice.pick(schedulers)),
            (9..17, true) => dice
                .pick(&[
                    "-p",
                    "-p 60",
                    "-p600",
                    "--persistent=1",
                    "-p 2678401",
                    "-p 60 -M 255.255.0.0",
                    "-p 9 -M 64",
                    "-M 24",
                ])
                .to_owned(),
            (17..23, true) => dice
                .pick(&[
                    "-s sh -b sh-port",
                    "-s mh -b mh-fallback",
                    "-b flag-1",
                    "-b sh-port",
                    "-s sh -b flag-3",
                ])
                .to_owned(),
            (_, true) => dice.pick(&["-o", "--pe sip", "-p 5 --pe sip", "--ops"]).to_owned(),
            (1..10, false) => dice.pick(&["-m", "-g", "-i"]).to_owned(),
            (10..18, false) => {
                dice.pick(&["-w 0", "-w7", "-w 2147483647", "-w 2147483648"]).to_owned()
            }
            (18..25, false) => {
                dice.pick(&["-x 10", "-x 10 -y 5", "-y 5", "-x 2147483647"]).to_owned()
            }
            (_, false) => dice
                .pick(&[
                    "-i --tun-type gue --tun-port 6080",
                    "-i --tun-type gre --tun-csum",
                    "--tun-type ipip",
                    "-i --tun-type gue --tun-port 1 --tun-remcsum",
                ])
                .to_owned(),
        };
        line = if dice.roll(8) == 0 {
            let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
            format!("{command} {option} {rest}")
        } else {
            format!("{line} {option}")
        };
    }
    words(&line)
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_twins_random_lines() {
    let mut dice = Dice::new(0x1b5a_d31d_0c0f_fee5);
    let mut pair = Pair::new();
    for _ in 0..8 {
        let lines: Vec<Words> = (0..50).map(|_| random_line(&mut dice)).collect();
        pair.tell(&lines);
        pair.tell_all(&["-C"]);
    }
    pair.must_agree("random lines");
}
