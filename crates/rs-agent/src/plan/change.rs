// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes one change to this host, and how to undo it.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use lvs_host::SysctlKey;
use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Family, SavedRoute, host_prefix};
use crate::request::Scope;
use crate::shell;
use crate::tunnel::{Listener, Tunnel, TunnelKind};

/// Marks addresses this program adds (`IFA_PROTO`, Linux 5.18 and later), so that an
/// address which somebody else removed and added again is not taken for ours. The
/// kernel uses 1 to 3; the other numbers are free (include/uapi/linux/if_addr.h).
pub const ADDRESS_TAG: u8 = b'r';

/// Describes one change, with what is needed to undo it. This is what the journal stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// A new tunnel device, still down.
    Tunnel(Tunnel),
    /// A new dummy device, still down.
    Dummy {
        /// Interface name.
        device: String,
    },
    /// A UDP port that takes packets out of GUE.
    Gue(Listener),
    /// A kernel setting.
    Sysctl {
        /// Which.
        key: SysctlKey,
        /// Its value before; absent for a device that this set-up creates, as it
        /// goes with the device.
        from: Option<i32>,
        /// Its value since.
        to: i32,
    },
    /// A device that was down is up.
    Up {
        /// Interface name.
        device: String,
    },
    /// A VIP, always with the prefix of one address.
    Address {
        /// The VIP.
        ip: IpAddr,
        /// Interface name.
        device: String,
        /// [`ADDRESS_TAG`], from the beginning if the kernel is seen to keep tags
        /// ([`Change::marked`]), else once it was read back; absent for ever on
        /// kernels that keep none.
        tag: Option<u8>,
        /// Scope, if it is an IPv4 address.
        #[serde(default)]
        scope: Scope,
        /// Label, if it is an IPv4 address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    },
    /// An IPv6 VIP that is there, deprecated again, in place. A repair of [`Self::Address`]
    /// and of no other, so the journal never has it.
    Deprecate {
        /// The VIP.
        ip: IpAddr,
        /// Interface name.
        device: String,
        /// Whose it is (`IFA_PROTO`), which stays as it is.
        tag: Option<u8>,
    },
    /// The default route of table main with that metric.
    DefaultRoute {
        /// The director.
        gateway: IpAddr,
        /// `RTA_PRIORITY`.
        metric: u32,
        /// The route this one replaced.
        from: Option<SavedRoute>,
    },
}

/// Says what a change is about: the same for two changes of the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target<'a> {
    /// That device's being there.
    Device(Cow<'a, str>),
    /// A UDP port.
    Port(Listener),
    /// A setting.
    Sysctl(Cow<'a, SysctlKey>),
    /// That device's being up.
    Up(Cow<'a, str>),
    /// An address on a device.
    Address(IpAddr, Cow<'a, str>),
    /// The default route of a family.
    DefaultRoute(Family),
}

impl Target<'_> {
    /// Keeps it beyond its change.
    #[must_use]
    pub fn into_owned(self) -> Target<'static> {
        let owned = |name: Cow<'_, str>| Cow::Owned(name.into_owned());
        match self {
            Self::Device(name) => Target::Device(owned(name)),
            Self::Port(at) => Target::Port(at),
            Self::Sysctl(key) => Target::Sysctl(Cow::Owned(key.into_owned())),
            Self::Up(name) => Target::Up(owned(name)),
            Self::Address(ip, name) => Target::Address(ip, owned(name)),
            Self::DefaultRoute(family) => Target::DefaultRoute(family),
        }
    }
}

/// Says what became of a change that the journal knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is in effect.
    There,
    /// It was not made yet, or was undone.
    Gone,
    /// Somebody else has set it differently: not ours any more.
    Foreign(String),
}

