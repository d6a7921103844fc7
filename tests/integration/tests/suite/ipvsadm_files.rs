// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl ipvsadm` beyond single lines: views of one host, saving and restoring,
//! names, privileges, the scripts.

use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use lab::{Dice, Host, Output};

use crate::ipvsadm_pair::{Whose, run, state, words};
use crate::ipvsadm_words::random_line;

/// What both say to a line on the same host must be equal. Rates go down every 2
/// seconds: ours is read between two of theirs, and judged once these agree.
#[track_caller]
fn same(host: &Host, line: &str) {
    let line = words(line);
    let say = |whose| host.enter(|| run(whose, &line, ""));
    let mut theirs = say(Whose::Theirs);
    for _ in 0..20 {
        let ours = say(Whose::Ours);
        let again = say(Whose::Theirs);
        if theirs == again {
            assert_eq!(ours, theirs, "{line:?}");
            return;
        }
        theirs = again;
    }
    panic!("{line:?}: theirs is another each time");
}

/// Feeds both kinds of `-R`, as `whose` does it.
fn restore(host: &Host, whose: Whose, input: &str) -> Output {
    host.enter(|| run(whose, &words("-R"), input))
}

fn save(host: &Host, whose: Whose) -> String {
    host.enter(|| run(whose, &words("-Sn"), "")).stdout
}

