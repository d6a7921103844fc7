// SPDX-License-Identifier: MIT OR Apache-2.0
//! About what serves, what is dropped, and the way of replies.

use lvs_check::Severity::{Error, Info, Unread, Warning};

lvs_check::rules! {
    pub(crate) RULES:
    RS_SRV_01 "RS-SRV-01" {
        severities: &[Error, Unread],
        meaning: "With `--port`: nothing listens there for the VIP (in mode nat: the RIP), nor takes this host's own IPVS it; or what listens takes nothing from the VRF that it comes in by",
        reads: "sockets, `net.ipv4.{tcp,udp}_l3mdev_accept`, `/proc/net/ip_vs`",
        remedy: "let the server listen, in that VRF",
        why: "clients are refused, while a check of RIP:port may be content",
        blind: "whether what listens also answers; services of IPVS by mark, and what nftables, iptables or ip6tables may hand on, make it `unread`; eBPF (`sk_lookup`, tc) it does not see",
    }
    RS_SRV_02 "RS-SRV-02" {
        severities: &[Warning],
        meaning: "With `--port udp/N`: the UDP socket is not bound to the VIP",
        reads: "sockets",
        remedy: "bind to the VIP, or IP_PKTINFO",
        why: "replies may leave with the RIP as source, which clients ignore",
        blind: "a server that sets the source of each reply (IP_PKTINFO)",
    }
    RS_DIR_01 "RS-DIR-01" {
        severities: &[Warning],
        meaning: "This host is a director of the VIP, too, and active (the VIP is on an interface that answers ARP, and IPVS here has a service of it, or `--also-director` is set): the VIP is on no other device",
        reads: "addresses, `/proc/net/ip_vs`",
        remedy: "add it to the device for VIPs, too",
        why: "when another host becomes the active director, this one serves the VIP no more",
        blind: "who put the address there, if no service tells",
    }
    RS_DIR_02 "RS-DIR-02" {
        severities: &[Warning],
        meaning: "IPVS on this host, which is not the active director, has a service of the VIP with servers on other hosts by dr or tun, and `backup_only` is off",
        reads: "`/proc/net/ip_vs`, `net.ipv4.vs.backup_only`",
        remedy: "`backup_only` 1 with the sync daemon in state backup, or the service only while this host is active",
        why: "what the active director sends here is handed on once more, and between two such hosts goes round until it is dropped: clients time out",
        blind: "whether the other server is a director at all; services by mark, as are used to tell clients' packets from those of the other director; with `backup_only` on, whether the sync daemon runs",
    }
    RS_FW_01 "RS-FW-01" {
        severities: &[Error, Unread],
        meaning: "iptables drops or rejects all that the director sends: in mode tun its packets for the RIP, and what clients send to the VIP, with `--port` to that port, without it to every port; for IPv6 also the question who has the RIP. `unread` if some may be dropped: by a rule of iptables that cannot be judged, or with `--port` by rules of nftables",
        reads: "`/proc/net/ip_tables_names`, `iptables-legacy-save`, and those of IPv6; rules and chains of nftables; interfaces",
        remedy: "a rule that accepts it, before the others; `unread`: see whether a client is served",
        why: "clients time out or are refused, while the service answers on this host itself",
        blind: "for whom rules of nftables are, and so those of `iptables-nft` and firewalld: one that may drop, or a policy to drop, makes it `unread` where a port is asked about and in mode tun, and is not told otherwise; without `--port` whether the one port of the service is open; without `--client` who the clients are; FORWARD, where a rule gives packets another destination; OUTPUT; advertisements that neighbours send; XDP, tc, eBPF; firewalls on other hosts",
    }
    RS_GW_01 "RS-GW-01" {
        severities: &[Error, Warning, Unread],
        meaning: "Modes dr and tun: the gateway to the clients is a director; a warning for IPv6",
        reads: "routes from the VIP, `ip rule`",
        remedy: "another gateway",
        why: "replies reach the director, which drops IPv4 from its own address",
        blind: "rules by mark, user, interface, port, protocol or DSCP that lead right replies elsewhere (where the reply is wrong, one that may set it right makes it `unread`); routers behind the first",
    }
    RS_GW_02 "RS-GW-02" {
        severities: &[Error, Unread],
        meaning: "Mode nat: the route to the clients does not lead through a director",
        reads: "routes from the RIP, `ip rule`",
        remedy: "a default route through the director; where rules route, in a table of the RIP's own",
        why: "clients get replies from an address they never asked, and reset",
        blind: "rules as RS-GW-01; a director that hides clients by SNAT",
    }
    RS_GW_03 "RS-GW-03" {
        severities: &[Warning, Unread],
        meaning: "Mode nat: a client, or the VIP, is in a network of this host",
        reads: "routes from the RIP, addresses, `ip rule`",
        remedy: "SNAT on the director, or no direct route",
        why: "replies to those clients go past the director",
        blind: "a director that hides clients by SNAT",
    }
    RS_GW_04 "RS-GW-04" {
        severities: &[Error],
        meaning: "Mode nat on one subnet: redirects are accepted",
        reads: "`accept_redirects`, `forwarding`, of both families",
        remedy: "0 on `all` and the interface",
        why: "the director's redirects make replies go past it: transfers stall, then fail for minutes",
        blind: "whether the director sends redirects at all",
    }
    RS_GW_05 "RS-GW-05" {
        severities: &[Error, Unread, Warning, Info],
        meaning: "No route to the clients; without `--client` only that there is no default route: a warning if this host has one, and a rule keeps replies from it. Or the route leaves by an interface without carrier; a warning without `--client`",
        reads: "routes from the VIP (mode nat: the RIP), `ip rule`",
        remedy: "a route",
        why: "clients elsewhere get no reply",
        blind: "rules as RS-GW-01",
    }
    RS_NAT_01 "RS-NAT-01" {
        severities: &[Warning, Info],
        meaning: "Mode nat: the VIP is local; info for ARP settings",
        reads: "addresses, `net/ipv4/conf/all/arp_*`",
        remedy: "`rs-agent teardown`, or by hand",
        why: "left by another mode: this host answers clients itself",
        blind: "whether another service needs it so",
    }
}
