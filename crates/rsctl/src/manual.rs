// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says what the manual pages have besides the help of the commands.

use lvs_term::{Entry, Example, Manual};

/// What changes the table.
const CHANGES: &[&str] = &[
    "add-service",
    "edit-service",
    "set-service",
    "delete-service",
    "add-server",
    "edit-server",
    "set-server",
    "delete-server",
    "zero",
    "clear",
    "timeouts",
    "sync-daemon start",
    "sync-daemon stop",
    "restore",
];

pub(crate) const MANUAL: Manual = Manual {
    title: "IPVS directors",
    examples: &[
        Example {
            of: "",
            text: "A service by direct routing, with two real servers:",
            lines: "\
rsctl add-service tcp/192.0.2.10:80 -s wrr
rsctl add-server tcp/192.0.2.10:80 -r 192.0.2.11 -w 3
rsctl add-server tcp/192.0.2.10:80 -r 192.0.2.12
rsctl list",
        },
        Example {
            of: "",
            text: "Drain a real server, see which connections it still has, and take it out:",
            lines: "\
rsctl edit-server tcp/192.0.2.10:80 -r 192.0.2.12 -w 0
rsctl connections tcp/192.0.2.10:80 -r 192.0.2.12
rsctl delete-server tcp/192.0.2.10:80 -r 192.0.2.12",
        },
        Example {
            of: "",
            text: "Have the table again after a reboot:",
            lines: "rsctl save --install\nsystemctl enable rsctl-restore",
        },
        Example {
            of: "delete-service",
            text: "See what would go, then delete it:",
            lines: "\
rsctl delete-service tcp/192.0.2.10:80 --dry-run
rsctl delete-service tcp/192.0.2.10:80",
        },
        Example {
            of: "delete-server",
            text: "Once it is drained:",
            lines: "rsctl delete-server tcp/192.0.2.10:80 -r 10.0.0.11:8080",
        },
        Example {
            of: "zero",
            text: "Count anew, for one service and for everything:",
            lines: "rsctl zero tcp/192.0.2.10:80\nrsctl zero",
        },
        Example {
            of: "clear",
            text: "Keep the table, and empty it without being asked:",
            lines: "rsctl save -o /root/table.json\nrsctl clear --yes",
        },
        Example {
            of: "sync-daemon",
            text: "On a director and on its stand-in:",
            lines: "\
rsctl sync-daemon start master --mcast-interface eth1 --syncid 7
rsctl sync-daemon start backup --mcast-interface eth1 --syncid 7",
        },
        Example {
            of: "sync-daemon stop",
            text: "Send no more connections:",
            lines: "rsctl sync-daemon stop master",
        },
    ],
    exit_status: &[
        Entry { name: "0", text: "Done.", of: &[] },
        Entry { name: "1", text: "Failed; what is known to have been done is told.", of: &[] },
        Entry { name: "2", text: "Bad usage or bad input; nothing was changed.", of: &[] },
        Entry { name: "3", text: "A dry run found something to change.", of: CHANGES },
        Entry {
            name: "4",
            text: "Another `rsctl` was changing the table for too long; nothing was changed.",
            of: CHANGES,
        },
    ],
    environment: &[
        Entry {
            name: "RSCTL_NETLINK_TRACE",
            text: "If it is set, and neither empty nor 0, each request to the kernel and each \
                   answer is printed to standard error, decoded: for bug reports.",
            of: &[],
        },
        Entry {
            name: "NO_COLOR",
            text: "If it is set and not empty, tables have no colours, unless `--color` says \
                   otherwise.",
            of: &["list", "connections"],
        },
    ],
    files: &[
        Entry {
            name: "/etc/rsctl/table.json",
            text: "The table that `rsctl save --install` writes and rsctl-restore.service \
                   restores at boot.",
            of: &["save", "restore"],
        },
        Entry {
            name: "/proc/net/ip_vs",
            text: "Is read instead of the kernel's table by who lacks CAP_NET_ADMIN.",
            of: &["list"],
        },
        Entry {
            name: "/proc/net/ip_vs_conn",
            text: "The connection table, which anybody may read.",
            of: &["connections"],
        },
        Entry {
            name: "/etc/services",
            text: "The names of ports, for `--names`.",
            of: &["list", "connections"],
        },
        Entry {
            name: "/run/netns/NAME",
            text: "The network namespace that `--netns NAME` names.",
            of: &[],
        },
        Entry {
            name: "@lvs-ipvs-table",
            text: "No file but an abstract name, see unix(7), which belongs to the one command \
                   that changes the table of its network namespace; the others wait for it. \
                   `ss -xlp src @lvs-ipvs-table` shows which it is.",
            of: CHANGES,
        },
    ],
    see_also: &[
        Entry { name: "rsctl-table(5)", text: "", of: &["save", "restore"] },
        Entry { name: "rsctl-ipvsadm(8)", text: "", of: &[] },
        Entry { name: "rs-agent(8)", text: "", of: &["list", "add-server", "edit-server"] },
        Entry { name: "ipvsadm(8)", text: "", of: &[] },
        Entry { name: "ip-netns(8)", text: "", of: &[] },
    ],
    pages: &[
        ("rsctl-table.5", include_str!("../man/rsctl-table.5")),
        ("rsctl-ipvsadm.8", include_str!("../man/rsctl-ipvsadm.8")),
    ],
};
