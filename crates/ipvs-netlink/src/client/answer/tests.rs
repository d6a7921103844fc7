// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;

#[test]
fn a_datagram_without_room_for_one_more_is_cut() {
    let is_cut = |bytes, shown| {
        let mut extent = Extent::default();
        extent.add(bytes, 356, shown);
        assert_eq!(extent.datagrams, 1);
        extent.is_cut
    };
    // 91 services are all that the largest holds, 45 all that fits into half of it.
    for (bytes, shown, expected) in [
        (91 * 356, 256 * 1024, true),
        (80 * 356, 256 * 1024, false),
        (45 * 356, 16_064, true),
        (45 * 356, 256 * 1024, false),
        (43 * 356, 16_064, false),
        // More than it was told to: with large pages.
        (20 * 356, 4096, true),
    ] {
        assert_eq!(is_cut(bytes, shown), expected, "{bytes} of {shown}");
    }
}

/// What counts is the last one.
#[test]
fn a_list_ends_where_there_was_room() {
    let mut extent = Extent::default();
    extent.add(91 * 356, 356, 65_536);
    extent.add(356, 356, 65_536);
    assert_eq!(extent, Extent { datagrams: 2, is_cut: false, stopped: false });
}
