// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads as much of a frame as a probe asks for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A MAC address names an Ethernet interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// A packet is a frame that was sent or received.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Whether the host sent it; else it received it.
    pub sent: bool,
    /// Number of the interface.
    pub interface: usize,
    /// The Ethernet source.
    pub from: Mac,
    /// The Ethernet destination.
    pub to: Mac,
    /// The ARP message, if it is one.
    pub arp: Option<Arp>,
    /// The IP packet, if it is one.
    pub ip: Option<Ip>,
}

/// An ARP message asks or tells who has an IPv4 address (RFC 826).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// Whether it asks; else it answers.
    pub request: bool,
    /// Who says it has the sender's address.
    pub sender_mac: Mac,
    /// The sender's address.
    pub sender: Ipv4Addr,
    /// The address asked after.
    pub target: Ipv4Addr,
}

/// An IP packet is what a frame has in it, if it is no ARP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ip {
    /// The source.
    pub source: IpAddr,
    /// The destination.
    pub destination: IpAddr,
    /// The protocol number.
    pub protocol: u8,
    /// Its ports, if it has some.
    pub transport: Option<Transport>,
    /// The neighbour-discovery message, if it is one.
    pub neighbour: Option<Neighbour>,
    /// The packet inside, if it is IP in IP.
    pub inner: Option<Box<Ip>>,
}

/// A transport header has the ports of TCP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transport {
    /// The source port.
    pub source: u16,
    /// The destination port.
    pub destination: u16,
}

/// A neighbour message asks or tells who has an IPv6 address (RFC 4861).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Whether it asks; else it answers.
    pub solicitation: bool,
    /// The address asked after.
    pub target: Ipv6Addr,
}

const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_IPV4: u8 = 4;
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;
const PROTOCOL_IPV6: u8 = 41;
const PROTOCOL_ICMPV6: u8 = 58;
const PROTOCOL_DESTINATION_OPTIONS: u8 = 60;

impl Packet {
    /// Reads a frame that passed that interface. `None`: it is no whole Ethernet frame.
    #[must_use]
    pub fn parse(frame: &[u8], interface: usize, sent: bool) -> Option<Self> {
        let ethertype = u16_at(frame, 12)?;
        let rest = frame.get(14..)?;
        Some(Self {
            sent,
            interface,
            to: Mac(array_at(frame, 0)?),
            from: Mac(array_at(frame, 6)?),
            arp: (ethertype == ETHERTYPE_ARP).then(|| Arp::parse(rest)).flatten(),
            ip: match ethertype {
                ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => Ip::parse(rest),
                _ => None,
            },
        })
    }

    /// Returns the address that it says its sender has, and the sender: of an answer to a
    /// question who has an address.
    #[must_use]
    pub fn claim(&self) -> Option<(IpAddr, Mac)> {
        if let Some(arp) = self.arp.filter(|arp| !arp.request) {
            return Some((arp.sender.into(), arp.sender_mac));
        }
        let neighbour = self.ip.as_ref()?.neighbour?;
        (!neighbour.solicitation).then_some((neighbour.target.into(), self.from))
    }

    /// Returns whether it is an ICMP message from the first address to the second.
    #[must_use]
    pub fn is_icmp(&self, source: Ipv4Addr, destination: Ipv4Addr) -> bool {
        self.ip.as_ref().is_some_and(|ip| {
            ip.protocol == PROTOCOL_ICMP
                && ip.source == IpAddr::V4(source)
                && ip.destination == IpAddr::V4(destination)
        })
    }

    /// Returns whether it advertises that IPv6 address.
    #[must_use]
    pub fn advertises(&self, target: Ipv6Addr) -> bool {
        let neighbour = self.ip.as_ref().and_then(|ip| ip.neighbour);
        neighbour.is_some_and(|it| !it.solicitation && it.target == target)
    }

    /// Returns the IP packet that an application sees: the inner one of a tunnel.
    #[must_use]
    pub fn innermost(&self) -> Option<&Ip> {
        let mut ip = self.ip.as_ref()?;
        while let Some(inner) = &ip.inner {
            ip = inner;
        }
        Some(ip)
    }
}

impl Arp {
    fn parse(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            request: u16_at(bytes, 6)? == 1,
            sender_mac: Mac(array_at(bytes, 8)?),
            sender: array_at::<4>(bytes, 14)?.into(),
            target: array_at::<4>(bytes, 24)?.into(),
        })
    }
}

