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

#[test]
fn what_is_in_the_way_of_a_folder_is_named() {
    let host = Host::new("director");
    host.must("mount -t tmpfs none /etc; ipvsadm -A -t 192.0.2.1:80 -s rr");
    let expected = "error: cannot write /etc/rsctl/table.json: /etc/rsctl is there, and is no \
                    directory\n\
                    hint: see what /etc/rsctl is, and move it away: then it is made\n";
    for way in ["echo a >/etc/rsctl", "ln -s /nowhere /etc/rsctl"] {
        host.must(way);
        let refused = host.sh("rsctl save --install");
        assert_eq!((refused.status, &*refused.stderr), (1, expected), "{way}");
        host.must("rm /etc/rsctl");
    }
    host.must("mkdir /run/kept && ln -s /run/kept /etc/rsctl && rsctl save --install");
    assert_eq!(host.must("ls /run/kept").stdout, "table.json\n");
}
