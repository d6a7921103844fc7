// SPDX-License-Identifier: MIT OR Apache-2.0

//! The pipelined batch of `ipvs-netlink`.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::Ipv4Addr;

use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, ErrorKind, ForwardingMethod, NetlinkTransport,
    Scheduler, Service, ServiceKey, Transport,
};
use lab::Host;

/// The real transport, noting the size of each datagram and how many messages
/// it held.
struct Watched<'a> {
    inner: NetlinkTransport,
    sent: &'a RefCell<Vec<(usize, usize)>>,
}

impl Transport for Watched<'_> {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let mut messages = 0;
        let mut rest = datagram;
        while let Some(length) = rest.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes)) {
            messages += 1;
            rest = &rest[length as usize..];
        }
        self.sent.borrow_mut().push((datagram.len(), messages));
        self.inner.send(datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive(buffer)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.inner.receive_now(buffer)
    }
}

const WEB: ServiceKey = ServiceKey::Endpoint {
    protocol: ipvs_netlink::Protocol::Tcp,
    address: std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    port: 80,
};

fn add_web() -> Change {
    Change::AddService(Service::new(WEB, Scheduler::Rr))
}

fn add_server(number: u32) -> Change {
    let address = Ipv4Addr::from_bits(0x0a00_0000 + number);
    let destination =
        Destination::new(DestinationKey::new(address, 80), ForwardingMethod::Masquerade);
    Change::AddDestination { service: WEB, destination }
}

#[test]
fn errors_in_the_middle_name_their_change_and_stop_nothing() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let elsewhere = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 9), 80);
        let mut changes = vec![add_web()];
        changes.extend((1..=700).map(add_server));
        changes.insert(100, add_server(5)); // there already
        changes.insert(300, Change::RemoveService(elsewhere)); // not there
        changes.insert(500, add_server(0x7fff_ffff - 0x0a00_0000)); // a broadcast address
        changes.insert(600, Change::AddService(Service::new(elsewhere, "nope".parse().unwrap())));
        // Refused before it is sent.
        let routed = Destination::new(
            DestinationKey::new(Ipv4Addr::new(10, 9, 9, 9), 8080),
            ForwardingMethod::Gateway,
        );
        changes.insert(650, Change::AddDestination { service: WEB, destination: routed });
        let total = changes.len();

        let report = client.batch(changes.clone()).unwrap();
        assert_eq!(report.submitted, total);
        assert_eq!(report.applied, 701);
        let failures: Vec<_> =
            report.failures.iter().map(|failure| (failure.index, failure.error.kind())).collect();
        assert_eq!(
            failures,
            [
                (100, ErrorKind::AlreadyExists),
                (300, ErrorKind::ServiceMissing),
                (500, ErrorKind::Rejected),
                (600, ErrorKind::SchedulerMissing),
                (650, ErrorKind::Invalid),
            ]
        );
        assert!(report.failures.iter().all(|failure| failure.change == changes[failure.index]));
        assert!(!report.is_complete());
        assert_eq!(report.into_result().unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(client.destinations(&WEB).unwrap().len(), 700);
    });
}

#[test]
fn a_window_in_which_everything_fails_loses_no_error() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let all = std::iter::once(add_web()).chain((1..=1000).map(add_server));
        client.batch(all).unwrap().into_result().unwrap();
        let report = client.batch((1..=1000).map(add_server)).unwrap();
        assert_eq!((report.submitted, report.applied, report.failures.len()), (1000, 0, 1000));
        assert!(report.failures.iter().enumerate().all(|(place, failure)| {
            failure.index == place && failure.error.kind() == ErrorKind::AlreadyExists
        }));
        // The socket is in order afterwards.
        assert_eq!(client.destinations(&WEB).unwrap().len(), 1000);
    });
}

#[test]
fn the_input_is_consumed_as_it_is_sent() {
    let host = Host::new("director");
    host.enter(|| {
        let sent = RefCell::new(Vec::new());
        let transport = Watched { inner: NetlinkTransport::open().unwrap(), sent: &sent };
        let mut client = Client::with_transport(transport).unwrap();
        client.apply(add_web()).unwrap();
        let before = sent.borrow().len();
        let furthest = Cell::new(0);
        let changes = (1..=1000_usize).map(|number| {
            let done: usize = sent.borrow()[before..].iter().map(|(_, messages)| messages).sum();
            furthest.set(furthest.get().max(number - done));
            add_server(u32::try_from(number).unwrap())
        });
        let report = client.batch(changes).unwrap();
        assert_eq!((report.applied, report.sends), (1000, 4));
        // It never held more than a window and the next change.
        assert!(furthest.get() <= 257, "{} changes were held", furthest.get());
        for (bytes, messages) in &sent.borrow()[before..] {
            assert!(*bytes <= 64 * 1024 && *messages <= 256, "{messages} in {bytes} bytes");
        }
    });
}

#[test]
fn an_empty_batch_sends_nothing() {
    let host = Host::new("director");
    host.enter(|| {
        let report = Client::connect().unwrap().batch([]).unwrap();
        assert_eq!((report.submitted, report.sends), (0, 0));
    });
}
