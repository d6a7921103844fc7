// SPDX-License-Identifier: MIT OR Apache-2.0
//! Speaks generic-netlink family `fou` (include/uapi/linux/fou.h): UDP ports at which the kernel
//! takes packets out of an encapsulation.
//!
//! The family is there while module `fou` is loaded; it has no alias by which the kernel
//! would load it on demand.

use netlink_packet_core::{
    DecodeError, DefaultNla, Emitable, NetlinkMessage, Nla as _, NlasIterator,
    ParseableParametrized,
};
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use netlink_packet_generic::{GenlFamily, GenlHeader, GenlMessage};
use netlink_sys::protocols::NETLINK_GENERIC;
use nix::errno::Errno;

use super::socket::Socket;
use super::{NetlinkError, decode, encode};
use crate::fou::{Listener, Port};

const CMD_ADD: u8 = 1;
const CMD_DEL: u8 = 2;
const CMD_GET: u8 = 3;
const ATTR_PORT: u16 = 1; // big-endian
const ATTR_AF: u16 = 2;
const ATTR_TYPE: u16 = 4;
const ATTR_LOCAL_V4: u16 = 6;
const ATTR_LOCAL_V6: u16 = 7;
const ATTR_PEER_V4: u16 = 8;
const ATTR_PEER_V6: u16 = 9;
const ATTR_PEER_PORT: u16 = 10;
const ATTR_IFINDEX: u16 = 11;
const TYPE_GUE: u8 = 2;

/// Of this family, in this network namespace.
pub(super) struct Fou {
    socket: Socket,
    family: u16,
}

impl Fou {
    /// Opens the family; `None` if the kernel has no such family now.
    pub(super) fn open() -> Result<Option<Self>, NetlinkError> {
        let socket = Socket::open(NETLINK_GENERIC)?;
        let payload = GenlCtrl {
            cmd: GenlCtrlCmd::GetFamily,
            nlas: vec![GenlCtrlAttrs::FamilyName(Message::family_name().to_owned())],
        };
        let request = NetlinkMessage::from(GenlMessage::from_payload(payload));
        let answers = match socket.ask(request, false) {
            Err(NetlinkError::Kernel(Errno::ENOENT)) => return Ok(None),
            answers => answers?,
        };
        let family = answers.iter().flat_map(|answer| &answer.payload.nlas).find_map(|attribute| {
            match attribute {
                GenlCtrlAttrs::FamilyId(id) => Some(*id),
                _ => None,
            }
        });
        let family = family.ok_or_else(|| NetlinkError::Unexpected("no family number".into()))?;
        Ok(Some(Self { socket, family }))
    }

    pub(super) fn ports(&self) -> Result<Vec<Port>, NetlinkError> {
        let told = self.socket.ask(self.message(CMD_GET, Vec::new()), true)?;
        Ok(told.iter().filter_map(|message| message.payload.port()).collect())
    }

    pub(super) fn add(&self, at: Listener) -> Result<(), NetlinkError> {
        let mut attributes = place(at);
        attributes.push(DefaultNla::new(ATTR_TYPE, vec![TYPE_GUE]));
        self.change(CMD_ADD, attributes)
    }

    pub(super) fn delete(&self, at: Listener) -> Result<(), NetlinkError> {
        match self.change(CMD_DEL, place(at)) {
            // `fou_del`: no such port.
            Err(NetlinkError::Kernel(Errno::EINVAL)) => Err(NetlinkError::Kernel(Errno::ESRCH)),
            result => result,
        }
    }

    fn change(&self, command: u8, attributes: Vec<DefaultNla>) -> Result<(), NetlinkError> {
        let answers = self.socket.change(vec![self.message(command, attributes)]);
        answers.into_iter().next().unwrap_or(Err(NetlinkError::NoAnswer))
    }

    fn message(
        &self,
        command: u8,
        attributes: Vec<DefaultNla>,
    ) -> NetlinkMessage<GenlMessage<Message>> {
        let mut message = GenlMessage::from_payload(Message { command, attributes });
        message.set_resolved_family_id(self.family);
        NetlinkMessage::from(message)
    }
}

