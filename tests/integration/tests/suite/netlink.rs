// SPDX-License-Identifier: MIT OR Apache-2.0

//! `ipvs-netlink` against the kernel's own IPVS; `ipvsadm` says what the kernel
//! understood.

use std::net::IpAddr;
use std::num::NonZeroU16;

use ipvs_netlink::{
    AddressFamily, Change, Client, Destination, DestinationKey, ErrorKind, ForwardingMethod,
    GueChecksum, NetlinkTransport, Netmask, Persistence, PersistenceTimeout, Scheduler,
    SchedulerFlags, Service, ServiceKey, Thresholds, Transport, Tunnel, Weight,
};
use lab::Host;

fn key(text: &str) -> ServiceKey {
    text.parse().unwrap()
}

fn server(text: &str, forwarding: ForwardingMethod) -> Destination {
    Destination::new(text.parse().unwrap(), forwarding)
}

fn add(service: ServiceKey, destination: Destination) -> Change {
    Change::AddDestination { service, destination }
}

/// What `ipvsadm -Sn` says of the table.
/// What `ipvsadm` saves, without the blanks it leaves at the ends.
pub(crate) fn saved(host: &Host) -> Vec<String> {
    host.must("ipvsadm -Sn").stdout.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn persistent(family: AddressFamily, mask: &str, seconds: u32) -> Persistence {
    Persistence {
        timeout: PersistenceTimeout::from_seconds(seconds).unwrap(),
        netmask: Netmask::parse(mask, family).unwrap(),
    }
}

/// One service of every kind, with what `ipvsadm` calls it.
fn services() -> Vec<(Service, &'static str)> {
    let service = |text: &str, scheduler| Service::new(key(text), scheduler);
    let mut sh = service("udp/192.0.2.1:53", Scheduler::Sh);
    sh.scheduler_flags = SchedulerFlags::FALLBACK | SchedulerFlags::PORT;
    sh.one_packet = true;
    let mut every_port = service("tcp/192.0.2.2:0", Scheduler::Wlc);
    every_port.persistence = Some(persistent(AddressFamily::Ipv4, "255.255.255.0", 600));
    let mut sip = service("udp/192.0.2.1:5060", Scheduler::Rr);
    sip.persistence = Some(persistent(AddressFamily::Ipv4, "255.255.255.255", 60));
    sip.engine = Some("sip".parse().unwrap());
    let mut six = service("tcp/[2001:db8::1]:443", Scheduler::Lc);
    six.persistence = Some(persistent(AddressFamily::Ipv6, "64", 360));
    vec![
        (service("tcp/192.0.2.1:80", Scheduler::Wrr), "-A -t 192.0.2.1:80 -s wrr"),
        (sh, "-A -u 192.0.2.1:53 -s sh -o -b sh-fallback,sh-port"),
        (every_port, "-A -t 192.0.2.2:0 -s wlc -p 600 -M 255.255.255.0"),
        (sip, "-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip"),
        (six, "-A -t [2001:db8::1]:443 -s lc -p 360 -M 64"),
        (service("udp/[2001:db8::1]:53", Scheduler::Mh), "-A -u [2001:db8::1]:53 -s mh"),
        (service("sctp/192.0.2.1:9000", Scheduler::Sed), "-A --sctp-service 192.0.2.1:9000 -s sed"),
        (service("fwmark/7", Scheduler::Nq), "-A -f 7 -s nq"),
        (service("fwmark/7/ipv6", Scheduler::Fo), "-A -f 7 -6 -s fo"),
    ]
}

/// One real server of every kind for a service of that family, with what
/// `ipvsadm` calls its method.
fn servers(family: AddressFamily) -> Vec<(Destination, &'static str)> {
    let port = NonZeroU16::new(6080).unwrap();
    let gue = |checksum| ForwardingMethod::Tunnel(Tunnel::Gue { port, checksum });
    let gre = |checksum| ForwardingMethod::Tunnel(Tunnel::Gre { checksum });
    [
        (ForwardingMethod::Masquerade, "-m"),
        (ForwardingMethod::Gateway, "-g"),
        (ForwardingMethod::Tunnel(Tunnel::Ipip), "--tun-type ipip"),
        (gue(GueChecksum::None), "--tun-type gue --tun-port 6080 --tun-nocsum"),
        (gue(GueChecksum::Outer), "--tun-type gue --tun-port 6080 --tun-csum"),
        (gue(GueChecksum::Remote), "--tun-type gue --tun-port 6080 --tun-remcsum"),
        (gre(false), "--tun-type gre --tun-nocsum"),
        (gre(true), "--tun-type gre --tun-csum"),
    ]
    .into_iter()
    .zip(1..)
    .map(|((forwarding, word), number)| {
        let address: IpAddr = match family {
            AddressFamily::Ipv4 => [10, 0, 0, number].into(),
            AddressFamily::Ipv6 => [0x2001, 0xdb8, 0xff, 0, 0, 0, 0, u16::from(number)].into(),
        };
        (Destination::new(DestinationKey::new(address, 80), forwarding), word)
    })
    .collect()
}

#[test]
fn every_kind_of_service_is_added_read_edited_and_deleted() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        assert_eq!(client.info().unwrap().version.to_string(), "1.2.1");
        assert!(client.services().unwrap().is_empty());
        for (service, _) in services() {
            assert!(client.service(&service.key).unwrap().is_none());
            client.apply(Change::AddService(service.clone())).unwrap();
            let read = client.service(&service.key).unwrap().unwrap();
            assert_eq!(read.service, service);
        }
        let mut all: Vec<_> =
            client.services().unwrap().into_iter().map(|entry| entry.service).collect();
        let mut expected: Vec<_> = services().into_iter().map(|(service, _)| service).collect();
        all.sort_by_key(|service| service.key);
        expected.sort_by_key(|service| service.key);
        assert_eq!(all, expected);
    });
    let mut lines = saved(&host);
    let mut expected: Vec<_> = services().into_iter().map(|(_, line)| line.to_owned()).collect();
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected);

    host.enter(|| {
        let mut client = Client::connect().unwrap();
        for (service, _) in services() {
            let edited = client
                .edit_service(&service.key, |service| service.scheduler = Scheduler::Lblc)
                .unwrap();
            assert!(edited);
            let read = client.service(&service.key).unwrap().unwrap().service;
            let mut expected = service.clone();
            expected.scheduler = Scheduler::Lblc;
            assert_eq!(read, expected);
        }
        for (service, _) in services() {
            client.apply(Change::RemoveService(service.key)).unwrap();
            assert!(client.service(&service.key).unwrap().is_none());
        }
        assert!(client.services().unwrap().is_empty());
    });
}

