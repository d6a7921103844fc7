// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells whether this process may change the network at all.

/// `CAP_NET_ADMIN` of include/uapi/linux/capability.h.
const NET_ADMIN: u32 = 12;

/// Says that the effective set of this thread lacks CAP_NET_ADMIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("needs CAP_NET_ADMIN")]
pub struct NoPrivilege;

/// Checks that this thread has CAP_NET_ADMIN.
///
/// # Errors
/// [`NoPrivilege`] if the effective set lacks it.
pub fn check() -> Result<(), NoPrivilege> {
    // It begins with the name of the program's file, which need not be UTF-8.
    let status = std::fs::read("/proc/thread-self/status").unwrap_or_default();
    match effective(&String::from_utf8_lossy(&status)) {
        Some(set) if set & (1 << NET_ADMIN) == 0 => Err(NoPrivilege),
        // Without /proc the kernel itself will tell.
        _ => Ok(()),
    }
}

fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::effective;

    #[test]
    fn finds_the_effective_set() {
        let status = "CapPrm:\t0000000000000000\nCapEff:\t0000000000001000\nCapBnd:\t1\n";
        assert_eq!(effective(status), Some(1 << super::NET_ADMIN));
        assert_eq!(effective("CapPrm:\t1\n"), None);
    }
}
