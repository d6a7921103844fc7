// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says what is refused before anything is changed, and what to do instead.

use std::net::IpAddr;

use lvs_host::SysctlKey;
use lvs_term::few;

use crate::bad_request::BadRequest;
use crate::mode::Mode;
use crate::request::Scope;
use crate::shell;
use crate::tunnel::Listener;
use crate::unfit::Unfit;

/// Gives a reason not to begin: a request that no host could meet, or a host that cannot meet it.
/// `Display` is the "why"; [`Refusal::hint`] the way out. The text of each variant is its
/// documentation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// What was typed makes no sense on any host.
    #[error(transparent)]
    Request(#[from] BadRequest),
    /// The cluster's file does not make a real server of this host.
    #[error(transparent)]
    Cluster(#[from] Unfit),
    #[error("this host is set up as {0}")]
    OtherMode(Mode),
    #[error("{vip} is set up with {now}, not {asked}")]
    OtherTunnel { vip: IpAddr, now: String, asked: String },
    #[error("it is set up with {now}, not RIP {rip} for {vip}")]
    OtherRip { vip: IpAddr, now: String, rip: IpAddr },
    #[error("it is set up with gateway {now}, not {asked}")]
    OtherGateway { now: IpAddr, asked: IpAddr },
    #[error("it is set up for {now}, not {asked}")]
    OtherEncapsulation { now: String, asked: String },
    #[error("it is set up with scope {now}, not {asked}")]
    OtherScope { now: Scope, asked: Scope },
    #[error("it is set up with {now}, not {asked}, as the VIPs' device")]
    OtherCarrier { now: String, asked: String },
    #[error("label {label:?} does not begin with {device}, the VIPs' device")]
    OtherLabel { label: String, device: String },
    #[error("{0} is not there")]
    NoFallback(&'static str, &'static str),
    #[error("{device} has {ip}: it is somebody else's")]
    FallbackTaken { device: String, ip: IpAddr },
    #[error("this kernel has no GUE: module fou is not loaded")]
    NoFou,
    #[error("{0} is taken by another kind of `ip fou` port")]
    PortTaken(Listener),
    #[error("{vip} is on {device}, which answers for it whatever is set")]
    OnNic { vip: IpAddr, named: String, device: String },
    #[error("{vip} is this host's own address on {device}")]
    OwnAddress { vip: IpAddr, device: String },
    #[error("{named} on {device} {}", of_subnet(*.vip, .device))]
    WidePrefix { vip: IpAddr, named: String, device: String },
    #[error("{vip} is local here, on {device}: in mode nat only the director has the VIP")]
    VipOnNatServer { vip: IpAddr, device: String },
    #[error("{role} {ip} is the broadcast address of {device}'s subnet")]
    Broadcast { role: &'static str, ip: IpAddr, device: String },
    #[error("{vip} is the other end of this host's address {ip} on {device}")]
    OtherEnd { vip: IpAddr, ip: IpAddr, device: String },
    #[error("{role} {ip} is the gateway of this host's default route")]
    IsGateway { role: &'static str, ip: IpAddr },
    #[error("{0} is no interface of this host")]
    NoDevice(String),
    #[error("{0} answers ARP: a VIP on it would be announced")]
    CarrierAnswersArp(String),
    #[error(
        "a VIP on {device} is only for what comes in by interfaces of VRF {vrf}: {} is in none, or \
         in another", few(.nics, 3)
    )]
    CarrierInVrf { device: String, vrf: String, nics: Vec<String> },
    #[error("{0} is down")]
    CarrierDown(String),
    #[error("{device} answers no ARP at all: effective {key} is {value}")]
    ArpSilent { device: String, key: SysctlKey, value: i32 },
    #[error("{device} would not hide the VIP: effective {key} is {value}, which Linux treats as 0")]
    ArpMeaningless { device: String, key: SysctlKey, value: i32 },
    #[error("{vip} has scope {scope} and {key} is 3, which hides only scope host")]
    ArpScope { vip: IpAddr, scope: String, key: SysctlKey },
    #[error("{0} is not there")]
    NoSysctl(SysctlKey),
    #[error("IPv6 is off: {0} is 1")]
    Ipv6Off(SysctlKey),
    #[error("this kernel has no IPv6")]
    NoIpv6,
    #[error("the RIP is not clear: {0}")]
    RipUnclear(String),
    #[error("{name} is there already as {is}, not {wanted}")]
    DeviceTaken { name: String, is: String, wanted: String },
    #[error("{name} already receives {tunnel}")]
    EndpointTaken { name: String, tunnel: String },
    #[error("{0} is an address of this host, so it is no director's")]
    DirectorIsHere(IpAddr),
    #[error("{0} is not on a network of this host, so it is no gateway")]
    GatewayFar(IpAddr),
    #[error("several default routes have metric {0}")]
    ManyDefaults(u32),
    #[error("replies to {clients} do not go through the director: the route is {route}")]
    NotThroughDirector { clients: String, route: String },
}

/// What an address with the prefix of a subnet does on that device.
fn of_subnet(vip: IpAddr, device: &str) -> &'static str {
    match vip.is_ipv4() && device == "lo" {
        true => "makes its whole subnet local to this host",
        false => "competes with the route to its subnet",
    }
}

