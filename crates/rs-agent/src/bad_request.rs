// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says what is wrong with what was asked for, whatever the host is like.

use std::net::IpAddr;

use lvs_host::TunnelKind;

use crate::mode::Mode;

/// Says why a request makes no sense: exit status 2. `Display` is the "why"; [`BadRequest::hint`]
/// the way out. The text of each variant is its documentation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRequest {
    #[error("{option} {text:?} is not an IP address")]
    NotAnAddress { option: &'static str, text: String },
    #[error("{ip}/{prefix} is a whole subnet")]
    NotAHostPrefix { ip: IpAddr, prefix: u8 },
    #[error("{option} {ip} is {what}")]
    Unusable { option: &'static str, ip: IpAddr, what: &'static str },
    #[error("{option} {ip} is given twice")]
    Duplicate { option: &'static str, ip: IpAddr },
    #[error("{ip} is both {role} and {other}")]
    SameAddress { ip: IpAddr, role: &'static str, other: &'static str },
    #[error("--vip is missing")]
    NoVip,
    #[error("--mode is missing")]
    NoMode,
    #[error("with --config no other option says what this host is to be")]
    BesideConfig,
    #[error("{option} has no meaning in mode {mode}")]
    WrongMode { option: &'static str, mode: Mode },
    #[error("{0:?} is not an interface name")]
    BadDeviceName(String),
    #[error("--director {director} and RIP {rip} are of different address families")]
    MixedFamilies { director: IpAddr, rip: IpAddr },
    #[error("{option} {one} and {other} are of one address family")]
    TwoOfOneFamily { option: &'static str, one: IpAddr, other: IpAddr },
    #[error("one --tunnel-device cannot take what comes to these VIPs: it needs {0} and {1}")]
    TwoTunnels(TunnelKind, TunnelKind),
    #[error("{option} does not go with this --tunnel")]
    WrongTunnel { option: &'static str },
    #[error("--tunnel gue needs --tunnel-port")]
    NoTunnelPort,
    #[error("{0:?} is not a label")]
    BadLabel(String),
    #[error("cluster {0:?} is not an absolute path")]
    RelativePath(String),
    #[error("gre packets with checksum never come out of {0}")]
    FallbackChecksum(&'static str),
    #[error("ip6tnl0 takes no IPv4 out of IPv6, as {vip} needs")]
    FallbackInner { vip: IpAddr },
    #[error("mode nat needs to know the director")]
    NoDirector,
    #[error("nothing is set up here")]
    NothingToCheck,
    #[error("{0:?} is no rule")]
    NoRule(String),
    #[error("--port {0:?} is no port")]
    NoPort(String),
    #[error("{why}")]
    Form { why: &'static str, hint: &'static str },
}

impl BadRequest {
    /// Returns what the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NothingToCheck => {
                "say what this host should be: --mode dr --vip VIP, as for setup".to_owned()
            }
            Self::NoRule(_) => "rs-agent check --list-rules shows all".to_owned(),
            Self::Form { hint, .. } => (*hint).to_owned(),
            Self::NoPort(_) => "write it as 80, tcp/80 or udp/53".to_owned(),
            Self::NotAnAddress { option: "--client", .. } => {
                "write it as 198.51.100.7 or 198.51.100.0/24; names are not looked up".to_owned()
            }
            Self::NotAnAddress { .. } => {
                "write it as 192.0.2.10 or 2001:db8::10; names are not looked up".to_owned()
            }
            Self::NotAHostPrefix { ip, .. } => {
                format!("on a real server a VIP is a single address: --vip {ip}")
            }
            Self::Unusable { option: "--client", .. } => {
                "name a client or a network of clients".to_owned()
            }
            Self::Unusable { option: "--gateway", .. } => "name the director's DIP".to_owned(),
            Self::Unusable { .. } => "give a unicast address of a real network".to_owned(),
            Self::Duplicate { .. } => "name it once".to_owned(),
            Self::SameAddress { role: "RIP", .. } => {
                "the RIP is this host's own address, the director's DIP that of another host"
                    .to_owned()
            }
            Self::SameAddress { .. } => {
                "the VIP is the address clients use; it belongs to no single host".to_owned()
            }
            Self::NoMode => {
                "give --mode dr, tun or nat, or --config FILE, or --cluster FILE".to_owned()
            }
            Self::BesideConfig => "write it into the file".to_owned(),
            Self::NoVip => "name it: --vip 192.0.2.10".to_owned(),
            Self::WrongMode { option, .. } => {
                format!("leave {option} out, or see rs-agent setup --help")
            }
            Self::BadDeviceName(_) => {
                "1 to 15 bytes without space, '/', ':' and '%', and not 'all' or 'default'"
                    .to_owned()
            }
            Self::MixedFamilies { .. } => {
                "the outer packet goes from director to RIP: for each director a RIP of its family"
                    .to_owned()
            }
            Self::TwoOfOneFamily { .. } => {
                "give one address, or one of IPv4 and one of IPv6".to_owned()
            }
            Self::TwoTunnels(one, other) => {
                format!("leave --tunnel-device out: rs-{one} and rs-{other} are made")
            }
            Self::NoDirector => {
                "give --director DIP to check the route, or --gateway DIP to set it".to_owned()
            }
            Self::WrongTunnel { option: "--checksum" } => {
                "--checksum is for --tunnel gre; gue takes packets with and without".to_owned()
            }
            Self::WrongTunnel { .. } => "--tunnel-port is for --tunnel gue".to_owned(),
            Self::NoTunnelPort => {
                "--tunnel-port PORT, that of the director's --tun-port".to_owned()
            }
            Self::RelativePath(_) => "write it from / on".to_owned(),
            Self::BadLabel(_) => "1 to 15 bytes without space, as in lo:vip".to_owned(),
            Self::FallbackChecksum(_) | Self::FallbackInner { .. } => {
                "leave --fallback-devices out: a device of our own is made".to_owned()
            }
        }
    }
}
