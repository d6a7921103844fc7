// SPDX-License-Identifier: MIT OR Apache-2.0

//! Each message, byte for byte.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipvs_netlink::message::{
    Attribute, BigEndianPort, Command, DaemonAttribute, DestinationAttribute, InfoAttribute,
    IpvsMessage, ServiceAttribute, Stats64Attribute, StatsAttribute, Text, WireAddress, WireFlags,
    WireNetmask,
};
use netlink_packet_core::{NLA_F_NESTED, NetlinkMessage, NlasIterator};
use netlink_packet_generic::GenlMessage;

use crate::objects::MASTER;
use crate::support::tape::facts;
use crate::{ipvs_messages, request, run, runs, without_padding};

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
