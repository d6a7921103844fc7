// SPDX-License-Identifier: MIT OR Apache-2.0

//! Any model survives the wire, and no bytes make a decoder panic.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::{NonZeroU8, NonZeroU16, NonZeroU32};

use netlink_packet_core::{DefaultNla, Emitable, Nla, ParseableParametrized};
use netlink_packet_generic::{GenlFamily, GenlHeader};
use proptest::prelude::*;

use super::destination::in_usual_order;
use super::{
    change_message, decode_daemon, decode_destination, decode_info, decode_service,
    decode_timeouts, pack_change,
};
use crate::genl;
use crate::message::{
    Attribute, BigEndianPort, Command, DaemonAttribute, DestinationAttribute, IpvsMessage,
    ServiceAttribute, Stats64Attribute, StatsAttribute, Text, WireAddress,
};
use crate::model::{
    AddressFamily, Change, Connections, Destination, DestinationKey, ForwardingMethod, GueChecksum,
    Netmask, Persistence, PersistenceTimeout, Protocol, Scheduler, SchedulerFlags, Service,
    ServiceKey, SetTimeouts, Stats, SyncDaemon, SyncDaemonEntry, SyncRole, Thresholds, Tunnel,
    Weight,
};

mod rows;
mod values;
mod words;

use values::*;

/// Ten counters, in the order of their numbers.
type Counters = [u64; 10];

fn stats(counters: Counters) -> Stats {
    let [
        connections,
        incoming_packets,
        outgoing_packets,
        incoming_bytes,
        outgoing_bytes,
        connections_per_second,
        incoming_packets_per_second,
        outgoing_packets_per_second,
        incoming_bytes_per_second,
        outgoing_bytes_per_second,
    ] = counters;
    Stats {
        connections,
        incoming_packets,
        outgoing_packets,
        incoming_bytes,
        outgoing_bytes,
        connections_per_second,
        incoming_packets_per_second,
        outgoing_packets_per_second,
        incoming_bytes_per_second,
        outgoing_bytes_per_second,
    }
}

/// The block of 64-bit counters, with padding as on some machines.
fn wide_block(counters: Counters) -> Vec<Stats64Attribute> {
    let forms: [fn(u64) -> Stats64Attribute; 10] = [
        Stats64Attribute::Connections,
        Stats64Attribute::IncomingPackets,
        Stats64Attribute::OutgoingPackets,
        Stats64Attribute::IncomingBytes,
        Stats64Attribute::OutgoingBytes,
        Stats64Attribute::ConnectionsPerSecond,
        Stats64Attribute::IncomingPacketsPerSecond,
        Stats64Attribute::OutgoingPacketsPerSecond,
        Stats64Attribute::IncomingBytesPerSecond,
        Stats64Attribute::OutgoingBytesPerSecond,
    ];
    let padding = || Stats64Attribute::Other(DefaultNla::new(11, Vec::new()));
    forms.into_iter().zip(counters).flat_map(|(form, n)| [padding(), form(n)]).collect()
}

/// The other block, and what it says: all but the bytes wrap at 32 bits.
fn narrow_block(counters: Counters) -> (Vec<StatsAttribute>, Stats) {
    let [c, ip, op, ib, ob, cps, ipps, opps, ibps, obps] = counters;
    let [c, ip, op, cps, ipps, opps, ibps, obps] =
        [c, ip, op, cps, ipps, opps, ibps, obps].map(|n| n as u32);
    let block = vec![
        StatsAttribute::Connections(c),
        StatsAttribute::IncomingPackets(ip),
        StatsAttribute::OutgoingPackets(op),
        StatsAttribute::IncomingBytes(ib),
        StatsAttribute::OutgoingBytes(ob),
        StatsAttribute::ConnectionsPerSecond(cps),
        StatsAttribute::IncomingPacketsPerSecond(ipps),
        StatsAttribute::OutgoingPacketsPerSecond(opps),
        StatsAttribute::IncomingBytesPerSecond(ibps),
        StatsAttribute::OutgoingBytesPerSecond(obps),
    ];
    let [c, ip, op, cps, ipps, opps, ibps, obps] =
        [c, ip, op, cps, ipps, opps, ibps, obps].map(u64::from);
    (block, stats([c, ip, op, ib, ob, cps, ipps, opps, ibps, obps]))
}

/// Which of the two blocks there are, and what is to be read from them.
fn blocks() -> impl Strategy<Value = (Option<Counters>, Option<Counters>, Stats)> {
    any::<(Option<Counters>, Option<Counters>)>().prop_map(|(wide, narrow)| {
        let expected = match (wide, narrow) {
            (Some(wide), _) => stats(wide),
            (None, Some(narrow)) => narrow_block(narrow).1,
            (None, None) => Stats::default(),
        };
        (wide, narrow, expected)
    })
}

/// The request as bytes, and read back as a message.
fn over_the_wire(message: &IpvsMessage) -> (Vec<u8>, IpvsMessage) {
    let mut bytes = vec![0xff; message.buffer_len()];
    message.emit(&mut bytes);
    let header = GenlHeader { cmd: message.command(), version: message.version() };
    let read = IpvsMessage::parse_with_param(bytes.as_slice(), header).unwrap();
    (bytes, read)
}

