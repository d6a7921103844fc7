// SPDX-License-Identifier: MIT OR Apache-2.0

//! The least work that brings a load to the kernel, or fetches it: a bare
//! socket, requests made before the clock starts, answers left undecoded.

use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Instant;

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, connect, recv,
    send, setsockopt, socket, sockopt,
};

use crate::load::{Item, Key, Load, PORTS, SCHEDULER};
use crate::program::Report;

const REQUEST: u16 = 0x1;
const ACK: u16 = 0x4;
const DUMP: u16 = 0x300;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

const NEW_SERVICE: u8 = 1;
const GET_SERVICE: u8 = 4;
const NEW_DESTINATION: u8 = 5;
const GET_DESTINATION: u8 = 8;

/// `floor add SERVICES DESTINATIONS PER-SEND` or `floor dump SERVICES DESTINATIONS`
pub(crate) fn main(job: &[&str]) {
    match job {
        ["add", services, destinations, per_send] => {
            add(Load::parse(services, destinations), per_send.parse().expect("PER-SEND"))
        }
        ["dump", services, destinations] => dump(Load::parse(services, destinations)),
        _ => panic!("no such job: {job:?}"),
    }
    .print();
}

/// Adds all of `load`, `per_send` requests at a time, with one acknowledgement
/// for each send.
fn add(load: Load, per_send: usize) -> Report {
    let mut kernel = Kernel::connect();
    let family = kernel.family();
    let items: Vec<Item> = load.items().collect();
    let batches: Vec<Vec<u8>> = items
        .chunks(per_send)
        .map(|chunk| {
            let mut bytes = Vec::new();
            for (item, left) in chunk.iter().zip((0..chunk.len()).rev()) {
                let flags = if left == 0 { REQUEST | ACK } else { REQUEST };
                bytes.extend(add_request(family, flags, *item));
            }
            bytes
        })
        .collect();
    let clock = Instant::now();
    for batch in &batches {
        kernel.send(batch);
        assert_eq!(acknowledged(kernel.receive()), 0, "the kernel refused a request");
    }
    Report::since(clock)
}

/// Asks for all services, then for the destinations of each, and receives
/// everything into one buffer.
fn dump(load: Load) -> Report {
    let mut kernel = Kernel::connect();
    let family = kernel.family();
    let all = message(family, REQUEST | DUMP, GET_SERVICE, &[]);
    let of_each = load.keys().map(|key| {
        message(family, REQUEST | DUMP, GET_DESTINATION, &attribute(1, &service_key(key)))
    });
    let requests: Vec<Vec<u8>> = std::iter::once(all).chain(of_each).collect();
    let mut bytes = 0;
    let clock = Instant::now();
    for request in &requests {
        kernel.send(request);
        loop {
            let datagram = kernel.receive();
            bytes += datagram.len();
            if holds_end(datagram) {
                break;
            }
        }
    }
    let report = Report::since(clock);
    // The kernel says over 300 bytes of each object.
    let objects = (load.services + load.total_destinations()) as usize;
    assert!(bytes > objects * 300, "{bytes} bytes are too few for {objects} objects");
    report
}

/// A socket to the kernel, and room for one datagram.
struct Kernel {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl Kernel {
    fn connect() -> Self {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkGeneric,
        )
        .expect("a netlink socket");
        setsockopt(&socket, sockopt::SndBufForce, &(4 << 20)).expect("SO_SNDBUFFORCE");
        setsockopt(&socket, sockopt::RcvBufForce, &(4 << 20)).expect("SO_RCVBUFFORCE");
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0)).expect("bind");
        connect(socket.as_raw_fd(), &NetlinkAddr::new(0, 0)).expect("connect");
        Self { socket, buffer: vec![0; 64 * 1024] }
    }

    fn send(&self, bytes: &[u8]) {
        let sent = send(self.socket.as_raw_fd(), bytes, MsgFlags::empty()).expect("send");
        assert_eq!(sent, bytes.len());
    }

    fn receive(&mut self) -> &[u8] {
        let length = recv(self.socket.as_raw_fd(), &mut self.buffer, MsgFlags::empty());
        &self.buffer[..length.expect("recv")]
    }

    /// The id the kernel gave to IPVS.
    fn family(&mut self) -> u16 {
        const CONTROLLER: u16 = 16;
        const GET_FAMILY: u8 = 3;
        self.send(&message(CONTROLLER, REQUEST, GET_FAMILY, &attribute(2, b"IPVS\0")));
        let mut attributes = &self.receive()[20..];
        loop {
            let (length, kind) = (u16_at(attributes, 0), u16_at(attributes, 2));
            if kind == 1 {
                return u16_at(attributes, 4);
            }
            attributes = &attributes[usize::from(length).next_multiple_of(4)..];
        }
    }
}

