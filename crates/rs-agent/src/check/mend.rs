// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands that make what is missing, in the words of set-up.

use super::subject::Subject;
use crate::plan::Change;
use crate::tunnel::{Envelope, Tunnel, TunnelKind};

/// The device of that kind as it is to be: that of the set-up, or what set-up would make.
pub(super) fn tunnel(kind: TunnelKind, subject: &Subject) -> Tunnel {
    let set_up = subject.tunnels.iter().find(|tunnel| tunnel.kind == kind);
    set_up.cloned().unwrap_or_else(|| Tunnel {
        name: format!("rs-{kind}"),
        kind,
        local: subject.rip,
        remote: match subject.directors.as_slice() {
            [one] => Some(*one),
            _ => None,
        },
        checksum: subject.envelope == Envelope::Gre { checksum: true },
        fallback: false,
    })
}

/// The command that makes it.
pub(super) fn create(kind: TunnelKind, subject: &Subject) -> String {
    let tunnel = tunnel(kind, subject);
    let up = Change::Up { device: tunnel.name.clone() }.make();
    if tunnel.fallback {
        return format!("modprobe {} && {up}", kind.module());
    }
    let known = tunnel.local.is_some() || subject.tunnels.contains(&tunnel);
    let make = Change::Tunnel(tunnel).make();
    // Without ends it would be the kernel's own once more.
    if known { format!("{make} && {up}") } else { format!("{make} local RIP && {up}") }
}