/// A table at random, with what `-S` can write of it.
fn random_table(host: &Host, dice: &mut Dice) {
    let lines: Vec<String> = (0..80)
        .map(|_| random_line(dice).join(" "))
        // What ends a restore, and what no restore can read.
        .filter(|line| line.starts_with("-A") || line.starts_with("-a"))
        .filter(|line| !line.contains("4294967295") && !line.contains("flag-3"))
        .collect();
    for line in lines {
        host.enter(|| run(Whose::Ours, &words(&line), ""));
    }
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_files_are_read_by_either() {
    let mut dice = Dice::new(0x0bad_cafe_0123_4567);
    for _ in 0..3 {
        let host = Host::new("director");
        random_table(&host, &mut dice);
        let saved = save(&host, Whose::Theirs);
        assert!(saved.lines().count() > 5, "{saved}");
        assert_eq!(save(&host, Whose::Ours), saved);
        // Thresholds are not in the file.
        let first = restore_into_new(Whose::Theirs, &saved);
        // What ours wrote is the same text, so this is all there is to read.
        assert_eq!(restore_into_new(Whose::Ours, &saved), first);
        let script = Host::new("script");
        script.must("ipvsadm -A -f 99 -s rr");
        let commented = format!("# saved\n{saved}");
        script.must(
            "mkdir /run/t; cd /run/t
             for name in save restore; do ln -s $(command -v rsctl) ipvsadm-$name; done",
        );
        assert_eq!(script.feed("/run/t/ipvsadm-restore", &commented).status, 0);
        assert_eq!(script.enter(state), first);
        assert_eq!(script.sh("/run/t/ipvsadm-save -n"), script.sh("ipvsadm-save -n"));
        assert_eq!(script.sh("/run/t/ipvsadm-save -x").status, 1);
    }
}

fn restore_into_new(whose: Whose, file: &str) -> String {
    let host = Host::new("director");
    let output = restore(&host, whose, file);
    assert_eq!(
        output,
        Output { status: 0, stdout: String::new(), stderr: String::new() },
        "{file}"
    );
    host.enter(state)
}

/// The same input to both, and what is left of it; our lines have numbers.
#[track_caller]
fn both_restore(input: &str) {
    let hosts = [Host::new("theirs"), Host::new("ours")];
    let theirs = restore(&hosts[0], Whose::Theirs, input);
    let mut ours = restore(&hosts[1], Whose::Ours, input);
    let unnumbered = |line: &str| match line.strip_prefix("line ").and_then(|l| l.split_once(": "))
    {
        Some((number, text)) if number.parse::<u32>().is_ok() => text.to_owned(),
        _ => line.to_owned(),
    };
    ours.stderr = ours.stderr.lines().map(|line| unnumbered(line) + "\n").collect();
    assert_eq!(ours, theirs, "{input}");
    assert_eq!(hosts[1].enter(state), hosts[0].enter(state), "{input}");
}

const SERVICE: &str = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1 -m\n";

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_restores_go_on_and_stop_where_theirs_do() {
    for behind in [
        "",
        "-A -t 192.0.2.1:80\n",
        "-A -t 192.0.2.1:80\n-A -f 1\n",
        "--bogus\n-A -f 1\n",
        "-A -f 1 --bogus\n-A -f 2\n",
        "-A -f 0\n-A -f 2\n",
        "-L -n\n-A -f 2\n-L -n\n",
        "-L -t 192.0.2.9:9\n-A -f 2\n",
        "-R\n-A -f 2\n",
        "-A -f 2\n-C\n-A -f 3",
        "  \r\n-A\t-f 2\r\n",
        "ipvsadm -A -f 2\n/sbin/ipvsadm -A -f 3\n",
        "--set 1 2 3\n-Z\n-D -t 192.0.2.1:80\n",
        "-A -f 2 -t\n",
        "-A -f 2 -t\n-A -f 3\n",
        "-v\n-A -f 3\n",
        "-D -f 9\n-L -n --stats\n-D -f 8\n",
        "-A ipvsadm -f 2 -s ipvsadm rr\n",
        "-Sn\n",
        "-A -f 2\n-A -f 2\n-A -f 2 x\n-A -f 4\n",
    ] {
        both_restore(&format!("{SERVICE}{behind}"));
    }
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_restores_of_thousands_name_their_bad_lines() {
    let host = Host::new("director");
    let mut input = String::from("# a comment\n-A -f 7 -s rr # and another\n\n");
    for number in 0..9000 {
        let (high, low) = (number / 250, number % 250 + 1);
        input += &format!("-a -f 7 -r 10.1.{high}.{low}:80 -m\n");
        if [10, 4500, 8999].contains(&number) {
            input += &format!("-a -f 7 -r 10.1.{high}.{low}:80 -m\n");
        }
    }
    let output = restore(&host, Whose::Ours, &input);
    let bad = |line: usize| format!("line {line}: Destination already exists\n");
    assert_eq!(output.stderr, [bad(15), bad(4506), bad(9006)].concat());
    assert_eq!(output.status, 255);
    assert_eq!(save(&host, Whose::Theirs).lines().count(), 9001);
    same(&host, "-Ln");
    assert_eq!(restore(&host, Whose::Ours, &(input + "-D -f 7\n")).status, 0);
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_restore_does_what_it_has_read_before_it_waits() {
    let host = Host::new("director");
    let seen = host.must(
        "{ echo '-A -f 7 -s rr'; n=0
           until ipvsadm -Sn | grep -q 'f 7' || [ $n = 100 ]; do n=$((n+1)); sleep 0.05; done
           echo \"-A -f $((n < 100 ? 8 : 9)) -s rr\"; } | rsctl ipvsadm -R
         ipvsadm -Sn",
    );
    assert_eq!(seen.stdout, "-A -f 7 -s rr\n-A -f 8 -s rr\n");
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_views_of_one_host_are_equal_to_the_byte() {
    let host = Host::new("director");
    host.must("ip addr add 192.0.2.1/24 dev lo");
    let mut dice = Dice::new(0x5eed_5eed_0000_0001);
    let mut input = String::from(
        "-A -u 192.0.2.1:53 -s rr\n-a -u 192.0.2.1:53 -r 127.0.0.1:5353 -m\n\
         -A -u 192.0.2.1:5060 -s rr -p 60 --pe sip\n-a -u 192.0.2.1:5060 -r 127.0.0.1:5060 -m\n",
    );
    // Far apart: only the same sort of the same order comes out alike.
    for number in 0..60 {
        let [a, b] = [dice.roll(224), dice.roll(256)];
        let port = number + 1000;
        match dice.roll(4) {
            0 => input += &format!("-A -f {} -s rr\n", dice.roll(1 << 32).max(1)),
            1 => {
                let head = dice.roll(0xffff);
                input += &format!("-A -t [{head:x}:{a:x}::{b:x}]:{port} -s rr\n");
            }
            _ => input += &format!("-A -t {a}.{b}.0.1:{port} -s rr\n"),
        }
        if number < 30 {
            let host = dice.roll(223) + 1;
            input += &format!("-a -u 192.0.2.1:53 -r {host}.{b}.0.{a}:80 -i\n");
            input += &format!("-a -u 192.0.2.1:53 -r [{:x}::{b:x}]:80 -i -x 9\n", 0x2000 + a);
        }
    }
    restore(&host, Whose::Theirs, &input);
    host.count();
    host.enter(|| {
        for (port, text) in
            [(53, "?"), (5060, "INVITE sip:a@b SIP/2.0\r\nCall-ID: one@two\r\n\r\n")]
        {
            let vip: SocketAddr = ([192, 0, 2, 1], port).into();
            let socket = UdpSocket::bind("192.0.2.1:0").unwrap();
            for _ in 0..5 {
                let _ = socket.send_to(text.as_bytes(), vip);
            }
        }
    });
    // Counters are sampled every 2 seconds; which is all that a rate is made of.
    let end = Instant::now() + Duration::from_secs(20);
    let counted = || host.must("ipvsadm -Ln --stats --exact | grep 'UDP *192.0.2.1:'").stdout;
    while counted().lines().any(|line| words(line)[3] != "5") {
        assert!(Instant::now() < end, "the kernel has counted nothing: {}", counted());
        thread::sleep(Duration::from_millis(50));
    }
    for options in [
        "",
        "--stats",
        "--rate",
        "--thresholds",
        "--persistent-conn",
        "--tun-info",
        "--exact --stats",
        "--exact --rate",
        "--nosort",
        "--nosort --stats --rate",
        "-u 192.0.2.1:53 --nosort",
        "--tun-info --persistent-conn",
    ] {
        same(&host, &format!("-Ln {options}"));
    }
    for line in ["-Sn", "-L --timeout", "-L --daemon"] {
        same(&host, line);
    }
    // Their seconds run down between the two.
    let entries = |whose, line: &str| {
        let text = host.enter(|| run(whose, &words(line), "")).stdout;
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| match line.get(4..9) {
                Some(time) if time.as_bytes()[2] == b':' => line.replacen(time, "mm:ss", 1),
                _ => line.to_owned(),
            })
            .collect();
        lines[2..].sort();
        lines
    };
    for line in ["-Lcn", "-Lcn --persistent-conn", "-Lc", "-L -c --persistent-conn"] {
        let theirs = entries(Whose::Theirs, line);
        assert!(theirs.len() > 3, "{theirs:#?}");
        assert_eq!(entries(Whose::Ours, line), theirs);
    }
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_names_are_looked_up_where_theirs_are() {
    let host = Host::new("director");
    let long = "a-very-long-name-of-a-real-server.with-a-domain.example";
    host.must(&format!(
        "cp -r /etc/services /etc/protocols /etc/passwd /etc/group /run/
         mount -t tmpfs tmpfs /etc
         cp /run/services /run/protocols /run/passwd /run/group /etc/
         echo 'hosts: files' >/etc/nsswitch.conf; echo 'services: files' >>/etc/nsswitch.conf
         echo '192.0.2.1 vip.example vip' >/etc/hosts
         echo '10.0.0.1 rs1' >>/etc/hosts
         echo '10.0.0.2 {long}' >>/etc/hosts
         echo '2001:db8::1 vip6.example' >>/etc/hosts"
    ));
    for line in [
        "-A -t vip:http -s rr",
        "-a -t vip:http -r rs1:www -m",
        &format!("-a -t vip.example:80 -r {long}:8080 -m"),
        "-A -u vip:domain",
        "-A -t vip6.example:80",
        "-A -t nowhere.example:80",
        "-A -t [2001:db8::1]:https",
        "-a -t [2001:db8::1]:443 -r [2001:db8::1]:443",
        "-A -t rs1:80 -p -M vip",
        &format!("-A -u {long}:12345"),
        "-A --sctp-service vip:9",
        "-A -f 3",
        "-a -f 3 -r rs1:80 -m",
    ] {
        let line = words(line);
        let theirs = host.enter(|| run(Whose::Theirs, &line, ""));
        // Theirs has made it by now: undone, made again by ours, and compared.
        let saved = save(&host, Whose::Theirs);
        let mut undo = line.clone();
        undo[0] = if line[0] == "-A" { "-D".to_owned() } else { "-d".to_owned() };
        undo.truncate(if line[0] == "-A" { 3 } else { 5 });
        if theirs.status == 0 {
            assert_eq!(host.enter(|| run(Whose::Ours, &undo, "")).status, 0, "{undo:?}");
        }
        assert_eq!(host.enter(|| run(Whose::Ours, &line, "")), theirs, "{line:?}");
        assert_eq!(save(&host, Whose::Theirs), saved);
    }
    for line in ["-L", "-S", "-L --stats", "-L --thresholds", "-L --tun-info", "-L --rate", ""] {
        same(&host, line);
    }
}

#[test]
#[ignore = "has the kernel to itself"]
fn ipvsadm_help_and_version_need_nothing_and_all_else_does() {
    let host = Host::new("director");
    let unprivileged = "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all";
    for word in ["-h", "--help", "-v", "--version"] {
        let output = host.must(&format!("{unprivileged} rsctl ipvsadm {word}"));
        assert!(output.stdout.starts_with("ipvsadm v1.31 "), "{output:?}");
    }
    for line in ["-Ln", "-A -f 7", "--bogus", "-R"] {
        let output = host.sh(&format!("{unprivileged} rsctl ipvsadm {line}"));
        let said = "Can't initialize ipvs: Permission denied (you must be root)\n\
                    Are you sure that IP Virtual Server is built in the kernel or as module?\n";
        assert_eq!((output.status, output.stderr.as_str()), (2, said), "{line}");
    }
    same(&host, "-v");
    let full = host.sh("rsctl ipvsadm -Ln >/dev/full");
    assert_eq!(full.status, 1, "{full:?}");
    assert_eq!(host.sh("rsctl ipvsadm -E -f 7 -b ,").status, 2);
}
