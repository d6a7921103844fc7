// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says what an effective `arp_ignore` hides: net/ipv4/arp.c, `arp_ignore()`. Both who sets up and
//! who checks go by it.

/// Says which addresses of other devices an interface does not answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hides {
    /// None: 0, and every value without a meaning.
    Nothing,
    /// All.
    Others,
    /// Those for which [`shown`] says no, its own among them.
    ScopeHost,
    /// All, and those of its own.
    Everything,
}

/// Returns what that effective value hides, from whoever asks.
#[must_use]
pub fn hides(value: i32) -> Hides {
    match value {
        // 2 also hides the interface's own from other subnets.
        1 | 2 => Hides::Others,
        3 => Hides::ScopeHost,
        8 => Hides::Everything,
        _ => Hides::Nothing,
    }
}

/// Returns whether an address counts as one of scope link or wider: `inet_confirm_addr()` in
/// net/ipv4/devinet.c, for which `route_localnet` of the device that has it, or of `all`, makes
/// scope host count as link.
#[must_use]
pub fn shown(scope: &str, route_localnet: bool) -> bool {
    scope != "host" || route_localnet
}