/// The payload of the attribute of that number.
fn payload_of(bytes: &[u8], kind: u16) -> &[u8] {
    let mut rest = bytes;
    std::iter::from_fn(|| crate::message::next_attribute(&mut rest))
        .find(|(found, _)| *found == kind)
        .map(|(_, payload)| payload)
        .unwrap()
}

fn emitted<A: Nla>(attributes: &[A]) -> Vec<u8> {
    let mut bytes = vec![0; attributes.buffer_len()];
    attributes.emit(&mut bytes);
    bytes
}

/// Counters as the kernel writes them: without `NLA_F_NESTED`.
fn counters_of<A: Nla>(kind: u16, counters: &[A]) -> DestinationAttribute {
    DestinationAttribute::Other(DefaultNla::new(kind, emitted(counters)))
}

proptest! {
    #[test]
    fn packing_is_encoding(change in change(), sequence in any::<u32>()) {
        let mut encoded = vec![7];
        genl::encode(&mut encoded, &change_message(&change), 40, sequence, 5);
        let mut packed = vec![7];
        genl::pack(&mut packed, 40, IpvsMessage::VERSION, sequence, 5, |bytes| {
            pack_change(&change, bytes)
        });
        prop_assert_eq!(packed, encoded);
    }

    #[test]
    fn services_survive_the_wire(service in service()) {
        let message = change_message(&Change::AddService(service.clone()));
        let (bytes, read) = over_the_wire(&message);
        prop_assert_eq!(&read, &message);
        let entry = decode_service(payload_of(&bytes, 1)).unwrap();
        prop_assert_eq!(entry.service, service);
    }

    #[test]
    fn destinations_survive_the_wire(service in service_key(), destination in destination()) {
        let message = change_message(&Change::AddDestination { service, destination });
        let (bytes, read) = over_the_wire(&message);
        prop_assert_eq!(&read, &message);
        let entry = decode_destination(payload_of(&bytes, 2), service.family()).unwrap();
        prop_assert_eq!(entry.destination, destination);
    }

    /// The quick way for the usual order and the way for any order agree.
    #[test]
    fn the_order_of_attributes_means_nothing(
        numbers in any::<[u32; 8]>(),
        counters in any::<[u64; 10]>(),
        (address, port, tunnel) in any::<([u8; 16], u16, (u8, u16, u16))>(),
        family in prop_oneof![Just(libc::AF_INET as u16), Just(libc::AF_INET6 as u16), any::<u16>()],
        rotation in 1..15_usize,
    ) {
        use {DestinationAttribute as D, Stats64Attribute as W, StatsAttribute as N};
        let [method, weight, upper, lower, active, inactive, persistent, narrow] = numbers;
        let [a, b, c, d, e, f, g, h, i, j] = counters;
        let mut attributes = vec![
            D::Address(WireAddress(address)),
            D::Port(BigEndianPort(port)),
            D::ForwardingMethod(method),
            D::Weight(weight),
            D::TunnelType(tunnel.0),
            D::TunnelPort(BigEndianPort(tunnel.1)),
            D::TunnelFlags(tunnel.2),
            D::UpperThreshold(upper),
            D::LowerThreshold(lower),
            D::ActiveConnections(active),
            D::InactiveConnections(inactive),
            D::PersistentConnections(persistent),
            D::AddressFamily(family),
            counters_of(10, &[
                N::Connections(narrow),
                N::IncomingPackets(narrow),
                N::OutgoingPackets(narrow),
                N::IncomingBytes(a),
                N::OutgoingBytes(b),
                N::ConnectionsPerSecond(narrow),
                N::IncomingPacketsPerSecond(narrow),
                N::OutgoingPacketsPerSecond(narrow),
                N::IncomingBytesPerSecond(narrow),
                N::OutgoingBytesPerSecond(narrow),
            ]),
            counters_of(12, &[
                W::Connections(a),
                W::IncomingPackets(b),
                W::OutgoingPackets(c),
                W::IncomingBytes(d),
                W::OutgoingBytes(e),
                W::ConnectionsPerSecond(f),
                W::IncomingPacketsPerSecond(g),
                W::OutgoingPacketsPerSecond(h),
                W::IncomingBytesPerSecond(i),
                W::OutgoingBytesPerSecond(j),
            ]),
        ];
        let usual = emitted(&attributes);
        prop_assert!(in_usual_order(&usual).is_some());
        attributes.rotate_left(rotation);
        let rotated = emitted(&attributes);
        prop_assert!(in_usual_order(&rotated).is_none());
        let outcome = |bytes: &[u8]| {
            decode_destination(bytes, AddressFamily::Ipv4).map_err(|error| error.to_string())
        };
        prop_assert_eq!(outcome(&usual), outcome(&rotated));
    }

    #[test]
    fn daemons_survive_the_wire(daemon in daemon()) {
        let message = change_message(&Change::StartDaemon(daemon.clone()));
        let (bytes, read) = over_the_wire(&message);
        prop_assert_eq!(&read, &message);
        let entry = decode_daemon(payload_of(&bytes, 3)).unwrap();
        prop_assert_eq!(entry, SyncDaemonEntry {
            role: daemon.role,
            interface: daemon.interface.clone(),
            sync_id: daemon.sync_id.into(),
            group: daemon.group().unwrap_or(SyncDaemonEntry::DEFAULT_GROUP),
            // The rest would be the kernel's to choose.
            max_length: daemon.max_length.map_or(0, NonZeroU16::get),
            port: daemon.port.map_or(0, NonZeroU16::get),
            ttl: daemon.ttl.map_or(0, NonZeroU8::get),
        });
    }

    #[test]
    fn timeouts_survive_the_wire(timeouts in set_timeouts()) {
        let message = change_message(&Change::SetTimeouts(timeouts));
        let (bytes, read) = over_the_wire(&message);
        prop_assert_eq!(&read, &message);
        let found = decode_timeouts(&bytes).unwrap();
        prop_assert_eq!(found, timeouts.values());
    }

    /// The 64-bit counters where there are any, else those of 32 bits.
    #[test]
    fn counters_of_services_survive(
        service in service(),
        (wide, narrow, expected) in blocks(),
    ) {
        let mut message = change_message(&Change::AddService(service.clone()));
        let [Attribute::Service(attributes)] = &mut message.attributes[..] else { unreachable!() };
        attributes.extend(narrow.map(|n| ServiceAttribute::Stats(narrow_block(n).0)));
        attributes.extend(wide.map(|n| ServiceAttribute::Stats64(wide_block(n))));
        let (bytes, read) = over_the_wire(&message);
        prop_assert_eq!(&read, &message);
        let entry = decode_service(payload_of(&bytes, 1)).unwrap();
        prop_assert_eq!(entry.service, service);
        prop_assert_eq!(entry.stats, expected);
    }

    #[test]
    fn counters_of_destinations_survive(
        service in service_key(),
        destination in destination(),
        connections in any::<[u32; 3]>(),
        (wide, narrow, expected) in blocks(),
    ) {
        let mut message = change_message(&Change::AddDestination { service, destination });
        let [_, Attribute::Destination(attributes)] = &mut message.attributes[..] else {
            unreachable!()
        };
        let [active, inactive, persistent] = connections;
        attributes.extend([
            DestinationAttribute::ActiveConnections(active),
            DestinationAttribute::InactiveConnections(inactive),
            DestinationAttribute::PersistentConnections(persistent),
        ]);
        // Before the others here: their order means nothing.
        attributes.splice(0..0, wide.map(|n| DestinationAttribute::Stats64(wide_block(n))));
        attributes.extend(narrow.map(|n| DestinationAttribute::Stats(narrow_block(n).0)));
        let (bytes, read) = over_the_wire(&message);
        prop_assert_eq!(&read, &message);
        let entry = decode_destination(payload_of(&bytes, 2), service.family()).unwrap();
        prop_assert_eq!(entry.destination, destination);
        prop_assert_eq!(entry.stats, expected);
        // Counted below zero by old kernels.
        let inactive = if inactive > i32::MAX as u32 { 0 } else { inactive };
        prop_assert_eq!(entry.connections, Connections { active, inactive, persistent });
    }

    #[test]
    fn service_text_survives(key in service_key()) {
        prop_assert_eq!(key.to_string().parse::<ServiceKey>(), Ok(key));
    }

    #[test]
    fn decoders_take_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = decode_service(&bytes);
        let _ = decode_destination(&bytes, AddressFamily::Ipv6);
        let _ = decode_info(&bytes);
        let _ = decode_daemon(&bytes);
        let _ = decode_timeouts(&bytes);
        let _ = genl::decode_family_id(&bytes);
        let _ = genl::replies(&bytes).count();
        let _ = IpvsMessage::parse_with_param(bytes.as_slice(), GenlHeader { cmd: 1, version: 1 });
    }

    /// Random bytes rarely get past the first length field; a valid message
    /// with one byte changed gets further.
    #[test]
    fn decoders_take_damaged_messages(
        service in service(),
        place in any::<proptest::sample::Index>(),
        damage in 1_u8..,
    ) {
        let message = change_message(&Change::AddService(service));
        let (mut bytes, _) = over_the_wire(&message);
        let place = place.index(bytes.len());
        bytes[place] ^= damage;
        let header = GenlHeader { cmd: Command::NewService.into(), version: 1 };
        if let Ok(read) = IpvsMessage::parse_with_param(bytes.as_slice(), header) {
            // Whatever was read can be written, unknown attributes included. The
            // first trip may lose a flag: netlink-packet-core emits only one of
            // NLA_F_NESTED and NLA_F_NET_BYTEORDER.
            let (_, once) = over_the_wire(&read);
            let (_, twice) = over_the_wire(&once);
            prop_assert_eq!(&once, &twice);
            if read.attributes.iter().any(|attribute| matches!(attribute, Attribute::Service(_))) {
                let _ = decode_service(payload_of(&bytes, 1));
            }
        }
    }
}
