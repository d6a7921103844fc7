// SPDX-License-Identifier: MIT OR Apache-2.0

//! What changes say of before and after, and what they do of what is so already.

use lab::{Host, Output};
use serde_json::{Value, json};

use crate::netlink::saved;

/// Runs `rsctl`, which must end with that status and say exactly `stdout`.
#[track_caller]
pub(crate) fn says(host: &Host, command: &str, status: i32, stdout: &str) {
    let output = host.sh(&format!("rsctl {command}"));
    let expected = Output { status, stdout: stdout.to_owned(), stderr: String::new() };
    assert_eq!(output, expected, "rsctl {command}");
}

/// Runs `rsctl`, which must fail with that status and those words, and change nothing.
#[track_caller]
pub(crate) fn fails(host: &Host, command: &str, status: i32, error: &str) {
    let before = saved(host);
    let output = host.sh(&format!("rsctl {command}"));
    let told = output.stderr.lines().next().unwrap_or_default();
    let expected = format!("error: cannot {error}");
    assert_eq!((output.status, told), (status, expected.as_str()), "{command}");
    assert_eq!(output.stdout, "", "{command}");
    assert_eq!(saved(host), before, "{command}");
}

#[track_caller]
pub(crate) fn changed(host: &Host, command: &str) -> Value {
    let output = host.must(&format!("rsctl {command} --json"));
    let mut document: Value = serde_json::from_str(&output.stdout).unwrap();
    document["changed"].take()
}

#[test]
fn changes_say_what_they_make_of_what() {
    let host = Host::new("director");
    let edit = "edit-server fwmark/7 -r 10.0.0.1 -w 3 -x 100";
    for (command, what) in [
        ("add-service -f 7 -p 60 -s rr", "add service fwmark/7: persistent 60, scheduler rr"),
        (
            "edit-service -f 7 -s sh -b sh-port --no-persistent",
            "edit service fwmark/7: persistent 60 -> none, scheduler rr -> sh, \
             scheduler_flags none -> sh-port",
        ),
        (
            "add-server fwmark/7 -r 10.0.0.1 -m",
            "add server 10.0.0.1:0 to fwmark/7: method nat, weight 1",
        ),
        (edit, "edit server 10.0.0.1:0 of fwmark/7: weight 1 -> 3, upper_threshold none -> 100"),
        ("timeouts --tcp 800 --udp 10", "set the timeouts: tcp 900 -> 800, udp 300 -> 10"),
        (
            "sync-daemon start master --mcast-interface lo --syncid 7",
            "start the master sync daemon: syncid 7",
        ),
        ("sync-daemon stop master", "stop the master sync daemon"),
        ("delete-server fwmark/7 -r 10.0.0.1", "delete server 10.0.0.1:0 of fwmark/7"),
        ("delete-service fwmark/7", "delete service fwmark/7"),
    ] {
        let before = saved(&host);
        says(&host, &format!("{command} --dry-run"), 0, &format!("would {what}\n"));
        assert_eq!(saved(&host), before);
        let (verb, rest) = what.split_once(' ').unwrap();
        let done = match verb {
            "set" => "set",
            "stop" => "stopped",
            "delete" => "deleted",
            verb => &format!("{verb}ed"),
        };
        says(&host, &format!("{command} -v"), 0, &format!("{done} {rest}\n"));
    }
}

#[test]
fn a_program_is_told_the_same() {
    let host = Host::new("director");
    let service = json!({"service": "fwmark/7", "scheduler": "wlc"});
    let server = json!({"server": "10.0.0.1:0", "method": "nat", "weight": 1});
    let mut drained = server.clone();
    drained["weight"] = json!(0);
    for (command, action, before, after) in [
        ("add-service fwmark/7", "add-service", &Value::Null, &service),
        ("add-server fwmark/7 -r 10.0.0.1 -m", "add-server", &Value::Null, &server),
        ("edit-server fwmark/7 -r 10.0.0.1 -w 0", "edit-server", &server, &drained),
        ("delete-server fwmark/7 -r 10.0.0.1", "delete-server", &drained, &Value::Null),
        ("clear", "delete-service", &service, &Value::Null),
    ] {
        for dry_run in [" --dry-run", ""] {
            let told = changed(&host, &format!("{command}{dry_run}"));
            let [change] = told.as_array().unwrap().as_slice() else { panic!("{told}") };
            assert_eq!(change["action"], action);
            assert_eq!((&change["before"], &change["after"]), (before, after), "{command}");
        }
    }
    // There is nothing to it.
    assert_eq!(changed(&host, "zero"), json!([{"action": "zero"}]));
}

