// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every error the kernel has for us, provoked, and held against the page that
//! explains it: `docs/errors.md`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipvs_netlink::message::{Attribute, Command, DaemonAttribute, IpvsMessage};
use ipvs_netlink::message::{BigEndianPort, DestinationAttribute, ServiceAttribute, WireNetmask};
use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, Error, ForwardingMethod, Namespace, Netmask,
    Persistence, PersistenceTimeout, Scheduler, Service, ServiceKey, SetTimeouts, SyncDaemon,
    SyncRole, Tunnel,
};
use lab::{Host, kernel};
use netlink_packet_core::{DefaultNla, Nla};

use crate::transports::tampered;
use conversation::{deaf, endless, hurried, restless, silent};

mod conversation;

const PAGE: &str = include_str!("../../../../docs/errors.md");

/// The rows of the page's tables whose first cell is an error's text: text, kind.
fn rows(section: &str) -> BTreeMap<String, String> {
    let start = PAGE.find(&format!("## {section}\n")).expect("the section");
    let body = &PAGE[start + 3..];
    let body = &body[..body.find("\n## ").unwrap_or(body.len())];
    body.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<_> = line.split(" | ").collect();
            assert_eq!(cells.len(), 4, "{line}");
            let text = cells[0].trim_start_matches("| ").trim_matches('`').to_owned();
            (text, cells[1].trim_matches('`').to_owned())
        })
        .collect()
}

fn web() -> ServiceKey {
    ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 1), 80)
}

fn web6() -> ServiceKey {
    "tcp/[2001:db8::1]:80".parse().unwrap()
}

fn rr(key: ServiceKey) -> Service {
    Service::new(key, Scheduler::Rr)
}

fn server(text: &str) -> Destination {
    Destination::new(text.parse().unwrap(), ForwardingMethod::Masquerade)
}

fn add(text: &str) -> Change {
    Change::AddDestination { service: web(), destination: server(text) }
}

fn set(text: &str) -> Change {
    Change::SetDestination { service: web(), destination: server(text) }
}

fn remove(text: &str) -> Change {
    Change::RemoveDestination { service: web(), destination: text.parse().unwrap() }
}

fn daemon(role: SyncRole, interface: &str) -> Change {
    Change::StartDaemon(SyncDaemon::new(role, interface.parse().unwrap(), 1))
}

fn mixed() -> Change {
    let key: DestinationKey = "[2001:db8::9]:80".parse().unwrap();
    let destination = Destination::new(key, ForwardingMethod::Tunnel(Tunnel::Ipip));
    Change::AddDestination { service: web(), destination }
}

/// What happened when the table had been prepared by `before`.
fn refused(before: &[Change], change: Change) -> Error {
    refused_over(before, change, |_| {})
}

/// The same with the request changed on its way.
fn refused_over(
    before: &[Change],
    change: Change,
    edit: impl FnMut(&mut IpvsMessage) + Send,
) -> Error {
    let host = Host::new("director");
    host.must("ip link add eth0 type dummy");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        for change in before {
            client.apply(change.clone()).unwrap();
        }
        let table = client.table().unwrap();
        let error = tampered(edit).apply(change).expect_err("a refusal");
        assert_eq!(client.table().unwrap(), table, "{error}");
        error
    })
}

fn edit_service(message: &mut IpvsMessage, edit: impl Fn(&mut ServiceAttribute)) {
    for attribute in &mut message.attributes {
        if let Attribute::Service(service) = attribute {
            service.iter_mut().for_each(&edit);
        }
    }
}

fn edit_server(message: &mut IpvsMessage, edit: impl Fn(&mut DestinationAttribute)) {
    for attribute in &mut message.attributes {
        if let Attribute::Destination(server) = attribute {
            server.iter_mut().for_each(&edit);
        }
    }
}

