// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use clap::{ArgMatches, Args, Command, FromArgMatches, Id};
use ipvs_netlink::ServiceKey;

use super::selector::{Selector, missing};
use super::value;

/// Says on which services a command acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Service(ServiceKey),
    /// All that have this address.
    Vip(IpAddr),
    /// All that have the server.
    Everywhere,
}

/// Selects one service, or all of a VIP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Services(pub(crate) Target);

/// Selects one service, all of a VIP, or all that there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anywhere(pub(crate) Target);

#[derive(Debug, Args)]
#[group(skip)]
struct Vip {
    /// Instead of a service: all services of this VIP.
    #[arg(long, value_name = "VIP", value_parser = value::vip, conflicts_with = "ipv6")]
    vip: Option<IpAddr>,
}

#[derive(Debug, Args)]
#[group(skip)]
struct Everywhere {
    /// Instead of a service: all services that have the server; without a port, on any port.
    #[arg(long, conflicts_with = "ipv6")]
    everywhere: bool,
}

impl Args for Services {
    fn group_id() -> Option<Id> {
        Selector::group_id()
    }

    fn augment_args(command: Command) -> Command {
        Selector::augment_with(Vip::augment_args(command), &["vip"])
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Services {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        services(matches)?.map(Self).ok_or_else(missing)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Anywhere {
    fn group_id() -> Option<Id> {
        Selector::group_id()
    }

    fn augment_args(command: Command) -> Command {
        let command = Everywhere::augment_args(Vip::augment_args(command));
        Selector::augment_with(command, &["vip", "everywhere"])
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Anywhere {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        if Everywhere::from_arg_matches_mut(matches)?.everywhere {
            return Ok(Self(Target::Everywhere));
        }
        services(matches)?.map(Self).ok_or_else(missing)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn services(matches: &mut ArgMatches) -> Result<Option<Target>, clap::Error> {
    let vip = Vip::from_arg_matches_mut(matches)?.vip.map(Target::Vip);
    Ok(match vip {
        None => Selector::found(matches)?.map(Target::Service),
        vip => vip,
    })
}
