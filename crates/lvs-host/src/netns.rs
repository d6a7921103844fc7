// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells which network namespace this is.

use std::io;
use std::os::unix::fs::MetadataExt as _;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, getsockopt, socket};
use nix::{getsockopt_impl, sockopt_impl};
use serde::{Deserialize, Serialize};

/// Tells a network namespace from every other, at any time. Kernel state does not outlive a boot,
/// and inode numbers of namespaces are used again, the cookie never.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The number of this boot.
    pub boot: String,
    /// The number of the namespace's file below `/proc/PID/ns`.
    pub inode: u64,
    /// `SO_NETNS_COOKIE`, Linux 5.14 and later.
    pub cookie: Option<u64>,
}

sockopt_impl!(
    /// `SO_NETNS_COOKIE` of socket(7).
    NetnsCookie, GetOnly, libc::SOL_SOCKET, libc::SO_NETNS_COOKIE, u64
);

/// Returns whether the calling thread is in the network namespace of the first process that it
/// sees, which is the host's own, or that of its container.
///
/// Who may not look at that process takes a namespace for the host's own unless it has a name
/// below `/run/netns`.
///
/// # Errors
/// The system's: there is no `/proc`.
pub fn is_hosts_own() -> io::Result<bool> {
    let id = |about: std::fs::Metadata| (about.dev(), about.ino());
    let ours = id(std::fs::metadata("/proc/thread-self/ns/net")?);
    if let Ok(first) = std::fs::metadata("/proc/1/ns/net") {
        return Ok(id(first) == ours);
    }
    let named = std::fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let mut named = named.filter_map(|entry| std::fs::metadata(entry.path()).ok());
    Ok(!named.any(|about| id(about) == ours))
}

impl Identity {
    /// Identifies the network namespace of the calling thread.
    ///
    /// # Errors
    /// The system's: there is no `/proc`.
    pub fn of_this_thread() -> io::Result<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let inode = std::fs::metadata("/proc/thread-self/ns/net")?.ino();
        let any = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
        let cookie = match getsockopt(&any, NetnsCookie) {
            Ok(cookie) => Some(cookie),
            Err(Errno::ENOPROTOOPT) => None,
            Err(errno) => return Err(errno.into()),
        };
        Ok(Self { boot: boot.trim().to_owned(), inode, cookie })
    }
}
