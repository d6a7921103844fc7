// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds out how many slots the running kernel's table of `mh` has.

use std::fs;

use ipvs_cluster::Desired;
use ipvs_cluster::sound::{MH_SLOTS, mh_slots_of};
use ipvs_netlink::Scheduler;
use nix::sys::utsname::uname;

/// The smallest table that a kernel can have.
const SMALLEST: usize = 251;

/// Returns how many there are, or as many as most kernels have, if nothing tells or nothing wants
/// so many.
pub(super) fn slots(desired: &Desired) -> usize {
    let is_large = desired
        .services()
        .iter()
        .any(|wanted| wanted.service.scheduler == Scheduler::Mh && wanted.servers.len() > SMALLEST);
    if is_large { configured().unwrap_or(MH_SLOTS) } else { MH_SLOTS }
}

fn configured() -> Option<usize> {
    let name = uname().ok()?;
    let release = name.release().to_str()?;
    let files = [format!("/boot/config-{release}"), format!("/lib/modules/{release}/config")];
    files.iter().find_map(|file| mh_slots_of(&fs::read_to_string(file).ok()?))
}
