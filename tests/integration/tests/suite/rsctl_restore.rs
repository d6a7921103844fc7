// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl restore`: in place, and honest about what it did and what it did not. What it
//! reads is in `rsctl_restore_input`, who disturbs it in `rsctl_restore_rivals`.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;

use ipvs_cluster::{Fate, Observed, OnFailure, Policy, apply, file, plan};
use ipvs_netlink::{Client, Timeouts};
use lab::{Host, Output};
use serde_json::Value;

use crate::rsctl_cli::table;
use crate::rsctl_save::observe;
use crate::transports::falls_silent;

/// Two services with three servers each, thresholds, and one that is to go.
pub(crate) fn director() -> Host {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s rr
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1 -x 100 -y 50
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2:80 -m -w 1
         ipvsadm -A -u [2001:db8::1]:53 -s wrr
         ipvsadm -a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g -w 1
         ipvsadm -A -f 9 -s rr
         ipvsadm -a -f 9 -r 10.0.0.9 -g",
    );
    host
}

pub(crate) const CHANGED: &str = "\
-A -t 192.0.2.1:80 -s wrr
-a -t 192.0.2.1:80 -r 10.0.0.3:80 -m -w 7
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 5
-A -u [2001:db8::1]:53 -s wrr
-a -u [2001:db8::1]:53 -r [2001:db8::3]:53 -i -w 1
-A -t 192.0.2.5:443 -s mh
-a -t 192.0.2.5:443 -r 10.0.0.5:443 -m
";

const PLAN: &str = "\
+ service tcp/192.0.2.5:443: scheduler mh
+ server 10.0.0.5:443 of tcp/192.0.2.5:443: method nat, weight 1
+ server 10.0.0.3:80 of tcp/192.0.2.1:80: method nat, weight 7
+ server [2001:db8::3]:53 of udp/[2001:db8::1]:53: method tun, tunnel ipip, weight 1
~ server 10.0.0.1:80 of tcp/192.0.2.1:80: weight 1 -> 5
~ service tcp/192.0.2.1:80: scheduler rr -> wrr
- server 10.0.0.2:80 of tcp/192.0.2.1:80
- server [2001:db8::2]:53 of udp/[2001:db8::1]:53
- service fwmark/9 with 1 server
";

#[track_caller]
pub(crate) fn restore(host: &Host, options: &str, input: &str) -> Output {
    host.feed(&format!("rsctl restore {options}"), input)
}

#[test]
fn a_dry_run_shows_the_plan_and_a_restore_follows_it() {
    let host = director();
    let before = table(&host);
    let shown = restore(&host, "--dry-run", CHANGED);
    assert_eq!((shown.status, shown.stdout.as_str(), shown.stderr.as_str()), (3, PLAN, ""));
    let json = restore(&host, "--dry-run --json", CHANGED);
    assert_eq!(json.status, 3);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["dry_run"], true);
    assert_eq!(json["steps"][4]["before"]["weight"], 1);
    assert_eq!(json["steps"][4]["after"]["weight"], 5);
    assert_eq!(json["steps"][8]["result"], "pending");
    assert_eq!(table(&host), before, "a dry run changed the table");

    let made = restore(&host, "-v", CHANGED);
    assert_eq!((made.status, made.stdout.as_str(), made.stderr.as_str()), (0, PLAN, ""));
    // Of thresholds the lines say nothing, so they stay.
    let thresholds = host.must("ipvsadm -Ln --thresholds").stdout;
    assert!(thresholds.contains("10.0.0.1:80                  100        50"), "{thresholds}");
    let mut saved: Vec<_> =
        host.must("rsctl save --format ipvsadm 2>&-").stdout.lines().map(str::to_owned).collect();
    let mut expected: Vec<_> = CHANGED
        .lines()
        .map(|line| match line {
            "-a -u [2001:db8::1]:53 -r [2001:db8::3]:53 -i -w 1" => {
                format!("{line} --tun-type ipip")
            }
            "-a -t 192.0.2.5:443 -r 10.0.0.5:443 -m" => format!("{line} -w 1"),
            line => line.to_owned(),
        })
        .collect();
    saved.retain(|line| !line.starts_with("ipvsadm"));
    saved.sort();
    expected.sort();
    assert_eq!(saved, expected);

    let again = restore(&host, "-v", CHANGED);
    assert_eq!((again.status, again.stdout.as_str()), (0, "nothing to change\n"));
    assert_eq!(restore(&host, "--dry-run", CHANGED).status, 0);
}

