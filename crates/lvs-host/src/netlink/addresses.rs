// SPDX-License-Identifier: MIT OR Apache-2.0
//! Changes addresses, many to a send.

use std::collections::HashMap;
use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NetlinkMessage};
use netlink_packet_route::RouteNetlinkMessage;

use super::{Netlink, NetlinkError, encode};
use crate::address::Scope;

/// Names a single address to be added, changed or removed, hidden as far as its family can: IPv4 by
/// its scope, IPv6 deprecated and without duplicate address detection.
#[derive(Debug, Clone, Copy)]
pub struct AddressChange<'a> {
    /// The address.
    pub ip: IpAddr,
    /// Interface name.
    pub device: &'a str,
    /// Scope, if it is an IPv4 address.
    pub scope: Scope,
    /// Label, if it is an IPv4 address.
    pub label: Option<&'a str>,
    /// What is to become of it.
    pub how: How,
}

/// Says what becomes of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is not there yet.
    Add {
        /// Who adds it (`IFA_PROTO`).
        tag: Option<u8>,
    },
    /// It is there, an IPv6 address, and is made deprecated in place.
    Deprecate {
        /// Whose it is: a change that does not say so would take it from them.
        tag: Option<u8>,
    },
    /// It goes.
    Remove,
}

impl Netlink {
    /// So many addresses are changed in one send.
    pub const BATCH: usize = 64;

    /// Returns the netlink port by which addresses are changed: the notices of these changes
    /// name it.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn port(&self) -> Result<u32, NetlinkError> {
        Ok(self.socket()?.port())
    }

    /// Adds, changes and removes addresses, in one send: at most [`Self::BATCH`] of them. One answer
    /// each: EEXIST if one to be added is there, EADDRNOTAVAIL if one to be removed is not (one
    /// to be changed that is gone is added: the kernel asks for no NLM_F_CREATE),
    /// [`NetlinkError::NoDevice`] if its interface is gone: the others are sent all the same.
    pub fn change_addresses(&self, changes: &[AddressChange<'_>]) -> Vec<Result<(), NetlinkError>> {
        let mut indexes: HashMap<&str, Option<u32>> = HashMap::new();
        let mut requests = Vec::with_capacity(changes.len());
        let mut sent = Vec::with_capacity(changes.len());
        let mut answers: Vec<_> = changes.iter().map(|_| Err(NetlinkError::NoAnswer)).collect();
        for (change, answer) in changes.iter().zip(&mut answers) {
            let index =
                indexes.entry(change.device).or_insert_with(|| Self::index(change.device).ok());
            let Some(index) = *index else {
                *answer = Err(NetlinkError::NoDevice(change.device.to_owned()));
                continue;
            };
            let message = encode::address(change, index);
            let (message, flags) = match change.how {
                How::Add { .. } => {
                    (RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
                }
                How::Deprecate { .. } => (RouteNetlinkMessage::NewAddress(message), NLM_F_REPLACE),
                How::Remove => (RouteNetlinkMessage::DelAddress(message), 0),
            };
            let mut request = NetlinkMessage::from(message);
            request.header.flags = flags;
            requests.push(request);
            sent.push(answer);
        }
        if requests.is_empty() {
            return answers;
        }
        let told = match self.socket() {
            Ok(socket) => socket.change(requests),
            Err(error) => vec![Err(error)],
        };
        for (place, told) in sent.into_iter().zip(told) {
            *place = told;
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Removes what is not there (192.0.2.0/24 is nobody's), so that nothing changes
    /// whoever runs it.
    #[test]
    fn a_missing_device_answers_for_itself_alone() {
        let change = |device| {
            let ip = "192.0.2.254".parse().unwrap();
            AddressChange { ip, device, scope: Scope::Host, label: None, how: How::Remove }
        };
        let answers =
            Netlink::connect().unwrap().change_addresses(&["lo", "no-such", "lo"].map(change));
        let [Err(first), Err(second), Err(third)] = &answers[..] else { panic!("{answers:?}") };
        assert!(matches!(first, NetlinkError::Kernel(_)), "{answers:?}");
        assert!(matches!(second, NetlinkError::NoDevice(_)), "{answers:?}");
        assert!(matches!(third, NetlinkError::Kernel(_)), "{answers:?}");
    }
}
