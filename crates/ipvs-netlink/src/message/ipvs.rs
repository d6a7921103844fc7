// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::Emitable;
#[cfg(any(test, feature = "message"))]
use netlink_packet_core::{DecodeError, ParseableParametrized};
#[cfg(any(test, feature = "message"))]
use netlink_packet_generic::{GenlFamily, GenlHeader};

use super::table::attribute_table;
#[cfg(any(test, feature = "message"))]
use super::wire::attributes;
use super::{Command, DaemonAttribute, DestinationAttribute, InfoAttribute, ServiceAttribute};

attribute_table! {
    /// The top-level attributes hold the parts of a message (`IPVS_CMD_ATTR_*`).
    pub enum Attribute {
        /// A virtual service.
        1 => Service(Vec<ServiceAttribute>),
        /// A real server.
        2 => Destination(Vec<DestinationAttribute>),
        /// A sync daemon.
        3 => Daemon(Vec<DaemonAttribute>),
        /// Timeout of established TCP connections, in seconds.
        4 => TimeoutTcp(u32),
        /// Timeout of TCP connections after FIN, in seconds.
        5 => TimeoutTcpFin(u32),
        /// Timeout of UDP flows, in seconds.
        6 => TimeoutUdp(u32),
    }
}

/// A message holds a command of the family `IPVS` and its attributes, for use with
/// `GenlMessage` of netlink-packet-generic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IpvsMessage {
    /// What is asked for, or what kind of answer it is.
    pub command: Command,
    /// What it is about.
    pub attributes: Vec<Attribute>,
    /// The attributes of an answer to `GET_INFO`, which are numbered anew.
    pub info: Vec<InfoAttribute>,
}

impl IpvsMessage {
    /// The kernel registers the family under this name. the kernel registers the family.
    pub const FAMILY: &'static str = "IPVS";
    /// The family has this version (`IPVS_GENL_VERSION`).
    pub const VERSION: u8 = 1;

    /// Returns a message with these attributes.
    pub fn new(command: Command, attributes: Vec<Attribute>) -> Self {
        Self { command, attributes, info: Vec::new() }
    }
}

#[cfg(any(test, feature = "message"))]
impl GenlFamily for IpvsMessage {
    fn family_name() -> &'static str {
        Self::FAMILY
    }

    fn command(&self) -> u8 {
        self.command.into()
    }

    fn version(&self) -> u8 {
        Self::VERSION
    }
}

impl Emitable for IpvsMessage {
    fn buffer_len(&self) -> usize {
        self.attributes.as_slice().buffer_len() + self.info.as_slice().buffer_len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        let (attributes, info) = buffer.split_at_mut(self.attributes.as_slice().buffer_len());
        self.attributes.as_slice().emit(attributes);
        self.info.as_slice().emit(info);
    }
}

#[cfg(any(test, feature = "message"))]
impl ParseableParametrized<[u8], GenlHeader> for IpvsMessage {
    fn parse_with_param(payload: &[u8], header: GenlHeader) -> Result<Self, DecodeError> {
        let mut message = Self::new(header.cmd.into(), Vec::new());
        match message.command {
            Command::SetInfo => message.info = attributes(payload).collect::<Result<_, _>>()?,
            _ => message.attributes = attributes(payload).collect::<Result<_, _>>()?,
        }
        Ok(message)
    }
}