#[test]
fn merging_deletes_nothing() {
    let host = director();
    let merged = restore(&host, "--merge -v", CHANGED);
    let expected: String = PLAN
        .lines()
        .filter(|line| !line.starts_with('-'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!((merged.status, merged.stdout, merged.stderr), (0, expected, String::new()));
    let saved = host.must("ipvsadm -Sn").stdout;
    for line in ["-r 10.0.0.2:80 -m -w 1", "-A -f 9 -s rr", "-r [2001:db8::2]:53 -g -w 1"] {
        assert!(saved.contains(line), "{line}\n{saved}");
    }
}

pub(crate) const WANTED: &str = r#"{"format": "ipvs-table/2", "services": [
  {"service": "tcp/192.0.2.1:80", "scheduler": "wrr", "servers": [
    {"server": "10.0.0.1:80", "method": "nat", "weight": 5},
    {"server": "10.0.0.3:80", "method": "nat", "weight": 7}
  ]},
  {"service": "tcp/192.0.2.5:443", "scheduler": "mh", "servers": [
    {"server": "10.0.0.5:443", "method": "nat"}
  ]}
]}"#;

/// Wherever the conversation breaks off: what is called done is done, what is
/// called not tried is not, and doing it again completes it.
#[test]
fn a_conversation_that_breaks_off_leaves_no_doubt_but_the_one_it_names() {
    let desired = file::read(WANTED.as_bytes()).unwrap().desired;
    let (policy, stop) = (Policy::exact(), OnFailure::StopAll);
    let mut doubts = 0;
    for silent_after in 0.. {
        let host = director();
        let applied = host.enter(|| {
            let count = Rc::new(Cell::new(usize::MAX));
            let mut client = falls_silent(Rc::clone(&count));
            let steps = plan(&desired, &Observed::read(&mut client).unwrap(), policy);
            count.set(silent_after);
            (apply(&mut client, &steps, stop, |_| ControlFlow::Continue(())), steps)
        });
        let (applied, steps) = applied;
        assert_eq!(applied.fates.len(), steps.steps().len());
        let left = plan(&desired, &observe(&host), policy);
        for (step, fate) in steps.steps().iter().zip(&applied.fates) {
            let is_left = left.steps().contains(step);
            match fate {
                Fate::Done => assert!(!is_left, "{silent_after}: done: {step:?}"),
                Fate::NotTried(_) => assert!(is_left, "{silent_after}: not tried: {step:?}"),
                Fate::Unknown => doubts += 1,
                Fate::Failed(error) => panic!("{silent_after}: {error}"),
            }
        }
        assert_eq!(applied.broke.is_none(), applied.is_complete(), "{silent_after}");
        let mut client = host.enter(|| Client::connect().unwrap());
        assert!(
            apply(&mut client, &left, stop, |_| ControlFlow::Continue(())).is_complete(),
            "{silent_after}"
        );
        assert!(plan(&desired, &observe(&host), policy).is_empty(), "{silent_after}");
        if applied.is_complete() {
            assert!(doubts > 5 && silent_after > 5, "{doubts} doubts in {silent_after}");
            return;
        }
    }
}

