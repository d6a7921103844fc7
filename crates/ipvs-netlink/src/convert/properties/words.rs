// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is written can be read, and means the same.

use std::fmt::{Debug, Display};
use std::net::SocketAddr;
use std::str::FromStr;

use super::*;
use crate::model::{EngineName, InterfaceName, IpvsVersion, SchedulerFlag};
use crate::procfs::{Origin, VirtualAddress};

#[track_caller]
fn reads_back<V>(value: &V)
where
    V: FromStr + Display + Debug + PartialEq,
    V::Err: Debug + PartialEq,
{
    let text = value.to_string();
    assert_eq!(text.parse::<V>().as_ref(), Ok(value), "{text}");
}

proptest! {
    #[test]
    fn keys(service in service_key(), address in address(), port: u16, number: u16) {
        reads_back(&service);
        let key = DestinationKey::new(address, port);
        reads_back(&key);
        prop_assert_eq!(DestinationKey::from(SocketAddr::from(key)), key);
        prop_assert_eq!(DestinationKey::from((address, port)), key);
        let protocol = Protocol::from(number);
        reads_back(&protocol);
        prop_assert_eq!(u16::from(protocol), number);
        let service = ServiceKey::from((protocol, SocketAddr::from(key)));
        prop_assert_eq!(service.to_string(), format!("{protocol}/{key}"));
        reads_back(&VirtualAddress::Endpoint(key.into()));
        reads_back(&VirtualAddress::Fwmark(number.into()));
    }

    #[test]
    fn services(service in service(), [major, minor, patch]: [u8; 3]) {
        reads_back(&service.scheduler);
        if let Some(engine) = &service.engine {
            reads_back::<EngineName>(engine);
        }
        if let Some(persistence) = service.persistence {
            reads_back(&persistence.netmask);
            reads_back(&persistence.timeout);
            let seconds = u32::from(persistence.timeout);
            prop_assert_eq!(PersistenceTimeout::try_from(seconds), Ok(persistence.timeout));
        }
        for flag in service.scheduler_flags.words(&service.scheduler) {
            reads_back::<SchedulerFlag>(&flag);
        }
        reads_back(&IpvsVersion { major, minor, patch });
    }

    #[test]
    fn servers(destination in destination(), tunnel in tunnel(), daemon in daemon()) {
        reads_back(&destination.weight);
        prop_assert_eq!(Weight::try_from(u32::from(destination.weight)), Ok(destination.weight));
        reads_back(&tunnel);
        match destination.forwarding {
            // Its type is a word of its own.
            ForwardingMethod::Tunnel(tunnel) => reads_back(&tunnel),
            method => reads_back(&method),
        }
        reads_back(&daemon.role);
        reads_back::<InterfaceName>(&daemon.interface);
    }

    /// A number is digits, and no text has two meanings.
    #[test]
    fn any_text_is_refused_or_read_back(text in "[-+a-z0-9.:/,\\[\\]]{0,12}") {
        fn same<V: FromStr + Display + Debug + PartialEq>(text: &str)
        where
            V::Err: Debug + PartialEq,
        {
            if let Ok(value) = text.parse::<V>() {
                assert!(!text.starts_with(['+', '-']), "{text}");
                reads_back(&value);
            }
        }
        same::<Weight>(&text);
        same::<PersistenceTimeout>(&text);
        same::<Netmask>(&text);
        same::<Tunnel>(&text);
        same::<IpvsVersion>(&text);
        same::<VirtualAddress>(&text);
        same::<ForwardingMethod>(&text);
    }
}

#[test]
fn words() {
    [AddressFamily::Ipv4, AddressFamily::Ipv6].iter().for_each(reads_back);
    [GueChecksum::None, GueChecksum::Outer, GueChecksum::Remote].iter().for_each(reads_back);
    [Origin::Local, Origin::Sync].iter().for_each(reads_back);
    for family in [AddressFamily::Ipv4, AddressFamily::Ipv6] {
        assert_eq!(family.name().parse(), Ok(family));
    }
}