fn services() -> Vec<Error> {
    let added = [Change::AddService(rr(web()))];
    let mut no_engine = Service::new("udp/192.0.2.1:5060".parse().unwrap(), Scheduler::Rr);
    no_engine.engine = Some("none_such".parse().unwrap());
    no_engine.persistence = Some(Persistence {
        timeout: PersistenceTimeout::DEFAULT,
        netmask: Netmask::ipv4(Ipv4Addr::BROADCAST),
    });
    let unknown = Service::new(web(), "none_such".parse().unwrap());
    let prefix_0 = |message: &mut IpvsMessage| {
        edit_service(message, |attribute| {
            if let ServiceAttribute::Netmask(mask) = attribute {
                *mask = WireNetmask([0; 4]);
            }
        });
    };
    let other_family = |message: &mut IpvsMessage| {
        edit_service(message, |attribute| {
            if let ServiceAttribute::AddressFamily(family) = attribute {
                *family = 99;
            }
        });
    };
    let command = |message: &mut IpvsMessage| message.command = Command::SetInfo;
    vec![
        refused(&added, Change::AddService(rr(web()))),
        refused(&[], Change::SetService(rr(web()))),
        refused(&[], Change::RemoveService(web())),
        refused(&[], Change::Zero(Some(web()))),
        refused(&[], Change::RemoveService("fwmark/7".parse().unwrap())),
        refused(&[], Change::AddService(unknown.clone())),
        refused(&added, Change::SetService(unknown)),
        refused(&[], Change::AddService(no_engine)),
        refused_over(&[], Change::AddService(rr(web())), other_family),
        refused_over(&[], Change::AddService(rr(web6())), prefix_0),
        refused_over(&[], Change::AddService(rr(web())), command),
        more_servers_than_slots(),
    ]
}

/// The kernel takes the servers one by one, but not the scheduler at once.
fn more_servers_than_slots() -> Error {
    let host = Host::new("director");
    host.enter(|| {
        let servers = (1..=4094).map(|number| {
            let address = Ipv4Addr::from_bits(0x0a00_0000 + number);
            let key = DestinationKey::new(address, 80);
            Change::AddDestination {
                service: web(),
                destination: Destination::new(key, ForwardingMethod::Masquerade),
            }
        });
        let mut client = Client::connect().unwrap();
        let mut report = client
            .load(
                std::iter::once(Change::AddService(Service::new(web(), Scheduler::Mh)))
                    .chain(servers),
            )
            .unwrap();
        assert_eq!((report.submitted, report.applied, report.failures.len()), (4095, 4094, 1));
        assert_eq!(report.failures[0].index, 0);
        report.failures.remove(0).error
    })
}

fn servers() -> Vec<Error> {
    let added = [Change::AddService(rr(web()))];
    let filled = [Change::AddService(rr(web())), add("10.0.0.1:80")];
    let six = [Change::AddService(rr(web6()))];
    let synced = [Change::AddService(rr(web())), daemon(SyncRole::Backup, "lo")];
    let weight = |value| {
        move |message: &mut IpvsMessage| {
            edit_server(message, |attribute| {
                if let DestinationAttribute::Weight(weight) = attribute {
                    *weight = value;
                }
            });
        }
    };
    let lower_1 = |message: &mut IpvsMessage| {
        edit_server(message, |attribute| {
            if let DestinationAttribute::LowerThreshold(lower) = attribute {
                *lower = 1;
            }
        });
    };
    let upper_most = |message: &mut IpvsMessage| {
        edit_server(message, |attribute| {
            if let DestinationAttribute::UpperThreshold(upper) = attribute {
                *upper = u32::MAX;
            }
        });
    };
    let gue_0 = |message: &mut IpvsMessage| {
        for attribute in &mut message.attributes {
            if let Attribute::Destination(server) = attribute {
                server.push(DestinationAttribute::TunnelType(1));
                server.push(DestinationAttribute::TunnelPort(BigEndianPort(0)));
            }
        }
    };
    let link_local = |message: &mut IpvsMessage| {
        edit_server(message, |attribute| {
            if let DestinationAttribute::Address(address) = attribute {
                address.0[..2].copy_from_slice(&[0xfe, 0x80]);
            }
        });
    };
    let six_server =
        Change::AddDestination { service: web6(), destination: server("[2001:db8::9]:80") };
    let mut errors = vec![
        refused(&filled, add("10.0.0.1:80")),
        refused(&[], add("10.0.0.1:80")),
        refused(&added, set("10.0.0.1:80")),
        refused(&added, remove("10.0.0.1:80")),
        refused(&added, add("127.255.255.255:80")),
        refused(&synced, mixed()),
        refused_over(&six, six_server, link_local),
        refused_over(&added, add("10.0.0.1:80"), weight(u32::MAX)),
        refused_over(&filled, set("10.0.0.1:80"), lower_1),
        refused_over(&filled, set("10.0.0.1:80"), gue_0),
        without_an_address(),
        Host::new("director").enter(|| {
            Client::connect().unwrap().destinations(&web()).expect_err("no such service")
        }),
    ];
    // Debian's 6.1.176 still takes it.
    if kernel() >= (6, 12) {
        let same = refused_over(&filled, set("10.0.0.1:80"), upper_most);
        assert_eq!(same.to_string(), errors[9].to_string());
        errors.push(same);
    }
    errors
}

