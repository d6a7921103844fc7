// SPDX-License-Identifier: MIT OR Apache-2.0

//! Refuses what cannot be, before anything is sent: the library's reasons, and those that only a
//! command line can have.

use ipvs_netlink::{DestinationKey, Invalid, Scheduler, Tunnel};

/// Says why a combination of options is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// What the library would refuse too.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The kernel stores a mask without persistence and never looks at it.
    #[error("a netmask means something to a persistent service only")]
    NetmaskWithoutPersistence,
    /// The kernel stores an engine without persistence and never looks at it.
    #[error("a persistence engine means something to a persistent service only")]
    EngineWithoutPersistence,
    /// Scheduler flags are bits: `sh-port` would be something else to another.
    #[error("{flag} is a flag of the scheduler {owner}, and the service's is {scheduler}")]
    ForeignFlag {
        /// The word given.
        flag: &'static str,
        /// The scheduler that has it.
        owner: Scheduler,
        /// The scheduler the service has, or would have.
        scheduler: Scheduler,
    },
    /// The kernel ignores tunnel settings of other methods.
    #[error("tunnel options need a tunnelled server, and {0} is not tunnelled")]
    NotTunnelled(DestinationKey),
    /// The kernel answers with a bare `EINVAL`.
    #[error("a gue tunnel needs a port")]
    GueWithoutPort,
    /// The kernel stores it and never looks at it.
    #[error("{tunnel} tunnels have no {option}")]
    NoSuchTunnelOption {
        /// The type of the tunnel.
        tunnel: &'static str,
        /// What it does not have.
        option: &'static str,
    },
    /// A tunnel of a later kernel's can be shown and not edited.
    #[error("the server's tunnel is of an unknown type: {0}")]
    UnknownTunnel(Tunnel),
    /// What is wanted is not in the scope that the file declares.
    #[error(transparent)]
    Outside(#[from] ipvs_cluster::OutsideScope),
    /// No form of a list has a meaning for all of its options.
    #[error("{why}")]
    ListForm {
        /// What is wrong with them.
        why: &'static str,
        /// What to write instead.
        hint: &'static str,
    },
}

impl Refusal {
    /// Returns what to write instead.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Invalid(invalid) => return hint(invalid),
            Self::NetmaskWithoutPersistence | Self::EngineWithoutPersistence => {
                "make it persistent with -p"
            }
            Self::ForeignFlag { flag, owner, scheduler } => {
                return Some(match scheduler {
                    Scheduler::Sh | Scheduler::Mh => {
                        format!(
                            "the same flag of {scheduler} is {}",
                            flag.replacen(owner.name(), scheduler.name(), 1)
                        )
                    }
                    _ => format!("name the scheduler too: -s {owner}"),
                });
            }
            Self::NotTunnelled(_) => "make it a tunnel with -i",
            Self::GueWithoutPort => "name the real server's UDP port with --tun-port",
            Self::NoSuchTunnelOption { tunnel: "ipip", option: "checksum" } => {
                "name the type with --tun-type gue or --tun-type gre"
            }
            Self::NoSuchTunnelOption { .. } => "only gue tunnels have it: --tun-type gue",
            Self::ListForm { hint, .. } => hint,
            Self::Outside(_) => "the file's key `scope` says what is its own",
            Self::UnknownTunnel(_) => "name a type with --tun-type",
        };
        Some(hint.to_owned())
    }
}

/// Returns what to write instead of what the library refuses to do to a server that is there: its
/// port is part of its name.
pub(crate) fn hint_for_edit(invalid: &Invalid) -> Option<String> {
    match invalid {
        Invalid::PortRewrite { .. } => Some(
            "a server's port cannot change: add one with the service's port, then delete this one"
                .to_owned(),
        ),
        other => hint(other),
    }
}

/// Returns what to write instead of what the library refuses, in this command's options.
pub(crate) fn hint(invalid: &Invalid) -> Option<String> {
    let hint = match invalid {
        Invalid::ServiceText { .. } => "for example tcp/192.0.2.10:80 or fwmark/7",
        Invalid::PortZeroNotPersistent => "name a port, or make the service persistent with -p",
        Invalid::OnePacketNotUdp => "leave out --ops, or make the service a UDP one",
        Invalid::NetmaskText(text) if text.parse::<u8>().is_ok_and(|length| length <= 32) => {
            return Some(format!(
                "write /{text} for a prefix; ipvsadm reads `{text}` as the mask 0.0.0.{text}"
            ));
        }
        Invalid::NetmaskText(_) | Invalid::Ipv4Prefix(_) | Invalid::Ipv6Prefix(_) => {
            "for example 255.255.255.0 or /24 for IPv4, 64 or /64 for IPv6"
        }
        Invalid::DestinationAddress { .. } => "name the real server's own unicast address",
        Invalid::EngineNotUdp => "leave out --pe, or make the service a UDP one",
        Invalid::EngineNotPersistent => "make it persistent with -p",
        Invalid::MixedFamilies { .. } => {
            "use a tunnel (-i), or a real server of the service's address family"
        }
        Invalid::PortRewrite { .. } => {
            "leave the port out, or use nat (-m), which can change the port"
        }
        Invalid::ThresholdsCrossed { upper: 0, .. } => {
            "an upper threshold of 0 means no limit: name one with -x, or say -y 0"
        }
        Invalid::ThresholdsCrossed { .. } => "name both thresholds, -x and -y",
        Invalid::Name { what: "scheduler", name } => {
            return did_you_mean_scheduler(name).or_else(|| {
                let usual: Vec<_> = Scheduler::known().map(|it| format!("`{it}`")).collect();
                Some(format!("the usual ones are {}", usual.join(", ")))
            });
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// Asks for the schedulers one typing error away from `typed`, if there are
/// any and it is none itself. One letter is too little to guess from.
pub(crate) fn did_you_mean_scheduler(typed: &str) -> Option<String> {
    let name = typed.trim().to_lowercase();
    let known = |distance| -> Vec<_> {
        let names = Scheduler::known().map(Scheduler::name);
        names.filter(|known| strsim::damerau_levenshtein(known, &name) == distance).collect()
    };
    let similar = match known(0) {
        same if same.contains(&typed) => return None,
        same if !same.is_empty() => same,
        _ if name.len() < 2 => return None,
        _ => known(1),
    };
    let quoted: Vec<_> = similar.iter().map(|name| format!("`{name}`")).collect();
    (!quoted.is_empty()).then(|| format!("did you mean {}?", quoted.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_recognised_and_other_names_left_alone() {
        for (typed, question) in [
            ("wr", "did you mean `rr` or `wrr`?"),
            ("wrrr", "did you mean `wrr`?"),
            ("wcl", "did you mean `wlc`?"),
            ("nome", "did you mean `none`?"),
            ("WRR", "did you mean `wrr`?"),
            (" rr", "did you mean `rr`?"),
        ] {
            assert_eq!(did_you_mean_scheduler(typed).as_deref(), Some(question), "{typed}");
        }
        for other in ["", "x", "rr", "maglev", "round_robin"] {
            assert_eq!(did_you_mean_scheduler(other), None, "{other}");
        }
    }
}
