// SPDX-License-Identifier: MIT OR Apache-2.0

//! Who answers for an address? (ARP, RFC 826; neighbour discovery, RFC 4861)

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{LinkAddr, MsgFlags, sendto};

use crate::capture::{next_packet, packet_socket};
use crate::{Family, Frame, Host, Mac, Network, Packet, exchange};

/// How long to wait for answers where a device of the host asked keeps questions in a queue
/// of its own (a macvlan does), so that no other answer says that they were dealt with.
const WINDOW: Duration = Duration::from_millis(300);

/// Who seems to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArpSender {
    /// Nobody, as in duplicate-address detection: every holder answers.
    Nobody,
    /// That address. A holder of it does not answer itself.
    Address(Ipv4Addr),
}

impl Network {
    /// The MAC addresses that answer when the client asks its neighbours who has `target`: in
    /// IPv4 by ARP as `sender`, in IPv6 by a neighbour solicitation from the client's address.
    ///
    /// `awaited` are addresses of all who might answer, and surely answer for these: they are
    /// asked last, and who has answered then has dealt with the question before.
    pub fn who_has(&self, target: IpAddr, sender: ArpSender, awaited: &[IpAddr]) -> BTreeSet<Mac> {
        let IpAddr::V6(own) = self.addresses(Family::Ipv6).cip else {
            panic!("an IPv4 address among those of IPv6")
        };
        let question = |target: IpAddr, sender| match target {
            IpAddr::V4(target) => Frame::Arp(target, sender),
            IpAddr::V6(target) => Frame::Solicitation(target, own),
        };
        let mut frames = vec![question(target, sender)];
        frames.extend(awaited.iter().map(|address| question(*address, ArpSender::Nobody)));
        let mut waiting: BTreeSet<IpAddr> = awaited.iter().copied().collect();
        assert!(!waiting.is_empty(), "nobody whose answer says that the others have been given");
        let packets = exchange(&self.client, "eth0", &frames, |packet| {
            if let Some((address, _)) = claim(packet) {
                waiting.remove(&address);
            }
            waiting.is_empty()
        });
        let claims = packets.iter().filter_map(claim);
        claims.filter(|(address, _)| *address == target).map(|(_, mac)| mac).collect()
    }

    /// The MAC addresses of all hosts on the client's network that answer for `target`, asked
    /// in all ways; in [`direct_routing`](Self::direct_routing), where all are neighbours.
    pub fn who_answers(&self, target: IpAddr) -> BTreeSet<Mac> {
        let family = if target.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
        let addresses = self.addresses(family);
        let awaited: Vec<_> = addresses.rips.iter().copied().chain([addresses.dip]).collect();
        let mut macs = self.who_has(target, ArpSender::Nobody, &awaited);
        if let IpAddr::V4(cip) = addresses.cip {
            macs.extend(self.who_has(target, ArpSender::Address(cip), &awaited));
        }
        macs
    }
}

/// The address that a packet says its sender has, and the sender.
fn claim(packet: &Packet) -> Option<(IpAddr, Mac)> {
    if let Some(arp) = packet.arp.filter(|arp| !arp.request) {
        return Some((arp.sender.into(), arp.sender_mac));
    }
    let neighbour = packet.ip.as_ref()?.neighbour?;
    (!neighbour.solicitation).then_some((neighbour.target.into(), packet.from))
}

/// The MAC addresses that answer within a moment when `host` asks on `interface` who has
/// `target`: for devices that [`Network::who_has`] cannot judge.
pub fn arp_probe(
    host: &Host,
    interface: &str,
    target: Ipv4Addr,
    sender: Ipv4Addr,
) -> BTreeSet<Mac> {
    host.enter(|| {
        let socket = packet_socket();
        let link = link_address(interface);
        let own = Mac(link.addr().expect("an Ethernet address"));
        let question = arp_request(own, sender, target);
        sendto(socket.as_raw_fd(), &question, &link, MsgFlags::empty()).expect("a probe sent");
        let end = Instant::now() + WINDOW;
        let mut answers = BTreeSet::new();
        while Instant::now() < end {
            let received = next_packet(&socket).filter(|packet| !packet.sent);
            let found = received.as_ref().and_then(claim);
            answers.extend(found.filter(|(address, _)| *address == target).map(|(_, mac)| mac));
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
