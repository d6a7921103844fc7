// SPDX-License-Identifier: MIT OR Apache-2.0

//! What was made while it was recorded.

use std::net::Ipv4Addr;
use std::num::{NonZeroU8, NonZeroU16};

use ipvs_netlink::{
    AddressFamily, Destination, ForwardingMethod, GueChecksum, InterfaceName, Netmask, Persistence,
    PersistenceTimeout, Scheduler, SchedulerFlags, Service, ServiceKey, SyncDaemon, SyncRole,
    Thresholds, Tunnel, Weight,
};

pub(crate) const MASTER: &str = "ipvsadm --start-daemon master --mcast-interface sync0 --syncid 7 \
                      --sync-maxlen 1400 --mcast-group 224.0.1.2 --mcast-port 8849 --mcast-ttl 3";
pub(crate) const BACKUP: &str =
    "ipvsadm --start-daemon backup --mcast-interface sync0 --syncid 8 --mcast-group ff05::51";

pub(crate) fn web() -> ServiceKey {
    "tcp/192.0.2.10:80".parse().unwrap()
}

pub(crate) fn service(key: &str, scheduler: Scheduler) -> Service {
    Service::new(key.parse().unwrap(), scheduler)
}

pub(crate) fn persistent(service: Service, seconds: u32, netmask: Netmask) -> Service {
    let timeout = PersistenceTimeout::from_seconds(seconds).unwrap();
    let mut service = service;
    service.persistence = Some(Persistence { timeout, netmask });
    service
}

/// The two settings of each service that is added and edited, with the words
/// by which `ipvsadm` names it.
pub(crate) fn services() -> Vec<(&'static str, &'static str, &'static str, Service, Service)> {
    let plain = |key, add, edit| (service(key, add), service(key, edit));
    let v4_mask = |text| Netmask::parse(text, AddressFamily::Ipv4).unwrap();
    let v6_mask = |text| Netmask::parse(text, AddressFamily::Ipv6).unwrap();
    let mut all = Vec::new();
    let mut row = |name, add, edit, (added, edited)| all.push((name, add, edit, added, edited));

    row("-t 192.0.2.10:80", "-s wrr", "-s lc", {
        plain("tcp/192.0.2.10:80", Scheduler::Wrr, Scheduler::Lc)
    });
    row("--sctp-service 192.0.2.10:3868", "-s wlc", "-s rr", {
        plain("sctp/192.0.2.10:3868", Scheduler::Wlc, Scheduler::Rr)
    });
    row("-f 7", "-s rr", "-s wrr", plain("fwmark/7", Scheduler::Rr, Scheduler::Wrr));
    row("-f 7 -6", "-s rr", "-s wrr", plain("fwmark/7/ipv6", Scheduler::Rr, Scheduler::Wrr));
    row("-u [2001:db8::10]:53", "-s rr -p 300 -M 64", "-s rr -p 600 -M 56", {
        let dns = service("udp/[2001:db8::10]:53", Scheduler::Rr);
        (persistent(dns.clone(), 300, v6_mask("64")), persistent(dns, 600, v6_mask("56")))
    });
    row("-t 192.0.2.10:0", "-s rr -p 300 -M 255.255.255.0", "-s rr -p", {
        let all = service("tcp/192.0.2.10:0", Scheduler::Rr);
        (persistent(all.clone(), 300, v4_mask("/24")), persistent(all, 360, v4_mask("/32")))
    });
    row("-t 192.0.2.10:443", "-s sh -b sh-fallback,sh-port", "-s sh -b sh-port", {
        let mut added = service("tcp/192.0.2.10:443", Scheduler::Sh);
        let mut edited = added.clone();
        added.scheduler_flags = SchedulerFlags::FALLBACK | SchedulerFlags::PORT;
        edited.scheduler_flags = SchedulerFlags::PORT;
        (added, edited)
    });
    row("-u 192.0.2.10:514", "-s rr -o", "-s rr", {
        let edited = service("udp/192.0.2.10:514", Scheduler::Rr);
        let mut added = edited.clone();
        added.one_packet = true;
        (added, edited)
    });
    row("-u 192.0.2.10:5060", "-s rr -p 60 --pe sip", "-s wrr -p 90 --pe sip", {
        let mut phone = service("udp/192.0.2.10:5060", Scheduler::Rr);
        phone.engine = Some("sip".parse().unwrap());
        let added = persistent(phone.clone(), 60, v4_mask("/32"));
        phone.scheduler = Scheduler::Wrr;
        (added, persistent(phone, 90, v4_mask("/32")))
    });
    all
}

