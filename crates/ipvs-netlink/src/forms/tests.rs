// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::{Value, from_value, json, to_value};

use crate::model::{
    Connections, Destination, DestinationEntry, ForwardingMethod, Persistence, Scheduler,
    SchedulerFlags, Service, ServiceEntry, Stats, SyncDaemon, SyncDaemonEntry, SyncRole,
    TableEntry, Thresholds, Timeouts, Weight,
};
use crate::procfs::{Connection, EngineData, Origin, VirtualAddress};

fn table() -> Vec<TableEntry> {
    let key: crate::model::ServiceKey = "udp/[2001:db8::1]:5060".parse().unwrap();
    let sip = Service::new(key, Scheduler::Sh)
        .with_scheduler_flags(SchedulerFlags::FALLBACK | SchedulerFlags::PORT)
        .with_persistence(Persistence::of_each_client(key.family()))
        .with_engine("sip".parse().unwrap())
        .with_one_packet(true);
    let mut sip = ServiceEntry::from(sip);
    sip.stats = Stats { incoming_bytes: u64::MAX, ..Stats::default() };
    let words = ["ipip", "gue:6080", "gue:6080,csum", "gue:6080,remcsum", "gre", "gre,csum"];
    let tunnels = words.map(|word| ForwardingMethod::Tunnel(word.parse().unwrap()));
    let methods =
        [ForwardingMethod::Masquerade, ForwardingMethod::Gateway, ForwardingMethod::Local];
    let servers = methods.into_iter().chain(tunnels).zip(1..).map(|(method, number)| {
        let server = Destination::new(([10, 0, 0, number], 5060).into(), method)
            .with_weight(Weight::new(number.into()).unwrap())
            .with_thresholds(Thresholds::new(9, 8).unwrap());
        let mut server = DestinationEntry::from(server);
        server.connections = Connections { active: 7, inactive: 12, persistent: 2 };
        server
    });
    let mark = Service::new("fwmark/7/ipv6".parse().unwrap(), Scheduler::Wlc);
    vec![TableEntry::new(sip, servers), TableEntry::new(mark, Vec::<Destination>::new())]
}

#[test]
fn a_table_is_in_the_form_of_the_list() {
    let written = to_value(table()).unwrap();
    assert_eq!(from_value::<Vec<TableEntry>>(written.clone()).unwrap(), table());
    let [sip, mark] = written.as_array().unwrap().as_slice() else { panic!("{written}") };
    let mut head = sip.clone();
    head.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "stats" | "servers"));
    assert_eq!(
        head,
        json!({
            "service": "udp/[2001:db8::1]:5060", "protocol": "udp", "address": "2001:db8::1",
            "port": 5060, "scheduler": "sh", "scheduler_flags": ["sh-fallback", "sh-port"],
            "persistent": {"timeout_seconds": 360, "netmask": "128"}, "engine": "sip",
            "one_packet": true,
        })
    );
    assert_eq!(sip["stats"]["incoming_bytes"], json!(u64::MAX));
    assert_eq!(sip["stats"].as_object().unwrap().len(), 10);
    let mut third = sip["servers"][5].clone();
    third.as_object_mut().unwrap().remove("stats");
    assert_eq!(
        third,
        json!({
            "server": "10.0.0.6:5060", "address": "10.0.0.6", "port": 5060, "method": "tun",
            "tunnel": {"type": "gue", "port": 6080, "checksum": "outer"}, "weight": 6,
            "upper_threshold": 9, "lower_threshold": 8,
            "connections": {"active": 7, "inactive": 12, "persistent": 2},
        })
    );
    assert_eq!(sip["servers"][0]["tunnel"], Value::Null);
    assert_eq!((&mark["fwmark"], &mark["family"]), (&json!(7), &json!("ipv6")));
    assert_eq!((&mark["engine"], &mark["persistent"]), (&Value::Null, &Value::Null));
    assert_eq!(mark["servers"], json!([]));
}

