// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses, many to a send.

use std::collections::HashMap;
use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NetlinkMessage};
use netlink_packet_route::RouteNetlinkMessage;

use super::{Netlink, NetlinkError, encode};
use crate::request::Scope;

/// A VIP to be added or removed.
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
    /// Remove it rather than add it.
    pub remove: bool,
}

impl Netlink {
    /// How many VIPs are changed in one send.
    pub const BATCH: usize = 64;

    /// Adds and removes VIPs, in one send: at most [`Self::BATCH`] of them. One answer each:
    /// EEXIST if one to be added is there, EADDRNOTAVAIL if one to be removed is not,
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
            let mut request = NetlinkMessage::from(match vip.remove {
                true => RouteNetlinkMessage::DelAddress(message),
                false => RouteNetlinkMessage::NewAddress(message),
            });
            if !vip.remove {
                request.header.flags = NLM_F_CREATE | NLM_F_EXCL;
            }
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
            Vip { ip, device, scope: Scope::Host, label: None, remove: true }
        };
        let answers = Netlink::connect().unwrap().change_vips(&["lo", "no-such", "lo"].map(vip));
        let [Err(first), Err(second), Err(third)] = &answers[..] else { panic!("{answers:?}") };
        assert!(matches!(first, NetlinkError::Kernel(_)), "{answers:?}");
        assert!(matches!(second, NetlinkError::NoDevice(_)), "{answers:?}");
        assert!(matches!(third, NetlinkError::Kernel(_)), "{answers:?}");
    }
}
