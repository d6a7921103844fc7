// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use ipvs_netlink::{DestinationKey, ServiceKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names services, and servers of each: what is owned, or what a change may touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Objects(pub(crate) BTreeMap<ServiceKey, BTreeSet<DestinationKey>>);

/// The form in the file: texts.
#[derive(Serialize, Deserialize)]
struct Texts {
    services: BTreeMap<String, Vec<String>>,
}

impl Objects {
    /// Adds a service.
    pub(crate) fn add_service(&mut self, service: ServiceKey) {
        self.0.entry(service).or_default();
    }

    /// Adds a server, and its service.
    pub(crate) fn add_server(&mut self, service: ServiceKey, server: DestinationKey) {
        self.0.entry(service).or_default().insert(server);
    }

    /// Adds all of them.
    pub(crate) fn add_all(&mut self, others: &Self) {
        for (service, servers) in &others.0 {
            self.0.entry(*service).or_default().extend(servers);
        }
    }
}

impl Serialize for Objects {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let texts = |servers: &BTreeSet<_>| servers.iter().map(ToString::to_string).collect();
        let services = self.0.iter().map(|(key, servers)| (key.to_string(), texts(servers)));
        Texts { services: services.collect() }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Objects {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Texts { services } = Texts::deserialize(from)?;
        let mut objects = Self::default();
        for (service, servers) in services {
            let servers = servers.iter().map(|text| parsed(text)).collect::<Result<_, _>>()?;
            objects.0.insert(parsed(&service)?, servers);
        }
        Ok(objects)
    }
}

fn parsed<T: FromStr<Err: Display>, E: serde::de::Error>(text: &str) -> Result<T, E> {
    text.parse().map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let mut objects = Objects::default();
        objects.add_service("fwmark/7/ipv6".parse().unwrap());
        for server in ["10.0.0.1:80", "10.0.0.2:8080"] {
            objects.add_server("tcp/192.0.2.1:80".parse().unwrap(), server.parse().unwrap());
        }
        let text = serde_json::to_string(&objects).unwrap();
        assert_eq!(
            text,
            r#"{"services":{"fwmark/7/ipv6":[],"tcp/192.0.2.1:80":["10.0.0.1:80","10.0.0.2:8080"]}}"#
        );
        assert_eq!(serde_json::from_str::<Objects>(&text).unwrap(), objects);
        let bad = serde_json::from_str::<Objects>(r#"{"services":{"tcp/x":[]}}"#);
        assert!(bad.unwrap_err().to_string().contains("tcp/x"));
    }
}
