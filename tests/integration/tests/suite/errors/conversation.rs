// SPDX-License-Identifier: MIT OR Apache-2.0

//! Conversations that fail for another reason than what the kernel was asked: lists that others
//! change, a deadline, answers that are not heard.

use std::net::Ipv4Addr;

use ipvs_netlink::{Change, Client, Error, NetlinkTransport, ServiceKey, Transport};
use lab::Host;

use super::{add, rr, web};
use crate::transports::interrupted;

/// A table of two datagrams that is another one before each of them.
pub(super) fn restless(host: &Host) -> Error {
    host.enter(|| {
        let service = |port| rr(ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 9), port));
        let mut other = Client::connect().unwrap();
        let mut port = 0;
        let mut replace = move || {
            other.apply(Change::Flush).unwrap();
            other.batch((1..=150).map(|_| {
                port += 1;
                Change::AddService(service(port))
            }))
        };
        replace().unwrap().into_result().unwrap();
        let mut client = interrupted(|_| _ = replace().unwrap());
        client.services().expect_err("a table that never rests")
    })
}

/// A list that grows at its head with each datagram.
pub(super) fn endless(host: &Host) -> Error {
    host.enter(|| {
        let mut other = Client::connect().unwrap();
        other.apply(Change::AddService(rr(web()))).unwrap();
        let mut servers =
            (1..3000).map(|number| add(&format!("10.0.{}.{}:80", number / 256, number % 256)));
        other.batch(servers.by_ref().take(200)).unwrap().into_result().unwrap();
        let mut client = interrupted(|_| {
            other.apply(servers.next().expect("a pass that ends")).unwrap();
        });
        let error = client.destinations(&web()).expect_err("a list that never ends");
        // Its rest does not end either, and the client is free of it all the same.
        client.info().unwrap();
        error
    })
}

/// A list for which there is no time.
pub(super) fn hurried(host: &Host) -> Error {
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        client.set_read_deadline(Some(std::time::Instant::now()));
        client.services().expect_err("no time")
    })
}

/// Hears nothing, or only that something was lost.
struct Deaf(NetlinkTransport, fn() -> std::io::Error, usize);

impl Transport for Deaf {
    fn send(&mut self, datagram: &[u8]) -> std::io::Result<()> {
        self.0.send(datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.0.receive(buffer)?;
        // Finding the family takes two.
        self.2 += 1;
        if self.2 > 2 { Err((self.1)()) } else { Ok(length) }
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.receive_now(buffer)
    }
}

pub(super) fn silent(host: &Host) -> Error {
    unheard(host, || std::io::ErrorKind::WouldBlock.into())
}

pub(super) fn deaf(host: &Host) -> Error {
    unheard(host, || std::io::Error::from_raw_os_error(nix::libc::ENOBUFS))
}

fn unheard(host: &Host, error: fn() -> std::io::Error) -> Error {
    host.enter(|| {
        let transport = Deaf(NetlinkTransport::open().unwrap(), error, 0);
        Client::with_transport(transport).unwrap().apply(Change::Flush).expect_err("no answer")
    })
}
