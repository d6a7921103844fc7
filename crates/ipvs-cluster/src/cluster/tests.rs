// SPDX-License-Identifier: MIT OR Apache-2.0

mod problems;
mod properties;

use super::*;

/// A site as the documentation has it, with about everything.
const SITE: &str = r#"
format: ipvs-cluster/1

vips:
  shop: [192.0.2.10, "2001:db8::10"]
  dns: 192.0.2.53

director:
  addresses: [10.0.0.1, "2001:db8:0:1::1"]
  timeouts: {tcp: 15m, tcp_fin: 2m, udp: 5m}
  sysctls: {expire_nodest_conn: 1, sync_threshold: [3, 50]}
  daemons:
    - {role: master, interface: eth1, syncid: 1}

defaults: {scheduler: wlc, method: dr}

pools:
  web:
    servers:
      - 10.0.0.11-10.0.0.12
      - {server: 10.0.0.15, weight: 3}
      - "2001:db8:0:1::11-2001:db8:0:1::12"

services:
  - service: tcp/shop:80,8000-8001
    persistent: 5m
    pool: web
  - service: [udp/dns:53, tcp/dns:53]
    scheduler: wrr
    method: nat
    servers: [10.0.0.21:5353, {server: 10.0.0.22, port: 5353, weight: 2}]
  - service: fwmark/7
    vips: shop
    pool: web
"#;

/// Writes what is wanted, a service and its servers in each line.
fn shown(cluster: &Cluster) -> Vec<String> {
    let line = |wanted: &crate::DesiredService| {
        let it = &wanted.service;
        let mut line = format!("{} {}", it.key, it.scheduler);
        if let Some(persistence) = it.persistence {
            line += &format!(" {}s", persistence.timeout);
        }
        for it in wanted.servers.iter().map(|it| it.server) {
            line += &format!(" | {} {} {}", it.key, it.forwarding, it.weight);
        }
        line
    };
    cluster.desired().services().iter().map(line).collect()
}

#[test]
fn a_site_is_read() {
    let cluster = read(SITE.as_bytes()).unwrap();
    let web4 =
        |port| format!("| 10.0.0.11:{port} dr 1 | 10.0.0.12:{port} dr 1 | 10.0.0.15:{port} dr 3");
    let web6 = |port| format!("| [2001:db8:0:1::11]:{port} dr 1 | [2001:db8:0:1::12]:{port} dr 1");
    let dns = "| 10.0.0.21:5353 nat 1 | 10.0.0.22:5353 nat 2";
    let mut expected = Vec::new();
    for port in [80, 8000, 8001] {
        expected.push(format!("tcp/192.0.2.10:{port} wlc 300s {}", web4(port)));
    }
    for port in [80, 8000, 8001] {
        expected.push(format!("tcp/[2001:db8::10]:{port} wlc 300s {}", web6(port)));
    }
    expected.push(format!("udp/192.0.2.53:53 wrr {dns}"));
    expected.push(format!("tcp/192.0.2.53:53 wrr {dns}"));
    expected.push(format!("fwmark/7 wlc {}", web4(0)));
    assert_eq!(shown(&cluster), expected);

    let timeouts = cluster.desired().timeouts().unwrap().values();
    assert_eq!((timeouts.tcp, timeouts.tcp_fin, timeouts.udp), (Some(900), Some(120), Some(300)));
    assert_eq!(cluster.desired().daemons().unwrap().len(), 1);
    let sysctls: Vec<_> =
        cluster.sysctls().iter().map(|it| format!("{}={}", it.name, it.value)).collect();
    assert_eq!(sysctls, ["expire_nodest_conn=1", "sync_threshold=3 50"]);
    assert_eq!(cluster.warnings(), []);
}

/// The part of one host: its own addresses, and no other's.
#[test]
fn a_real_server_finds_its_part() {
    let cluster = read(SITE.as_bytes()).unwrap();
    let address = |text: &str| -> IpAddr { text.parse().unwrap() };
    let own = [address("10.0.0.12"), address("2001:db8:0:1::12"), address("127.0.0.1")];
    let server = cluster.real_server(&own).unwrap();
    assert_eq!(server.addresses, own[..2]);
    let role =
        |vip, own| Role { vip: address(vip), address: own, method: ForwardingMethod::Gateway };
    // The mark is IPv4, and of its VIPs only that of the family counts.
    assert_eq!(server.roles, [role("192.0.2.10", own[0]), role("2001:db8::10", own[1])]);
    assert!(server.marks.is_empty());
    assert_eq!(server.directors.len(), 2);
    assert_eq!(cluster.real_server(&[address("10.0.0.99")]), None);
}
