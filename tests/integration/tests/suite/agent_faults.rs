// SPDX-License-Identifier: MIT OR Apache-2.0

//! Sound real servers, and faults that each make one rule of `rs-agent check` speak: what
//! `agent_remedies` tries the printed remedies on, alone and in pairs.

/// A fault of a sound host.
pub(crate) struct Fault {
    /// The rule that speaks.
    pub(crate) rule: &'static str,
    /// What it is about. Faults are tried together if they have none of it in common.
    pub(crate) about: &'static str,
    /// Lines of `ip -batch`, and settings below `/proc/sys/net` (`KEY=VALUE`).
    pub(crate) make: &'static str,
}

/// What a host is held against, how it is made so, and what may be wrong with it.
pub(crate) struct Kind {
    /// Options of `rs-agent check`; none if it is set up by `rs-agent` itself.
    pub(crate) options: &'static str,
    /// As [`Fault::make`].
    pub(crate) make: &'static str,
    pub(crate) faults: &'static [Fault],
}

const fn fault(rule: &'static str, about: &'static str, make: &'static str) -> Fault {
    Fault { rule, about, make }
}

pub(crate) const KINDS: [&Kind; 7] = [&DR, &TUN, &GRE, &GUE, &IP6TNL, &NAT, &SET_UP];

const VIPS_ON_LO: &str = "addr add 192.0.2.10/32 dev lo scope host\n\
     addr add 203.0.113.10/32 dev lo scope host\n\
     addr add 2001:db8:2::10/128 dev lo nodad preferred_lft 0\n";

#[rustfmt::skip] // a table
pub(crate) const DR: Kind = Kind {
    options: "--mode dr --vip 192.0.2.10,203.0.113.10,2001:db8:2::10 --director 192.0.2.1",
    make: VIPS_ON_LO,
    faults: &[
        fault("RS-ARP-01", "ignore", "ipv4/conf/all/arp_ignore=0"),
        fault("RS-ARP-01", "ignore", "ipv4/conf/all/arp_ignore=9"),
        fault("RS-ARP-02", "ignore", "ipv4/conf/all/arp_ignore=0\nipv4/conf/lo/arp_ignore=1"),
        fault("RS-ARP-03", "ignore vip", "ipv4/conf/eth0/arp_ignore=3\naddr flush to 192.0.2.10 dev lo\naddr add 192.0.2.10/32 dev lo"),
        fault("RS-ARP-04", "ignore", "ipv4/conf/eth0/arp_ignore=8"),
        fault("RS-ARP-05", "ignore", "ipv4/conf/eth0/arp_ignore=2"),
        fault("RS-ARP-06", "announce", "ipv4/conf/all/arp_announce=0"),
        fault("RS-ARP-06", "announce", "ipv4/conf/all/arp_announce=1\nipv4/conf/eth0/arp_announce=3"),
        fault("RS-ARP-07", "vip", "addr flush to 192.0.2.10 dev lo\naddr add 192.0.2.10/32 dev eth0 scope host"),
        fault("RS-ARP-07", "vip", "addr add 192.0.2.10/24 dev eth0"),
        fault("RS-ARP-07", "other", "addr flush to 203.0.113.10 dev lo\naddr add 203.0.113.10/32 dev eth0 scope host"),
        fault("RS-ARP-07", "vip6", "addr flush to 2001:db8:2::10 dev lo\naddr add 2001:db8:2::10/128 dev eth0 nodad"),
        fault("RS-ARP-08", "ignore", "ipv4/conf/all/arp_ignore=0\nipv4/conf/eth0/arp_ignore=1"),
        fault("RS-ARP-09", "proxy6", "neigh add proxy 2001:db8:2::10 dev eth0"),
        fault("RS-ARP-09", "vip route", "link add out type dummy\nlink set out up\naddr flush to 192.0.2.10 dev lo\nroute add 192.0.2.10/32 dev out\nipv4/conf/eth0/proxy_arp=1\nipv4/conf/eth0/forwarding=1"),
        fault("RS-VIP-01", "vip", "addr flush to 192.0.2.10 dev lo"),
        fault("RS-VIP-01", "vip6", "addr flush to 2001:db8:2::10 dev lo"),
        fault("RS-VIP-02", "vip", "addr flush to 192.0.2.10 dev lo\naddr add 192.0.2.10/24 dev lo scope host"),
        fault("RS-VIP-02", "vip6", "addr flush to 2001:db8:2::10 dev lo\naddr add 2001:db8:2::10/64 dev lo nodad"),
        fault("RS-VIP-03", "vip6", "ipv6/conf/eth0/accept_dad=1\naddr add 2001:db8:2::10/64 dev eth0"),
        fault("RS-VIP-05", "vip route", "link add out type veth peer name out2\nlink set out up\nroute add 198.18.0.0/24 dev out\naddr flush to 192.0.2.10 dev lo\naddr add 192.0.2.10/32 dev lo"),
        fault("RS-VIP-06", "vip", "addr flush to 192.0.2.10 dev lo\nroute replace local 192.0.2.10/32 dev lo"),
        fault("RS-VIP-07", "lo", "link set lo down"),
        fault("RS-VIP-08", "lo", "ipv6/conf/lo/disable_ipv6=1"),
        fault("RS-VIP-09", "vip", "addr flush to 192.0.2.10 dev lo\nroute replace local 192.0.2.10/32 dev lo table 100\nrule add to 192.0.2.10 lookup 100"),
        fault("RS-RPF-03", "route", "link add out type veth peer name out2\naddr add 10.9.0.1/24 dev out\nlink set out up\nroute replace default via 10.9.0.2 advmss 1300\nipv4/conf/eth0/rp_filter=1"),
        fault("RS-MGR-06", "vip route", "link add out type dummy\nlink set out up\naddr add 192.0.2.10/32 dev out scope host\nroute replace default dev out metric 5"),
    ],
};

