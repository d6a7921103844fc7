// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    Destination, ForwardingMethod, Netmask, Persistence, Scheduler, Service, Thresholds, Timeouts,
    Tunnel, Weight, unchecked,
};

use super::*;
use crate::cluster;
use crate::observed::ObservedService;

mod random;

/// Returns a service of servers as in `10.0.0.1:80 dr 3`: the method is nat, and the weight 1,
/// unless they say otherwise.
fn service(key: &str, scheduler: &str, servers: &[&str]) -> ObservedService {
    let servers = servers.iter().map(|text| {
        let mut words = text.split(' ');
        let key = words.next().unwrap().parse().unwrap();
        let forwarding = match words.next() {
            None => ForwardingMethod::Masquerade,
            Some("gue") => ForwardingMethod::Tunnel("gue:6080,csum".parse::<Tunnel>().unwrap()),
            Some(word) => word.parse().unwrap(),
        };
        let weight = words.next().map_or(Weight::ONE, |word| word.parse().unwrap());
        Destination::new(key, forwarding).with_weight(weight)
    });
    let service = Service::new(key.parse().unwrap(), scheduler.parse().unwrap());
    ObservedService::new(service, servers.collect())
}

fn yaml(services: Vec<ObservedService>) -> String {
    export(&Observed::new(services), &[]).to_yaml()
}

const WEB: [&str; 5] = [
    "10.0.0.11:80 dr",
    "10.0.0.12:80 dr",
    "10.0.0.13:80 dr",
    "10.0.0.15:80 dr 3",
    "10.0.0.16:80 dr",
];

#[test]
fn services_with_the_same_settings_and_servers_are_one_entry() {
    let on = |port: u16| WEB.map(|server| server.replace(":80", &format!(":{port}")));
    let mut services = Vec::new();
    for vip in ["192.0.2.10", "192.0.2.11"] {
        for port in [80, 443, 8000, 8001, 8002] {
            let servers = on(port);
            let servers = servers.each_ref().map(String::as_str);
            services.push(service(&format!("tcp/{vip}:{port}"), "wlc", &servers));
        }
    }
    assert_eq!(
        yaml(services),
        "\
format: ipvs-cluster/1

services:
  - service:
      - tcp/192.0.2.10:80,443,8000-8002
      - tcp/192.0.2.11:80,443,8000-8002
    scheduler: wlc
    method: dr
    servers:
      - 10.0.0.11-10.0.0.13
      - {server: 10.0.0.15, weight: 3}
      - 10.0.0.16
"
    );
}

