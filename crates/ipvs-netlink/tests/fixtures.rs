// SPDX-License-Identifier: MIT OR Apache-2.0

//! Real conversations: what Debian's `ipvsadm` asked, what the kernel answered
//! (`tests/fixtures`, recorded by `tests/integration/lab/capture`).
//!
//! Three things are shown of them: that each message is understood and written
//! again byte for byte; that we ask for a thing as `ipvsadm` asks for it; and
//! that the kernel's answers mean to a client what the kernel meant.

// The fixtures are of a little-endian machine.
#![cfg(target_endian = "little")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::{NonZeroU8, NonZeroU16};
use std::path::Path;

use ipvs_netlink::message::{
    Attribute, BigEndianPort, Command, DaemonAttribute, DestinationAttribute, InfoAttribute,
    IpvsMessage, ServiceAttribute, Stats64Attribute, StatsAttribute, Text, WireAddress, WireFlags,
    WireNetmask,
};
use ipvs_netlink::{
    AddressFamily, Change, Client, Destination, DestinationKey, Errno, Error, ErrorKind,
    ForwardingMethod, GueChecksum, InterfaceName, Netmask, Persistence, PersistenceTimeout,
    Scheduler, SchedulerFlags, Service, ServiceKey, SetTimeouts, Stats, SyncDaemon, SyncRole,
    Thresholds, Tunnel, Weight,
};
use netlink_packet_core::{NLA_F_NESTED, NetlinkMessage, NlasIterator};
use netlink_packet_generic::GenlMessage;
use support::recording::{self, Exchange, Run, messages};
use support::tape::{Tape, facts, parse};

fn runs() -> Vec<(String, Run)> {
    recording::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"))
}

fn run(file: &str, command: &str) -> Run {
    let wanted = |(name, run): &(String, Run)| name == file && run.command == command;
    runs().into_iter().find(wanted).unwrap_or_else(|| panic!("no '{command}' in {file}")).1
}

/// A client that hears what the kernel told `ipvsadm` at that command.
fn replayed(file: &str, command: &str) -> Client<Tape> {
    let mut exchanges = run("info", "ipvsadm --version").exchanges;
    // Only the look-up; what a test is about shall come from its own fixture.
    if file != "info" {
        exchanges.truncate(1);
    }
    exchanges.extend(run(file, command).exchanges);
    Client::with_transport(Tape::new(exchanges)).unwrap()
}

/// The messages of IPVS in an exchange: the request, then what it gave.
fn ipvs_messages(exchange: &Exchange) -> impl Iterator<Item = (&[u8], IpvsMessage)> {
    let datagrams = [&exchange.request].into_iter().chain(&exchange.answers);
    datagrams
        .flat_map(|datagram| messages(datagram))
        .filter_map(|bytes| Some((bytes, parse(bytes)?)))
}

/// The request of a run that makes one.
fn request(file: &str, command: &str) -> IpvsMessage {
    parse(&run(file, command).exchanges[0].request).unwrap()
}

// --- each message, byte for byte ------------------------------------------

#[test]
fn every_message_is_written_as_it_was_read() {
    let mut requests = 0;
    let mut answers = 0;
    for (file, run) in runs() {
        for exchange in &run.exchanges {
            for (bytes, _) in ipvs_messages(exchange) {
                let read = NetlinkMessage::<GenlMessage<IpvsMessage>>::deserialize(bytes).unwrap();
                let mut written = vec![0xff; read.buffer_len()];
                read.serialize(&mut written);
                // libnl marks nests with NLA_F_NESTED in requests, as we do. The
                // kernel does not in its answers (it opens them with
                // nla_nest_start_noflag), and we always do.
                let expected = if bytes == exchange.request {
                    requests += 1;
                    bytes.to_vec()
                } else {
                    answers += 1;
                    with_nests_marked(bytes)
                };
                assert_eq!(written, expected, "{file}: {}", run.command);
            }
        }
    }
    // All were looked at.
    assert!(requests >= 80 && answers >= 24, "{requests} requests, {answers} answers");
}