#[test]
fn every_kind_of_server_is_added_read_edited_and_deleted() {
    for (text, family) in
        [("tcp/192.0.2.1:80", AddressFamily::Ipv4), ("tcp/[2001:db8::1]:80", AddressFamily::Ipv6)]
    {
        let host = Host::new("director");
        let service = key(text);
        host.enter(|| {
            let mut client = Client::connect().unwrap();
            client.apply(Change::AddService(Service::new(service, Scheduler::Wrr))).unwrap();
            for (mut destination, _) in servers(family) {
                destination.weight = Weight::new(7).unwrap();
                destination.thresholds = Thresholds::new(20, 10).unwrap();
                client.apply(add(service, destination)).unwrap();
                let read = client.destination(&service, &destination.key).unwrap().unwrap();
                assert_eq!(read.destination, destination);
            }
            assert_eq!(client.destinations(&service).unwrap().len(), servers(family).len());
        });
        let lines = saved(&host);
        for (destination, word) in servers(family) {
            let server = format!("-r {} ", destination.key);
            let line = lines.iter().find(|line| line.contains(&server)).unwrap();
            assert!(line.contains(word) && line.contains("-w 7"), "{word} is not in {line}");
        }
        host.enter(|| {
            let mut client = Client::connect().unwrap();
            for (destination, _) in servers(family) {
                let before = client.destination(&service, &destination.key).unwrap().unwrap();
                let edit = |d: &mut Destination| d.weight = Weight::ZERO;
                assert!(client.edit_destination(&service, &destination.key, edit).unwrap());
                assert!(!client.edit_destination(&service, &destination.key, edit).unwrap());
                let after = client.destination(&service, &destination.key).unwrap().unwrap();
                let mut expected = before.destination;
                expected.weight = Weight::ZERO;
                assert_eq!(after.destination, expected);
                let key = destination.key;
                client.apply(Change::RemoveDestination { service, destination: key }).unwrap();
                assert!(client.destination(&service, &key).unwrap().is_none());
            }
        });
    }
}

