// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use ipvs_netlink::{ForwardingMethod, Tunnel};

use super::server::method_word;
use super::{Endpoint, heading, typed, value};

// What is listed of the table.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = heading::FILTERS)]
pub(crate) struct Filters {
    /// Only services at this address, or in this network (ADDRESS/LENGTH).
    #[arg(long, value_name = "VIP[/LENGTH]", value_parser = value::vips)]
    pub(crate) vip: Option<(IpAddr, u8)>,

    /// Only services of this protocol, or those of firewall marks.
    #[arg(long, value_enum, value_name = "PROTOCOL", ignore_case = true)]
    pub(crate) protocol: Option<ServiceKind>,

    /// Only this real server, on any port if none is given, and the services that have it.
    #[arg(short = 'r', long, aliases = ["real-server", "rip"], value_name = "RIP[:PORT]", value_parser = typed::server)]
    pub(crate) server: Option<Endpoint>,

    /// Only servers that packets are forwarded to by this method, and their services.
    #[arg(long, value_enum, value_name = "METHOD", ignore_case = true)]
    pub(crate) method: Option<Method>,

    /// Only servers of weight 0, and their services.
    #[arg(long)]
    pub(crate) drained: bool,

    /// Only servers that have as many connections, active and inactive, as their upper threshold
    /// or more, and their services.
    #[arg(long)]
    pub(crate) full: bool,

    /// Only services that no server takes new connections of: without servers, or with servers of
    /// weight 0 only.
    #[arg(long)]
    pub(crate) empty: bool,
}

impl Filters {
    /// Returns whether any is given.
    pub(crate) fn are_given(&self) -> bool {
        self.of_servers() || self.empty || self.vip.is_some() || self.protocol.is_some()
    }

    /// Returns whether servers are left out.
    pub(crate) fn of_servers(&self) -> bool {
        self.server.is_some() || self.method.is_some() || self.drained || self.full
    }
}

/// Names what a service is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServiceKind {
    Tcp,
    Udp,
    Sctp,
    #[value(alias = "fwm")]
    Fwmark,
}

/// Names how packets get to a server, with whatever tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Method(ForwardingMethod);

impl Method {
    const ALL: [Self; 4] = [
        Self(ForwardingMethod::Gateway),
        Self(ForwardingMethod::Tunnel(Tunnel::Ipip)),
        Self(ForwardingMethod::Masquerade),
        Self(ForwardingMethod::Local),
    ];

    pub(crate) fn is_of(self, server: ForwardingMethod) -> bool {
        self.0.name() == server.name()
    }
}

impl ValueEnum for Method {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        method_word(self.0)
    }
}