impl Change {
    /// Returns the place in a set-up; undoing goes backwards. The device comes first because it is
    /// the step most likely to be impossible (no such kernel module), and alone it does nothing.
    /// All settings come before the first VIP: an address that exists one moment without them is
    /// answered for, and caches keep such an answer.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Tunnel(_) | Self::Dummy { .. } | Self::Gue(_) => 0,
            Self::Sysctl { .. } => 1,
            Self::Up { .. } => 2,
            Self::Address { .. } | Self::Deprecate { .. } => 3,
            Self::DefaultRoute { .. } => 4,
        }
    }

    /// Returns what it is about.
    #[must_use]
    pub fn target(&self) -> Target<'_> {
        match self {
            Self::Tunnel(Tunnel { name: device, .. }) | Self::Dummy { device } => {
                Target::Device(device.into())
            }
            Self::Gue(at) => Target::Port(*at),
            Self::Sysctl { key, .. } => Target::Sysctl(Cow::Borrowed(key)),
            Self::Up { device } => Target::Up(device.into()),
            Self::Address { ip, device, .. } | Self::Deprecate { ip, device, .. } => {
                Target::Address(*ip, device.into())
            }
            Self::DefaultRoute { gateway, .. } => Target::DefaultRoute(Family::of(*gateway)),
        }
    }

    /// Returns whether both change the same thing.
    #[must_use]
    pub fn same_target(&self, other: &Self) -> bool {
        self.target() == other.target()
    }

    /// Returns whether the change is in effect, as far as it can be seen from outside. This is what
    /// makes a crash at any moment recoverable: the journal only has to say what was intended, the
    /// host itself says what was done.
    #[must_use]
    pub fn effect(&self, facts: &Facts) -> Effect {
        match self {
            Self::Tunnel(tunnel) => match facts.link(&tunnel.name) {
                None => Effect::Gone,
                Some(link) if link.tunnel().as_ref() == Some(tunnel) => Effect::There,
                Some(_) => Effect::Foreign(format!("{} is another device now", tunnel.name)),
            },
            Self::Dummy { device } => match facts.link(device) {
                None => Effect::Gone,
                Some(link) if link.kind.as_deref() == Some("dummy") => Effect::There,
                Some(_) => Effect::Foreign(format!("{device} is another device now")),
            },
            Self::Gue(at) => match facts.port(*at) {
                None => Effect::Gone,
                Some(port) if port.is_open => Effect::There,
                Some(_) => Effect::Foreign(format!("{at} is another kind of port now")),
            },
            Self::Sysctl { key, from, to } => match facts.sysctl(key) {
                Some(value) if value == *to => Effect::There,
                Some(value) if Some(value) != *from => {
                    Effect::Foreign(format!("{key} is {value} now, set-up wrote {to}"))
                }
                _ => Effect::Gone,
            },
            Self::Up { device } => match facts.link(device) {
                Some(link) if link.up => Effect::There,
                _ => Effect::Gone,
            },
            Self::Address { ip, device, tag, scope, .. } => match facts.vip_on(*ip, device) {
                // The kernel changes no scope in place: who wants another adds it anew.
                Some(have) if ip.is_ipv4() && have.scope != scope.to_string() => {
                    Effect::Foreign(format!(
                        "{ip} on {device} was added by somebody else, with scope {}",
                        have.scope
                    ))
                }
                Some(have) if tag.is_none() || have.tag == *tag => Effect::There,
                Some(_) => Effect::Foreign(format!("{ip} on {device} was added by somebody else")),
                None => Effect::Gone,
            },
            Self::Deprecate { ip, device, .. } => match facts.vip_on(*ip, device) {
                Some(have) if have.deprecated => Effect::There,
                _ => Effect::Gone,
            },
            Self::DefaultRoute { gateway, metric, from } => {
                let at_metric = facts
                    .default_routes
                    .iter()
                    .find(|route| route.family.has(*gateway) && route.metric == *metric);
                match at_metric {
                    Some(route) if route.gateways == [*gateway] => Effect::There,
                    Some(route) if from.as_ref() != Some(&route.saved) => {
                        Effect::Foreign(format!("the default route is {} now", route.saved.text))
                    }
                    _ => Effect::Gone,
                }
            }
        }
    }

    /// Returns it with the tag that its address will have, if that is known: a kernel that tells
    /// who added any address, as it does of its own, tells it of every one. Then nothing is left
    /// to be recorded when it is seen.
    #[must_use]
    pub fn marked(mut self, facts: &Facts) -> Self {
        if let Self::Address { tag, .. } = &mut self {
            let keeps_tags = facts.addresses.iter().any(|have| have.tag.is_some());
            *tag = keeps_tags.then_some(ADDRESS_TAG);
        }
        self
    }

    /// Returns the device that making the change adds, and undoing it deletes.
    #[must_use]
    pub fn made_device(&self) -> Option<&str> {
        match self {
            Self::Tunnel(Tunnel { name: device, .. }) | Self::Dummy { device } => Some(device),
            _ => None,
        }
    }

    /// Returns whether it is one of the settings on `all` that hide the VIPs of this host, ours or
    /// not.
    #[must_use]
    pub fn hides_vips(&self) -> bool {
        matches!(self, Self::Sysctl { key, .. } if key.device() == Some("all"))
    }

    /// Makes the change.
    #[must_use]
    pub fn make(self) -> Action {
        Action { change: self, undo: false }
    }

    /// Takes the change back.
    #[must_use]
    pub fn undo(self) -> Action {
        Action { change: self, undo: true }
    }
}