#[rustfmt::skip] // a table
const TUN: Kind = Kind {
    options: "--mode tun --vip 192.0.2.10,203.0.113.10,2001:db8:2::10 --rip 192.0.2.11 --director 192.0.2.1",
    make: "link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1\n\
           link add rs-sit type sit mode ip6ip local 192.0.2.11 remote 192.0.2.1\n\
           link set rs-ipip up\n\
           link set rs-sit up\n\
           addr add 192.0.2.10/32 dev rs-ipip scope host\n\
           addr add 203.0.113.10/32 dev rs-ipip scope host\n\
           addr add 2001:db8:2::10/128 dev rs-sit nodad preferred_lft 0\n\
           ipv4/conf/rs-ipip/rp_filter=2\n",
    faults: &[
        fault("RS-RPF-01", "rpf", "ipv4/conf/all/rp_filter=1\nipv4/conf/rs-ipip/rp_filter=0"),
        fault("RS-RPF-01", "vip other", "addr flush to 192.0.2.10 dev rs-ipip\naddr flush to 203.0.113.10 dev rs-ipip\naddr add 192.0.2.10/32 dev lo scope host\naddr add 203.0.113.10/32 dev lo scope host"),
        fault("RS-TUN-01", "ipip rpf", "link del rs-ipip"),
        fault("RS-TUN-01", "sit", "link del rs-sit"),
        fault("RS-TUN-02", "ipip", "link set rs-ipip down"),
        fault("RS-TUN-02", "sit", "link set rs-sit down"),
        fault("RS-TUN-03", "ipip", "link set rs-ipip type ipip remote 192.0.2.2"),
        fault("RS-TUN-09", "ipip rpf", "link del rs-ipip\nlink add tunl0 type ipip local 192.0.2.11\nlink set tunl0 up\naddr add 10.244.0.1/32 dev tunl0"),
        fault("RS-VIP-01", "vip", "addr flush to 192.0.2.10 dev rs-ipip"),
        fault("RS-VIP-08", "sit", "ipv6/conf/rs-sit/disable_ipv6=1"),
        fault("RS-ARP-07", "vip", "addr flush to 192.0.2.10 dev rs-ipip\naddr add 192.0.2.10/32 dev eth0 scope host"),
        fault("RS-ARP-07", "vip6", "addr flush to 2001:db8:2::10 dev rs-sit\naddr add 2001:db8:2::10/128 dev eth0 nodad"),
        fault("RS-VIP-02", "vip", "addr add 192.0.2.10/24 dev rs-ipip scope host"),
        fault("RS-ARP-01", "ignore", "ipv4/conf/all/arp_ignore=0\nipv4/conf/all/arp_announce=0"),
        fault("RS-ARP-04", "ignore", "ipv4/conf/eth0/arp_ignore=8"),
    ],
};

#[rustfmt::skip] // a table
const GRE: Kind = Kind {
    options: "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --director 192.0.2.1 --tunnel gre --checksum",
    make: "link add rs-gre type gre local 192.0.2.11 remote 192.0.2.1 icsum\n\
           link set rs-gre up\n\
           addr add 192.0.2.10/32 dev rs-gre scope host\n\
           ipv4/conf/rs-gre/rp_filter=2\n",
    faults: &[
        fault("RS-TUN-05", "gre", "link del rs-gre\nlink add rs-gre type gre local 192.0.2.11 remote 192.0.2.1\nlink set rs-gre up\naddr add 192.0.2.10/32 dev rs-gre scope host\nipv4/conf/rs-gre/rp_filter=2"),
        fault("RS-TUN-01", "gre", "link del rs-gre"),
        fault("RS-ARP-01", "ignore", "ipv4/conf/all/arp_ignore=0\nipv4/conf/all/arp_announce=0"),
    ],
};

#[rustfmt::skip] // a table
const GUE: Kind = Kind {
    options: "--mode tun --vip 192.0.2.10 --rip 192.0.2.11 --director 192.0.2.1 --tunnel gue --tunnel-port 6080",
    make: "link add rs-ipip type ipip mode ipip local 192.0.2.11 remote 192.0.2.1\n\
           link set rs-ipip up\n\
           addr add 192.0.2.10/32 dev rs-ipip scope host\n\
           fou add port 6080 gue\n\
           ipv4/conf/rs-ipip/rp_filter=2\n",
    faults: &[
        fault("RS-TUN-06", "fou", "fou del port 6080"),
        fault("RS-TUN-06", "fou", "fou del port 6080\nfou add port 6080 ipproto 4"),
        fault("RS-TUN-01", "ipip", "link del rs-ipip"),
    ],
};

