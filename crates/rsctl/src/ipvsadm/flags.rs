// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads and writes the words of `-b` as `ipvsadm` does.

use ipvs_netlink::{Scheduler, SchedulerFlag, SchedulerFlags};

use super::stop::Stop;

/// Reads words with commas between them. Nothing at all is no flag; nothing but
/// commas is refused, where `ipvsadm` crashes.
pub(super) fn read(text: &str, scheduler: &str) -> Result<SchedulerFlags, Stop> {
    let mut flags = SchedulerFlags::empty();
    let mut words = text.split(',').filter(|word| !word.is_empty()).peekable();
    if words.peek().is_none() && !text.is_empty() {
        return Err(Stop::fail(format!("invalid scheduler flag `{text}'")));
    }
    for word in words {
        let Ok(flag) = word.parse::<SchedulerFlag>() else {
            return Err(Stop::fail(format!("invalid scheduler flag `{word}'")));
        };
        if flag.scheduler().is_some_and(|owner| owner.name() != scheduler) {
            return Err(Stop::fail(format!("incompatible scheduler flag `{word}'")));
        }
        flags |= flag.bit();
    }
    Ok(flags)
}

/// Returns the words for `flags`. `sh` and `mh` have none for the third bit.
pub(super) fn write(flags: SchedulerFlags, scheduler: &Scheduler) -> String {
    let own = matches!(scheduler, Scheduler::Sh | Scheduler::Mh);
    let named = flags.words(scheduler).filter(|flag| flag.scheduler().is_some() == own);
    named.map(SchedulerFlag::name).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_belong_to_schedulers() {
        assert_eq!(read("sh-port,sh-fallback", "sh"), Ok(SchedulerFlags::from_bits_retain(0x18)));
        assert_eq!(read("flag-3,flag-1", "rr"), Ok(SchedulerFlags::from_bits_retain(0x28)));
        assert_eq!(read("", "rr"), Ok(SchedulerFlags::empty()));
        assert_eq!(read(",", "rr"), Err(Stop::fail("invalid scheduler flag `,'")));
        assert_eq!(read("nope", "rr"), Err(Stop::fail("invalid scheduler flag `nope'")));
        assert_eq!(read("sh-port", "mh"), Err(Stop::fail("incompatible scheduler flag `sh-port'")));
    }

    #[test]
    fn bits_have_the_words_of_the_scheduler() {
        let all = SchedulerFlags::all();
        assert_eq!(write(all, &Scheduler::Sh), "sh-fallback,sh-port");
        assert_eq!(write(all, &Scheduler::Mh), "mh-fallback,mh-port");
        assert_eq!(write(all, &Scheduler::Rr), "flag-1,flag-2,flag-3");
        assert_eq!(write(SchedulerFlags::FLAG_3, &Scheduler::Sh), "");
    }
}
