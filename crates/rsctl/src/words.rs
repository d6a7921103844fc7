// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{GueChecksum, Tunnel};

/// A tunnel in a word: `ipip`, `gue:6080`, `gue:6080,csum`, `gre,csum`.
pub(crate) fn tunnel(tunnel: Tunnel) -> String {
    match tunnel {
        Tunnel::Ipip => "ipip".to_owned(),
        Tunnel::Gue { port, checksum: GueChecksum::None } => format!("gue:{port}"),
        Tunnel::Gue { port, checksum: GueChecksum::Outer } => format!("gue:{port},csum"),
        Tunnel::Gue { port, checksum: GueChecksum::Remote } => format!("gue:{port},remcsum"),
        Tunnel::Gre { checksum: false } => "gre".to_owned(),
        Tunnel::Gre { checksum: true } => "gre,csum".to_owned(),
        Tunnel::Other { kind, port, flags } => format!("type-{kind}:{port},flags-{flags:#x}"),
        _ => "unknown".to_owned(),
    }
}
