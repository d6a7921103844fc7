// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refuses addresses that mean something else in the networks of this host.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::facts::Address;
use crate::refusal::Refusal;

/// Holds which addresses those are, for who asks again and again.
#[derive(Debug, Default)]
pub struct Networks<'a> {
    /// Broadcast addresses, and the interface of each.
    broadcasts: HashMap<IpAddr, &'a str>,
    /// Other ends of links, and the address that names each.
    peers: HashMap<IpAddr, &'a Address>,
}

impl<'a> Networks<'a> {
    /// Returns those of these addresses.
    pub fn of(addresses: impl IntoIterator<Item = &'a Address>) -> Self {
        let mut networks = Self::default();
        for have in addresses {
            if let (IpAddr::V4(ip), 0..31) = (have.peer.unwrap_or(have.ip), have.prefix) {
                let hosts = u32::MAX.checked_shr(u32::from(have.prefix)).unwrap_or(0);
                let last = Ipv4Addr::from(u32::from(ip) | hosts);
                networks.broadcasts.insert(last.into(), &have.device);
            }
            networks.peers.extend(have.peer.map(|peer| (peer, have)));
        }
        networks
    }

    /// Refuses the broadcast address of a subnet of this host.
    ///
    /// # Errors
    /// It is one.
    pub fn no_broadcast(&self, role: &'static str, ip: IpAddr) -> Result<(), Refusal> {
        match self.broadcasts.get(&ip) {
            Some(device) => Err(Refusal::Broadcast { role, ip, device: (*device).to_owned() }),
            None => Ok(()),
        }
    }

    /// Refuses the other end of a link of this host: that is another host's, or, on a device that
    /// has none, nobody's.
    ///
    /// # Errors
    /// It is one.
    pub fn no_peer(&self, vip: IpAddr) -> Result<(), Refusal> {
        match self.peers.get(&vip) {
            Some(have) => Err(Refusal::OtherEnd { vip, ip: have.ip, device: have.device.clone() }),
            None => Ok(()),
        }
    }
}
