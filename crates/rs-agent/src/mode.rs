// SPDX-License-Identifier: MIT OR Apache-2.0
//! The three models of IPVS, as a real server sees them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the director forwards to this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Direct routing: the VIP is local here, but hidden from ARP.
    Dr,
    /// Tunnel: as dr, and packets arrive in an envelope (IP-in-IP, GRE or GUE).
    Tun,
    /// Masquerading: no VIP here; replies must go back through the director.
    Nat,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dr => "dr",
            Self::Tun => "tun",
            Self::Nat => "nat",
        })
    }
}
