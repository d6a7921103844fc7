// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes a table with one of everything, for the tests of its forms.

use std::num::NonZeroU16;

use ipvs_netlink::{
    AddressFamily, Connections, Destination, ForwardingMethod, GueChecksum, IpvsVersion, Netmask,
    Persistence, PersistenceTimeout, Scheduler, SchedulerFlags, Service, Stats, Thresholds, Tunnel,
    Weight,
};

use crate::cli::View;
use crate::commands::{ListedServer, ListedService, Listing, Shape, Whole};
use crate::names::Names;

pub(super) fn listing(services: Vec<ListedService>) -> Listing {
    let version = IpvsVersion { major: 1, minor: 2, patch: 1 };
    Listing {
        public: None,
        version,
        connection_table_size: 4096,
        view: View::Default,
        exact: false,
        shape: Shape::default(),
        services,
        unread: None,
        names: Names::default(),
    }
}

pub(super) fn services() -> Vec<ListedService> {
    let port = NonZeroU16::new(6080).unwrap();
    let gue = Tunnel::Gue { port, checksum: GueChecksum::None };

    let mut busy = server("10.0.0.11:8080", ForwardingMethod::Masquerade, 3);
    busy.server.thresholds = Thresholds::new(100, 80).unwrap();
    busy.connections.active = 7;
    busy.connections.inactive = 12;
    busy.connections.persistent = 2;
    let mut stats = Stats::default();
    stats.incoming_bytes = u64::MAX;
    let busy = ListedServer::new(busy.server, busy.connections, stats);

    let mut web = service("tcp/192.0.2.10:80", Scheduler::Wrr);
    web.stats.connections = 5_000_000_000;
    web.servers =
        vec![busy, server("10.0.0.12:80", ForwardingMethod::Gateway, i32::MAX.unsigned_abs())];

    let mut sip = service("udp/[2001:db8::10]:5060", Scheduler::Sh);
    sip.service.scheduler_flags = SchedulerFlags::FALLBACK | SchedulerFlags::PORT;
    sip.service.persistence = Some(Persistence {
        timeout: PersistenceTimeout::from_seconds(600).unwrap(),
        netmask: Netmask::ipv6_prefix(64).unwrap(),
    });
    sip.service.engine = Some("sip".parse().unwrap());
    sip.service.one_packet = true;
    sip.servers = vec![
        server("10.0.0.13:5060", ForwardingMethod::Tunnel(gue), 1),
        server("[2001:db8::11]:5060", ForwardingMethod::Tunnel(Tunnel::Ipip), 0),
    ];

    let mut mark = service("fwmark/7", Scheduler::Rr);
    mark.service.scheduler_flags = SchedulerFlags::FLAG_3;
    mark.service.persistence = Some(Persistence {
        timeout: PersistenceTimeout::DEFAULT,
        netmask: Netmask::host(AddressFamily::Ipv4),
    });

    vec![web, sip, mark, service("fwmark/4294967295/ipv6", Scheduler::Wlc)]
}

fn service(key: &str, scheduler: Scheduler) -> ListedService {
    let service = Service::new(key.parse().unwrap(), scheduler);
    ListedService { service, stats: Stats::default(), servers: Vec::new(), whole: Whole::default() }
}

fn server(key: &str, forwarding: ForwardingMethod, weight: u32) -> ListedServer {
    let mut server = Destination::new(key.parse().unwrap(), forwarding);
    server.weight = Weight::new(weight).unwrap();
    ListedServer::new(server, Connections::default(), Stats::default())
}
