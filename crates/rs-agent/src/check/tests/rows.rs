// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with a host, one thing a row.

use lvs_host::firewall::Ruleset;
use lvs_host::socket::Transport;

use super::super::seen::{Device, Lookup, Seen};
use super::super::subject::Subject;
use super::change::listens;
use super::{CLIENT, DIP, RIP, ROUTER, VIP, VIP6, address, device, ip, lookup, set};
use crate::mode::Mode;

pub(super) type Disturb = fn(&mut Subject, &mut Seen);

/// Mode, what is done to a sound host, and what must be found: `ID severity`, all of it.
pub(super) type Row = (Mode, Disturb, &'static [&'static str]);

/// All but the tunnels and the other managers.
pub(super) const HOST: &[Row] = &[
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", false);
            s.firewall.iptables = Some(Ruleset::parse("*filter\n:INPUT DROP [0:0]\n"));
        },
        &["RS-FW-01 error"],
    ),
    (
        Mode::Dr,
        |_, s| s.firewall.iptables = Some(Ruleset::parse("*filter\n:INPUT DROP [0:0]\n")),
        &["RS-FW-01 error"],
    ),
    // What is in the tunnel's packets has to pass, too.
    (
        Mode::Tun,
        |_, s| {
            s.firewall.iptables = Some(Ruleset::parse(
                "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 192.0.2.1 -p 4 -j ACCEPT\n-A INPUT -p 41 -j ACCEPT\n",
            ));
        },
        &["RS-FW-01 error"],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.vips.truncate(1);
            s.firewall.iptables =
                Some(Ruleset::parse("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p 4 -j DROP\n"))
        },
        &["RS-FW-01 error"],
    ),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.all.arp_ignore", 0), &["RS-ARP-01 error"]),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.all.arp_ignore", 5), &["RS-ARP-01 error"]),
    // Of a VIP that is still to come.
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.all.arp_announce", 0);
            s.addresses.remove(2);
            s.lookups.insert(ip(VIP), None);
        },
        &["RS-ARP-01 error", "RS-ARP-06 error", "RS-VIP-01 error"],
    ),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.eth0.arp_ignore", 9), &["RS-ARP-01 error"]),
    (
        Mode::Dr,
        |_, s| {
            s.devices.push(device("docker0", true));
            set(s, "net.ipv4.conf.docker0.arp_ignore", 4);
        },
        &["RS-ARP-01 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.lo.arp_ignore", 1);
        },
        &["RS-ARP-02 error"],
    ),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.all.arp_ignore", 3), &[]),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_ignore", 3);
            set(s, "net.ipv4.conf.all.route_localnet", 1);
        },
        &["RS-ARP-03 error"],
    ),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.eth0.arp_ignore", 3);
            s.addresses[2].scope = "global".into();
        },
        &["RS-ARP-03 error"],
    ),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.eth0.arp_ignore", 8), &["RS-ARP-04 error"]),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.all.arp_ignore", 2), &["RS-ARP-05 info"]),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.all.arp_announce", 0), &["RS-ARP-06 error"]),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.all.arp_announce", 1), &["RS-ARP-06 error"]),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.all.arp_announce", 3), &["RS-ARP-06 error"]),
    (
        Mode::Dr,
        |w, s| {
            set(s, "net.ipv4.conf.all.arp_announce", 1);
            s.addresses[1] = address("10.0.0.11", 24, "eth0", "global");
            w.rips = vec![ip("10.0.0.11")];
        },
        &[],
    ),
    (Mode::Dr, |_, s| s.addresses.push(address(VIP, 32, "eth0", "global")), &["RS-ARP-07 error"]),
    (Mode::Dr, |_, s| s.addresses.push(address(VIP6, 128, "eth0", "global")), &["RS-ARP-07 error"]),
    // This host's own address has to be answered for, whatever hides VIPs.
    (
        Mode::Dr,
        |w, s| {
            w.rips.clear();
            s.addresses[1] = address(VIP, 24, "eth0", "global");
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.all.arp_announce", 0);
            w.vips.retain(|vip| *vip == ip(VIP));
        },
        &["RS-VIP-04 error"],
    ),
    // This host's own address, beside which another VIP may be.
    (
        Mode::Dr,
        |w, s| {
            w.rips.clear();
            s.addresses[1] = address(VIP, 24, "eth0", "global");
            w.vips.push(ip("192.0.2.12"));
            s.addresses.push(address("192.0.2.12", 32, "lo", "host"));
            s.lookups.insert(ip("192.0.2.12"), s.lookups[&ip(VIP)].clone());
        },
        &["RS-VIP-04 error"],
    ),
    (
        Mode::Nat,
        |w, _| {
            w.vips.push(ip(RIP));
            w.rips.clear();
        },
        &["RS-NAT-01 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_ignore", 3);
            s.addresses[2].device = "eth0".into();
        },
        &["RS-ARP-07 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.eth0.arp_ignore", 1);
        },
        &["RS-ARP-08 warning"],
    ),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP6)].into();
            s.proxies.push((ip(VIP6), "eth0".into()));
        },
        &["RS-ARP-09 warning"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.vips = vec![ip("203.0.113.1")].into();
            s.devices.push(device("eth1", true));
            s.lookups.insert(ip("203.0.113.1"), lookup(None, "eth1"));
            set(s, "net.ipv4.conf.eth0.proxy_arp", 1);
            set(s, "net.ipv4.conf.eth0.forwarding", 1);
        },
        &["RS-VIP-01 error", "RS-ARP-09 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            s.addresses.remove(2);
            s.lookups.insert(ip(VIP), None);
        },
        &["RS-VIP-01 error"],
    ),
    (Mode::Dr, |_, s| s.addresses[2].prefix = 24, &["RS-VIP-02 error"]),
    (Mode::Tun, |_, s| s.addresses[2].prefix = 24, &["RS-VIP-02 warning"]),
    (
        Mode::Tun,
        |_, s| {
            s.addresses[2].prefix = 24;
            s.lookups.insert(ip(DIP), lookup(None, "rs-ipip"));
        },
        &["RS-VIP-02 error"],
    ),
    (Mode::Dr, |_, s| s.addresses[3].prefix = 64, &["RS-VIP-02 warning"]),
    // Down, and on a VIP's interface that answers: it is not to be there at all.
    (
        Mode::Dr,
        |_, s| {
            s.devices.push(Device { up: false, ..device("eth1", true) });
            s.addresses.push(address(VIP6, 128, "eth1", "global"));
            set(s, "net.ipv6.conf.eth1.disable_ipv6", 1);
        },
        &["RS-ARP-07 error"],
    ),
    (Mode::Dr, |_, s| s.addresses[3].dad_failed = true, &["RS-VIP-03 error"]),
    (Mode::Dr, |_, s| s.addresses[3].tentative = true, &["RS-VIP-03 error"]),
    (Mode::Dr, |_, s| s.routes[0].gateways = vec![ip(VIP)], &["RS-VIP-04 error"]),
    (
        Mode::Dr,
        |_, s| {
            s.addresses[1].device = "lo".into();
            s.addresses[2].scope = "global".into();
        },
        &["RS-VIP-05 info"],
    ),
    (Mode::Dr, |_, s| drop(s.addresses.remove(2)), &["RS-VIP-06 info"]),
    (
        Mode::Dr,
        |w, s| {
            w.vips.pop();
            s.devices[0].up = false;
        },
        &["RS-VIP-07 info"],
    ),
    (Mode::Dr, |_, s| s.devices[0].up = false, &["RS-VIP-07 error"]),
    (Mode::Dr, |w, _| w.carrier = "rs0".into(), &["RS-VIP-07 info"]),
    (
        Mode::Dr,
        |w, s| {
            w.carrier = "rs0".into();
            w.vips.pop();
            s.addresses.remove(2);
            s.lookups.insert(ip(VIP), None);
        },
        &["RS-VIP-01 error", "RS-VIP-07 error"],
    ),
    (Mode::Dr, |_, s| set(s, "net.ipv6.conf.lo.disable_ipv6", 1), &["RS-VIP-08 error"]),
    (Mode::Dr, |w, _| w.rips = vec![ip("192.0.2.12")], &["RS-RIP-01 error"]),
    (Mode::Nat, |w, _| w.rips = vec![ip("192.0.2.12")], &["RS-RIP-01 error"]),
    // Nothing arrives.
    (Mode::Dr, |_, s| s.devices[1].up = false, &["RS-RIP-02 error"]),
    // It will answer as soon as it is up.
    (
        Mode::Dr,
        |_, s| {
            s.devices[1].up = false;
            set(s, "net.ipv4.conf.all.arp_ignore", 3);
            s.addresses
                .iter_mut()
                .filter(|have| have.ip == ip(VIP))
                .for_each(|have| have.scope = "global".into());
        },
        &["RS-RIP-02 error", "RS-ARP-03 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            s.devices[1].up = false;
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            set(s, "net.ipv4.conf.all.arp_announce", 0);
        },
        &["RS-RIP-02 error", "RS-ARP-01 warning", "RS-ARP-06 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            s.devices[1].up = false;
            set(s, "net.ipv4.conf.all.arp_ignore", 0);
            s.addresses.retain(|have| have.ip != ip(VIP));
            s.lookups.insert(ip(VIP), None);
        },
        &["RS-VIP-01 error", "RS-RIP-02 error", "RS-ARP-01 warning"],
    ),
    (
        Mode::Dr,
        |_, s| {
            s.devices[1].up = false;
            s.addresses
                .iter_mut()
                .filter(|have| have.ip == ip(VIP))
                .for_each(|have| have.device = "eth0".into());
        },
        &["RS-ARP-07 error", "RS-RIP-02 error"],
    ),
    (Mode::Nat, |_, s| s.devices[1].carrier = false, &["RS-RIP-02 error"]),
    (
        Mode::Tun,
        |w, s| {
            w.rips.clear();
            s.devices[1].carrier = false;
        },
        &["RS-RIP-02 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.rips.clear();
            w.directors.clear();
            s.devices[1].up = false;
            s.routes.clear();
        },
        &["RS-RIP-02 error", "RS-GW-05 info", "RS-GW-05 info"],
    ),
    // Another interface is in the same network.
    (
        Mode::Dr,
        |w, s| {
            w.rips.clear();
            s.devices[1].carrier = false;
            s.devices.push(device("eth1", true));
            s.addresses.push(address("192.0.2.13", 24, "eth1", "global"));
        },
        &[],
    ),
    // By a route alone it is local, too.
    (
        Mode::Dr,
        |w, s| {
            w.rips = vec![ip("192.0.2.12")];
            let local = Lookup { local: true, ..Lookup::default() };
            s.lookups.insert(ip("192.0.2.12"), Some(local));
        },
        &[],
    ),
    (
        Mode::Dr,
        |w, _| {
            w.rips.push(ip("2001:db8::12"));
            w.vips.pop();
        },
        &[],
    ),
    (Mode::Tun, |_, s| set(s, "net.ipv4.conf.rs-ipip.rp_filter", 1), &["RS-RPF-01 error"]),
    (Mode::Tun, |_, s| s.addresses[2].device = "lo".into(), &["RS-RPF-01 error"]),
    (
        Mode::Tun,
        |_, s| {
            s.addresses[2].device = "lo".into();
            set(s, "net.ipv4.conf.rs-ipip.rp_filter", 0);
        },
        &[],
    ),
    (
        Mode::Tun,
        |w, s| {
            w.client = Some("198.51.100.7/32".to_owned().try_into().unwrap());
            s.lookups.insert(ip(CLIENT), None);
        },
        &["RS-RPF-02 error", "RS-GW-05 error"],
    ),
    (Mode::Tun, |_, s| drop(s.routes.remove(0)), &["RS-RPF-02 info", "RS-GW-05 info"]),
    (
        Mode::Dr,
        |_, s| {
            set(s, "net.ipv4.conf.eth0.rp_filter", 1);
            s.routes[0].devices = vec!["eth1".into()];
        },
        &["RS-RPF-03 error"],
    ),
    (Mode::Dr, |_, s| set(s, "net.ipv4.conf.eth0.rp_filter", 1), &[]),
    (
        Mode::Tun,
        |_, s| s.managers.firewalld_rpfilter = Some("firewalld.conf".into()),
        &["RS-RPF-04 warning"],
    ),
    (Mode::Dr, |_, s| s.drops = Some(([("in_martian_src", 3)].into(), 2)), &["RS-RPF-05 warning"]),
    (Mode::Dr, |_, s| s.drops = Some(([("in_martian_src", 0)].into(), 2)), &[]),
    (Mode::Dr, |w, s| listens(w, s, Transport::Tcp, "0.0.0.0", false), &["RS-SRV-01 error"]),
    (Mode::Dr, |w, s| listens(w, s, Transport::Tcp, "::", false), &[]),
    (Mode::Dr, |w, s| listens(w, s, Transport::Tcp, "::", true), &["RS-SRV-01 error"]),
    (
        Mode::Dr,
        |w, s| listens(w, s, Transport::Tcp, RIP, true),
        &["RS-SRV-01 error", "RS-SRV-01 error"],
    ),
    (Mode::Nat, |w, s| listens(w, s, Transport::Tcp, RIP, true), &[]),
    (
        Mode::Dr,
        |w, s| listens(w, s, Transport::Udp, "::", false),
        &["RS-SRV-02 warning", "RS-SRV-02 warning"],
    ),
    (
        Mode::Dr,
        |w, s| {
            w.vips.pop();
            listens(w, s, Transport::Udp, VIP, false);
        },
        &[],
    ),
    (Mode::Dr, |_, s| s.routes[0].gateways = vec![ip(DIP)], &["RS-GW-01 error"]),
    (
        Mode::Dr,
        |w, s| {
            w.directors.push(ip("2001:db8::1"));
            s.routes[1].gateways = vec![ip("2001:db8::1")];
        },
        &["RS-GW-01 warning"],
    ),
    (Mode::Nat, |_, s| s.routes[0].gateways = vec![ip(ROUTER)], &["RS-GW-02 error"]),
    (Mode::Nat, |_, s| drop(s.routes.remove(0)), &["RS-GW-02 error"]),
    (Mode::Nat, |w, _| w.vips = vec![ip(VIP)].into(), &["RS-GW-03 warning"]),
    (
        Mode::Nat,
        |w, s| {
            w.client = Some("192.0.2.7".to_owned().try_into().unwrap());
            s.lookups.insert(ip("192.0.2.7"), lookup(None, "eth0"));
        },
        &["RS-GW-03 warning"],
    ),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP)].into();
            set(s, "net.ipv4.conf.all.accept_redirects", 1);
        },
        &["RS-GW-04 error", "RS-GW-03 warning"],
    ),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip(VIP)].into();
            set(s, "net.ipv4.conf.all.accept_redirects", 1);
            set(s, "net.ipv4.conf.eth0.forwarding", 1);
        },
        &["RS-GW-03 warning"],
    ),
    (Mode::Dr, |_, s| drop(s.routes.remove(0)), &["RS-GW-05 info"]),
    (
        Mode::Nat,
        |w, s| {
            w.vips = vec![ip("203.0.113.9")].into();
            s.addresses.push(address("203.0.113.9", 32, "lo", "host"));
        },
        &["RS-NAT-01 warning"],
    ),
    (Mode::Nat, |_, s| set(s, "net.ipv4.conf.all.arp_ignore", 1), &["RS-NAT-01 info"]),
];
