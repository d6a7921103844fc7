// SPDX-License-Identifier: MIT OR Apache-2.0

//! `docs/cluster-file.md` against the reader: its files are read, its tables have all keys and no
//! others, and what it says of bad files is what is said of them.

#![cfg(feature = "cluster")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use ipvs_cluster::cluster;

const PAGE: &str = include_str!("../../../docs/cluster-file.md");
const TOLD: &str = include_str!("../src/cluster/tests/problems.txt");

#[test]
fn its_files_are_read() {
    let files: Vec<_> = PAGE.split("```yaml\n").skip(1).map(|it| it.split("```").next()).collect();
    assert!(files.len() >= 4);
    for file in files.into_iter().flatten() {
        let cluster = cluster::read(file.as_bytes()).expect(file);
        assert_eq!(cluster.warnings(), [], "{file}");
    }
    let first = PAGE.split("```yaml\n").nth(1).and_then(|it| it.split("```").next()).unwrap();
    assert!(first.lines().count() <= 24);
    let cluster = cluster::read(first.as_bytes()).unwrap();
    let services = cluster.desired().services();
    let servers: usize = services.iter().map(|wanted| wanted.servers.len()).sum();
    let said = format!("cluster.yaml: {} services, {servers} servers\n", services.len());
    assert!(PAGE.contains(&said), "{said}");
}

/// The keys that the reader names when it is asked for one that is none.
fn keys(file: &str) -> BTreeSet<String> {
    let cluster::Problems(problems) = cluster::read(file.as_bytes()).unwrap_err();
    let problem = problems.iter().find(|it| it.message.contains("`qqq`")).expect(file);
    let hint = problem.hint.as_deref().unwrap();
    let (_, keys) = hint.split_once(" has `").expect(hint);
    keys.trim_end_matches('`').split("`, `").map(str::to_owned).collect()
}

#[test]
fn its_tables_have_every_key() {
    let service = |inner: &str| {
        format!("format: ipvs-cluster/1\nservices: [{{service: fwmark/1, {inner}}}]\n")
    };
    let of = |inner: &str| format!("format: ipvs-cluster/1\n{inner}\nservices: []\n");
    for (heading, file) in [
        ("Of the file:", of("qqq: 1")),
        ("Of a service:", service("servers: [], qqq: 1")),
        ("Of `persistent`:", service("servers: [], persistent: {qqq: 1}")),
        ("Of a pool:", of("pools: {a: {servers: [], qqq: 1}}")),
        ("Of a server:", service("servers: [{server: 10.0.0.1, qqq: 1}]")),
        ("Of `tunnel`:", service("servers: [], tunnel: {type: ipip, qqq: 1}")),
        ("Of `director`:", of("director: {qqq: 1}")),
        ("Of `timeouts`,", of("director: {timeouts: {qqq: 1}}")),
        ("Of a daemon:", of("director: {daemons: [{role: master, qqq: 1}]}")),
        ("Of `scope`:", of("scope: {qqq: 1}")),
    ] {
        let (_, table) = PAGE.split_once(&format!("\n{heading}")).expect(heading);
        let rows = table.lines().skip(4).take_while(|line| line.starts_with("| `"));
        let written: BTreeSet<String> =
            rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect();
        assert_eq!(written, keys(&file), "{heading}");
    }
    let (_, rest) = PAGE.split_once("\nOf `defaults`:").unwrap();
    let line = rest.lines().next().unwrap();
    let written: BTreeSet<String> = line.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(written, keys(&of("defaults: {qqq: 1}")));
}

#[test]
fn what_it_says_of_bad_files_is_said() {
    let (_, table) = PAGE.split_once("| in the file | what is said |\n|---|---|\n").unwrap();
    let mut rows = 0;
    for row in table.lines().take_while(|line| line.starts_with('|')) {
        let said = row.rsplit(" | ").next().unwrap();
        let said = said.rsplit_once(" (").map_or(said, |(said, _)| said);
        let said = said.trim_end_matches(" |").trim_matches('`').trim();
        let is_told =
            |line: &str| line.split_once(": ").is_some_and(|(_, message)| message == said);
        // How many there may be is no matter of the table.
        let is_limit = said.starts_with("more than 32");
        assert!(is_limit || TOLD.lines().any(is_told), "{said}");
        rows += 1;
    }
    assert!(rows > 15, "{rows} rows");
}
