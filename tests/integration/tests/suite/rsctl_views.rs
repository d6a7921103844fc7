// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl` shows besides the table, and what it sets besides services: views,
//! connections, counters, timeouts, sync daemons; in this namespace or another,
//! for real or as a dry run.

use std::time::{Duration, Instant};

use lab::{Family, Host, Network, Output, WebServer};
use serde_json::{Value, json};

fn rsctl(host: &Host, command: &str) -> Output {
    host.sh(&format!("rsctl {command}"))
}

#[track_caller]
fn must(host: &Host, command: &str) -> String {
    host.must(&format!("rsctl {command}")).stdout
}

#[track_caller]
fn json(host: &Host, command: &str) -> Value {
    serde_json::from_str(&must(host, &format!("{command} --json"))).unwrap()
}

#[track_caller]
fn refused(host: &Host, command: &str, status: i32, stderr: &str) {
    let output = rsctl(host, command);
    assert_eq!((output.status, output.stdout.as_str()), (status, ""), "{command}");
    assert_eq!(output.stderr, stderr, "{command}");
}

/// A director with one NAT service that has answered 6 requests.
pub(crate) fn balanced() -> (Network, Vec<WebServer>) {
    let network = Network::nat(2);
    network.director_takes_vip(Family::Ipv4);
    for server in &network.servers {
        server.must("ip route add default via 10.0.0.1");
    }
    network.director.must(network.forward_command(Family::Ipv4));
    network.director.must(
        "ipvsadm -A -t 198.51.100.10:80 -s rr &&
         ipvsadm -a -t 198.51.100.10:80 -r 10.0.0.11 -m -x 100 -y 50 &&
         ipvsadm -a -t 198.51.100.10:80 -r 10.0.0.12 -m -w 3",
    );
    let web = network.servers.iter().map(|server| WebServer::start(server, 80)).collect();
    let answers = network.client.get("198.51.100.10:80".parse().unwrap(), 6);
    assert!(answers.iter().all(Result::is_ok));
    (network, web)
}

