// SPDX-License-Identifier: MIT OR Apache-2.0

//! Random tables, made and disturbed by the library.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

use ipvs_cluster::{Observed, ObservedService};
use ipvs_netlink::{
    AddressFamily, Change, Client, Destination, DestinationKey, ForwardingMethod, GueChecksum,
    Netmask, Persistence, PersistenceTimeout, Protocol, Scheduler, SchedulerFlags, Service,
    ServiceKey, SetTimeouts, SyncDaemon, SyncRole, Thresholds, Tunnel, Weight, unchecked,
};
use lab::{Dice, Host};

use crate::rsctl_save::observe;

/// What tables are made of, by chance, the same in every run.
pub(crate) struct Random(Dice);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Dice::new(seed))
    }

    pub(crate) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.0.roll(end as usize)).unwrap()
    }

    fn one_in(&mut self, number: u32) -> bool {
        self.below(number) == 0
    }

    pub(crate) fn of<T: Clone>(&mut self, items: &[T]) -> T {
        self.0.pick(items)
    }

    fn address(&mut self, family: AddressFamily) -> IpAddr {
        match family {
            AddressFamily::Ipv4 => Ipv4Addr::from_bits(0x0a00_0001 + self.below(1 << 23)).into(),
            AddressFamily::Ipv6 => {
                let low = u128::from(self.below(u32::MAX));
                Ipv6Addr::from_bits(0x2001_0db8_u128 << 96 | low).into()
            }
        }
    }

    fn key(&mut self) -> ServiceKey {
        let family = self.of(&[AddressFamily::Ipv4, AddressFamily::Ipv6]);
        if self.one_in(4) {
            let mark = self.of(&[1, 7, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0]) + self.below(9);
            return ServiceKey::fwmark(family, mark).unwrap();
        }
        let port = if self.one_in(6) { 0 } else { u16::try_from(1 + self.below(65535)).unwrap() };
        let protocol = self.of(&[Protocol::Tcp, Protocol::Udp, Protocol::Sctp]);
        ServiceKey::Endpoint { protocol, address: self.address(family), port }
    }

    fn service(&mut self) -> Service {
        let key = self.key();
        let names =
            ["rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh", "sh", "mh", "sed"];
        let mut service = Service::new(key, self.of(&names).parse().unwrap());
        service.scheduler_flags = match service.scheduler {
            Scheduler::Sh | Scheduler::Mh => SchedulerFlags::from_bits_truncate(self.below(8) << 3),
            _ if self.one_in(5) => SchedulerFlags::FLAG_2,
            _ => SchedulerFlags::empty(),
        };
        let udp = matches!(key, ServiceKey::Endpoint { protocol: Protocol::Udp, .. });
        if key.port() == Some(0) || self.one_in(3) {
            let netmask = match key.family() {
                _ if self.one_in(2) => Netmask::host(key.family()),
                AddressFamily::Ipv4 => Netmask::ipv4(Ipv4Addr::from_bits(!self.below(1 << 24))),
                AddressFamily::Ipv6 => {
                    Netmask::ipv6_prefix(u8::try_from(1 + self.below(128)).unwrap()).unwrap()
                }
            };
            let timeout = PersistenceTimeout::from_seconds(1 + self.below(2_678_400)).unwrap();
            service.persistence = Some(Persistence { timeout, netmask });
            service.engine = (udp && self.one_in(2)).then(|| "sip".parse().unwrap());
        }
        service.one_packet = udp && self.one_in(2);
        service
    }

    fn server(&mut self, service: &ServiceKey, mixed: bool) -> Destination {
        let port = NonZeroU16::new(6080).unwrap();
        let tunnels = [
            Tunnel::Ipip,
            Tunnel::Gue { port, checksum: GueChecksum::None },
            Tunnel::Gue { port, checksum: GueChecksum::Outer },
            Tunnel::Gue { port, checksum: GueChecksum::Remote },
            Tunnel::Gre { checksum: false },
            Tunnel::Gre { checksum: true },
        ];
        let forwarding = match self.below(4) {
            0 => ForwardingMethod::Masquerade,
            1 => ForwardingMethod::Gateway,
            _ => ForwardingMethod::Tunnel(self.of(&tunnels)),
        };
        let tunnelled = matches!(forwarding, ForwardingMethod::Tunnel(_));
        let family = match service.family() {
            AddressFamily::Ipv4 if mixed && tunnelled && self.one_in(2) => AddressFamily::Ipv6,
            AddressFamily::Ipv6 if mixed && tunnelled && self.one_in(2) => AddressFamily::Ipv4,
            own => own,
        };
        let port = match (service.port(), forwarding) {
            (Some(port), ForwardingMethod::Masquerade) if port == 0 => port,
            (_, ForwardingMethod::Masquerade) => u16::try_from(1 + self.below(65535)).unwrap(),
            (port, _) => port.unwrap_or(0),
        };
        let mut server =
            Destination::new(DestinationKey::new(self.address(family), port), forwarding);
        server.weight = Weight::new(self.of(&[0, 1, 1, 3, 100, 0x7fff_ffff])).unwrap();
        if self.one_in(3) {
            let upper = 1 + self.below(0x7fff_ffff);
            server.thresholds = Thresholds::new(upper, self.below(upper)).unwrap();
        }
        server
    }

    fn seconds(&mut self) -> u32 {
        1 + self.below(SetTimeouts::MAX)
    }
}

