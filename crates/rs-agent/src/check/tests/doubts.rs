// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hosts where something else than addresses, sockets and settings decides, or may.

use lvs_host::firewall::{Ruleset, Suspect};
use lvs_host::socket::Transport;

use super::super::seen::{Arrival, Seen};
use super::change::{listener, listens};
use super::directors::serves;
use super::rows::Row;
use super::{VIP, VIP6, address, ip, set};
use crate::facts::Family;
use crate::ipvs::Served;
use crate::mode::Mode;

/// The VIP is not here.
fn gone(seen: &mut Seen) {
    seen.addresses.remove(2);
    seen.lookups.insert(ip(VIP), None);
}

pub(super) fn nat(rules: &str) -> Option<Ruleset> {
    Some(Ruleset::parse(&format!("*nat\n:PREROUTING ACCEPT [0:0]\n{rules}\nCOMMIT\n")))
}

fn unreadable(seen: &mut Seen) {
    let what = "rules of nftables could not be read".to_owned();
    seen.firewall.rewrites.push(Suspect { family: None, what });
}

fn arptables(seen: &mut Seen) {
    seen.firewall.arp.push("a rule of arptables may hide it".into());
}

/// What comes in by `eth0`, and what that has in its own table.
fn arrives(seen: &mut Seen, is_local: bool, is_listed: bool) {
    let eth0 = |is: bool| is.then(|| "eth0".to_owned()).into_iter().collect();
    let (local_by, foreign_by) = (eth0(is_local), eth0(!is_local));
    let arrival = Arrival { local_by, foreign_by, listed_by: eth0(is_listed), mute: false };
    seen.arrivals.insert(ip(VIP), arrival);
}

