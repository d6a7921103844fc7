// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what was asked for on the command line, checked as far as that goes without looking at the
//! host.

mod list;
mod network;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use lvs_host::escaped;
use serde::{Deserialize, Serialize};

pub use self::list::{addresses, list, vips};
pub use self::network::Network;
use crate::bad_request::BadRequest;
use crate::facts::{Family, of_family};
use crate::mode::Mode;
use crate::tunnel::Encapsulation;

/// Holds a checked request. The meaning of each field is that of the option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub mode: Mode,
    pub vips: Vec<IpAddr>,
    pub rips: Vec<IpAddr>,
    pub directors: Vec<IpAddr>,
    pub carrier: Option<String>,
    pub create_carrier: bool,
    pub scope: Option<Scope>,
    pub label: Option<String>,
    pub also_director: bool,
    pub encapsulation: Option<Encapsulation>,
    pub tunnel_device: Option<String>,
    pub fallback_devices: bool,
    pub gateways: Vec<IpAddr>,
    pub client: Option<Network>,
}

/// Names the scope of an IPv4 VIP, `RT_SCOPE_*` of include/uapi/linux/rtnetlink.h.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Never chosen as the source of a connection of this host's own
    #[default]
    Host,
    /// An address like any other
    Global,
    /// Chosen as a source towards neighbours only
    Link,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::Global => "global",
            Self::Link => "link",
        })
    }
}

impl From<Scope> for lvs_host::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Host => Self::Host,
            Scope::Link => Self::Link,
            Scope::Global => Self::Global,
        }
    }
}

/// Names the director's `--tun-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TunnelType {
    /// An IP header; the director's default
    Ipip,
    /// GRE; see --checksum
    Gre,
    /// GUE in UDP; needs --tunnel-port
    Gue,
}

/// Holds the options as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed<'a> {
    pub vips: &'a [String],
    pub rips: &'a [String],
    pub directors: &'a [String],
    pub carrier: Option<&'a str>,
    pub create_carrier: bool,
    pub scope: Option<Scope>,
    pub label: Option<&'a str>,
    pub also_director: bool,
    pub tunnel: Option<TunnelType>,
    pub checksum: bool,
    pub tunnel_port: Option<u16>,
    pub tunnel_device: Option<&'a str>,
    pub fallback_devices: bool,
    pub gateways: &'a [String],
    pub client: Option<&'a str>,
}

impl Request {
    /// Checks everything that needs no look at the host.
    ///
    /// # Errors
    /// A [`BadRequest`] about what was typed.
    pub fn check(mode: Mode, typed: &Typed<'_>) -> Result<Self, BadRequest> {
        let vips = vips(typed.vips)?;
        let request = Self {
            mode,
            rips: addresses("--rip", typed.rips)?,
            directors: addresses("--director", typed.directors)?,
            carrier: typed.carrier.map(device_name).transpose()?,
            create_carrier: typed.create_carrier,
            scope: typed.scope,
            label: typed.label.map(label).transpose()?,
            also_director: typed.also_director,
            encapsulation: encapsulation(typed.tunnel, typed.checksum, typed.tunnel_port)?,
            fallback_devices: typed.fallback_devices,
            tunnel_device: typed.tunnel_device.map(device_name).transpose()?,
            gateways: addresses("--gateway", typed.gateways)?,
            client: typed.client.map(Network::parse).transpose()?,
            vips,
        };
        request.check_mode()?;
        request.check_distinct()?;
        Ok(request)
    }

