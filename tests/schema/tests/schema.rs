// SPDX-License-Identifier: MIT OR Apache-2.0

//! The schema takes what the reader takes, and refuses what it refuses.

use std::fs;

use cluster_schema::{Schema, docs, examples};
use ipvs_cluster::cluster;

#[test]
fn the_documentation_has_the_schema_of_the_library() {
    let path = docs().join("cluster-file.schema.json");
    let schema = cluster::schema();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == schema,
        "docs/cluster-file.schema.json: BLESS=1 cargo test -p cluster-schema writes it"
    );
}

#[test]
fn every_example_is_read_and_fits_the_schema() {
    let schema = Schema::ours();
    let examples = examples();
    let files = examples.iter().filter(|(name, _)| name.ends_with(".yaml")).count();
    assert!(files >= 6, "{files}");
    for (name, text) in examples {
        if let Err(problems) = cluster::read(text.as_bytes()) {
            panic!("{name}: {problems:?}");
        }
        schema.check(&text).unwrap_or_else(|faults| panic!("{name}:\n{faults}"));
    }
}

/// Everything that is right in a file, so that one thing can be wrong.
const RIGHT: &str = r#"
format: ipvs-cluster/1
vips: {shop: [192.0.2.10, "2001:db8::10"]}
director:
  addresses: 10.0.0.1
  timeouts: {tcp: 15m, udp: 300}
  sysctls: {expire_nodest_conn: 1, sync_threshold: 3 50}
  daemons: [{role: master, interface: eth1, syncid: 1, port: 8848}]
defaults: {scheduler: wlc, method: nat, persistent: false}
pools:
  web: {port: 8080, weight: 2, servers: [10.0.0.1-10.0.0.9, "2001:db8::1"]}
services:
  - service: tcp/shop:80,443
    persistent: {timeout: 5m, netmask: [255.255.255.0, /64]}
    pool: web
  - service: [udp/192.0.2.53:53, udp/192.0.2.54:53]
    scheduler_flags: []
    one_packet: true
    method: tun
    tunnel: {type: gue, port: 6080, checksum: outer}
    servers: [10.0.0.2, {server: 10.0.0.3, weight: 3, upper_threshold: 9, lower_threshold: 8}]
scope: {vips: shop, servers: 10.0.0.0/24}
"#;

/// What is written instead of something in it, and is wrong.
const WRONG: &[(&str, &str)] = &[
    ("ipvs-cluster/1", "ipvs-cluster/2"),
    ("format: ipvs-cluster/1\n", ""),
    ("vips:", "addresses:"),
    ("shop: [192.0.2.10, \"2001:db8::10\"]", "shop: 80"),
    ("shop: [192.0.2.10, \"2001:db8::10\"]", "shop: {v4: 192.0.2.10}"),
    ("{shop: [", "{9shop: ["),
    ("addresses: 10.0.0.1\n", "addresses: 10.0.0.1/24\n"),
    ("tcp: 15m", "tcp: 15 minutes"),
    ("tcp: 15m", "tcp: 0"),
    ("tcp: 15m", "tcp: -1"),
    ("tcp: 15m", "tpc: 15m"),
    ("udp: 300", "udp: 3000000"),
    ("udp: 300", "udp: 1.5"),
    ("udp: 300", "udp: [300]"),
    ("expire_nodest_conn: 1", "expire_nodest_con: 1"),
    ("expire_nodest_conn: 1", "expire_nodest_conn: 2"),
    ("sync_threshold: 3 50", "sync_threshold: [3, 50, 7]"),
    ("role: master", "role: leader"),
    ("role: master, ", ""),
    ("syncid: 1", "syncid: 256"),
    ("syncid: 1", "sync: 1"),
    ("interface: eth1", "interface: an-interface-too-long"),
    ("port: 8848", "port: 0"),
    ("port: 8848", "port: \"8848\""),
    ("defaults: {", "defaults: {port: 80, "),
    ("scheduler: wlc", "scheduler: WLC"),
    ("scheduler: wlc", "scheduler: [wlc]"),
    ("method: nat", "mode: nat"),
    ("method: nat", "method: snat"),
    ("persistent: false", "persistent: true"),
    ("  web: {", "  web: {scheduler: rr, "),
    ("port: 8080", "port: 80800"),
    ("weight: 2,", "weight: two,"),
    ("weight: 2,", "weight: -1,"),
    ("weight: 2,", "weight: 2147483648,"),
    (", servers: [10.0.0.1-10.0.0.9, \"2001:db8::1\"]", ""),
    ("10.0.0.1-10.0.0.9", "10.0.0.1/29"),
    ("10.0.0.1-10.0.0.9", "web1.example"),
    ("10.0.0.1-10.0.0.9", "10"),
    ("tcp/shop:80,443", "shop:80,443"),
    ("tcp/shop:80,443", "tcp/shop"),
    ("tcp/shop:80,443", "icmp/shop:80"),
    ("tcp/shop:80,443", "fwmark/0"),
    ("tcp/shop:80,443", "tcp/shop:http"),
    ("- service: tcp/shop:80,443\n    persistent", "- persistent"),
    ("timeout: 5m", "timeout: 5 m"),
    ("timeout: 5m", "for: 5m"),
    ("pool: web", "pools: web"),
    ("    pool: web\n", ""),
    ("scheduler_flags: []", "scheduler_flags: [sh-prt]"),
    ("one_packet: true", "one_packet: yes"),
    ("one_packet: true", "one_packet: 1"),
    ("type: gue", "type: vxlan"),
    ("type: gue, ", ""),
    ("checksum: outer", "checksum: true"),
    ("server: 10.0.0.3", "address: 10.0.0.3"),
    ("weight: 3", "wieght: 3"),
    ("upper_threshold: 9", "upper_threshold: 9k"),
    ("{vips: shop, servers: 10.0.0.0/24}", "all"),
    ("{vips: shop, servers: 10.0.0.0/24}", "{vip: shop}"),
    ("servers: 10.0.0.0/24", "servers: our servers"),
];

#[test]
fn both_refuse_what_is_wrong() {
    let schema = Schema::ours();
    let _ = cluster::read(RIGHT.as_bytes()).unwrap();
    schema.check(RIGHT).unwrap();
    let mut taken = Vec::new();
    for (right, wrong) in WRONG {
        assert!(RIGHT.contains(*right), "{right}");
        let file = RIGHT.replacen(right, wrong, 1);
        let refused = (cluster::read(file.as_bytes()).is_err(), schema.check(&file).is_err());
        if refused != (true, true) {
            taken.push(format!("`{wrong}` for `{right}`: reader, schema: {refused:?}"));
        }
    }
    assert!(taken.is_empty(), "{}", taken.join("\n"));
}
