// SPDX-License-Identifier: MIT OR Apache-2.0
//! Remedies: commands that help, in the order that is safe.

use lvs_check::{Instruction, OrderedRemedy, Remedy, in_order};
use lvs_host::SysctlKey;

use super::super::seen::{Lookup, Seen};
use super::super::subject::Subject;
use super::change::ends;
use super::managers::vmac;
use super::rows::Disturb;
use super::{VIP, address, device, findings, ip, set, sound};
use crate::mode::Mode;
use crate::request::Scope;
use tunnels::TUNNELS;

mod tunnels;

/// Mode, what is done to a sound host, the rule, and its remedy in order.
type Row = (Mode, Disturb, &'static str, &'static [&'static str]);

/// Of VIPs, and of what hides them.
const REMEDIES: &[Row] = &[
    // A VIP comes back to the device, with the scope and by the label, of the set-up.
    (
        Mode::Dr,
        |w, s| {
            labelled(w);
            s.addresses.remove(2);
            s.lookups.insert(ip(VIP), None);
        },
        "RS-VIP-01",
        &[
            "ip link add rs0 type dummy && ip link set rs0 up",
            "ip addr add 192.0.2.10/32 dev rs0 scope link label rs0:v",
        ],
    ),
    (
        Mode::Dr,
        |w, s| {
            labelled(w);
            s.addresses.remove(2);
            s.lookups.insert(ip(VIP), None);
        },
        "RS-VIP-07",
        &["ip link add rs0 type dummy && ip link set rs0 up"],
    ),
    (
        Mode::Dr,
        |w, s| {
            labelled(w);
            s.devices.push(device("rs0", false));
            s.addresses[2].device = "eth0".into();
        },
        "RS-ARP-07",
        &[
            "ip addr add 192.0.2.10/32 dev rs0 scope link label rs0:v",
            "ip addr show dev rs0 | grep -qF ' 192.0.2.10/32 ' && ip addr del 192.0.2.10/32 dev eth0",
        ],
    ),
    (
        Mode::Dr,
        |w, s| {
            labelled(w);
            s.devices.push(device("rs0", false));
            s.addresses[3].tentative = true;
        },
        "RS-VIP-03",
        &[
            "ip addr add 2001:db8::10/128 dev rs0 nodad preferred_lft 0",
            "ip addr show dev rs0 | grep -qF ' 2001:db8::10/128 ' && ip addr del 2001:db8::10/128 dev lo",
        ],
    ),
    // arping takes one address.
    (
        Mode::Dr,
        |_, s| set(s, "net.ipv4.conf.all.arp_announce", 0),
        "RS-ARP-06",
        &[
            "sysctl -w net.ipv4.conf.all.arp_announce=2",
            "then on the director: arping -U -c 3 -I INTERFACE 192.0.2.10",
        ],
    ),
    (
        Mode::Dr,
        |w, s| {
            set(s, "net.ipv4.conf.all.arp_announce", 0);
            more_vips(w, s, 1);
        },
        "RS-ARP-06",
        &[
            "sysctl -w net.ipv4.conf.all.arp_announce=2",
            "then on the director: for vip in 192.0.2.10 203.0.113.1; do arping -U -c 3 -I INTERFACE $vip; done",
        ],
    ),
    (
        Mode::Dr,
        |w, s| {
            set(s, "net.ipv4.conf.all.arp_announce", 0);
            more_vips(w, s, 4);
        },
        "RS-ARP-06",
        &[
            "sysctl -w net.ipv4.conf.all.arp_announce=2",
            "then on the director, for each of the 5 VIPs: arping -U -c 3 -I INTERFACE VIP",
        ],
    ),
    // Nothing hides what is to come: that comes first, also in the remedy of one finding.
    (Mode::Dr, bare, "RS-VIP-01", &[HIDDEN]),
    (Mode::Dr, bare, "RS-ARP-01", &["sysctl -w net.ipv4.conf.all.arp_ignore=1"]),
    (Mode::Dr, bare, "RS-ARP-06", &["sysctl -w net.ipv4.conf.all.arp_announce=2"]),
    // The greater counts, and what is above is lowered only when nothing needs it any more.
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.eth0.arp_ignore", 8);
            s.addresses[2].device = "eth0".into();
        },
        "RS-ARP-04",
        &[
            "ip addr add 192.0.2.10/32 dev lo scope host",
            "ip addr show dev lo | grep -qF ' 192.0.2.10/32 ' && ip addr del 192.0.2.10/32 dev eth0",
            "! ip addr show dev eth0 | grep -qF -e ' 192.0.2.10/' && sysctl -w net.ipv4.conf.all.arp_ignore=1 && sysctl -w net.ipv4.conf.eth0.arp_ignore=1",
        ],
    ),
    // 3 would show it with that scope on its way: nothing is answered meanwhile.
    (
        Mode::Dr,
        |w, s| {
            w.scope = Scope::Global;
            set(s, "net.ipv4.conf.eth0.arp_ignore", 3);
            s.addresses[2].device = "eth0".into();
        },
        "RS-ARP-07",
        &[
            "sysctl -w net.ipv4.conf.eth0.arp_ignore=8 && ip addr add 192.0.2.10/32 dev lo scope global",
            "ip addr show dev lo | grep -qF ' 192.0.2.10/32 ' && ip addr del 192.0.2.10/32 dev eth0",
            "! ip addr show dev eth0 | grep -qF -e ' 192.0.2.10/' && sysctl -w net.ipv4.conf.all.arp_ignore=1 && sysctl -w net.ipv4.conf.eth0.arp_ignore=1",
        ],
    ),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.eth0.arp_ignore", 1);
            set(s, "net.ipv4.conf.default.arp_ignore", 9);
        },
        "RS-ARP-08",
        &[
            "sysctl -w net.ipv4.conf.all.arp_ignore=1",
            "sysctl -w net.ipv4.conf.default.arp_ignore=1",
        ],
    ),
    // Where it is already it is not added again; the RIP does not go with it.
    (
        Mode::Dr,
        |_, s| s.addresses.push(address(VIP, 24, "eth0", "global")),
        "RS-ARP-07",
        &[
            "ip addr show dev lo | grep -qF ' 192.0.2.10/32 ' && sysctl -w net.ipv4.conf.eth0.promote_secondaries=1 && ip addr del 192.0.2.10/24 dev eth0",
        ],
    ),
    // A device has an IPv6 address once, whatever its prefix.
    (
        Mode::Dr,
        |_, s| s.addresses[3].prefix = 64,
        "RS-VIP-02",
        &[
            "ip addr del 2001:db8::10/64 dev lo && ip addr add 2001:db8::10/128 dev lo nodad preferred_lft 0",
        ],
    ),
    // Somebody else's addresses on lo may be VIPs too.
    (
        Mode::Nat,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_ignore", 1);
            s.addresses.push(address("203.0.113.9", 32, "lo", "host"));
        },
        "RS-NAT-01",
        &[
            "if neighbours may find 203.0.113.9 here: sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0",
        ],
    ),
    // What makes an interface answer comes when no VIP is on it any more.
    (
        Mode::Dr,
        |_, s| {
            vmac(s);
            set(s, "net.ipv4.conf.vrrp/51.rp_filter", 1);
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
        },
        "RS-MGR-04",
        &[
            "sysctl -w net.ipv4.conf.all.arp_ignore=1",
            "sysctl -w net.ipv4.conf.vrrp/51.rp_filter=0",
            "sysctl -w net.ipv4.conf.vrrp/51.accept_local=1",
        ],
    ),
    // Names are words to the shell, and to sysctl names.
    (
        Mode::Dr,
        |_, s| {
            s.devices.push(device("a=$b;", true));
            s.addresses.push(address(VIP, 32, "a=$b;", "global"));
        },
        "RS-ARP-07",
        &[
            "ip addr show dev lo | grep -qF ' 192.0.2.10/32 ' && ip addr del 192.0.2.10/32 dev 'a=$b;'",
        ],
    ),
    (
        Mode::Dr,
        |_, s| {
            s.devices.push(device("a=$b;", true));
            set(s, "net.ipv4.conf.a=$b;.arp_ignore", 8);
        },
        "RS-ARP-04",
        &[
            "sysctl -w net.ipv4.conf.all.arp_ignore=1 && echo 1 >'/proc/sys/net/ipv4/conf/a=$b;/arp_ignore'",
        ],
    ),
    // What was written is written again, and what hides with what that needs.
    (
        Mode::Tun,
        |w, s| {
            w.written = vec![(SysctlKey::ipv4("rs-ipip", "rp_filter"), 2)];
            set(s, "net.ipv4.conf.rs-ipip.rp_filter", 0);
        },
        "RS-PER-01",
        &["sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.written = vec![(SysctlKey::ipv4("all", "arp_ignore"), 1)];
            set(s, "net.ipv4.conf.all.arp_ignore", 8);
            s.addresses[2].device = "eth0".into();
        },
        "RS-PER-01",
        &[
            "ip addr add 192.0.2.10/32 dev lo scope host",
            "ip addr show dev lo | grep -qF ' 192.0.2.10/32 ' && ip addr del 192.0.2.10/32 dev eth0",
            "! ip addr show dev eth0 | grep -qF -e ' 192.0.2.10/' && sysctl -w net.ipv4.conf.all.arp_ignore=1",
        ],
    ),
    // An interface that answers ARP is no place for it, whoever asked for that.
    (
        Mode::Dr,
        |w, s| {
            w.carrier = "eth0".into();
            s.addresses[2].device = "eth0".into();
        },
        "RS-ARP-07",
        &[
            "ip addr add 192.0.2.10/32 dev lo scope host",
            "ip addr show dev lo | grep -qF ' 192.0.2.10/32 ' && ip addr del 192.0.2.10/32 dev eth0",
        ],
    ),
];

