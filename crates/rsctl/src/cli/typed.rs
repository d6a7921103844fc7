// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads single values as people type them: times with units, marks in hexadecimal, ports by the
//! names of `/etc/services`, words in capitals. `value` reads files, and the strict forms of both;
//! what it refuses is tried here.

use std::num::NonZeroU32;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use ipvs_netlink::{
    EngineName, PersistenceTimeout, Protocol, Scheduler, SchedulerFlag, ServiceKey, SetTimeouts,
    SyncRole,
};

use super::{BadValue, Endpoint, value};
use crate::ipvsadm::port_names::PortNames;

fn seconds_within(text: &str, what: &str, least: u32, most: u32) -> Result<u32, BadValue> {
    lvs_term::seconds(text, what, least..=most).map_err(|bad| BadValue::new(bad.to_string()))
}

pub(super) fn persistence_timeout(text: &str) -> Result<PersistenceTimeout, BadValue> {
    let most = PersistenceTimeout::MAX.as_seconds();
    let seconds = seconds_within(text, "persistence timeout", 1, most).map_err(|bad| {
        // `-p` takes the next word, as with ipvsadm.
        if text.contains('/') { bad.hint("write the service before -p") } else { bad }
    })?;
    Ok(PersistenceTimeout::from_seconds(seconds)?)
}

/// Reads a timeout of idle connections, as the library takes it.
pub(super) fn timeout(text: &str) -> Result<u32, BadValue> {
    seconds_within(text, "timeout", 1, SetTimeouts::MAX).map_err(|bad| {
        if text == "0" {
            bad.hint("leave the option out to leave the timeout as it is")
        } else {
            bad
        }
    })
}

/// Reads how long something may still last.
pub(super) fn seconds(text: &str) -> Result<u32, BadValue> {
    seconds_within(text, "time", 0, u32::MAX)
}

/// Reads how long a change may wait to be confirmed: up to a day.
pub(super) fn confirmation(text: &str) -> Result<u32, BadValue> {
    seconds_within(text, "time", 1, 24 * 60 * 60)
}

/// Reads how many, or which one.
pub(super) fn number(text: &str) -> Result<u32, BadValue> {
    value::number(text, "number", 0..=u32::MAX)
}

/// Reads how many seconds lie between two lists.
pub(super) fn interval(text: &str) -> Result<u32, BadValue> {
    seconds_within(text, "interval", 1, 24 * 60 * 60)
}

pub(crate) fn fwmark(text: &str) -> Result<NonZeroU32, BadValue> {
    match hexadecimal(text) {
        Some(mark) => value::fwmark(&mark.to_string()),
        None => value::fwmark(text),
    }
}

/// Returns the number of `0x10`; the most there are, if it is more.
fn hexadecimal(text: &str) -> Option<u128> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| u128::from_str_radix(digits, 16).unwrap_or(u128::MAX))
}

pub(crate) fn tcp(text: &str) -> Result<Endpoint, BadValue> {
    endpoint(text, Some("tcp"))
}

pub(crate) fn udp(text: &str) -> Result<Endpoint, BadValue> {
    endpoint(text, Some("udp"))
}

pub(crate) fn sctp(text: &str) -> Result<Endpoint, BadValue> {
    endpoint(text, Some("sctp"))
}

/// Reads a real server: of which protocol the port is stands elsewhere on the line.
pub(super) fn server(text: &str) -> Result<Endpoint, BadValue> {
    endpoint(text, None)
}

fn endpoint(text: &str, protocol: Option<&str>) -> Result<Endpoint, BadValue> {
    text.parse().or_else(|bad| match named_port(text) {
        Some((address, name)) => {
            let port = port(name, protocol, &PortNames::read())?;
            Ok(Endpoint { address: address.parse::<Endpoint>()?.address, port: Some(port) })
        }
        None => Err(bad),
    })
}

/// Cuts the text at its port, if that is a name and the address is one.
fn named_port(text: &str) -> Option<(&str, &str)> {
    let (address, name) = text.rsplit_once(':')?;
    let is_name = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_address = address.parse().is_ok_and(|it: Endpoint| it.port.is_none());
    (is_name && is_address).then_some((address, name))
}