    fn check_mode(&self) -> Result<(), BadRequest> {
        let mode = self.mode;
        let given = [
            ("--carrier", self.carrier.is_some(), mode == Mode::Dr),
            ("--create-carrier", self.create_carrier, mode == Mode::Dr),
            ("--scope", self.scope.is_some(), mode != Mode::Nat),
            ("--label", self.label.is_some(), mode != Mode::Nat),
            ("--also-director", self.also_director, mode != Mode::Nat),
            ("--tunnel", self.encapsulation.is_some(), mode == Mode::Tun),
            ("--tunnel-device", self.tunnel_device.is_some(), mode == Mode::Tun),
            ("--fallback-devices", self.fallback_devices, mode == Mode::Tun),
            ("--gateway", !self.gateways.is_empty(), mode == Mode::Nat),
            ("--client", self.client.is_some(), mode == Mode::Nat),
            ("--rip", !self.rips.is_empty(), mode != Mode::Nat),
        ];
        if let Some((option, ..)) = given.into_iter().find(|(_, given, fits)| *given && !fits) {
            return Err(BadRequest::WrongMode { option, mode });
        }
        if mode == Mode::Nat && self.directors.is_empty() && self.gateways.is_empty() {
            return Err(BadRequest::NoDirector);
        }
        if mode != Mode::Nat && self.vips.is_empty() {
            return Err(BadRequest::NoVip);
        }
        let stray = |director: &&IpAddr| of_family(&self.rips, Family::of(**director)).is_none();
        match (mode, self.rips.first(), self.directors.iter().find(stray)) {
            (Mode::Tun, Some(&rip), Some(&director)) => {
                Err(BadRequest::MixedFamilies { director, rip })
            }
            _ => Ok(()),
        }
    }

    fn check_distinct(&self) -> Result<(), BadRequest> {
        distinct(&self.vips, &self.rips, &self.directors, &self.gateways)
    }
}

/// Checks that no address has two roles that exclude each other.
///
/// # Errors
/// [`BadRequest::SameAddress`], the first one.
pub fn distinct(
    vips: &[IpAddr],
    rips: &[IpAddr],
    directors: &[IpAddr],
    gateways: &[IpAddr],
) -> Result<(), BadRequest> {
    let others = [("RIP", rips), ("director address", directors), ("gateway", gateways)];
    for &ip in vips {
        if let Some(&(other, _)) = others.iter().find(|(_, ips)| ips.contains(&ip)) {
            return Err(BadRequest::SameAddress { ip, role: "VIP", other });
        }
    }
    match rips.iter().find(|rip| directors.contains(rip)) {
        Some(&ip) => Err(BadRequest::SameAddress { ip, role: "RIP", other: "director address" }),
        None => Ok(()),
    }
}

/// Values as an option has them.
#[cfg(test)]
pub(crate) fn texts(values: &[&str]) -> &'static [String] {
    values.iter().map(ToString::to_string).collect::<Vec<String>>().leak()
}

/// Returns the three options that describe the encapsulation, as one.
///
/// # Errors
/// A [`BadRequest`] if they do not go together.
pub fn encapsulation(
    tunnel: Option<TunnelType>,
    checksum: bool,
    port: Option<u16>,
) -> Result<Option<Encapsulation>, BadRequest> {
    let misfit = |option| Err(BadRequest::WrongTunnel { option });
    match (tunnel, checksum, port) {
        (Some(TunnelType::Gre), _, Some(_)) | (None | Some(TunnelType::Ipip), _, Some(_)) => {
            misfit("--tunnel-port")
        }
        (None | Some(TunnelType::Ipip | TunnelType::Gue), true, _) => misfit("--checksum"),
        (Some(TunnelType::Gue), false, None) => Err(BadRequest::NoTunnelPort),
        (Some(TunnelType::Gue), false, Some(port)) => Ok(Some(Encapsulation::Gue { port })),
        (Some(TunnelType::Gre), checksum, None) => Ok(Some(Encapsulation::Gre { checksum })),
        (Some(TunnelType::Ipip), false, None) => Ok(Some(Encapsulation::Ipip)),
        (None, false, None) => Ok(None),
    }
}

/// A label is a C string of at most 15 bytes (`IFA_LABEL` in net/ipv4/devinet.c); that it
/// begins with the device's name is checked once that is known.
fn label(text: &str) -> Result<String, BadRequest> {
    let good = (1..=15).contains(&escaped::bytes(text).len())
        && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if good { Ok(text.to_owned()) } else { Err(BadRequest::BadLabel(text.to_owned())) }
}