/// What makes a single address of it, which stays local meanwhile. A device has an IPv6 address
/// only once.
fn narrow(vip: IpAddr, named: &str, device: &str) -> String {
    let device = shell::word(device);
    let gone = format!("ip addr del {named} dev {device}");
    if vip.is_ipv4() {
        return format!("ip addr add {vip}/32 dev {device} scope host && {gone}");
    }
    let route = format!("local {vip} dev lo table local metric 1");
    format!(
        "ip -6 route add {route} && {gone}; then setup again, which adds the single address, and \
         ip -6 route del {route}"
    )
}

impl Refusal {
    /// Returns whether the command line itself is at fault (exit status 2), rather than the state
    /// of the host (exit status 1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Request(_) => true,
            Self::Cluster(unfit) => !unfit.may_pass(),
            _ => false,
        }
    }

    /// Returns whether it may pass without anybody changing the request: while a host starts, its
    /// interfaces, addresses and routes are still to come.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Cluster(unfit) => unfit.may_pass(),
            Self::NoDevice(_)
            | Self::CarrierDown(_)
            | Self::CarrierInVrf { .. }
            | Self::RipUnclear(_)
            | Self::GatewayFar(_)
            | Self::NotThroughDirector { .. } => true,
            _ => false,
        }
    }

    /// Returns what the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Request(bad) => bad.hint(),
            Self::Cluster(unfit) => unfit.hint(),
            Self::OtherMode(_)
            | Self::OtherTunnel { .. }
            | Self::OtherRip { .. }
            | Self::OtherGateway { .. }
            | Self::OtherEncapsulation { .. }
            | Self::OtherScope { .. }
            | Self::OtherCarrier { .. } => "run rs-agent teardown first".to_owned(),
            Self::OtherLabel { device, .. } => {
                format!("as in --label {}", shell::word(&format!("{device}:vip")))
            }
            Self::NoFallback(_, module) => format!(
                "modprobe {module}; where net.core.fb_tunnels_only_for_init_net is set, only the \
                 host itself has it: leave --fallback-devices out"
            ),
            Self::FallbackTaken { .. } => {
                "leave --fallback-devices out: a device of our own is made".to_owned()
            }
            Self::NoFou => {
                "modprobe fou; for the next boot: echo fou >/etc/modules-load.d/fou.conf".to_owned()
            }
            Self::PortTaken(at) => {
                format!("{} fou show; another --tunnel-port", at.family.ip_command())
            }
            Self::OnNic { named, device, .. } => format!(
                "if this host is a director of it, too: --also-director; if it was put there by \
                 mistake: ip addr del {named} dev {}",
                shell::word(device)
            ),
            Self::OwnAddress { .. } => {
                "give the service an address of its own; if this host has this one as its \
                 director: --also-director"
                    .to_owned()
            }
            Self::WidePrefix { vip, named, device } => narrow(*vip, named, device),
            Self::VipOnNatServer { vip, device } => {
                format!("ip addr del {vip} dev {}", shell::word(device))
            }
            Self::Broadcast { role: "RIP", .. } | Self::IsGateway { role: "RIP", .. } => {
                "name the address of this host that the director sends to".to_owned()
            }
            Self::Broadcast { role: "gateway", .. } => "name the director's DIP".to_owned(),
            Self::Broadcast { role: "director", .. } => {
                "name the address from which the director sends, its DIP".to_owned()
            }
            Self::Broadcast { .. } | Self::IsGateway { .. } | Self::OtherEnd { .. } => {
                "choose another VIP".to_owned()
            }
            Self::NoDevice(_) => {
                "ip link shows the interfaces; --create-carrier makes a dummy device".to_owned()
            }
            Self::CarrierAnswersArp(_) => "use lo (the default) or a dummy device".to_owned(),
            Self::CarrierInVrf { .. } => {
                "use lo (the default), which is for all interfaces, or a device of their VRF"
                    .to_owned()
            }
            Self::CarrierDown(device) => format!("ip link set {} up", shell::device(device)),
            Self::ArpSilent { key, .. } | Self::ArpMeaningless { key, .. } => {
                let wanted = if key.to_string().ends_with("arp_announce") { 2 } else { 1 };
                shell::set(key, wanted)
            }
            Self::ArpScope { key, scope, .. } if scope.starts_with("host") => shell::set(key, 1),
            Self::ArpScope { key, .. } => {
                format!(
                    "{}, or scope host for the VIP, which is what setup adds without --scope",
                    shell::set(key, 1)
                )
            }
            Self::NoSysctl(_) => {
                "is /proc mounted, and is this the right network namespace?".to_owned()
            }
            Self::Ipv6Off(key) => shell::set(key, 0),
            Self::NoIpv6 => "give IPv4 addresses only".to_owned(),
            Self::RipUnclear(_) => {
                "give --rip with the address the director sends to, or with one of each family"
                    .to_owned()
            }
            Self::DeviceTaken { .. } => "give another name with --tunnel-device".to_owned(),
            Self::EndpointTaken { name, .. } => {
                format!("use it: --tunnel-device {}", shell::word(name))
            }
            Self::DirectorIsHere(_) => {
                "name the address from which the director sends, its DIP; --also-director if this \
                 host is one"
                    .to_owned()
            }
            Self::GatewayFar(_) => "a gateway must be reachable without another gateway".to_owned(),
            Self::ManyDefaults(_) => "remove all but one: ip route show default".to_owned(),
            Self::NotThroughDirector { .. } => {
                "give --gateway DIP to set the default route, or route the clients via the director"
                    .to_owned()
            }
        }
    }
}
