// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads and writes scheduler flags by name, as in `rsctl list --json`.

use ipvs_netlink::{Scheduler, SchedulerFlag, SchedulerFlags};

pub(super) fn names(flags: SchedulerFlags, scheduler: &Scheduler) -> Vec<String> {
    flags.words(scheduler).map(|word| word.to_string()).collect()
}

/// Reads the bits of `names`; each may also be `flag-1` to `flag-3`.
pub(super) fn bits(names: &[String], scheduler: &Scheduler) -> Result<SchedulerFlags, String> {
    let bit = |name: &String| {
        let known = name.parse().ok().filter(|flag: &SchedulerFlag| flag.fits(scheduler));
        known.map(SchedulerFlag::bit).ok_or_else(|| {
            let own = self::names(SchedulerFlags::all(), scheduler);
            let own: Vec<_> = own.iter().map(|flag| format!("`{flag}`")).collect();
            format!("`{name}` is not a flag of {scheduler}: use {}", own.join(", "))
        })
    };
    names.iter().map(bit).collect()
}
