// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::str::FromStr;

use super::Invalid;

/// The type holds the name of a scheduler that [`Scheduler`] does not list.
/// `"NAME".parse()` makes a [`Scheduler`] of any name, so that none is ever written in two
/// ways.
///
/// The kernel pastes scheduler names into a module name and loads that module, so
/// only 1 to 15 of `a-z`, `0-9` and `_` are sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchedulerName(Box<str>);

/// `IP_VS_SCHEDNAME_MAXLEN` and `IP_VS_PENAME_MAXLEN` without the final NUL.
const NAME_MAX: usize = 15;

/// Whether `name` may become part of a module name.
pub(super) fn is_plain_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl SchedulerName {
    /// A name that is safe to hand to the kernel.
    pub(super) fn new(name: &str) -> Result<Self, Invalid> {
        if is_plain_name(name) {
            Ok(Self(name.into()))
        } else {
            Err(Invalid::Name { what: "scheduler", name: name.to_owned() })
        }
    }

    /// The name as the kernel reported it, whatever it holds.
    pub(crate) fn from_kernel(name: &str) -> Self {
        Self(name.into())
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchedulerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The scheduler says how a virtual service chooses the real server of a new connection.
///
/// The list is the kernel's (`net/netfilter/ipvs/Kconfig`, 6.1 to 7.3). A
/// scheduler is a module, loaded by the kernel when a service asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scheduler {
    /// Round robin.
    Rr,
    /// Weighted round robin.
    Wrr,
    /// Least connections.
    Lc,
    /// Weighted least connections, the default of `ipvsadm`.
    Wlc,
    /// Weighted failover: the available server with the highest weight.
    Fo,
    /// Weighted overflow: fill the highest weight first.
    Ovf,
    /// Locality-based least connections, by destination address.
    Lblc,
    /// The same with replication.
    Lblcr,
    /// Destination hashing.
    Dh,
    /// Source hashing.
    Sh,
    /// Maglev hashing.
    Mh,
    /// Shortest expected delay.
    Sed,
    /// Never queue.
    Nq,
    /// Weighted random twos choice (not built in Debian's 6.1 kernels).
    Twos,
    /// No scheduler: connections are refused until one is set.
    None,
    /// A scheduler that is not in the list above.
    Other(SchedulerName),
}

/// Every scheduler with a name of its own, with that name.
const NAMES: [(Scheduler, &str); 15] = [
    (Scheduler::Rr, "rr"),
    (Scheduler::Wrr, "wrr"),
    (Scheduler::Lc, "lc"),
    (Scheduler::Wlc, "wlc"),
    (Scheduler::Fo, "fo"),
    (Scheduler::Ovf, "ovf"),
    (Scheduler::Lblc, "lblc"),
    (Scheduler::Lblcr, "lblcr"),
    (Scheduler::Dh, "dh"),
    (Scheduler::Sh, "sh"),
    (Scheduler::Mh, "mh"),
    (Scheduler::Sed, "sed"),
    (Scheduler::Nq, "nq"),
    (Scheduler::Twos, "twos"),
    (Scheduler::None, "none"),
];

impl Scheduler {
    /// Returns the schedulers that this library knows, in the order of the kernel's manual.
    pub fn known() -> impl Iterator<Item = &'static Scheduler> {
        NAMES.iter().map(|(scheduler, _)| scheduler)
    }

    /// Returns the kernel's name for it, also the ending of its module's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name.as_str(),
            known => NAMES.iter().find(|(s, _)| s == known).map_or("none", |(_, name)| name),
        }
    }

    pub(crate) fn from_kernel(name: &str) -> Self {
        Self::by_name(name).unwrap_or_else(|| Self::Other(SchedulerName::from_kernel(name)))
    }

    /// Tells whether a flag means under `other` what it means under this one. `sh`
    /// and `mh` share both meanings; every other scheduler has its own, or none.
    pub fn shares_flags_with(&self, other: &Self) -> bool {
        let hashes = |scheduler| matches!(scheduler, &Self::Sh | &Self::Mh);
        self == other || (hashes(self) && hashes(other))
    }

    fn by_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, n)| *n == name).map(|(scheduler, _)| scheduler.clone())
    }
}

impl fmt::Display for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scheduler {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        match Self::by_name(name) {
            Some(known) => Ok(known),
            None => SchedulerName::new(name).map(Self::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for scheduler in Scheduler::known() {
            assert_eq!(&scheduler.name().parse::<Scheduler>().unwrap(), scheduler);
        }
        assert_eq!("mine_2".parse::<Scheduler>().unwrap().name(), "mine_2");
    }

    #[test]
    fn names_that_would_reach_modprobe_are_refused() {
        for name in ["", "rr ", "RR", "../x", "a-b", "sixteen_letters_", "ftp\0"] {
            assert!(name.parse::<Scheduler>().is_err(), "{name:?} was accepted");
        }
    }

    #[test]
    fn flags_keep_their_meaning_between_the_two_hashes_only() {
        assert!(Scheduler::Sh.shares_flags_with(&Scheduler::Mh));
        assert!(Scheduler::Rr.shares_flags_with(&Scheduler::Rr));
        assert!(!Scheduler::Sh.shares_flags_with(&Scheduler::Rr));
        assert!(!Scheduler::Rr.shares_flags_with(&Scheduler::Sh));
    }
}
