// SPDX-License-Identifier: MIT OR Apache-2.0

//! What travels on the wire: commands and attributes of the generic-netlink
//! family `IPVS`, as in `include/uapi/linux/ip_vs.h`.
//!
//! An attribute that this module does not know, or whose length is not the one
//! it knows, is kept as `Other` and emitted again unchanged. Nothing here
//! judges a value; that is the business of [`model`](crate::model).
//!
//! The module is there with the feature `message`. It is for tools that speak to the
//! kernel themselves, or that change what a [`Client`](crate::Client) sends, over the
//! crates `netlink_packet_core` and `netlink_packet_generic`, which it has in the
//! version that fits: a new major version of theirs is one of this crate, too.

mod command;
mod daemon;
mod destination;
mod info;
mod ipvs;
mod pack;
mod service;
pub(crate) mod show;
mod stats;
mod table;
mod wire;

#[cfg(any(test, feature = "message"))]
pub use {netlink_packet_core, netlink_packet_generic};

pub use command::Command;
pub use daemon::DaemonAttribute;
pub use destination::DestinationAttribute;
pub use info::InfoAttribute;
pub use ipvs::{Attribute, IpvsMessage};
pub(crate) use pack::{Pack, Packed, Sink, pack_nested};
pub use service::ServiceAttribute;
pub use stats::{Stats64Attribute, StatsAttribute};
pub use wire::{BigEndianPort, Text, WireAddress, WireFlags, WireNetmask};
pub(crate) use wire::{all_taken, attributes, expected_attribute, next_attribute};
