// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says what the three models of IPVS (nat, dr, tun) do not carry, besides what the kernel itself
//! would twist: of that, the builder judges.

use std::net::IpAddr;

use ipvs_netlink::{
    Destination, ForwardingMethod, Invalid, Scheduler, SchedulerFlags, Service, Weight,
};

use super::problem::Found;
use super::servers::Member;
use crate::desired::Why;
use crate::sound::Unsound;

/// Judges a server of a service.
pub(super) fn judge(owner: &Service, server: &Destination, member: &Member, found: &mut Found) {
    let (service, address) = (&owner.key, server.key.address);
    let is_local = server.forwarding == ForwardingMethod::Local;
    if service.address() == Some(address) && !is_local {
        let message = format!("server {address} of {service} has the address of its service");
        let hint = "write the address that the server has for itself (RIP); the director as a \
                    server is `method: local`";
        found.hinted(member.at, message, hint);
    }
    if is_loopback(address) && !is_local {
        let message = format!("{address} is no real server: packets would stay on the director");
        found.hinted(member.at, message, "the director as a server is `method: local`");
    }
    let hashes = matches!(owner.scheduler, Scheduler::Sh | Scheduler::Mh);
    let falls_back = owner.scheduler_flags.contains(SchedulerFlags::FALLBACK);
    if hashes && !falls_back && server.weight == Weight::ZERO {
        let scheduler = &owner.scheduler;
        let message =
            format!("{scheduler} refuses the clients that it hashes to a server of weight 0");
        let hint =
            format!("write `scheduler_flags: {scheduler}-fallback`, or leave the server out");
        found.warn(member.at, message, hint);
    }
    if member.maybe_port.is_some() && member.maybe_port == service.port() {
        let message = format!("{address} is an address without a port");
        let meant = member.maybe_port.unwrap_or_default();
        found.warn(member.at, message, format!("if {meant} is the port, write [ADDRESS]:{meant}"));
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

/// Returns what helps against what the builder has to say.
pub(super) fn hint<O>(why: &Why<O>) -> Option<&'static str> {
    Some(match why {
        Why::Again { .. } => "leave one out",
        Why::MixedFamilies => {
            "leave the daemons out, or give the service servers of its own family"
        }
        Why::NoService | Why::OutsideScope => return None,
        Why::Unsound(Unsound::Crowd { .. }) => "use fewer servers, or another scheduler",
        Why::Unsound(Unsound::Invalid(invalid)) => match invalid {
            Invalid::PortRewrite { .. } => {
                "leave the port out, or write `method: nat`, which can change it"
            }
            Invalid::MixedFamilies { .. } => {
                "use a server of the service's family, or `method: tun`"
            }
            Invalid::PortZeroNotPersistent => "write a port, or `persistent: 5m`",
            Invalid::OnePacketNotUdp => "leave `one_packet` out, or write udp/",
            Invalid::EngineNotUdp => "leave `engine` out, or write udp/",
            Invalid::EngineNotPersistent => "write `persistent: 5m`, or leave `engine` out",
            Invalid::SyncMaxLength { .. } => "leave `maxlen` out: the kernel chooses it",
            _ => return None,
        },
        Why::Unsound(_) => return None,
    })
}
