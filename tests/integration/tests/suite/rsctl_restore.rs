// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl restore`: in place, all or nothing as far as the file goes, and
//! honest about what another program does meanwhile.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use ipvs_cluster::{Fate, Observed, Policy, apply, file, plan};
use ipvs_netlink::{Change, Client, Destination, ForwardingMethod, ServiceKey, Weight};
use lab::{Host, Output, beside};
use serde_json::Value;

use crate::rsctl_cli::table;
use crate::rsctl_save::observe;
use crate::transports::falls_silent;

/// Two services with three servers each, thresholds, and one that is to go.
fn director() -> Host {
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

const CHANGED: &str = "\
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
+ server 10.0.0.5:443 of tcp/192.0.2.5:443: method masquerade, weight 1
+ server 10.0.0.3:80 of tcp/192.0.2.1:80: method masquerade, weight 7
+ server [2001:db8::3]:53 of udp/[2001:db8::1]:53: method tunnel, tunnel ipip, weight 1
~ server 10.0.0.1:80 of tcp/192.0.2.1:80: weight 1 -> 5
~ service tcp/192.0.2.1:80: scheduler rr -> wrr
- server 10.0.0.2:80 of tcp/192.0.2.1:80
- server [2001:db8::2]:53 of udp/[2001:db8::1]:53
- service fwmark/9 with 1 server
";

#[track_caller]
fn restore(host: &Host, options: &str, input: &str) -> Output {
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

#[test]
fn every_bad_line_is_listed_and_nothing_changes() {
    let host = director();
    let before = table(&host);
    let lines = "\
# the table of May\r
ipvsadm -A -t 192.0.2.1:80 -s rr  # web\r
\r
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w -1
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m
/sbin/ipvsadm -at 192.0.2.1:80 -r 10.0.0.1:80 -g
-a -t 192.0.2.1:81 -r 10.0.0.1:81 -m
-A -t 192.0.2.1:80 -s wrr
-C
-A -t web1:80 -s rr
-A -u 192.0.2.1:0 -s rr
-A -f -2147483648 -s rr -b sh-port
-a -t 192.0.2.1:80 -r 10.0.0.2:80 -m -y 5
bogus
--set 1 2 3";
    let output = restore(&host, "", lines);
    let expected = "\
error: cannot restore <stdin>: 11 problems; nothing was changed
<stdin>:4: weight -1 is out of range: use 0 to 2147483647
<stdin>:6: tcp/192.0.2.1:80 has server 10.0.0.1:80 already, in line 5
<stdin>:7: no line above this one adds tcp/192.0.2.1:81, the service of 10.0.0.1:81
<stdin>:8: tcp/192.0.2.1:80 is there already, in line 2
<stdin>:9: `-C` cannot be restored: only -A and -a can (leave it out: what is not in the file is \
deleted anyway)
<stdin>:10: `web1` is not an IP address (names are not looked up: write the address)
<stdin>:11: port 0 (all ports) needs a persistent service (name a port, or make the service \
persistent with -p)
<stdin>:12: sh-port is a flag of the scheduler sh, and the service's is rr (name the scheduler \
too: -s sh)
<stdin>:13: lower threshold 5 is above upper threshold 0 (an upper threshold of 0 means no limit: \
name one with -x, or say -y 0)
<stdin>:14: `bogus` is no command: lines start with -A or -a
<stdin>:15: `--set` cannot be restored: only -A and -a can (timeouts have a place in the JSON \
form, or use `ipvsadm --set`)
";
    assert_eq!((output.status, output.stdout.as_str(), output.stderr.as_str()), (2, "", expected));
    assert_eq!(table(&host), before);

    let json = r#"{
  "format": "ipvs-table/1",
  "timeouts": {"tcp": 0},
  "daemons": [
    {"role": "master", "interface": "a/b", "sync_id": 1},
    {"role": "backup", "interface": "lo", "sync_id": 256}
  ],
  "services": [
    {"service": "tcp/192.0.2.1:80", "scheduler": "rr", "servers": [
      {"server": "10.0.0.1:80", "method": "nat"},
      {"server": "10.0.0.2:80", "method": "gateway", "wieght": 1},
      {"server": "10.0.0.3:80", "method": "gateway", "weight": -1},
      {"server": "10.0.0.4:80", "method": "gateway"},
      {"server": "10.0.0.4:80", "method": "masquerade"},
      {"server": "10.0.0.5:81", "method": "gateway"}
    ]},
    {"service": "tcp/192.0.2.1:80", "scheduler": "rr"},
    {"service": "tcp/192.0.2.2:80",
     "scheduler": "wrr",
     "one-packet": true}
  ]
}"#;
    let output = restore(&host, "", json);
    let expected = "\
error: cannot restore <stdin>: 10 problems; nothing was changed
<stdin>:3: timeout 0 s is out of range: use 1 to 2678400 (31 days)
<stdin>:5: `a/b` is not an interface name: use 1 to 15 bytes without blanks, `/` and `:`
<stdin>:6: sync id 256 is out of range: use 0 to 255
<stdin>:10: `nat` is not a forwarding method: use masquerade, gateway, tunnel or local
<stdin>:11: unknown field `wieght`, expected one of `server`, `method`, `tunnel`, `weight`, \
`upper_threshold`, `lower_threshold`
<stdin>:12: invalid value: integer `-1`, expected u32
<stdin>:14: tcp/192.0.2.1:80 has server 10.0.0.4:80 already, in line 13
<stdin>:15: direct routing cannot change the port: 10.0.0.5:81 would receive packets for port 80 \
(the port of tcp/192.0.2.1:80)
<stdin>:17: tcp/192.0.2.1:80 is there already, in line 9
<stdin>:20: unknown field `one-packet`, expected one of `service`, `scheduler`, \
`scheduler_flags`, `unknown_flags`, `persistent`, `engine`, `one_packet`, `servers`
";
    assert_eq!((output.status, output.stdout.as_str(), output.stderr.as_str()), (2, "", expected));
    assert_eq!(table(&host), before);

    for (input, error) in [
        (
            "",
            "error: cannot restore <stdin>: it has no service; nothing was changed\n\
              hint: `--allow-empty` takes it for what it says: delete all services\n",
        ),
        (
            "# only words\n",
            "error: cannot restore <stdin>: it has no service; nothing was changed\n\
              hint: `--allow-empty` takes it for what it says: delete all services\n",
        ),
        (
            r#"{"format": "ipvs-table/2", "servces": []}"#,
            "error: cannot restore <stdin>: 1 problem; nothing was changed\n\
          <stdin>:1: the format is \"ipvs-table/2\", and this program reads \"ipvs-table/1\"\n",
        ),
        (
            "{\"format\": \"ipvs-table/1\",\n\"services\": [}",
            "error: cannot restore <stdin>: 1 problem; nothing was changed\n\
          <stdin>:2: expected value\n",
        ),
    ] {
        let output = restore(&host, "", input);
        assert_eq!((output.status, output.stderr.as_str()), (2, error), "{input}");
        assert_eq!(table(&host), before, "{input}");
    }
    let emptied = restore(&host, "--allow-empty", "# nothing\n");
    assert_eq!((emptied.status, emptied.stderr.as_str()), (0, ""));
    assert_eq!(host.must("ipvsadm -Sn").stdout, "");
}

/// A reader asks without a pause; no kept service is ever without a server that
/// takes connections, from one table to the other and back, again and again.
#[test]
fn no_reader_ever_sees_a_kept_service_empty() {
    let host = Host::new("director");
    let lines = |first: u32, weight: u32| -> String {
        let mut lines = String::new();
        for service in 1..=20 {
            lines += &format!("-A -t 192.0.2.{service}:80 -s rr\n");
            for server in first..first + 20 {
                // Every other one of both tables is the same server with another weight.
                let address = if server % 2 == 0 { server % 20 } else { server };
                lines +=
                    &format!("-a -t 192.0.2.{service}:80 -r 10.0.0.{address}:80 -m -w {weight}\n");
            }
        }
        lines
    };
    let (one, two) = (lines(101, 1), lines(201, 5));
    assert_eq!(restore(&host, "", &one).status, 0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..10 {
                let output = restore(&host, "", if round % 2 == 0 { &two } else { &one });
                assert_eq!((output.status, output.stderr.as_str()), (0, ""));
            }
            stop.store(true, Ordering::Relaxed);
        });
        let (reads, fewest) = host.enter(|| {
            let keys: Vec<ServiceKey> =
                (1..=20).map(|n| format!("tcp/192.0.2.{n}:80").parse().unwrap()).collect();
            let mut client = Client::connect().unwrap();
            let (mut reads, mut fewest) = (0, usize::MAX);
            while !stop.load(Ordering::Relaxed) && !writer.is_finished() {
                for key in &keys {
                    // One datagram, so it is of one moment.
                    let servers = client.destinations(key).unwrap();
                    let usable =
                        servers.iter().filter(|it| it.destination.weight > Weight::ZERO).count();
                    fewest = fewest.min(usable);
                    reads += 1;
                }
            }
            (reads, fewest)
        });
        writer.join().unwrap();
        assert!(reads > 100, "{reads}");
        // Both tables have 20; a flush would show 0.
        assert_eq!(fewest, 20, "in {reads} reads");
    });
}

