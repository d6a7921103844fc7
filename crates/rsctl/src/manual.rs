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
    "drain",
    "undrain",
    "slow-start",
    "zero",
    "clear",
    "timeouts",
    "sync-daemon start",
    "sync-daemon stop",
    "restore",
    "apply",
    "confirm",
    "rollback",
];

/// What reads and writes what is kept.
const CHANGES_AND_HISTORY: &[&str] = &[
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
    "apply",
    "confirm",
    "rollback",
    "history",
];

/// What a virtual service or a real server is named to.
const NAMED: &[&str] = &[
    "add-service",
    "edit-service",
    "set-service",
    "delete-service",
    "add-server",
    "edit-server",
    "set-server",
    "delete-server",
    "list",
    "connections",
    "zero",
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
            text: "Drain a real server, wait for its connections for half an hour at most, and take \
                   it out:",
            lines: "rsctl drain 192.0.2.12 --deadline 30m --then remove",
        },
        Example {
            of: "drain",
            text: "In a script, before work on a server; afterwards, step by step:",
            lines: "\
rsctl drain 10.0.0.11 --deadline 10m && ssh 10.0.0.11 reboot
rsctl slow-start 10.0.0.11 --over 2m",
        },
        Example {
            of: "drain",
            text: "What is being drained, for a program:",
            lines: "rsctl drain --list --json",
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
rsctl sync-daemon start master --interface eth1 --syncid 7
rsctl sync-daemon start backup --interface eth1 --syncid 7",
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
        Entry {
            name: "3",
            text: "`rsctl plan`, or a dry run of `rsctl apply`, `rsctl restore` or `rsctl rollback`, \
                   found something to change.",
            of: &["plan", "apply", "restore", "rollback"],
        },
        Entry {
            name: "4",
            text: "Another `rsctl` was changing the table for too long, or a change waits to be \
                   confirmed; nothing was changed.",
            of: CHANGES,
        },
        Entry {
            name: "5",
            text: "What was to be added or started is there already; nothing was changed.",
            of: &["add-service", "add-server", "sync-daemon start"],
        },
        Entry {
            name: "6",
            text: "The service, real server, sync daemon, checkpoint or change that the command is \
                   about is not there; nothing was changed.",
            of: &[
                "edit-service",
                "delete-service",
                "add-server",
                "edit-server",
                "set-server",
                "delete-server",
                "drain",
                "undrain",
                "slow-start",
                "list",
                "zero",
                "sync-daemon stop",
                "confirm",
                "rollback",
            ],
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
            name: "RSCTL_STATE_DIR",
            text: "The folder of what is kept, unless `--state-dir` names one.",
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
            name: "/var/lib/rsctl/drains.json",
            text: "The weights that drained servers had, until the next boot; of network \
                   namespaces other than the host's own in folders of theirs.",
            of: &["drain", "undrain", "slow-start"],
        },
        Entry {
            name: "/var/lib/rsctl",
            text: "The history of changes, the tables before the last 20 large ones, and what \
                   waits to be confirmed; below it those of other network namespaces.",
            of: CHANGES_AND_HISTORY,
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
            text: "The names of ports: `tcp/192.0.2.10:http` is read by it, and `--names` of \
                   `list` and `connections` shows them.",
            of: NAMED,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::iter::successors;

    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;
    use crate::exit::Exit;

    const ERRORS: &str = include_str!("../../../docs/errors.md");

    fn codes() -> impl Iterator<Item = u8> {
        // A new one is missed here by the compiler.
        let next = |exit: &Exit| match exit {
            Exit::Done => Some(Exit::Failed),
            Exit::Failed => Some(Exit::Usage),
            Exit::Usage => Some(Exit::Pending),
            Exit::Pending => Some(Exit::Locked),
            Exit::Locked => Some(Exit::There),
            Exit::There => Some(Exit::NotThere),
            Exit::NotThere => None,
        };
        successors(Some(Exit::Done), next).map(Exit::code)
    }

    #[test]
    fn every_exit_code_is_on_the_pages() {
        let names: Vec<_> = MANUAL.exit_status.iter().map(|entry| entry.name.to_owned()).collect();
        assert_eq!(names, codes().map(|code| code.to_string()).collect::<Vec<_>>());
        let help = Cli::command().get_after_help().map(ToString::to_string).unwrap_or_default();
        let told = help.lines().find_map(|line| line.strip_prefix("Exit status: ")).unwrap();
        for code in codes() {
            let is_told = told.split(", ").any(|one| one.starts_with(&format!("{code} ")));
            assert!(is_told, "{code}: {told}");
            assert!(ERRORS.contains(&format!("\n| {code} | ")), "{code}");
        }
    }

    /// The page of errors has the commands of these codes, and what ends with any other.
    #[test]
    fn codes_are_those_of_the_page_of_errors() {
        for entry in MANUAL.exit_status.iter().filter(|entry| matches!(entry.name, "5" | "6")) {
            let row = format!("\n| {} | ", entry.name);
            let (_, row) = ERRORS.split_once(&row).unwrap();
            let row = row.lines().next().unwrap();
            let (_, commands) = row.rsplit_once("): ").unwrap();
            let named: BTreeSet<_> = commands.split('`').skip(1).step_by(2).collect();
            assert_eq!(named, entry.of.iter().copied().collect(), "{}", entry.name);
        }
        let mut rows = 0;
        for line in ERRORS.lines().filter_map(|line| line.strip_prefix("| `rsctl ")) {
            let cells: Vec<_> = line.split(" | ").collect();
            let [typed, _, code, ..] = cells[..] else { continue };
            let Some(entry) = MANUAL.exit_status.iter().find(|entry| entry.name == code) else {
                continue;
            };
            let is_of = |of: &&str| typed.starts_with(&format!("{of} "));
            assert!(entry.of.is_empty() || entry.of.iter().any(is_of), "{code}: {typed}");
            rows += 1;
        }
        assert!(rows > 100, "{rows}");
    }
}
