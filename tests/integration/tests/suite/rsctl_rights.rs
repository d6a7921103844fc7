// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl` shows to who may not ask the kernel, and what it refuses to show.

use lab::{Host, NOBODY};
use serde_json::Value;

/// Services of every kind, with all that `/proc/net/ip_vs` does not show.
const TABLE: &str = "
    rsctl add-service -t 192.0.2.1:80 -s mh --sched-flags mh-port -p 600 -M 255.255.255.0
    rsctl add-server -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 5 -x 100 -y 50
    rsctl add-server -t 192.0.2.1:80 -r 10.0.0.2 -i -w 0 --tun-type gue --tun-port 6080
    rsctl add-server -t 192.0.2.1:80 -r 10.0.0.3 -g
    rsctl add-service -u 192.0.2.1:5060 -s rr -p 60 --pe sip --ops
    rsctl add-service -t '[2001:db8::1]:80' -s wrr -p 60 -M 64
    rsctl add-server -t '[2001:db8::1]:80' -r '[2001:db8::2]:80' -g
    rsctl add-service -f 7 -s rr -p 60
    rsctl add-service -f 8 -6 -s wlc";

fn director() -> Host {
    let host = Host::new("director");
    host.must(TABLE);
    host
}

/// Holds what everyone sees against what root sees: what is there is the same, and what is
/// not is told.
fn compare(path: &str, public: &Value, whole: &Value, lacks: &mut Vec<String>) {
    match (public, whole) {
        (Value::Object(public), Value::Object(whole)) => {
            assert!(public.keys().all(|name| whole.contains_key(name)), "{path}: {public:?}");
            for (name, value) in whole {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{name}");
                match public.get(name) {
                    Some(public) => compare(&path, public, value, lacks),
                    None => lacks.push(path),
                }
            }
        }
        (Value::Array(public), Value::Array(whole)) => {
            assert_eq!(public.len(), whole.len(), "{path}");
            for (public, whole) in public.iter().zip(whole) {
                compare(&format!("{path}[]"), public, whole, lacks);
            }
        }
        _ => assert_eq!(public, whole, "{path}"),
    }
}

#[test]
fn everyone_sees_what_the_kernel_tells_everyone() {
    let host = director();
    let json = |command: &str| -> Value {
        let output = host.must(command);
        serde_json::from_str(&output.stdout).unwrap()
    };
    let whole = json("rsctl list --json");
    let mut public = json(&format!("{NOBODY} rsctl list --json"));
    let said = public.as_object_mut().unwrap().remove("lacks").expect("it lacks much");
    let mut lacks = Vec::new();
    compare("", &public, &whole, &mut lacks);
    let mut said: Vec<_> =
        said.as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned()).collect();
    said.sort();
    lacks.sort();
    lacks.dedup();
    assert_eq!(said, lacks);

    let output = host.must(&format!("{NOBODY} rsctl list"));
    let words = |text: &str| {
        let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        text.lines().skip(3).map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        words(&output.stdout),
        [
            "TCP 192.0.2.1:80 mh persistent mask 255.255.255.0",
            "-> 10.0.0.1:8080 nat 5 0 0",
            "-> 10.0.0.2:80 tun 0 0 0",
            "-> 10.0.0.3:80 dr 1 0 0",
            "UDP 192.0.2.1:5060 rr persistent ops",
            "TCP [2001:db8::1]:80 wrr persistent mask 64",
            "-> [2001:db8::2]:80 dr 1 0 0",
            "FWM 7 rr persistent",
            "FWM 8 wlc",
        ]
    );
    assert!(output.stderr.starts_with("warning: without CAP_NET_ADMIN this is what /proc"));
    assert!(output.stderr.contains("\nhint: run it as root"), "{}", output.stderr);
    assert!(!output.stderr.contains("may be missing"), "{}", output.stderr);
    let one = host.must(&format!("{NOBODY} rsctl list -t '[2001:db8::1]:80'"));
    assert_eq!(words(&one.stdout).len(), 2, "{}", one.stdout);
}

#[test]
fn what_only_root_may_know_is_refused() {
    let host = director();
    let denied = "the kernel did not permit it (EPERM)";
    let none = format!("{denied}, and /proc/net/ip_vs has none");
    let lists = [
        ("--stats", "counters"),
        ("--rate", "rates"),
        ("--thresholds", "thresholds"),
        ("--persistent-conn", "the clients remembered"),
        ("--tun-info", "tunnels"),
        ("--sort bytes", "counters to sort by"),
        ("--sort rate --json", "rates to sort by"),
    ];
    let rows = lists.map(|(options, what)| {
        (format!("list {options}"), format!("cannot list the services with {what}: {none}"))
    });
    let too_little =
        format!("cannot save the table: {denied}, and /proc/net/ip_vs lacks too much of it");
    let others = [
        ("save", too_little.clone()),
        ("save --format ipvsadm", too_little.clone()),
        ("export", too_little.replace("cannot save", "cannot export")),
        ("clear", format!("cannot delete all services: {denied}")),
        ("clear --dry-run", format!("cannot delete all services: {denied}")),
        // Nobody knows what it would do.
        (
            "delete-service tcp/192.0.2.9:80 --dry-run",
            format!("cannot read service tcp/192.0.2.9:80: {denied}"),
        ),
        (
            "delete-server tcp/192.0.2.9:80 -r 10.0.0.9 --dry-run",
            format!("cannot list the servers of tcp/192.0.2.9:80: {denied}"),
        ),
        ("timeouts", format!("cannot read the timeouts: {denied}")),
        (
            "list -t 192.0.2.9:80",
            "cannot list service tcp/192.0.2.9:80: there is no such service".to_owned(),
        ),
        (
            "list --netns /proc/1/ns/net",
            "cannot enter network namespace /proc/1/ns/net: ".to_owned(),
        ),
    ];
    let others = others.map(|(command, error)| (command.to_owned(), error));
    for (command, error) in rows.into_iter().chain(others) {
        let output = host.feed(&format!("{NOBODY} rsctl {command}"), "");
        let status = if error.ends_with("no such service") { 6 } else { 1 };
        assert_eq!(output.status, status, "{command}: {}", output.stderr);
        assert_eq!(output.stdout, "", "{command}");
        let (says, hint) = if command.contains("--json") {
            (format!("{{\"error\":\"{error}"), "\"hints\":[\"")
        } else {
            (format!("error: {error}"), "\nhint: ")
        };
        assert!(output.stderr.starts_with(&says), "{command}: {}", output.stderr);
        assert!(output.stderr.contains(hint), "{command}: {}", output.stderr);
    }
}