/// Words of the lines, so that widths do not matter.
fn words(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Rates change with each sample: those of theirs lie between two of ours.
#[track_caller]
fn rates_are_theirs(network: &Network) {
    let director = &network.director;
    let numbers = |text: &str| -> Vec<Vec<String>> {
        let rows = text.lines().map(|row| row.split_whitespace().map(str::to_owned).collect());
        rows.skip(3).collect()
    };
    let ours = || numbers(&must(director, "list --rate"));
    network.client.get("198.51.100.10:80".parse().unwrap(), 60);
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let before = ours();
        let theirs = numbers(&director.must("ipvsadm -Ln --rate").stdout);
        let after = ours();
        let rate = |text: &String| text.parse::<u64>().ok();
        let is_between = |((before, theirs), after): ((&String, &String), &String)| match (
            rate(before),
            rate(theirs),
            rate(after),
        ) {
            (Some(before), Some(theirs), Some(after)) => {
                (before.min(after)..=before.max(after)).contains(&theirs)
            }
            _ => before == theirs && theirs == after,
        };
        let cells =
            before.iter().flatten().zip(theirs.iter().flatten()).zip(after.iter().flatten());
        let counted = before.iter().flatten().filter_map(rate).any(|rate| rate > 0);
        let lengths = [&before, &theirs, &after].map(|table| table.iter().flatten().count());
        if counted && lengths == [lengths[0]; 3] && cells.into_iter().all(is_between) {
            return;
        }
        assert!(Instant::now() < end, "ours {before:#?}\ntheirs {theirs:#?}\nours {after:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn views_show_what_ipvsadm_shows() {
    let (network, _web) = balanced();
    let director = &network.director;
    // Counters are sampled every 2 seconds.
    let end = Instant::now() + Duration::from_secs(10);
    while !must(director, "list --stats --exact").contains(" 6 ") {
        assert!(
            Instant::now() < end,
            "the kernel does not count: {}",
            must(director, "list --stats --exact")
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    for view in ["--stats --exact", "--thresholds", "--persistent-conn"] {
        let ours = words(&must(director, &format!("list {view}")));
        let theirs = words(&director.must(&format!("ipvsadm -Ln {view}")).stdout);
        // Theirs repeats scheduler and flags in each view.
        let plain = |line: &String| line.trim_end_matches(" rr").to_owned();
        assert_eq!(
            ours.iter().map(plain).collect::<Vec<_>>(),
            theirs.iter().map(plain).collect::<Vec<_>>()
        );
    }
    assert!(must(director, "list --tun-info").contains("n/a"));
    rates_are_theirs(&network);
    let servers = |sort: &str| {
        let listed = json(director, &format!("list --sort {sort}"));
        let servers = listed["services"][0]["servers"].as_array().unwrap().clone();
        servers.iter().map(|s| s["address"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(servers("address"), ["10.0.0.11", "10.0.0.12"]);
    assert_eq!(servers("weight"), ["10.0.0.12", "10.0.0.11"]);
    assert_eq!(servers("none"), ["10.0.0.12", "10.0.0.11"]);
    assert_eq!(must(director, "list --settled"), must(director, "list"));
    refused(
        director,
        "list --stats --rate",
        2,
        "error: `--stats` cannot be used together with `--rate`\nhint: see `rsctl list --help`\n",
    );
}

#[test]
fn connections_are_filtered_grouped_and_found_dead() {
    let (network, _web) = balanced();
    let director = &network.director;
    let count = |options: &str| {
        let found = json(director, &format!("connections {options}"));
        found["connections"].as_array().unwrap().len()
    };
    assert_eq!(count(""), 6);
    assert_eq!(count("tcp/198.51.100.10:80"), 6);
    assert_eq!(count("tcp/198.51.100.10:81"), 0);
    assert_eq!(count("-r 10.0.0.11"), 3);
    assert_eq!(count("-r 10.0.0.11:80"), 3);
    assert_eq!(count("-r 10.0.0.11:81"), 0);
    assert_eq!(count("--client 198.51.100.0/24"), 6);
    assert_eq!(count("--client 198.51.100.1"), 0);
    assert_eq!(count("--templates"), 0);
    assert_eq!(count("--no-templates --top 4"), 4);
    assert_eq!(count("--expires-within 0"), 0);
    assert_eq!(count("--ghosts"), 0);
    let all = json(director, "connections --origin --sort server");
    let first = &all["connections"][0];
    assert_eq!(
        (&first["protocol"], &first["service"], &first["server"], &first["origin"]),
        (&json!("tcp"), &json!("198.51.100.10:80"), &json!("10.0.0.11:80"), &json!("local"))
    );
    let state = first["state"].as_str().unwrap();
    assert!(count(&format!("--state {}", state.to_lowercase())) > 0);
    assert_eq!(
        json(director, "connections --group-by server"),
        json!({"group_by": "server", "groups": [
            {"name": "10.0.0.11:80", "connections": 3},
            {"name": "10.0.0.12:80", "connections": 3},
        ]})
    );
    assert_eq!(
        words(&must(director, "connections --group-by client --top 1")),
        ["client connections", "198.51.100.100 6"]
    );
    let listed = must(director, "connections");
    assert_eq!(listed.lines().count(), 7, "{listed}");

    must(director, "delete-server tcp/198.51.100.10:80 -r 10.0.0.12");
    assert_eq!(count("--ghosts"), 3);
    assert_eq!(count("--ghosts -r 10.0.0.11"), 0);
    must(director, "delete-service tcp/198.51.100.10:80");
    assert_eq!(count("--ghosts"), 6);
    // A mark's service with the server may be what keeps them alive.
    director.must("ipvsadm -A -f 7 -s rr && ipvsadm -a -f 7 -r 10.0.0.11:0 -m");
    assert_eq!(count("--ghosts"), 3);
    assert_eq!(count("fwmark/7"), 3);
    refused(
        director,
        "connections --client 198.51.100.0/33",
        2,
        "error: prefix length 33 is out of range: use 0 to 32\nhint: see `rsctl connections --help`\n",
    );
}

#[test]
fn counters_are_zeroed() {
    let host = Host::new("director");
    must(&host, "add-service tcp/192.0.2.1:80");
    assert_eq!(must(&host, "zero -v"), "zeroed all counters\n");
    assert_eq!(
        must(&host, "zero tcp/192.0.2.1:80 -v"),
        "zeroed the counters of tcp/192.0.2.1:80\n"
    );
    assert_eq!(
        json(&host, "zero -t 192.0.2.1:80"),
        json!({"changed": [{"action": "zero", "service": "tcp/192.0.2.1:80"}]})
    );
    refused(
        &host,
        "zero tcp/192.0.2.1:81",
        6,
        "error: cannot zero the counters of tcp/192.0.2.1:81: there is no service tcp/192.0.2.1:81 \
         (ESRCH)\nhint: list the services to see protocol, address and port\n",
    );
}

#[test]
fn timeouts_are_shown_and_set() {
    let host = Host::new("director");
    assert_eq!(words(&must(&host, "timeouts")), ["tcp 900 s", "tcp-fin 120 s", "udp 300 s"]);
    assert_eq!(
        must(&host, "timeouts --tcp 7200 --dry-run"),
        "would set the timeouts: tcp 900 -> 7200\n"
    );
    assert_eq!(json(&host, "timeouts"), json!({"tcp": 900, "tcp_fin": 120, "udp": 300}));
    assert_eq!(must(&host, "timeouts --tcp 7200 --udp 10"), "");
    assert_eq!(json(&host, "timeouts"), json!({"tcp": 7200, "tcp_fin": 120, "udp": 10}));
    let shown = host.must("ipvsadm -Ln --timeout").stdout;
    assert_eq!(shown.trim(), "Timeout (tcp tcpfin udp): 7200 120 10");
    // What is so already is no change.
    for (options, told) in
        [("--tcp 7200", "nothing to change\n"), ("--udp 9", "set the timeouts: udp 10 -> 9\n")]
    {
        let said = must(&host, &format!("timeouts {options} --dry-run"));
        assert_eq!(said.strip_prefix("would ").unwrap_or(&said), told);
        assert_eq!(must(&host, &format!("timeouts {options} -v")), told);
    }
    assert_eq!(json(&host, "timeouts --tcp 7200 --udp 9"), json!({"changed": []}));
    assert_eq!(
        json(&host, "timeouts --tcp 7200 --udp 10"),
        json!({"changed": [{
            "action": "set-timeouts",
            "before": {"tcp": 7200, "tcp_fin": 120, "udp": 9},
            "after": {"tcp": 7200, "tcp_fin": 120, "udp": 10},
        }]})
    );
    refused(
        &host,
        "timeouts --tcp 0",
        2,
        "error: timeout 0 is out of range: use 1 to 2678400 seconds\n\
         hint: leave the option out to leave the timeout as it is\nhint: see `rsctl timeouts --help`\n",
    );
}

#[test]
fn daemons_are_started_compared_and_stopped() {
    let (here, there) = (Host::new("here"), Host::new("there"));
    assert_eq!(must(&here, "sync-daemon"), "no sync daemon runs\n");
    let start = "sync-daemon start master --interface lo --syncid 7 --port 9000";
    assert_eq!(
        must(&here, &format!("{start} --dry-run")),
        "would start the master sync daemon: port 9000, syncid 7\n"
    );
    assert_eq!(must(&here, "sync-daemon"), "no sync daemon runs\n");
    assert_eq!(must(&here, start), "");
    assert_eq!(
        json(&here, "sync-daemon")["daemons"],
        json!([{"role": "master", "interface": "lo", "syncid": 7, "maxlen": 1472,
            "group": "224.0.0.81", "port": 9000, "ttl": 1}])
    );
    must(&there, "sync-daemon start backup --interface lo --syncid 8");
    let status = json(&there, "sync-daemon status").to_string();
    let compared = here.feed("rsctl sync-daemon status --peer -", &status);
    assert_eq!(compared.status, 1, "{}", compared.stderr);
    assert!(
        compared.stdout.contains("problem: this master uses sync id 7, and the peer's backup 8")
    );
    assert!(
        compared.stdout.contains("problem: this master uses port 9000, and the peer's backup 8848")
    );
    must(&there, "sync-daemon stop backup");
    // ipvsadm's names for the options.
    must(&there, "sync-daemon start backup --mcast-interface lo --syncid 7 --mcast-port 9000");
    let status = json(&there, "sync-daemon status").to_string();
    let compared = here.feed("rsctl sync-daemon status --peer -", &status);
    assert_eq!(compared.status, 0, "{}{}", compared.stdout, compared.stderr);
    assert!(compared.stdout.ends_with("this director and its peer agree\n"), "{}", compared.stdout);
    assert_eq!(must(&here, "sync-daemon stop master -v"), "stopped the master sync daemon\n");

    let nonsense = here.feed("rsctl sync-daemon status --peer -", "nonsense");
    assert_eq!(nonsense.status, 2);
    assert!(nonsense.stderr.starts_with("error: cannot read the peer's status from -: "));
    for (command, error) in [
        ("sync-daemon start backup --interface lo --syncid 256", "sync id 256 is out of range"),
        (
            "sync-daemon start backup --interface lo --group 10.0.0.1",
            "10.0.0.1 is not a multicast address",
        ),
        (
            "sync-daemon start backup --interface lo --maxlen 10",
            "cannot start the backup sync daemon on lo: a backup sync daemon cannot send 10 bytes",
        ),
        ("sync-daemon stop masters", "`masters` is not a value of"),
    ] {
        let output = rsctl(&here, command);
        assert_eq!(output.status, 2, "{command}");
        assert!(output.stderr.contains(error), "{command}: {}", output.stderr);
    }
}

#[test]
fn a_dry_run_says_what_would_be_and_changes_nothing() {
    let host = Host::new("director");
    must(&host, "add-service tcp/192.0.2.1:80 -s rr");
    must(&host, "add-server tcp/192.0.2.1:80 -r 10.0.0.1 -w 5");
    let before = host.must("ipvsadm -Sn").stdout;
    for (command, says) in [
        ("add-service udp/192.0.2.1:53", "would add service udp/192.0.2.1:53: scheduler wlc\n"),
        (
            "edit-service tcp/192.0.2.1:80 -s wrr",
            "would edit service tcp/192.0.2.1:80: scheduler rr -> wrr\n",
        ),
        (
            "edit-service tcp/192.0.2.1:80 -s rr",
            "nothing to change: service tcp/192.0.2.1:80 has these settings already\n",
        ),
        ("delete-service tcp/192.0.2.1:80", "would delete service tcp/192.0.2.1:80\n"),
        (
            "add-server tcp/192.0.2.1:80 -r 10.0.0.2",
            "would add server 10.0.0.2:80 to tcp/192.0.2.1:80: method dr, weight 1\n",
        ),
        (
            "edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -w 0",
            "would edit server 10.0.0.1:80 of tcp/192.0.2.1:80: weight 5 -> 0\n",
        ),
        (
            "delete-server tcp/192.0.2.1:80 -r 10.0.0.1",
            "would delete server 10.0.0.1:80 of tcp/192.0.2.1:80\n",
        ),
        ("zero", "would zero all counters\n"),
        ("clear", "would delete service tcp/192.0.2.1:80\n"),
    ] {
        assert_eq!(must(&host, &format!("{command} --dry-run")), says, "{command}");
    }
    assert_eq!(
        json(&host, "clear --dry-run"),
        json!({"dry_run": true, "changed": [
            {
                "action": "delete-service", "service": "tcp/192.0.2.1:80",
                "before": {"service": "tcp/192.0.2.1:80", "scheduler": "rr"}, "after": null,
            },
        ]})
    );
    assert_eq!(host.must("ipvsadm -Sn").stdout, before);
}

#[test]
fn another_namespace_is_named() {
    let host = Host::new("director");
    host.must("ip netns add blue && ip -n blue link set lo up");
    must(&host, "--netns blue add-service tcp/192.0.2.1:80");
    must(&host, "add-server --netns /run/netns/blue tcp/192.0.2.1:80 -r 10.0.0.1");
    assert!(host.must("ipvsadm -Sn").stdout.is_empty());
    assert!(host.must("ip netns exec blue ipvsadm -Sn").stdout.contains("-r 10.0.0.1:80"));
    assert!(must(&host, "list --netns blue").contains("10.0.0.1:80"));
    assert_eq!(must(&host, "connections --netns blue").lines().count(), 1);
    refused(
        &host,
        "list --netns green",
        1,
        "error: cannot enter network namespace green: no such file or directory\n\
         hint: `ip netns list` shows those that have names\n",
    );
    // What is no namespace is not waited for, and not acted on.
    host.must("mkfifo /run/fifo");
    let output = host.sh("timeout 60 rsctl list --netns /run/fifo");
    assert_eq!(
        (output.status, output.stderr.as_str()),
        (
            1,
            "error: cannot enter network namespace /run/fifo: it is no network namespace\n\
             hint: `ip netns list` shows those that have names\n"
        )
    );
}
