// SPDX-License-Identifier: MIT OR Apache-2.0

//! Who answers for an address? (ARP, RFC 826; neighbour discovery, RFC 4861)

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{LinkAddr, MsgFlags, sendto};

use crate::capture::{next_packet, packet_socket};
use crate::{Host, Mac, Packet};

/// How long to wait for answers. They come within a millisecond or never: a
/// probe has to end although nobody says "no".
const WINDOW: Duration = Duration::from_millis(300);

/// Who seems to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArpSender {
    /// Nobody, as in duplicate-address detection: every holder answers.
    Nobody,
    /// That address. A holder of it does not answer itself.
    Address(Ipv4Addr),
}

/// The MAC addresses that answer when `host` asks on `interface` who has
/// `target`.
pub fn arp_probe(
    host: &Host,
    interface: &str,
    target: Ipv4Addr,
    sender: ArpSender,
) -> BTreeSet<Mac> {
    let sender = match sender {
        ArpSender::Nobody => Ipv4Addr::UNSPECIFIED,
        ArpSender::Address(address) => address,
    };
    let answer = |packet: &Packet| {
        packet.arp.filter(|arp| !arp.request && arp.sender == target).map(|arp| arp.sender_mac)
    };
    ask(host, interface, |own| arp_request(own, sender, target), answer)
}

/// The MAC addresses that answer when `host` solicits `target` on `interface`
/// from its address `source`.
pub fn neighbour_probe(
    host: &Host,
    interface: &str,
    target: Ipv6Addr,
    source: Ipv6Addr,
) -> BTreeSet<Mac> {
    let answer = |packet: &Packet| {
        let neighbour = packet.ip.as_ref()?.neighbour?;
        (!neighbour.solicitation && neighbour.target == target).then_some(packet.from)
    };
    ask(host, interface, |own| solicitation(own, source, target, None), answer)
}

fn ask(
    host: &Host,
    interface: &str,
    question: impl FnOnce(Mac) -> Vec<u8> + Send,
    answer: impl Fn(&Packet) -> Option<Mac> + Send + Sync,
) -> BTreeSet<Mac> {
    host.enter(|| {
        let socket = packet_socket();
        let link = link_address(interface);
        let own = Mac(link.addr().expect("an Ethernet address"));
        sendto(socket.as_raw_fd(), &question(own), &link, MsgFlags::empty()).expect("a probe sent");
        let end = Instant::now() + WINDOW;
        let mut answers = BTreeSet::new();
        while Instant::now() < end {
            answers.extend(next_packet(&socket).as_ref().filter(|p| !p.sent).and_then(&answer));
        }
        answers
    })
}

impl Host {
    /// The MAC addresses of its interfaces.
    pub fn macs(&self) -> Vec<Mac> {
        self.enter(|| {
            getifaddrs()
                .expect("interfaces")
                .filter_map(|interface| interface.address?.as_link_addr()?.addr())
                .map(Mac)
                .filter(|mac| *mac != Mac([0; 6]))
                .collect()
        })
    }
}

pub(crate) fn link_address(interface: &str) -> LinkAddr {
    getifaddrs()
        .expect("interfaces")
        .filter(|found| found.interface_name == interface)
        .find_map(|found| found.address?.as_link_addr().copied())
        .unwrap_or_else(|| panic!("there is no interface {interface}"))
}

const BROADCAST: Mac = Mac([0xff; 6]);

pub(crate) fn arp_request(own: Mac, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
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

/// To all who may have the address, or to one.
pub(crate) fn solicitation(
    own: Mac,
    source: Ipv6Addr,
    target: Ipv6Addr,
    to: Option<Mac>,
) -> Vec<u8> {
    let [.., x, y, z] = target.octets();
    let group = Ipv6Addr::from([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, x, y, z]);
    let destination = if to.is_some() { target } else { group };
    let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
    message.extend(target.octets());
    message.extend([1, 1]); // option: source link-layer address, 8 bytes
    message.extend(own.0);
    let sum = icmpv6_checksum(source, destination, &message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());

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

/// RFC 4443, section 2.3.
fn icmpv6_checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> u16 {
    let mut bytes = Vec::new();
    bytes.extend(source.octets());
    bytes.extend(destination.octets());
    bytes.extend(u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
    bytes.extend([0, 0, 0, 58]);
    bytes.extend(message);
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}
