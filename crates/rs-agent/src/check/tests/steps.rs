// SPDX-License-Identifier: MIT OR Apache-2.0
//! The steps that several rules share: how a VIP comes to its device and goes from another.

use lvs_check::Remedy;

use super::super::findings;
use super::super::seen::{Device, Seen};
use super::super::steps::{Replace, at_carrier, create, is_own, remove};
use super::super::subject::Subject;
use super::change::fallback;
use super::rows::Disturb;
use super::{VIP, VIP6, address, device, ip, set, sound};
use crate::mode::Mode;
use crate::tunnel::TunnelKind;

fn texts(steps: &[Remedy]) -> Vec<&str> {
    steps.iter().map(|remedy| remedy.text()).collect()
}

fn without_vips(seen: &mut Seen) {
    seen.addresses.truncate(2);
}

/// Mode, what is done to a sound host, a VIP, and how it comes to its device.
#[test]
fn a_vip_comes_to_its_device() {
    const ADD: &str = "ip addr add 192.0.2.10/32 dev";
    const ADD6: &str = "ip addr add 2001:db8::10/128 dev";
    let rows: &[(Mode, Disturb, &str, &[&str])] = &[
        (Mode::Dr, |_, _| {}, VIP, &[]),
        (Mode::Dr, |_, s| without_vips(s), VIP, &[&format!("{ADD} lo scope host")]),
        (
            Mode::Dr,
            |_, s| {
                without_vips(s);
                s.devices[0].up = false;
                set(s, "net.ipv4.conf.lo.rp_filter", 1);
            },
            VIP,
            &["ip link set lo up", &format!("{ADD} lo scope host")],
        ),
        (
            Mode::Dr,
            |_, s| {
                without_vips(s);
                set(s, "net.ipv6.conf.lo.disable_ipv6", 1);
            },
            VIP,
            &[&format!("{ADD} lo scope host")],
        ),
        (
            Mode::Dr,
            |_, s| {
                without_vips(s);
                set(s, "net.ipv6.conf.lo.disable_ipv6", 1);
            },
            VIP6,
            &[
                "sysctl -w net.ipv6.conf.lo.disable_ipv6=0",
                &format!("{ADD6} lo nodad preferred_lft 0"),
            ],
        ),
        // One still to be made starts as `default` says.
        (
            Mode::Dr,
            |w, s| {
                w.carrier = "rs0".into();
                set(s, "net.ipv6.conf.default.disable_ipv6", 1);
            },
            VIP6,
            &[
                "ip link add rs0 type dummy && ip link set rs0 up",
                "sysctl -w net.ipv6.conf.rs0.disable_ipv6=0",
                &format!("{ADD6} rs0 nodad preferred_lft 0"),
            ],
        ),
        // A label belongs to its device.
        (
            Mode::Dr,
            |w, s| {
                without_vips(s);
                w.label = Some("rs0:v".into());
            },
            VIP,
            &[&format!("{ADD} lo scope host")],
        ),
        (
            Mode::Dr,
            |w, s| {
                without_vips(s);
                w.label = Some("lo:v".into());
            },
            VIP,
            &[&format!("{ADD} lo scope host label lo:v")],
        ),
        // Strict is too strict in a tunnel, and for IPv4 alone.
        (
            Mode::Tun,
            |_, s| set(s, "net.ipv4.conf.rs-ipip.rp_filter", 1),
            VIP,
            &["sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2"],
        ),
        (Mode::Tun, |_, s| set(s, "net.ipv4.conf.rs-ipip.rp_filter", 0), VIP, &[]),
        (Mode::Tun, |_, s| set(s, "net.ipv4.conf.rs-sit.rp_filter", 1), VIP6, &[]),
        (
            Mode::Tun,
            |_, s| {
                without_vips(s);
                s.devices.remove(2);
                set(s, "net.ipv4.conf.all.rp_filter", 1);
            },
            VIP,
            &[
                "ip link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1 && ip \
                 link set rs-ipip up",
                "sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2",
                &format!("{ADD} rs-ipip scope host"),
                &format!("{ADD} rs-ipip scope host"),
            ],
        ),
        // A device with ends is before the kernel's own.
        (
            Mode::Tun,
            |_, s| {
                without_vips(s);
                fallback(s, "tunl0", "ipip", true);
            },
            VIP,
            &[&format!("{ADD} rs-ipip scope host")],
        ),
        // What is there and cannot be used is added again in its place, if it is IPv6.
        (
            Mode::Dr,
            |_, s| s.addresses[3].tentative = true,
            VIP6,
            &[&format!("ip addr del 2001:db8::10/128 dev lo && {ADD6} lo nodad preferred_lft 0")],
        ),
        (Mode::Dr, |_, s| s.addresses[2].prefix = 24, VIP, &[&format!("{ADD} lo scope host")]),
    ];
    for (row, (mode, disturb, vip, expected)) in rows.iter().enumerate() {
        let (mut subject, mut seen) = sound(*mode);
        disturb(&mut subject, &mut seen);
        let steps = at_carrier(ip(vip), &subject, &seen);
        assert_eq!(texts(&steps), *expected, "row {row}");
    }
}