#[test]
fn what_is_to_be_so_is_made_so() {
    let host = Host::new("director");
    let service = "set-service tcp/192.0.2.1:80 -s wrr -p 60";
    let server = "set-server tcp/192.0.2.1:80 -r 10.0.0.1 -r 10.0.0.2 -w 2";
    // There is no service to have it.
    fails(
        &host,
        server,
        6,
        "add server 10.0.0.1:80 to tcp/192.0.2.1:80: there is no service tcp/192.0.2.1:80 (ESRCH)",
    );
    says(
        &host,
        &format!("{service} --dry-run"),
        0,
        "would add service tcp/192.0.2.1:80: persistent 60, scheduler wrr\n",
    );
    assert!(saved(&host).is_empty());
    assert_eq!(changed(&host, service)[0]["action"], "add-service");
    let added = "server 10.0.0.1:80 to tcp/192.0.2.1:80: method dr, weight 2\n\
                 added server 10.0.0.2:80 to tcp/192.0.2.1:80: method dr, weight 2\n";
    says(&host, &format!("{server} -v"), 0, &format!("added {added}"));
    let there = saved(&host);
    for _ in 0..2 {
        says(
            &host,
            &format!("{service} -v"),
            0,
            "nothing to change: service tcp/192.0.2.1:80 has these settings already\n",
        );
        says(
            &host,
            &format!("{server} -v"),
            0,
            "nothing to change: server 10.0.0.1:80 of tcp/192.0.2.1:80 has these settings already\n\
             nothing to change: server 10.0.0.2:80 of tcp/192.0.2.1:80 has these settings already\n",
        );
        says(&host, &format!("{server} --json"), 0, "{\"changed\":[]}\n");
        says(&host, service, 0, "");
    }
    assert_eq!(saved(&host), there);
    // Only what is named changes, or all.
    assert_eq!(
        changed(&host, "set-service tcp/192.0.2.1:80 -s rr")[0]["after"]["persistent"]["timeout_seconds"],
        60
    );
    assert_eq!(
        changed(&host, "set-service tcp/192.0.2.1:80 --replace -s rr")[0]["after"],
        json!({"service": "tcp/192.0.2.1:80", "scheduler": "rr"})
    );
    let told = changed(&host, "set-server tcp/192.0.2.1:80 -r 10.0.0.2 -r 10.0.0.3 -x 9");
    assert_eq!(told[0]["action"], "edit-server");
    assert_eq!(told[0]["after"]["weight"], 2);
    assert_eq!((&told[1]["action"], &told[1]["before"]), (&json!("add-server"), &Value::Null));
    // What is gone already is no failure, where that is said.
    for (command, missing) in [
        (
            "delete-server tcp/192.0.2.1:80 -r 10.0.0.9",
            "tcp/192.0.2.1:80 has no server 10.0.0.9:80",
        ),
        (
            "delete-server tcp/192.0.2.1:81 -r 10.0.0.9",
            "tcp/192.0.2.1:81 has no server 10.0.0.9:81",
        ),
        ("delete-server --everywhere -r 10.0.0.9", "no service has server 10.0.0.9"),
        ("delete-server --vip 192.0.2.9 -r 10.0.0.9", "no service has the address 192.0.2.9"),
        ("delete-service tcp/192.0.2.1:81", "there is no service tcp/192.0.2.1:81"),
        ("delete-service --vip 192.0.2.9", "no service has the address 192.0.2.9"),
    ] {
        let before = saved(&host);
        let said = format!("nothing to change: {missing}\n");
        says(&host, &format!("{command} --if-exists -v"), 0, &said);
        says(&host, &format!("{command} --if-exists --dry-run"), 0, &said);
        says(&host, &format!("{command} --if-exists --json"), 0, "{\"changed\":[]}\n");
        says(&host, &format!("{command} --if-exists"), 0, "");
        assert_eq!(host.sh(&format!("rsctl {command}")).status, 6, "{command}");
        assert_eq!(saved(&host), before, "{command}");
    }
    says(
        &host,
        "delete-server tcp/192.0.2.1:80 -r 10.0.0.1 -r 10.0.0.9 --if-exists -v",
        0,
        "deleted server 10.0.0.1:80 of tcp/192.0.2.1:80\n\
         nothing to change: tcp/192.0.2.1:80 has no server 10.0.0.9:80\n",
    );
}

#[test]
fn what_is_there_and_what_is_not_have_exit_codes() {
    let host = Host::new("director");
    host.must(
        "rsctl add-service tcp/192.0.2.1:80; rsctl add-server tcp/192.0.2.1:80 -r 10.0.0.1
         rsctl sync-daemon start master --mcast-interface lo",
    );
    let start = "sync-daemon start master --mcast-interface lo";
    for (command, status) in [
        ("add-service tcp/192.0.2.1:80", 5),
        ("add-server tcp/192.0.2.1:80 -r 10.0.0.1", 5),
        ("add-server tcp/192.0.2.1:80 -r 10.0.0.2 -r 10.0.0.1", 5),
        (start, 5),
        ("add-server tcp/192.0.2.1:81 -r 10.0.0.1", 6),
        ("edit-service tcp/192.0.2.1:81 -s rr", 6),
        ("delete-service tcp/192.0.2.1:81", 6),
        ("edit-server tcp/192.0.2.1:80 -r 10.0.0.9 -w 1", 6),
        ("edit-server tcp/192.0.2.1:81 -r 10.0.0.1 -w 1", 6),
        ("edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -r 10.0.0.9 -w 7", 6),
        ("edit-server --everywhere -r 10.0.0.1 -r 10.0.0.9 -w 7", 6),
        ("delete-server tcp/192.0.2.1:80 -r 10.0.0.9", 6),
        ("delete-server tcp/192.0.2.1:80 -r 10.0.0.1 -r 10.0.0.9", 6),
        ("delete-server --everywhere -r 10.0.0.1:81", 6),
        ("zero tcp/192.0.2.1:81", 6),
        ("sync-daemon stop backup", 6),
    ] {
        let before = saved(&host);
        // A dry run foresees what the kernel says, and how.
        let [dry, real] = ["--dry-run", ""].map(|dry| host.sh(&format!("rsctl {command} {dry}")));
        assert_eq!((real.status, &real.stdout), (status, &String::new()), "{command}: {real:?}");
        assert_eq!(dry, real, "{command}");
        assert!(real.stderr.contains("\nhint: "), "{command}: {}", real.stderr);
        assert_eq!(saved(&host), before, "{command}");
    }
    // A scheduler that is missing is none of ours.
    assert_eq!(host.sh("rsctl add-service fwmark/9 -s none_such").status, 1);
    assert_eq!(host.sh("rsctl list fwmark/9").status, 6);
}
