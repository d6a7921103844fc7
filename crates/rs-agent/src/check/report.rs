// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what `check` found, and of which real server.

use std::net::IpAddr;

use lvs_check::nagios;
use serde::Serialize;

use super::subject::some;
use crate::mode::Mode;

/// A check report holds what was found, and what the host was held against.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// Forwarding method it was held against.
    pub mode: Mode,
    /// VIPs.
    pub vips: Vec<IpAddr>,
    /// What was found.
    #[serde(flatten)]
    pub found: lvs_check::Report,
}

impl CheckReport {
    /// Returns the report for people.
    #[must_use]
    pub fn text(&self) -> String {
        self.found.text(&self.held_against())
    }

    /// Returns the report for a monitor.
    #[must_use]
    pub fn monitored(&self) -> String {
        nagios::text(&self.found, &self.held_against(), "--nagios")
    }

    fn held_against(&self) -> String {
        let of = match self.vips.is_empty() {
            true => String::new(),
            false => format!(" for {}", some(&self.vips)),
        };
        format!("{}{of}", self.mode)
    }
}
