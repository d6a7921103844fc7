// SPDX-License-Identifier: MIT OR Apache-2.0

//! What shells get that ask for completions, on a host with or without IPVS.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::process::Command;

fn asked(shell: &str, line: &str) -> Vec<String> {
    let mut rsctl = Command::new(env!("CARGO_BIN_EXE_rsctl"));
    let output = rsctl.args(["__complete", shell, line]).output().unwrap();
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]), "{line}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Whatever is asked in the middle of a line, nothing but an answer comes there.
#[test]
fn an_answer_is_all_that_is_said() {
    for line in [
        "",
        "rsctl",
        "rsctl ",
        "rsctl lits ",
        "rsctl list -t ",
        "rsctl list --netns nowhere -t ",
        "rsctl --netns= list -r ",
        "rsctl edit-server -t nonsense -r ",
        "rsctl connections -- -",
        "rsctl list -t '",
        "rsctl list \\",
        "rsctl help sync-daemon ",
        "rsctl ipvsadm -L ",
    ] {
        asked("bash", line);
    }
    assert_eq!(asked("ksh", "rsctl "), Vec::<String>::new());
}

#[test]
fn what_does_not_depend_on_the_host_is_offered() {
    let values = |line: &str| asked("bash", line)[1..].join(" ");
    assert_eq!(values("rsctl connections --state ESTAB"), "ESTABLISHED");
    assert_eq!(values("rsctl sync-daemon "), "start stop status help");
    assert_eq!(values("rsctl list --sort=a"), "--sort=address --sort=active");
    assert_eq!(values("rsctl add-service -t 192.0.2.1:80 -s wlc --ops -b sh-f"), "sh-fallback");
    assert_eq!(values("rsctl edit-server -m --mo"), "");
    assert!(values("rsctl sync-daemon start backup --interface l").contains("lo"));
    // As the line is read when it is run.
    assert_eq!(values("rsctl show --st"), "--stats --state-dir");
    assert_eq!(values("rsctl status --st"), "--stats --state-dir");
    assert_eq!(values("rsctl set service --no-sch"), "--no-sched-flags");
    assert_eq!(values("rsctl --lock-wait 5 cl"), "clear");
    assert_eq!(values("rsctl --lock-wait 5 clear --y"), "--yes");
    assert_eq!(values("rsctl --lock-wait 5 sync-daemon st"), "start stop");
    assert_eq!(asked("bash", "rsctl restore /et"), ["files"]);
    assert_eq!(asked("bash", "rsctl restore - --netns ./x"), ["files"]);
    assert_eq!(asked("bash", "rsctl generate man "), ["folders"]);
    assert_eq!(
        asked("zsh", "rsctl lis"),
        ["values", "list:List virtual services and their real servers"]
    );
}