/// Checks one value of one option, named without its dashes.
///
/// # Errors
/// A [`BadRequest`] about the value.
pub fn value(option: &str, text: &str) -> Result<(), BadRequest> {
    match option {
        "vip" => vip(text).map(drop),
        "rip" => host_address("--rip", text).map(drop),
        "director" => host_address("--director", text).map(drop),
        "gateway" => host_address("--gateway", text).map(drop),
        "client" => Network::parse(text).map(drop),
        "carrier" | "tunnel-device" => device_name(text).map(drop),
        "label" => label(text).map(drop),
        // A service is started in no folder of its own.
        "cluster" if !text.starts_with('/') => Err(BadRequest::RelativePath(text.to_owned())),
        _ => Ok(()),
    }
}

/// A VIP may be written with its prefix length, but only with that of one address:
/// an address on `lo` makes every address of its prefix local (fib_frontend.c,
/// `fib_add_ifaddr`), so VIP/24 would cut this host off from its own subnet.
fn vip(text: &str) -> Result<IpAddr, BadRequest> {
    let Some((address, prefix)) = text.split_once('/') else {
        return host_address("--vip", text);
    };
    let ip = host_address("--vip", address)?;
    match prefix.parse::<u8>() {
        Ok(prefix) if prefix == crate::facts::host_prefix(ip) => Ok(ip),
        Ok(prefix) if prefix < crate::facts::host_prefix(ip) => {
            Err(BadRequest::NotAHostPrefix { ip, prefix })
        }
        _ => Err(BadRequest::NotAnAddress { option: "--vip", text: text.to_owned() }),
    }
}

fn host_address(option: &'static str, text: &str) -> Result<IpAddr, BadRequest> {
    let ip = IpAddr::from_str(text)
        .map_err(|_| BadRequest::NotAnAddress { option, text: text.to_owned() })?;
    let what = match ip {
        IpAddr::V4(ip) => unusable_v4(ip),
        IpAddr::V6(ip) => unusable_v6(ip),
    };
    match what {
        Some(what) => Err(BadRequest::Unusable { option, ip, what }),
        None => Ok(ip),
    }
}

fn unusable_v4(ip: Ipv4Addr) -> Option<&'static str> {
    if ip.is_unspecified() {
        Some("the unspecified address")
    } else if ip.octets()[0] == 0 {
        Some("in 0.0.0.0/8, which names no host")
    } else if ip.is_loopback() {
        Some("a loopback address")
    } else if ip.is_link_local() {
        Some("a link-local address")
    } else if ip.is_multicast() {
        Some("a multicast address")
    } else if ip.is_broadcast() {
        Some("the broadcast address")
    } else {
        None
    }
}

fn unusable_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if ip.is_unspecified() {
        Some("the unspecified address")
    } else if ip.is_loopback() {
        Some("the loopback address")
    } else if ip.is_unicast_link_local() {
        Some("a link-local address")
    } else if ip.is_multicast() {
        Some("a multicast address")
    } else if ip.to_ipv4_mapped().is_some() {
        Some("an IPv4 address in IPv6 form")
    } else {
        None
    }
}

/// What the kernel takes as a name (`dev_valid_name`, net/core/dev.c), less `%`,
/// which it would expand to a number, and less the names that mean something else
/// in `/proc/sys/net/ipv4/conf`. One that is no UTF-8 is written as [`escaped`] has it.
fn device_name(name: &str) -> Result<String, BadRequest> {
    let good = (1..=15).contains(&escaped::bytes(name).len())
        && !matches!(name, "." | ".." | "all" | "default")
        && !name.contains(|c: char| c.is_whitespace() || c.is_control() || "/:%".contains(c));
    if good { Ok(name.to_owned()) } else { Err(BadRequest::BadDeviceName(name.to_owned())) }
}