/// A random table; every other one has sync daemons, which servers of the other
/// address family do not go with.
pub(crate) fn fill(host: &Host, random: &mut Random, daemons: bool) {
    let mut changes = Vec::new();
    let mut keys = HashSet::new();
    for _ in 0..20 {
        let service = random.service();
        let key = service.key;
        if keys.insert(key) {
            changes.push(Change::AddService(service));
            for _ in 0..random.below(9) {
                let destination = random.server(&key, !daemons);
                changes.push(Change::AddDestination { service: key, destination });
            }
        }
    }
    let (a, b, c) = (random.seconds(), random.seconds(), random.seconds());
    let timeouts = SetTimeouts::new().tcp(a).unwrap().tcp_fin(b).unwrap().udp(c).unwrap();
    changes.push(Change::SetTimeouts(timeouts));
    if daemons {
        let daemon = |role, id| SyncDaemon::new(role, "lo".parse().unwrap(), id);
        let master = daemon(SyncRole::Master, 7).with_group("224.0.0.99".parse().unwrap());
        changes.push(Change::StartDaemon(master.unwrap()));
        let mut backup = daemon(SyncRole::Backup, 8);
        backup.port = NonZeroU16::new(9000);
        backup.max_length = NonZeroU16::new(1100);
        changes.push(Change::StartDaemon(backup));
    }
    host.enter(|| {
        let report = Client::connect().unwrap().batch(changes).unwrap();
        assert!(report.failures.is_empty(), "{:#?}", report.failures);
    });
}

/// Deletes, edits and adds at random.
pub(crate) fn disturb(host: &Host, random: &mut Random) {
    let mut changes = Vec::new();
    for ObservedService { service, servers, .. } in observe(host).services {
        let key = service.key;
        if random.one_in(6) {
            changes.push(Change::RemoveService(key));
            continue;
        }
        if random.one_in(3) {
            let mut other = Service::new(key, Scheduler::Rr);
            other.persistence = service.persistence;
            changes.push(Change::SetService(other));
        }
        for mut server in servers {
            let destination = server.key;
            if random.one_in(3) {
                changes.push(Change::RemoveDestination { service: key, destination });
            } else if random.one_in(2) {
                server.weight = Weight::new(random.below(9)).unwrap();
                server.thresholds = Thresholds::UNLIMITED;
                changes.push(Change::SetDestination { service: key, destination: server });
            }
        }
        changes
            .push(Change::AddDestination { service: key, destination: random.server(&key, false) });
    }
    changes.push(Change::SetTimeouts(SetTimeouts::new().udp(random.seconds()).unwrap()));
    host.enter(|| {
        let report = Client::connect().unwrap().batch(changes).unwrap();
        assert!(report.failures.is_empty(), "{:#?}", report.failures);
    });
}

