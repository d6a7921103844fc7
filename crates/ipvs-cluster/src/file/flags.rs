// SPDX-License-Identifier: MIT OR Apache-2.0

//! Scheduler flags by name, as in `rsctl list --json`.

use ipvs_netlink::{Scheduler, SchedulerFlags};

const BITS: [SchedulerFlags; 3] =
    [SchedulerFlags::FLAG_1, SchedulerFlags::FLAG_2, SchedulerFlags::FLAG_3];

/// The words of a scheduler for the three bits.
fn words(scheduler: &Scheduler) -> [&'static str; 3] {
    match scheduler {
        Scheduler::Sh => ["sh-fallback", "sh-port", "flag-3"],
        Scheduler::Mh => ["mh-fallback", "mh-port", "flag-3"],
        _ => ["flag-1", "flag-2", "flag-3"],
    }
}

pub(super) fn names(flags: SchedulerFlags, scheduler: &Scheduler) -> Vec<String> {
    let words = words(scheduler).into_iter().zip(BITS);
    words.filter(|(_, bit)| flags.contains(*bit)).map(|(word, _)| word.to_owned()).collect()
}

/// The bits of `words`; each may also be `flag-1` to `flag-3`.
pub(super) fn bits(names: &[String], scheduler: &Scheduler) -> Result<SchedulerFlags, String> {
    let own = words(scheduler);
    let plain = words(&Scheduler::Rr);
    let mut bits = SchedulerFlags::empty();
    for name in names {
        let place = own.iter().position(|w| w == name).or(plain.iter().position(|w| w == name));
        let bit = place.and_then(|place| BITS.get(place)).ok_or_else(|| {
            format!("`{name}` is not a flag of {scheduler}: use {}", own.join(", "))
        })?;
        bits |= *bit;
    }
    Ok(bits)
}
