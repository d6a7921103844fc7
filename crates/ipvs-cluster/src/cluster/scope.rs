// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads what of a director is the file's own: what `--prune` may delete.

use std::net::IpAddr;

use ipvs_netlink::ServiceKey;

use super::address::Wrong;
use super::keys::Keys;
use super::problem::Found;
use super::tree::{Scalar, Shape, Value};
use super::vips::Vips;

const SCOPE: Keys<3> = Keys::new("`scope`", ["vips", "services", "servers"]);

/// What a file says to be its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// Nothing: it is what the file names.
    Named,
    Everything,
    Only {
        vips: Vec<IpAddr>,
        services: Vec<ServiceKey>,
        servers: Option<Vec<Network>>,
    },
}

/// Holds a network: the servers that are ours have their addresses there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    /// How many bits of the address are the network's.
    length: u8,
}

impl Network {
    /// Returns its address, and how many bits of that are the network's.
    pub(super) fn parts(self) -> (IpAddr, u8) {
        (self.address, self.length)
    }
}

impl Declared {
    pub(super) fn read<'t>(
        value: Option<Value<'t>>,
        vips: &mut Vips<'t>,
        found: &mut Found,
    ) -> Self {
        let Some(value) = value else { return Self::Named };
        if let Shape::Scalar(Scalar { text, .. }) = value.shape() {
            if text != "everything" {
                let hint = "write `scope: everything`, or a mapping with vips, services, servers";
                found.hinted(value.at(), format!("`{text}` is not a scope"), hint);
            }
            return Self::Everything;
        }
        let Some([addresses, services, servers]) = SCOPE.read(value, found) else {
            return Self::Named;
        };
        let mut keys = Vec::new();
        for item in services.into_iter().flat_map(Value::items) {
            let Some(text) = item.text("services", found) else { continue };
            match vips.services(text) {
                Ok(some) => keys.extend(some),
                Err(Wrong { message, hint }) => found.hinted(item.at(), message, hint),
            }
        }
        let networks =
            servers.map(|it| it.items().filter_map(|item| network(item, found)).collect());
        Self::Only {
            vips: addresses.map_or_else(Vec::new, |it| vips.several(it, "vips", found)),
            services: keys,
            servers: networks,
        }
    }
}

fn network(value: Value<'_>, found: &mut Found) -> Option<Network> {
    let text = value.text("servers", found)?;
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address: Option<IpAddr> = address.parse().ok();
    let most = if address.is_some_and(|it| it.is_ipv6()) { 128 } else { 32 };
    let digits = length.bytes().all(|byte| byte.is_ascii_digit()) && text.contains('/');
    let length = match length {
        "" if !text.contains('/') => Some(most),
        _ => length.parse().ok().filter(|it| digits && *it <= most),
    };
    let network = address.zip(length).map(|(address, length)| Network { address, length });
    if network.is_none() {
        let hint = "use an address, or a network such as 10.0.0.0/24";
        found.hinted(value.at(), format!("`{text}` is not a network"), hint);
    }
    network
}
