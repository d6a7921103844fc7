// SPDX-License-Identifier: MIT OR Apache-2.0

//! What people type who know other programs (`docs/words.md`), against the kernel: what is read as
//! ours does it, what is answered does nothing, and the answer does what was meant.

use lab::{Host, Output};
use serde_json::Value;

use crate::netlink::saved;

#[test]
fn what_a_person_types_does_it() {
    let host = Host::new("director");
    for (typed, line) in [
        ("add service TCP/192.0.2.1:http -s RR -p 5m", "-A -t 192.0.2.1:80 -s rr -p 300"),
        ("-v service-add -u 192.0.2.1:domain -s WRR", "-A -u 192.0.2.1:53 -s wrr"),
        ("--json create service -f 0x10 -s rr", "-A -f 16 -s rr"),
        (
            "add server tcp/192.0.2.1:80 -r 10.0.0.1:HTTP --mode NAT",
            "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1",
        ),
        (
            "--lock-wait 5s server change -t 192.0.2.1:80 -r 10.0.0.1 -w 0",
            "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 0",
        ),
    ] {
        host.must(&format!("rsctl {typed}"));
        assert!(saved(&host).contains(&line.to_owned()), "{typed}\n{:#?}", saved(&host));
    }
    host.must("rsctl timeouts --tcp 1H30M --udp 90s");
    assert_eq!(
        host.must("rsctl --json show timeouts").stdout,
        host.must("rsctl timeouts --json").stdout
    );
    assert!(host.must("rsctl show timeouts").stdout.contains("5400"));
    let list = host.must("rsctl list --json").stdout;
    for typed in ["--json list", "--json show services", "status --json", "ls --json"] {
        assert_eq!(host.must(&format!("rsctl {typed}")).stdout, list, "{typed}");
    }
    host.must("rsctl rm service fwmark/0x10");
    assert!(!saved(&host).iter().any(|line| line.contains("-f 16")));
}

#[test]
fn a_guess_changes_nothing() {
    let host = Host::new("director");
    host.must(
        "rsctl add-service tcp/192.0.2.1:80 -s rr
         rsctl add-server tcp/192.0.2.1:80 -r 10.0.0.1 -m",
    );
    let before = saved(&host);
    for typed in [
        "rm tcp/192.0.2.1:80",
        "rm tcp/192.0.2.1:80 -r 10.0.0.1",
        "delete -t 192.0.2.1:80",
        "flush",
        "flush --yes",
        "set 900 120 300",
        "-C",
        "-Z",
        "-D -t 192.0.2.1:80",
        "-d -t 192.0.2.1:80 -r 10.0.0.1",
        "--set 900 120 300",
    ] {
        let Output { status, stdout, stderr } = host.sh(&format!("rsctl {typed}"));
        assert_eq!((status, &*stdout), (2, ""), "{typed}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains("\nhint: `rsctl "), "{stderr}");
    }
    assert_eq!(saved(&host), before);
}

/// Who does as the hint says has what `ipvsadm` would have made.
#[test]
fn a_hint_does_what_the_line_does_for_ipvsadm() {
    let (ours, theirs) = (Host::new("ours"), Host::new("theirs"));
    for line in [
        "-A -t 192.0.2.1:80 -s wrr -p 600 -M 255.255.255.0",
        "-A -u 192.0.2.1:53 -s sh -b sh-port,sh-fallback -o",
        "-A -f 7 -6 -p",
        "-A -t '[2001:db8::1]:80' -s rr",
        "-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3 -x 100 -y 50",
        "-at 192.0.2.1:80 -r10.0.0.2 -iw7 --tun-type gue --tun-port=6080 --tun-nocsum",
        "-e -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 5",
        "-E -t 192.0.2.1:80 -s rr",
        "-d -t 192.0.2.1:80 -r 10.0.0.2",
        "-D -u 192.0.2.1:53",
        "--set 900 0 300",
        "--start-daemon backup --mcast-interface lo --syncid 7",
        "--stop-daemon backup",
        "-Z",
        "-C",
    ] {
        theirs.must(&format!("ipvsadm {line}"));
        let Output { status, stderr, .. } = ours.sh(&format!("rsctl {line}"));
        assert_eq!(status, 2, "{line}: {stderr}");
        let hint = stderr.lines().find_map(|it| it.strip_prefix("hint: `")).unwrap();
        let command = hint.strip_suffix('`').unwrap();
        assert!(command.len() > "rsctl add-service".len() || line.len() < 4, "{line}: {command}");
        ours.must(command);
        for look in ["rsctl save", "ipvsadm -Ln --thresholds", "ipvsadm -L --timeout"] {
            assert_eq!(ours.must(look).stdout, theirs.must(look).stdout, "{line}: {command}");
        }
    }
}

/// What reads answers as it does for `ipvsadm`'s words, in ours.
#[test]
fn a_hint_that_reads_can_be_typed() {
    let host = Host::new("director");
    for line in ["-Ln", "-Ln --stats", "-Lnc", "-l --timeout", "-L --daemon", "-S", "-v"] {
        let stderr = host.sh(&format!("rsctl {line}")).stderr;
        let hint = stderr.lines().find_map(|it| it.strip_prefix("hint: `")).unwrap();
        host.must(hint.strip_suffix('`').unwrap());
    }
}

/// An error is an object, whether the kernel, a file or the line is to blame.
#[test]
fn errors_are_objects_to_who_asks_for_json() {
    let host = Host::new("director");
    for (command, status) in [
        ("rsctl delete-service tcp/192.0.2.1:80 --json", 6),
        ("rsctl --json delete-service tcp/192.0.2.1:80", 6),
        ("rsctl --json show tcp/192.0.2.1:80", 6),
        ("rsctl list --json --frob", 2),
        ("rsctl --json flush", 2),
        ("echo bogus | rsctl restore --json", 2),
        ("rsctl --netns nowhere list --json", 1),
        ("rs-agent check --json", 2),
        ("rs-agent teardown --json --frob", 2),
        ("rs-agent --json up", 2),
        ("rs-agent setup --mode dr --vip 127.0.0.1 --json", 2),
    ] {
        let output = host.sh(command);
        assert_eq!((output.status, &*output.stdout), (status, ""), "{command}: {output:?}");
        let object: Value = serde_json::from_str(&output.stderr)
            .unwrap_or_else(|why| panic!("{command}: {why}: {}", output.stderr));
        assert_eq!(object["exit_code"], status, "{command}");
        assert!(
            object["error"].as_str().is_some_and(|text| !text.starts_with("error")),
            "{object}"
        );
        assert_eq!(output.stderr.lines().count(), 1, "{command}");
        // The same as a person is told.
        let text = host.sh(&command.replace(" --json", "")).stderr;
        let told = text.lines().next().unwrap();
        assert_eq!(told.strip_prefix("error: "), object["error"].as_str(), "{command}");
    }
}
