// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel's traps, sprung: what it accepts and then makes of it, sent past the
//! library's checks by a transport that changes requests on their way; and that
//! the library shows, edits and deletes what another tool has left like that.

use std::net::Ipv4Addr;

use ipvs_netlink::message::{
    Attribute, BigEndianPort, DaemonAttribute, DestinationAttribute, IpvsMessage, ServiceAttribute,
    WireFlags, WireNetmask,
};
use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, Errno, Error, ErrorKind, ForwardingMethod,
    Netmask, Persistence, PersistenceTimeout, Scheduler, Service, ServiceEntry, ServiceKey,
    SyncDaemon, SyncRole, Tunnel, Weight,
};
use lab::Host;
use netlink_packet_core::{DefaultNla, Nla};

use crate::transports::tampered;

fn web() -> ServiceKey {
    ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 1), 80)
}

fn rr(key: ServiceKey) -> Service {
    Service::new(key, Scheduler::Rr)
}

fn server(forwarding: ForwardingMethod) -> Destination {
    Destination::new(DestinationKey::new(Ipv4Addr::new(10, 0, 0, 1), 80), forwarding)
}

fn add(forwarding: ForwardingMethod) -> Change {
    Change::AddDestination { service: web(), destination: server(forwarding) }
}

fn persistent(key: ServiceKey) -> Service {
    let mut service = rr(key);
    service.persistence = Some(Persistence {
        timeout: PersistenceTimeout::DEFAULT,
        netmask: Netmask::host(key.family()),
    });
    service
}

/// The service's attributes of a request.
fn of_service(message: &mut IpvsMessage) -> &mut Vec<ServiceAttribute> {
    message
        .attributes
        .iter_mut()
        .find_map(|attribute| match attribute {
            Attribute::Service(service) => Some(service),
            _ => None,
        })
        .expect("a request about a service")
}

/// The server's attributes of a request.
fn of_server(message: &mut IpvsMessage) -> &mut Vec<DestinationAttribute> {
    message
        .attributes
        .iter_mut()
        .find_map(|attribute| match attribute {
            Attribute::Destination(server) => Some(server),
            _ => None,
        })
        .expect("a request about a server")
}

/// Sends `change`, edited on its way, on this thread's host.
fn send(change: Change, edit: impl FnMut(&mut IpvsMessage)) -> Result<(), Error> {
    tampered(edit).apply(change)
}

fn only_service(client: &mut Client) -> ServiceEntry {
    let mut services = client.services().unwrap();
    assert_eq!(services.len(), 1, "{services:?}");
    services.remove(0)
}

fn only_server(client: &mut Client) -> Destination {
    let servers = client.destinations(&web()).unwrap();
    assert_eq!(servers.len(), 1, "{servers:?}");
    servers[0].destination
}

#[test]
fn mark_0_is_another_service() {
    Host::new("director").enter(|| {
        send(Change::AddService(rr("fwmark/7".parse().unwrap())), |message| {
            for attribute in of_service(message) {
                if let ServiceAttribute::Fwmark(mark) = attribute {
                    *mark = 0;
                }
            }
        })
        .unwrap();
        let mut client = Client::connect().unwrap();
        let key = only_service(&mut client).service.key;
        assert_eq!(key.to_string(), "tcp/0.0.0.0:0");
        client.apply(Change::RemoveService(key)).unwrap();
    });
}