/// A network namespace with `lo` down refuses every server: it has no local
/// routing table yet.
fn without_an_address() -> Error {
    let host = Host::new("director");
    host.must("ip netns add bare");
    let bare = host.enter(|| Namespace::named("bare").unwrap());
    bare.enter(|| {
        let mut client = Client::connect().unwrap();
        client.apply(Change::AddService(rr(web()))).unwrap();
        client.apply(add("10.0.0.2:80")).expect_err("no address, no server")
    })
    .unwrap()
}

fn daemons_and_timeouts() -> Vec<Error> {
    let master = [daemon(SyncRole::Master, "lo")];
    let joined = [Change::AddService(rr(web())), mixed()];
    let unicast = |message: &mut IpvsMessage| {
        for attribute in &mut message.attributes {
            if let Attribute::Daemon(daemon) = attribute {
                daemon.push(DaemonAttribute::Group4(Ipv4Addr::LOCALHOST));
            }
        }
    };
    let endless = |message: &mut IpvsMessage| {
        message.attributes = vec![Attribute::TimeoutTcp(u32::MAX)];
    };
    let short = |message: &mut IpvsMessage| {
        let kind = Attribute::TimeoutTcp(0).kind();
        message.attributes = vec![Attribute::Other(DefaultNla::new(kind, vec![1, 0]))];
    };
    let timeouts = || Change::SetTimeouts(SetTimeouts::new().tcp(60).unwrap());
    vec![
        refused(&master, daemon(SyncRole::Master, "lo")),
        refused(&master, Change::StopDaemon(SyncRole::Backup)),
        refused(&[], daemon(SyncRole::Master, "nowhere0")),
        refused(&[], daemon(SyncRole::Master, "eth0")),
        refused(&joined, daemon(SyncRole::Backup, "lo")),
        refused_over(&[], daemon(SyncRole::Backup, "lo"), unicast),
        refused_over(&[], timeouts(), endless),
        refused_over(&[], timeouts(), short),
    ]
}

fn everything() -> Vec<Error> {
    let host = Host::new("director");
    let powerless = host.enter(|| {
        // Of this thread only, which ends here.
        caps::drop(None, caps::CapSet::Effective, caps::Capability::CAP_NET_ADMIN).unwrap();
        let mut client = Client::connect().unwrap();
        let reading = client.services().expect_err("no capability");
        [reading, client.apply(Change::Flush).expect_err("no capability")]
    });
    let nowhere = host.enter(|| Namespace::named("nowhere").expect_err("no such namespace"));
    let mut errors = Vec::from(powerless);
    errors.extend([nowhere, restless(&host), endless(&host), hurried(&host)]);
    errors.extend([silent(&host), deaf(&host)]);
    errors
}

#[track_caller]
fn matches(section: &str, errors: &[Error]) {
    let rows = rows(section);
    let mut provoked = BTreeMap::new();
    for error in errors {
        assert!(!error.hints().is_empty(), "no hint for: {error}");
        // Which of many objects is named is a matter of the kernel's hash.
        let text = error.to_string();
        let text = text.split_inclusive(", for instance ").next().unwrap_or_default();
        let more = if text.len() < error.to_string().len() { "…" } else { "" };
        provoked.insert(format!("{text}{more}"), format!("{:?}", error.kind()));
    }
    assert_eq!(provoked, rows, "docs/errors.md, section {section}");
}

#[test]
fn errors_about_services() {
    matches("Virtual services", &services());
}

#[test]
fn errors_about_servers() {
    matches("Real servers", &servers());
}

#[test]
fn errors_about_daemons_and_timeouts() {
    matches("Sync daemons and timeouts", &daemons_and_timeouts());
}

#[test]
fn errors_about_everything() {
    matches("Everything", &everything());
}