/// Without a RIP the local end is left to whoever knows it; and a device of somebody else's is
/// not deleted unasked.
#[test]
fn a_tunnel_is_made_in_the_place_of_another() {
    let (mut subject, seen) = sound(Mode::Tun);
    let made = |subject: &Subject, instead| {
        let steps = create(TunnelKind::Ipip, subject, instead);
        (steps[0].text().to_owned(), steps[0].deletes.clone(), steps.len())
    };
    let make = "ip link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1 && ip \
                link set rs-ipip up";
    assert_eq!(made(&subject, None), (make.to_owned(), None, 3));
    let old = Some("ipip7".to_owned());
    let ours = Some((Replace::Ours, "ipip7", &seen));
    assert_eq!(made(&subject, ours), (format!("ip link del ipip7 && {make}"), old.clone(), 3));
    let theirs = Some((Replace::Theirs, "ipip7", &seen));
    let words = format!("if nobody else needs ipip7: ip link del ipip7 && {make}");
    assert_eq!(made(&subject, theirs), (words, old, 3));
    subject.rips.clear();
    let words = "ip link add rs-ipip type ipip mode ipip remote 192.0.2.1 local RIP && ip link \
                 set rs-ipip up";
    assert_eq!(made(&subject, None), (words.to_owned(), None, 3));
}

