// SPDX-License-Identifier: MIT OR Apache-2.0

//! The library's model as JSON against what `rsctl --json` prints: the same in both
//! directions.

use ipvs_netlink::procfs::{Connection, Procfs};
use ipvs_netlink::{Change, Client, Info, SyncDaemonEntry, TableEntry, Timeouts};
use lab::Host;
use serde_json::{Value, from_value, json, to_value};

fn printed(host: &Host, command: &str) -> Value {
    serde_json::from_str(&host.must(&format!("rsctl {command} --json")).stdout).unwrap()
}

/// A table with something of each kind, as a program might keep it.
fn wanted() -> Value {
    let servers = json!([
        {"server": "10.0.0.1:8080", "method": "nat", "weight": 0},
        {"server": "10.0.0.2:80", "method": "dr", "upper_threshold": 9, "lower_threshold": 8},
        {"server": "10.0.0.3:80", "method": "local", "weight": 2147483647},
        {"server": "10.0.0.4:80", "method": "tun"},
        {"server": "10.0.0.5:80", "method": "tun", "tunnel": {"type": "gre"}},
        {
            "server": "[2001:db8::6]:80", "method": "tun",
            "tunnel": {"type": "gue", "port": 6080, "checksum": "remote"},
        },
    ]);
    json!([
        {"service": "tcp/192.0.2.1:80", "scheduler": "wrr", "servers": servers},
        {
            "service": "udp/[2001:db8::1]:5060", "scheduler": "sh",
            "scheduler_flags": ["sh-port", "flag-3"], "engine": "sip", "one_packet": true,
            "persistent": {"timeout_seconds": 600, "netmask": "64"},
        },
        {
            "service": "fwmark/7", "scheduler": "mh", "scheduler_flags": ["mh-fallback"],
            "persistent": {"timeout_seconds": 360, "netmask": "255.255.255.0"},
        },
        {"service": "fwmark/4294967295/ipv6", "scheduler": "none"},
    ])
}

/// What is in a table, in an order of its own.
fn sorted(mut services: Value) -> Value {
    let by = |key: &'static str| move |object: &Value| object[key].to_string();
    let list = services.as_array_mut().unwrap();
    list.sort_by_key(by("service"));
    for service in list {
        service["servers"].as_array_mut().unwrap().sort_by_key(by("server"));
    }
    services
}

#[test]
fn a_table_is_written_and_read_as_rsctl_prints_it() {
    let host = Host::new("director");
    let wanted: Vec<TableEntry> = from_value(wanted()).unwrap();
    let (table, info) = host.enter(|| {
        let mut client = Client::connect().unwrap();
        let changes = wanted.iter().flat_map(|entry| {
            let service = entry.service.service.key;
            let servers = entry.destinations.iter().rev().map(move |server| {
                Change::AddDestination { service, destination: server.destination }
            });
            std::iter::once(Change::AddService(entry.service.service.clone())).chain(servers)
        });
        client.batch(changes).unwrap().into_result().unwrap();
        (client.table().unwrap(), client.info().unwrap())
    });
    let mut printed = printed(&host, "list");
    let services = printed["services"].take();
    assert_eq!(sorted(to_value(&table).unwrap()), sorted(services.clone()));
    let mut read: Vec<TableEntry> = from_value(services).unwrap();
    let mut table = table;
    for table in [&mut read, &mut table] {
        table.sort_by_key(|entry| entry.service.service.key);
        table.iter_mut().for_each(|entry| {
            entry.destinations.sort_by_key(|entry| entry.destination.key);
        });
    }
    assert_eq!(read, table);
    let rest = printed.as_object_mut().unwrap();
    rest.remove("services");
    assert_eq!(rest.remove("format"), Some("ipvs-list/2".into()));
    assert_eq!(to_value(info).unwrap(), printed);
    assert_eq!(from_value::<Info>(printed).unwrap(), info);
}

#[test]
fn timeouts_daemons_and_connections_are_written_as_rsctl_prints_them() {
    let host = Host::new("director");
    host.must("ip link add eth0 type dummy");
    host.must("ip link set eth0 up");
    host.must("ip address add 192.0.2.1/24 dev eth0");
    host.must("ipvsadm --start-daemon master --mcast-interface eth0 --syncid 7");
    let (timeouts, daemons) = host.enter(|| {
        let mut client = Client::connect().unwrap();
        (client.timeouts().unwrap(), client.daemons().unwrap())
    });
    let told = printed(&host, "timeouts");
    assert_eq!(to_value(timeouts).unwrap(), told);
    assert_eq!(from_value::<Timeouts>(told).unwrap(), timeouts);
    let told = printed(&host, "sync-daemon")["daemons"].take();
    assert_eq!(to_value(&daemons).unwrap(), told);
    assert_eq!(from_value::<Vec<SyncDaemonEntry>>(told).unwrap(), daemons);
    host.must("ipvsadm --stop-daemon master");

    host.must("ipvsadm -A -u 192.0.2.1:53 -s rr -p 100");
    host.must("ipvsadm -a -u 192.0.2.1:53 -r 127.0.0.1:53 -m");
    host.enter(|| {
        let client = std::net::UdpSocket::bind("192.0.2.1:5353").unwrap();
        client.send_to(b"?", "192.0.2.1:53").unwrap();
    });
    for (option, with_origin) in [("", false), (" --origin", true)] {
        let mut told = printed(&host, &format!("connections{option}"));
        let connections: Vec<Connection> = host.enter(|| {
            let procfs = Procfs::new();
            let table = match with_origin {
                true => procfs.connections_with_origin(),
                false => procfs.connections(),
            };
            table.unwrap().collect::<Result<_, _>>().unwrap()
        });
        assert!(connections.len() > 1, "a connection and its template: {connections:?}");
        let mut written = json!({"connections": connections});
        // Which a moment has passed between.
        for list in [&mut told, &mut written] {
            for connection in list["connections"].as_array_mut().unwrap() {
                assert!(connection["expires_seconds"].take().is_u64(), "{connection}");
            }
        }
        assert_eq!(written, told);
    }
}
