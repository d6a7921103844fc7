// SPDX-License-Identifier: MIT OR Apache-2.0

//! The events of `docs/agent-json.md` against what `rs-agent run` writes: none that is not there,
//! each one seen, with the levels and fields that the page says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::agent::real_server;
use crate::documented::hold;
use crate::running::{LATE, Run, holds};

const PAGE: &str = include_str!("../../../../docs/agent-json.md");

/// Any event that there may be many of has these; here two have.
const UPPER_BOUND: [&str; 2] = ["count", "last"];

/// A field of an event that only somebody brings about who takes the host down in the same moment.
const LOST_RACE: (&str, &str) = ("taken-down", "nothing-to-do");

/// Of each event its levels and its fields.
type Events = BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>;

/// What the second table of the page says.
fn documented() -> Events {
    let (_, table) = PAGE.split_once("\n## Each event of `run`\n").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(", ").map(|word| word.trim_matches(['`', ' ']).to_owned());
        words.filter(|word| !word.is_empty()).collect()
    };
    let row = |row: &str| {
        let mut cells = row.split('|');
        let mut cell = || cells.next().unwrap();
        let name = cell().trim_matches(['`', ' ']).to_owned();
        (name, (words(cell()), words(cell())))
    };
    rows.map(row).collect()
}

#[test]
fn events_are_as_documented() {
    let network = real_server();
    let host = &network.servers[0];
    let file = "/run/rs-agent.toml";
    let configure = |text: &str| {
        host.enter(|| fs::write(file, text)).unwrap();
        host.must(&format!("chmod 600 {file}"));
    };
    let mut log = String::new();
    let json = "--log-format json --on-stop teardown";
    let many: Vec<String> = (1..=12).map(|n| format!("\"10.9.0.{n}\"")).collect();
    let both = format!("mode = \"dr\"\nvip = [\"192.0.2.10\", {}]\n", many.join(", "));
    let one = "mode = \"dr\"\nvip = [\"192.0.2.10\"]\n";
    let is_there = || holds(host, "ip -o addr show dev lo | grep -q 192.0.2.10/32");

    host.must("ip addr add 10.9.0.1/32 dev lo scope host");
    configure(&both);
    let mut run = Run::start(host, &format!("--config {file} {json}"));
    run.hears("STATUS=");
    run.behind_its_back(host, "ip addr flush dev lo scope host to 10.9.0.0/24");
    run.says("\"count\":\"12\"");
    run.behind_its_back(host, "rm /run/rs-agent/netns-*.json");
    run.says("it is written again");
    for _ in 0..3 {
        host.must("ip addr del 192.0.2.10/32 dev lo");
        run.until(LATE, "a repair", is_there);
    }
    run.says("undone-again");
    host.must("sysctl -qw net.ipv4.conf.all.arp_ignore=2");
    run.says("not-ours");
    host.must("ip addr add 192.0.2.10/32 dev eth0");
    run.says("problem");
    host.must("ip addr del 192.0.2.10/32 dev eth0");
    run.says("cleared");
    configure("mode = 7\n");
    run.signal(Signal::SIGHUP);
    run.says("not-reloaded");
    configure(one);
    run.signal(Signal::SIGHUP);
    run.says("\"reloaded\"");
    // More than may be told: ten lines each.
    host.must("for n in 1 2 3 4 5 6 7 8; do ip addr add 10.8.0.$n/32 dev lo scope host; done");
    let theirs: Vec<String> = (1..=8).map(|n| format!("\"10.8.0.{n}\"")).collect();
    configure(&format!("mode = \"dr\"\nvip = [\"192.0.2.10\", {}]\n", theirs.join(", ")));
    for _ in 0..40 {
        run.signal(Signal::SIGHUP);
        run.hears("READY=1");
    }
    run.says("suppressed");
    run.behind_its_back(
        host,
        "for i in $(seq 2000); do echo addr add 10.8.9.9/32 dev dummy0; \
         echo addr del 10.8.9.9/32 dev dummy0; done | ip -batch -",
    );
    run.says("lost-notices");
    run.signal(Signal::SIGTERM);
    log += &run.ends().1;

    let mut run = Run::start(host, "--mode dr --vip 192.0.2.10 --log-format json");
    run.signal(Signal::SIGTERM);
    log += &run.ends().1;
    let mut run = Run::start(host, "--mode dr --vip 192.0.2.10 --log-format json");
    host.must("rs-agent teardown");
    log += &run.ends().1;

    let events: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    hold(PAGE, "Events of `run`", &events, &[]);
    let mut seen = Events::new();
    for event in &events {
        let event = event.as_object().unwrap();
        let (levels, fields) = seen.entry(event["event"].as_str().unwrap().to_owned()).or_default();
        levels.insert(event["level"].as_str().unwrap().to_owned());
        let common = ["time", "level", "event"];
        fields.extend(event.keys().filter(|key| !common.contains(&key.as_str())).cloned());
    }
    let documented = documented();
    let names = |events: &Events| events.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&seen), names(&documented), "{log}");
    for (name, (levels, fields)) in &seen {
        let (all_levels, all_fields) = &documented[name];
        assert_eq!(levels, all_levels, "{name}: {log}");
        let may_be =
            |field: &str| UPPER_BOUND.contains(&field) || (name.as_str(), field) == LOST_RACE;
        let unseen: Vec<_> = all_fields.difference(fields).filter(|it| !may_be(it)).collect();
        assert!(fields.is_subset(all_fields) && unseen.is_empty(), "{name}: {fields:?} {log}");
    }
}
