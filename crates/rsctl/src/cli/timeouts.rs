// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::Args;

use super::{Report, typed};

#[derive(Debug, Args)]
#[command(after_help = "\
Connections that exist take a new timeout with their next packet. Other TCP states and SCTP have \
timeouts that cannot be set.

Examples:
  rsctl timeouts
  rsctl timeouts --tcp 7200")]
pub(crate) struct Timeouts {
    /// Established TCP connections.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::timeout,
        allow_negative_numbers = true
    )]
    pub(crate) tcp: Option<u32>,

    /// TCP connections after FIN.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::timeout,
        allow_negative_numbers = true
    )]
    pub(crate) tcp_fin: Option<u32>,

    /// UDP flows.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::timeout,
        allow_negative_numbers = true
    )]
    pub(crate) udp: Option<u32>,

    #[command(flatten)]
    pub(crate) report: Report,
}

impl Timeouts {
    /// Returns whether nothing is to be set.
    pub(crate) fn shows(&self) -> bool {
        self.tcp.is_none() && self.tcp_fin.is_none() && self.udp.is_none()
    }
}