/// Every kind of real server, of weight 5, in the order they were added.
pub(crate) fn servers() -> Vec<(&'static str, ServiceKey, Destination)> {
    let gue = |checksum| {
        ForwardingMethod::Tunnel(Tunnel::Gue { port: NonZeroU16::new(6080).unwrap(), checksum })
    };
    let gre = |checksum| ForwardingMethod::Tunnel(Tunnel::Gre { checksum });
    let ipip = ForwardingMethod::Tunnel(Tunnel::Ipip);
    let server = |key: &str, forwarding| {
        let mut server = Destination::new(key.parse().unwrap(), forwarding);
        server.weight = Weight::new(5).unwrap();
        server
    };
    let web6 = "tcp/[2001:db8::10]:80".parse().unwrap();
    let mark = "fwmark/7".parse().unwrap();
    let mut limited = server("198.51.100.11:8080", ForwardingMethod::Masquerade);
    limited.thresholds = Thresholds::new(100, 80).unwrap();
    vec![
        ("-t 192.0.2.10:80 -r 198.51.100.11:8080 -m -w 5 -x 100 -y 80", web(), limited),
        (
            "-t 192.0.2.10:80 -r 198.51.100.12 -g -w 5",
            web(),
            server("198.51.100.12:80", ForwardingMethod::Gateway),
        ),
        ("-t 192.0.2.10:80 -r 198.51.100.13 -i -w 5", web(), server("198.51.100.13:80", ipip)),
        (
            "-t 192.0.2.10:80 -r 198.51.100.14 -i --tun-type gue --tun-port 6080 --tun-nocsum -w 5",
            web(),
            server("198.51.100.14:80", gue(GueChecksum::None)),
        ),
        (
            "-t 192.0.2.10:80 -r 198.51.100.15 -i --tun-type gue --tun-port 6080 --tun-csum -w 5",
            web(),
            server("198.51.100.15:80", gue(GueChecksum::Outer)),
        ),
        (
            "-t 192.0.2.10:80 -r 198.51.100.16 -i --tun-type gue --tun-port 6080 --tun-remcsum -w 5",
            web(),
            server("198.51.100.16:80", gue(GueChecksum::Remote)),
        ),
        (
            "-t 192.0.2.10:80 -r 198.51.100.17 -i --tun-type gre --tun-nocsum -w 5",
            web(),
            server("198.51.100.17:80", gre(false)),
        ),
        (
            "-t 192.0.2.10:80 -r 198.51.100.18 -i --tun-type gre --tun-csum -w 5",
            web(),
            server("198.51.100.18:80", gre(true)),
        ),
        (
            "-t 192.0.2.10:80 -r [2001:db8:1::19]:80 -i -w 5",
            web(),
            server("[2001:db8:1::19]:80", ipip),
        ),
        (
            "-t [2001:db8::10]:80 -r [2001:db8:1::11]:8080 -m -w 5",
            web6,
            server("[2001:db8:1::11]:8080", ForwardingMethod::Masquerade),
        ),
        (
            "-f 7 -r 198.51.100.12 -g -w 5",
            mark,
            server("198.51.100.12:0", ForwardingMethod::Gateway),
        ),
    ]
}

pub(crate) fn daemons() -> [SyncDaemon; 2] {
    let interface = || "sync0".parse::<InterfaceName>().unwrap();
    let master = SyncDaemon::new(SyncRole::Master, interface(), 7);
    let mut master = master.with_group(Ipv4Addr::new(224, 0, 1, 2).into()).unwrap();
    master.max_length = NonZeroU16::new(1400);
    master.port = NonZeroU16::new(8849);
    master.ttl = NonZeroU8::new(3);
    let backup = SyncDaemon::new(SyncRole::Backup, interface(), 8);
    [master, backup.with_group("ff05::51".parse().unwrap()).unwrap()]
}

/// The same server after its edit.
pub(crate) fn edited(server: &Destination) -> Destination {
    let mut server = *server;
    server.weight = Weight::new(7).unwrap();
    server
}
