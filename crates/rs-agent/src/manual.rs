// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says what the manual pages have besides the help of the commands.

use lvs_term::{Entry, Example, Manual};

/// The manual of `rs-agent`.
pub const MANUAL: Manual = Manual {
    title: "IPVS real servers",
    examples: &[
        Example {
            of: "",
            text: "Have it at every boot, and watched:",
            lines: "\
install -d /etc/rs-agent
install -m 644 /usr/local/share/doc/rs-agent/rs-agent.toml /etc/rs-agent
editor /etc/rs-agent/rs-agent.toml
rs-agent install-unit
systemctl daemon-reload
systemctl enable --now rs-agent",
        },
        Example {
            of: "setup",
            text: "See what would be done and why, do it, and see whether it serves:",
            lines: "\
rs-agent setup --mode dr --vip 192.0.2.10 --dry-run
rs-agent setup --mode dr --vip 192.0.2.10
rs-agent check --port 80",
        },
        Example {
            of: "teardown",
            text: "Drain this host first, on the director, and wait for its connections to end:",
            lines: "\
rsctl edit-server tcp/192.0.2.10:80 -r 192.0.2.11 -w 0
rsctl connections -r 192.0.2.11",
        },
        Example {
            of: "run",
            text: "Have a running one read its file again:",
            lines: "systemctl reload rs-agent",
        },
        Example {
            of: "install-unit",
            text: "Once the files are written:",
            lines: "systemctl daemon-reload\nsystemctl enable --now rs-agent",
        },
    ],
    exit_status: &[
        Entry { name: "0", text: "Done.", of: &[] },
        Entry { name: "1", text: "Failed; what went wrong is told.", of: &[] },
        Entry {
            name: "2",
            text: "Wrong usage, or input that is refused; nothing was changed.",
            of: &[],
        },
        Entry {
            name: "3 to 5",
            text: "What `rs-agent check` or `rs-agent status --exit-code` found, see \
                   rs-agent-check(8) and rs-agent-status(8).",
            of: &["check", "status"],
        },
    ],
    environment: &[
        Entry {
            name: "RS_AGENT_STATE_DIR",
            text: "The folder that keeps the values from before, unless `--state-dir` names one.",
            of: &["setup", "teardown", "check", "status", "run"],
        },
        Entry {
            name: "NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID",
            text: "Are set by systemd, which is told so when the host is set up, what is being \
                   done, and that the program is alive.",
            of: &["run"],
        },
        Entry {
            name: "JOURNAL_STREAM",
            text: "Is set by systemd: lines that go to its journal carry their severity.",
            of: &["run"],
        },
    ],
    files: &[
        Entry {
            name: "/etc/rs-agent/rs-agent.toml",
            text: "What this host is to be, see rs-agent.toml(5). It is obeyed with root's \
                   rights, and refused if others can write it.",
            of: &["setup", "run", "install-unit"],
        },
        Entry {
            name: "/run/rs-agent",
            text: "The values from before, and what was set up: a file for each network \
                   namespace. It is gone at a reboot, as is what it tells of.",
            of: &["setup", "teardown", "check", "status", "run"],
        },
        Entry {
            name: "/etc/systemd/system/rs-agent.service",
            text: "The unit that `rs-agent install-unit` writes.",
            of: &["install-unit"],
        },
        Entry {
            name: "/etc/sysctl.d/90-rs-agent.conf",
            text: "The settings that hold from the start of a boot on.",
            of: &["install-unit"],
        },
        Entry {
            name: "/etc/modules-load.d/rs-agent.conf",
            text: "The modules of the tunnel.",
            of: &["install-unit"],
        },
    ],
    see_also: &[
        Entry { name: "rs-agent.toml(5)", text: "", of: &["setup", "run", "install-unit"] },
        Entry { name: "rsctl(8)", text: "", of: &[] },
        Entry { name: "ip-address(8)", text: "", of: &["setup", "teardown", "run"] },
        Entry { name: "ip-tunnel(8)", text: "", of: &["setup", "run"] },
        Entry { name: "sysctl.d(5)", text: "", of: &["install-unit"] },
        Entry { name: "modules-load.d(5)", text: "", of: &["install-unit"] },
        Entry { name: "systemd.service(5)", text: "", of: &["run", "install-unit"] },
    ],
    pages: &[("rs-agent.toml.5", include_str!("../man/rs-agent.toml.5"))],
};
