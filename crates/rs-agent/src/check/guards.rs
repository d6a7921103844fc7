// SPDX-License-Identifier: MIT OR Apache-2.0
//! Conditions that a command of a remedy looks at itself, so that it is also safe where the
//! command before it failed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::seen::Address;
use crate::facts::host_prefix;
use crate::shell;

/// Returns the command as one that is run only if that single address is on the device.
pub(super) fn once_there(ip: IpAddr, device: &str, command: &str) -> String {
    let (device, prefix) = (shell::word(device), host_prefix(ip));
    format!("ip addr show dev {device} | grep -qF ' {ip}/{prefix} ' && {command}")
}

/// Returns the command as one that is run only if those addresses are on their devices no more.
pub(super) fn once_gone<'a>(
    places: impl IntoIterator<Item = &'a Address>,
    command: &str,
) -> String {
    let mut by_device: BTreeMap<&str, String> = BTreeMap::new();
    for have in places {
        *by_device.entry(&have.device).or_default() += &format!(" -e ' {}/'", have.ip);
    }
    let guard = |(device, ips): (&str, String)| {
        format!("! ip addr show dev {} | grep -qF{ips} && ", shell::word(device))
    };
    by_device.into_iter().map(guard).collect::<String>() + command
}
