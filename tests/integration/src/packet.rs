// SPDX-License-Identifier: MIT OR Apache-2.0

//! As much of a frame as a test asks after.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// A captured frame.
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

/// An ARP message (RFC 826).
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

/// An IP packet.
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

/// TCP's and UDP's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transport {
    /// The source port.
    pub source: u16,
    /// The destination port.
    pub destination: u16,
}

/// A neighbour solicitation or advertisement (RFC 4861).
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
const PROTOCOL_IPV4: u8 = 4;
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;
const PROTOCOL_IPV6: u8 = 41;
const PROTOCOL_ICMPV6: u8 = 58;
const PROTOCOL_DESTINATION_OPTIONS: u8 = 60;

impl Packet {
    pub(crate) fn parse(frame: &[u8], interface: usize, sent: bool) -> Option<Self> {
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

    /// The IP packet that an application sees: the inner one of a tunnel.
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
