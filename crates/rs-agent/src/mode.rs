// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names the three models of IPVS, as a real server sees them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Says how the director forwards to this host.
///
/// The words and the others that are read for them are those of rsctl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Direct routing (rsctl -g): the VIP is on this host too, hidden from ARP.
    #[value(aliases = ["gateway", "gatewaying", "gate", "route", "direct"])]
    Dr,
    /// Tunnelling (rsctl -i): like dr, and packets arrive through a tunnel (ipip, GRE or GUE).
    #[value(aliases = ["tunnel", "tunnelling", "tunneling", "ipip"])]
    Tun,
    /// Masquerading (rsctl -m): no VIP on this host; replies go back through the director.
    #[value(aliases = ["masq", "masquerade", "masquerading"])]
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