/// Those that a service may have.
const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

fn port(name: &str, protocol: Option<&str>, names: &PortNames) -> Result<u16, BadValue> {
    let is_meant = |of: &str| protocol.map_or(PROTOCOLS.contains(&of), |protocol| protocol == of);
    let mut ports: Vec<_> = names.ports(name).filter(|(_, of)| is_meant(of)).collect();
    ports.sort_unstable();
    ports.dedup_by_key(|(port, _)| *port);
    match ports[..] {
        [(port, _)] => Ok(port),
        [(port, of), (other, of_other), ..] => Err(BadValue::new(format!(
            "`{name}` is port {port} of {of} and port {other} of {of_other}"
        ))
        .hint("write the number")),
        [] => {
            let whose = protocol.map(|protocol| format!(" of {protocol}")).unwrap_or_default();
            Err(BadValue::new(format!(
                "`{name}` is not a port{whose}: use 0 to 65535, or a name that /etc/services has"
            )))
        }
    }
}

/// Reads the text form of a service, with a port by name and what is a word in capitals, too.
pub(crate) fn service(text: &str) -> Result<ServiceKey, BadValue> {
    value::service(text).or_else(|bad| typed_service(text).unwrap_or(Err(bad)))
}

/// Returns `None` where the words of `value` say better what is wrong.
fn typed_service(text: &str) -> Option<Result<ServiceKey, BadValue>> {
    let (kind, rest) = text.split_once('/')?;
    let kind = kind.to_ascii_lowercase();
    if kind == "fwmark" {
        let (mark, family) = match rest.split_once('/') {
            Some((mark, family)) => (mark, family.to_ascii_lowercase()),
            None => (rest, String::new()),
        };
        let mark = hexadecimal(mark).map_or_else(|| mark.to_owned(), |mark| mark.to_string());
        let family = if family.is_empty() { family } else { format!("/{family}") };
        return value::service(&format!("{kind}/{mark}{family}")).ok().map(Ok);
    }
    let protocol = match &*kind {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        _ => return None,
    };
    match named_port(rest) {
        Some(_) => Some(endpoint(rest, Some(&kind)).map(|it| it.service(protocol))),
        None => value::service(&format!("{kind}/{rest}")).ok().map(Ok),
    }
}

pub(super) fn scheduler(name: &str) -> Result<Scheduler, BadValue> {
    in_lower_case(name, value::scheduler)
}

pub(super) fn engine(name: &str) -> Result<EngineName, BadValue> {
    in_lower_case(name, value::engine)
}

/// Reads a name of which the kernel has no capitals. What is wrong with it is told of the word that
/// was typed.
fn in_lower_case<T>(name: &str, read: fn(&str) -> Result<T, BadValue>) -> Result<T, BadValue> {
    read(name).or_else(|bad| read(&name.to_ascii_lowercase()).map_err(|_| bad))
}

pub(super) fn scheduler_flag() -> impl TypedValueParser<Value = SchedulerFlag> {
    words(SchedulerFlag::ALL.map(SchedulerFlag::name)).try_map(|word| word.parse::<SchedulerFlag>())
}

pub(super) fn sync_role() -> impl TypedValueParser<Value = SyncRole> {
    words(SyncRole::ALL.map(SyncRole::name)).try_map(|word| word.parse::<SyncRole>())
}

