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

/// Selects one service, all of a VIP, or, if `EVERYWHERE`, all that there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Services<const EVERYWHERE: bool = false>(pub(crate) Target);

pub(crate) type Anywhere = Services<true>;

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

impl<const EVERYWHERE: bool> Args for Services<EVERYWHERE> {
    fn group_id() -> Option<Id> {
        Selector::group_id()
    }

    fn augment_args(command: Command) -> Command {
        let command = Vip::augment_args(command);
        if EVERYWHERE {
            Selector::augment_with(Everywhere::augment_args(command), &["vip", "everywhere"])
        } else {
            Selector::augment_with(command, &["vip"])
        }
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const EVERYWHERE: bool> FromArgMatches for Services<EVERYWHERE> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        if EVERYWHERE && Everywhere::from_arg_matches_mut(matches)?.everywhere {
            return Ok(Self(Target::Everywhere));
        }
        if let Some(vip) = Vip::from_arg_matches_mut(matches)?.vip {
            return Ok(Self(Target::Vip(vip)));
        }
        Selector::found(matches)?.map(|key| Self(Target::Service(key))).ok_or_else(missing)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