/// The same message with `NLA_F_NESTED` on each attribute that holds others,
/// and only there; that it was on none before is part of the claim.
fn with_nests_marked(message: &[u8]) -> Vec<u8> {
    const ATTRIBUTES: usize = 20;
    let mut marked = message.to_vec();
    let is_object = |kind| (1..=3).contains(&kind) && !matches!(message[16], 12 | 14);
    for outer in places(message, ATTRIBUTES..message.len()).filter(|nla| is_object(nla.1)) {
        mark(&mut marked, outer.0);
        let inside = outer.0 + 4..outer.0 + outer.2;
        // STATS and STATS64 of services and servers; a daemon has neither.
        let is_stats = |kind| matches!(kind, 10 | 12) && outer.1 != 3;
        for inner in places(message, inside).filter(|nla| is_stats(nla.1)) {
            mark(&mut marked, inner.0);
        }
    }
    marked
}

fn mark(message: &mut [u8], at: usize) {
    let kind = u16::from_le_bytes([message[at + 2], message[at + 3]]);
    assert_eq!(kind & NLA_F_NESTED, 0, "the kernel does mark a nest");
    message[at + 2..at + 4].copy_from_slice(&(kind | NLA_F_NESTED).to_le_bytes());
}

/// Where each attribute starts, its number and its length.
fn places(
    message: &[u8],
    range: std::ops::Range<usize>,
) -> impl Iterator<Item = (usize, u16, usize)> {
    let mut at = range.start;
    NlasIterator::new(&message[range]).map(Result::unwrap).map(move |nla| {
        let start = at;
        at += usize::from(nla.length()).next_multiple_of(4);
        (start, nla.kind(), usize::from(nla.length()))
    })
}

/// Nothing real may end up as `Other`, but for the padding of 64-bit numbers.
#[test]
fn every_attribute_is_known() {
    for (file, run) in runs().iter().filter(|(_, run)| run.command != "capture malformed") {
        for (_, message) in run.exchanges.iter().flat_map(ipvs_messages) {
            let unknown: Vec<_> = facts(&message)
                .into_iter()
                .filter(|fact| without_padding(fact).contains("Other("))
                .collect();
            assert!(unknown.is_empty(), "{file}: {}: {unknown:?}", run.command);
        }
    }
}

/// `IPVS_STATS_ATTR_PAD` holds nothing.
fn without_padding(fact: &str) -> String {
    fact.replace("Other(DefaultNla { kind: 11, value: [] })", "")
}