/// Reads one of the words; the argument ignores case, and what follows is given the word's own.
fn words<const N: usize>(words: [&'static str; N]) -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(words.map(PossibleValue::new)).map(|word| word.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::bad_value::refused;
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(persistence_timeout("1H30M").unwrap().as_seconds(), 5400);
        assert_eq!(persistence_timeout("31d").unwrap(), PersistenceTimeout::MAX);
        assert_eq!(timeout("5m"), Ok(300));
        assert_eq!(seconds("0"), Ok(0));
        refused(
            persistence_timeout("32d"),
            "persistence timeout 32d is out of range: use 1 to 2678400 seconds",
        );
        refused(timeout("0"), "timeout 0 is out of range: use 1 to 2678400 seconds");
        refused(
            seconds("soon"),
            "`soon` is not a time: use 0 to 4294967295 seconds, as in 90, 5m or 1h30m",
        );
        assert_eq!(interval("1d"), Ok(86_400));
        refused(
            interval("often"),
            "`often` is not an interval: use 1 to 86400 seconds, as in 90, 5m or 1h30m",
        );
        // What a file has is read as it is written.
        refused(
            value::persistence_timeout("5m"),
            "`5m` is not a persistence timeout in seconds: use 1 to 2678400",
        );
    }

    #[test]
    fn marks_may_be_hexadecimal() {
        for (text, mark) in [("0x10", 16), ("0XFFFFFFFF", u32::MAX), ("0x00000007", 7), ("10", 10)]
        {
            assert_eq!(fwmark(text).unwrap().get(), mark, "{text}");
        }
        refused(fwmark("0x0"), "firewall mark 0 means `no mark`; use 1 to 4294967295");
        let much = "firewall mark 4294967296 is out of range: use 1 to 4294967295";
        refused(fwmark("0x100000000"), much);
        assert!(fwmark(&format!("0x{}", "f".repeat(100))).is_err());
        for text in ["0x", "x10", "0x1g", "-0x1"] {
            let message = format!("`{text}` is not a firewall mark: use 1 to 4294967295");
            refused(fwmark(text), &message);
        }
        assert!(value::fwmark("0x10").is_err(), "of a file");
    }

    #[test]
    fn ports_have_names() {
        let names = PortNames::parse(
            "http 80/tcp www\nodd 1/tcp\nodd 2/udp\ndomain 53/tcp\ndomain 53/udp\nfar 9/ddp\n",
        );
        for (name, protocol, number) in [
            ("http", Some("tcp"), 80),
            ("WWW", None, 80),
            ("domain", None, 53),
            ("odd", Some("udp"), 2),
        ] {
            assert_eq!(port(name, protocol, &names), Ok(number), "{name}");
        }
        refused(port("odd", None, &names), "`odd` is port 1 of tcp and port 2 of udp");
        for (name, protocol, whose) in
            [("http", Some("udp"), " of udp"), ("far", None, ""), ("htp", None, "")]
        {
            let message = format!(
                "`{name}` is not a port{whose}: use 0 to 65535, or a name that /etc/services has"
            );
            refused(port(name, protocol, &names), &message);
        }
        for (text, cut) in [
            ("10.0.0.1:http", Some(("10.0.0.1", "http"))),
            ("[2001:db8::1]:http", Some(("[2001:db8::1]", "http"))),
            ("2001:db8::1:f00", None),
            ("web1:http", None),
            ("10.0.0.1:80:http", None),
            ("10.0.0.1:70000", None),
            ("10.0.0.1", None),
        ] {
            assert_eq!(named_port(text), cut, "{text}");
        }
    }

    #[test]
    fn capitals_are_words_too() {
        for (typed, plain) in [
            ("TCP/192.0.2.10:80", "tcp/192.0.2.10:80"),
            ("Udp/[2001:DB8::1]:53", "udp/[2001:db8::1]:53"),
            ("FWMARK/7", "fwmark/7"),
            ("fwmark/0x10", "fwmark/16"),
            ("FwMark/0X10/IPv6", "fwmark/16/ipv6"),
        ] {
            assert_eq!(service(typed), value::service(plain), "{typed}");
            assert!(service(plain).is_ok(), "{plain}");
        }
        assert_eq!(scheduler("WRR"), Ok(Scheduler::Wrr));
        assert_eq!(scheduler("Mine").unwrap().name(), "mine");
        assert!(scheduler("Mine!").unwrap_err().to_string().starts_with("`Mine!` is"));
        assert_eq!(engine("SIP").unwrap().as_str(), "sip");
        // What is wrong is told of the word that was typed.
        let bad = "`ICMP/192.0.2.10:80` is not a virtual service: expected tcp/, udp/, sctp/ or \
                   fwmark/ in front";
        refused(service("ICMP/192.0.2.10:80"), bad);
        refused(service("TCP/10.1:80"), "`10.1` is not an IP address");
    }
}