#[test]
fn what_is_left_out_is_as_in_a_new_one() {
    let service: Service =
        from_value(json!({"service": "tcp/192.0.2.1:80", "scheduler": "rr"})).unwrap();
    assert_eq!(service, Service::new("tcp/192.0.2.1:80".parse().unwrap(), Scheduler::Rr));
    let server: Destination =
        from_value(json!({"server": "10.0.0.1:80", "method": "dr", "later": 1})).unwrap();
    assert_eq!(server, Destination::new("10.0.0.1:80".parse().unwrap(), ForwardingMethod::Gateway));
}

#[test]
fn what_no_object_has_is_refused() {
    for value in [
        json!({"scheduler": "rr"}),
        json!({"service": "tcp/192.0.2.1", "scheduler": "rr"}),
        json!({"service": "tcp/192.0.2.1:80", "scheduler": "R R"}),
        json!({"service": "tcp/192.0.2.1:80", "scheduler": "mh", "scheduler_flags": ["sh-port"]}),
        json!({
            "service": "tcp/192.0.2.1:80", "scheduler": "mh",
            "persistent": {"timeout_seconds": 0, "netmask": "255.255.255.255"},
        }),
    ] {
        assert!(from_value::<Service>(value.clone()).is_err(), "{value}");
    }
    let server = json!({"server": "10.0.0.1:80", "method": "tun"});
    for (field, value) in [
        ("server", json!("10.0.0.1")),
        ("method", json!("unknown")),
        ("weight", json!(-1)),
        ("weight", json!(2_147_483_648_u32)),
        ("lower_threshold", json!(1)),
        ("tunnel", json!({"type": "unknown"})),
        ("tunnel", json!({"type": "gue"})),
        ("tunnel", json!({"type": "gue", "port": 0})),
        ("tunnel", json!({"type": "ipip", "port": 1})),
        ("tunnel", json!({"type": "gre", "checksum": "remote"})),
    ] {
        let mut server = server.clone();
        assert!(from_value::<Destination>(server.clone()).is_ok());
        server[field] = value;
        assert!(from_value::<Destination>(server.clone()).is_err(), "{server}");
    }
    let tunnel = json!({"server": "10.0.0.1:80", "method": "local", "tunnel": {"type": "ipip"}});
    assert!(from_value::<Destination>(tunnel).is_err());
}

#[test]
fn daemons_timeouts_and_connections() {
    let wanted = SyncDaemon::new(SyncRole::Backup, "eth0".parse().unwrap(), 3);
    let running = SyncDaemonEntry::from(&wanted);
    let written = to_value(&running).unwrap();
    assert_eq!(
        written,
        json!({
            "role": "backup", "interface": "eth0", "syncid": 3, "maxlen": 1472,
            "group": "224.0.0.81", "port": 8848, "ttl": 1,
        })
    );
    assert_eq!(from_value::<SyncDaemonEntry>(written).unwrap(), running);

    let timeouts = Timeouts { udp: None, ..Timeouts::KERNEL_DEFAULTS };
    let written = to_value(timeouts).unwrap();
    assert_eq!(written, json!({"tcp": 900, "tcp_fin": 120, "udp": null}));
    assert_eq!(from_value::<Timeouts>(written).unwrap(), timeouts);

    let client = (Ipv4Addr::new(198, 51, 100, 1), 0).into();
    let server = "10.0.0.1:80".parse().unwrap();
    let (protocol, service) = (crate::model::Protocol::Other(0), VirtualAddress::Fwmark(7));
    let mut template = Connection::new(protocol, client, service, server, "ASSURED");
    template.expires = Duration::from_secs(9);
    let mut expected = json!({
        "protocol": "ip-0", "client": "198.51.100.1:0", "service": "fwmark/7",
        "server": "10.0.0.1:80", "state": "ASSURED", "expires_seconds": 9, "template": true,
    });
    assert_eq!(to_value(&template).unwrap(), expected);
    template.origin = Some(Origin::Sync);
    template.engine = Some(EngineData::new("sip", b"a\xff"));
    expected["origin"] = json!("sync");
    expected["engine"] = json!({"name": "sip", "data": "a\u{fffd}"});
    assert_eq!(to_value(&template).unwrap(), expected);
}
