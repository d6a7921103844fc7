// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells what the kernel says of an address in ARP, by its settings (net/ipv4/arp.c).

use std::net::IpAddr;

use super::seen::{Address, Seen};
use crate::arp_ignore::{Hides, hides, shown};
use crate::facts::host_prefix;

/// An answer says why an interface answers a request for a VIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// `arp_ignore` lets it.
    Open,
    /// 3 hides addresses of scope host only, and this one has another.
    Shown,
    /// The address is on that very interface.
    OnNic,
}

/// Returns whether `nic` answers "who has `vip`?" when nobody in particular asks (sender
/// 0.0.0.0), or somebody does: `arp_process()` and `arp_ignore()`.
pub(super) fn answers(seen: &Seen, nic: &str, vip: IpAddr) -> Option<Answer> {
    answers_by(seen.max("arp_ignore", nic), seen, nic, vip)
}

/// Returns whether it would with that effective `arp_ignore`.
pub(super) fn answers_by(value: i32, seen: &Seen, nic: &str, vip: IpAddr) -> Option<Answer> {
    if !seen.is_local_by(vip, nic) && !seen.is_listed_by(vip, nic) {
        return None;
    }
    let on_nic = seen.places(vip).any(|have| have.device == nic);
    match hides(value) {
        Hides::Everything => None,
        Hides::Others => on_nic.then_some(Answer::OnNic),
        Hides::ScopeHost => {
            let shown =
                |have: &&Address| shown(&have.scope, seen.or("route_localnet", &have.device));
            let mut shown = seen.places(vip).filter(shown).peekable();
            shown.peek()?;
            Some(if shown.any(|have| have.device == nic) { Answer::OnNic } else { Answer::Shown })
        }
        Hides::Nothing => Some(if on_nic { Answer::OnNic } else { Answer::Open }),
    }
}

/// Returns whether an ARP request sent from `nic` while this host replies as `vip` names the
/// VIP as its sender: `arp_solicit()`.
pub(super) fn leaks(seen: &Seen, nic: &str, vip: IpAddr) -> bool {
    seen.is_listed_by(vip, nic)
        && match seen.max("arp_announce", nic) {
            2 => false,
            // Only towards a target in the same subnet of that interface (`inet_addr_onlink`).
            1 => seen.addresses.iter().any(|have| {
                have.device == nic && have.prefix < host_prefix(have.ip) && have.covers(vip)
            }),
            _ => true,
        }
}
