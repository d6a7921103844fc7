// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waits until udev is done with a new device.
//!
//! systemd's rule for new interfaces runs `systemd-sysctl`, which writes what a glob such
//! as `net.ipv4.conf.*.rp_filter = 2` of a distribution says, over what was written before.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::escaped;
use crate::link;

/// udev takes a few milliseconds; one that hangs is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

/// Returns once udev has dealt with these interfaces, or is not there.
pub fn settle(devices: &[&str]) {
    let control = Path::new("/run/udev");
    let numbered = devices.iter().filter_map(|name| Some((*name, link::index(name)?)));
    let numbered: Vec<(&str, u32)> = numbered.collect();
    // It hears of devices in the network namespace it runs in only, the first one.
    let net = Path::new("/sys/class/net");
    if control.join("control").exists()
        && in_first_namespace().unwrap_or_else(|| numbered.iter().all(|one| shown(net, one)))
    {
        wait(control, &numbered.iter().map(|(_, index)| *index).collect::<Vec<_>>(), PATIENCE);
    }
}

/// Whether this is process 1's network namespace. `None`: only who may trace it is told, so
/// not a service with CAP_NET_ADMIN alone.
fn in_first_namespace() -> Option<bool> {
    let inode = |path| std::fs::metadata(path).map(|file| file.ino()).ok();
    Some(inode("/proc/1/ns/net")? == inode("/proc/thread-self/ns/net")?)
}

/// Whether sysfs, which shows the network namespace of who mounted it, shows this interface.
/// In a namespace of its own with sysfs mounted there, this is true and udev is waited for in
/// vain; at boot nobody else has mounted it.
fn shown(net: &Path, (name, index): &(&str, u32)) -> bool {
    let text = std::fs::read_to_string(net.join(escaped::os_string(name)).join("ifindex"));
    text.is_ok_and(|text| text.trim() == index.to_string())
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

    #[test]
    fn a_device_of_the_same_name_elsewhere_is_not_shown() {
        let net = tempfile::tempdir().unwrap();
        std::fs::create_dir(net.path().join("rs-ipip")).unwrap();
        std::fs::write(net.path().join("rs-ipip/ifindex"), "7\n").unwrap();
        for (device, is) in
            [(("rs-ipip", 7), true), (("rs-ipip", 8), false), (("rs-sit", 7), false)]
        {
            assert_eq!(shown(net.path(), &device), is, "{device:?}");
        }
    }
}