/// The VIP as it is on an interface of the network, what is beside it there, whether it is this
/// host's own then, and how it goes.
#[test]
fn a_vip_goes_unless_it_is_this_hosts_own() {
    /// Device, address, prefix length and scope.
    type Have = (&'static str, &'static str, u8, &'static str);
    const GOES: &str = "ip addr show dev lo | grep -qF ' 192.0.2.10/32 ' && ";
    const FIRST: &str = "sysctl -w net.ipv4.conf.eth0.promote_secondaries=1 && ";
    let rip = ("eth0", "192.0.2.11", 24, "global");
    let rows: &[(Have, &[Have], bool, Option<&str>)] = &[
        (("eth0", VIP, 24, "global"), &[rip], false, Some(FIRST)),
        (("eth0", VIP, 24, "global"), &[("eth0", "192.0.2.11", 25, "global")], false, Some("")),
        (("eth0", VIP, 25, "global"), &[rip], false, Some("")),
        (("eth0", VIP, 32, "global"), &[rip], false, Some("")),
        (("eth0", VIP, 32, "global"), &[("eth0", "192.0.2.11", 32, "global")], false, Some("")),
        // By these it is not reached there: without it nothing of the network is left.
        (("eth0", VIP, 24, "global"), &[], true, None),
        (("eth0", VIP, 24, "global"), &[("eth1", "192.0.2.11", 24, "global")], true, None),
        (("eth0", VIP, 24, "global"), &[("eth0", "192.0.2.11", 32, "global")], true, None),
        (("eth0", VIP, 24, "global"), &[("eth0", "198.51.100.1", 24, "global")], true, None),
        (("eth0", VIP, 24, "global"), &[("eth0", "192.0.2.12", 24, "global")], true, None),
        // The only one of this host is its own; one that was put there as a VIP is not.
        (("eth0", VIP, 32, "global"), &[], true, None),
        (("eth0", VIP, 32, "global"), &[("eth0", VIP, 24, "global")], false, Some("")),
        (("eth0", VIP, 32, "host"), &[], false, Some("")),
        (("lo", VIP, 32, "global"), &[], false, None),
    ];
    for (row, (vip, beside, own, goes)) in rows.iter().enumerate() {
        let (mut subject, mut seen) = sound(Mode::Dr);
        subject.vips.push(ip("192.0.2.12"));
        seen.devices.push(device("eth1", true));
        seen.addresses.truncate(1);
        let made = |(device, text, prefix, scope): &Have| address(text, *prefix, device, scope);
        let have = made(vip);
        seen.addresses.push(have.clone());
        seen.addresses.extend(beside.iter().map(made));
        assert_eq!(is_own(&have, &subject, &seen), *own, "row {row}");
        let Some(first) = goes else {
            assert_eq!(texts(&remove(&have, &subject, &seen)), [""; 0], "row {row}");
            continue;
        };
        let delete = format!("ip addr del {VIP}/{} dev eth0", have.prefix);
        let command = [format!("{GOES}{first}{delete}")];
        assert_eq!(texts(&remove(&have, &subject, &seen)), command, "row {row}");
        // Where the kernel promotes them none goes with it, in either spelling.
        for name in ["all", "eth0"] {
            let mut seen = seen.clone();
            set(&mut seen, &format!("net.ipv4.conf.{name}.promote_secondaries"), 1);
            let command = [format!("{GOES}{delete}")];
            assert_eq!(texts(&remove(&have, &subject, &seen)), command, "row {row} {name}");
        }
        // A host that holds no VIP has no other place for it.
        subject.mode = Some(Mode::Nat);
        assert_eq!(texts(&remove(&have, &subject, &seen)), [format!("{first}{delete}")]);
    }
}

/// One that is too wide where it is hidden is made narrow there first, not elsewhere.
#[test]
fn a_wide_vip_waits_for_a_narrow_one_of_its_device() {
    for (prefix, first) in [(24, "rs0"), (32, "lo")] {
        let (subject, mut seen) = sound(Mode::Dr);
        seen.devices.push(device("rs0", false));
        let have = address(VIP, prefix, "rs0", "host");
        seen.addresses.push(have.clone());
        let command = format!(
            "ip addr show dev {first} | grep -qF ' {VIP}/32 ' && ip addr del {VIP}/{prefix} dev rs0"
        );
        assert_eq!(texts(&remove(&have, &subject, &seen)), [command]);
    }
}

/// The host's only address, on a dummy that has the default route: nobody is told to delete it.
#[test]
fn an_address_of_the_default_route_is_kept() {
    for (prefix, scope, way, source, own) in [
        (24, "global", "dummy0", None, true),
        (32, "global", "dummy0", None, true),
        (24, "global", "eth0", Some(VIP), true),
        (32, "global", "eth0", Some(VIP), true),
        (24, "global", "eth0", None, false),
        (24, "host", "dummy0", None, false),
    ] {
        let (subject, mut seen) = sound(Mode::Dr);
        let kind = Some("dummy".to_owned());
        seen.devices.push(Device { kind, ..device("dummy0", false) });
        let lo = address("127.0.0.1", 8, "lo", "host");
        seen.addresses = vec![lo, address(VIP, prefix, "dummy0", scope)].into();
        seen.routes[0].devices = vec![way.to_owned()];
        seen.routes[0].source = source.map(ip);
        let found = findings(&subject, &seen);
        let told = format!("/{prefix} {scope} {way} {source:?}: {found:#?}");
        let deletes =
            found.iter().flat_map(|it| &it.remedy).any(|it| it.text().contains("addr del"));
        assert_eq!(deletes, !own, "{told}");
        assert_eq!(found.iter().any(|it| it.rule.id == "RS-VIP-04"), own, "{told}");
    }
}
