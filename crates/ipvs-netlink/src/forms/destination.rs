// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;
use std::num::NonZeroU16;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{
    Connections, Destination, DestinationEntry, DestinationKey, ForwardingMethod, GueChecksum,
    Stats, Thresholds, Tunnel, Weight,
};

/// The word for what this library does not know.
const UNKNOWN: &str = "unknown";

#[derive(Serialize)]
struct DestinationForm {
    server: DestinationKey,
    address: IpAddr,
    port: u16,
    method: &'static str,
    tunnel: Option<Tunnel>,
    weight: Weight,
    upper_threshold: u32,
    lower_threshold: u32,
}

impl Serialize for Destination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = DestinationForm {
            server: self.key,
            address: self.key.address,
            port: self.key.port,
            method: self.forwarding.name().unwrap_or(UNKNOWN),
            tunnel: self.tunnel(),
            weight: self.weight,
            upper_threshold: self.thresholds.upper(),
            lower_threshold: self.thresholds.lower(),
        };
        form.serialize(serializer)
    }
}

#[derive(Deserialize)]
struct ReadDestination {
    server: DestinationKey,
    method: String,
    #[serde(default)]
    tunnel: Option<Tunnel>,
    #[serde(default = "one")]
    weight: Weight,
    #[serde(default)]
    upper_threshold: u32,
    #[serde(default)]
    lower_threshold: u32,
}

fn one() -> Weight {
    Weight::ONE
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = ReadDestination::deserialize(deserializer)?;
        let method = read.method.parse().map_err(D::Error::custom)?;
        let forwarding = match (method, read.tunnel) {
            (ForwardingMethod::Tunnel(_), Some(tunnel)) => ForwardingMethod::Tunnel(tunnel),
            (method, None) => method,
            (_, Some(_)) => {
                let text = format!("{} is no method with a tunnel", read.method);
                return Err(D::Error::custom(text));
            }
        };
        let thresholds = Thresholds::new(read.upper_threshold, read.lower_threshold);
        Ok(Self {
            weight: read.weight,
            thresholds: thresholds.map_err(D::Error::custom)?,
            ..Self::new(read.server, forwarding)
        })
    }
}

#[derive(Serialize, Deserialize)]
struct TunnelForm<W> {
    r#type: W,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    checksum: GueChecksum,
}

impl Serialize for Tunnel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (port, checksum) = match *self {
            Self::Gue { port, checksum } => (Some(port.get()), checksum),
            Self::Gre { checksum: true } => (None, GueChecksum::Outer),
            _ => (None, GueChecksum::None),
        };
        TunnelForm { r#type: self.name().unwrap_or(UNKNOWN), port, checksum }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Tunnel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let TunnelForm { r#type, port, checksum } =
            TunnelForm::<String>::deserialize(deserializer)?;
        match (r#type.as_str(), port.map(NonZeroU16::new), checksum) {
            ("ipip", None, GueChecksum::None) => Ok(Self::Ipip),
            ("gue", Some(Some(port)), checksum) => Ok(Self::Gue { port, checksum }),
            ("gre", None, GueChecksum::None) => Ok(Self::Gre { checksum: false }),
            ("gre", None, GueChecksum::Outer) => Ok(Self::Gre { checksum: true }),
            _ => Err(D::Error::custom(
                "no tunnel is so: ipip has neither port nor checksum, gue has a port, gre may \
                 have the checksum outer",
            )),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct DestinationEntryForm {
    #[serde(flatten)]
    destination: Destination,
    #[serde(default)]
    connections: Connections,
    #[serde(default)]
    stats: Stats,
}

impl Serialize for DestinationEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { destination, connections, stats, .. } = *self;
        DestinationEntryForm { destination, connections, stats }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DestinationEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let DestinationEntryForm { destination, connections, stats } =
            DestinationEntryForm::deserialize(deserializer)?;
        Ok(Self { connections, stats, ..destination.into() })
    }
}
