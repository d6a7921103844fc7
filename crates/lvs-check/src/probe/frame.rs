// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions, as they are sent.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::packet::Mac;

const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_IPV4: u8 = 4;

/// An ARP sender is who seems to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArpSender {
    /// Nobody, as in duplicate-address detection: every holder answers.
    Nobody,
    /// That address. A holder of it does not answer itself.
    Address(Ipv4Addr),
}

/// A frame is a question that can be sent.
#[derive(Clone, Debug)]
pub enum Frame {
    /// Who has that address?
    Arp(Ipv4Addr, ArpSender),
    /// A neighbour solicitation for the first address from the second.
    Solicitation(Ipv6Addr, Ipv6Addr),
    /// Does that MAC address still have the first address? So says the second: what a host
    /// sends that knows an answer and doubts it.
    ArpTo(Mac, Ipv4Addr, Ipv4Addr),
    /// A neighbour solicitation for an IPv6 address.
    SolicitationTo(Mac, Ipv6Addr, Ipv6Addr),
    /// An ICMP echo request to that MAC address, in an IP header for each pair of source and
    /// destination, the outermost first.
    Echo(Mac, Vec<(Ipv4Addr, Ipv4Addr)>),
}

impl Frame {
    /// Returns the bytes of it, from that MAC address.
    #[must_use]
    pub fn bytes(&self, own: Mac) -> Vec<u8> {
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

const BROADCAST: Mac = Mac([0xff; 6]);

fn arp_request(own: Mac, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.extend(BROADCAST.0);
    frame.extend(own.0);
    // Ethertype ARP; Ethernet, IPv4, address lengths 6 and 4, request.
    frame.extend([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1]);
    frame.extend(own.0);
    frame.extend(sender.octets());
    frame.extend([0; 6]);
    frame.extend(target.octets());
    frame
}

/// Returns a neighbour solicitation to all who may have the address, or to one.
fn solicitation(own: Mac, source: Ipv6Addr, target: Ipv6Addr, to: Option<Mac>) -> Vec<u8> {
    let [.., x, y, z] = target.octets();
    let group = Ipv6Addr::from([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, x, y, z]);
    let destination = if to.is_some() { target } else { group };
    let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
    message.extend(target.octets());
    message.extend([1, 1]); // option: source link-layer address, 8 bytes
    message.extend(own.0);
    let sum = icmpv6_checksum(source, destination, &message);
    message[2..4].copy_from_slice(&sum);

    let mut frame = to.unwrap_or(Mac([0x33, 0x33, 0xff, x, y, z])).0.to_vec();
    frame.extend(own.0);
    frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
    frame.extend(u16::try_from(message.len()).unwrap_or_default().to_be_bytes());
    frame.extend([58, 255]); // ICMPv6; a hop limit that proves it was not routed
    frame.extend(source.octets());
    frame.extend(destination.octets());
    frame.extend(message);
    frame
}

/// The checksum with the pseudo-header of RFC 4443, section 2.3.
fn icmpv6_checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> [u8; 2] {
    let length = u32::try_from(message.len()).unwrap_or_default().to_be_bytes();
    let (source, destination) = (source.octets(), destination.octets());
    checksum(&[&source[..], &destination, &length, &[0, 0, 0, 58], message].concat())
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