/// Adds so much that the list of services, and that of the servers of one, take several datagrams.
pub(crate) fn widen(host: &Host, random: &mut Random) {
    let key = |number: u8| ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, number), 80);
    let services =
        (1..=40).map(|number| Change::AddService(Service::new(key(number), Scheduler::Rr)));
    let mut servers = HashSet::new();
    while servers.len() < 60 {
        servers.insert(random.server(&key(1), false).key);
    }
    let add = |server| {
        let destination = Destination::new(server, ForwardingMethod::Masquerade);
        Change::AddDestination { service: key(1), destination }
    };
    let changes: Vec<_> = services.chain(servers.into_iter().map(add)).collect();
    host.enter(|| {
        let report = Client::connect().unwrap().batch(changes).unwrap();
        assert!(report.failures.is_empty(), "{:#?}", report.failures);
    });
}

/// Changes one field of one object, or adds or deletes one; what the kernel refuses stays.
pub(crate) fn damage(host: &Host, random: &mut Random) {
    let changes = random.damage(&observe(host));
    host.enter(|| {
        let _ = unchecked::batch(&mut Client::connect().unwrap(), changes).unwrap();
    });
}

impl Random {
    /// What [`damage`] does to a table, which has to have a service.
    pub(crate) fn damage(&mut self, table: &Observed) -> Vec<Change> {
        let entry = self.of(&table.services);
        let key = entry.service.key;
        // Mostly one that has servers.
        let with_servers: Vec<_> =
            table.services.iter().filter(|it| !it.servers.is_empty()).collect();
        match self.below(8) {
            0 => vec![Change::RemoveService(key)],
            1 => vec![Change::AddService(self.service())],
            2 | 3 => vec![Change::SetService(self.other_service(entry.service))],
            4 => vec![self.other_settings()],
            _ if with_servers.is_empty() => Vec::new(),
            what => {
                let entry = self.of(&with_servers);
                let (service, server) = (entry.service.key, self.of(&entry.servers));
                let remove = Change::RemoveDestination { service, destination: server.key };
                match what {
                    5 => vec![remove],
                    // The same at another place.
                    6 if self.one_in(2) => {
                        vec![remove, Change::AddDestination { service, destination: server }]
                    }
                    6 => {
                        let destination = self.server(&service, false);
                        vec![Change::AddDestination { service, destination }]
                    }
                    _ => {
                        let destination = self.other_server(&service, server);
                        vec![Change::SetDestination { service, destination }]
                    }
                }
            }
        }
    }

    /// Makes one field of a service that of another one.
    fn other_service(&mut self, mut service: Service) -> Service {
        let mut other = self.service();
        while other.key.family() != service.key.family() {
            other = self.service();
        }
        match self.below(5) {
            0 => service.scheduler = other.scheduler,
            1 => service.scheduler_flags ^= SchedulerFlags::from_bits_truncate(8 << self.below(3)),
            2 => service.persistence = other.persistence,
            3 => service.engine = other.engine,
            _ => service.one_packet ^= true,
        }
        service
    }

    /// Makes one field of a server that of another one.
    fn other_server(&mut self, service: &ServiceKey, mut server: Destination) -> Destination {
        let other = self.server(service, false);
        let limits = server.thresholds;
        match self.below(4) {
            0 => server.weight = other.weight,
            1 => server.thresholds = unchecked::thresholds(limits.upper() ^ 1, limits.lower()),
            2 => server.thresholds = unchecked::thresholds(limits.upper(), limits.lower() ^ 1),
            _ => server.forwarding = other.forwarding,
        }
        server
    }

    /// Sets a timeout, or stops a sync daemon.
    fn other_settings(&mut self) -> Change {
        let (seconds, none) = (self.seconds(), SetTimeouts::new());
        match self.below(4) {
            0 => Change::SetTimeouts(none.tcp(seconds).unwrap()),
            1 => Change::SetTimeouts(none.tcp_fin(seconds).unwrap()),
            2 => Change::SetTimeouts(none.udp(seconds).unwrap()),
            _ => Change::StopDaemon(self.of(&[SyncRole::Master, SyncRole::Backup])),
        }
    }
}