#[test]
fn a_tunnel_joins_families() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        for (service, other) in
            [("tcp/192.0.2.1:80", "[2001:db8::9]:80"), ("tcp/[2001:db8::1]:80", "10.0.0.9:80")]
        {
            let service = key(service);
            client.apply(Change::AddService(Service::new(service, Scheduler::Rr))).unwrap();
            let tunnelled = server(other, ForwardingMethod::Tunnel(Tunnel::Ipip));
            client.apply(add(service, tunnelled)).unwrap();
            let read = client.destination(&service, &tunnelled.key).unwrap().unwrap();
            assert_eq!(read.destination, tunnelled);
            // The family is part of the key: an edit and a delete must find it.
            let edit = |d: &mut Destination| d.weight = Weight::ZERO;
            assert!(client.edit_destination(&service, &tunnelled.key, edit).unwrap());
            let routed = server(other, ForwardingMethod::Gateway);
            let error = client.apply(add(service, routed)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
            let destination = tunnelled.key;
            client.apply(Change::RemoveDestination { service, destination }).unwrap();
        }
    });
}

#[test]
fn flush_removes_everything_in_this_namespace_only() {
    let (here, there) = (Host::new("here"), Host::new("there"));
    for host in [&here, &there] {
        host.enter(|| {
            let mut client = Client::connect().unwrap();
            for (service, _) in services() {
                client.apply(Change::AddService(service)).unwrap();
            }
        });
    }
    here.enter(|| Client::connect().unwrap().apply(Change::Flush).unwrap());
    assert!(saved(&here).is_empty());
    assert_eq!(saved(&there).len(), services().len());
}

#[test]
fn the_kernels_refusals_are_told_apart() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let web = key("tcp/192.0.2.1:80");
        let masquerade = |text| server(text, ForwardingMethod::Masquerade);
        let first = masquerade("10.0.0.1:80");
        let missing: DestinationKey = "10.0.0.2:80".parse().unwrap();
        let rr = Service::new(web, Scheduler::Rr);
        let none_such = Service::new(web, "none_such".parse().unwrap());

        let mut refused = |change: Change, kind, text: &str| {
            let error = client.apply(change).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(error.to_string(), text);
            assert!(!error.hints().is_empty(), "no hint for {error}");
        };
        refused(
            Change::RemoveService(web),
            ErrorKind::ServiceMissing,
            "cannot delete service tcp/192.0.2.1:80: there is no service tcp/192.0.2.1:80 (ESRCH)",
        );
        refused(
            Change::SetService(rr.clone()),
            ErrorKind::ServiceMissing,
            "cannot edit service tcp/192.0.2.1:80: there is no service tcp/192.0.2.1:80 (ESRCH)",
        );
        refused(
            add(web, first),
            ErrorKind::ServiceMissing,
            "cannot add server 10.0.0.1:80 to tcp/192.0.2.1:80: there is no service \
             tcp/192.0.2.1:80 (ESRCH)",
        );
        refused(
            Change::AddService(none_such.clone()),
            ErrorKind::SchedulerMissing,
            "cannot add service tcp/192.0.2.1:80: the kernel has no scheduler none_such (ENOENT)",
        );
        Client::connect().unwrap().apply(Change::AddService(rr.clone())).unwrap();
        refused(
            Change::AddService(rr),
            ErrorKind::AlreadyExists,
            "cannot add service tcp/192.0.2.1:80: it exists already (EEXIST)",
        );
        refused(
            Change::SetService(none_such),
            ErrorKind::SchedulerMissing,
            "cannot edit service tcp/192.0.2.1:80: the kernel has no scheduler none_such (ENOENT)",
        );
        Client::connect().unwrap().apply(add(web, first)).unwrap();
        refused(
            add(web, first),
            ErrorKind::AlreadyExists,
            "cannot add server 10.0.0.1:80 to tcp/192.0.2.1:80: it exists already (EEXIST)",
        );
        refused(
            Change::SetDestination { service: web, destination: masquerade("10.0.0.2:80") },
            ErrorKind::DestinationMissing,
            "cannot edit server 10.0.0.2:80 of tcp/192.0.2.1:80: the service has no such server \
             (ENOENT)",
        );
        refused(
            Change::RemoveDestination { service: web, destination: missing },
            ErrorKind::DestinationMissing,
            "cannot delete server 10.0.0.2:80 of tcp/192.0.2.1:80: the service has no such \
             server (ENOENT)",
        );
        // Unicast by its looks, but a broadcast address of this host's `lo`.
        refused(
            add(web, masquerade("127.255.255.255:80")),
            ErrorKind::Rejected,
            "cannot add server 127.255.255.255:80 to tcp/192.0.2.1:80: the kernel refused the \
             server's address or settings (EINVAL)",
        );
    });
}

