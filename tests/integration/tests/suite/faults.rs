// SPDX-License-Identifier: MIT OR Apache-2.0

//! The real transport with answers lost, late, doubled and cut: the outcome is
//! read back, never guessed.

use std::cell::Cell;
use std::io;
use std::net::Ipv4Addr;
use std::num::{NonZeroU8, NonZeroU16};
use std::time::Duration;

use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, ErrorKind, ForwardingMethod, NetlinkTransport,
    Scheduler, Service, ServiceKey, SetTimeouts, SyncDaemon, SyncRole, Transport, Weight,
};
use lab::Host;

use crate::transports::{Fault, faulty};

/// Faults after which the outcome must be what it is without them.
const SURVIVED: [Fault; 7] = [
    Fault::Lost,
    Fault::NoBuffers,
    Fault::Doubled,
    Fault::Late,
    Fault::Cut,
    Fault::Foreign,
    Fault::Swapped,
];

fn web() -> ServiceKey {
    ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 1), 80)
}

fn server(number: u32) -> Destination {
    let address = Ipv4Addr::from_bits(0x0a00_0000 + number);
    Destination::new(DestinationKey::new(address, 80), ForwardingMethod::Masquerade)
}

fn add(number: u32) -> Change {
    Change::AddDestination { service: web(), destination: server(number) }
}

#[test]
fn a_single_change_is_made_once_and_said_so() {
    for fault in SURVIVED {
        let host = Host::new("director");
        host.enter(|| {
            let service = Service::new(web(), Scheduler::Rr);
            let mut heavy = server(1);
            heavy.weight = Weight::new(7).unwrap();
            let timeouts = SetTimeouts::new().tcp(1234).unwrap();
            let changes = [
                Change::AddService(service.clone()),
                Change::SetService(Service::new(web(), Scheduler::Wrr)),
                add(1),
                Change::SetDestination { service: web(), destination: heavy },
                Change::SetTimeouts(timeouts),
                Change::Zero(None),
                Change::RemoveDestination { service: web(), destination: heavy.key },
                Change::RemoveService(web()),
                Change::Flush,
            ];
            for change in changes {
                faulty([fault]).apply(change.clone()).unwrap_or_else(|error| {
                    panic!("{fault:?}: {change}: {error}");
                });
            }
            let mut client = Client::connect().unwrap();
            assert!(client.services().unwrap().is_empty());
            assert_eq!(client.timeouts().unwrap().tcp, Some(1234));
        });
    }
}

#[test]
fn a_refusal_is_found_out_too() {
    for fault in SURVIVED {
        let host = Host::new("director");
        host.enter(|| {
            let mut client = Client::connect().unwrap();
            client.apply(Change::AddService(Service::new(web(), Scheduler::Rr))).unwrap();
            client.apply(add(1)).unwrap();
            let mut other = server(1);
            other.weight = Weight::new(9).unwrap();
            let refused = [
                (Change::AddService(Service::new(web(), Scheduler::Wlc)), ErrorKind::AlreadyExists),
                (
                    Change::AddDestination { service: web(), destination: other },
                    ErrorKind::AlreadyExists,
                ),
                (
                    Change::SetDestination { service: web(), destination: server(2) },
                    ErrorKind::DestinationMissing,
                ),
                (
                    Change::SetService(Service::new(web(), "none_such".parse().unwrap())),
                    ErrorKind::SchedulerMissing,
                ),
            ];
            for (change, kind) in refused {
                let error = faulty([fault]).apply(change.clone()).expect_err("a refusal");
                assert_eq!(error.kind(), kind, "{fault:?}: {change}: {error}");
            }
        });
    }
}

#[test]
fn reads_are_asked_again() {
    let host = Host::new("director");
    host.enter(|| {
        let changes = (1..=500).map(add);
        let service = Change::AddService(Service::new(web(), Scheduler::Rr));
        let report =
            Client::connect().unwrap().batch(std::iter::once(service).chain(changes)).unwrap();
        assert!(report.failures.is_empty());
        for fault in SURVIVED {
            for place in 0..4 {
                let mut faults = vec![Fault::None; place];
                faults.push(fault);
                let mut client = faulty(faults);
                assert_eq!(client.destinations(&web()).unwrap().len(), 500, "{fault:?} {place}");
                assert_eq!(client.services().unwrap().len(), 1, "{fault:?} {place}");
                client.info().unwrap();
            }
        }
    });
}

