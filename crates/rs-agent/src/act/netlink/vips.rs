// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses, many to a send.

use std::collections::HashMap;
use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NetlinkMessage};
use netlink_packet_route::RouteNetlinkMessage;

use super::{Netlink, NetlinkError, encode};
use crate::request::Scope;

/// A VIP to be added, changed or removed.
#[derive(Debug, Clone, Copy)]
pub struct Vip<'a> {
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

/// What becomes of a VIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is not there yet.
    Add,
    /// It is there, an IPv6 address, and is made deprecated in place.
    Deprecate {
        /// Whose it is: a change that does not say so would take it from them.
        tag: Option<u8>,
    },
    /// It goes.
    Remove,
}

impl Netlink {
    /// How many VIPs are changed in one send.
    pub const BATCH: usize = 64;

    /// Adds, changes and removes VIPs, in one send: at most [`Self::BATCH`] of them. One answer
    /// each: EEXIST if one to be added is there, EADDRNOTAVAIL if one to be removed is not (one
    /// to be changed that is gone is added: the kernel asks for no NLM_F_CREATE),
    /// [`NetlinkError::NoDevice`] if its interface is gone: the others are sent all the same.
    pub fn change_vips(&self, vips: &[Vip<'_>]) -> Vec<Result<(), NetlinkError>> {
        let mut indexes: HashMap<&str, Option<u32>> = HashMap::new();
        let mut requests = Vec::with_capacity(vips.len());
        let mut sent = Vec::with_capacity(vips.len());
        let mut answers: Vec<_> = vips.iter().map(|_| Err(NetlinkError::NoAnswer)).collect();
        for (vip, answer) in vips.iter().zip(&mut answers) {
            let index = indexes.entry(vip.device).or_insert_with(|| Self::index(vip.device).ok());
            let Some(index) = *index else {
                *answer = Err(NetlinkError::NoDevice(vip.device.to_owned()));
                continue;
            };
            let message = encode::vip(vip, index);
            let (message, flags) = match vip.how {
                How::Add => (RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL),
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
        let vip = |device| {
            let ip = "192.0.2.254".parse().unwrap();
            Vip { ip, device, scope: Scope::Host, label: None, how: How::Remove }
        };
        let answers = Netlink::connect().unwrap().change_vips(&["lo", "no-such", "lo"].map(vip));
        let [Err(first), Err(second), Err(third)] = &answers[..] else { panic!("{answers:?}") };
        assert!(matches!(first, NetlinkError::Kernel(_)), "{answers:?}");
        assert!(matches!(second, NetlinkError::NoDevice(_)), "{answers:?}");
        assert!(matches!(third, NetlinkError::Kernel(_)), "{answers:?}");
    }
}
