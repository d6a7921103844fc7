// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl list` of some of the table, in its forms, and again and again.

use lab::{Host, NOBODY};
use serde_json::{Value, json};

use crate::completion::{Shell, TERMINALS};
use crate::rsctl_views::balanced;

const TABLE: &str = "-A -t 192.0.2.1:80 -s sh -b sh-fallback,sh-port\n\
                     -a -t 192.0.2.1:80 -r 10.0.0.11:80 -g -w 3\n\
                     -a -t 192.0.2.1:80 -r 10.0.0.12:8080 -m -w 0\n\
                     -a -t 192.0.2.1:80 -r 10.0.0.13:80 -g -w 2 -x 100 -y 50\n\
                     -A -u 192.0.3.1:53 -s rr -p 300\n\
                     -a -u 192.0.3.1:53 -r 10.0.0.11:53 -i -w 0\n\
                     -A -t [2001:db8::1]:443 -s wlc\n\
                     -A -f 7 -s rr\n\
                     -a -f 7 -r 10.0.0.21:0 -g -w 1\n";

fn director() -> Host {
    let host = Host::new("director");
    assert_eq!(host.feed("rsctl restore", TABLE).status, 0);
    host
}

#[track_caller]
fn must(host: &Host, options: &str) -> String {
    let output = host.must(&format!("rsctl list {options}"));
    assert_eq!(output.stderr, "", "{options}");
    output.stdout
}

/// Returns services and servers that are listed, a line each.
#[track_caller]
fn listed(host: &Host, options: &str) -> Vec<String> {
    let csv = must(host, &format!("-o csv --columns service,server --no-header {options}"));
    let document: Value = serde_json::from_str(&must(host, &format!("--json {options}"))).unwrap();
    let mut lines = Vec::new();
    for service in document["services"].as_array().unwrap() {
        let name = service["service"].as_str().unwrap();
        let servers = service["servers"].as_array().unwrap();
        let line = |server: &Value| format!("{name},{}", server["server"].as_str().unwrap());
        lines.extend(servers.iter().map(line));
        lines.extend(servers.is_empty().then(|| format!("{name},")));
    }
    assert_eq!(csv.lines().collect::<Vec<_>>(), lines, "{options}: one is not the other");
    // The usual view shows the same.
    let table = must(host, options);
    assert_eq!(
        table.lines().count() - 3,
        lines.iter().filter(|line| !line.ends_with(',')).count()
            + document["services"].as_array().unwrap().len(),
        "{options}: {table}"
    );
    lines
}

#[test]
fn filters_leave_out_what_is_not_asked_for() {
    let host = director();
    let (web1, web2, web3) = (
        "tcp/192.0.2.1:80,10.0.0.11:80",
        "tcp/192.0.2.1:80,10.0.0.12:8080",
        "tcp/192.0.2.1:80,10.0.0.13:80",
    );
    let (dns, bare, mark) =
        ("udp/192.0.3.1:53,10.0.0.11:53", "tcp/[2001:db8::1]:443,", "fwmark/7,10.0.0.21:0");
    for (options, expected) in [
        ("", &[web1, web2, web3, dns, bare, mark][..]),
        ("--vip 192.0.2.1", &[web1, web2, web3]),
        ("--vip 192.0.0.0/16", &[web1, web2, web3, dns]),
        ("--vip 2001:db8::/32", &[bare]),
        ("--vip 198.51.100.0/24", &[]),
        ("--protocol tcp", &[web1, web2, web3, bare]),
        ("--protocol udp", &[dns]),
        ("--protocol fwmark", &[mark]),
        ("--protocol sctp", &[]),
        ("--server 10.0.0.11", &[web1, dns]),
        ("-r 10.0.0.11:53", &[dns]),
        ("--method dr", &[web1, web3, mark]),
        ("--method NAT", &[web2]),
        ("--method tun", &[dns]),
        ("--method local", &[]),
        ("--drained", &[web2, dns]),
        ("--empty", &[dns, bare]),
        ("--empty --protocol tcp", &[bare]),
        ("--drained --server 10.0.0.11 --vip 192.0.2.0/23", &[dns]),
        ("--full", &[]),
        ("tcp/192.0.2.1:80 --drained", &[web2]),
        ("fwmark/7 --drained", &[]),
    ] {
        assert_eq!(listed(&host, options), expected, "{options}");
    }
    // Without rights it is what there is to read.
    let as_nobody = |options: &str| host.sh(&format!("{NOBODY} rsctl list {options}"));
    let drained = as_nobody("--drained -o csv --no-header --columns server,weight,upper,conns");
    host.must("rsctl add-service fwmark/9/ipv6");
    let marks = "--protocol fwmark -o csv --no-header --columns service,server,scheduler";
    let marks = as_nobody(marks).stdout;
    assert!(marks.lines().all(|line| line.starts_with(',')) && !marks.is_empty(), "{marks}");
    assert_eq!(
        (drained.status, drained.stdout.as_str()),
        (0, "10.0.0.12:8080,0,,\n10.0.0.11:53,0,,\n")
    );
    assert!(drained.stderr.starts_with("warning: without CAP_NET_ADMIN "), "{}", drained.stderr);
    let full = as_nobody("--full");
    assert_eq!((full.status, full.stdout.as_str()), (1, ""));
    assert!(
        full.stderr.starts_with("error: cannot list the services with thresholds to filter by: "),
        "{}",
        full.stderr
    );
}

