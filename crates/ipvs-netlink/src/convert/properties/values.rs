// SPDX-License-Identifier: MIT OR Apache-2.0

//! Any service, server, daemon and change: as many of each as a test wants.

use super::*;

pub(super) fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(bits).into()),
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into()),
    ]
}

pub(super) fn service_key() -> impl Strategy<Value = ServiceKey> {
    let family = prop_oneof![Just(AddressFamily::Ipv4), Just(AddressFamily::Ipv6)];
    prop_oneof![
        (any::<u16>(), address(), any::<u16>()).prop_map(|(number, address, port)| {
            ServiceKey::Endpoint { protocol: Protocol::from_number(number), address, port }
        }),
        (family, any::<NonZeroU32>())
            .prop_map(|(family, mark)| ServiceKey::Fwmark { family, mark }),
    ]
}

pub(super) fn persistence(family: AddressFamily) -> impl Strategy<Value = Persistence> {
    (1..=PersistenceTimeout::MAX.as_seconds(), any::<u32>(), 1..=128_u8).prop_map(
        move |(seconds, mask, prefix)| Persistence {
            timeout: PersistenceTimeout::from_seconds(seconds).unwrap(),
            netmask: match family {
                AddressFamily::Ipv4 => Netmask::ipv4(Ipv4Addr::from_bits(mask)),
                AddressFamily::Ipv6 => Netmask::ipv6_prefix(prefix).unwrap(),
            },
        },
    )
}

pub(super) fn scheduler() -> impl Strategy<Value = Scheduler> {
    let known: Vec<_> = Scheduler::known().cloned().collect();
    prop_oneof![
        proptest::sample::select(known),
        "[a-z0-9_]{1,15}".prop_map(|name| name.parse().unwrap()),
    ]
}

pub(super) fn service() -> impl Strategy<Value = Service> {
    service_key().prop_flat_map(|key| {
        (
            scheduler(),
            any::<u32>(),
            proptest::option::of(persistence(key.family())),
            proptest::option::of("[a-z0-9_]{1,15}"),
            any::<bool>(),
        )
            .prop_map(move |(scheduler, bits, persistence, engine, one_packet)| Service {
                scheduler_flags: SchedulerFlags::from_bits_truncate(bits),
                unknown_flags: bits & !0x3f,
                persistence,
                engine: engine.map(|name| name.parse().unwrap()),
                one_packet,
                ..Service::new(key, scheduler)
            })
    })
}

pub(super) fn tunnel() -> impl Strategy<Value = Tunnel> {
    let checksum =
        prop_oneof![Just(GueChecksum::None), Just(GueChecksum::Outer), Just(GueChecksum::Remote)];
    prop_oneof![
        Just(Tunnel::Ipip),
        (any::<NonZeroU16>(), checksum).prop_map(|(port, checksum)| Tunnel::Gue { port, checksum }),
        any::<bool>().prop_map(|checksum| Tunnel::Gre { checksum }),
        (3_u8.., any::<u16>(), any::<u16>()).prop_map(|(kind, port, flags)| Tunnel::Other {
            kind,
            port,
            flags
        }),
    ]
}

pub(super) fn destination() -> impl Strategy<Value = Destination> {
    let forwarding = prop_oneof![
        Just(ForwardingMethod::Masquerade),
        Just(ForwardingMethod::Gateway),
        Just(ForwardingMethod::Local),
        (4_u32..8).prop_map(ForwardingMethod::Other),
        tunnel().prop_map(ForwardingMethod::Tunnel),
    ];
    let upper = 0..=i32::MAX.unsigned_abs();
    let thresholds = upper.prop_flat_map(|upper| {
        (0..=upper).prop_map(move |lower| Thresholds::new(upper, lower).unwrap())
    });
    (address(), any::<u16>(), forwarding, 0..=i32::MAX.unsigned_abs(), thresholds).prop_map(
        |(address, port, forwarding, weight, thresholds)| Destination {
            weight: Weight::new(weight).unwrap(),
            thresholds,
            ..Destination::new(DestinationKey { address, port }, forwarding)
        },
    )
}

pub(super) fn daemon() -> impl Strategy<Value = SyncDaemon> {
    let role = prop_oneof![Just(SyncRole::Master), Just(SyncRole::Backup)];
    let group = prop_oneof![
        (224_u8..240, any::<[u8; 3]>()).prop_map(|(a, [b, c, d])| Ipv4Addr::new(a, b, c, d).into()),
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits | 0xff << 120).into()),
    ];
    (
        (role, "[a-z0-9.-]{3,15}", any::<u8>(), proptest::option::of(group)),
        any::<(Option<NonZeroU16>, Option<NonZeroU16>, Option<NonZeroU8>)>(),
    )
        .prop_map(|((role, interface, sync_id, group), (max_length, port, ttl))| {
            let daemon = SyncDaemon::new(role, interface.parse().unwrap(), sync_id);
            let mut daemon = match group {
                Some(group) => daemon.with_group(group).unwrap(),
                None => daemon,
            };
            (daemon.max_length, daemon.port, daemon.ttl) = (max_length, port, ttl);
            daemon
        })
}

pub(super) fn set_timeouts() -> impl Strategy<Value = SetTimeouts> {
    let seconds = || proptest::option::of(1..=SetTimeouts::MAX);
    (seconds(), seconds(), seconds()).prop_map(|(tcp, tcp_fin, udp)| {
        let mut timeouts = SetTimeouts::new();
        type Setter = fn(SetTimeouts, u32) -> Result<SetTimeouts, crate::model::Invalid>;
        let setters: [Setter; 3] = [SetTimeouts::tcp, SetTimeouts::tcp_fin, SetTimeouts::udp];
        for (set, seconds) in setters.into_iter().zip([tcp, tcp_fin, udp]) {
            if let Some(seconds) = seconds {
                timeouts = set(timeouts, seconds).unwrap();
            }
        }
        timeouts
    })
}

/// Every change that a batch is likely to hold, and one that has attributes of
/// its own at the top.
pub(super) fn change() -> impl Strategy<Value = Change> {
    let server = || (service_key(), destination());
    prop_oneof![
        service().prop_map(Change::AddService),
        service().prop_map(Change::SetService),
        service_key().prop_map(Change::RemoveService),
        server().prop_map(|(service, destination)| Change::AddDestination { service, destination }),
        server().prop_map(|(service, destination)| Change::SetDestination { service, destination }),
        server().prop_map(|(service, Destination { key, .. })| Change::RemoveDestination {
            service,
            destination: key
        }),
        proptest::option::of(service_key()).prop_map(Change::Zero),
        Just(Change::Flush),
        Just(Change::StopDaemon(SyncRole::Backup)),
    ]
}