#[test]
fn requests_have_these_attributes() {
    let vip = Ipv4Addr::new(192, 0, 2, 10);
    let vip6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10);
    let ident = |protocol, port| {
        [
            ServiceAttribute::AddressFamily(2),
            ServiceAttribute::Protocol(protocol),
            ServiceAttribute::Address(WireAddress::from(std::net::IpAddr::from(vip))),
            ServiceAttribute::Port(BigEndianPort(port)),
        ]
    };
    let settings = |scheduler: &str, flags, timeout, netmask| {
        [
            ServiceAttribute::SchedulerName(Text(scheduler.to_owned())),
            ServiceAttribute::Flags(WireFlags { flags, mask: u32::MAX }),
            ServiceAttribute::Timeout(timeout),
            ServiceAttribute::Netmask(WireNetmask(netmask)),
        ]
    };

    let plain = [ident(6, 80), settings("wrr", 0, 0, [255; 4])].concat();
    assert_eq!(
        request("services-plain", "ipvsadm -A -t 192.0.2.10:80 -s wrr"),
        IpvsMessage::new(Command::NewService, vec![Attribute::Service(plain)])
    );

    let mark = [ServiceAttribute::AddressFamily(10), ServiceAttribute::Fwmark(7)];
    let mark = [&mark[..], &settings("rr", 0, 0, [128, 0, 0, 0])].concat();
    assert_eq!(
        request("services-plain", "ipvsadm -A -f 7 -6 -s rr"),
        IpvsMessage::new(Command::NewService, vec![Attribute::Service(mark)])
    );

    // A prefix length is a number in host order; an IPv4 mask is in network order.
    let persistent6 = [
        ServiceAttribute::AddressFamily(10),
        ServiceAttribute::Protocol(17),
        ServiceAttribute::Address(WireAddress(vip6.octets())),
        ServiceAttribute::Port(BigEndianPort(53)),
    ];
    let persistent6 = [&persistent6[..], &settings("rr", 1, 300, [64, 0, 0, 0])].concat();
    assert_eq!(
        request("services-options", "ipvsadm -A -u [2001:db8::10]:53 -s rr -p 300 -M 64"),
        IpvsMessage::new(Command::NewService, vec![Attribute::Service(persistent6)])
    );
    let all_ports = [ident(6, 0), settings("rr", 1, 300, [255, 255, 255, 0])].concat();
    assert_eq!(
        request("services-options", "ipvsadm -A -t 192.0.2.10:0 -s rr -p 300 -M 255.255.255.0"),
        IpvsMessage::new(Command::NewService, vec![Attribute::Service(all_ports)])
    );

    let hashed = [ident(6, 443), settings("sh", 0x18, 0, [255; 4])].concat();
    assert_eq!(
        request("services-options", "ipvsadm -A -t 192.0.2.10:443 -s sh -b sh-fallback,sh-port"),
        IpvsMessage::new(Command::NewService, vec![Attribute::Service(hashed)])
    );

    // Compared without order: an engine stands elsewhere in our own request.
    let engine = ServiceAttribute::EngineName(Text("sip".into()));
    let phone = [&ident(17, 5060)[..], &settings("rr", 1, 60, [255; 4]), &[engine]].concat();
    assert_eq!(
        facts(&request("services-options", "ipvsadm -A -u 192.0.2.10:5060 -s rr -p 60 --pe sip")),
        facts(&IpvsMessage::new(Command::NewService, vec![Attribute::Service(phone)]))
    );

    // Of a service that is only named, ipvsadm sends empty settings too.
    let named = [ident(6, 80), settings("", 0, 0, [255; 4])].concat();
    let server = vec![
        DestinationAttribute::AddressFamily(2),
        DestinationAttribute::Address(WireAddress::from(std::net::IpAddr::from([
            198, 51, 100, 16,
        ]))),
        DestinationAttribute::Port(BigEndianPort(80)),
        DestinationAttribute::ForwardingMethod(2),
        DestinationAttribute::Weight(5),
        DestinationAttribute::TunnelType(1),
        DestinationAttribute::TunnelPort(BigEndianPort(6080)),
        DestinationAttribute::TunnelFlags(2),
        DestinationAttribute::UpperThreshold(0),
        DestinationAttribute::LowerThreshold(0),
    ];
    assert_eq!(
        request(
            "servers-add",
            "ipvsadm -a -t 192.0.2.10:80 -r 198.51.100.16 -i --tun-type gue --tun-port 6080 \
             --tun-remcsum -w 5"
        ),
        IpvsMessage::new(
            Command::NewDestination,
            vec![Attribute::Service(named), Attribute::Destination(server)]
        )
    );

    let master = vec![
        DaemonAttribute::State(1),
        DaemonAttribute::Interface(Text("sync0".into())),
        DaemonAttribute::SyncId(7),
        DaemonAttribute::SyncMaxLength(1400),
        DaemonAttribute::Port(8849),
        DaemonAttribute::Ttl(3),
        DaemonAttribute::Group4(Ipv4Addr::new(224, 0, 1, 2)),
    ];
    assert_eq!(
        request("daemons", MASTER),
        IpvsMessage::new(Command::NewDaemon, vec![Attribute::Daemon(master)])
    );

    let timeouts =
        vec![Attribute::TimeoutTcp(901), Attribute::TimeoutTcpFin(121), Attribute::TimeoutUdp(301)];
    assert_eq!(
        request("timeouts", "ipvsadm --set 901 121 301"),
        IpvsMessage::new(Command::SetConfig, timeouts)
    );
}