#[test]
fn servers_of_several_entries_are_a_pool_and_what_is_said_twice_a_default() {
    let mut sticky = service(
        "tcp/192.0.2.10:443",
        "wlc",
        &WEB.map(|it| it.replace(":80", ":443")).each_ref().map(String::as_str),
    );
    sticky.service.persistence = Some(Persistence {
        timeout: unchecked::persistence_timeout(300),
        netmask: "255.255.255.0".parse::<Netmask>().unwrap(),
    });
    let dns = ["10.0.0.21:5353", "10.0.0.22:5353 nat 2"];
    let services = vec![
        service("tcp/192.0.2.10:80", "wlc", &WEB),
        sticky,
        service("tcp/192.0.2.53:53", "wrr", &dns),
        service("udp/192.0.2.53:53", "wrr", &dns),
        service("udp/[2001:db8::53]:53", "wlc", &["[2001:db8::1]:53 dr"]),
        service("fwmark/7", "wlc", &["10.0.0.9:0 dr"]),
        service("fwmark/8/ipv6", "rr", &[]),
    ];
    assert_eq!(
        yaml(services),
        "\
format: ipvs-cluster/1

defaults: {scheduler: wlc, method: dr}

pools:
  pool-1:
    servers:
      - 10.0.0.11-10.0.0.13
      - {server: 10.0.0.15, weight: 3}
      - 10.0.0.16

services:
  - service: tcp/192.0.2.10:80
    pool: pool-1
  - service: tcp/192.0.2.10:443
    persistent: {timeout: 5m, netmask: 255.255.255.0}
    pool: pool-1
  - service:
      - tcp/192.0.2.53:53
      - udp/192.0.2.53:53
    scheduler: wrr
    method: nat
    servers:
      - 10.0.0.21:5353
      - {server: 10.0.0.22, port: 5353, weight: 2}
  - service: \"udp/[2001:db8::53]:53\"
    servers: [\"2001:db8::1\"]
  - service: fwmark/7
    servers: [10.0.0.9]
  - service: fwmark/8/ipv6
    scheduler: rr
    servers: []
"
    );
}

#[test]
fn a_list_says_once_what_all_its_servers_have() {
    let mut one = service(
        "tcp/192.0.2.10:80",
        "rr",
        &["10.0.0.1:8080 nat 5", "10.0.0.2:8080 nat 5", "10.0.0.3:8080 nat"],
    );
    for server in &mut one.servers {
        server.thresholds = Thresholds::new(900, 600).unwrap();
    }
    let mut other = one.clone();
    other.service.key = "tcp/192.0.2.10:81".parse().unwrap();
    other.service.scheduler = Scheduler::Wrr;
    let tunnels = service("tcp/192.0.2.10:82", "wlc", &["10.0.0.1:82 gue", "10.0.0.2:82 gue"]);
    let mixed = service(
        "tcp/192.0.2.10:83",
        "wlc",
        &["10.0.0.1:83 gue", "10.0.0.2:83 tun", "10.0.0.3:83 tun"],
    );
    assert_eq!(
        yaml(vec![one, other, tunnels, mixed]),
        "\
format: ipvs-cluster/1

defaults: {scheduler: wlc, method: tun}

pools:
  pool-1:
    method: nat
    port: 8080
    weight: 5
    upper_threshold: 900
    lower_threshold: 600
    servers:
      - 10.0.0.1
      - 10.0.0.2
      - {server: 10.0.0.3, weight: 1}

services:
  - service: tcp/192.0.2.10:80
    scheduler: rr
    pool: pool-1
  - service: tcp/192.0.2.10:81
    scheduler: wrr
    pool: pool-1
  - service: tcp/192.0.2.10:82
    tunnel: {type: gue, port: 6080, checksum: outer}
    servers:
      - 10.0.0.1
      - 10.0.0.2
  - service: tcp/192.0.2.10:83
    servers:
      - {server: 10.0.0.1, tunnel: {type: gue, port: 6080, checksum: outer}}
      - 10.0.0.2
      - 10.0.0.3
"
    );
}

#[test]
fn a_site_of_both_families_is_said_once() {
    let (v4, v6) = (["10.0.0.1:80", "10.0.0.2:80"], ["[2001:db8::1]:80", "[2001:db8::2]:80 nat 2"]);
    let (other4, other6) = (["10.0.0.1:443"], ["[2001:db8::9]:443"]);
    let text = yaml(vec![
        service("tcp/192.0.2.10:80", "mh", &v4),
        service("tcp/[2001:db8::10]:80", "mh", &v6),
        // Another one with a server of that pool only, and one that differs.
        service("tcp/192.0.2.11:80", "wlc", &v4),
        service("tcp/192.0.2.10:443", "wlc", &other4),
        service("tcp/[2001:db8::10]:443", "rr", &other6),
    ]);
    assert_eq!(
        text,
        "\
format: ipvs-cluster/1

defaults: {scheduler: wlc, method: nat}

pools:
  pool-1:
    servers:
      - 10.0.0.1
      - 10.0.0.2
      - \"2001:db8::1\"
      - {server: \"2001:db8::2\", weight: 2}

services:
  - service:
      - tcp/192.0.2.10:80
      - \"tcp/[2001:db8::10]:80\"
    scheduler: mh
    pool: pool-1
  - service: tcp/192.0.2.11:80
    pool: pool-1
  - service: tcp/192.0.2.10:443
    servers: [10.0.0.1]
  - service: \"tcp/[2001:db8::10]:443\"
    scheduler: rr
    servers: [\"2001:db8::9\"]
"
    );
}

/// In a pool, an IPv4 service would not see its IPv6 servers.
#[test]
fn servers_of_another_family_are_in_no_pool() {
    let across = ["10.0.0.1:80 tun", "[2001:db8::1]:80 tun"];
    let text = yaml(vec![
        service("tcp/192.0.2.10:80", "rr", &across),
        service("tcp/192.0.2.11:80", "wlc", &across),
    ]);
    assert!(!text.contains("pool"), "{text}");
    assert_eq!(text.matches("\"2001:db8::1\"").count(), 2, "{text}");
}

#[test]
fn the_order_of_adding_is_kept_where_a_scheduler_hashes_by_it() {
    let servers = ["10.0.0.2:80", "10.0.0.1:80"];
    let [mh, rr] = ["mh", "rr"].map(|it| yaml(vec![service("tcp/192.0.2.10:80", it, &servers)]));
    assert!(mh.contains("- 10.0.0.2\n      - 10.0.0.1\n"), "{mh}");
    assert!(rr.contains("- 10.0.0.1\n      - 10.0.0.2\n"), "{rr}");
}

#[test]
fn what_no_file_can_say_is_named() {
    let odd = unchecked::scheduler("Odd\nname");
    let mut table = Observed::new(vec![
        ObservedService::new(Service::new("tcp/192.0.2.9:80".parse().unwrap(), odd), Vec::new()),
        service("tcp/192.0.2.10:80", "rr", &["10.0.0.1:80 method-5", "10.0.0.2:80"]),
    ]);
    let flagged = table.services[1].service.clone().with_unknown_flags(0x100);
    table.services[1].service = flagged;
    table.timeouts = Timeouts::KERNEL_DEFAULTS;
    table.timeouts.tcp = Some(u32::MAX);
    let export = export(&table, &[]);
    let text = export.to_yaml();
    let comments: Vec<_> = text.lines().take_while(|line| line.starts_with('#')).collect();
    assert_eq!(
        comments,
        [
            "# What the director has and no such file can say:",
            "#   service tcp/192.0.2.9:80: `Odd\\u{a}name` is not a scheduler name: use 1 to 15 of \
             a-z, 0-9 and _",
            "#   service tcp/192.0.2.10:80: its flags 0x100, which have no name",
            "#   server 10.0.0.1:80 of tcp/192.0.2.10:80: forwarding method 5 cannot be set: use \
             dr, tun, nat or local",
            "#   timeouts: 4294967295 seconds, which cannot be set",
        ]
    );
    assert_eq!(comments.len(), 1 + export.left_out().len(), "{text}");
    let json: serde_json::Value = serde_json::from_str(&export.to_json()).unwrap();
    assert_eq!(json["services"][0]["servers"][0], "10.0.0.2");
    assert_eq!(json["director"]["timeouts"]["udp"], "5m");
}