#[test]
fn a_full_server_has_as_many_connections_as_its_threshold() {
    let (network, _web) = balanced();
    let director = &network.director;
    // Three each.
    let set = |upper| {
        director
            .must(&format!("rsctl edit-server tcp/198.51.100.10:80 -r 10.0.0.11 -x {upper} -y 1"));
    };
    set(4);
    assert_eq!(listed(director, "--full"), [""; 0]);
    set(3);
    let full = "tcp/198.51.100.10:80,10.0.0.11:80";
    assert_eq!(listed(director, "--full"), [full]);
    // It counts for its service, as all of its servers do.
    let shares = "--no-header --columns weight,weight_share,active_share,inactive";
    let shown = must(director, &format!("--full -o csv {shares}"));
    assert!(shown.starts_with("1,25.0,"), "{shown}");
    let sums = must(director, &format!("{shares} --sums"));
    let sums = sums.lines().last().unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(sums[0], "4", "{sums:?}");
    let all = must(director, "--sums");
    assert!(all.lines().last().unwrap().starts_with("Sum  "), "{all}");
}

/// Reads what RFC 4180 says.
fn csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                row.last_mut().unwrap().push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\n' if !is_quoted => rows.push(vec![String::new()]),
            c => row.last_mut().unwrap().push(c),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last line has no end");
    rows
}

#[test]
fn csv_holds_what_json_does() {
    let host = director();
    let rows = csv(&must(&host, "-o csv"));
    let document: Value = serde_json::from_str(&must(&host, "--json")).unwrap();
    let pretty = must(&host, "-o json-pretty");
    assert!(pretty.lines().count() > 100, "{pretty}");
    let parsed: Value = serde_json::from_str(&pretty).unwrap();
    let names = |document: &Value| document["services"].as_array().unwrap().len();
    assert_eq!(names(&parsed), names(&document));
    assert_eq!(must(&host, "-o json").lines().count(), 1);

    let place = |name: &str| rows[0].iter().position(|column| column == name).expect(name);
    let find = |service: &str, server: &str| {
        let is =
            |row: &&Vec<String>| row[place("service")] == service && row[place("server")] == server;
        rows.iter().find(is).unwrap_or_else(|| panic!("no {service} {server} in {rows:?}"))
    };
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{rows:?}");
    for service in document["services"].as_array().unwrap() {
        let text = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name = text(&service["service"]);
        let servers = service["servers"].as_array().unwrap();
        if servers.is_empty() {
            let row = find(&name, "");
            assert!(row[place("server")..].iter().all(String::is_empty), "{row:?}");
        }
        for server in servers {
            let row = find(&name, &text(&server["server"]));
            let flags = service["scheduler_flags"].as_array().unwrap();
            let flags: Vec<_> = flags.iter().map(text).collect();
            for (column, expected) in [
                ("protocol", &service["protocol"]),
                ("vip", &service["address"]),
                ("vip_port", &service["port"]),
                ("scheduler", &service["scheduler"]),
                ("flags", &json!(flags.join(","))),
                ("persistent", &service["persistent"]["timeout_seconds"]),
                ("address", &server["address"]),
                ("port", &server["port"]),
                ("weight", &server["weight"]),
                ("upper", &server["upper_threshold"]),
                ("lower", &server["lower_threshold"]),
                ("active", &server["connections"]["active"]),
                ("inactive", &server["connections"]["inactive"]),
                ("clients", &server["connections"]["persistent"]),
                ("conns", &server["stats"]["connections"]),
                ("out_bytes", &server["stats"]["outgoing_bytes"]),
                ("in_pps", &server["stats"]["incoming_packets_per_second"]),
            ] {
                assert_eq!(row[place(column)], text(expected), "{name} {column}: {row:?}");
            }
        }
    }
    let share = |server: &str| find("tcp/192.0.2.1:80", server)[place("weight_share")].clone();
    assert_eq!([share("10.0.0.11:80"), share("10.0.0.12:8080")], ["60.0", "0.0"]);
}

