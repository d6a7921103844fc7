// SPDX-License-Identifier: MIT OR Apache-2.0
//! Remedies in mode tun.

use super::super::change::{boot, ends, fallback, fou, gre};
use super::super::{DIP, RIP, VIP, VIP6, ip};
use super::Row;
use crate::check::seen::Fou;
use crate::facts::Family;
use crate::mode::Mode;
use crate::tunnel::{Encapsulation, Tunnel, TunnelKind};

pub(super) const TUNNELS: &[Row] = &[
    (
        Mode::Tun,
        |_, s| {
            s.devices.remove(2);
            fallback(s, "tunl0", "ipip", false);
        },
        "RS-TUN-01",
        &[
            "ip link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1 && ip link set rs-ipip up",
            "sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2",
            "ip addr add 192.0.2.10/32 dev rs-ipip scope host",
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
        &[
            "modprobe ipip && ip link set tunl0 up",
            "sysctl -w net.ipv4.conf.tunl0.rp_filter=2",
            "ip addr add 192.0.2.10/32 dev tunl0 scope host",
        ],
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
            "sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2",
            "ip addr add 192.0.2.10/32 dev rs-ipip scope host",
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
            "sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2",
            "ip addr add 192.0.2.10/32 dev rs-ipip scope host",
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
            "sysctl -w net.ipv4.conf.mine.rp_filter=2",
            "ip addr add 192.0.2.10/32 dev mine scope host",
        ],
    ),
    // Nothing loads module fou on demand.
    (
        Mode::Tun,
        |w, s| {
            w.encapsulation = Encapsulation::Gue { port: 6080 };
            s.fou = Fou::NoModule;
        },
        "RS-TUN-06",
        &["modprobe fou && ip fou add port 6080 gue"],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.encapsulation = Encapsulation::Gue { port: 6080 };
            s.fou = fou(Family::Ipv4, false);
        },
        "RS-TUN-06",
        &["ip fou del port 6080 && ip fou add port 6080 gue"],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.encapsulation = Encapsulation::Gue { port: 6080 };
            s.fou = fou(Family::Ipv6, true);
        },
        "RS-TUN-06",
        &["ip fou add port 6080 gue"],
    ),
    // What the operator says of the director is what is made, by the name of the set-up.
    (
        Mode::Tun,
        |w, s| {
            gre(w, s, true);
            w.tunnels = vec![Tunnel { kind: TunnelKind::Gre, ..tunnel("mine", false) }];
            s.devices.remove(2);
        },
        "RS-TUN-01",
        &[
            "ip link add mine type gre local 192.0.2.11 remote 192.0.2.1 icsum && ip link set mine up",
            "sysctl -w net.ipv4.conf.mine.rp_filter=2",
            "ip addr add 192.0.2.10/32 dev mine scope host",
        ],
    ),
    (
        Mode::Tun,
        |_, s| {
            s.devices.remove(2);
            s.addresses.remove(2);
            s.lookups.insert(ip(VIP), None);
        },
        "RS-VIP-01",
        &[
            "ip link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1 && ip link set rs-ipip up",
            "sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2",
            "ip addr add 192.0.2.10/32 dev rs-ipip scope host",
        ],
    ),
    (
        Mode::Tun,
        |_, s| {
            s.devices[3].up = false;
            s.addresses.remove(3);
            s.lookups.insert(ip(VIP6), None);
        },
        "RS-VIP-01",
        &["ip link set rs-sit up", "ip addr add 2001:db8::10/128 dev rs-sit nodad preferred_lft 0"],
    ),
    (
        Mode::Tun,
        |_, s| s.addresses[3].device = "eth0".into(),
        "RS-ARP-07",
        &[
            "ip addr add 2001:db8::10/128 dev rs-sit nodad preferred_lft 0",
            "ip addr show dev rs-sit | grep -qF ' 2001:db8::10/128 ' && ip addr del 2001:db8::10/128 dev eth0",
        ],
    ),
    // install-unit writes 90-rs-agent.conf, and does not if somebody else did.
    (
        Mode::Tun,
        |_, s| boot(s, "net.ipv4.conf.*.rp_filter = 1"),
        "RS-PER-02",
        &["echo 'net.ipv4.conf.rs-ipip.rp_filter = 2' >> /etc/sysctl.d/91-real-server.conf"],
    ),
];

fn tunnel(name: &str, fallback: bool) -> Tunnel {
    Tunnel {
        name: name.to_owned(),
        kind: TunnelKind::Ipip,
        local: (!fallback).then(|| ip(RIP)),
        remote: (!fallback).then(|| ip(DIP)),
        checksum: false,
        fallback,
    }
}
