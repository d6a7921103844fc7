// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists every rule: what it means, what it reads, why it matters, what its remedy is, and what it
//! cannot see.

mod arp;
mod later;
mod service;
mod tunnel;
mod vip;

use lvs_check::Catalogue;

pub(crate) use self::arp::*;
pub(crate) use self::later::*;
pub(crate) use self::service::*;
pub(crate) use self::tunnel::*;
pub(crate) use self::vip::*;

/// Holds all rules, in the order of docs/checks.md.
pub static RULES: Catalogue =
    Catalogue::new(&[arp::RULES, vip::RULES, tunnel::RULES, service::RULES, later::RULES]);