#[test]
fn any_protocol_is_stored() {
    for number in [0, 1, 99, 255, 65535] {
        Host::new("director").enter(|| {
            send(Change::AddService(rr(web())), |message| {
                for attribute in of_service(message) {
                    if let ServiceAttribute::Protocol(protocol) = attribute {
                        *protocol = number;
                    }
                }
            })
            .unwrap();
            let mut client = Client::connect().unwrap();
            let key = only_service(&mut client).service.key;
            assert_eq!(key.to_string(), format!("ip-{number}/192.0.2.1:80"));
            let error = client.apply(Change::AddService(rr(key))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
            client.apply(Change::RemoveService(key)).unwrap();
        });
    }
}

#[test]
fn port_0_without_persistence_and_an_engine_without_sense_are_stored() {
    Host::new("director").enter(|| {
        send(Change::AddService(rr(web())), |message| {
            for attribute in of_service(message).iter_mut() {
                if let ServiceAttribute::Port(port) = attribute {
                    *port = BigEndianPort(0);
                }
            }
            let engine = ipvs_netlink::message::Text("sip".to_owned());
            of_service(message).push(ServiceAttribute::EngineName(engine));
        })
        .unwrap();
        let mut client = Client::connect().unwrap();
        let service = only_service(&mut client).service;
        assert_eq!((service.key.port(), service.persistence), (Some(0), None));
        assert_eq!(service.engine.unwrap().as_str(), "sip");
        // An edit of something else goes through, and makes nothing worse.
        let to_wrr = |service: &mut Service| service.scheduler = Scheduler::Wrr;
        assert!(client.edit_service(&service.key, to_wrr).unwrap());
        let service = only_service(&mut client).service;
        assert_eq!(service.scheduler, Scheduler::Wrr);
        assert_eq!(service.engine.unwrap().as_str(), "sip");
        // One that mends a part of it goes through too.
        assert!(client.edit_service(&service.key, |service| service.engine = None).unwrap());
        assert_eq!(only_service(&mut client).service.engine, None);
        let again = |service: &mut Service| service.one_packet = true;
        let error = client.edit_service(&service.key, again).unwrap_err();
        assert!(error.to_string().contains("one-packet scheduling works for UDP only"), "{error}");
    });
}

#[test]
fn a_timeout_wraps_around() {
    Host::new("director").enter(|| {
        send(Change::AddService(persistent(web())), |message| {
            for attribute in of_service(message) {
                if let ServiceAttribute::Timeout(seconds) = attribute {
                    *seconds = u32::MAX;
                }
            }
        })
        .unwrap();
        let mut client = Client::connect().unwrap();
        let read = only_service(&mut client).service.persistence.unwrap().timeout.as_seconds();
        assert!(read > PersistenceTimeout::MAX.as_seconds() && read < u32::MAX, "{read}");
        // What is there can stay while something else is edited.
        assert!(client.edit_service(&web(), |s| s.scheduler = Scheduler::Wrr).unwrap());
        let after = only_service(&mut client).service.persistence.unwrap().timeout.as_seconds();
        assert_eq!(after, read);
    });
}

#[test]
fn a_mask_of_nothing_makes_all_clients_one() {
    Host::new("director").enter(|| {
        send(Change::AddService(persistent(web())), |message| {
            for attribute in of_service(message) {
                if let ServiceAttribute::Netmask(mask) = attribute {
                    *mask = WireNetmask([0; 4]);
                }
            }
        })
        .unwrap();
        let service = only_service(&mut Client::connect().unwrap()).service;
        assert_eq!(service.persistence.unwrap().netmask.to_string(), "0.0.0.0");
    });
}

#[test]
fn unknown_flags_stay_and_hashed_is_not_shown() {
    Host::new("director").enter(|| {
        send(Change::AddService(persistent(web())), |message| {
            for attribute in of_service(message) {
                if let ServiceAttribute::Flags(flags) = attribute {
                    *flags = WireFlags { flags: u32::MAX, mask: u32::MAX };
                }
            }
        })
        .unwrap();
        let mut client = Client::connect().unwrap();
        let before = only_service(&mut client).service;
        assert_eq!(before.unknown_flags(), !0x3f);
        assert!(client.edit_service(&web(), |service| service.one_packet = false).unwrap());
        let after = only_service(&mut client).service;
        assert_eq!(after.unknown_flags(), !0x3f);
        assert!(before.one_packet && !after.one_packet);
    });
}

#[test]
fn an_edit_that_leaves_something_out_resets_it() {
    Host::new("director").enter(|| {
        let sip = ServiceKey::udp(Ipv4Addr::new(192, 0, 2, 1), 5060);
        let mut service = persistent(sip);
        service.engine = Some("sip".parse().unwrap());
        let mut client = Client::connect().unwrap();
        client.apply(Change::AddService(service.clone())).unwrap();
        // The library's own edit keeps it.
        client.edit_service(&sip, |service| service.scheduler = Scheduler::Wrr).unwrap();
        assert!(client.service(&sip).unwrap().unwrap().service.engine.is_some());
        send(Change::SetService(service), |message| {
            of_service(message).retain(|a| !matches!(a, ServiceAttribute::EngineName(_)));
        })
        .unwrap();
        assert!(client.service(&sip).unwrap().unwrap().service.engine.is_none());

        client.apply(Change::AddService(rr(web()))).unwrap();
        let gre = ForwardingMethod::Tunnel(Tunnel::Gre { checksum: true });
        client.apply(add(gre)).unwrap();
        let heavy = Weight::new(2_147_483_647).unwrap();
        let key = server(gre).key;
        client.edit_destination(&web(), &key, |server| server.weight = heavy).unwrap();
        assert_eq!(
            (only_server(&mut client).forwarding, only_server(&mut client).weight),
            (gre, heavy)
        );
        let change = Change::SetDestination { service: web(), destination: server(gre) };
        send(change, |message| {
            of_server(message).retain(|attribute| {
                !matches!(
                    attribute,
                    DestinationAttribute::TunnelType(_) | DestinationAttribute::TunnelFlags(_)
                )
            });
        })
        .unwrap();
        assert_eq!(only_server(&mut client).forwarding, ForwardingMethod::Tunnel(Tunnel::Ipip));
    });
}

#[test]
fn foreign_methods_and_tunnels_are_stored() {
    for (method, kind, shown) in [
        (7, 0, ForwardingMethod::Other(7)),
        (4, 0, ForwardingMethod::Other(4)),
        (0x13, 0, ForwardingMethod::Gateway), // only three bits are kept
        (2, 99, ForwardingMethod::Tunnel(Tunnel::Other { kind: 99, port: 0, flags: 0 })),
    ] {
        Host::new("director").enter(|| {
            let mut client = Client::connect().unwrap();
            client.apply(Change::AddService(rr(web()))).unwrap();
            send(add(ForwardingMethod::Masquerade), |message| {
                for attribute in of_server(message).iter_mut() {
                    if let DestinationAttribute::ForwardingMethod(value) = attribute {
                        *value = method;
                    }
                }
                of_server(message).push(DestinationAttribute::TunnelType(kind));
            })
            .unwrap();
            assert_eq!(only_server(&mut client).forwarding, shown);
            // It can be taken out of rotation, which is what matters then.
            let key = server(shown).key;
            assert!(client.edit_destination(&web(), &key, |s| s.weight = Weight::ZERO).unwrap());
            let after = only_server(&mut client);
            assert_eq!((after.forwarding, after.weight), (shown, Weight::ZERO));
            client.apply(Change::RemoveDestination { service: web(), destination: key }).unwrap();
        });
    }
}

#[test]
fn the_family_is_part_of_a_servers_key() {
    Host::new("director").enter(|| {
        let mut client = Client::connect().unwrap();
        client.apply(Change::AddService(rr(web()))).unwrap();
        let key: DestinationKey = "[2001:db8::9]:80".parse().unwrap();
        let destination = Destination::new(key, ForwardingMethod::Tunnel(Tunnel::Ipip));
        client.apply(Change::AddDestination { service: web(), destination }).unwrap();
        let remove = Change::RemoveDestination { service: web(), destination: key };
        let error = send(remove.clone(), |message| {
            of_server(message).retain(|a| !matches!(a, DestinationAttribute::AddressFamily(_)));
        })
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DestinationMissing, "{error}");
        client.apply(remove).unwrap();
    });
}

