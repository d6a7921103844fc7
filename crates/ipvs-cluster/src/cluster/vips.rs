// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads the names of VIPs, and the texts in which VIPs stand: services, and lists of addresses.

use std::net::{IpAddr, Ipv6Addr};

use foldhash::{HashMap, HashSet};
use ipvs_netlink::{DestinationKey, Protocol, ServiceKey};

use super::address::{self, Wrong};
use super::keys::{key_text, nearest};
use super::problem::{Found, Place};
use super::tree::{Shape, Value};

/// Holds the VIPs that have names.
#[derive(Default)]
pub(super) struct Vips<'t> {
    by_name: HashMap<&'t str, Vip>,
}

struct Vip {
    at: Place,
    addresses: Vec<IpAddr>,
    is_used: bool,
}

impl<'t> Vips<'t> {
    pub(super) fn read(value: Option<Value<'t>>, found: &mut Found) -> Self {
        let mut vips = Self::default();
        let Some(value) = value else { return vips };
        let Shape::Map(mut entries) = value.shape() else {
            found.hinted(value.at(), "`vips` is no mapping", "write `NAME: ADDRESS` in each line");
            return vips;
        };
        while let (Some(key), Some(value)) = (entries.next(), entries.next()) {
            if key_text(key, found).is_none() {
                continue;
            }
            let Some(name) = key.name("VIP", found) else { continue };
            let addresses = addresses(value, "VIP", found);
            let vip = Vip { at: key.at(), addresses, is_used: false };
            if let Some(first) = vips.by_name.insert(name, vip) {
                let message = format!("the VIP `{name}` is there already, in {}", first.at);
                found.hinted(key.at(), message, "leave one out, or write its addresses as a list");
            }
        }
        vips
    }

    /// Returns the addresses of a name.
    fn find(&mut self, name: &str) -> Result<Vec<IpAddr>, Wrong> {
        if let Some(vip) = self.by_name.get_mut(name) {
            vip.is_used = true;
            return Ok(vip.addresses.clone());
        }
        let names = self.by_name.keys().copied();
        let hint = match nearest(name, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "use a name of `vips`, or an address; IPv6 in brackets: [2001:db8::10]".into(),
        };
        Err(Wrong::new(format!("there is no VIP `{name}`"), hint))
    }

    /// Reads VIPs by name or address.
    pub(super) fn several(
        &mut self,
        value: Value<'_>,
        what: &str,
        found: &mut Found,
    ) -> Vec<IpAddr> {
        let mut all = Vec::new();
        for item in value.items() {
            let Some(text) = item.text(what, found) else { continue };
            match text.parse().map_or_else(|_| self.find(text), |address| Ok(vec![address])) {
                Ok(addresses) => all.extend(addresses),
                Err(Wrong { message, hint }) => found.hinted(item.at(), message, hint),
            }
        }
        all
    }

    /// Reads the text of a service: those that it names, each protocol, VIP and port.
    pub(super) fn services(&mut self, text: &str) -> Result<Vec<ServiceKey>, Wrong> {
        const FORMS: &str = "use PROTOCOL/VIP:PORT or fwmark/NUMBER[/ipv6], as in tcp/shop:80,443";
        let wrong = || Wrong::new(format!("`{text}` is not a service"), FORMS);
        let (kind, rest) = text.split_once('/').ok_or_else(wrong)?;
        if kind == "fwmark" {
            let key = text.parse().map_err(|why: ipvs_netlink::Invalid| {
                Wrong::new(why.to_string(), "use fwmark/NUMBER[/ipv6]")
            })?;
            return Ok(vec![key]);
        }
        let protocol: Protocol = kind
            .parse()
            .map_err(|why: ipvs_netlink::Invalid| Wrong::new(why.to_string(), FORMS))?;
        let (vip, behind) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or_else(wrong)?,
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        let Some(ports) = behind.strip_prefix(':') else {
            if behind.is_empty() {
                let message = format!("`{text}` has no port");
                return Err(Wrong::new(message, format!("write {text}:80; 0 means all ports")));
            }
            return Err(wrong());
        };
        if ports.contains(':') {
            let message = format!("`{text}` has an IPv6 address without brackets");
            let meant = match DestinationKey::without_brackets(rest) {
                Some(meant) => format!("did you mean {kind}/{meant}?"),
                None => format!("write {kind}/[ADDRESS]:PORT"),
            };
            return Err(Wrong::new(message, meant));
        }
        let addresses = match (rest.starts_with('['), vip.parse::<IpAddr>()) {
            (true, _) => vec![vip.parse::<Ipv6Addr>().map_err(|_| wrong())?.into()],
            (false, Ok(address)) => vec![address],
            (false, Err(_)) if vip.is_empty() => return Err(wrong()),
            (false, Err(_)) => match address::zero_in_front(vip) {
                Some(hint) => return Err(Wrong::new(format!("`{vip}` is not an address"), hint)),
                None => self.find(vip)?,
            },
        };
        let ports = address::ports(ports)?;
        let all = addresses.iter().flat_map(|address| {
            let ports = ports.iter().flat_map(|(from, to)| *from..=*to);
            ports.map(|port| ServiceKey::Endpoint { protocol, address: *address, port })
        });
        Ok(all.collect())
    }

    /// Returns all addresses that have a name.
    pub(super) fn all(&self) -> impl Iterator<Item = IpAddr> {
        self.by_name.values().flat_map(|vip| vip.addresses.iter().copied())
    }

    pub(super) fn warn_of_unused(&self, found: &mut Found) {
        for (name, vip) in &self.by_name {
            if !vip.is_used {
                found.warn(vip.at, format!("no service uses the VIP `{name}`"), "is one missing?");
            }
        }
    }
}

/// Reads addresses, one or a list.
pub(super) fn addresses(value: Value<'_>, what: &str, found: &mut Found) -> Vec<IpAddr> {
    let mut all = Vec::new();
    let mut seen = HashSet::default();
    for item in value.items() {
        let Some(text) = item.text(what, found) else { continue };
        match text.parse::<IpAddr>() {
            Ok(address) if !seen.insert(address) => {
                found.hinted(item.at(), format!("{address} is there twice"), "leave one out");
            }
            Ok(address) => all.push(address),
            Err(_) => {
                let usual = "use an address without port, prefix or brackets";
                let hint = address::zero_in_front(text).unwrap_or(usual);
                found.hinted(item.at(), format!("`{text}` is not an address"), hint);
            }
        }
    }
    if value.items().next().is_none() {
        found.hinted(value.at(), "the list has no address", "write one, or leave it out");
    }
    all
}