#[test]
fn a_batch_whose_answers_are_lost_is_read_back() {
    for fault in SURVIVED {
        let host = Host::new("director");
        host.enter(|| {
            let mut changes = vec![Change::AddService(Service::new(web(), Scheduler::Rr))];
            changes.extend((1..=300).map(add));
            // There already, and different: that error must not be lost.
            let mut twin = server(7);
            twin.weight = Weight::new(3).unwrap();
            changes.push(Change::AddDestination { service: web(), destination: twin });
            // Done and undone within one window.
            changes.push(add(1000));
            let destination = server(1000).key;
            changes.push(Change::RemoveDestination { service: web(), destination });
            let total = changes.len();
            let report = faulty([fault, fault]).batch(changes).unwrap();
            let failed: Vec<_> =
                report.failures.iter().map(|f| (f.index, f.error.kind())).collect();
            assert_eq!(failed, [(301, ErrorKind::AlreadyExists)], "{fault:?}");
            assert_eq!(report.applied, total - 1, "{fault:?}");
            let mut client = Client::connect().unwrap();
            assert_eq!(client.destinations(&web()).unwrap().len(), 300);
        });
    }
}

/// Two changes to one object in one send whose answers are lost: the table shows
/// what the later one did. What it cannot show of the earlier one is unknown, and
/// nothing is sent again that would undo a later change.
#[test]
fn what_a_later_change_hides_is_not_guessed() {
    for fault in [Fault::Lost, Fault::NoBuffers, Fault::Late, Fault::Cut] {
        Host::new("director").enter(|| {
            let mut twin = server(1);
            twin.weight = Weight::new(3).unwrap();
            let key = server(2).key;
            let report = faulty([fault])
                .batch([
                    Change::Flush,
                    Change::AddService(Service::new(web(), Scheduler::Rr)),
                    add(1),
                    Change::AddDestination { service: web(), destination: twin },
                    Change::SetService(Service::new(web(), Scheduler::Wrr)),
                    Change::Zero(Some(web())),
                    add(2),
                    Change::RemoveDestination { service: web(), destination: key },
                ])
                .unwrap();
            let failed: Vec<_> =
                report.failures.iter().map(|f| (f.index, f.error.kind())).collect();
            let expected = [
                (0, ErrorKind::OutcomeUnknown),
                (1, ErrorKind::OutcomeUnknown),
                (3, ErrorKind::AlreadyExists),
                (6, ErrorKind::OutcomeUnknown),
            ];
            assert_eq!(failed, expected, "{fault:?}");
            assert_eq!((report.submitted, report.applied), (8, 4));
            let table = Client::connect().unwrap().table().unwrap();
            assert_eq!(table.len(), 1, "{fault:?}");
            assert_eq!(table[0].service.service.scheduler, Scheduler::Wrr);
            let servers: Vec<_> = table[0].destinations.iter().map(|e| e.destination).collect();
            assert_eq!(servers, [server(1)]);
        });
    }
}

/// Loses the first answer behind those about the family, and with it the right
/// to ask anything more.
struct Disowned(NetlinkTransport, usize);

impl Transport for Disowned {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.0.send(datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.0.receive(buffer)?;
        self.1 += 1;
        if self.1 != 3 {
            return Ok(length);
        }
        // Of this thread only, which ends here.
        caps::drop(None, caps::CapSet::Effective, caps::Capability::CAP_NET_ADMIN).unwrap();
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.receive_now(buffer)
    }
}

/// That the table may not be read back is no refusal of the change.
#[test]
fn a_refused_reading_back_is_no_refusal() {
    let disowned =
        || Client::with_transport(Disowned(NetlinkTransport::open().unwrap(), 0)).unwrap();
    let change = || Change::AddService(Service::new(web(), Scheduler::Rr));
    let host = Host::new("director");
    let error = host.enter(|| disowned().apply(change()).unwrap_err());
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert!(error.to_string().starts_with("cannot add service tcp/192.0.2.1:80: "), "{error}");

    let host = Host::new("director");
    let outcome = host.enter(|| disowned().batch([change()]));
    let error = outcome.expect_err("an unknown change");
    assert_eq!((error.unknown, error.report.failures.len()), (0..1, 0));
    assert_eq!(error.error.kind(), ErrorKind::OutcomeUnknown, "{}", error.error);
    host.enter(|| assert!(Client::connect().unwrap().service(&web()).unwrap().is_some()));
}

