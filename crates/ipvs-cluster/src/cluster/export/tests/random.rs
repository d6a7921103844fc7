// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whatever a kernel has is in the file, just as it is, or named as left out.

use std::num::NonZeroU16;

use foldhash::HashSet;
use ipvs_netlink::procfs::Sysctl;
use ipvs_netlink::{
    AddressFamily, Destination, ForwardingMethod, GueChecksum, Netmask, Persistence, Protocol,
    SchedulerFlags, Service, ServiceKey, SyncDaemonEntry, SyncRole, Timeouts, Tunnel, Weight,
    unchecked,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::cluster::{Cluster, read};
use super::*;
use crate::observed::ObservedService;
use crate::plan::order_matters;
use crate::subject::Subject;

/// Few of each, so that much is equal and folds.
fn keys() -> Vec<ServiceKey> {
    let mut keys = Vec::new();
    for vip in ["192.0.2.1", "192.0.2.2", "[2001:db8::a]"] {
        for (protocol, port) in
            [("tcp", 80), ("tcp", 81), ("tcp", 82), ("tcp", 0), ("udp", 53), ("sctp", 80)]
        {
            keys.push(format!("{protocol}/{vip}:{port}").parse().unwrap());
        }
    }
    keys.extend(
        ["fwmark/7", "fwmark/8", "fwmark/7/ipv6"].map(|key| key.parse::<ServiceKey>().unwrap()),
    );
    let odd = Protocol::Other(99);
    keys.push(ServiceKey::Endpoint { protocol: odd, address: [192, 0, 2, 1].into(), port: 80 });
    keys
}

fn settings(key: ServiceKey) -> impl Strategy<Value = Service> {
    let scheduler = select(vec!["wlc", "wlc", "rr", "sh", "mh", "own_one", "a b"]);
    let masks = ["", "", "255.255.255.0", "1.2.3.4", "64"];
    let timeout = select(vec![1, 300, 5400, 7_000_000]);
    let persistence = (timeout, select(masks.to_vec())).prop_map(move |(seconds, mask)| {
        let host = Netmask::host(key.family());
        let netmask = mask.parse().unwrap_or(host);
        Persistence { timeout: unchecked::persistence_timeout(seconds), netmask }
    });
    let persistence = proptest::option::weighted(0.4, persistence);
    let engine = proptest::option::weighted(0.1, select(vec!["sip", "x y"]));
    let bits = select(vec![0, 0, 0, 0x08, 0x18, 0x38, 0x40]);
    (scheduler, persistence, engine, any::<bool>(), bits).prop_map(
        move |(scheduler, persistence, engine, one_packet, bits)| {
            let mut service = Service::new(key, unchecked::scheduler(scheduler));
            service.persistence = persistence;
            service.engine = engine.map(unchecked::engine);
            service.one_packet = one_packet && key.protocol() == Some(Protocol::Udp);
            service.scheduler_flags = SchedulerFlags::from_bits_truncate(bits);
            service.with_unknown_flags(bits)
        },
    )
}

fn servers() -> impl Strategy<Value = Vec<Destination>> {
    let gue = |checksum| Tunnel::Gue { port: NonZeroU16::new(6080).unwrap(), checksum };
    let forwarding = select(vec![
        ForwardingMethod::Masquerade,
        ForwardingMethod::Masquerade,
        ForwardingMethod::Gateway,
        ForwardingMethod::Gateway,
        ForwardingMethod::Local,
        ForwardingMethod::Other(5),
        ForwardingMethod::Tunnel(Tunnel::Ipip),
        ForwardingMethod::Tunnel(gue(GueChecksum::None)),
        ForwardingMethod::Tunnel(gue(GueChecksum::Remote)),
        ForwardingMethod::Tunnel(Tunnel::Gre { checksum: true }),
        ForwardingMethod::Tunnel(Tunnel::Other { kind: 9, port: 1, flags: 1 }),
    ]);
    let kind = (forwarding, 0..3_u32, select(vec![(0, 0), (0, 0), (9, 3), (0, 3)]));
    // Mostly all are of one kind.
    let kinds = vec(kind, 1..3);
    let address = (any::<bool>(), 1..9_u8, select(vec![0, 53, 80, 80, 81, 8080]));
    let one = (any::<prop::sample::Index>(), 0..30_u8);
    (kinds, btree_map(address, one, 0..7)).prop_map(|(kinds, servers)| {
        let server = |((is_ipv6, number, port), (kind, rare)): (_, (prop::sample::Index, u8))| {
            let text = match (rare, is_ipv6 && rare < 20) {
                (0, _) => format!("192.0.2.1:{port}"),
                (1, _) => format!("127.0.0.{number}:{port}"),
                (_, true) => format!("[2001:db8:1::{number}]:{port}"),
                (_, false) => format!("10.0.0.{number}:{port}"),
            };
            let (forwarding, weight, (upper, lower)) = *kind.get(&kinds);
            let mut server = Destination::new(text.parse().unwrap(), forwarding);
            server.weight = Weight::new(weight).unwrap();
            server.thresholds = unchecked::thresholds(upper, lower);
            server
        };
        let mut seen = HashSet::default();
        let servers = servers.into_iter().map(server);
        servers.filter(|server| seen.insert(server.key)).collect()
    })
}

fn tables() -> impl Strategy<Value = Observed> {
    let all = keys();
    let many = all.len();
    let services = subsequence(all, 0..many).prop_flat_map(|keys| {
        let kinds = (
            vec(servers().prop_shuffle(), 3),
            vec(settings("udp/192.0.2.1:53".parse().unwrap()), 3),
        );
        let each = keys.iter().map(|key| {
            (settings(*key), servers(), any::<prop::sample::Index>(), any::<prop::sample::Index>())
        });
        let each: Vec<_> = each.collect();
        (Just(keys), kinds, each).prop_map(|(keys, (lists, shared), each)| {
            let entries = keys.into_iter().zip(each);
            let entries = entries.map(|(key, (mut own, servers, list, kind))| {
                // Half of them share what they have with others.
                if kind.index(2) == 0 {
                    own = kind.get(&shared).clone();
                    own.key = key;
                    own.one_packet &= key.protocol() == Some(Protocol::Udp);
                }
                let mut servers =
                    if list.index(2) == 0 { list.get(&lists).clone() } else { servers };
                // As on most sites: then the families may be folded.
                if kind.index(5) < 3 {
                    servers.retain(|server| server.key.family() == key.family());
                }
                if list.index(3) == 0 {
                    for server in &mut servers {
                        server.key.port = key.port().unwrap_or(0);
                    }
                    let mut seen = HashSet::default();
                    servers.retain(|server| seen.insert(server.key));
                }
                ObservedService::new(own, servers)
            });
            entries.collect::<Vec<_>>()
        })
    });
    let seconds = || select(vec![1_u32, 90, 900, 7_000_000]);
    let names = select(vec!["eth0", "on", "a:b", "\u{202e}x", "\u{fffd}", "1e3", "it's \"one\""]);
    let id = select(vec![0_u32, 7, 300]);
    let daemons = proptest::option::of((names, id, 0..2_u16, 1..3_u8));
    (services, (seconds(), seconds(), seconds()), daemons).prop_map(|(services, times, daemon)| {
        let mut table = Observed::new(services);
        table.timeouts = Timeouts::KERNEL_DEFAULTS;
        (table.timeouts.tcp, table.timeouts.tcp_fin, table.timeouts.udp) =
            (Some(times.0), Some(times.1), Some(times.2));
        if let Some((name, id, port, ttl)) = daemon {
            let wanted =
                ipvs_netlink::SyncDaemon::new(SyncRole::Master, unchecked::interface(name), 0);
            let mut entry = SyncDaemonEntry::from(&wanted);
            (entry.sync_id, entry.port, entry.ttl) = (id, 8848 + port, ttl);
            table.daemons.push(entry);
        }
        table
    })
}

/// Tables whose services come in pairs, or nearly: one for each family.
fn sites() -> impl Strategy<Value = Observed> {
    let lists = |service: &ServiceKey, list: usize| {
        let port = service.port().unwrap_or(0);
        let texts: &[&str] = match (service.family(), list) {
            (_, 0) => &["10.0.0.1", "10.0.0.2"],
            (AddressFamily::Ipv4, _) => &["10.0.0.3"],
            (AddressFamily::Ipv6, 1) => &["[2001:db8::3]", "[2001:db8::4]"],
            (AddressFamily::Ipv6, _) => &["[2001:db8::5]"],
        };
        let servers = texts.iter().map(move |address| {
            let key = format!("{address}:{port}").parse().unwrap();
            Destination::new(key, ForwardingMethod::Tunnel(Tunnel::Ipip))
        });
        servers.collect::<Vec<_>>()
    };
    let entry = move |key: String, scheduler: usize, sticky: usize, list: usize| {
        let key: ServiceKey = key.parse().unwrap();
        let scheduler = ["wlc", "mh", "rr", "sed"][scheduler].parse().unwrap();
        let mut service = Service::new(key, scheduler);
        let mask = match (sticky, key.family()) {
            (2.., _) => None,
            (0, AddressFamily::Ipv4) => Some("255.255.255.0".parse().unwrap()),
            (0, AddressFamily::Ipv6) => Some("64".parse().unwrap()),
            (_, family) => Some(Netmask::host(family)),
        };
        let timeout = unchecked::persistence_timeout(300);
        service.persistence = mask.map(|netmask| Persistence { timeout, netmask });
        ObservedService::new(service, lists(&key, list))
    };
    // List 0 goes across the families for IPv6.
    let list = || select(vec![0_usize, 1, 1, 1, 1, 2, 2, 2]);
    let pair = (0..4_usize, 0..4_usize, list(), list(), 0..8_u8);
    vec(pair, 1..7).prop_map(move |pairs| {
        let mut services = Vec::new();
        for (place, (scheduler, sticky, v4, v6, odd)) in pairs.into_iter().enumerate() {
            let [one, other] = match place {
                5.. => ["fwmark/7".to_owned(), "fwmark/7/ipv6".to_owned()],
                _ => ["192.0.2.1", "[2001:db8::a]"].map(|vip| format!("tcp/{vip}:{}", 80 + place)),
            };
            if odd != 0 {
                services.push(entry(one, scheduler, sticky, v4));
            }
            if odd != 1 {
                let scheduler = if odd == 2 { (scheduler + 1) % 4 } else { scheduler };
                services.push(entry(other, scheduler, sticky, v6));
            }
        }
        Observed::new(services)
    })
}

/// Holds a file against the table of which it was made.
fn compare(table: &Observed, left: &[LeftOut], file: &Cluster) -> Result<(), TestCaseError> {
    let left: HashSet<Subject> = left.iter().map(|left| left.subject).collect();
    let desired = file.desired();
    let wanted = |key: &ServiceKey| desired.services().iter().find(|it| it.service.key == *key);
    let mut services = 0;
    for ObservedService { service, servers, .. } in &table.services {
        let is_named = left.contains(&Subject::Service(service.key));
        let Some(wanted) = wanted(&service.key) else {
            prop_assert!(is_named, "{} is lost", service.key);
            continue;
        };
        services += 1;
        prop_assert!(wanted.service == *service || is_named, "{service:?}: {wanted:?}");
        let is_kept =
            |server: &&Destination| !left.contains(&Subject::Server(service.key, server.key));
        let mut kept: Vec<_> = servers.iter().filter(is_kept).copied().collect();
        if !order_matters(&service.scheduler) {
            Destination::sort_canonically(&mut kept);
        }
        let read: Vec<_> = wanted.servers.iter().map(|it| it.server).collect();
        prop_assert_eq!(read, kept);
    }
    prop_assert_eq!(services, desired.services().len());
    let said = desired.timeouts().unwrap_or_default().values();
    let is_named = left.contains(&Subject::Timeouts);
    prop_assert!(said == table.timeouts || is_named);
    for daemon in &table.daemons {
        let is_named = left.contains(&Subject::Daemon(daemon.role));
        let mut wanted = desired.daemons().into_iter().flatten();
        prop_assert!(wanted.any(|wanted| daemon.is(wanted)) != is_named);
    }
    Ok(())
}

fn read_again(table: &Observed, sysctls: &[Sysctl]) -> Result<Cluster, TestCaseError> {
    let export = export(table, sysctls);
    let [yaml, json] = [export.to_yaml(), export.to_json()];
    let [file, other] = [&yaml, &json].map(|text| match read(text.as_bytes()) {
        Ok(cluster) => cluster,
        Err(problems) => panic!("{:#?}\n{text}", problems.0),
    });
    prop_assert_eq!(file.desired(), other.desired());
    compare(table, export.left_out(), &file)
        .map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
    Ok(file)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_read_again_is_what_was_there(table in tables()) {
        let sysctls = [("drop_entry", "2"), ("est_nice", "-5"), ("sync_threshold", "0\t70")];
        let sysctls = sysctls.map(|(name, value)| Sysctl::new(name, Some(value.to_owned())));
        let file = read_again(&table, &sysctls)?;
        let set: Vec<_> =
            file.sysctls().iter().map(|it| (it.name.as_str(), it.value.as_str())).collect();
        prop_assert_eq!(set, [("drop_entry", "1"), ("est_nice", "-5"), ("sync_threshold", "0 70")]);
    }
    #[test]
    fn families_are_folded_where_that_means_the_same(table in sites()) {
        let _ = read_again(&table, &[])?;
    }
}
