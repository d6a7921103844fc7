// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every rule: what it means, what it reads, why it matters, what its remedy is.

use serde::Serialize;

use super::finding::Severity::{self, Error, Info, Unread, Warning};

/// One rule.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rule {
    /// For instance `RS-ARP-01`.
    pub id: &'static str,
    /// The severities its findings may have.
    pub severities: &'static [Severity],
    /// When it finds something.
    pub meaning: &'static str,
    /// What is read.
    pub reads: &'static str,
    /// What helps.
    pub remedy: &'static str,
    /// Why it matters.
    pub why: &'static str,
}

/// The rule of that id, in any case of letters.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// All rules, in the order of docs/checks.md.
#[rustfmt::skip] // a table
pub static RULES: &[Rule] = &[
    Rule {
        id: "RS-ARP-01", severities: &[Error, Unread, Warning],
        meaning: "An interface answers ARP requests for a VIP, or will as soon as the VIP is local: its effective `arp_ignore` (the greater of `all` and its own) lets it. Values 4 to 7 and above 8 mean 0. An error on an interface that this service uses, a warning on others and on one that is down",
        reads: "`net/ipv4/conf/{all,IF}/arp_ignore`",
        remedy: "`sysctl -w net.ipv4.conf.all.arp_ignore=1`, then a gratuitous ARP from the director",
        why: "clients that hear this answer bypass the director, and are lost when this host is drained",
    },
    Rule {
        id: "RS-ARP-02", severities: &[Error, Unread, Warning],
        meaning: "As RS-ARP-01, and `arp_ignore` is set on `lo` or the VIP's device",
        reads: "`net/ipv4/conf/{all,IF,lo}/arp_ignore`",
        remedy: "as RS-ARP-01",
        why: "arp_ignore counts on the interface a request arrives on, so this host answers for the VIP",
    },
    Rule {
        id: "RS-ARP-03", severities: &[Error, Unread, Warning],
        meaning: "An interface has an effective `arp_ignore` of 3, and the VIP another scope than host",
        reads: "`arp_ignore`, scope of the VIP",
        remedy: "`sysctl -w net.ipv4.conf.all.arp_ignore=1` (and the interface), or add the VIP again with scope host",
        why: "clients that hear this answer bypass the director, and are lost when this host is drained",
    },
    Rule {
        id: "RS-ARP-04", severities: &[Error, Warning],
        meaning: "An interface has an effective `arp_ignore` of 8: it answers for no address, the RIP included",
        reads: "`net/ipv4/conf/{all,IF}/arp_ignore`",
        remedy: "lower the value that is 8; the greater counts",
        why: "the director cannot reach this host once its neighbour entry is gone",
    },
    Rule {
        id: "RS-ARP-05", severities: &[Info],
        meaning: "An interface has an effective `arp_ignore` of 2: the RIP is hidden from requesters of other subnets",
        reads: "`net/ipv4/conf/{all,IF}/arp_ignore`",
        remedy: "1, if that is not wanted",
        why: "a director with an address in another subnet on the same Ethernet gets no answer",
    },
    Rule {
        id: "RS-ARP-06", severities: &[Error, Unread, Warning],
        meaning: "An interface names the VIP as the sender of ARP requests, or will as soon as the VIP is local: its effective `arp_announce` is not 2, and not 1 with the VIP outside its subnets",
        reads: "`net/ipv4/conf/{all,IF}/arp_announce`, addresses",
        remedy: "`sysctl -w net.ipv4.conf.all.arp_announce=2`",
        why: "neighbours learn that the VIP is here, and bypass the director from then on",
    },
    Rule {
        id: "RS-ARP-07", severities: &[Error, Unread, Warning],
        meaning: "The VIP is on an interface that answers ARP or neighbour solicitations; a warning if an unusual `arp_ignore` keeps it silent",
        reads: "addresses, `arp_ignore`",
        remedy: "add it to the device for VIPs, then delete it there",
        why: "it is announced there whatever the settings; an IPv6 VIP makes the director's own unusable",
    },
    Rule {
        id: "RS-ARP-08", severities: &[Warning],
        meaning: "The VIP is hidden by values of single interfaces only; `all` and `default` do not protect",
        reads: "`net/ipv4/conf/{all,default}/{arp_ignore,arp_announce}`",
        remedy: "set `all`",
        why: "a VLAN, bridge or card that appears later gets the value of `default`",
    },
    Rule {
        id: "RS-ARP-09", severities: &[Warning],
        meaning: "This host answers for the VIP as a proxy: a neighbour proxy entry, or `proxy_arp` with the VIP routed by another interface",
        reads: "`ip neigh show proxy`, `proxy_arp`, `forwarding`, the route to the VIP",
        remedy: "delete the entry, or `proxy_arp=0`",
        why: "clients that hear this answer bypass the director",
    },
    Rule {
        id: "RS-VIP-01", severities: &[Error, Unread],
        meaning: "The VIP is not local: to no packet that comes in by the interface of the director or of the RIP, or, if neither is known, by any",
        reads: "the route to the VIP, and if there are rules or VRFs by each of those interfaces",
        remedy: "make its device, set what hides it and lets its packets in, then add the VIP",
        why: "this host does not take what the director sends it",
    },
    Rule {
        id: "RS-VIP-02", severities: &[Error, Warning],
        meaning: "The VIP has the prefix of a subnet; an error for IPv4 on `lo`, and if what this host sends to that subnet leaves by the VIP's device",
        reads: "addresses, routes",
        remedy: "add it with /32, then delete the other; IPv6: delete it, and add it with /128",
        why: "this host takes addresses of others for its own (IPv4 on `lo`), or does not reach them",
    },
    Rule {
        id: "RS-VIP-03", severities: &[Error],
        meaning: "An IPv6 VIP is tentative, or failed duplicate address detection",
        reads: "flags of the address",
        remedy: "add it to the device for VIPs with `nodad`",
        why: "the address does not work until then, and after a failure never",
    },
    Rule {
        id: "RS-VIP-04", severities: &[Error],
        meaning: "The VIP is also the RIP, a director, the gateway of a route, or the only address that an interface has of its network",
        reads: "addresses, routes",
        remedy: "an address of its own",
        why: "one of the two roles cannot work",
    },
    Rule {
        id: "RS-VIP-05", severities: &[Info],
        meaning: "The VIP has scope global, and an interface with IPv4 routes has no IPv4 address",
        reads: "addresses, routes",
        remedy: "add the VIP again with scope host",
        why: "what this host sends of itself may come from the VIP, and the answers go to the director",
    },
    Rule {
        id: "RS-VIP-06", severities: &[Info],
        meaning: "The VIP is local by a route only",
        reads: "the route to the VIP, addresses",
        remedy: "add the VIP, if a service is to bind to it",
        why: "a service that binds to the VIP itself cannot start",
    },
    Rule {
        id: "RS-VIP-07", severities: &[Error, Unread, Info],
        meaning: "The device for the VIP is down, an error for IPv6; or it is not there, an error if the VIP is not local",
        reads: "flags of the device",
        remedy: "make it or set it up, and add IPv6 VIPs again",
        why: "IPv4 is still accepted on one that is down; IPv6 addresses go when it goes down, and all when it is deleted",
    },
    Rule {
        id: "RS-VIP-08", severities: &[Error, Unread],
        meaning: "IPv6 is off on the device of an IPv6 VIP",
        reads: "`net/ipv6/conf/DEVICE/disable_ipv6`",
        remedy: "0, then add the VIP again",
        why: "the address cannot be there, and nothing of IPv6 comes out of that device",
    },
    Rule {
        id: "RS-VIP-09", severities: &[Error, Unread],
        meaning: "The IPv4 VIP is local by a rule's table only: it is on no interface, and table `local` has no route to it",
        reads: "`ip rule`, the route to the VIP by each interface it may come in by, routes of table `local`, addresses",
        remedy: "add the VIP",
        why: "packets are taken, and the kernel refuses the VIP as the source of replies: clients time out",
    },
    Rule {
        id: "RS-RIP-01", severities: &[Error],
        meaning: "The RIP is no address of this host; mode tun, where no RIP is known: nor is the `local` address of the device",
        reads: "addresses, the route to the RIP, attributes of the device",
        remedy: "add the address, or name the one that this host has",
        why: "what the director sends does not arrive, or nothing unpacks it",
    },
    Rule {
        id: "RS-RIP-02", severities: &[Error],
        meaning: "The interface that has the RIP, or the only ones in a director's network, are down or have no carrier; where neither is known, modes dr and tun: no interface is up",
        reads: "flags of the interfaces, addresses, the route to the director",
        remedy: "set the interface up, once the VIPs are hidden from ARP; or see its cable",
        why: "nothing arrives: clients time out",
    },
    Rule {
        id: "RS-RPF-01", severities: &[Error],
        meaning: "`rp_filter` drops IPv4 that comes out of the tunnel device: its effective value is 1, or greater and the device has no IPv4 address",
        reads: "`net/ipv4/conf/{all,DEVICE}/rp_filter`, addresses",
        remedy: "the VIP on the device, and its `rp_filter` 2",
        why: "clients time out: packets arrive and are dropped silently",
    },
    Rule {
        id: "RS-RPF-02", severities: &[Error, Unread, Info],
        meaning: "`rp_filter` is loose on the tunnel device, and no route leads to the clients; without `--client` only that there is no default route",
        reads: "`rp_filter`, the route from the VIP to the clients, `ip rule`",
        remedy: "a route",
        why: "without a way back loose `rp_filter` drops, too",
    },
    Rule {
        id: "RS-RPF-03", severities: &[Error, Unread],
        meaning: "Mode dr: `rp_filter` drops requests on the interface that faces the director, as the route to the clients leaves by another; mode tun: on the interface of the director's network what it sends, as the route to it leaves by another",
        reads: "`net/ipv4/conf/{all,IF}/{rp_filter,src_valid_mark}`, routes from the VIP, `ip rule`",
        remedy: "2 on that interface",
        why: "clients time out: requests arrive and are dropped silently",
    },
    Rule {
        id: "RS-RPF-04", severities: &[Warning],
        meaning: "Mode tun, IPv6 VIP: firewalld runs with a strict `IPv6_rpfilter`",
        reads: "`/etc/firewalld/firewalld.conf`, processes",
        remedy: "`IPv6_rpfilter=loose`",
        why: "what comes out of the tunnel is dropped",
    },
    Rule {
        id: "RS-RPF-05", severities: &[Warning],
        meaning: "Packets were dropped by source validation while `--watch` counted",
        reads: "`IPReversePathFilter` in `/proc/net/netstat`, `in_martian_src` in `/proc/net/stat/rt_cache`",
        remedy: "see RS-RPF-01 and RS-RPF-03",
        why: "something that arrives here is dropped by its source address",
    },
    Rule {
        id: "RS-TUN-01", severities: &[Error],
        meaning: "No device takes that inner family in that outer family and envelope; the kernel's own, down, is none unless it was set up",
        reads: "interfaces",
        remedy: "make one",
        why: "clients are refused or time out: nothing unpacks what the director sends",
    },
    Rule {
        id: "RS-TUN-02", severities: &[Error],
        meaning: "The device is down",
        reads: "flags of the device",
        remedy: "set it up",
        why: "what the director sends is refused with ICMP",
    },
    Rule {
        id: "RS-TUN-03", severities: &[Error],
        meaning: "The device is for another `local` than the RIP, or another `remote` than a director",
        reads: "attributes of the device",
        remedy: "make it again, or one beside that of somebody else",
        why: "the device does not take what the director sends",
    },
    Rule {
        id: "RS-TUN-04", severities: &[Error],
        meaning: "The device's mode excludes the inner family, as that of `ip6tnl0` excludes IPv4",
        reads: "attributes of the device",
        remedy: "`mode any`",
        why: "the device does not take what the director sends",
    },
    Rule {
        id: "RS-TUN-05", severities: &[Error, Warning],
        meaning: "GRE: key or sequence numbers are set, or `icsum` is not as the director's `--tun-csum`; a warning if packets were dropped for their checksum",
        reads: "attributes and `rx_crc_errors` of the device",
        remedy: "make it again",
        why: "the device drops what the director sends",
    },
    Rule {
        id: "RS-TUN-06", severities: &[Error],
        meaning: "GUE: no `fou` port, or one that does not take GUE",
        reads: "`ip fou show`",
        remedy: "`modprobe fou && ip fou add port PORT gue`",
        why: "nothing unpacks what the director sends",
    },
    Rule {
        id: "RS-TUN-07", severities: &[Info],
        meaning: "An `ip6tnl` device without `allow-localremote`",
        reads: "attributes of the device",
        remedy: "set it",
        why: "a director may send from its VIP, which is local here, and that is dropped",
    },
    Rule {
        id: "RS-TUN-08", severities: &[Warning, Info],
        meaning: "A fallback device is up, or a device takes packets from any sender; info for a named device with several directors",
        reads: "attributes of the device",
        remedy: "one director as `remote`, or the firewall",
        why: "whoever reaches the RIP can send packets with any inner source",
    },
    Rule {
        id: "RS-TUN-09", severities: &[Error],
        meaning: "The fallback device in use has addresses of somebody else",
        reads: "addresses",
        remedy: "a device of its own",
        why: "its owner removes the VIP or reconfigures the device",
    },
    Rule {
        id: "RS-TUN-10", severities: &[Info],
        meaning: "Neither `advmss` on the route to the clients nor a larger MTU leaves room for the envelope",
        reads: "routes, MTU",
        remedy: "`advmss`",
        why: "where ICMP is filtered, uploads stall while small requests work",
    },
    Rule {
        id: "RS-SRV-01", severities: &[Error, Unread],
        meaning: "With `--port`: nothing listens there for the VIP (in mode nat: the RIP), nor takes this host's own IPVS it; or what listens takes nothing from the VRF that it comes in by",
        reads: "sockets, `net.ipv4.{tcp,udp}_l3mdev_accept`, `/proc/net/ip_vs`",
        remedy: "let the server listen, in that VRF",
        why: "clients are refused, while a check of RIP:port may be content",
    },
    Rule {
        id: "RS-SRV-02", severities: &[Warning],
        meaning: "With `--port udp/N`: the UDP socket is not bound to the VIP",
        reads: "sockets",
        remedy: "bind to the VIP, or IP_PKTINFO",
        why: "replies may leave with the RIP as source, which clients ignore",
    },
    Rule {
        id: "RS-DIR-01", severities: &[Warning],
        meaning: "This host is a director of the VIP, too, and active (the VIP is on an interface that answers ARP, and IPVS here has a service of it, or `--also-director` is set): the VIP is on no other device",
        reads: "addresses, `/proc/net/ip_vs`",
        remedy: "add it to the device for VIPs, too",
        why: "when another host becomes the active director, this one serves the VIP no more",
    },
    Rule {
        id: "RS-DIR-02", severities: &[Warning],
        meaning: "IPVS on this host, which is not the active director, has a service of the VIP with servers on other hosts by direct routing or tunnel, and `backup_only` is off",
        reads: "`/proc/net/ip_vs`, `net.ipv4.vs.backup_only`",
        remedy: "`backup_only` 1 with the sync daemon in state backup, or the service only while this host is active",
        why: "what the active director sends here is handed on once more, and between two such hosts goes round until it is dropped: clients time out",
    },
    Rule {
        id: "RS-FW-01", severities: &[Error, Unread],
        meaning: "iptables drops or rejects all that the director sends: in mode tun its packets for the RIP, and what clients send to the VIP, with `--port` to that port, without it to every port; for IPv6 also the question who has the RIP. `unread` if some may be dropped: by a rule of iptables that cannot be judged, or with `--port` by rules of nftables",
        reads: "`/proc/net/ip_tables_names`, `iptables-legacy-save`, and those of IPv6; rules and chains of nftables; interfaces",
        remedy: "a rule that accepts it, before the others; `unread`: see whether a client is served",
        why: "clients time out or are refused, while the service answers on this host itself",
    },
    Rule {
        id: "RS-GW-01", severities: &[Error, Warning, Unread],
        meaning: "Modes dr and tun: the gateway to the clients is a director; a warning for IPv6",
        reads: "routes from the VIP, `ip rule`",
        remedy: "another gateway",
        why: "replies reach the director, which drops IPv4 from its own address",
    },
    Rule {
        id: "RS-GW-02", severities: &[Error, Unread],
        meaning: "Mode nat: the route to the clients does not lead through a director",
        reads: "routes from the RIP, `ip rule`",
        remedy: "a default route through the director; where rules route, in a table of the RIP's own",
        why: "clients get replies from an address they never asked, and reset",
    },
    Rule {
        id: "RS-GW-03", severities: &[Warning, Unread],
        meaning: "Mode nat: a client, or the VIP, is in a network of this host",
        reads: "routes from the RIP, addresses, `ip rule`",
        remedy: "SNAT on the director, or no direct route",
        why: "replies to those clients go past the director",
    },
    Rule {
        id: "RS-GW-04", severities: &[Error],
        meaning: "Mode nat on one subnet: redirects are accepted",
        reads: "`accept_redirects`, `forwarding`, of both families",
        remedy: "0 on `all` and the interface",
        why: "the director's redirects make replies go past it: transfers stall, then fail for minutes",
    },
    Rule {
        id: "RS-GW-05", severities: &[Error, Unread, Warning, Info],
        meaning: "No route to the clients; without `--client` only that there is no default route: a warning if this host has one, and a rule keeps replies from it. Or the route leaves by an interface without carrier; a warning without `--client`",
        reads: "routes from the VIP (mode nat: the RIP), `ip rule`",
        remedy: "a route",
        why: "clients elsewhere get no reply",
    },
    Rule {
        id: "RS-NAT-01", severities: &[Warning, Info],
        meaning: "Mode nat: the VIP is local; info for ARP settings",
        reads: "addresses, `net/ipv4/conf/all/arp_*`",
        remedy: "`rs-agent teardown`, or by hand",
        why: "left by another mode: this host answers clients itself",
    },
    Rule {
        id: "RS-MGR-01", severities: &[Warning],
        meaning: "systemd-networkd has configured the device of a VIP that it does not know, and does not keep it: `KeepConfiguration=static` keeps no deprecated address, as an IPv6 VIP is",
        reads: "`/run/systemd/netif/links`, the `.network` file and its drop-ins",
        remedy: "`KeepConfiguration=yes`, or declare the VIP",
        why: "the VIP goes when networkd restarts or reconfigures the device",
    },
    Rule {
        id: "RS-MGR-02", severities: &[Warning, Info],
        meaning: "NetworkManager manages the device of a VIP: a warning by a profile that does not have the VIP, an info by one that has it or that NetworkManager made of what it found",
        reads: "`/run/NetworkManager/devices`, profiles (root only)",
        remedy: "`unmanaged-devices=interface-name:DEVICE`",
        why: "when the profile is activated the VIP goes, or becomes an address like any other: scope global, not deprecated",
    },
    Rule {
        id: "RS-MGR-03", severities: &[Warning, Error],
        meaning: "Calico is here in mode tun; an error if the VIP or the traffic is on `tunl0`",
        reads: "interfaces, processes",
        remedy: "a device of its own and an exception, or GUE",
        why: "felix removes foreign addresses from tunl0 and drops foreign IP in IP",
    },
    Rule {
        id: "RS-MGR-04", severities: &[Warning, Info],
        meaning: "keepalived uses `use_vmac`; a warning if its interface does not have the settings that keepalived gives it (Linux 7.2 refuses them), and answers ARP wrongly for it",
        reads: "`/etc/keepalived`, interfaces, `net/ipv4/conf/{all,IF}/{accept_local,rp_filter,arp_ignore}`",
        remedy: "rely on `all`; the settings by hand",
        why: "its addresses are answered for with two MAC addresses, or with none",
    },
    Rule {
        id: "RS-MGR-05", severities: &[Warning],
        meaning: "A file sets one of our keys otherwise",
        reads: "sysctl.d, `/etc/sysctl.conf`",
        remedy: "remove the line, or a file with a later name",
        why: "after a reboot the setting is gone",
    },
    Rule {
        id: "RS-MGR-06", severities: &[Warning],
        meaning: "The default route leads into a device that only carries VIPs, as dhcpcd makes it",
        reads: "routes, addresses",
        remedy: "`denyinterfaces` in dhcpcd.conf, and delete the route",
        why: "all that this host sends elsewhere is lost, replies to clients too",
    },
    Rule {
        id: "RS-PER-01", severities: &[Warning],
        meaning: "A setting is not what set-up wrote",
        reads: "the journal, the setting",
        remedy: "set it again, and find out who did it",
        why: "what set-up made sure of is not sure any more",
    },
    Rule {
        id: "RS-PER-02", severities: &[Warning],
        meaning: "No line of sysctl.d names the tunnel device's `rp_filter`, and a glob or `default` sets another value than 2",
        reads: "sysctl.d",
        remedy: "a line for the device, or `rs-agent install-unit`",
        why: "udev applies it as soon as the device is made again",
    },
    Rule {
        id: "RS-PER-03", severities: &[Warning],
        meaning: "A VIP is not as set-up added it: IPv4 has another scope, IPv6 is not deprecated",
        reads: "the journal, addresses",
        remedy: "IPv6 is changed in place, IPv4 added anew behind a local route; tell the network manager (RS-MGR-01, RS-MGR-02)",
        why: "this host may use the VIP as the source of what it sends itself, and the answers go to the director",
    },
];
