// SPDX-License-Identifier: MIT OR Apache-2.0

use std::num::NonZeroU32;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgGroup, ArgMatches, Args, Command, FromArgMatches, Id};
use ipvs_netlink::{AddressFamily, Protocol, ServiceKey};

use super::{Endpoint, heading, typed};

const GROUP: &str = "virtual-service";

/// Selects a virtual service, by its text form or by `ipvsadm`'s options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selector(pub(crate) ServiceKey);

#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = heading::SERVICE)]
struct Options {
    /// The virtual service (required, here or by an option below): tcp/192.0.2.10:80,
    /// udp/[2001:db8::1]:53, fwmark/7, fwmark/7/ipv6.
    #[arg(value_name = "SERVICE", help_heading = NONE, value_parser = typed::service)]
    service: Option<ServiceKey>,

    /// TCP.
    #[arg(short, long = "tcp-service", value_name = "VIP:PORT", value_parser = typed::tcp)]
    tcp: Option<Endpoint>,

    /// UDP.
    #[arg(short, long = "udp-service", value_name = "VIP:PORT", value_parser = typed::udp)]
    udp: Option<Endpoint>,

    /// SCTP.
    #[arg(long = "sctp-service", value_name = "VIP:PORT", value_parser = typed::sctp)]
    sctp: Option<Endpoint>,

    /// Packets with this firewall mark, IPv4 unless -6 is given.
    #[arg(
        short,
        long = "fwmark-service",
        value_name = "MARK",
        value_parser = typed::fwmark,
        allow_negative_numbers = true
    )]
    fwmark: Option<NonZeroU32>,

    /// With -f: IPv6 packets.
    #[arg(
        short = '6',
        long,
        requires = "fwmark",
        conflicts_with_all = ["service", "tcp", "udp", "sctp"]
    )]
    ipv6: bool,
}

/// Says in the help of a command that it needs no service.
pub(crate) fn optional(service: Arg) -> Arg {
    service.help("Only this virtual service: tcp/192.0.2.10:80, udp/[2001:db8::1]:53, fwmark/7, fwmark/7/ipv6")
}

/// No heading of its own: among the arguments, or the options.
const NONE: Option<&str> = None;

impl Options {
    fn key(&self) -> Option<ServiceKey> {
        let family = if self.ipv6 { AddressFamily::Ipv6 } else { AddressFamily::Ipv4 };
        self.service
            .or_else(|| self.tcp.map(|it| it.service(Protocol::Tcp)))
            .or_else(|| self.udp.map(|it| it.service(Protocol::Udp)))
            .or_else(|| self.sctp.map(|it| it.service(Protocol::Sctp)))
            .or_else(|| self.fwmark.map(|mark| ServiceKey::Fwmark { family, mark }))
    }
}

impl Selector {
    /// Adds the options that select a service, beside `others` that do so instead.
    pub(super) fn augment_with(command: Command, others: &[&'static str]) -> Command {
        let group = ArgGroup::new(GROUP).args(["service", "tcp", "udp", "sctp", "fwmark"]);
        let group = group.args(others.iter().copied());
        Options::augment_args(command).group(group).next_help_heading(NONE)
    }

    /// Returns the service that was selected, if one was.
    pub(super) fn found(matches: &mut ArgMatches) -> Result<Option<ServiceKey>, clap::Error> {
        Ok(Options::from_arg_matches_mut(matches)?.key())
    }
}

/// Complains that nothing is selected: a required group would spell out all ways in every usage
/// line.
pub(super) fn missing() -> clap::Error {
    let mut error = clap::Error::new(ErrorKind::MissingRequiredArgument);
    let missing = ContextValue::String("SERVICE".to_owned());
    error.insert(ContextKind::InvalidArg, missing);
    error
}

impl Args for Selector {
    fn group_id() -> Option<Id> {
        Some(GROUP.into())
    }

    fn augment_args(command: Command) -> Command {
        Self::augment_with(command, &[])
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Selector {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        Self::found(matches)?.map(Self).ok_or_else(missing)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