fn u16_at(bytes: &[u8], place: usize) -> u16 {
    u16::from_ne_bytes([bytes[place], bytes[place + 1]])
}

fn i32_at(bytes: &[u8], place: usize) -> i32 {
    i32::from_ne_bytes(std::array::from_fn(|byte| bytes[place + byte]))
}

/// The error number in an acknowledgement.
fn acknowledged(datagram: &[u8]) -> i32 {
    assert_eq!(u16_at(datagram, 4), NLMSG_ERROR, "not an acknowledgement");
    i32_at(datagram, 16)
}

/// Whether the dump ends in `datagram`.
fn holds_end(mut datagram: &[u8]) -> bool {
    while datagram.len() >= 16 {
        match u16_at(datagram, 4) {
            NLMSG_DONE => return true,
            NLMSG_ERROR => panic!("the dump failed: {}", i32_at(datagram, 16)),
            _ => {}
        }
        let length = usize::try_from(i32_at(datagram, 0)).expect("a length");
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    false
}

fn add_request(family: u16, flags: u16, item: Item) -> Vec<u8> {
    match item {
        Item::Service(key) => {
            let mut service = service_key(key);
            service.extend(attribute(6, format!("{SCHEDULER}\0").as_bytes()));
            service.extend(attribute(7, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]));
            service.extend(attribute(8, &[0; 4]));
            service.extend(attribute(9, &[0xff; 4]));
            message(family, flags, NEW_SERVICE, &attribute(1, &service))
        }
        Item::Destination { service, address } => {
            let mut destination = attribute(1, &padded(address));
            let port = match service {
                Key::Address(_) => PORTS.1,
                Key::Mark(_) => 0,
            };
            destination.extend(attribute(2, &port.to_be_bytes()));
            destination.extend(attribute(11, &AF_INET.to_ne_bytes()));
            destination.extend(attribute(3, &0_u32.to_ne_bytes()));
            destination.extend(attribute(4, &1_u32.to_ne_bytes()));
            destination.extend(attribute(5, &0_u32.to_ne_bytes()));
            destination.extend(attribute(6, &0_u32.to_ne_bytes()));
            let mut both = attribute(1, &service_key(service));
            both.extend(attribute(2, &destination));
            message(family, flags, NEW_DESTINATION, &both)
        }
    }
}

const AF_INET: u16 = 2;
const TCP: u16 = 6;

fn service_key(key: Key) -> Vec<u8> {
    let mut bytes = attribute(1, &AF_INET.to_ne_bytes());
    match key {
        Key::Address(vip) => {
            bytes.extend(attribute(2, &TCP.to_ne_bytes()));
            bytes.extend(attribute(3, &padded(vip)));
            bytes.extend(attribute(4, &PORTS.0.to_be_bytes()));
        }
        Key::Mark(mark) => bytes.extend(attribute(5, &mark.to_ne_bytes())),
    }
    bytes
}

/// `union nf_inet_addr`
fn padded(address: Ipv4Addr) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&address.octets());
    bytes
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(u16::try_from(4 + value.len()).expect("a length").to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Every request has the sequence number 0: answers are not told apart here.
fn message(family: u16, flags: u16, command: u8, attributes: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(u32::try_from(20 + attributes.len()).expect("a length").to_ne_bytes());
    bytes.extend(family.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend([command, 1, 0, 0]);
    bytes.extend(attributes);
    bytes
}