impl Ip {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let (source, destination, protocol, payload): (IpAddr, IpAddr, u8, &[u8]) = match first >> 4
        {
            4 => (
                array_at::<4>(bytes, 12)?.into(),
                array_at::<4>(bytes, 16)?.into(),
                *bytes.get(9)?,
                bytes.get(usize::from(first & 0xf) * 4..)?,
            ),
            6 => (
                array_at::<16>(bytes, 8)?.into(),
                array_at::<16>(bytes, 24)?.into(),
                *bytes.get(6)?,
                bytes.get(40..)?,
            ),
            _ => return None,
        };
        // ip6_tunnel puts its encapsulation limit (RFC 2473) in front.
        let (protocol, payload) = match protocol {
            PROTOCOL_DESTINATION_OPTIONS => (*payload.first()?, payload.get(8..)?),
            _ => (protocol, payload),
        };
        let mut ip =
            Self { source, destination, protocol, transport: None, neighbour: None, inner: None };
        match protocol {
            PROTOCOL_TCP | PROTOCOL_UDP => ip.transport = Transport::parse(payload),
            PROTOCOL_ICMPV6 => ip.neighbour = Neighbour::parse(payload),
            PROTOCOL_IPV4 | PROTOCOL_IPV6 => ip.inner = Self::parse(payload).map(Box::new),
            _ => {}
        }
        Some(ip)
    }
}

impl Transport {
    fn parse(bytes: &[u8]) -> Option<Self> {
        Some(Self { source: u16_at(bytes, 0)?, destination: u16_at(bytes, 2)? })
    }
}

impl Neighbour {
    fn parse(bytes: &[u8]) -> Option<Self> {
        match bytes.first()? {
            kind @ (135 | 136) => {
                Some(Self { solicitation: *kind == 135, target: array_at::<16>(bytes, 8)?.into() })
            }
            _ => None,
        }
    }
}

fn array_at<const N: usize>(bytes: &[u8], start: usize) -> Option<[u8; N]> {
    bytes.get(start..)?.first_chunk().copied()
}

fn u16_at(bytes: &[u8], start: usize) -> Option<u16> {
    array_at(bytes, start).map(u16::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::super::frame::{ArpSender, Frame};
    use super::*;

    const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);

    fn parsed(frame: &Frame) -> Packet {
        Packet::parse(&frame.bytes(MAC), 3, false).unwrap()
    }

    #[test]
    fn what_is_sent_reads_as_what_it_is() {
        let (a, b) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
        let (a6, b6): (Ipv6Addr, Ipv6Addr) =
            ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        let arp = parsed(&Frame::Arp(b, ArpSender::Address(a)));
        let expected = Arp { request: true, sender_mac: MAC, sender: a, target: b };
        assert_eq!((arp.arp, arp.to, arp.claim()), (Some(expected), Mac([0xff; 6]), None));
        let solicitation = parsed(&Frame::Solicitation(b6, a6));
        let ip = solicitation.ip.as_ref().unwrap();
        assert_eq!(ip.neighbour, Some(Neighbour { solicitation: true, target: b6 }));
        assert_eq!((ip.source, solicitation.claim()), (a6.into(), None));
        let echo = parsed(&Frame::Echo(MAC, vec![(a, b), (b, a)]));
        assert_eq!(echo.ip.as_ref().unwrap().protocol, PROTOCOL_IPV4);
        let inner = echo.innermost().unwrap();
        assert_eq!((inner.protocol, inner.source), (PROTOCOL_ICMP, b.into()));
        let outer = parsed(&Frame::Echo(MAC, vec![(a, b)]));
        assert!(outer.is_icmp(a, b) && !outer.is_icmp(b, a) && !echo.is_icmp(a, b));
    }

    #[test]
    fn an_answer_claims_an_address() {
        let mut frame = Frame::Arp([192, 0, 2, 2].into(), ArpSender::Nobody).bytes(MAC);
        frame[21] = 2; // a reply
        let claim = Packet::parse(&frame, 3, false).unwrap().claim();
        assert_eq!(claim, Some((Ipv4Addr::UNSPECIFIED.into(), MAC)));
        let target: Ipv6Addr = "2001:db8::2".parse().unwrap();
        let mut frame = Frame::Solicitation(target, target).bytes(MAC);
        frame[54] = 136; // an advertisement
        let packet = Packet::parse(&frame, 3, false).unwrap();
        assert_eq!(packet.claim(), Some((target.into(), MAC)));
        assert!(packet.advertises(target));
    }

    #[test]
    fn any_bytes_are_taken() {
        let path = vec![([192, 0, 2, 1].into(), [192, 0, 2, 2].into()); 2];
        let target = "2001:db8::2".parse().unwrap();
        for frame in [Frame::Echo(MAC, path), Frame::Solicitation(target, target)] {
            let whole = frame.bytes(MAC);
            for length in 0..whole.len() {
                let _ = Packet::parse(&whole[..length], 1, false);
            }
        }
    }
}
