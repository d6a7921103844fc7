// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads single values, each in its own words for what is wrong.

use std::net::IpAddr;
use std::num::{NonZeroU8, NonZeroU16, NonZeroU32};
use std::ops::RangeInclusive;

use ipvs_netlink::procfs::ConnectionState;
use ipvs_netlink::{
    EngineName, InterfaceName, Invalid, PersistenceTimeout, Scheduler, ServiceKey, Weight,
};

use super::{BadValue, Endpoint};

/// Reads a decimal number within `range`. Signs, blanks and hexadecimal are refused: `strtol`,
/// which `ipvsadm` uses, takes some of them.
pub(super) fn number(text: &str, what: &str, range: RangeInclusive<u32>) -> Result<u32, BadValue> {
    lvs_term::number(text, what, range).map_err(|bad| BadValue::new(bad.to_string()))
}

/// The most the kernel takes where it reads an `int`.
const INT_MAX: u32 = i32::MAX.unsigned_abs();

pub(crate) fn weight(text: &str) -> Result<Weight, BadValue> {
    Ok(Weight::new(number(text, "weight", 0..=INT_MAX)?)?)
}

pub(crate) fn upper_threshold(text: &str) -> Result<u32, BadValue> {
    number(text, "upper threshold", 0..=INT_MAX)
}

pub(crate) fn lower_threshold(text: &str) -> Result<u32, BadValue> {
    number(text, "lower threshold", 0..=INT_MAX)
}

pub(crate) fn persistence_timeout(text: &str) -> Result<PersistenceTimeout, BadValue> {
    let most = PersistenceTimeout::MAX.as_seconds();
    let seconds = number(text, "persistence timeout in seconds", 1..=most).map_err(|bad| {
        // `-p` takes the next word, as with ipvsadm.
        if text.contains('/') { bad.hint("write the service before -p") } else { bad }
    })?;
    Ok(PersistenceTimeout::from_seconds(seconds)?)
}

pub(crate) fn tunnel_port(text: &str) -> Result<NonZeroU16, BadValue> {
    port(text, "tunnel port")
}

fn port(text: &str, what: &str) -> Result<NonZeroU16, BadValue> {
    let number = number(text, what, 1..=u16::MAX.into())?;
    u16::try_from(number)
        .ok()
        .and_then(NonZeroU16::new)
        .ok_or_else(|| BadValue::new(format!("`{text}` is not a {what}")))
}

pub(crate) fn fwmark(text: &str) -> Result<NonZeroU32, BadValue> {
    if text == "0" {
        return Err(Invalid::ZeroFwmark.into());
    }
    let mark = number(text, "firewall mark", 1..=u32::MAX)?;
    Ok(NonZeroU32::new(mark).ok_or(Invalid::ZeroFwmark)?)
}

/// Reads how many lines to show.
pub(super) fn lines(text: &str) -> Result<u32, BadValue> {
    number(text, "number of lines", 0..=u32::MAX)
}

/// Reads a state of connections, in upper or lower case. One that no kernel has would show nothing
/// and look like an answer.
pub(super) fn state(text: &str) -> Result<String, BadValue> {
    if ConnectionState::known().any(|known| known.eq_ignore_ascii_case(text)) {
        return Ok(text.to_owned());
    }
    let bad = BadValue::new(format!("`{text}` is not a state of connections"));
    let typed = text.to_uppercase();
    let distance = |known: &&str| strsim::damerau_levenshtein(known, &typed);
    Err(match ConnectionState::known().min_by_key(distance) {
        Some(similar) if distance(&similar) <= 2 && !text.is_empty() => {
            bad.hint(format!("did you mean {similar}?"))
        }
        _ => bad.hint("for example ESTABLISHED, SYN_RECV, FIN_WAIT or UDP"),
    })
}

pub(super) fn interface(text: &str) -> Result<InterfaceName, BadValue> {
    Ok(text.parse::<InterfaceName>()?)
}

pub(super) fn sync_id(text: &str) -> Result<u8, BadValue> {
    let id = number(text, "sync id", 0..=u8::MAX.into())?;
    // In range: `number` saw to it.
    Ok(u8::try_from(id).unwrap_or(u8::MAX))
}

pub(super) fn sync_max_length(text: &str) -> Result<NonZeroU16, BadValue> {
    port(text, "length")
}

pub(super) fn mcast_port(text: &str) -> Result<NonZeroU16, BadValue> {
    port(text, "multicast port")
}

pub(super) fn ttl(text: &str) -> Result<NonZeroU8, BadValue> {
    let ttl = number(text, "time to live", 1..=u8::MAX.into())?;
    u8::try_from(ttl)
        .ok()
        .and_then(NonZeroU8::new)
        .ok_or_else(|| BadValue::new(format!("`{text}` is not a time to live")))
}

pub(super) fn multicast(text: &str) -> Result<IpAddr, BadValue> {
    let address = Endpoint::alone(text)?;
    match address {
        Endpoint { address, port: None } if address.is_multicast() => Ok(address),
        Endpoint { address, port: None } => Err(Invalid::NotMulticast(address).into()),
        _ => Err(BadValue::new(format!("`{text}` has a port"))
            .hint("the port of a multicast group is --port")),
    }
}

