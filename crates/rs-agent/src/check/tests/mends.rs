// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is said to mend it: a command that does, and does nothing else.

use super::change::{ends, fallback};
use super::rows::Disturb;
use super::{findings, ip, sound};
use crate::mode::Mode;
use crate::tunnel::{Tunnel, TunnelKind};

/// Mode, what is done to a sound host, the rule, and what mends it.
const MENDS: &[(Mode, Disturb, &str, &[&str])] = &[
    (
        Mode::Tun,
        |_, s| {
            s.devices.remove(2);
            fallback(s, "tunl0", "ipip", false);
        },
        "RS-TUN-01",
        &[
            "ip link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1 && ip link set rs-ipip up",
        ],
    ),
    // Set up with --fallback-devices it is ours to raise.
    (
        Mode::Tun,
        |w, s| {
            s.devices.remove(2);
            fallback(s, "tunl0", "ipip", false);
            w.tunnels = vec![tunnel("tunl0", true)];
        },
        "RS-TUN-02",
        &["ip link set tunl0 up"],
    ),
    (
        Mode::Tun,
        |w, s| {
            s.devices.remove(2);
            w.tunnels = vec![tunnel("tunl0", true)];
        },
        "RS-TUN-01",
        &["modprobe ipip && ip link set tunl0 up"],
    ),
    // A device of somebody else's for another director stays.
    (
        Mode::Tun,
        |_, s| {
            s.devices[2].name = "theirs".into();
            ends(s, 2).remote = Some(ip("192.0.2.2"));
        },
        "RS-TUN-03",
        &[
            "ip link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1 && ip link set rs-ipip up",
        ],
    ),
    // One of its name or of its ends is in the way.
    (
        Mode::Tun,
        |_, s| {
            s.devices[2].name = "theirs".into();
            ends(s, 2).protocol = Some(41);
        },
        "RS-TUN-04",
        &[
            "if nobody else needs theirs: ip link del theirs && ip link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1 && ip link set rs-ipip up",
        ],
    ),
    (
        Mode::Tun,
        |w, s| {
            s.devices[2].name = "mine".into();
            ends(s, 2).remote = Some(ip("192.0.2.2"));
            w.tunnels = vec![tunnel("mine", false)];
        },
        "RS-TUN-03",
        &[
            "ip link del mine && ip link add mine type ipip mode ipip local 192.0.2.11 remote 192.0.2.1 && ip link set mine up",
        ],
    ),
];

fn tunnel(name: &str, fallback: bool) -> Tunnel {
    Tunnel {
        name: name.to_owned(),
        kind: TunnelKind::Ipip,
        local: (!fallback).then(|| ip(super::RIP)),
        remote: (!fallback).then(|| ip(super::DIP)),
        checksum: false,
        fallback,
    }
}

fn strings(lines: &[&str]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

#[test]
fn each_mend_is_what_mends_it() {
    for (row, (mode, disturb, rule, expected)) in MENDS.iter().enumerate() {
        let (mut subject, mut seen) = sound(*mode);
        disturb(&mut subject, &mut seen);
        let found = findings(&subject, &seen);
        let finding = found.iter().find(|finding| finding.rule == *rule);
        let remedy = finding.map(|finding| finding.remedy.clone());
        assert_eq!(remedy.as_deref(), Some(strings(expected).as_slice()), "{row}: {found:#?}");
    }
}