#[rustfmt::skip] // a table
const IP6TNL: Kind = Kind {
    options: "--mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 2001:db8:2::11 --director 2001:db8:2::1",
    make: "link add rs-ip6tnl type ip6tnl mode any local 2001:db8:2::11 remote 2001:db8:2::1 allow-localremote\n\
           link set rs-ip6tnl up\n\
           addr add 192.0.2.10/32 dev rs-ip6tnl scope host\n\
           addr add 2001:db8:2::10/128 dev rs-ip6tnl nodad preferred_lft 0\n\
           ipv4/conf/rs-ip6tnl/rp_filter=2\n",
    faults: &[
        fault("RS-TUN-04", "ends", "link set rs-ip6tnl type ip6tnl mode ip6ip6"),
        fault("RS-TUN-07", "ends up", "link del rs-ip6tnl\nlink add rs-ip6tnl type ip6tnl mode any local 2001:db8:2::11 remote 2001:db8:2::1\nlink set rs-ip6tnl up\naddr add 192.0.2.10/32 dev rs-ip6tnl scope host\naddr add 2001:db8:2::10/128 dev rs-ip6tnl nodad preferred_lft 0\nipv4/conf/rs-ip6tnl/rp_filter=2"),
        fault("RS-TUN-02", "up", "link set rs-ip6tnl down"),
        fault("RS-ARP-01", "ignore", "ipv4/conf/all/arp_ignore=0\nipv4/conf/all/arp_announce=0"),
    ],
};

#[rustfmt::skip] // a table
const NAT: Kind = Kind {
    options: "--mode nat --gateway 192.0.2.1 --vip 192.0.2.10,203.0.113.10",
    make: "route replace default via 192.0.2.1\n\
           ipv4/conf/all/arp_ignore=0\n\
           ipv4/conf/all/arp_announce=0\n",
    faults: &[
        fault("RS-NAT-01", "vip", "addr add 203.0.113.10/32 dev lo\nipv4/conf/all/arp_ignore=1\nipv4/conf/all/arp_announce=2"),
        fault("RS-NAT-01", "other", "addr add 192.0.2.10/24 dev eth0"),
        fault("RS-NAT-01", "vip", "ipv4/conf/all/arp_ignore=1"),
        fault("RS-GW-02", "route", "route replace default via 192.0.2.254"),
        fault("RS-GW-04", "redirects", "ipv4/conf/all/accept_redirects=1"),
    ],
};

/// What only a host has that `rs-agent` set up.
#[rustfmt::skip] // a table
const SET_UP: Kind = Kind {
    options: "",
    make: "ipv4/conf/all/arp_ignore=0\nipv4/conf/all/arp_announce=0\n",
    faults: &[
        fault("RS-PER-01", "ignore", "ipv4/conf/all/arp_ignore=0"),
        fault("RS-PER-01", "announce", "ipv4/conf/all/arp_announce=1"),
        fault("RS-PER-03", "vip", "addr del 192.0.2.10/32 dev lo\naddr add 192.0.2.10/32 dev lo"),
        fault("RS-PER-03", "vip6", "addr change 2001:db8:2::10/128 dev lo preferred_lft forever"),
        fault("RS-VIP-01", "vip", "addr del 192.0.2.10/32 dev lo"),
    ],
};

/// Rules without a row, and why.
pub(crate) const NO_FAULT: &[(&str, &str)] = &[
    ("RS-VIP-04", WORDS),
    ("RS-RIP-01", WORDS),
    ("RS-RIP-02", "nobody is heard by an interface that is down: agent_printed"),
    ("RS-RPF-02", WORDS),
    ("RS-RPF-04", WORDS),
    ("RS-RPF-05", WORDS),
    ("RS-TUN-08", WORDS),
    ("RS-TUN-10", WORDS),
    ("RS-SRV-01", WORDS),
    ("RS-SRV-02", WORDS),
    ("RS-DIR-01", "the host is to answer for the VIP, as its director: agent_directors"),
    ("RS-DIR-02", WORDS),
    ("RS-FW-01", "no VIP waits for the firewall: agent_firewall"),
    ("RS-GW-01", WORDS),
    ("RS-GW-03", WORDS),
    ("RS-GW-05", WORDS),
    ("RS-MGR-01", WORDS),
    ("RS-MGR-02", WORDS),
    ("RS-MGR-03", WORDS),
    ("RS-MGR-04", "its macvlan device answers for what keepalived has put there, and is to"),
    ("RS-MGR-05", WORDS),
    ("RS-PER-02", "it writes a file for the next boot"),
];

/// The rule has no command to try.
pub(crate) const WORDS: &str = "words, as no command can know";