/// Describes a change made or taken back. `Display` is the equivalent shell command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// What.
    #[serde(flatten)]
    pub change: Change,
    /// Taken back rather than made.
    pub undo: bool,
}

impl Action {
    /// Returns whether this gives back a setting that hides VIPs.
    #[must_use]
    pub fn lowers(&self) -> bool {
        self.undo && self.change.hides_vips()
    }

    /// Returns the action that cancels this one.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { undo: !self.undo, ..self }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.change, self.undo) {
            (Change::Tunnel(t), false) => {
                write!(f, "ip link add {} type {}", shell::device(&t.name), t.kind)?;
                f.write_str(match t.kind {
                    TunnelKind::Ipip => " mode ipip",
                    TunnelKind::Sit => " mode ip6ip",
                    TunnelKind::Ip6tnl => " mode any",
                    TunnelKind::Gre | TunnelKind::Ip6gre => "",
                })?;
                for (word, end) in [("local", t.local), ("remote", t.remote)] {
                    if let Some(end) = end {
                        write!(f, " {word} {end}")?;
                    }
                }
                f.write_str(match t.kind {
                    TunnelKind::Ip6tnl => " allow-localremote",
                    _ if t.checksum => " icsum",
                    _ => "",
                })
            }
            (Change::Tunnel(Tunnel { name: device, .. }) | Change::Dummy { device }, true) => {
                write!(f, "ip link del {}", shell::device(device))
            }
            (Change::Dummy { device }, false) => {
                write!(f, "ip link add {} type dummy", shell::device(device))
            }
            (Change::Gue(at), undo) => {
                let ip = at.family.ip_command();
                match undo {
                    false => write!(f, "{ip} fou add port {} gue", at.port),
                    true => write!(f, "{ip} fou del port {}", at.port),
                }
            }
            (Change::Sysctl { key, to, .. }, false) => f.write_str(&shell::set(key, *to)),
            (Change::Sysctl { key, from: Some(from), .. }, true) => {
                f.write_str(&shell::set(key, *from))
            }
            (Change::Sysctl { key, from: None, .. }, true) => {
                write!(f, "true # {key} goes with its device")
            }
            (Change::Up { device }, undo) => {
                let state = if undo { "down" } else { "up" };
                write!(f, "ip link set {} {state}", shell::device(device))
            }
            (Change::Address { ip, device, scope, label, .. }, false) => {
                write!(f, "ip addr add {ip}/{} dev {}", host_prefix(*ip), shell::word(device))?;
                match (ip, label) {
                    (IpAddr::V6(_), _) => f.write_str(" nodad preferred_lft 0"),
                    (IpAddr::V4(_), None) => write!(f, " scope {scope}"),
                    (IpAddr::V4(_), Some(label)) => {
                        write!(f, " scope {scope} label {}", shell::word(label))
                    }
                }
            }
            (Change::Address { ip, device, .. }, true) => {
                write!(f, "ip addr del {ip}/{} dev {}", host_prefix(*ip), shell::word(device))
            }
            (Change::Deprecate { ip, device, .. }, false) => {
                let device = shell::word(device);
                write!(f, "ip addr change {ip}/128 dev {device} nodad preferred_lft 0")
            }
            (Change::Deprecate { ip, device, .. }, true) => {
                write!(f, "true # {ip} on {device} stays deprecated")
            }
            (Change::DefaultRoute { gateway, metric, from }, undo) => {
                write!(f, "{} route", Family::of(*gateway).ip_command())?;
                match (undo, from) {
                    (true, Some(from)) => write!(f, " replace {}", from.text),
                    (true, None) => write!(f, " del default via {gateway}"),
                    (false, _) => write!(f, " replace default via {gateway}"),
                }?;
                // Metric 0 is IPv4's default and is not written by operators.
                match (undo && from.is_some(), *metric) {
                    (true, _) | (false, 0) => Ok(()),
                    (false, metric) => write!(f, " metric {metric}"),
                }
            }
        }
    }
}

/// Describes an action and why it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub action: Action,
    /// Why, for `--dry-run`.
    pub reason: &'static str,
}
