// SPDX-License-Identifier: MIT OR Apache-2.0

//! From the model to attributes and back, with the reason of each quirk.
//!
//! Decoding reads attributes one at a time and keeps none of them: a dump of
//! 100,000 servers has four million.

mod daemon;
mod destination;
mod info;
#[cfg(test)]
mod properties;
mod request;
mod service;
mod stats;
mod timeouts;

use libc::{AF_INET, AF_INET6};
use netlink_packet_core::DecodeError;

use crate::model::AddressFamily;

pub(crate) use daemon::decode_daemon;
pub(crate) use destination::decode_destination;
pub(crate) use info::decode_info;
#[cfg(test)]
pub(crate) use request::change_message;
pub(crate) use request::{pack_change, pack_request};
pub(crate) use service::decode_service;
pub(crate) use timeouts::decode_timeouts;

fn family_to_wire(family: AddressFamily) -> u16 {
    match family {
        AddressFamily::Ipv4 => AF_INET as u16,
        AddressFamily::Ipv6 => AF_INET6 as u16,
    }
}

fn family_from_wire(family: u16) -> Result<AddressFamily, DecodeError> {
    match i32::from(family) {
        AF_INET => Ok(AddressFamily::Ipv4),
        AF_INET6 => Ok(AddressFamily::Ipv6),
        _ => Err(format!("address family {family} is neither AF_INET nor AF_INET6").into()),
    }
}

fn missing(attribute: &str) -> DecodeError {
    format!("the attribute {attribute} is missing or malformed").into()
}