/// The kernel's answers, in its own order and with all it puts in.
#[test]
fn answers_have_these_attributes() {
    let answer = |file, command, exchange: usize| {
        let run = run(file, command);
        let (_, message) = ipvs_messages(&run.exchanges[exchange]).nth(1).unwrap();
        message
    };

    let mut info = IpvsMessage::new(Command::SetInfo, Vec::new());
    info.info = vec![InfoAttribute::Version(0x01_02_01), InfoAttribute::ConnectionTableSize(4096)];
    let lookup_first = 1;
    assert_eq!(answer("info", "ipvsadm --version", lookup_first), info);

    // HASHED is the kernel's own; the mask is all ones; SCHED1 and SCHED2 were
    // set first, and the edit left SCHED2.
    let service = answer("services-options", "ipvsadm -L -n -t 192.0.2.10:443", 0);
    let [Attribute::Service(attributes)] = &service.attributes[..] else { panic!("{service:?}") };
    assert_eq!(
        attributes[..8],
        [
            ServiceAttribute::AddressFamily(2),
            ServiceAttribute::Protocol(6),
            ServiceAttribute::Address(WireAddress::from(std::net::IpAddr::from([192, 0, 2, 10]))),
            ServiceAttribute::Port(BigEndianPort(443)),
            ServiceAttribute::SchedulerName(Text("sh".into())),
            ServiceAttribute::Flags(WireFlags { flags: 0x12, mask: u32::MAX }),
            ServiceAttribute::Timeout(0),
            ServiceAttribute::Netmask(WireNetmask([255; 4])),
        ]
    );
    let [ServiceAttribute::Stats(narrow), ServiceAttribute::Stats64(wide)] = &attributes[8..]
    else {
        panic!("{attributes:?}")
    };
    let padding = |attribute: &StatsAttribute| matches!(attribute, StatsAttribute::Other(_));
    assert_eq!(narrow.iter().filter(|attribute| !padding(attribute)).count(), 10);
    let padding = |attribute: &Stats64Attribute| matches!(attribute, Stats64Attribute::Other(_));
    assert_eq!(wide.iter().filter(|attribute| !padding(attribute)).count(), 10);

    // A service by mark has neither protocol nor address nor port.
    let service = answer("services-plain", "ipvsadm -L -n -f 7", 0);
    let [Attribute::Service(attributes)] = &service.attributes[..] else { panic!("{service:?}") };
    assert_eq!(attributes[..2], [ServiceAttribute::AddressFamily(2), ServiceAttribute::Fwmark(7)]);
    assert_eq!(attributes.len(), 8);
}

// --- what we ask for, next to what ipvsadm asks for ------------------------

const MASTER: &str = "ipvsadm --start-daemon master --mcast-interface sync0 --syncid 7 \
                      --sync-maxlen 1400 --mcast-group 224.0.1.2 --mcast-port 8849 --mcast-ttl 3";
const BACKUP: &str =
    "ipvsadm --start-daemon backup --mcast-interface sync0 --syncid 8 --mcast-group ff05::51";

fn web() -> ServiceKey {
    "tcp/192.0.2.10:80".parse().unwrap()
}

fn service(key: &str, scheduler: Scheduler) -> Service {
    Service::new(key.parse().unwrap(), scheduler)
}

fn persistent(service: Service, seconds: u32, netmask: Netmask) -> Service {
    let timeout = PersistenceTimeout::from_seconds(seconds).unwrap();
    let mut service = service;
    service.persistence = Some(Persistence { timeout, netmask });
    service
}

