// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::{IpAddr, Ipv6Addr};

use super::{AddressFamily, DestinationKey, ServiceKey, SyncRole};

/// The variants say why a value, or a combination of values, is refused before anything is
/// sent.
///
/// Much of this the kernel would accept and then misread or ignore; see each
/// variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The text is not `tcp/ADDRESS:PORT`, `fwmark/N` or the like.
    #[error("`{text}` is not a virtual service: expected {expected}")]
    ServiceText {
        /// What was given.
        text: String,
        /// What would have been understood.
        expected: &'static str,
    },
    /// The text is not `ADDRESS:PORT`.
    #[error("`{text}` is not a real server: expected ADDRESS:PORT or [ADDRESS]:PORT")]
    DestinationText {
        /// What was given.
        text: String,
    },
    /// The text is not a word or a number of that kind.
    #[error("`{text}` is not {what}: use {expected}")]
    Text {
        /// What it should have been: `a weight`.
        what: &'static str,
        /// What was given.
        text: String,
        /// What would have been understood.
        expected: &'static str,
    },
    /// Where the address ends and its port begins is anybody's guess.
    #[error("`{text}` has an IPv6 address without brackets: did you mean {meant}?")]
    Unbracketed {
        /// What was given.
        text: String,
        /// What was probably meant: `[2001:db8::1]:80`.
        meant: String,
    },
    /// Firewall mark 0 means "no mark": the kernel would take it for the
    /// address service `TCP 0.0.0.0:0`.
    #[error("firewall mark 0 means `no mark`; use 1 to 4294967295")]
    ZeroFwmark,
    /// The text is not a transport protocol.
    #[error("`{0}` is not a protocol of IPVS: use tcp, udp, sctp, esp or ah")]
    ProtocolText(String),
    /// The kernel stores any protocol number, but balances only these.
    #[error("IPVS balances only TCP, UDP, SCTP, AH and ESP, not protocol {0}")]
    UnsupportedProtocol(u16),
    /// The kernel accepts port 0 without persistence and then drops every new
    /// connection (`ip_vs_core.c`: "port zero only supported in persistent
    /// services").
    #[error("port 0 (all ports) needs a persistent service")]
    PortZeroNotPersistent,
    /// One-packet scheduling acts on UDP only (`ip_vs_core.c`).
    #[error("one-packet scheduling works for UDP only")]
    OnePacketNotUdp,
    /// Packets from and to such an address do not exist on the wire.
    #[error("{0} is an IPv4 address in IPv6 form; write the IPv4 address")]
    MappedVip(Ipv6Addr),
    /// The engine of the kernel's own, `sip`, reads UDP only
    /// (`ip_vs_pe_sip.c`).
    #[error("a persistence engine works for UDP only")]
    EngineNotUdp,
    /// Without persistence the kernel stores an engine and never asks it.
    #[error("a persistence engine needs a persistent service")]
    EngineNotPersistent,
    /// A scheduler or persistence-engine name becomes part of a module name
    /// (`request_module("ip_vs_%s")`), so only plain names are let through.
    #[error("`{name}` is not a {what} name: use 1 to 15 of a-z, 0-9 and _")]
    Name {
        /// `scheduler` or `persistence engine`.
        what: &'static str,
        /// What was given.
        name: String,
    },
    /// The other bits of that field are persistence, one-packet scheduling, and
    /// the kernel's own.
    #[error("scheduler flags {0:#x} are out of range: use 0x8, 0x10 and 0x20")]
    SchedulerFlags(u32),
    /// The text is not a word for a flag of a scheduler.
    #[error(
        "`{0}` is not a scheduler flag: use sh-fallback, sh-port, mh-fallback, mh-port, flag-1, \
         flag-2 or flag-3"
    )]
    SchedulerFlagText(String),
    /// The kernel reads the weight as `int` and refuses negative ones.
    #[error("weight {0} is out of range: use 0 to 2147483647")]
    Weight(i64),
    /// `upper` is an `int` to the kernel.
    #[error("upper threshold {0} is out of range: use 0 to 2147483647")]
    UpperThreshold(u32),
    /// A server that stops taking connections at `upper` could never start
    /// again at a higher `lower`.
    #[error("lower threshold {lower} is above upper threshold {upper}")]
    ThresholdsCrossed {
        /// Connections at which the server takes new ones again.
        lower: u32,
        /// Connections at which the server stops taking new ones.
        upper: u32,
    },
    /// The kernel multiplies by HZ into 32 bits and wraps without an error; 31
    /// days is the most that every kernel configuration can hold.
    #[error("persistence timeout {0} s is out of range: use 1 to 2678400 (31 days)")]
    PersistenceTimeout(u64),
    /// IPv6 persistence masks are prefix lengths.
    #[error("IPv6 persistence prefix {0} is out of range: use 1 to 128")]
    Ipv6Prefix(u8),
    /// IPv4 prefix lengths end at 32.
    #[error("IPv4 persistence prefix {0} is out of range: use 0 to 32")]
    Ipv4Prefix(u8),
    /// The text is neither a dotted mask nor a prefix length.
    #[error("`{0}` is not a netmask: expected 255.255.255.0, /24 or, for IPv6, 64")]
    NetmaskText(String),
    /// A mask of the other address family.
    #[error("the persistence netmask is for {mask}, but {service} is {family}")]
    NetmaskFamily {
        /// The service it was given for.
        service: ServiceKey,
        /// The service's family.
        family: AddressFamily,
        /// The mask's family.
        mask: AddressFamily,
    },
    /// The kernel takes these from nobody, or never finds a way to them.
    #[error("{address} cannot be a real server's address: it is {why}")]
    DestinationAddress {
        /// What was given.
        address: IpAddr,
        /// What it is instead of a unicast address.
        why: &'static str,
    },
    /// A real server in another family than its service works through tunnels
    /// only (`ip_vs_ctl.c: __ip_vs_new_dest`).
    #[error(
        "{destination} and {service} are of different address families: only tunnels carry that"
    )]
    MixedFamilies {
        /// The service.
        service: ServiceKey,
        /// The real server.
        destination: DestinationKey,
    },
    /// DR and TUN do not rewrite the packet: it arrives with the service's
    /// port whatever the real server's port says.
    #[error(
        "{method} cannot change the port: {destination} would receive packets for port {port} \
         (the port of {service})"
    )]
    PortRewrite {
        /// `dr`, `tun` or `local`.
        method: &'static str,
        /// The service.
        service: ServiceKey,
        /// Its port.
        port: u16,
        /// The real server with another port.
        destination: DestinationKey,
    },
    /// A method this library can read but does not know: connections would get
    /// no transmitter and pass by unbalanced.
    #[error("forwarding method {0} cannot be set: use dr, tun, nat or local")]
    ForwardingMethod(u32),
    /// The text is not a forwarding method.
    #[error("`{0}` is not a forwarding method: use dr, tun, nat or local")]
    ForwardingMethodText(String),
    /// The text is not a checksum of a GUE tunnel.
    #[error("`{0}` is not a tunnel's checksum: use none, outer or remote")]
    ChecksumText(String),
    /// A tunnel type this library can read but does not know.
    #[error("tunnel type {0} cannot be set: use ipip, gue or gre")]
    TunnelType(u8),
    /// Address, port and mark make an object what it is; another key is another
    /// object.
    #[error("an edit cannot change the key; add the new one and delete the old one")]
    KeyEdited,
    /// 0 means "leave it" to the kernel, and INT_MAX/HZ is the most it takes.
    #[error("timeout {0} s is out of range: use 1 to 2678400 (31 days)")]
    Timeout(u32),
    /// Not what `dev_valid_name` (`net/core/dev.c`) takes.
    #[error("`{0}` is not an interface name: use 1 to 15 bytes without blanks, `/` and `:`")]
    InterfaceName(String),
    /// The text is not the role of a sync daemon.
    #[error("`{0}` is not a sync daemon's role: use master or backup")]
    SyncRoleText(String),
    /// The kernel would take the nearest length it can use, without a word.
    #[error("a {role} sync daemon cannot send {length} bytes: use {least} to {most}")]
    SyncMaxLength {
        /// The daemon's role.
        role: SyncRole,
        /// What was given.
        length: u16,
        /// The least the kernel uses.
        least: u16,
        /// The most it uses.
        most: u16,
    },
    /// Sync daemons talk to a group.
    #[error("{0} is not a multicast address")]
    NotMulticast(IpAddr),
}
