// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arithmetic of IP addresses that the standard library leaves out.

use std::net::IpAddr;

/// Returns the first address of that family.
#[must_use]
pub fn of_family(ips: &[IpAddr], ipv6: bool) -> Option<IpAddr> {
    ips.iter().copied().find(|ip| ip.is_ipv6() == ipv6)
}

/// Returns the address of that family, if there is just one.
#[must_use]
pub fn only_one(ips: &[IpAddr], ipv6: bool) -> Option<IpAddr> {
    let mut mine = ips.iter().filter(|ip| ip.is_ipv6() == ipv6);
    mine.next().filter(|_| mine.next().is_none()).copied()
}

/// Returns whether `ip` is in the network of `of`/`prefix`.
#[must_use]
pub fn contains(of: IpAddr, prefix: u8, ip: IpAddr) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    };
    let host_bits = u32::from(host_prefix(of).saturating_sub(prefix));
    of.is_ipv4() == ip.is_ipv4() && (bits(of) ^ bits(ip)).checked_shr(host_bits).unwrap_or(0) == 0
}

/// Returns the prefix length that covers exactly one address: 32 or 128.
#[must_use]
pub fn host_prefix(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}