fn place(at: Listener) -> Vec<DefaultNla> {
    vec![
        DefaultNla::new(ATTR_PORT, at.port.to_be_bytes().to_vec()),
        DefaultNla::new(ATTR_AF, vec![encode::address_family(at.family).into()]),
    ]
}

#[derive(Debug, Clone)]
struct Message {
    command: u8,
    attributes: Vec<DefaultNla>,
}

impl Message {
    fn port(&self) -> Option<Port> {
        let value = |kind| {
            let found = self.attributes.iter().find(|attribute| attribute.kind() == kind)?;
            let mut value = vec![0; found.value_len()];
            found.emit_value(&mut value);
            Some(value)
        };
        let port = u16::from_be_bytes(value(ATTR_PORT)?.try_into().ok()?);
        let family = decode::family((*value(ATTR_AF)?.first()?).into());
        // The kernel reports the ends of a port that has none as zeros.
        let open = |kind| value(kind).is_none_or(|value| value.iter().all(|byte| *byte == 0));
        let ends = [ATTR_LOCAL_V4, ATTR_LOCAL_V6, ATTR_PEER_V4, ATTR_PEER_V6, ATTR_PEER_PORT];
        let gue = value(ATTR_TYPE)? == [TYPE_GUE];
        let is_open = gue && ends.into_iter().all(open) && open(ATTR_IFINDEX);
        Some(Port { at: Listener { port, family }, gue, is_open })
    }
}

impl GenlFamily for Message {
    fn family_name() -> &'static str {
        "fou"
    }

    fn command(&self) -> u8 {
        self.command
    }

    fn version(&self) -> u8 {
        1
    }
}

impl Emitable for Message {
    fn buffer_len(&self) -> usize {
        self.attributes.as_slice().buffer_len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        self.attributes.as_slice().emit(buffer);
    }
}

impl ParseableParametrized<[u8], GenlHeader> for Message {
    fn parse_with_param(buffer: &[u8], header: GenlHeader) -> Result<Self, DecodeError> {
        let attributes = NlasIterator::new(buffer).map(|attribute| {
            let attribute = attribute?;
            Ok(DefaultNla::new(attribute.kind(), attribute.value().to_vec()))
        });
        let attributes = attributes.collect::<Result<Vec<_>, DecodeError>>()?;
        Ok(Self { command: header.cmd, attributes })
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::ip::Family;

    #[test]
    fn only_a_gue_port_without_ends_is_open() {
        let at = Listener { port: 6080, family: Family::Ipv6 };
        let port = |extra: Vec<DefaultNla>| {
            let mut attributes = place(at);
            attributes.extend(extra);
            Message { command: CMD_GET, attributes }.port()
        };
        let gue = || DefaultNla::new(ATTR_TYPE, vec![TYPE_GUE]);
        let v4 = |ip: Ipv4Addr| DefaultNla::new(ATTR_LOCAL_V4, ip.octets().to_vec());
        let v6 = |ip: Ipv6Addr| DefaultNla::new(ATTR_PEER_V6, ip.octets().to_vec());
        for (extra, is_open) in [
            (vec![gue()], true),
            (vec![gue(), v6(Ipv6Addr::UNSPECIFIED)], true),
            (vec![gue(), v4(Ipv4Addr::LOCALHOST)], false),
            (vec![gue(), v6(Ipv6Addr::LOCALHOST)], false),
            (vec![gue(), DefaultNla::new(ATTR_IFINDEX, vec![3, 0, 0, 0])], false),
        ] {
            assert_eq!(port(extra), Some(Port { at, gue: true, is_open }));
        }
        let plain = vec![DefaultNla::new(ATTR_TYPE, vec![1])];
        assert_eq!(port(plain), Some(Port { at, gue: false, is_open: false }));
        assert_eq!(port(Vec::new()), None);
    }
}