#[test]
fn a_missing_service_has_no_empty_list() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let web = key("tcp/192.0.2.1:80");
        let error = client.destinations(&web).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ServiceMissing, "{error}");
        client.apply(Change::AddService(Service::new(web, Scheduler::Rr))).unwrap();
        assert!(client.destinations(&web).unwrap().is_empty());
    });
}

#[test]
fn what_the_model_refuses_never_reaches_the_kernel() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let web = key("tcp/192.0.2.1:80");
        client.apply(Change::AddService(Service::new(web, Scheduler::Rr))).unwrap();
        let mut one_packet = Service::new(key("tcp/192.0.2.1:81"), Scheduler::Rr);
        one_packet.one_packet = true;
        let mut wrong_mask = Service::new(key("tcp/192.0.2.1:82"), Scheduler::Rr);
        wrong_mask.persistence = Some(persistent(AddressFamily::Ipv6, "64", 60));
        let mut engine_without_persistence = Service::new(key("udp/192.0.2.1:83"), Scheduler::Rr);
        engine_without_persistence.engine = Some("sip".parse().unwrap());
        let mut engine_for_tcp = Service::new(key("tcp/192.0.2.1:84"), Scheduler::Rr);
        engine_for_tcp.persistence = Some(persistent(AddressFamily::Ipv4, "255.255.255.255", 60));
        engine_for_tcp.engine = Some("sip".parse().unwrap());
        let refused = [
            Change::AddService(Service::new(key("tcp/192.0.2.1:0"), Scheduler::Rr)),
            Change::AddService(Service::new(key("ip-1/192.0.2.1:80"), Scheduler::Rr)),
            Change::AddService(one_packet),
            Change::AddService(wrong_mask),
            Change::AddService(engine_without_persistence),
            Change::AddService(engine_for_tcp),
            add(web, server("10.0.0.1:8080", ForwardingMethod::Gateway)),
            add(web, server("10.0.0.1:8080", ForwardingMethod::Tunnel(Tunnel::Ipip))),
            add(web, server("[2001:db8::9]:80", ForwardingMethod::Masquerade)),
            add(web, server("0.0.0.0:80", ForwardingMethod::Masquerade)),
            add(web, server("255.255.255.255:80", ForwardingMethod::Masquerade)),
            add(web, server("224.0.0.1:80", ForwardingMethod::Masquerade)),
            add(web, server("10.0.0.1:80", ForwardingMethod::Other(5))),
        ];
        for change in refused {
            let error = client.apply(change).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        }
    });
    assert_eq!(saved(&host), ["-A -t 192.0.2.1:80 -s rr"]);
}

/// The real transport, turning masquerading into direct routing on the way:
/// another tool can do what our own checks refuse.
struct Careless(NetlinkTransport);

impl Transport for Careless {
    fn send(&mut self, datagram: &[u8]) -> std::io::Result<()> {
        // The attribute IPVS_DEST_ATTR_FWD_METHOD with the value 0.
        let masquerade = [8, 0, 3, 0, 0, 0, 0, 0];
        let mut datagram = datagram.to_vec();
        if let Some(place) = datagram.windows(8).position(|window| window == masquerade) {
            datagram[place + 4] = 3;
        }
        self.0.send(&datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.receive(buffer)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.receive_now(buffer)
    }
}

#[test]
fn what_another_tool_left_can_still_be_edited() {
    let host = Host::new("director");
    host.enter(|| {
        let web = key("tcp/192.0.2.1:80");
        let other_port: DestinationKey = "10.0.0.1:8080".parse().unwrap();
        let transport = Careless(NetlinkTransport::open().unwrap());
        let mut careless = Client::with_transport(transport).unwrap();
        careless.apply(Change::AddService(Service::new(web, Scheduler::Rr))).unwrap();
        let masquerade = Destination::new(other_port, ForwardingMethod::Masquerade);
        careless.apply(add(web, masquerade)).unwrap();

        let mut client = Client::connect().unwrap();
        let read = |client: &mut Client| {
            client.destination(&web, &other_port).unwrap().unwrap().destination
        };
        assert_eq!(read(&mut client).forwarding, ForwardingMethod::Gateway);
        assert!(client.edit_destination(&web, &other_port, |d| d.weight = Weight::ZERO).unwrap());
        assert_eq!(read(&mut client).weight, Weight::ZERO);
        // The edit's own fault is still refused.
        let tunnel = ForwardingMethod::Tunnel(Tunnel::Ipip);
        let error = client.edit_destination(&web, &other_port, |d| d.forwarding = tunnel);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(read(&mut client).forwarding, ForwardingMethod::Gateway);
    });
}