#[test]
fn a_change_the_kernel_refuses_is_told_and_nothing_is_deleted_for_it() {
    let host = director();
    let lines = CHANGED.replace("-s mh", "-s none_such");
    let output = restore(&host, "", &lines);
    assert_eq!(output.status, 1);
    assert_eq!(
        output.stderr,
        "error: cannot restore <stdin>: 1 of 9 changes failed, 8 not tried, 0 made\n\
         failed: + service tcp/192.0.2.5:443: scheduler none_such: cannot add service \
         tcp/192.0.2.5:443: the kernel has no scheduler none_such (ENOENT)\n\
         not done: + server 10.0.0.5:443 of tcp/192.0.2.5:443: method nat, weight 1\n\
         not done: + server 10.0.0.3:80 of tcp/192.0.2.1:80: method nat, weight 7\n\
         not done: + server [2001:db8::3]:53 of udp/[2001:db8::1]:53: method tun, tunnel ipip, \
         weight 1\n\
         not done: ~ server 10.0.0.1:80 of tcp/192.0.2.1:80: weight 1 -> 5\n\
         not done: ~ service tcp/192.0.2.1:80: scheduler rr -> wrr\n\
         not done: - server 10.0.0.2:80 of tcp/192.0.2.1:80\n\
         not done: - server [2001:db8::2]:53 of udp/[2001:db8::1]:53\n\
         not done: - service fwmark/9 with 1 server\n"
            .to_owned()
            + output.stderr.find("hint: ").map_or("", |start| &output.stderr[start..])
    );
    assert!(output.stderr.ends_with("and a restore does it\n"), "{}", output.stderr);
    assert_eq!(observe(&host), observe(&director()));
}

/// A `modprobe` for each of many services takes minutes, and says the same each time.
#[test]
fn a_scheduler_that_is_missing_is_asked_for_once() {
    let lines: String = (1..=30).map(|mark| format!("-A -f {mark} -s none_such\n")).collect();
    let lines = lines + "-A -f 31 -s rr\n";
    for (options, not_done, more) in
        [("", 20, "not done: and 9 more"), ("-v", 29, "fwmark/30: scheduler none_such")]
    {
        let host = Host::new("director");
        let output = restore(&host, options, &lines);
        assert_eq!(output.status, 1);
        let told: Vec<&str> = output.stderr.lines().collect();
        let number = |start| told.iter().filter(|line| line.starts_with(start)).count();
        assert_eq!(
            told.first(),
            Some(&"error: cannot restore <stdin>: 1 of 31 changes failed, 29 not tried, 1 made")
        );
        assert_eq!((number("failed: "), number("not done: + ")), (1, not_done), "{told:?}");
        assert!(told.iter().any(|line| line.ends_with(more)), "{told:?}");
        assert_eq!(observe(&host).services.len(), 1);
    }
}

/// In the midst of what goes to the kernel together: each change has its line, and
/// the table is what those lines say, with and without `-v`.
#[test]
fn a_refusal_in_the_middle_says_what_was_made_and_what_was_not() {
    let lines = "\
-A -t 192.0.2.11:80 -s rr
-a -t 192.0.2.11:80 -r 10.0.0.1:80 -m
-A -t 192.0.2.12:80 -s none_such
-a -t 192.0.2.12:80 -r 10.0.0.2:80 -m
-A -t 192.0.2.13:80 -s rr
";
    let told = "\
error: cannot restore <stdin>: 1 of 6 changes failed, 2 not tried, 3 made
done: + service tcp/192.0.2.11:80: scheduler rr
done: + server 10.0.0.1:80 of tcp/192.0.2.11:80: method nat, weight 1
failed: + service tcp/192.0.2.12:80: scheduler none_such: cannot add service tcp/192.0.2.12:80: \
the kernel has no scheduler none_such (ENOENT)
not done: + server 10.0.0.2:80 of tcp/192.0.2.12:80: method nat, weight 1
done: + service tcp/192.0.2.13:80: scheduler rr
not done: - service fwmark/9 with 1 server
hint: ";
    for options in ["", "-v", "--json"] {
        let host = Host::new("director");
        host.must("ipvsadm -A -f 9 -s rr; ipvsadm -a -f 9 -r 10.0.0.9 -g");
        let output = restore(&host, options, lines);
        assert_eq!(output.status, 1, "{options}");
        if options == "--json" {
            let object: Value = serde_json::from_str(&output.stderr).unwrap();
            let mut text = format!("error: {}\n", object["error"].as_str().unwrap());
            for problem in object["problems"].as_array().unwrap() {
                text += &format!("{}\n", problem.as_str().unwrap());
            }
            assert_eq!(text + "hint: ", told);
        } else {
            assert!(output.stderr.starts_with(told), "{options}: {}", output.stderr);
        }
        let table = observe(&host);
        let held: Vec<(String, usize)> = table
            .services
            .iter()
            .map(|entry| (entry.service.key.to_string(), entry.servers.len()))
            .collect();
        let expected = [("tcp/192.0.2.11:80", 1), ("tcp/192.0.2.13:80", 0), ("fwmark/9", 1)];
        assert_eq!(held, expected.map(|(key, servers)| (key.to_owned(), servers)), "{options}");
    }
}