/// A service that waits for its scheduler is not settled.
#[test]
fn a_broken_load_names_the_service_it_had_begun() {
    Host::new("director").enter(|| {
        let service = Change::AddService(Service::new(web(), Scheduler::Mh));
        let changes = std::iter::once(service).chain((1..=600).map(add));
        // The first send of 256 goes well.
        let error = faulty([Fault::None, Fault::Broken]).load(changes).expect_err("a broken load");
        assert_eq!(error.unknown, 0..512, "{error}");
        let there = Client::connect().unwrap().service(&web()).unwrap().unwrap().service;
        assert_eq!(there.scheduler, Scheduler::None);
    });
}

#[test]
fn a_daemon_that_runs_with_other_settings_is_another() {
    Host::new("director").enter(|| {
        let wanted = || SyncDaemon::new(SyncRole::Backup, "lo".parse().unwrap(), 1);
        let mut running = [wanted(), wanted(), wanted()];
        running[0].port = NonZeroU16::new(8849);
        running[1].ttl = NonZeroU8::new(7);
        running[2].max_length = NonZeroU16::new(2000);
        for other in running {
            let mut client = Client::connect().unwrap();
            client.apply(Change::StartDaemon(other.clone())).unwrap();
            let mut wanted = wanted();
            wanted.max_length = NonZeroU16::new(1400);
            let error = faulty([Fault::Lost]).apply(Change::StartDaemon(wanted)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{other:?}: {error}");
            let lost = faulty([Fault::Lost]).apply(Change::StopDaemon(SyncRole::Backup));
            lost.unwrap();
            let lost = faulty([Fault::Lost]).apply(Change::StartDaemon(other));
            lost.unwrap();
            client.apply(Change::StopDaemon(SyncRole::Backup)).unwrap();
        }
    });
}

#[test]
fn answers_that_are_always_cut_are_an_error_and_the_socket_stays_usable() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = faulty([Fault::Cut; 3]);
        let error = client.info().expect_err("half an answer, three times");
        assert!(error.to_string().contains("could not be read"), "{error}");
        assert_eq!(client.info().unwrap().version.to_string(), "1.2.1");
        assert!(client.services().unwrap().is_empty());
        // Of a change it is not known then whether it was made.
        let error = faulty([Fault::Cut; 64]).apply(Change::Flush).expect_err("half an answer");
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    });
}

#[test]
fn answers_that_never_come_end_in_an_error_that_says_so() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = faulty([Fault::Lost; 64]);
        let error = client.services().expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
        let error = faulty([Fault::Lost; 64])
            .apply(Change::AddService(Service::new(web(), Scheduler::Rr)))
            .expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
        // It was made all the same, which is what "unknown" means.
        assert!(Client::connect().unwrap().service(&web()).unwrap().is_some());
    });
}

/// Counts how often the kernel itself says that it had no room for an answer.
struct Counting<'a>(NetlinkTransport, &'a Cell<usize>);

impl Counting<'_> {
    fn counted(&self, received: io::Result<usize>) -> io::Result<usize> {
        let full = |error: &io::Error| error.raw_os_error() == Some(nix::libc::ENOBUFS);
        self.1.set(self.1.get() + usize::from(received.as_ref().is_err_and(full)));
        received
    }
}

impl Transport for Counting<'_> {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.0.send(datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = self.0.receive(buffer);
        self.counted(received)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = self.0.receive_now(buffer);
        self.counted(received)
    }
}

/// Four thousand changes, half of them refused, over a socket that has room for a
/// few answers: the kernel drops most of them.
#[test]
fn a_receive_buffer_that_overflows_loses_no_refusal() {
    let host = Host::new("director");
    host.enter(|| {
        Client::connect()
            .unwrap()
            .apply(Change::AddService(Service::new(web(), Scheduler::Rr)))
            .unwrap();
        let changes = (1..=2000).flat_map(|number| {
            let mut twin = server(number);
            twin.weight = Weight::new(3).unwrap();
            [add(number), Change::AddDestination { service: web(), destination: twin }]
        });
        let overflows = Cell::new(0);
        let transport = NetlinkTransport::open_with(Duration::from_secs(4), 2048).unwrap();
        let mut client = Client::with_transport(Counting(transport, &overflows)).unwrap();
        let report = client.batch(changes).unwrap();
        assert!(overflows.get() > 0, "the kernel had room for everything");
        assert_eq!((report.submitted, report.applied), (4000, 2000));
        for (place, failure) in report.failures.iter().enumerate() {
            assert_eq!(failure.index, 2 * place + 1);
            assert_eq!(failure.error.kind(), ErrorKind::AlreadyExists, "{}", failure.error);
        }
        let there = client.destinations(&web()).unwrap();
        assert_eq!(there.len(), 2000);
        assert!(there.iter().all(|entry| entry.destination.weight == Weight::ONE));
    });
}
