// SPDX-License-Identifier: MIT OR Apache-2.0

//! Compares the order of the servers in the kernel's list with the wanted one. The list's order
//! is that of adding, backwards, and is changed only by taking servers away and adding them again.

use foldhash::HashSet;
use ipvs_netlink::{Destination, Scheduler};

use crate::desired::{DesiredServer, DesiredService};

/// Returns whether the scheduler fills its table in the order of the list (`ip_vs_sh.c`,
/// `ip_vs_dh.c`, `ip_vs_mh.c`).
pub(crate) fn matters(scheduler: &Scheduler) -> bool {
    matches!(scheduler, Scheduler::Sh | Scheduler::Dh | Scheduler::Mh)
}

/// Returns the servers that have to be added again, in that order: the fewest, since what is added
/// again stands last, and so only what stands first can stay.
pub(super) fn out_of_place<'a>(
    wanted: &'a DesiredService,
    found: &[Destination],
) -> &'a [DesiredServer] {
    let keys: HashSet<_> = found.iter().map(|server| server.key).collect();
    let kept = found.iter().map(|server| server.key);
    let wanted = wanted.servers.as_slice();
    let new = wanted.iter().map(|it| it.server.key).filter(|key| !keys.contains(key));
    let mut stay = 0;
    // As they stand once the new ones are there; who goes is in nobody's way.
    for key in kept.chain(new) {
        if wanted.get(stay).is_some_and(|next| next.server.key == key) {
            stay += 1;
        }
    }
    wanted.get(stay..).unwrap_or_default()
}