#[test]
fn columns_are_picked_and_headers_left_out() {
    let host = director();
    assert_eq!(
        must(&host, "--columns server,weight,method -r 10.0.0.11"),
        "server       weight method\n10.0.0.11:80      3 dr\n10.0.0.11:53      0 tun\n"
    );
    let bare = must(&host, "--no-header");
    assert!(bare.starts_with("TCP  192.0.2.1:80 "), "{bare}");
    assert_eq!(must(&host, ""), format!("{}{bare}", head(&must(&host, ""), 3)));
    let rates = must(&host, "--no-header --rate");
    assert!(rates.starts_with("TCP  192.0.2.1:80 "), "{rates}");
    let wide = must(&host, "-o wide");
    assert_eq!(wide.lines().count(), 7, "{wide}");
    assert!(wide.starts_with("service "), "{wide}");

    let refused = |options: &str| {
        let output = host.sh(&format!("rsctl list {options}"));
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{options}");
        output.stderr
    };
    let unknown = refused("--columns server,wight");
    assert!(unknown.starts_with("error: `wight` is not a value of `--columns "), "{unknown}");
    assert!(unknown.contains("`weight`, `weight_share`, `upper`"), "{unknown}");
    assert!(unknown.contains("did you mean `weight`?"), "{unknown}");
    assert_eq!(
        refused("-o json --columns server"),
        "{\"error\":\"cannot list the services: columns are picked of the forms wide and csv\",\
         \"exit_code\":2,\"hints\":[\"use -o wide or -o csv\"]}\n"
    );
    assert!(refused("--json -o csv").contains("`--json` cannot be used together with "));
    assert!(refused("--watch=0").contains("interval 0 is out of range"));
}

fn head(text: &str, lines: usize) -> String {
    text.split_inclusive('\n').take(lines).collect()
}

#[test]
fn a_watched_list_shows_what_changes() {
    let host = director();
    host.must(TERMINALS);
    let mut shell = Shell::start(&host, "bash --norc -i", "PS1=");
    shell.press("tty\r");
    shell.until("/dev/pts/");
    let terminal = format!("/dev/pts/{}", shell.until("\r\n"));
    shell.press("rsctl list --watch=1 --protocol tcp; echo EN''D $?\r");
    const CLEAR: &str = "\x1b[H\x1b[J";
    shell.until(CLEAR);
    let first = shell.until(CLEAR);
    assert!(first.contains("10.0.0.12:8080") && !first.contains("192.0.3.1"), "{first:?}");

    host.must("rsctl add-server tcp/192.0.2.1:80 -r 10.0.0.99:80");
    shell.until("10.0.0.99:80");
    shell.until(CLEAR);
    let all = shell.until(CLEAR);
    assert_eq!(all.lines().count(), 9, "{all:?}");
    // A small terminal is told what it does not show, and a narrow one folds.
    host.must(&format!("stty -F {terminal} rows 6 cols 30"));
    shell.until(" lines more\r\n");
    shell.until(CLEAR);
    let small = shell.until(CLEAR);
    assert!(small.lines().count() <= 5 && small.ends_with(" lines more\r\n"), "{small:?}");
    // What goes wrong is said, and passes.
    host.must(&format!("stty -F {terminal} rows 50 cols 250"));
    shell.press("\x03");
    let rest = shell.until("END 0\r\n");
    assert!(rest.ends_with("\r\x1b[K"), "{rest:?}");

    shell.press("rsctl list --watch=1 udp/192.0.3.1:53; echo EN''D $?\r");
    shell.until("10.0.0.11:53");
    host.must("rsctl delete-service udp/192.0.3.1:53");
    shell.until("\x1b[Jerror: cannot list service udp/192.0.3.1:53: there is no such service\r\n");
    host.must("rsctl add-service udp/192.0.3.1:53");
    shell.until("\x1b[JIP Virtual Server");
    shell.press("\x03");
    shell.until("END 0\r\n");
    // That it is not all is not what is cut off.
    host.must(&format!("stty -F {terminal} rows 8 cols 80"));
    shell.press(&format!("{NOBODY} rsctl list --watch=1; echo EN''D $?\r"));
    shell.until("\x1b[Jwarning: without CAP_NET_ADMIN");
    shell.until(" lines more\r\n");
    shell.press("\x03");
    shell.until("END 0\r\n");
    host.must(&format!("stty -F {terminal} rows 50 cols 250"));
    // The first list has to succeed.
    shell.press("rsctl list --watch=1 udp/192.0.3.1:54; echo EN''D $?\r");
    shell.until("END 6\r\n");
}

#[test]
fn a_watched_list_that_nobody_sees_goes_on_behind_the_one_before() {
    let host = director();
    let watched = |options: &str| {
        let watch = "timeout -s INT --preserve-status 3 rsctl list --watch=1";
        let output = host.sh(&format!("{watch} {options}"));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{options}");
        output.stdout
    };
    let documents = watched("--json --method tun");
    let documents: Vec<Value> =
        documents.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(documents.len() > 1, "{documents:?}");
    assert_eq!(documents[0], documents[1]);
    let tables = watched("--drained");
    let one = must(&host, "--drained");
    assert!(tables.starts_with(&format!("{one}\n{one}")), "{tables}");
    // A reader that has seen enough ends it.
    let output = host.sh("timeout 30 rsctl list --watch=1 --no-header | head -1");
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    for (options, why) in [
        ("-o csv", "one CSV file does not hold several tables"),
        ("-o json-pretty", "only a document on one line can be told from the next"),
    ] {
        let output = host.sh(&format!("rsctl list --watch {options}"));
        let error = format!("cannot list the services: {why}");
        assert_eq!(output.status, 2, "{options}");
        assert!(output.stderr.contains(&error), "{}", output.stderr);
    }
}
