// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds a Linux host as facts, and as ports to change it.
//!
//! | module | what it reads, changes or keeps |
//! |---|---|
//! | [`netlink`] | links, addresses, routes, rules, neighbours, tunnels, `fou`, sockets |
//! | [`firewall`] | iptables, arptables and nftables, and what becomes of packets in them |
//! | [`events`] | notices of the kernel that something changed |
//! | [`sysctl`], [`sysctl_d`] | kernel settings, and the files that set them at boot |
//! | [`udev`] | when udev is done with a new device |
//! | [`privilege`], [`processes`], [`program`] | what this process may, who else runs, what another program says |
//! | [`files`] | files within bounds, whole, and where nobody else writes |
//! | [`state`], [`netns`] | what a program keeps there of a network namespace, and who may change it |
//! | [`journald`] | messages with fields for systemd's journal |
//! | [`anywhere`] | an address that stands for a client anywhere |
//! | [`escaped`] | names that need not be UTF-8, as text |
//! | [`link`], [`address`], [`route`], [`rule`], [`tunnel`], [`fou`], [`socket`], [`ip`] | the facts themselves: plain data |
//!
//! Who needs no more than [`state`] and what it stands on leaves out the feature `network`, and an
//! asynchronous runtime with it.
//!
//! It knows of no load balancer and of no program that uses it: errors say what failed and why,
//! and leave advice to who knows the command line.

#![forbid(unsafe_code)]

#[cfg(feature = "network")]
pub mod address;
#[cfg(feature = "network")]
pub mod anywhere;
pub mod escaped;
#[cfg(feature = "network")]
pub mod events;
pub mod files;
#[cfg(feature = "network")]
pub mod firewall;
#[cfg(feature = "network")]
pub mod fou;
#[cfg(feature = "network")]
pub mod ip;
pub mod journald;
#[cfg(feature = "network")]
pub mod link;
#[cfg(feature = "network")]
pub mod netlink;
pub mod netns;
pub mod privilege;
pub mod processes;
#[cfg(feature = "network")]
pub mod program;
#[cfg(feature = "network")]
pub mod route;
#[cfg(feature = "network")]
pub mod rule;
#[cfg(feature = "network")]
pub mod socket;
pub mod state;
#[cfg(feature = "network")]
pub mod sysctl;
#[cfg(feature = "network")]
pub mod sysctl_d;
#[cfg(feature = "network")]
pub mod tunnel;
#[cfg(feature = "network")]
pub mod udev;
mod words;

#[cfg(feature = "network")]
pub use address::{Address, Addresses, Scope};
#[cfg(feature = "network")]
pub use ip::Family;
#[cfg(feature = "network")]
pub use link::Link;
#[cfg(feature = "network")]
pub use route::{DefaultRoute, Lookup, Route, SavedRoute};
#[cfg(feature = "network")]
pub use sysctl::SysctlKey;
#[cfg(feature = "network")]
pub use tunnel::{Tunnel, TunnelKind};