/// The two settings of each service that is added and edited, with the words
/// by which `ipvsadm` names it.
fn services() -> Vec<(&'static str, &'static str, &'static str, Service, Service)> {
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
fn servers() -> Vec<(&'static str, ServiceKey, Destination)> {
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

/// The same server after its edit.
fn edited(server: &Destination) -> Destination {
    let mut server = *server;
    server.weight = Weight::new(7).unwrap();
    server
}

fn daemons() -> [SyncDaemon; 2] {
    let interface = || "sync0".parse::<InterfaceName>().unwrap();
    let master = SyncDaemon::new(SyncRole::Master, interface(), 7);
    let mut master = master.with_group(Ipv4Addr::new(224, 0, 1, 2).into()).unwrap();
    master.max_length = NonZeroU16::new(1400);
    master.port = NonZeroU16::new(8849);
    master.ttl = NonZeroU8::new(3);
    let backup = SyncDaemon::new(SyncRole::Backup, interface(), 8);
    [master, backup.with_group("ff05::51".parse().unwrap()).unwrap()]
}

/// What each recorded command that changes something does, in our words.
fn changes() -> Vec<(String, Change)> {
    let mut all = Vec::new();
    for (name, add, edit, added, edited) in services() {
        let key = added.key;
        all.push((format!("ipvsadm -A {name} {add}"), Change::AddService(added)));
        all.push((format!("ipvsadm -E {name} {edit}"), Change::SetService(edited)));
        all.push((format!("ipvsadm -D {name}"), Change::RemoveService(key)));
    }
    for (words, service, destination) in servers() {
        let add = Change::AddDestination { service, destination };
        all.push((format!("ipvsadm -a {words}"), add));
        let edit = Change::SetDestination { service, destination: edited(&destination) };
        all.push((format!("ipvsadm -e {}", words.replace("-w 5", "-w 7")), edit));
    }
    for (words, service, destination) in [
        ("-t 192.0.2.10:80 -r 198.51.100.11:8080", web(), "198.51.100.11:8080"),
        ("-t 192.0.2.10:80 -r [2001:db8:1::19]:80", web(), "[2001:db8:1::19]:80"),
        (
            "-t [2001:db8::10]:80 -r [2001:db8:1::11]:8080",
            "tcp/[2001:db8::10]:80".parse().unwrap(),
            "[2001:db8:1::11]:8080",
        ),
        ("-f 7 -r 198.51.100.12", "fwmark/7".parse().unwrap(), "198.51.100.12:0"),
    ] {
        let destination: DestinationKey = destination.parse().unwrap();
        let remove = Change::RemoveDestination { service, destination };
        all.push((format!("ipvsadm -d {words}"), remove));
    }
    let udp = SetTimeouts::new().udp(302).unwrap();
    let three = SetTimeouts::new().tcp(901).unwrap().tcp_fin(121).unwrap().udp(301).unwrap();
    let [master, backup] = daemons();
    for (command, change) in [
        ("ipvsadm -Z -t 192.0.2.10:80", Change::Zero(Some(web()))),
        ("ipvsadm -Z", Change::Zero(None)),
        ("ipvsadm -C", Change::Flush),
        ("ipvsadm --set 901 121 301", Change::SetTimeouts(three)),
        ("ipvsadm --set 0 0 302", Change::SetTimeouts(udp)),
        (MASTER, Change::StartDaemon(master)),
        (BACKUP, Change::StartDaemon(backup)),
        ("ipvsadm --stop-daemon master", Change::StopDaemon(SyncRole::Master)),
        ("ipvsadm --stop-daemon backup", Change::StopDaemon(SyncRole::Backup)),
    ] {
        all.push((command.to_owned(), change));
    }
    all
}

/// What `ipvsadm` sends for a change and we leave out on purpose.
fn left_out(change: &Change) -> IpvsMessage {
    // libipvs fills the same structure for every request about a service. The
    // kernel reads the settings of a service only when it adds or edits one.
    let unread = |key: &ServiceKey| {
        let netmask = match key.family() {
            AddressFamily::Ipv4 => [255; 4],
            AddressFamily::Ipv6 => 128_u32.to_ne_bytes(),
        };
        Attribute::Service(vec![
            ServiceAttribute::SchedulerName(Text(String::new())),
            ServiceAttribute::Flags(WireFlags { flags: 0, mask: u32::MAX }),
            ServiceAttribute::Timeout(0),
            ServiceAttribute::Netmask(WireNetmask(netmask)),
        ])
    };
    // What the kernel assumes where we say nothing about a tunnel.
    let no_tunnel = vec![
        DestinationAttribute::TunnelType(0),
        DestinationAttribute::TunnelPort(BigEndianPort(0)),
        DestinationAttribute::TunnelFlags(0),
    ];
    let attributes = match change {
        Change::RemoveService(key) | Change::Zero(Some(key)) => vec![unread(key)],
        Change::AddDestination { service, destination }
        | Change::SetDestination { service, destination } => {
            let tunnel = if destination.tunnel().is_some() { Vec::new() } else { no_tunnel };
            vec![unread(service), Attribute::Destination(tunnel)]
        }
        // Likewise of a server, with ipvsadm's defaults.
        Change::RemoveDestination { service, .. } => {
            let mut settings = no_tunnel;
            settings.extend([
                DestinationAttribute::ForwardingMethod(3),
                DestinationAttribute::Weight(1),
                DestinationAttribute::UpperThreshold(0),
                DestinationAttribute::LowerThreshold(0),
            ]);
            vec![unread(service), Attribute::Destination(settings)]
        }
        // 0 is "as it is", which we say by silence.
        Change::SetTimeouts(timeouts) => {
            let silent =
                [Attribute::TimeoutTcp(0), Attribute::TimeoutTcpFin(0), Attribute::TimeoutUdp(0)];
            let silent = silent.into_iter().zip(timeouts.values());
            silent.filter_map(|(zero, value)| value.is_none().then_some(zero)).collect()
        }
        // The role is enough to stop a daemon.
        Change::StopDaemon(_) => vec![Attribute::Daemon(vec![
            DaemonAttribute::Interface(Text(String::new())),
            DaemonAttribute::SyncId(0),
        ])],
        _ => Vec::new(),
    };
    IpvsMessage::new(Command::Flush, attributes)
}

#[test]
fn we_ask_for_what_ipvsadm_asks_for() {
    let changes = changes();
    let mut compared = BTreeSet::new();
    for (file, run) in runs() {
        let is_question =
            ["-L", "--version", "malformed"].iter().any(|word| run.command.contains(word));
        if file == "errors" || is_question {
            continue;
        }
        let found = changes.iter().find(|(command, _)| *command == run.command);
        let (command, change) = found.unwrap_or_else(|| panic!("what does '{}' do?", run.command));
        compared.insert(command);

        let mut exchanges = self::run("info", "ipvsadm --version").exchanges;
        exchanges.extend(run.exchanges.clone());
        let mut tape = Tape::new(exchanges);
        Client::with_transport(&mut tape).unwrap().apply(change.clone()).unwrap();
        let [_lookup, sent, ..] = &tape.sent[..] else { panic!("nothing was sent") };

        let theirs = &run.exchanges[0].request;
        let flags = |message: &[u8]| u16::from_le_bytes([message[6], message[7]]);
        assert_eq!(flags(sent), flags(theirs), "{command}");
        let (ours, theirs) = (parse(sent).unwrap(), parse(theirs).unwrap());
        assert_eq!(ours.command, theirs.command, "{command}");
        let mut expected = facts(&ours);
        for fact in facts(&left_out(change)) {
            assert!(expected.insert(fact), "{command}: not left out after all");
        }
        assert_eq!(expected, facts(&theirs), "{command}");
    }
    let all: BTreeSet<_> = changes.iter().map(|(command, _)| command).collect();
    assert_eq!(compared, all, "not recorded");
}

#[test]
fn our_questions_are_those_of_ipvsadm() {
    let ask = |file, command: &str, question: &dyn Fn(&mut Client<&mut Tape>)| {
        let mut exchanges = run("info", "ipvsadm --version").exchanges;
        let lookups = if file == "info" { 2 } else { 1 };
        exchanges.truncate(lookups);
        exchanges.extend(run(file, command).exchanges);
        let mut tape = Tape::new(exchanges.clone());
        question(&mut Client::with_transport(&mut tape).unwrap());
        let sent = tape.sent.last().unwrap();
        let ours = parse(sent).unwrap();
        let theirs = exchanges.iter().filter_map(|exchange| parse(&exchange.request));
        let theirs = theirs.filter(|theirs| theirs.command == ours.command);
        (facts(&ours), theirs.map(|theirs| facts(&theirs)).collect::<Vec<_>>())
    };
    for (file, command, question) in [
        ("info", "ipvsadm --version", &|c: &mut Client<&mut Tape>| _ = c.info().unwrap()),
        ("timeouts", "ipvsadm -L --timeout", &|c: &mut Client<&mut Tape>| {
            _ = c.timeouts().unwrap();
        }),
        ("daemons", "ipvsadm -L --daemon", &|c: &mut Client<&mut Tape>| {
            _ = c.daemons().unwrap();
        }),
        ("dumps", "ipvsadm -L -n", &|c: &mut Client<&mut Tape>| _ = c.services().unwrap()),
        ("dumps", "ipvsadm -L -n", &|c: &mut Client<&mut Tape>| {
            _ = c.destinations(&web()).unwrap();
        }),
    ] as [(_, _, &dyn Fn(&mut Client<&mut Tape>)); 5]
    {
        let (ours, theirs) = ask(file, command, question);
        assert!(theirs.contains(&ours), "{command}: {ours:?} is not among {theirs:?}");
    }
}

// --- what the answers mean -------------------------------------------------

#[test]
fn information_timeouts_and_daemons() {
    let info = replayed("info", "ipvsadm --version").info().unwrap();
    assert_eq!((info.version.to_string().as_str(), info.connection_table_size), ("1.2.1", 4096));

    let timeouts = replayed("timeouts", "ipvsadm -L --timeout").timeouts().unwrap();
    assert_eq!((timeouts.tcp, timeouts.tcp_fin, timeouts.udp), (Some(901), Some(121), Some(302)));

    let running = replayed("daemons", "ipvsadm -L --daemon").daemons().unwrap();
    let [master, backup] = &running[..] else { panic!("{running:?}") };
    for (now, wanted) in [master, backup].into_iter().zip(daemons()) {
        assert_eq!((now.role, &now.interface), (wanted.role, &wanted.interface));
        assert_eq!(now.sync_id, u32::from(wanted.sync_id));
        assert_eq!(Some(now.group), wanted.group());
    }
    assert_eq!((master.max_length, master.port, master.ttl), (1400, 8849, 3));
    // The kernel's own choice.
    assert_eq!((backup.max_length, backup.port, backup.ttl), (1452, 8848, 1));
}

#[test]
fn a_service_is_read_as_it_was_set() {
    for (name, .., edited) in services() {
        let file = if name.starts_with("-f")
            || matches!(name, "-t 192.0.2.10:80" | "--sctp-service 192.0.2.10:3868")
        {
            "services-plain"
        } else {
            "services-options"
        };
        let mut client = replayed(file, &format!("ipvsadm -L -n {name}"));
        let entry = client.service(&edited.key).unwrap().unwrap();
        assert_eq!(entry.service, edited);
        assert_eq!(entry.stats, Stats::default());
        // It has no servers, which the kernel says by the end of the dump alone.
        assert_eq!(client.destinations(&edited.key).unwrap(), []);
    }
}

#[test]
fn dumps_are_read_as_they_were_set() {
    let mut client = replayed("dumps", "ipvsadm -L -n");
    let listed = client.services().unwrap();
    let mut keys: Vec<_> = listed.iter().map(|entry| entry.service.key).collect();
    keys.sort();
    let mut wanted: Vec<ServiceKey> =
        vec![web(), "tcp/[2001:db8::10]:80".parse().unwrap(), "fwmark/7".parse().unwrap()];
    wanted.sort();
    assert_eq!(keys, wanted);

    for entry in listed {
        let key = entry.service.key;
        assert_eq!(entry.service, Service::new(key, Scheduler::Wrr));
        let there = client.destinations(&key).unwrap();
        // The one added last comes first.
        let added = servers().into_iter().rev().filter(|(_, service, _)| *service == key);
        let expected: Vec<_> = added.map(|(_, _, server)| edited(&server)).collect();
        let found: Vec<_> = there.iter().map(|entry| entry.destination).collect();
        assert_eq!(found, expected);

        // Four clients came to one of the services and got no answer. (What went out
        // are the kernel's own words to one of them.)
        let wanted = if key == web() { 4 } else { 0 };
        let sum = |counter: fn(&Stats) -> u64| {
            let sum = there.iter().map(|entry| counter(&entry.stats)).sum::<u64>();
            assert_eq!(sum, counter(&entry.stats));
            sum
        };
        assert_eq!(sum(|stats| stats.connections), wanted);
        assert_eq!(sum(|stats| stats.incoming_packets), wanted);
        assert_eq!(sum(|stats| stats.incoming_bytes), 60 * wanted);
        sum(|stats| stats.outgoing_packets);
        sum(|stats| stats.outgoing_bytes);
        // Whoever never hears the server's side takes a SYN for a connection.
        let now = there.iter().map(|entry| entry.connections);
        let now: u32 = now.map(|now| now.active + now.inactive + now.persistent).sum();
        assert_eq!(u64::from(now), wanted);
    }
}

/// In what was recorded both blocks of counters say the same.
#[test]
fn narrow_and_wide_counters_agree() {
    let mut seen = 0;
    let run = run("dumps", "ipvsadm -L -n");
    for (_, message) in run.exchanges.iter().flat_map(ipvs_messages) {
        for attribute in &message.attributes {
            let (narrow, wide) = match attribute {
                Attribute::Service(inner) => (
                    inner.iter().find_map(|fact| match fact {
                        ServiceAttribute::Stats(stats) => Some(stats),
                        _ => None,
                    }),
                    inner.iter().find_map(|fact| match fact {
                        ServiceAttribute::Stats64(stats) => Some(stats),
                        _ => None,
                    }),
                ),
                Attribute::Destination(inner) => (
                    inner.iter().find_map(|fact| match fact {
                        DestinationAttribute::Stats(stats) => Some(stats),
                        _ => None,
                    }),
                    inner.iter().find_map(|fact| match fact {
                        DestinationAttribute::Stats64(stats) => Some(stats),
                        _ => None,
                    }),
                ),
                _ => continue,
            };
            if let (Some(narrow), Some(wide)) = (narrow, wide) {
                let words = |stats: String| without_padding(&stats).replace(", , ", ", ");
                assert_eq!(words(format!("{narrow:?}")), words(format!("{wide:?}")));
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 3 + servers().len());
}

#[test]
fn refusals_are_told_apart() {
    let missing = "tcp/192.0.2.11:80".parse().unwrap();
    let server = "198.51.100.11:80".parse().unwrap();
    let mut nosuch = service("tcp/192.0.2.10:81", Scheduler::Wrr);
    nosuch.scheduler = "nosuch".parse().unwrap();
    for (command, change, errno, kind) in [
        (
            "ipvsadm -A -t 192.0.2.10:80 -s wrr",
            Change::AddService(Service::new(web(), Scheduler::Wrr)),
            Errno::EEXIST,
            ErrorKind::AlreadyExists,
        ),
        (
            "ipvsadm -A -t 192.0.2.10:81 -s nosuch",
            Change::AddService(nosuch),
            Errno::ENOENT,
            ErrorKind::SchedulerMissing,
        ),
        (
            "ipvsadm -E -t 192.0.2.11:80 -s wrr",
            Change::SetService(Service::new(missing, Scheduler::Wrr)),
            Errno::ESRCH,
            ErrorKind::ServiceMissing,
        ),
        (
            "ipvsadm -d -t 192.0.2.10:80 -r 198.51.100.11:80",
            Change::RemoveDestination { service: web(), destination: server },
            Errno::ENOENT,
            ErrorKind::DestinationMissing,
        ),
    ] {
        let error = replayed("errors", command).apply(change).unwrap_err();
        assert_eq!(error.kind(), kind, "{command}: {error}");
        let Error::Kernel(refusal) = error else { panic!("{command}: {error}") };
        // libnl asks for no words.
        assert_eq!((refusal.errno, refusal.ext_ack), (errno, None), "{command}");
    }
}

/// Asked by our own transport, which does ask for words.
#[test]
fn the_kernels_words_are_read() {
    let tcp = SetTimeouts::new().tcp(900).unwrap();
    let error = replayed("errors", "capture malformed").apply(Change::SetTimeouts(tcp));
    let Err(Error::Kernel(refusal)) = error else { panic!("{error:?}") };
    assert_eq!(refusal.errno, Errno::ERANGE);
    let words = refusal.ext_ack.unwrap();
    assert_eq!(words.message.as_deref(), Some("Attribute failed policy validation"));
    // Right behind both headers.
    assert_eq!(words.offset, Some(20));
}
