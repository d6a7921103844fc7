// SPDX-License-Identifier: MIT OR Apache-2.0

use std::num::NonZeroU16;

use ipvs_netlink::{
    Destination, DestinationKey, ForwardingMethod, GueChecksum, Invalid, Tunnel, Weight, unchecked,
};
use serde::{Deserialize, Serialize};

use super::is_zero;
use crate::file::text;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::file) struct ServerObject {
    #[serde(with = "text::key")]
    server: DestinationKey,
    method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tunnel: Option<TunnelObject>,
    #[serde(default = "one")]
    weight: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    upper_threshold: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    lower_threshold: u32,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TunnelObject {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::optional")]
    checksum: Option<GueChecksum>,
    /// Of types without a name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flags: Option<u16>,
}

fn one() -> u32 {
    1
}

impl From<&Destination> for ServerObject {
    fn from(server: &Destination) -> Self {
        Self {
            server: server.key,
            method: server.forwarding.to_string(),
            tunnel: server.tunnel().map(TunnelObject::from),
            weight: server.weight.get(),
            upper_threshold: server.thresholds.upper(),
            lower_threshold: server.thresholds.lower(),
        }
    }
}

impl ServerObject {
    pub(in crate::file) fn into_model(self) -> Result<Destination, String> {
        let words = |invalid: Invalid| invalid.to_string();
        let method = self.method.parse().map_err(words)?;
        let forwarding = match (method, self.tunnel) {
            (method, None) => method,
            (ForwardingMethod::Tunnel(_), Some(tunnel)) => {
                ForwardingMethod::Tunnel(tunnel.into_model()?)
            }
            (_, Some(_)) => return Err(format!("the method {} has no tunnel", self.method)),
        };
        let mut server = Destination::new(self.server, forwarding);
        server.weight = Weight::new(self.weight).map_err(words)?;
        let (upper, lower) = (self.upper_threshold, self.lower_threshold);
        // The kernel takes them in no other order; a large one some kernels take.
        if lower > upper {
            return Err(words(Invalid::ThresholdsCrossed { lower, upper }));
        }
        server.thresholds = unchecked::thresholds(upper, lower);
        Ok(server)
    }
}

impl From<Tunnel> for TunnelObject {
    fn from(tunnel: Tunnel) -> Self {
        let named = |kind: &str, port, checksum| Self {
            kind: kind.to_owned(),
            port,
            checksum,
            flags: None,
        };
        match tunnel {
            Tunnel::Ipip => named("ipip", None, None),
            Tunnel::Gue { port, checksum } => named("gue", Some(port.get()), Some(checksum)),
            Tunnel::Gre { checksum } => {
                let checksum = if checksum { GueChecksum::Outer } else { GueChecksum::None };
                named("gre", None, Some(checksum))
            }
            Tunnel::Other { kind, port, flags } => Self {
                kind: format!("type-{kind}"),
                port: Some(port),
                checksum: None,
                flags: Some(flags),
            },
            _ => named("unknown", None, None),
        }
    }
}

impl TunnelObject {
    fn into_model(self) -> Result<Tunnel, String> {
        let Self { kind, port, checksum, flags } = self;
        match (kind.as_str(), port, checksum.unwrap_or(GueChecksum::None), flags) {
            ("ipip", None, GueChecksum::None, None) => Ok(Tunnel::Ipip),
            ("gre", None, GueChecksum::None, None) => Ok(Tunnel::Gre { checksum: false }),
            ("gre", None, GueChecksum::Outer, None) => Ok(Tunnel::Gre { checksum: true }),
            ("gue", port, checksum, None) => {
                let port = port.and_then(NonZeroU16::new).ok_or("a gue tunnel needs a port")?;
                Ok(Tunnel::Gue { port, checksum })
            }
            ("ipip" | "gre", Some(_), ..) => Err(format!("{kind} tunnels have no port")),
            ("ipip" | "gre", _, checksum, None) => {
                Err(format!("{kind} tunnels have no checksum `{checksum}`"))
            }
            ("ipip" | "gre" | "gue", ..) => Err(format!("{kind} tunnels have no flags")),
            (_, port, GueChecksum::None, Some(flags)) if kind.starts_with("type-") => {
                let number = kind.trim_start_matches("type-").parse();
                let kind = number.map_err(|_| format!("`{kind}` is not a type of tunnel"))?;
                Ok(Tunnel::Other { kind, port: port.unwrap_or(0), flags })
            }
            _ => Err(format!("a tunnel of type `{kind}` cannot be set: use ipip, gue or gre")),
        }
    }
}
