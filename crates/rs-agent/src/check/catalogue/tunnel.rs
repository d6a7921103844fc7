// SPDX-License-Identifier: MIT OR Apache-2.0
//! About source validation and tunnels.

use lvs_check::Severity::{Error, Info, Unread, Warning};

lvs_check::rules! {
    pub(crate) RULES:
    RS_RPF_01 "RS-RPF-01" {
        severities: &[Error],
        meaning: "`rp_filter` drops IPv4 that comes out of the tunnel device: its effective value is 1, or greater and the device has no IPv4 address",
        reads: "`net/ipv4/conf/{all,DEVICE}/rp_filter`, addresses",
        remedy: "the VIP on the device, and its `rp_filter` 2",
        why: "clients time out: packets arrive and are dropped silently",
        blind: "whether packets come at all; eBPF that takes them before the check",
    }
    RS_RPF_02 "RS-RPF-02" {
        severities: &[Error, Unread, Info],
        meaning: "`rp_filter` is loose on the tunnel device, and no route leads to the clients; without `--client` only that there is no default route",
        reads: "`rp_filter`, the route from the VIP to the clients, `ip rule`",
        remedy: "a route",
        why: "without a way back loose `rp_filter` drops, too",
        blind: "clients that were not named with `--client`; rules as RS-RPF-03",
    }
    RS_RPF_03 "RS-RPF-03" {
        severities: &[Error, Unread],
        meaning: "Mode dr: `rp_filter` drops requests on the interface that faces the director, as the route to the clients leaves by another; mode tun: on the interface of the director's network what it sends, as the route to it leaves by another",
        reads: "`net/ipv4/conf/{all,IF}/{rp_filter,src_valid_mark}`, routes from the VIP, `ip rule`",
        remedy: "2 on that interface",
        why: "clients time out: requests arrive and are dropped silently",
        blind: "rules by port, protocol or DSCP, or by mark with `src_valid_mark`, that lead right replies elsewhere (where the reply is wrong, one that may set it right makes it `unread`); the interface of a director behind a router",
    }
    RS_RPF_04 "RS-RPF-04" {
        severities: &[Warning],
        meaning: "Mode tun, IPv6 VIP: firewalld runs with a strict `IPv6_rpfilter`",
        reads: "`/etc/firewalld/firewalld.conf`, processes",
        remedy: "`IPv6_rpfilter=loose`",
        why: "what comes out of the tunnel is dropped",
        blind: "other firewalls with a rule of their own (`fib saddr`, `-m rpfilter`)",
    }
    RS_RPF_05 "RS-RPF-05" {
        severities: &[Warning],
        meaning: "Packets were dropped by source validation while `--watch` counted",
        reads: "`IPReversePathFilter` in `/proc/net/netstat`, `in_martian_src` in `/proc/net/stat/rt_cache`",
        remedy: "see RS-RPF-01 and RS-RPF-03",
        why: "something that arrives here is dropped by its source address",
        blind: "which packets they were, and of whom",
    }
    RS_TUN_01 "RS-TUN-01" {
        severities: &[Error],
        meaning: "No device takes that inner family in that outer family and encapsulation; the kernel's own, down, is none unless it was set up",
        reads: "interfaces",
        remedy: "make one",
        why: "clients are refused or time out: nothing unpacks what the director sends",
        blind: "who unpacks in userland, by XDP or by tc; devices in external mode that eBPF or a bridge feeds",
    }
    RS_TUN_02 "RS-TUN-02" {
        severities: &[Error],
        meaning: "The device is down",
        reads: "flags of the device",
        remedy: "set it up",
        why: "what the director sends is refused with ICMP",
        blind: "as RS-TUN-01",
    }
    RS_TUN_03 "RS-TUN-03" {
        severities: &[Error],
        meaning: "The device is for another `local` than the RIP, or another `remote` than a director",
        reads: "attributes of the device",
        remedy: "make it again, or one beside that of somebody else",
        why: "the device does not take what the director sends",
        blind: "which source the director really uses, and NAT between the two",
    }
    RS_TUN_04 "RS-TUN-04" {
        severities: &[Error],
        meaning: "The device's mode excludes the inner family, as that of `ip6tnl0` excludes IPv4",
        reads: "attributes of the device",
        remedy: "`mode any`",
        why: "the device does not take what the director sends",
        blind: "as RS-TUN-01",
    }
    RS_TUN_05 "RS-TUN-05" {
        severities: &[Error, Warning],
        meaning: "GRE: key or sequence numbers are set, or `icsum` is not as the director's `--tun-csum`; a warning if packets were dropped for their checksum",
        reads: "attributes and `rx_crc_errors` of the device",
        remedy: "make it again",
        why: "the device drops what the director sends",
        blind: "what the director's table says; a change of it while packets of before are counted",
    }
    RS_TUN_06 "RS-TUN-06" {
        severities: &[Error],
        meaning: "GUE: no `fou` port, or one that does not take GUE",
        reads: "`ip fou show`",
        remedy: "`modprobe fou && ip fou add port PORT gue`",
        why: "nothing unpacks what the director sends",
        blind: "a program that unpacks GUE itself",
    }
    RS_TUN_07 "RS-TUN-07" {
        severities: &[Info],
        meaning: "An `ip6tnl` device without `allow-localremote`",
        reads: "attributes of the device",
        remedy: "set it",
        why: "a director may send from its VIP, which is local here, and that is dropped",
        blind: "which source the director really uses",
    }
    RS_TUN_08 "RS-TUN-08" {
        severities: &[Warning, Info],
        meaning: "A fallback device is up, or a device takes packets from any sender; info for a named device with several directors",
        reads: "attributes of the device",
        remedy: "one director as `remote`, or the firewall",
        why: "whoever reaches the RIP can send packets with any inner source",
        blind: "a firewall, here or before this host",
    }
    RS_TUN_09 "RS-TUN-09" {
        severities: &[Error],
        meaning: "The fallback device in use has addresses of somebody else",
        reads: "addresses",
        remedy: "a device of its own",
        why: "its owner removes the VIP or reconfigures the device",
        blind: "whether the owner of the addresses still runs",
    }
    RS_TUN_10 "RS-TUN-10" {
        severities: &[Info],
        meaning: "Neither `advmss` on the route to the clients nor a larger MTU leaves room for the encapsulation",
        reads: "routes, MTU",
        remedy: "`advmss`",
        why: "where ICMP is filtered, uploads stall while small requests work",
        blind: "MTUs on the way, and the MSS that a firewall sets",
    }
}