const WANTED: &str = r#"{"format": "ipvs-table/1", "services": [
  {"service": "tcp/192.0.2.1:80", "scheduler": "wrr", "servers": [
    {"server": "10.0.0.1:80", "method": "masquerade", "weight": 5},
    {"server": "10.0.0.3:80", "method": "masquerade", "weight": 7}
  ]},
  {"service": "tcp/192.0.2.5:443", "scheduler": "mh", "servers": [
    {"server": "10.0.0.5:443", "method": "masquerade"}
  ]}
]}"#;

/// What another program does between the plan and its execution is either put
/// right, or stands in the report and shows when the table is read again.
#[test]
fn a_foreign_writer_is_overruled_or_told_of() {
    let cases: [(&str, &[&str], usize); 6] = [
        // The same server with another weight, the same service with another scheduler.
        ("ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.3:80 -m -w 99", &[], 0),
        ("ipvsadm -A -t 192.0.2.5:443 -s rr", &[], 0),
        // What was to be deleted is gone already.
        ("ipvsadm -D -f 9; ipvsadm -d -t 192.0.2.1:80 -r 10.0.0.2:80", &[], 0),
        // What is new to the plan stays until the next one.
        ("ipvsadm -A -t 192.0.2.77:80 -s rr", &[], 1),
        // What was to be changed is gone: nothing behind it is tried.
        ("ipvsadm -d -t 192.0.2.1:80 -r 10.0.0.1:80", &["edit server 10.0.0.1:80"], 5),
        ("ipvsadm -D -t 192.0.2.1:80", &["add server 10.0.0.3:80"], 5),
    ];
    for (meanwhile, failed, left) in cases {
        let host = director();
        let desired = file::read(WANTED.as_bytes()).unwrap();
        let mut client = host.enter(|| Client::connect().unwrap());
        let policy = Policy::default();
        let steps = plan(&desired, &Observed::read(&mut client).unwrap(), policy);
        host.must(meanwhile);
        let applied = apply(&mut client, &steps, |_| ());
        let failures: Vec<_> = applied
            .fates
            .iter()
            .filter_map(|fate| match fate {
                Fate::Failed(error) => Some(error.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(failures.len(), failed.len(), "{meanwhile}: {failures:?}");
        for (failure, expected) in failures.iter().zip(failed) {
            assert!(failure.contains(expected), "{meanwhile}: {failure}");
        }
        let again = plan(&desired, &observe(&host), policy);
        assert_eq!(again.steps.len(), left, "{meanwhile}: {again:#?}");
        // Doing it again is always right.
        assert!(apply(&mut client, &again, |_| ()).is_complete(), "{meanwhile}");
        assert!(plan(&desired, &observe(&host), policy).is_empty(), "{meanwhile}");
    }
}

/// Wherever the conversation breaks off: what is called done is done, what is
/// called not tried is not, and doing it again completes it.
#[test]
fn a_conversation_that_breaks_off_leaves_no_doubt_but_the_one_it_names() {
    let desired = file::read(WANTED.as_bytes()).unwrap();
    let policy = Policy::default();
    let mut doubts = 0;
    for silent_after in 0.. {
        let host = director();
        let applied = host.enter(|| {
            let count = Rc::new(Cell::new(usize::MAX));
            let mut client = falls_silent(Rc::clone(&count));
            let steps = plan(&desired, &Observed::read(&mut client).unwrap(), policy);
            count.set(silent_after);
            (apply(&mut client, &steps, |_| ()), steps)
        });
        let (applied, steps) = applied;
        assert_eq!(applied.fates.len(), steps.steps.len());
        let left = plan(&desired, &observe(&host), policy);
        for (step, fate) in steps.steps.iter().zip(&applied.fates) {
            let is_left = left.steps.contains(step);
            match fate {
                Fate::Done => assert!(!is_left, "{silent_after}: done: {step:?}"),
                Fate::NotTried => assert!(is_left, "{silent_after}: not tried: {step:?}"),
                Fate::Unknown => doubts += 1,
                Fate::Failed(error) => panic!("{silent_after}: {error}"),
            }
        }
        assert_eq!(applied.broke.is_none(), applied.is_complete(), "{silent_after}");
        let mut client = host.enter(|| Client::connect().unwrap());
        assert!(apply(&mut client, &left, |_| ()).is_complete(), "{silent_after}");
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
         not done: + server 10.0.0.5:443 of tcp/192.0.2.5:443: method masquerade, weight 1\n\
         not done: + server 10.0.0.3:80 of tcp/192.0.2.1:80: method masquerade, weight 7\n\
         not done: + server [2001:db8::3]:53 of udp/[2001:db8::1]:53: method tunnel, tunnel ipip, \
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
done: + server 10.0.0.1:80 of tcp/192.0.2.11:80: method masquerade, weight 1
failed: + service tcp/192.0.2.12:80: scheduler none_such: cannot add service tcp/192.0.2.12:80: \
the kernel has no scheduler none_such (ENOENT)
not done: + server 10.0.0.2:80 of tcp/192.0.2.12:80: method masquerade, weight 1
done: + service tcp/192.0.2.13:80: scheduler rr
not done: - service fwmark/9 with 1 server
hint: ";
    for options in ["", "-v", "--json"] {
        let host = Host::new("director");
        host.must("ipvsadm -A -f 9 -s rr; ipvsadm -a -f 9 -r 10.0.0.9 -g");
        let output = restore(&host, options, lines);
        assert_eq!(output.status, 1, "{options}");
        assert!(output.stderr.starts_with(told), "{options}: {}", output.stderr);
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

/// What editors of other systems add to a text is no part of it.
#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_matter() {
    let host = director();
    assert_eq!(restore(&host, "", CHANGED).status, 0);
    let table = observe(&host);
    let json = host.must("rsctl save").stdout;
    for input in [CHANGED, json.as_str()] {
        let dressed = format!("\u{feff}{}", input.replace('\n', "\r\n"));
        let output = restore(&host, "-v", &dressed);
        assert_eq!((output.status, output.stdout.as_str()), (0, "nothing to change\n"));
        assert_eq!(observe(&host), table);
    }
}

/// The words of a file, also those of names that a kernel would take, do nothing
/// to the terminal on which a dry run shows them.
#[test]
fn a_plan_is_shown_without_harm() {
    let host = director();
    let json = r#"{"format": "ipvs-table/1", "daemons": [
        {"role": "backup", "interface": "\u001b[2J", "sync_id": 5}], "services": []}"#;
    let output = restore(&host, "--merge --dry-run", json);
    assert_eq!((output.status, output.stderr.as_str()), (3, ""));
    assert!(output.stdout.starts_with("+ backup sync daemon on \\u{1b}[2J: "), "{}", output.stdout);
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
    assert_eq!(restore(&host, "", "-A -t 192.0.2.1:80 -s rr").status, 0);
    assert_eq!(observe(&host), running);
    let json = r#"{"format": "ipvs-table/1", "timeouts": {"udp": 250}, "daemons": [
        {"role": "backup", "interface": "lo", "sync_id": 5}],
        "services": [{"service": "tcp/192.0.2.1:80", "scheduler": "rr"}]}"#;
    let output = restore(&host, "-v", json);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    let signs: Vec<&str> = output.stdout.lines().map(|line| &line[..8]).collect();
    assert_eq!(signs, ["~ timeou", "- master", "- backup", "+ backup"], "{}", output.stdout);
    let after = observe(&host);
    assert_eq!(after.timeouts, [Some(600), Some(60), Some(250)]);
    assert_eq!(after.daemons.len(), 1);
    assert_eq!(after.daemons[0].sync_id, 5);
    assert_eq!(restore(&host, "--dry-run", json).status, 0);
}

/// A daemon and a server of the other address family do not go together: known
/// before anything is changed.
#[test]
fn a_file_that_no_kernel_could_hold_changes_nothing() {
    let host = director();
    let before = table(&host);
    let json = r#"{"format": "ipvs-table/1",
 "daemons": [{"role": "backup", "interface": "lo", "sync_id": 5}],
 "services": [{"service": "tcp/192.0.2.1:80", "scheduler": "rr", "servers": [
   {"server": "[2001:db8::1]:80", "method": "tunnel"}]}]}"#;
    let output = restore(&host, "", json);
    assert_eq!(
        (output.status, output.stderr.as_str()),
        (
            2,
            "error: cannot restore <stdin>: 1 problem; nothing was changed\n\
             <stdin>:4: [2001:db8::1]:80 and tcp/192.0.2.1:80 are of different address families, \
             and the kernel has no such server while a sync daemon runs\n"
        )
    );
    assert_eq!(table(&host), before);
    // Where there is one now, it is stopped first.
    host.must("ipvsadm --start-daemon backup --mcast-interface lo --syncid 3");
    let json = json.replace(r#"{"role": "backup", "interface": "lo", "sync_id": 5}"#, "");
    let output = restore(&host, "", &json);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    // And the other way round.
    let json = r#"{"format": "ipvs-table/1",
 "daemons": [{"role": "backup", "interface": "lo", "sync_id": 5}],
 "services": [{"service": "tcp/192.0.2.1:80", "scheduler": "rr"}]}"#;
    let output = restore(&host, "", json);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
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

/// Adds, edits and deletes what `CHANGED` is about.
fn meddle(client: &mut Client) {
    let (web, mh) = ("tcp/192.0.2.1:80".parse().unwrap(), "tcp/192.0.2.5:443".parse().unwrap());
    let server = |text: &str| {
        let key = text.parse().unwrap();
        let mut server = Destination::new(key, ForwardingMethod::Masquerade);
        server.weight = Weight::new(9).unwrap();
        server
    };
    let (third, first) = (server("10.0.0.3:80"), server("10.0.0.1:80"));
    // Half of them are refused, depending on what `rsctl` just did.
    let _ = client.batch([
        Change::AddDestination { service: web, destination: third },
        Change::SetDestination { service: web, destination: first },
        Change::RemoveDestination { service: web, destination: third.key },
        Change::RemoveService(mh),
    ]);
}

/// Another program edits, deletes and adds all the time. A restore ends with the
/// table as wanted, or says that it is not.
#[test]
fn beside_a_writer_that_never_rests_a_restore_is_honest() {
    let host = director();
    let mut client = host.enter(|| Client::connect().unwrap());
    let restores = || {
        let (mut told, mut round) = (0, 0);
        while round < 30 || (told == 0 && round < 1000) {
            round += 1;
            let output = restore(&host, "--json", CHANGED);
            let json: Value = serde_json::from_str(&output.stdout).unwrap();
            let steps = json["steps"].as_array().unwrap();
            let all_done = steps.iter().all(|step| step["result"] == "done" || steps.is_empty());
            let differs = !json["differs"].as_array().unwrap().is_empty();
            let fine = steps.is_empty() || (all_done && !differs);
            assert_eq!(output.status, i32::from(!fine), "round {round}: {output:?}");
            told += usize::from(!fine);
        }
        assert!(told > 0, "the writer never disturbed");
    };
    host.enter(|| beside(|| meddle(&mut client), restores));
    assert_eq!(restore(&host, "", CHANGED).status, 0);
    assert_eq!(restore(&host, "--dry-run", CHANGED).status, 0);
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
