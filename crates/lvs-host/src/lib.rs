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
//! | [`anywhere`] | an address that stands for a client anywhere |
//! | [`escaped`] | names that need not be UTF-8, as text |
//! | [`link`], [`address`], [`route`], [`rule`], [`tunnel`], [`fou`], [`socket`], [`ip`] | the facts themselves: plain data |
//!
//! It knows of no load balancer and of no program that uses it: errors say what failed and why,
//! and leave advice to who knows the command line.

#![forbid(unsafe_code)]

pub mod address;
pub mod anywhere;
pub mod escaped;
pub mod events;
pub mod files;
pub mod firewall;
pub mod fou;
pub mod ip;
pub mod link;
pub mod netlink;
pub mod netns;
pub mod privilege;
pub mod processes;
pub mod program;
pub mod route;
pub mod rule;
pub mod socket;
pub mod state;
pub mod sysctl;
pub mod sysctl_d;
pub mod tunnel;
pub mod udev;
mod words;

pub use address::{Address, Addresses, Scope};
pub use ip::Family;
pub use link::Link;
pub use route::{DefaultRoute, Lookup, Route, SavedRoute};
pub use sysctl::SysctlKey;
pub use tunnel::{Tunnel, TunnelKind};
