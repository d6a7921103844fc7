// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads mappings with known keys: unknown and doubled ones are told, with the key that was meant.

use foldhash::HashSet;

use super::problem::Found;
use super::syntax::IPV6;
use super::tree::{Scalar, Shape, Value};

/// Names a mapping and its keys.
pub(super) struct Keys<const N: usize> {
    /// As in "a service has no key".
    pub(super) of: &'static str,
    pub(super) names: [&'static str; N],
    /// What to say of some that stand elsewhere.
    pub(super) elsewhere: &'static [(&'static str, &'static str)],
}

/// What other programs, or people in a hurry, call them.
const SYNONYMS: &[(&[&str], &str)] = &[
    (&["mode", "forward", "forwarding", "lb_kind", "lvs_method", "fwd", "type"], "method"),
    (&["sched", "lb_algo", "lvs_sched", "algorithm", "algo", "balance"], "scheduler"),
    (&["flags", "sched_flags", "schedflags"], "scheduler_flags"),
    (&["persistence", "persist", "sticky", "persistence_timeout"], "persistent"),
    (&["pe", "pe_name", "persistence_engine"], "engine"),
    (&["ops", "onepacket"], "one_packet"),
    (&["real_servers", "reals", "backends", "destinations", "members", "rs"], "servers"),
    (&["real_server", "address", "ip", "rip", "host", "addr"], "server"),
    (&["virtual_server", "vip", "virtual", "listen"], "service"),
    (&["u_threshold", "max_connections", "maxconn", "upper"], "upper_threshold"),
    (&["l_threshold", "min_connections", "lower"], "lower_threshold"),
    (&["encapsulation", "encap", "tunnelling"], "tunnel"),
    (&["sync_id", "id"], "syncid"),
    (&["max_length", "sync_maxlen"], "maxlen"),
    (&["mcast_interface", "dev", "device", "iface"], "interface"),
    (&["mcast_group", "multicast_group"], "group"),
    (&["mcast_port"], "port"),
    (&["mcast_ttl"], "ttl"),
    (&["timeout_seconds", "seconds", "time"], "timeout"),
    (&["mask", "persistence_netmask", "granularity", "prefix"], "netmask"),
    (&["csum"], "checksum"),
    (&["kind"], "type"),
    (&["virtual_servers", "virtual_services"], "services"),
    (&["addresses", "virtual_addresses"], "vips"),
    (&["server_pools", "groups"], "pools"),
    (&["default"], "defaults"),
    (&["version"], "format"),
    (&["owned", "owns", "ownership"], "scope"),
    (&["dip", "dips", "vips", "gateway", "gateways"], "addresses"),
    (&["sysctl"], "sysctls"),
    (&["daemon", "sync", "sync_daemons"], "daemons"),
    (&["tcpfin", "fin", "finwait"], "tcp_fin"),
];

impl<const N: usize> Keys<N> {
    pub(super) const fn new(of: &'static str, names: [&'static str; N]) -> Self {
        Self { of, names, elsewhere: &[] }
    }

    fn hint(&self, name: &str) -> String {
        let elsewhere = self.elsewhere.iter().find(|(key, _)| *key == name);
        if let Some((_, why)) = elsewhere {
            return (*why).to_owned();
        }
        let lower = name.to_ascii_lowercase().replace('-', "_");
        let same = SYNONYMS.iter().filter(|(words, _)| words.contains(&lower.as_str()));
        let same = same.map(|(_, meant)| *meant).find(|meant| self.names.contains(meant));
        let near = || nearest(&lower, self.names.iter().copied());
        match same.or_else(near) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                let names = self.names.map(|name| format!("`{name}`"));
                format!("{} has {}", self.of, names.join(", "))
            }
        }
    }

    /// Reads the values by key, in the order of the keys; `None` if it is no mapping.
    pub(super) fn read<'t>(
        &self,
        value: Value<'t>,
        found: &mut Found,
    ) -> Option<[Option<Value<'t>>; N]> {
        let Shape::Map(mut entries) = value.shape() else {
            let is = match value.shape() {
                Shape::List(_) => "a list",
                _ => "one value",
            };
            let names = self.names.map(|name| format!("`{name}`"));
            let message = format!("{} is a mapping, and this is {is}", self.of);
            found.hinted(value.at(), message, format!("it has {}", names.join(", ")));
            return None;
        };
        let mut values = [None; N];
        let mut unknown = HashSet::default();
        while let (Some(key), Some(value)) = (entries.next(), entries.next()) {
            let Some(name) = key_text(key, found) else { continue };
            let place = self.names.iter().position(|known| *known == name);
            let again = match place.and_then(|place| values.get_mut(place)) {
                Some(slot) => slot.replace(value).is_some(),
                None if !unknown.insert(name) => true,
                None => {
                    let of = self.of;
                    found.hinted(key.at(), format!("{of} has no key `{name}`"), self.hint(name));
                    false
                }
            };
            if again {
                found.hinted(key.at(), format!("the key `{name}` is there twice"), "leave one out");
            }
            if found.is_full() {
                break;
            }
        }
        Some(values)
    }
}

/// Reads a key.
pub(super) fn key_text<'t>(key: Value<'t>, found: &mut Found) -> Option<&'t str> {
    let message = match key.shape() {
        Shape::Scalar(Scalar { text: "<<", is_plain: true }) => {
            found.hinted(
                key.at(),
                "`<<` merges in YAML 1.1 and is a key like any other in YAML 1.2",
                "use `defaults` and `pools`",
            );
            return None;
        }
        Shape::Scalar(Scalar { text: "", .. }) => "a key is empty",
        Shape::Scalar(scalar) => return Some(scalar.text),
        Shape::List(_) => "a list cannot be a key",
        Shape::Map(_) => "a mapping cannot be a key",
    };
    found.hinted(key.at(), message, IPV6);
    None
}

/// Returns the known word that is most like another one, if one is.
pub(super) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let likeness = known.map(|known| (strsim::jaro_winkler(word, known), known));
    let best = likeness.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness > 0.85).map(|(_, known)| known)
}