const HIDDEN: &str = "sysctl -w net.ipv4.conf.all.arp_ignore=1 && sysctl -w net.ipv4.conf.all.arp_announce=2 && ip addr add 192.0.2.10/32 dev lo scope host";

/// A host that nobody has set up.
fn bare(_: &mut Subject, seen: &mut Seen) {
    set(seen, "net.ipv4.conf.all.arp_ignore", 0);
    set(seen, "net.ipv4.conf.all.arp_announce", 0);
    seen.addresses.remove(2);
    seen.lookups.insert(ip(VIP), None);
}

/// Addresses of another subnet beside the VIP.
fn more_vips(subject: &mut Subject, seen: &mut Seen, count: u8) {
    for number in 1..=count {
        let vip = format!("203.0.113.{number}");
        subject.vips.push(ip(&vip));
        seen.addresses.push(address(&vip, 32, "lo", "host"));
        seen.lookups.insert(ip(&vip), Some(Lookup { local: true, ..Lookup::default() }));
    }
}

fn labelled(subject: &mut Subject) {
    subject.carrier = "rs0".into();
    subject.scope = Scope::Link;
    subject.label = Some("rs0:v".into());
}

#[test]
fn each_remedy_is_what_helps() {
    let mut wrong = Vec::new();
    for (row, (mode, disturb, rule, expected)) in REMEDIES.iter().chain(TUNNELS).enumerate() {
        let (mut subject, mut seen) = sound(*mode);
        disturb(&mut subject, &mut seen);
        let found = findings(&subject, &seen);
        let finding = found.iter().find(|finding| finding.rule.id == *rule);
        let text = |remedy: &Remedy| remedy.text().to_owned();
        let remedy: Vec<String> =
            finding.iter().flat_map(|finding| &finding.remedy).map(text).collect();
        if remedy != *expected {
            wrong.push(format!("{row} {rule}: {remedy:#?}\n{found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn steps_of_all_findings_are_in_order_and_each_is_there_once() {
    let (subject, mut seen) = sound(Mode::Dr);
    bare(&mut Subject::default(), &mut seen);
    seen.addresses.push(address(VIP, 24, "eth0", "global"));
    seen.lookups.insert(ip(VIP), Some(Lookup { local: true, ..Lookup::default() }));
    let steps = in_order(&findings(&subject, &seen));
    let texts: Vec<&str> = steps.iter().map(OrderedRemedy::text).collect();
    let (announce, remove, tell) = (
        "sysctl -w net.ipv4.conf.all.arp_announce=2",
        "ip addr show dev lo | grep -qF ' 192.0.2.10/32 ' && sysctl -w net.ipv4.conf.eth0.promote_secondaries=1 && ip addr del 192.0.2.10/24 dev eth0",
        "then on the director: arping -U -c 3 -I INTERFACE 192.0.2.10",
    );
    assert_eq!(texts, [announce, HIDDEN, remove, tell]);
    assert_eq!(steps[1].rules, ["RS-ARP-07", "RS-VIP-02"]);
    assert!(steps.is_sorted_by_key(|step| step.phase));
    assert!(matches!(steps[3].instruction, Instruction::Words(_)));
}

/// What is on a device that goes, goes with it.
#[test]
fn nothing_is_asked_of_a_device_that_is_gone() {
    let (subject, mut seen) = sound(Mode::Tun);
    ends(&mut seen, 2).remote = Some(ip("192.0.2.2"));
    seen.addresses[2].prefix = 24;
    let found = findings(&subject, &seen);
    assert!(found.iter().any(|finding| finding.rule.id == "RS-VIP-02"), "{found:#?}");
    let steps = in_order(&found);
    let texts: Vec<&str> = steps.iter().map(OrderedRemedy::text).collect();
    let make = "ip link del rs-ipip && ip link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1 && ip link set rs-ipip up";
    let loose = "sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2";
    assert_eq!(texts, [make, loose, "ip addr add 192.0.2.10/32 dev rs-ipip scope host"]);
}
