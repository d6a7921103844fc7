// SPDX-License-Identifier: MIT OR Apache-2.0

//! Attributes as other kernels and tools may put them, and what is read of them.

use super::*;

/// Attributes of a daemon and what they make: an interface may have any bytes for a name, and
/// what is not known is passed over.
#[test]
fn a_daemon_has_any_interface() {
    use DaemonAttribute as D;
    let raw = |kind, bytes: &[u8]| D::Other(DefaultNla::new(kind, bytes.to_vec()));
    let named = |name: &str| Some(name.to_owned());
    for (attribute, expected) in [
        (D::Interface(Text("eth0".into())), named("eth0")),
        (raw(2, b"eth\xff\0"), named("eth\u{fffd}")),
        (raw(99, b"eth\xff\0"), None),
    ] {
        let payload = emitted(&[D::State(1), attribute, D::SyncId(7), raw(98, b"eth1\0")]);
        let read = decode_daemon(&payload).map(|daemon| daemon.interface.as_str().to_owned());
        assert_eq!(read.ok(), expected);
    }
}

/// A server without a family has its service's, and one of family 0 too; any other counts.
#[test]
fn a_server_has_a_family_or_its_services() {
    use DestinationAttribute as D;
    let bits: [u8; 16] = std::array::from_fn(|place| if place < 4 { 10 } else { 0 });
    let rest = [
        D::Address(WireAddress(bits)),
        D::Port(BigEndianPort(80)),
        D::ForwardingMethod(0),
        D::Weight(1),
        D::UpperThreshold(0),
        D::LowerThreshold(0),
    ];
    for (family, service, expected) in [
        (None, AddressFamily::Ipv4, Some(AddressFamily::Ipv4)),
        (None, AddressFamily::Ipv6, Some(AddressFamily::Ipv6)),
        (Some(0), AddressFamily::Ipv4, Some(AddressFamily::Ipv4)),
        (Some(0), AddressFamily::Ipv6, Some(AddressFamily::Ipv6)),
        (Some(libc::AF_INET), AddressFamily::Ipv6, Some(AddressFamily::Ipv4)),
        (Some(libc::AF_INET6), AddressFamily::Ipv4, Some(AddressFamily::Ipv6)),
        (Some(1), AddressFamily::Ipv4, None),
    ] {
        let family = family.map(|family| D::AddressFamily(family as u16));
        let attributes: Vec<_> = rest.iter().cloned().chain(family).collect();
        let read = decode_destination(&emitted(&attributes), service);
        let read = read.map(|entry| entry.destination.key.family());
        assert_eq!(read.ok(), expected, "{attributes:?}");
    }
}

/// A flag that is set twice, as unknown and by its name, is set.
#[test]
fn flags_are_added_up() {
    let key = ServiceKey::fwmark(AddressFamily::Ipv4, 7).unwrap();
    let flags = SchedulerFlags::from_bits_truncate(u32::MAX);
    let service = Service {
        scheduler_flags: flags,
        unknown_flags: flags.bits() | 0x1_0000,
        ..Service::new(key, Scheduler::Rr)
    };
    let (bytes, _) = over_the_wire(&change_message(&Change::AddService(service)));
    let read = decode_service(payload_of(&bytes, 1)).unwrap().service;
    assert_eq!((read.scheduler_flags, read.unknown_flags), (flags, 0x1_0000));
}