#[test]
fn a_sync_id_of_more_than_a_byte_is_echoed() {
    Host::new("director").enter(|| {
        let daemon = SyncDaemon::new(SyncRole::Backup, "lo".parse().unwrap(), 1);
        send(Change::StartDaemon(daemon), |message| {
            for attribute in &mut message.attributes {
                if let Attribute::Daemon(daemon) = attribute {
                    for attribute in daemon {
                        if let DaemonAttribute::SyncId(id) = attribute {
                            *id = 300;
                        }
                    }
                }
            }
        })
        .unwrap();
        assert_eq!(Client::connect().unwrap().daemons().unwrap()[0].sync_id, 300);
    });
}

fn errno(outcome: Result<(), Error>) -> Errno {
    match outcome {
        Err(Error::Kernel(error)) => error.errno,
        outcome => panic!("not the kernel's refusal: {outcome:?}"),
    }
}

/// The order of the kernel's checks, and what it says of requests that lack
/// something, which the library never sends.
#[test]
fn requests_that_lack_something_are_refused() {
    Host::new("director").enter(|| {
        let mut client = Client::connect().unwrap();
        let service = || Change::AddService(rr(web()));
        let without = |unwanted: fn(&ServiceAttribute) -> bool| {
            move |message: &mut IpvsMessage| of_service(message).retain(|a| !unwanted(a))
        };
        for unwanted in [
            (|a| matches!(a, ServiceAttribute::AddressFamily(_))) as fn(&ServiceAttribute) -> bool,
            |a| matches!(a, ServiceAttribute::Protocol(_)),
            |a| matches!(a, ServiceAttribute::Address(_)),
            |a| matches!(a, ServiceAttribute::Port(_)),
            |a| matches!(a, ServiceAttribute::SchedulerName(_)),
            |a| matches!(a, ServiceAttribute::Flags(_)),
            |a| matches!(a, ServiceAttribute::Timeout(_)),
            |a| matches!(a, ServiceAttribute::Netmask(_)),
        ] {
            assert_eq!(errno(send(service(), without(unwanted))), Errno::EINVAL);
        }
        let nothing = |message: &mut IpvsMessage| message.attributes.clear();
        assert_eq!(errno(send(service(), nothing)), Errno::EINVAL);
        // A name without its final NUL.
        let unended = |message: &mut IpvsMessage| {
            for attribute in of_service(message) {
                if matches!(attribute, ServiceAttribute::SchedulerName(_)) {
                    let name = DefaultNla::new(attribute.kind(), b"rr".to_vec());
                    *attribute = ServiceAttribute::Other(name);
                }
            }
        };
        assert_eq!(errno(send(service(), unended)), Errno::EINVAL);
        assert!(client.services().unwrap().is_empty());

        client.apply(service()).unwrap();
        // That it exists hides that its scheduler does not.
        let unknown = Change::AddService(Service::new(web(), "none_such".parse().unwrap()));
        assert_eq!(errno(client.apply(unknown)), Errno::EEXIST);
        let server = || add(ForwardingMethod::Masquerade);
        for unwanted in [
            (|a| matches!(a, DestinationAttribute::Address(_)))
                as fn(&DestinationAttribute) -> bool,
            |a| matches!(a, DestinationAttribute::Port(_)),
            |a| matches!(a, DestinationAttribute::ForwardingMethod(_)),
            |a| matches!(a, DestinationAttribute::Weight(_)),
            |a| matches!(a, DestinationAttribute::UpperThreshold(_)),
            |a| matches!(a, DestinationAttribute::LowerThreshold(_)),
        ] {
            let edit = |message: &mut IpvsMessage| of_server(message).retain(|a| !unwanted(a));
            assert_eq!(errno(send(server(), edit)), Errno::EINVAL);
        }
        assert!(client.destinations(&web()).unwrap().is_empty());

        let daemon =
            || Change::StartDaemon(SyncDaemon::new(SyncRole::Backup, "lo".parse().unwrap(), 1));
        assert_eq!(errno(send(daemon(), nothing)), Errno::EINVAL);
        // Both roles at once are none.
        let both = |message: &mut IpvsMessage| {
            for attribute in &mut message.attributes {
                if let Attribute::Daemon(daemon) = attribute {
                    for attribute in daemon {
                        if let DaemonAttribute::State(state) = attribute {
                            *state = 3;
                        }
                    }
                }
            }
        };
        assert_eq!(errno(send(daemon(), both)), Errno::EINVAL);
        assert!(client.daemons().unwrap().is_empty());
    });
}
