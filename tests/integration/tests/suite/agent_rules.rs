// SPDX-License-Identifier: MIT OR Apache-2.0

//! Each rule of `rs-agent check`, provoked on a real host.

use crate::agent::real_server;
use crate::agent_check::{DR, NAT, TUN, check, findings};

/// Nothing is set up by `rs-agent`.
const BARE: &str = "";

/// How the host was set up, the disturbance and what ends it, options, and what is found,
/// if need be with words of the message.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // a table
const ROWS: &[Row] = &[
    (DR, "sysctl -qw net.ipv4.conf.all.arp_ignore=0",
        "sysctl -qw net.ipv4.conf.all.arp_ignore=1", "", "RS-ARP-01 error"),
    (DR, "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.lo.arp_ignore=1",
        "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.lo.arp_ignore=0", "", "RS-ARP-02 error"),
    (DR, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=3 && ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev lo",
        "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0 && ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev lo scope host", "", "RS-ARP-03 error"),
    (DR, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8",
        "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0", "", "RS-ARP-04 error"),
    (DR, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=2",
        "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0", "", "RS-ARP-05 info"),
    (DR, "sysctl -qw net.ipv4.conf.all.arp_announce=1",
        "sysctl -qw net.ipv4.conf.all.arp_announce=2", "", "RS-ARP-06 error"),
    (DR, "ip addr add 192.0.2.10/32 dev eth0",
        "ip addr del 192.0.2.10/32 dev eth0", "", "RS-ARP-07 error"),
    (DR, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.all.arp_ignore=0",
        "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0 net.ipv4.conf.all.arp_ignore=1", "", "RS-ARP-08 warning"),
    (DR, "ip -6 neigh add proxy 2001:db8:2::10 dev eth0",
        "ip -6 neigh del proxy 2001:db8:2::10 dev eth0", "", "RS-ARP-09 warning"),
    (BARE, "ip link add out type dummy && ip link set out up && ip route add 192.0.2.10/32 dev out && sysctl -qw net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.conf.eth0.forwarding=1",
        "", DR, "RS-ARP-09 warning"),
    (DR, "ip addr del 192.0.2.10/32 dev lo",
        "ip addr add 192.0.2.10/32 dev lo scope host", "", "RS-VIP-01 error"),
    (DR, "ip addr add 192.0.2.10/24 dev lo scope host",
        "ip addr del 192.0.2.10/24 dev lo", "", "RS-VIP-02 error"),
    (DR, "ip addr add 192.0.2.10/24 dev dummy0",
        "ip addr del 192.0.2.10/24 dev dummy0", "", "RS-VIP-02 warning"),
    // Duplicates are looked for until further notice.
    (DR, "sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.neigh.eth0.retrans_time_ms=600000 && ip addr add 2001:db8:2::10/128 dev eth0",
        "ip addr del 2001:db8:2::10/128 dev eth0", "", "RS-VIP-03 error"),
    (DR, "ip addr del 192.0.2.10/32 dev lo && ip route add 203.0.113.0/24 via 192.0.2.10 && ip addr add 192.0.2.10/32 dev lo scope host",
        "ip route del 203.0.113.0/24", "", "RS-VIP-04 error"),
    (DR, "ip link add d1 type veth peer name d2 && ip link set d1 up && ip route add 203.0.113.0/24 dev d1 && ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev lo",
        "ip link del d1 && ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev lo scope host", "", "RS-VIP-05 info"),
    (DR, "ip addr del 192.0.2.10/32 dev lo && ip route add local 192.0.2.10/32 dev lo",
        "ip route del local 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev lo scope host", "", "RS-VIP-06 info"),
    (DR, "ip link set lo down",
        "ip link set lo up && ip addr add 2001:db8:2::10/128 dev lo nodad preferred_lft 0", "", "RS-VIP-07 error"),
    (BARE, "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && ip link set lo down && ip addr add 192.0.2.10/32 dev lo scope host",
        "", "--mode dr --vip 192.0.2.10", "RS-VIP-07 info"),
    (DR, "sysctl -qw net.ipv6.conf.lo.disable_ipv6=1",
        "sysctl -qw net.ipv6.conf.lo.disable_ipv6=0 && ip addr add 2001:db8:2::10/128 dev lo nodad preferred_lft 0", "", "RS-VIP-08 error"),
    (DR, "true", "true", "--rip 192.0.2.99", "RS-RIP-01 error: RIP 192.0.2.99 is no address"),
    (BARE, "ip link set eth0 down", "", "--mode dr --vip 192.0.2.10 --rip 192.0.2.11",
        "RS-RIP-02 error: eth0, which has RIP 192.0.2.11, is down"),
    (BARE, "ip link add n1 type veth peer name n2 && ip link set n1 up && ip addr add 10.9.0.1/24 dev n1",
        "", "--mode dr --vip 192.0.2.10 --director 10.9.0.2", "RS-RIP-02 error: n1, which has RIP 10.9.0.1, has no carrier"),
    (BARE, "ip link set eth0 down", "", "--mode tun --vip 192.0.2.10", "RS-RIP-02 error: no interface is up"),
    (BARE, "ip link add t4 type ipip local 192.0.2.99 && ip link set t4 up",
        "", "--mode tun --vip 192.0.2.10", "RS-RIP-01 error: t4 takes packets to 192.0.2.99"),
    (DR, "ip link add out type veth peer name out2 && ip addr add 10.9.0.1/24 dev out && ip link set out up && ip route replace default via 10.9.0.2 && sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
        "ip link del out && ip route add default via 192.0.2.254 && sysctl -qw net.ipv4.conf.eth0.rp_filter=0", "--director 192.0.2.1", "RS-RPF-03 error"),
    (DR, "true", "true", "--port 81", "RS-SRV-01 error"),
    (DR, "ip route replace default via 192.0.2.1",
        "ip route replace default via 192.0.2.254", "--director 192.0.2.1", "RS-GW-01 error"),
    (DR, "ip -6 route replace default via 2001:db8:2::1",
        "ip -6 route replace default via 2001:db8:2::254", "--director 2001:db8:2::1", "RS-GW-01 warning"),
    (DR, "ip route del default",
        "ip route add default via 192.0.2.254", "--client 198.51.100.7", "RS-GW-05 error"),
    (DR, "ip route del default",
        "ip route add default via 192.0.2.254", "", "RS-GW-05 info"),
    (DR, "mkdir -p /run/systemd/netif/links && printf 'ADMIN_STATE=configured\nNETWORK_FILE=/run/systemd/network/lo.network\n' >/run/systemd/netif/links/1",
        "rm /run/systemd/netif/links/1", "", "RS-MGR-01 warning"),
    (DR, "mkdir -p /run/NetworkManager/devices && printf '[device]\nmanaged=true\nconnection-uuid=0b4c\n' >/run/NetworkManager/devices/1",
        "rm /run/NetworkManager/devices/1", "", "RS-MGR-02 info"),
    (DR, "mount -t tmpfs none /etc && mkdir /etc/keepalived && echo use_vmac >/etc/keepalived/keepalived.conf",
        "umount /etc", "", "RS-MGR-04 info"),
    (DR, "mkdir -p /run/sysctl.d && echo net.ipv4.conf.all.arp_ignore=0 >/run/sysctl.d/99-x.conf",
        "rm /run/sysctl.d/99-x.conf", "", "RS-MGR-05 warning"),
    (DR, "ip addr change 2001:db8:2::10/128 dev lo preferred_lft forever",
        "ip addr change 2001:db8:2::10/128 dev lo nodad preferred_lft 0", "", "RS-PER-03 warning"),
    (DR, "ip link add rs-vip0 type dummy && ip link set rs-vip0 up && ip addr add 192.0.2.10/32 dev rs-vip0 && ip addr add 169.254.7.7/16 dev rs-vip0 && ip route replace default dev rs-vip0",
        "ip link del rs-vip0 && ip route replace default via 192.0.2.254", "", "RS-MGR-06 warning"),
    (DR, "sysctl -qw net.ipv4.conf.all.arp_ignore=2",
        "sysctl -qw net.ipv4.conf.all.arp_ignore=1", "", "RS-PER-01 warning"),
    (TUN, "sysctl -qw net.ipv4.conf.rs-ipip.rp_filter=1",
        "sysctl -qw net.ipv4.conf.rs-ipip.rp_filter=2", "", "RS-RPF-01 error"),
    (TUN, "ip addr del 192.0.2.10/32 dev rs-ipip && ip addr add 192.0.2.10/32 dev lo scope host",
        "ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev rs-ipip scope host", "", "RS-RPF-01 error"),
    (TUN, "ip route del default",
        "ip route add default via 192.0.2.254", "--client 198.51.100.7", "RS-RPF-02 error"),
    (TUN, "ip route del default",
        "ip route add default via 192.0.2.254", "", "RS-RPF-02 info"),
    (TUN, "cp $(command -v sleep) /run/firewalld && { /run/firewalld 600 >/dev/null 2>&1 & echo $! >/run/pid; until grep -q firewalld /proc/$!/comm; do :; done; }",
        "kill $(cat /run/pid) && while [ -e /proc/$(cat /run/pid) ]; do :; done", "", "RS-RPF-04 warning"),
    (TUN, "ip link set rs-ipip down", "ip link set rs-ipip up", "", "RS-TUN-02 error"),
    // DHCP gave it another.
    (TUN, "ip addr del 192.0.2.11/24 dev eth0 && ip addr add 192.0.2.12/24 dev eth0 && ip route add default via 192.0.2.254",
        "ip addr del 192.0.2.12/24 dev eth0 && ip addr add 192.0.2.11/24 dev eth0 && ip route add default via 192.0.2.254",
        "", "RS-RIP-01 error: RIP 192.0.2.11 is no address"),
    (TUN, "true", "true", "--rip 192.0.2.99", "RS-TUN-03 error"),
    (TUN, "true", "true", "--director 192.0.2.2", "RS-TUN-03 error"),
    (TUN, "true", "true", "--tunnel gue --tunnel-port 6080", "RS-TUN-06 error"),
    (TUN, "ip fou add port 6080 ipproto 4", "ip fou del port 6080", "--tunnel gue --tunnel-port 6080", "RS-TUN-06 error: takes plain packets"),
    (TUN, "true", "true", "", "RS-TUN-10 info"),
    (TUN, "ip link add cali1 type dummy", "ip link del cali1", "", "RS-MGR-03 warning"),
    (TUN, "mkdir -p /run/sysctl.d && echo 'net.ipv4.conf.*.rp_filter = 1' >/run/sysctl.d/50-x.conf",
        "rm /run/sysctl.d/50-x.conf", "", "RS-PER-02 warning"),
    (TUN, "ip link del rs-ipip", "", "", "RS-TUN-01 error"),
    // The kernel's own, down, is no device of ours.
    (TUN, "ip link add tunl0 type ipip local 192.0.2.11 2>/dev/null || true; ip link set tunl0 down; ip link del rs-ipip",
        "", "", "RS-TUN-01 error"),
    (BARE, "ip link add t6 type ip6tnl mode ip6ip6 local 2001:db8:2::11 && ip link set t6 up",
        "", "--mode tun --vip 192.0.2.10 --rip 2001:db8:2::11", "RS-TUN-04 error"),
    (BARE, "ip link add g type gre local 192.0.2.11 key 5 && ip link set g up",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --tunnel gre", "RS-TUN-05 error"),
    (BARE, "ip link add g type gre local 192.0.2.11 && ip link set g up",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --tunnel gre --checksum", "RS-TUN-05 error"),
    (BARE, "ip link add t6 type ip6tnl mode any local 2001:db8:2::11 && ip link set t6 up",
        "", "--mode tun --vip 192.0.2.10 --rip 2001:db8:2::11", "RS-TUN-07 info"),
    (BARE, "ip link add t4 type ipip local 192.0.2.11 && ip link set t4 up",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11", "RS-TUN-08 warning"),
    (BARE, "ip link add tunl0 type ipip local 192.0.2.11 2>/dev/null || true; ip link set tunl0 up && ip addr add 10.244.0.1/32 dev tunl0",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11", "RS-TUN-09 error"),
    (BARE, "ip link add tunl0 type ipip local 192.0.2.11 2>/dev/null || true; ip link set tunl0 up && ip link add cali1 type dummy",
        "", "--mode tun --vip 192.0.2.10 --rip 192.0.2.11", "RS-MGR-03 error"),
    (NAT, "ip route replace default via 192.0.2.254",
        "ip route replace default via 192.0.2.1", "", "RS-GW-02 error"),
    (NAT, "true", "true", "--client 192.0.2.100", "RS-GW-03 warning"),
    (NAT, "true", "true", "--mode nat --gateway 192.0.2.1 --vip 192.0.2.10", "RS-GW-04 error"),
    (NAT, "ip addr add 203.0.113.9/32 dev lo",
        "ip addr del 203.0.113.9/32 dev lo", "--mode nat --gateway 192.0.2.1 --vip 203.0.113.9", "RS-NAT-01 warning"),
    // The host had arp_announce=1 from the start.
    (NAT, "true", "true", "", "RS-NAT-01 info"),
];

fn rows_of(setup: &str) {
    let mut wrong = Vec::new();
    let mut network = None;
    for &(_, disturb, undo, arguments, expected) in ROWS.iter().filter(|row| row.0 == setup) {
        let server = &network
            .get_or_insert_with(|| {
                let network = real_server();
                if setup != BARE {
                    network.servers[0].must(&format!("rs-agent setup {setup}"));
                }
                network
            })
            .servers[0];
        let (rule, words) = expected.split_once(": ").unwrap_or((expected, ""));
        let is_among = |found: &[(String, String)]| {
            found.iter().any(|(found, message)| found == rule && message.contains(words))
        };
        // What makes the difference: the disturbance, or else the options. Two rows have
        // neither: the host as it was set up.
        let before = if disturb == "true" { "" } else { arguments };
        if (disturb, arguments) != ("true", "") && (setup, before) != (BARE, "") {
            let (_, found) = findings(server, before);
            if is_among(&found) {
                wrong.push(format!("before {disturb} [{before}]: {expected} in {found:?}"));
            }
        }
        server.must(disturb);
        let (_, found) = findings(server, arguments);
        if !is_among(&found) {
            wrong.push(format!("{disturb} [{arguments}]: {expected} is not among {found:?}"));
        }
        if undo.is_empty() {
            network = None;
            continue;
        }
        server.must(undo);
        let (status, found) = check(server, "");
        if status != 0 {
            wrong.push(format!("after {undo}: {found:?}"));
            network = None;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rules_of_mode_dr_are_provoked() {
    rows_of(DR);
}

#[test]
fn rules_of_mode_tun_are_provoked() {
    rows_of(TUN);
}

#[test]
fn rules_of_mode_nat_are_provoked() {
    rows_of(NAT);
}

#[test]
fn rules_about_hosts_set_up_by_hand_are_provoked() {
    rows_of(BARE);
}

#[test]
fn every_rule_is_provoked_here() {
    let network = real_server();
    let list = network.servers[0].must("rs-agent check --list-rules --json").stdout;
    let rules: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    // Provoked in `agent_check`, `agent_firewall`, `agent_cases` and `agent_directors`.
    let elsewhere =
        ["RS-SRV-01", "RS-SRV-02", "RS-RPF-05", "RS-FW-01", "RS-VIP-09", "RS-DIR-01", "RS-DIR-02"];
    for rule in rules.as_array().expect("rules") {
        let id = rule["id"].as_str().expect("an id");
        let row = ROWS.iter().any(|row| row.4.starts_with(id));
        assert!(row || elsewhere.contains(&id), "{id} has no row");
    }
}
