// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl restore` is given to read: what is wrong with it is told and changes
//! nothing, and what is only odd does no harm.

use lab::Host;

use crate::rsctl_cli::table;
use crate::rsctl_restore::{CHANGED, director, restore};
use crate::rsctl_save::{framed, observe};

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
--set 1 2 3
";
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
  "format": "ipvs-table/2",
  "timeouts": {"tcp": 0},
  "daemons": [
    {"role": "master", "interface": "a/b", "syncid": 1},
    {"role": "backup", "interface": "lo", "syncid": 256}
  ],
  "services": [
    {"service": "tcp/192.0.2.1:80", "scheduler": "rr", "servers": [
      {"server": "10.0.0.1:80", "method": "bypass"},
      {"server": "10.0.0.2:80", "method": "dr", "wieght": 1},
      {"server": "10.0.0.3:80", "method": "dr", "weight": -1},
      {"server": "10.0.0.4:80", "method": "dr"},
      {"server": "10.0.0.4:80", "method": "nat"},
      {"server": "10.0.0.5:81", "method": "dr"}
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
<stdin>:10: `bypass` is not a forwarding method: use dr, tun, nat or local
<stdin>:11: unknown field `wieght`, expected one of `server`, `method`, `tunnel`, `weight`, \
`upper_threshold`, `lower_threshold`
<stdin>:12: invalid value: integer `-1`, expected u32
<stdin>:14: tcp/192.0.2.1:80 has server 10.0.0.4:80 already, in line 13
<stdin>:15: dr cannot change the port: 10.0.0.5:81 would receive packets for port 80 \
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
            r#"{"format": "ipvs-table/3", "servces": []}"#,
            "error: cannot restore <stdin>: 1 problem; nothing was changed\n\
          <stdin>:1: the format is \"ipvs-table/3\", and this program reads \"ipvs-table/1\" and \
          \"ipvs-table/2\"\n",
        ),
        (
            "{\"format\": \"ipvs-table/2\",\n\"services\": [}",
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

/// A stream that breaks loses its end, perhaps in the middle of a number: nothing that may
/// be less than was written deletes or sets anything.
#[test]
fn a_table_that_was_cut_changes_nothing() {
    let host = Host::new("director");
    let lines = (1..=40).map(|n| {
        let name = format!("-t 192.0.2.{n}:80");
        let servers = (1..=3).map(|m| format!("-a {name} -r 10.0.{m}.{n}:80 -m -w 100\n"));
        format!("-A {name} -s rr\n{}", servers.collect::<String>())
    });
    let table = lines.collect::<String>();
    assert_eq!(restore(&host, "", &table).status, 0);
    let before = observe(&host);
    let saved = host.must("rsctl save --format ipvsadm").stdout;
    assert_eq!(saved, framed(&host.must("ipvsadm -Sn").stdout));

    // Ours: wherever it is cut, it shows.
    host.must("mkdir /run/t; ln -s $(command -v rsctl) /run/t/ipvsadm-restore");
    let middle = saved.len() / 2;
    let between = middle + saved[middle..].find('\n').unwrap() + 1;
    let weight = middle + saved[middle..].find(" -w 100\n").unwrap() + " -w 10".len();
    for cut in [0, 20, between, weight, saved.len() - 24, saved.len() - 1] {
        let part = &saved[..cut];
        for options in ["", "--dry-run", "--merge", "--allow-deletes"] {
            let output = restore(&host, options, part);
            assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{cut} {output:?}");
            assert!(output.stderr.contains("nothing was changed"), "{output:?}");
        }
        // By the name of the script, too, which else deletes all to begin with.
        if cut > 20 {
            let output = host.feed("/run/t/ipvsadm-restore", part);
            assert_eq!(output.status, 1, "{cut}");
            assert!(output.stderr.ends_with("nothing was changed\n"), "{output:?}");
        }
        assert_eq!(observe(&host), before, "{cut}");
    }
    // Whole, it is what it says to each who reads it: comments would end Debian's -R.
    for whole in ["/run/t/ipvsadm-restore", "ipvsadm-restore", "rsctl restore"] {
        let output = host.feed(whole, &saved);
        assert_eq!((output.status, output.stdout, output.stderr), (0, "".into(), "".into()));
        assert_eq!(observe(&host), before, "{whole}");
    }
    let empty = Host::new("empty");
    assert_eq!(empty.feed("ipvsadm -R", &format!("# a comment\n{table}")).status, 255);
    assert!(observe(&empty).services.is_empty());
    assert_eq!(empty.feed("ipvsadm -R", &saved).status, 0);
    assert_eq!(observe(&empty), before);
    // What -R was told is done; that it was not all is told.
    empty.must("ipvsadm -C");
    let output = empty.feed("rsctl ipvsadm -R", &saved[..weight]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("begins in line 1 has no end"), "{output:?}");
    let weights = empty.must("ipvsadm -Sn").stdout;
    assert!(weights.contains("-w 100\n") && !weights.contains("-w 10\n"), "{weights}");

    // Nor does the end of another table hide that: behind a line, and within one.
    let within = middle + saved[middle..].find("-m -w 100\n").unwrap();
    for (cut, why) in [
        (between, "the saved table that begins in line 1 has no end: it was cut"),
        (within, "another saved table begins within this line: the one in front of it was cut"),
    ] {
        empty.must("ipvsadm -C");
        let text = format!("{}{}", &saved[..cut], framed("-A -f 7 -s rr\n"));
        let line = saved[..cut].split('\n').count();
        let output = empty.feed("rsctl ipvsadm -R", &text);
        assert_eq!((output.status, output.stderr), (2, format!("line {line}: {why}\n")));
        assert!(empty.must("ipvsadm -Sn").stdout.contains("-f 7"));
        for restores in ["rsctl restore --allow-deletes", "/run/t/ipvsadm-restore"] {
            let output = host.feed(restores, &text);
            assert!(output.status != 0 && output.stderr.contains(why), "{restores} {output:?}");
            assert_eq!(observe(&host), before, "{restores} {cut}");
        }
    }

    // What has no lines at all does not fill the memory.
    let endless = "head -c 3000000 /dev/zero | tr '\\0' a | rsctl ipvsadm -R";
    let output = empty.sh(endless);
    assert_eq!(
        (output.status, output.stderr.as_str()),
        (2, "line 1: a line of more than 1048576 bytes\n")
    );

    // Of others' lines nobody knows: what would take much away has to be meant.
    let most = restore(&host, "--dry-run", &table[..table.find("-A -t 192.0.2.30:").unwrap()]);
    let hint = "hint: `--allow-deletes` takes it for the whole table, `--merge` deletes nothing; \
                lines of ipvsadm do not show whether some are missing, those of `rsctl save` do\n";
    let refused = |what: &str| {
        format!(
            "error: cannot restore <stdin>: it would delete {what}; nothing was changed\n{hint}"
        )
    };
    assert_eq!(most.status, 2);
    assert_eq!(most.stdout.lines().count(), 11, "{}", most.stdout);
    assert_eq!(most.stderr, refused("11 of 40 services and 33 of 120 servers"));
    let few = &table[..table.find("-A -t 192.0.2.31:").unwrap()];
    assert_eq!(restore(&host, "--dry-run", few).status, 3);
    let part = &table[..table.find("-A -t 192.0.2.9:").unwrap()];
    let output = restore(&host, "-v", part);
    assert_eq!((output.status, output.stdout.as_str()), (2, ""));
    assert!(output.stderr.ends_with(hint), "{output:?}");
    assert_eq!(observe(&host), before);
    let thin: String = table
        .lines()
        .filter(|line| !line.contains(" 10.0.2."))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(restore(&host, "", &thin).stderr, refused("0 of 40 services and 40 of 120 servers"));
    assert_eq!(observe(&host), before);
    assert_eq!(restore(&host, "--merge", part).status, 0);
    assert_eq!(observe(&host), before);
    assert_eq!(restore(&host, "", few).status, 0);
    assert_eq!(observe(&host).services.len(), 30);
    assert_eq!(restore(&host, "--allow-deletes", "-A -t 192.0.2.1:80 -s rr\n").status, 0);
    assert_eq!(host.must("ipvsadm -Sn").stdout, "-A -t 192.0.2.1:80 -s rr\n");
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
    let json = r#"{"format": "ipvs-table/2", "daemons": [
        {"role": "backup", "interface": "\u001b[2J", "syncid": 5}], "services": []}"#;
    let output = restore(&host, "--merge --dry-run", json);
    assert_eq!((output.status, output.stderr.as_str()), (3, ""));
    assert!(output.stdout.starts_with("+ backup sync daemon on \\u{1b}[2J: "), "{}", output.stdout);
}

/// A daemon and a server of the other address family do not go together: known
/// before anything is changed.
#[test]
fn a_file_that_no_kernel_could_hold_changes_nothing() {
    let host = director();
    let before = table(&host);
    let json = r#"{"format": "ipvs-table/2",
 "daemons": [{"role": "backup", "interface": "lo", "syncid": 5}],
 "services": [{"service": "tcp/192.0.2.1:80", "scheduler": "rr", "servers": [
   {"server": "[2001:db8::1]:80", "method": "tun"}]}]}"#;
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
    let json = json.replace(r#"{"role": "backup", "interface": "lo", "syncid": 5}"#, "");
    let output = restore(&host, "", &json);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    // And the other way round.
    let json = r#"{"format": "ipvs-table/2",
 "daemons": [{"role": "backup", "interface": "lo", "syncid": 5}],
 "services": [{"service": "tcp/192.0.2.1:80", "scheduler": "rr"}]}"#;
    let output = restore(&host, "", json);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
}
