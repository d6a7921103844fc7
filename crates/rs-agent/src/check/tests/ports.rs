// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who takes what arrives at a port: a server, a rule, or IPVS on this host.

use lvs_host::socket::Transport;

use super::change::listens;
use super::directors::serves;
use super::doubts::nat;
use super::rows::Row;
use super::{RIP, VIP};
use crate::ipvs::Served;
use crate::mode::Mode;

pub(super) const PORTS: &[Row] = &[
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "0.0.0.0", false);
            s.firewall.ip6tables =
                nat("-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080");
        },
        &["RS-SRV-01 unread"],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "0.0.0.0", false);
            s.firewall.ip6tables =
                nat("-A PREROUTING -p tcp -m tcp --dport 81 -j REDIRECT --to-ports 8080");
        },
        &["RS-SRV-01 error"],
    ),
    // A rule of another protocol is of no interest, and one for what is local is.
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "0.0.0.0", false);
            s.firewall.ip6tables =
                nat("-A PREROUTING -p udp -m udp --dport 80 -j REDIRECT --to-ports 8080");
        },
        &["RS-SRV-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "0.0.0.0", false);
            s.firewall.ip6tables = nat(
                "-A PREROUTING -p tcp -m tcp --dport 80 -m addrtype --dst-type LOCAL -j REDIRECT",
            );
        },
        &["RS-SRV-01 unread"],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "0.0.0.0", false);
            s.firewall.ip6tables = nat(
                "-A PREROUTING -p tcp -m tcp --dport 80 -m addrtype ! --dst-type LOCAL -j REDIRECT",
            );
        },
        &["RS-SRV-01 error"],
    ),
    (
        Mode::Nat,
        |w, s| {
            listens(w, s, Transport::Tcp, VIP, false);
            s.firewall.iptables =
                nat("-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination x");
        },
        &["RS-SRV-01 unread"],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", false);
            s.deaf.insert(Transport::Tcp, "tcp sockets: no such module".into());
            s.listeners = None;
        },
        &["RS-SRV-01 unread", "RS-SRV-01 unread"],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, RIP, false);
            serves(s, Served::Tcp("192.0.2.10:80".parse().unwrap()), &["172.17.0.2:8080"]);
            serves(s, Served::Tcp("[2001:db8::10]:0".parse().unwrap()), &["[2001:db8::99]:80"]);
        },
        &[],
    ),
    // Nowhere to, of another protocol, and to this host itself.
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "0.0.0.0", false);
            serves(s, Served::Tcp("192.0.2.10:80".parse().unwrap()), &[]);
            serves(s, Served::Udp("[2001:db8::10]:80".parse().unwrap()), &["[2001:db8::99]:80"]);
        },
        &["RS-SRV-01 error", "RS-SRV-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", true);
            serves(s, Served::Tcp("192.0.2.10:80".parse().unwrap()), &["192.0.2.11:80"]);
        },
        &["RS-SRV-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", true);
            serves(s, Served::Mark(1), &["192.0.2.12:80"]);
        },
        &["RS-SRV-01 unread"],
    ),
    // In a VRF only who is asked into it.
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", false);
            s.devices[1].vrf = Some("vrf1".into());
        },
        &["RS-SRV-01 error", "RS-SRV-01 error"],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", false);
            s.devices[1].vrf = Some("vrf1".into());
            s.takes_from_vrf = [Transport::Tcp].into();
        },
        &[],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", false);
            s.devices[1].vrf = Some("vrf1".into());
            s.listeners.as_mut().unwrap()[0].device = Some("vrf1".into());
        },
        &[],
    ),
    (
        Mode::Dr,
        |w, s| {
            listens(w, s, Transport::Tcp, "::", false);
            s.listeners.as_mut().unwrap()[0].device = Some("eth1".into());
        },
        &["RS-SRV-01 error", "RS-SRV-01 error"],
    ),
];
