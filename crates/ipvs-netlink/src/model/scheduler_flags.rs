// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::str::FromStr;

use super::{Invalid, Scheduler};

bitflags::bitflags! {
    /// The flags are three bits whose meaning belongs to the scheduler
    /// (`include/uapi/linux/ip_vs.h`).
    ///
    /// `sh` and `mh` give them a meaning: [`FALLBACK`](Self::FALLBACK) and
    /// [`PORT`](Self::PORT). The kernel keeps them when the scheduler changes.
    /// [`SchedulerFlag`] has the words for them.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub struct SchedulerFlags: u32 {
        /// `flag-1`.
        const FLAG_1 = 0x0008;
        /// `flag-2`.
        const FLAG_2 = 0x0010;
        /// `flag-3`, used by no scheduler of the kernel's own.
        const FLAG_3 = 0x0020;
        /// `sh-fallback`, `mh-fallback`: if the server chosen by the hash
        /// takes no connections, take another instead of refusing.
        const FALLBACK = 0x0008;
        /// `sh-port`, `mh-port`: hash the client's port too.
        const PORT = 0x0010;
    }
}

impl SchedulerFlags {
    /// Returns the words for these flags that a service with `scheduler` has, in the
    /// order of the bits.
    pub fn words(self, scheduler: &Scheduler) -> impl Iterator<Item = SchedulerFlag> + use<> {
        use SchedulerFlag as F;
        let words = match scheduler {
            Scheduler::Sh => [F::ShFallback, F::ShPort, F::Flag3],
            Scheduler::Mh => [F::MhFallback, F::MhPort, F::Flag3],
            _ => [F::Flag1, F::Flag2, F::Flag3],
        };
        words.into_iter().filter(move |word| self.contains(word.bit()))
    }
}

/// A flag is a word for one bit of a scheduler's, as `ipvsadm -b` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SchedulerFlag {
    /// `sh-fallback`
    ShFallback,
    /// `sh-port`
    ShPort,
    /// `mh-fallback`
    MhFallback,
    /// `mh-port`
    MhPort,
    /// `flag-1`
    Flag1,
    /// `flag-2`
    Flag2,
    /// `flag-3`
    Flag3,
}

impl SchedulerFlag {
    /// These are all words.
    pub const ALL: [Self; 7] = [
        Self::ShFallback,
        Self::ShPort,
        Self::MhFallback,
        Self::MhPort,
        Self::Flag1,
        Self::Flag2,
        Self::Flag3,
    ];

    /// Returns the word.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShFallback => "sh-fallback",
            Self::ShPort => "sh-port",
            Self::MhFallback => "mh-fallback",
            Self::MhPort => "mh-port",
            Self::Flag1 => "flag-1",
            Self::Flag2 => "flag-2",
            Self::Flag3 => "flag-3",
        }
    }

    /// Returns the bit that the word stands for.
    pub fn bit(self) -> SchedulerFlags {
        match self {
            Self::ShFallback | Self::MhFallback => SchedulerFlags::FALLBACK,
            Self::ShPort | Self::MhPort => SchedulerFlags::PORT,
            Self::Flag1 => SchedulerFlags::FLAG_1,
            Self::Flag2 => SchedulerFlags::FLAG_2,
            Self::Flag3 => SchedulerFlags::FLAG_3,
        }
    }

    /// Returns the scheduler that the word belongs to, or `None` if it fits every one.
    pub fn scheduler(self) -> Option<Scheduler> {
        match self {
            Self::ShFallback | Self::ShPort => Some(Scheduler::Sh),
            Self::MhFallback | Self::MhPort => Some(Scheduler::Mh),
            Self::Flag1 | Self::Flag2 | Self::Flag3 => None,
        }
    }

    /// Tells whether a service with `scheduler` can have the flag by this word.
    pub fn fits(self, scheduler: &Scheduler) -> bool {
        self.scheduler().is_none_or(|owner| owner == *scheduler)
    }
}

impl fmt::Display for SchedulerFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SchedulerFlag {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|flag| flag.name() == name);
        known.ok_or_else(|| Invalid::SchedulerFlagText(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_and_written_alike() {
        for flag in SchedulerFlag::ALL {
            assert_eq!(flag.to_string().parse(), Ok(flag));
            let scheduler = flag.scheduler().unwrap_or(Scheduler::Rr);
            assert_eq!(Vec::from_iter(flag.bit().words(&scheduler)), [flag]);
            assert!(flag.fits(&scheduler));
        }
        let refused = "sh-prt".parse::<SchedulerFlag>().unwrap_err().to_string();
        for flag in SchedulerFlag::ALL {
            assert!(refused.contains(flag.name()), "{refused}");
        }
    }

    /// `sh` and `mh` have words of their own for two of the bits.
    #[test]
    fn flags_have_the_words_of_their_scheduler() {
        for (scheduler, expected) in [
            (Scheduler::Sh, ["sh-fallback", "sh-port", "flag-3"]),
            (Scheduler::Mh, ["mh-fallback", "mh-port", "flag-3"]),
            (Scheduler::Rr, ["flag-1", "flag-2", "flag-3"]),
        ] {
            let words = SchedulerFlags::all().words(&scheduler).map(SchedulerFlag::name);
            assert_eq!(Vec::from_iter(words), expected);
        }
        assert!(!SchedulerFlag::ShPort.fits(&Scheduler::Mh));
        assert!(SchedulerFlag::Flag2.fits(&Scheduler::Mh));
    }
}
