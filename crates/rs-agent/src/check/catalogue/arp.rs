// SPDX-License-Identifier: MIT OR Apache-2.0
//! About ARP and neighbour discovery.

use lvs_check::Severity::{Error, Info, Unread, Warning};

lvs_check::rules! {
    pub(crate) RULES:
    RS_ARP_01 "RS-ARP-01" {
        severities: &[Error, Unread, Warning],
        meaning: "An interface answers ARP requests for a VIP, or will as soon as the VIP is local: its effective `arp_ignore` (the greater of `all` and its own) lets it. Values 4 to 7 and above 8 mean 0. An error on an interface that this service uses, a warning on others and on one that is down",
        reads: "`net/ipv4/conf/{all,IF}/arp_ignore`",
        remedy: "`sysctl -w net.ipv4.conf.all.arp_ignore=1`, then a gratuitous ARP from the director",
        why: "clients that hear this answer bypass the director, and are lost when this host is drained",
        blind: "which requests a filter drops: a rule of arptables, or one of nftables for ARP, bridges or devices, makes it `unread`; tc, eBPF and ebtables it does not see",
    }
    RS_ARP_02 "RS-ARP-02" {
        severities: &[Error, Unread, Warning],
        meaning: "As RS-ARP-01, and `arp_ignore` is set on `lo` or the VIP's device",
        reads: "`net/ipv4/conf/{all,IF,lo}/arp_ignore`",
        remedy: "as RS-ARP-01",
        why: "arp_ignore counts on the interface a request arrives on, so this host answers for the VIP",
        blind: "as RS-ARP-01",
    }
    RS_ARP_03 "RS-ARP-03" {
        severities: &[Error, Unread, Warning],
        meaning: "An interface has an effective `arp_ignore` of 3, and the VIP another scope than host",
        reads: "`arp_ignore`, scope of the VIP",
        remedy: "`sysctl -w net.ipv4.conf.all.arp_ignore=1` (and the interface), or add the VIP again with scope host",
        why: "clients that hear this answer bypass the director, and are lost when this host is drained",
        blind: "as RS-ARP-01",
    }
    RS_ARP_04 "RS-ARP-04" {
        severities: &[Error, Warning],
        meaning: "An interface has an effective `arp_ignore` of 8: it answers for no address, the RIP included",
        reads: "`net/ipv4/conf/{all,IF}/arp_ignore`",
        remedy: "lower the value that is 8; the greater counts",
        why: "the director cannot reach this host once its neighbour entry is gone",
        blind: "a permanent neighbour entry for the RIP on the director",
    }
    RS_ARP_05 "RS-ARP-05" {
        severities: &[Info],
        meaning: "An interface has an effective `arp_ignore` of 2: the RIP is hidden from requesters of other subnets",
        reads: "`net/ipv4/conf/{all,IF}/arp_ignore`",
        remedy: "1, if that is not wanted",
        why: "a director with an address in another subnet on the same Ethernet gets no answer",
        blind: "which addresses the director has on that Ethernet",
    }
    RS_ARP_06 "RS-ARP-06" {
        severities: &[Error, Unread, Warning],
        meaning: "An interface names the VIP as the sender of ARP requests, or will as soon as the VIP is local: its effective `arp_announce` is not 2, and not 1 with the VIP outside its subnets",
        reads: "`net/ipv4/conf/{all,IF}/arp_announce`, addresses",
        remedy: "`sysctl -w net.ipv4.conf.all.arp_announce=2`",
        why: "neighbours learn that the VIP is here, and bypass the director from then on",
        blind: "which sender a filter puts in its place: as RS-ARP-01",
    }
    RS_ARP_07 "RS-ARP-07" {
        severities: &[Error, Unread, Warning],
        meaning: "The VIP is on an interface that answers ARP or neighbour solicitations; a warning if an unusual `arp_ignore` keeps it silent",
        reads: "addresses, `arp_ignore`",
        remedy: "add it to the device for VIPs, then delete it there",
        why: "it is announced there whatever the settings; an IPv6 VIP makes the director's own unusable",
        blind: "whether this host is a director, too, if IPVS has no service of the VIP and `--also-director` is not set: a service by mark makes it `unread`; filters for IPv4 as RS-ARP-01, for IPv6 only rules of ip6tables that name neighbour solicitations or advertisements",
    }
    RS_ARP_08 "RS-ARP-08" {
        severities: &[Warning],
        meaning: "The VIP is hidden by values of single interfaces only; `all` and `default` do not protect",
        reads: "`net/ipv4/conf/{all,default}/{arp_ignore,arp_announce}`",
        remedy: "set `all`",
        why: "a VLAN, bridge or card that appears later gets the value of `default`",
        blind: "whether an interface will ever be added",
    }
    RS_ARP_09 "RS-ARP-09" {
        severities: &[Warning],
        meaning: "This host answers for the VIP as a proxy: a neighbour proxy entry, or `proxy_arp` with the VIP routed by another interface",
        reads: "`ip neigh show proxy`, `proxy_arp`, `forwarding`, the route to the VIP",
        remedy: "delete the entry, or `proxy_arp=0`",
        why: "clients that hear this answer bypass the director",
        blind: "proxies in userland, such as parprouted",
    }
}
