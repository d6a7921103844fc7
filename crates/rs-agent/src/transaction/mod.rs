// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes a host what is asked for, or takes that down, and keeps the journal true: for the
//! commands, and for [`crate::run`].

mod setup;
mod teardown;

use std::net::IpAddr;

pub use self::setup::set_up;
pub use self::teardown::take_down;

fn list(vips: &[IpAddr]) -> String {
    vips.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
