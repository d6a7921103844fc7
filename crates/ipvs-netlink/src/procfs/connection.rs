// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use super::line::{Words, address, decimal, port};
use super::state::ConnectionState;
use crate::model::{DestinationKey, Invalid, Protocol};

/// A connection is an entry of the connection table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// The protocol. `ip-0` is that of the templates of firewall-mark services.
    pub protocol: Protocol,
    /// The client. For a template its port is 0 and its address has the
    /// service's netmask applied.
    pub client: SocketAddr,
    /// What the client talks to.
    pub service: VirtualAddress,
    /// The real server that was chosen.
    pub server: DestinationKey,
    /// How far it is.
    pub state: ConnectionState,
    /// When it is forgotten unless something happens, in whole seconds.
    pub expires: Duration,
    /// What a persistence engine goes by. Told by
    /// [`connections`](super::Procfs::connections) only.
    pub engine: Option<EngineData>,
    /// Who made it. Told by
    /// [`connections_with_origin`](super::Procfs::connections_with_origin) only.
    pub origin: Option<Origin>,
}

/// The address is the side of a connection that its client sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum VirtualAddress {
    /// The VIP and the port the client talks to; the service's own port may be 0.
    /// Templates of port-0 services have port 0.
    Endpoint(SocketAddr),
    /// The firewall mark of the service a template belongs to.
    Fwmark(u32),
}

impl fmt::Display for VirtualAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(endpoint) => endpoint.fmt(f),
            Self::Fwmark(mark) => write!(f, "fwmark/{mark}"),
        }
    }
}

impl FromStr for VirtualAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mark = text.strip_prefix("fwmark/").map(|mark| decimal(mark)?.try_into().ok());
        match mark {
            Some(mark) => mark.map(Self::Fwmark).ok_or_else(|| Invalid::Text {
                what: "a virtual address",
                text: text.to_owned(),
                expected: "ADDRESS:PORT, [ADDRESS]:PORT or fwmark/NUMBER",
            }),
            None => text.parse().map(|key: DestinationKey| Self::Endpoint(key.into())),
        }
    }
}

/// The data is what a persistence engine found in the client's packets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EngineData {
    /// The engine, for example `sip`.
    pub name: String,
    /// Its data, for `sip` the Call-ID: up to 255 bytes as a client sent them, so
    /// anything but a line's end can be in it.
    pub data: Vec<u8>,
}

/// The origin says where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Packets that this director saw.
    Local,
    /// The sync daemon of another director.
    Sync,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Sync => "sync",
        })
    }
}

impl FromStr for Origin {
    type Err = Invalid;

    fn from_str(word: &str) -> Result<Self, Invalid> {
        match word {
            "local" => Ok(Self::Local),
            "sync" => Ok(Self::Sync),
            _ => Err(Invalid::Text {
                what: "an origin",
                text: word.to_owned(),
                expected: "local or sync",
            }),
        }
    }
}

impl EngineData {
    /// Returns the data of that engine, as a test may want it.
    pub fn new(name: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), data: data.into() }
    }
}

impl Connection {
    /// Returns a connection that is forgotten at once, without an origin or the data of an
    /// engine, as a test may want it.
    pub fn new(
        protocol: Protocol,
        client: SocketAddr,
        service: VirtualAddress,
        server: DestinationKey,
        state: impl Into<ConnectionState>,
    ) -> Self {
        let (state, expires) = (state.into(), Duration::ZERO);
        Self { protocol, client, service, server, state, expires, engine: None, origin: None }
    }

    /// Tells whether it remembers a client for a persistent service, and is no connection
    /// itself (`IP_VS_CONN_F_TEMPLATE`).
    ///
    /// The kernel does not show the flag: templates are told by the client's port
    /// 0 and a state that no connection of their protocol has.
    pub fn is_template(&self) -> bool {
        self.client.port() == 0 && matches!(self.state.as_str(), "NONE" | "ASSURED")
    }

    /// Reads a line, with the column `Origin` if `origins`. What is wrong with it
    /// if it cannot be.
    pub(super) fn parse(line: &[u8], origins: bool) -> Result<Self, &'static str> {
        let mut words = Words::new(line);
        let protocol = words.next().and_then(protocol).ok_or("not a protocol")?;
        let client = endpoint(&mut words).ok_or("not a client's address and port")?;
        let service = endpoint(&mut words).ok_or("not a virtual address and port")?;
        let server = endpoint(&mut words).ok_or("not a server's address and port")?;
        let state = words.next().map(ConnectionState::from_kernel).ok_or("no state")?;
        let origin = match (origins, origins.then(|| words.next()).flatten()) {
            (false, _) => None,
            (true, Some("LOCAL")) => Some(Origin::Local),
            (true, Some("SYNC")) => Some(Origin::Sync),
            (true, _) => return Err("not an origin"),
        };
        let expires = words.next().and_then(decimal).ok_or("not a number of seconds")?;
        Ok(Self {
            protocol,
            client,
            service: virtual_address(protocol, service),
            server: DestinationKey::new(server.ip(), server.port()),
            state,
            expires: Duration::from_secs(expires),
            engine: engine(words),
            origin,
        })
    }
}

/// The inverse of `ip_vs_proto_name`.
pub(super) fn protocol(word: &str) -> Option<Protocol> {
    let number = match word {
        "IP" => 0,
        "ICMP" => 1,
        "TCP" => 6,
        "UDP" => 17,
        "ICMPv6" => 58,
        "SCTP" => 132,
        other => decimal(other.strip_prefix("IP_")?)?.try_into().ok()?,
    };
    Some(Protocol::from_number(number))
}

fn endpoint(words: &mut Words<'_>) -> Option<SocketAddr> {
    Some(SocketAddr::new(address(words.next()?)?, port(words.next()?)?))
}

/// `ip_vs_core.c: ip_vs_sched_persist` puts a mark where the address would be,
/// into its first four bytes.
fn virtual_address(protocol: Protocol, endpoint: SocketAddr) -> VirtualAddress {
    if protocol != Protocol::Other(0) {
        return VirtualAddress::Endpoint(endpoint);
    }
    VirtualAddress::Fwmark(match endpoint.ip() {
        IpAddr::V4(mark) => mark.to_bits(),
        IpAddr::V6(mark) => {
            let [a, b, c, d, ..] = mark.octets();
            u32::from_be_bytes([a, b, c, d])
        }
    })
}

fn engine(mut words: Words<'_>) -> Option<EngineData> {
    let name = words.next()?.to_owned();
    Some(EngineData { name, data: words.rest().to_vec() })
}