pub(super) const DOUBTS: &[Row] = &[
    (
        Mode::Dr,
        |_, s| {
            gone(s);
            s.firewall.iptables = nat("-A PREROUTING -d 192.0.2.10/32 -j REDIRECT");
        },
        &["RS-VIP-01 unread"],
    ),
    (
        Mode::Dr,
        |_, s| {
            gone(s);
            s.firewall.iptables = nat("-A PREROUTING -d 192.0.2.9/32 -j REDIRECT");
        },
        &["RS-VIP-01 error"],
    ),
    (
        Mode::Dr,
        |_, s| {
            gone(s);
            unreadable(s);
        },
        &["RS-VIP-01 unread"],
    ),
    (
        Mode::Dr,
        |_, s| {
            gone(s);
            s.listeners = Some(vec![listener(Transport::Tcp, "::", 80)]);
        },
        &["RS-VIP-01 error"],
    ),
    (
        Mode::Dr,
        |_, s| {
            gone(s);
            let socket = listener(Transport::Tcp, "0.0.0.0", 80);
            s.listeners = Some(vec![super::super::seen::Listener { transparent: true, ..socket }]);
        },
        &["RS-VIP-01 unread"],
    ),
    // Rules lead packets to the VIP elsewhere than the lookup says, either way.
    (
        Mode::Dr,
        |_, s| {
            gone(s);
            arrives(s, true, true);
        },
        &["RS-VIP-06 info"],
    ),
    (Mode::Dr, |_, s| arrives(s, false, true), &["RS-VIP-01 error"]),
    (
        Mode::Dr,
        |_, s| {
            gone(s);
            arrives(s, true, false);
            s.arrivals.get_mut(&ip(VIP)).unwrap().mute = true;
        },
        &["RS-VIP-09 error"],
    ),
    (
        Mode::Dr,
        |_, s| {
            gone(s);
            arrives(s, true, false);
            s.arrivals.get_mut(&ip(VIP)).unwrap().mute = true;
            unreadable(s);
        },
        &["RS-VIP-09 unread"],
    ),
    // Not in the table of the interface: no sender of what it asks.
    (
        Mode::Dr,
        |_, s| {
            arrives(s, true, false);
            set(s, "net.ipv4.conf.all.arp_announce", 0);
        },
        &[],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.carrier = "rs0".into();
            gone(s);
            w.vips.pop();
            unreadable(s);
        },
        &["RS-VIP-01 unread", "RS-VIP-07 unread"],
    ),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv6.conf.lo.disable_ipv6", 1);
            s.addresses.pop();
            s.lookups.insert(ip(VIP6), None);
            unreadable(s);
        },
        &["RS-VIP-01 unread", "RS-VIP-08 unread"],
    ),
    // ARP.
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.all.arp_announce", 0);
            arptables(s);
        },
        &["RS-ARP-01 unread", "RS-ARP-06 unread"],
    ),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.lo.arp_ignore", 1);
            arptables(s);
        },
        &["RS-ARP-02 unread"],
    ),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.eth0.arp_ignore", 3);
            s.addresses[2].scope = "global".into();
            arptables(s);
        },
        &["RS-ARP-03 unread"],
    ),
    (
        Mode::Dr,
        |_, s| {
            s.addresses.push(address(VIP, 32, "eth0", "global"));
            arptables(s);
        },
        &["RS-ARP-07 unread"],
    ),
    (
        Mode::Dr,
        |_, s| {
            s.addresses.push(address(VIP6, 128, "eth0", "global"));
            s.firewall.neighbours.push("a rule of ip6tables may drop what asks".into());
        },
        &["RS-ARP-07 unread"],
    ),
    // Services by mark name no VIP: it may be here as a director's.
    (
        Mode::Dr,
        |_, s| {
            s.addresses.push(address(VIP, 24, "eth0", "global"));
            s.addresses.push(address(VIP6, 128, "eth0", "global"));
            serves(s, Served::Mark(1), &["192.0.2.12:80"]);
        },
        &["RS-ARP-07 unread", "RS-ARP-07 unread"],
    ),
    // The firewall itself.
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", false);
            s.firewall
                .iptables_unread
                .insert(Family::Ipv4, "ip_tables_names: Permission denied".into());
        },
        &["RS-FW-01 unread"],
    ),
    // Nobody asked about a port.
    (
        Mode::Dr,
        |_, s| {
            s.firewall.iptables_unread.insert(Family::Ipv4, "Permission denied".into());
        },
        &[],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.vips.truncate(1);
            s.firewall.nftables_unread = Some("rules of nftables could not be read".into());
        },
        &["RS-FW-01 unread"],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", false);
            s.firewall.drops.push(Suspect { family: Some(Family::Ipv4), what: "a rule".into() });
        },
        &["RS-FW-01 unread"],
    ),
    // Of two VIPs one is dropped for certain, and the first perhaps.
    (
        Mode::Dr,
        |w, s| {
            w.vips = vec![ip("192.0.2.9"), ip(VIP)].into();
            s.addresses.push(address("192.0.2.9", 32, "lo", "host"));
            s.lookups.insert(ip("192.0.2.9"), s.lookups.get(&ip(VIP)).cloned().flatten());
            s.firewall.iptables = Some(Ruleset::parse(
                "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -d 192.0.2.10 -j DROP\n\
                 -A INPUT -s 198.51.100.7 -j REJECT\n",
            ));
        },
        &["RS-FW-01 error", "RS-FW-01 unread"],
    ),
    // One of all VIPs, with a command for each.
    (
        Mode::Dr,
        |w, s| {
            w.vips = vec![ip("192.0.2.9"), ip(VIP)].into();
            w.ports = vec![crate::check::subject::Port { transport: Transport::Tcp, number: 80 }];
            s.addresses.push(address("192.0.2.9", 32, "lo", "host"));
            s.lookups.insert(ip("192.0.2.9"), s.lookups.get(&ip(VIP)).cloned().flatten());
            s.firewall.iptables = Some(Ruleset::parse("*filter\n:INPUT DROP [0:0]\n"));
        },
        &["RS-FW-01 error"],
    ),
    // A chain of nftables may set the state that a rule accepts.
    (
        Mode::Dr,
        |w, s| {
            w.ports = vec![crate::check::subject::Port { transport: Transport::Tcp, number: 80 }];
            let what = "chain ip nat PREROUTING of nftables".to_owned();
            s.firewall.rewrites.push(Suspect { family: Some(Family::Ipv4), what });
            s.firewall.iptables = Some(Ruleset::parse(
                "*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate DNAT -j ACCEPT\n",
            ));
        },
        &["RS-FW-01 unread"],
    ),
    // The director has to find the RIP.
    (
        Mode::Dr,
        |w, s| {
            w.rips.push(ip("2001:db8::11"));
            s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
            s.firewall.ip6tables =
                Some(Ruleset::parse("*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -j ACCEPT\n"));
        },
        &["RS-FW-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.rips.clear();
            s.addresses.push(address("2001:db8::11", 64, "eth0", "global"));
            s.firewall.ip6tables = Some(Ruleset::parse(
                "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -j ACCEPT\n\
                 -A INPUT -d ff02::1:ff00:11/128 -p ipv6-icmp -j ACCEPT\n",
            ));
        },
        &[],
    ),
];
