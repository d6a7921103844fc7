// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waits until udev is done with a new device.
//!
//! systemd's rule for new interfaces runs `systemd-sysctl`, which writes what a glob such
//! as `net.ipv4.conf.*.rp_filter = 2` of a distribution says, over what was written before.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// udev takes a few milliseconds; one that hangs is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

/// Returns once udev has dealt with the interfaces of these numbers, or is not there.
pub fn settle(indexes: &[u32]) {
    let control = Path::new("/run/udev");
    // It hears of devices in the network namespace it runs in only, the first one.
    if control.join("control").exists() && in_first_namespace() {
        wait(control, indexes, PATIENCE);
    }
}

/// Whether this is process 1's network namespace. Who may not know waits for nothing.
fn in_first_namespace() -> bool {
    let inode = |path| std::fs::metadata(path).map(|file| file.ino());
    match (inode("/proc/1/ns/net"), inode("/proc/thread-self/ns/net")) {
        (Ok(first), Ok(ours)) => first == ours,
        _ => false,
    }
}

/// As `udevadm settle`: udev keeps `queue` while it is at work, and then a file for each
/// interface it has seen. Gives whether that came about.
fn wait(udev: &Path, indexes: &[u32], patience: Duration) -> bool {
    let seen = |index: &u32| udev.join(format!("data/n{index}")).exists();
    let end = Instant::now() + patience;
    while !indexes.iter().all(seen) || udev.join("queue").exists() {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_the_device_and_for_an_empty_queue() {
        let udev = tempfile::tempdir().unwrap();
        let path = udev.path();
        std::fs::create_dir(path.join("data")).unwrap();
        let (none, long) = (Duration::ZERO, Duration::from_secs(60));
        assert!(wait(path, &[], none));
        assert!(!wait(path, &[7], none));
        std::fs::write(path.join("data/n7"), "").unwrap();
        assert!(wait(path, &[7], none));
        std::fs::write(path.join("queue"), "").unwrap();
        assert!(!wait(path, &[7], none));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| wait(path, &[7], long));
            std::fs::remove_file(path.join("queue")).unwrap();
            assert!(waiting.join().unwrap());
        });
    }
}
