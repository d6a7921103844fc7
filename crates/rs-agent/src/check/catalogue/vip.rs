// SPDX-License-Identifier: MIT OR Apache-2.0
//! About the VIP and the RIP.

use lvs_check::Severity::{Error, Info, Unread, Warning};

lvs_check::rules! {
    pub(crate) RULES:
    RS_VIP_01 "RS-VIP-01" {
        severities: &[Error, Unread],
        meaning: "The VIP is not local: to no packet that comes in by the interface of the director or of the RIP, or, if neither is known, by any; `unread` if it is local in a VRF only, and to packets that may be the director's it is not",
        reads: "the route to the VIP, and if there are rules or VRFs by each of those interfaces",
        remedy: "make its device, set what hides it and lets its packets in, then add the VIP",
        why: "this host does not take what the director sends it",
        blind: "XDP, tc and eBPF, which may take packets before they are routed; rules by mark, port or protocol. What nftables, iptables, ip6tables or a socket with IP_TRANSPARENT may take makes it `unread`",
    }
    RS_VIP_02 "RS-VIP-02" {
        severities: &[Error, Warning],
        meaning: "The VIP has the prefix of a subnet; an error for IPv4 on `lo`, and if what this host sends to that subnet leaves by the VIP's device",
        reads: "addresses, routes",
        remedy: "add it with /32, then delete the other; IPv6: delete it, and add it with /128",
        why: "this host takes addresses of others for its own (IPv4 on `lo`), or does not reach them",
        blind: "whether anybody talks to the other addresses of that subnet",
    }
    RS_VIP_03 "RS-VIP-03" {
        severities: &[Error],
        meaning: "An IPv6 VIP is tentative, or failed duplicate address detection",
        reads: "flags of the address",
        remedy: "add it to the device for VIPs with `nodad`",
        why: "the address does not work until then, and after a failure never",
        blind: "who the other holder is",
    }
    RS_VIP_04 "RS-VIP-04" {
        severities: &[Error],
        meaning: "The VIP is also the RIP, a director, the gateway of a route, or the only address that an interface has of its network",
        reads: "addresses, routes",
        remedy: "an address of its own",
        why: "one of the two roles cannot work",
        blind: "addresses of other hosts that were not named",
    }
    RS_VIP_05 "RS-VIP-05" {
        severities: &[Info],
        meaning: "The VIP has scope global, and an interface with IPv4 routes has no IPv4 address",
        reads: "addresses, routes",
        remedy: "add the VIP again with scope host",
        why: "what this host sends of itself may come from the VIP, and the answers go to the director",
        blind: "programs that choose their source themselves",
    }
    RS_VIP_06 "RS-VIP-06" {
        severities: &[Info],
        meaning: "The VIP is local by a route only",
        reads: "the route to the VIP, addresses",
        remedy: "add the VIP, if a service is to bind to it",
        why: "a service that binds to the VIP itself cannot start",
        blind: "which address the service binds to, unless `--port` names it",
    }
    RS_VIP_07 "RS-VIP-07" {
        severities: &[Error, Unread, Info],
        meaning: "The device for the VIP is down, an error for IPv6; or it is not there, an error if the VIP is not local",
        reads: "flags of the device",
        remedy: "make it or set it up, and add IPv6 VIPs again",
        why: "IPv4 is still accepted on one that is down; IPv6 addresses go when it goes down, and all when it is deleted",
        blind: "as RS-VIP-01",
    }
    RS_VIP_08 "RS-VIP-08" {
        severities: &[Error, Unread, Warning],
        meaning: "IPv6 is off on the device of an IPv6 VIP, or where packets for it come in; a warning if they may come in by another interface",
        reads: "`net/ipv6/conf/DEVICE/disable_ipv6`, addresses, default routes",
        remedy: "0, then add the VIP again if it is gone",
        why: "the address cannot be there, and IPv6 packets that come in by that device are dropped silently",
        blind: "by which of several interfaces packets come in, if neither RIP nor director is known; else as RS-VIP-01",
    }
    RS_VIP_09 "RS-VIP-09" {
        severities: &[Error, Unread],
        meaning: "The IPv4 VIP is local by a rule's table only: it is on no interface, and table `local` has no route to it",
        reads: "`ip rule`, the route to the VIP by each interface it may come in by, routes of table `local`, addresses",
        remedy: "add the VIP",
        why: "packets are taken, and the kernel refuses the VIP as the source of replies: clients time out",
        blind: "filters that change the source of replies before they are routed, which is no place for it in Linux; else as RS-VIP-01",
    }
    RS_RIP_01 "RS-RIP-01" {
        severities: &[Error],
        meaning: "The RIP is no address of this host, or one of IPv6 that is tentative, or failed duplicate address detection; mode tun, where no RIP is known: nor is the `local` address of the device",
        reads: "addresses, the route to the RIP, attributes of the device",
        remedy: "add the address, or name the one that this host has",
        why: "what the director sends does not arrive, or nothing unpacks it",
        blind: "to which address the director really sends",
    }
    RS_RIP_02 "RS-RIP-02" {
        severities: &[Error],
        meaning: "The interface that has the RIP, or the only ones in a director's network, are down or have no carrier; where neither is known, modes dr and tun: no interface is up",
        reads: "flags of the interfaces, addresses, the route to the director",
        remedy: "set the interface up, once the VIPs are hidden from ARP; or see its cable",
        why: "nothing arrives: clients time out",
        blind: "where the director is and which interface it sends to, if neither RIP nor director is known; links that are up and carry nothing",
    }
}
