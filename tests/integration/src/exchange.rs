// SPDX-License-Identifier: MIT OR Apache-2.0

//! Frames made by hand, and what comes back.
//!
//! Nobody says "no" to a question, so silence cannot be waited for. It is proved instead:
//! behind the questions goes one that is surely answered, on the same path. What has not
//! been answered when that answer comes will not be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::sys::socket::{MsgFlags, sendto};

use crate::capture::{next_packet, packet_socket};
use crate::probe::{arp_request, link_address, solicitation};
use crate::{ArpSender, Host, Mac, Packet};

/// How long the sure answer may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(10);

const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_IPV4: u8 = 4;

/// A frame to be sent.
#[derive(Clone, Debug)]
pub enum Frame {
    /// Who has that address?
    Arp(Ipv4Addr, ArpSender),
    /// A neighbour solicitation for the first address from the second.
    Solicitation(Ipv6Addr, Ipv6Addr),
    /// Does that MAC address still have the first address? So says the second: what a host
    /// sends that knows an answer and doubts it.
    ArpTo(Mac, Ipv4Addr, Ipv4Addr),
    /// The same of IPv6.
    SolicitationTo(Mac, Ipv6Addr, Ipv6Addr),
    /// An ICMP echo request to that MAC address, in as many envelopes as there are pairs of
    /// source and destination; outermost first.
    Echo(Mac, Vec<(Ipv4Addr, Ipv4Addr)>),
}

impl Frame {
    pub(crate) fn bytes(&self, own: Mac) -> Vec<u8> {
        match self {
            Self::Arp(target, sender) => {
                let sender = match sender {
                    ArpSender::Nobody => Ipv4Addr::UNSPECIFIED,
                    ArpSender::Address(address) => *address,
                };
                arp_request(own, sender, *target)
            }
            Self::Solicitation(target, source) => solicitation(own, *source, *target, None),
            Self::ArpTo(to, target, sender) => {
                let mut frame = arp_request(own, *sender, *target);
                frame[..6].copy_from_slice(&to.0);
                frame
            }
            Self::SolicitationTo(to, target, source) => {
                solicitation(own, *source, *target, Some(*to))
            }
            Self::Echo(to, path) => {
                // Echo request, identifier 1, number 1.
                let mut packet = vec![8, 0, 0, 0, 0, 1, 0, 1];
                let sum = checksum(&packet);
                packet[2..4].copy_from_slice(&sum);
                let mut protocol = PROTOCOL_ICMP;
                for (source, destination) in path.iter().rev() {
                    packet = ipv4(*source, *destination, protocol, &packet);
                    protocol = PROTOCOL_IPV4;
                }
                [&to.0[..], &own.0, &[0x08, 0x00], &packet].concat()
            }
        }
    }
}

/// Sends `frames` from `interface` of `host` and returns all that any of its interfaces
/// receives up to the packet that `last` knows, which must come.
pub fn exchange(
    host: &Host,
    interface: &str,
    frames: &[Frame],
    last: impl FnMut(&Packet) -> bool + Send,
) -> Vec<Packet> {
    host.enter(|| {
        let socket = packet_socket();
        let link = link_address(interface);
        let own = Mac(link.addr().expect("an Ethernet address"));
        for frame in frames {
            sendto(socket.as_raw_fd(), &frame.bytes(own), &link, MsgFlags::empty())
                .expect("a frame sent");
        }
        receive(&socket, last)
    })
}

/// What `host` receives while and after `work` is done, up to the packet that `last` knows,
/// which must come.
pub fn overheard(
    host: &Host,
    work: impl FnOnce() + Send,
    last: impl FnMut(&Packet) -> bool + Send,
) -> Vec<Packet> {
    let socket = host.enter(packet_socket);
    work();
    receive(&socket, last)
}

fn receive(socket: &std::os::fd::OwnedFd, mut last: impl FnMut(&Packet) -> bool) -> Vec<Packet> {
    let end = Instant::now() + PATIENCE;
    let mut packets = Vec::new();
    while Instant::now() < end {
        let Some(packet) = next_packet(socket).filter(|packet| !packet.sent) else { continue };
        let done = last(&packet);
        packets.push(packet);
        if done {
            return packets;
        }
    }
    panic!("what must be answered was not: {packets:#?}");
}

impl Packet {
    /// Whether it is an ICMP message from the first address to the second.
    pub fn is_icmp(&self, source: Ipv4Addr, destination: Ipv4Addr) -> bool {
        self.ip.as_ref().is_some_and(|ip| {
            ip.protocol == PROTOCOL_ICMP
                && ip.source == IpAddr::V4(source)
                && ip.destination == IpAddr::V4(destination)
        })
    }

    /// Whether it advertises that IPv6 address.
    pub fn advertises(&self, target: Ipv6Addr) -> bool {
        let neighbour = self.ip.as_ref().and_then(|ip| ip.neighbour);
        neighbour.is_some_and(|it| !it.solicitation && it.target == target)
    }
}

fn ipv4(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap_or_default().to_be_bytes();
    let mut packet = vec![0x45, 0, length[0], length[1], 0, 0, 0, 0, 64, protocol, 0, 0];
    packet.extend(source.octets());
    packet.extend(destination.octets());
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum);
    packet.extend(payload);
    packet
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let words = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or_default()));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!u16::try_from(sum).unwrap_or_default()).to_be_bytes()
}
