// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files that `rsctl` cannot write.

use lab::Host;

/// A limit of the size of files (`ulimit -f`) is an error, and no part of a file is left.
#[test]
fn a_file_that_grows_too_large_is_an_error() {
    let host = Host::new("director");
    host.must("ipvsadm -A -t 192.0.2.1:80 -s rr; mkdir /run/saved; echo old >/run/saved/old");
    for name in ["new", "old"] {
        let refused = host.sh(&format!("ulimit -f 0; rsctl save -o /run/saved/{name}"));
        let expected = format!("error: cannot write /run/saved/{name}: file too large\n");
        assert_eq!((refused.status, refused.stderr), (1, expected), "{name}");
    }
    assert_eq!(host.must("ls -A /run/saved; cat /run/saved/old").stdout, "old\nold\n");
}
