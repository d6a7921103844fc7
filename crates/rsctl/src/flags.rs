// SPDX-License-Identifier: MIT OR Apache-2.0

//! Scheduler flags by name. The kernel has three bits; `sh` and `mh` give the
//! first two a meaning, and each has its own words for it.

use clap::ValueEnum;
use ipvs_netlink::{Scheduler, SchedulerFlags};

/// A word for one bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flag {
    ShFallback,
    ShPort,
    MhFallback,
    MhPort,
    #[value(name = "flag-1")]
    Flag1,
    #[value(name = "flag-2")]
    Flag2,
    #[value(name = "flag-3")]
    Flag3,
}

impl Flag {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: [Self; 7] = [
        Self::ShFallback,
        Self::ShPort,
        Self::MhFallback,
        Self::MhPort,
        Self::Flag1,
        Self::Flag2,
        Self::Flag3,
    ];

    pub(crate) fn bit(self) -> SchedulerFlags {
        match self {
            Self::ShFallback | Self::MhFallback => SchedulerFlags::FALLBACK,
            Self::ShPort | Self::MhPort => SchedulerFlags::PORT,
            Self::Flag1 => SchedulerFlags::FLAG_1,
            Self::Flag2 => SchedulerFlags::FLAG_2,
            Self::Flag3 => SchedulerFlags::FLAG_3,
        }
    }

    /// The scheduler the word belongs to, or `None` if it fits every one.
    pub(crate) fn scheduler(self) -> Option<Scheduler> {
        match self {
            Self::ShFallback | Self::ShPort => Some(Scheduler::Sh),
            Self::MhFallback | Self::MhPort => Some(Scheduler::Mh),
            Self::Flag1 | Self::Flag2 | Self::Flag3 => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
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
}

/// The names of `flags` in the words of `scheduler`.
pub(crate) fn names(flags: SchedulerFlags, scheduler: &Scheduler) -> Vec<&'static str> {
    let words = match scheduler {
        Scheduler::Sh => [Flag::ShFallback, Flag::ShPort, Flag::Flag3],
        Scheduler::Mh => [Flag::MhFallback, Flag::MhPort, Flag::Flag3],
        _ => [Flag::Flag1, Flag::Flag2, Flag::Flag3],
    };
    words.into_iter().filter(|word| flags.contains(word.bit())).map(Flag::name).collect()
}

/// Whether a flag means under `new` what it meant under `old`. `sh` and `mh`
/// share both meanings; every other scheduler has its own, or none.
pub(crate) fn keep_meaning(old: &Scheduler, new: &Scheduler) -> bool {
    let hashes = |scheduler| matches!(scheduler, &Scheduler::Sh | &Scheduler::Mh);
    old == new || (hashes(old) && hashes(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_and_written_alike() {
        assert_eq!(Flag::value_variants(), Flag::ALL);
        for flag in Flag::value_variants() {
            assert_eq!(Flag::from_str(flag.name(), false), Ok(*flag));
            let scheduler = flag.scheduler().unwrap_or(Scheduler::Rr);
            assert_eq!(names(flag.bit(), &scheduler), [flag.name()]);
        }
    }

    #[test]
    fn flags_keep_their_meaning_between_the_two_hashes_only() {
        assert!(keep_meaning(&Scheduler::Sh, &Scheduler::Mh));
        assert!(keep_meaning(&Scheduler::Rr, &Scheduler::Rr));
        assert!(!keep_meaning(&Scheduler::Sh, &Scheduler::Rr));
        assert!(!keep_meaning(&Scheduler::Rr, &Scheduler::Sh));
    }
}
