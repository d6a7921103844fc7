// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl save --install`: the table that is restored at boot.

use lab::Host;

/// At boot there is nobody to be warned, and only the host's own table is restored.
#[test]
fn only_what_is_restored_at_boot_is_installed() {
    let host = Host::new("director");
    host.must("mount -t tmpfs none /etc; ipvsadm -A -t 192.0.2.1:80 -s rr");
    let installed =
        host.must("umask 077; rsctl save --install; stat -c %a /etc/rsctl /etc/rsctl/*");
    assert_eq!(installed.stdout, "755\n644\n");
    let saved = host.must("cat /etc/rsctl/table.json").stdout;
    host.must("ipvsadm -A -u 192.0.2.1:53 -s rr --pe sip");
    let refused = |options: &str| {
        let output = host.sh(&format!("rsctl {options} save --install"));
        assert_eq!(host.must("cat /etc/rsctl/*").stdout, saved, "{}", output.stderr);
        (output.status, output.stderr)
    };
    let doubtful = "error: cannot save the table to /etc/rsctl/table.json: it would not be \
                    restored\n\
                    line 7: a persistence engine needs a persistent service\n\
                    hint: `rsctl save -o /etc/rsctl/table.json` saves it all the same; a drop-in \
                    has rsctl-restore.service restore it with --as-is\n";
    assert_eq!(refused(""), (1, doubtful.to_owned()));
    let elsewhere = "error: cannot save the table of a named network namespace to \
                     /etc/rsctl/table.json: at boot it would be restored into the host's own\n\
                     hint: `rsctl save -o FILE` saves it, and `rsctl --netns NAME restore FILE` \
                     restores it\n";
    host.must("ipvsadm -D -u 192.0.2.1:53");
    assert_eq!(refused("--netns /proc/self/ns/net"), (2, elsewhere.to_owned()));
    host.must("ipvsadm -C");
    let nothing = "error: cannot save the table to /etc/rsctl/table.json: it has no service, and \
                   would not be restored\n\
                   hint: `systemctl disable rsctl-restore` ends restoring at boot\n";
    assert_eq!(refused(""), (1, nothing.to_owned()));
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