/// Reads the address of a client or a network: `192.0.2.1` or `192.0.2.0/24`.
pub(super) fn network(text: &str) -> Result<(IpAddr, u8), BadValue> {
    network_of(text, "a client is known by its address only")
}

/// Reads a VIP or a network of VIPs.
pub(super) fn vips(text: &str) -> Result<(IpAddr, u8), BadValue> {
    network_of(text, "name the service to list one: rsctl list tcp/192.0.2.10:80")
}

fn network_of(text: &str, without_port: &str) -> Result<(IpAddr, u8), BadValue> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let Endpoint { address, port } = Endpoint::alone(address)?;
    if port.is_some() {
        return Err(BadValue::new(format!("`{text}` has a port")).hint(without_port));
    }
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map(|length| number(length, "prefix length", 0..=most)).transpose()?;
    // In range: `number` saw to it.
    Ok((address, u8::try_from(length.unwrap_or(most)).unwrap_or(u8::MAX)))
}

/// Reads the address of services, whatever their ports.
pub(crate) fn vip(text: &str) -> Result<IpAddr, BadValue> {
    match Endpoint::alone(text)? {
        Endpoint { address, port: None } => Ok(address),
        Endpoint { .. } => Err(BadValue::new(format!("`{text}` has a port"))
            .hint("name the service for one port: tcp/192.0.2.10:80")),
    }
}

pub(crate) fn scheduler(name: &str) -> Result<Scheduler, BadValue> {
    Ok(name.parse::<Scheduler>()?)
}

pub(crate) fn engine(name: &str) -> Result<EngineName, BadValue> {
    Ok(name.parse::<EngineName>()?)
}

/// Reads the text form of a service: `tcp/192.0.2.10:80` and the like. If it is the address that is
/// wrong, the address's own words say it better.
pub(crate) fn service(text: &str) -> Result<ServiceKey, BadValue> {
    text.parse().map_err(|invalid: Invalid| match text.split_once('/') {
        Some((kind, address)) if kind != "fwmark" => match address.parse::<Endpoint>() {
            Ok(_) => invalid.into(),
            Err(bad) => bad,
        },
        _ => invalid.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::bad_value::refused;
    use super::*;

    #[test]
    fn numbers_out_of_range_are_named() {
        refused(weight("-1"), "weight -1 is out of range: use 0 to 2147483647");
        refused(weight("2147483648"), "weight 2147483648 is out of range: use 0 to 2147483647");
        refused(upper_threshold("-1"), "upper threshold -1 is out of range: use 0 to 2147483647");
        refused(
            lower_threshold("99999999999999999999"),
            "lower threshold 99999999999999999999 is out of range: use 0 to 2147483647",
        );
        refused(
            persistence_timeout("0"),
            "persistence timeout in seconds 0 is out of range: use 1 to 2678400",
        );
        refused(tunnel_port("0"), "tunnel port 0 is out of range: use 1 to 65535");
        refused(fwmark("0"), "firewall mark 0 means `no mark`; use 1 to 4294967295");
        refused(
            fwmark("4294967296"),
            "firewall mark 4294967296 is out of range: use 1 to 4294967295",
        );
        assert_eq!(weight("2147483647").unwrap().get(), 2_147_483_647);
        // 31 days are the most, and are taken.
        for (text, seconds) in [("1", 1), ("2678399", 2_678_399), ("2678400", 2_678_400)] {
            assert_eq!(persistence_timeout(text).unwrap().as_seconds(), seconds);
        }
        refused(
            persistence_timeout("2678401"),
            "persistence timeout in seconds 2678401 is out of range: use 1 to 2678400",
        );
        assert_eq!(fwmark("4294967295").unwrap().get(), u32::MAX);
    }

    #[test]
    fn states_are_those_of_the_kernel() {
        assert_eq!(state("established").unwrap(), "established");
        for (text, hint) in [
            ("ESTABLISHD", "did you mean ESTABLISHED?"),
            ("syn-recv", "did you mean SYN_RECV?"),
            ("", "for example ESTABLISHED, SYN_RECV, FIN_WAIT or UDP"),
            ("half-open", "for example ESTABLISHED, SYN_RECV, FIN_WAIT or UDP"),
        ] {
            assert_eq!(state(text).unwrap_err().hint.as_deref(), Some(hint), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", "+5", " 5", "5 ", "1x", "0x10", "1.5", "ten"] {
            refused(weight(text), &format!("`{text}` is not a weight: use 0 to 2147483647"));
        }
    }

    #[test]
    fn a_service_is_refused_for_its_address_first() {
        assert_eq!(service("fwmark/7/ipv6").unwrap().to_string(), "fwmark/7/ipv6");
        refused(service("tcp/10.1:80"), "`10.1` is not an IP address");
        refused(service("tcp/192.0.2.10:70000"), "port 70000 is out of range: use 0 to 65535");
        refused(
            service("tcp/2001:db8::1:80"),
            "`2001:db8::1:80` is an IPv6 address without brackets",
        );
        refused(
            service("tcp/192.0.2.10"),
            "`tcp/192.0.2.10` is not a virtual service: expected ADDRESS:PORT or [ADDRESS]:PORT \
             after the protocol",
        );
        refused(
            service("icmp/192.0.2.10:80"),
            "`icmp/192.0.2.10:80` is not a virtual service: expected tcp/, udp/, sctp/ or fwmark/ \
             in front",
        );
    }
}