/// Restarted only if something differs; stopped if it is not in the file.
#[test]
fn daemons_and_timeouts_follow_the_json_form_only() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s rr
         ipvsadm --start-daemon master --mcast-interface lo --syncid 3
         ipvsadm --start-daemon backup --mcast-interface lo --syncid 4
         ipvsadm --set 600 60 200",
    );
    let running = observe(&host);
    assert_eq!(restore(&host, "", "-A -t 192.0.2.1:80 -s rr\n").status, 0);
    assert_eq!(observe(&host), running);
    let json = r#"{"format": "ipvs-table/2", "timeouts": {"udp": 250}, "daemons": [
        {"role": "backup", "interface": "lo", "syncid": 5}],
        "services": [{"service": "tcp/192.0.2.1:80", "scheduler": "rr"}]}"#;
    let output = restore(&host, "-v", json);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    let signs: Vec<&str> = output.stdout.lines().map(|line| &line[..8]).collect();
    assert_eq!(signs, ["~ timeou", "- master", "- backup", "+ backup"], "{}", output.stdout);
    let after = observe(&host);
    let Timeouts { tcp, tcp_fin, udp, .. } = after.timeouts;
    assert_eq!((tcp, tcp_fin, udp), (Some(600), Some(60), Some(250)));
    assert_eq!(after.daemons.len(), 1);
    assert_eq!(after.daemons[0].sync_id, 5);
    assert_eq!(restore(&host, "--dry-run", json).status, 0);
}

#[test]
fn another_order_of_servers_is_told_to_who_asks() {
    let host = Host::new("director");
    let lines = |first, second| {
        format!(
            "-A -t 192.0.2.1:80 -s sh\n-a -t 192.0.2.1:80 -r {first} -m\n-a -t 192.0.2.1:80 -r {second} -m\n"
        )
    };
    assert_eq!(restore(&host, "-v", &lines("10.0.0.1", "10.0.0.2")).stderr, "");
    let output = restore(&host, "-v", &lines("10.0.0.2", "10.0.0.1"));
    assert_eq!((output.status, output.stdout.as_str()), (0, "nothing to change\n"));
    assert_eq!(
        output.stderr,
        "warning: the servers of tcp/192.0.2.1:80 are not in the order of <stdin>, by which its \
         scheduler hashes; `--reorder` takes them away and adds them again\n"
    );
    assert_eq!(restore(&host, "", &lines("10.0.0.2", "10.0.0.1")).stderr, "");
}

#[test]
fn eleven_thousand_lines() {
    let host = Host::new("director");
    let mut lines = String::new();
    for service in 0..1000 {
        let name = format!("-t 10.1.{}.{}:80", service / 250, service % 250 + 1);
        lines += &format!("-A {name} -s wlc\n");
        for server in 1..=10 {
            lines += &format!("-a {name} -r 10.2.{server}.{}:80 -m -w {server}\n", service % 250);
        }
    }
    assert_eq!(lines.lines().count(), 11_000);
    let output = restore(&host, "", &lines);
    assert_eq!((output.status, output.stdout.as_str(), output.stderr.as_str()), (0, "", ""));
    let table = observe(&host);
    assert_eq!(table.services.len(), 1000);
    assert!(table.services.iter().all(|entry| entry.servers.len() == 10));
    let again = restore(&host, "-v", &lines);
    assert_eq!((again.status, again.stdout.as_str()), (0, "nothing to change\n"));
    // Of a table that large, one line is one change.
    let changed = lines.replacen("-w 1\n", "-w 2\n", 1);
    let output = restore(&host, "-v", &changed);
    assert_eq!(output.stdout, "~ server 10.2.1.0:80 of tcp/10.1.0.1:80: weight 1 -> 2\n");
}
