// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists what has to come in, past any firewall.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use lvs_host::firewall::{Packet, Source};
use lvs_host::socket::Transport;

use super::inward::{self, Expected};
use super::receiver::outer;
use super::seen::{Address, Device, Seen};
use super::subject::Subject;
use crate::facts::{Family, of_family};
use crate::mode::Mode;
use crate::tunnel::Encapsulation;

/// Protocols of IP.
const ICMPV6: u8 = 58;

/// The type of a neighbour solicitation.
const SOLICITATION: u8 = 135;

/// A question names what has to come in.
pub(super) struct Question {
    pub(super) what: String,
    /// The VIP or the RIP.
    pub(super) of: IpAddr,
    /// Somebody wants to know: of the rest only what is certain, or what rules of iptables
    /// leave open, is told.
    pub(super) wanted: bool,
    pub(super) packet: Packet,
}

/// Returns whether there is anything to ask of a firewall.
pub(super) fn judges(subject: &Subject) -> bool {
    !questions(subject, &Seen::default()).is_empty()
}

/// Returns whether anybody wants to know what a firewall does with something in particular.
pub(super) fn is_asked(subject: &Subject) -> bool {
    questions(subject, &Seen::default()).iter().any(|question| question.wanted)
}

/// Returns everything that has to come in: in mode tun what the director packs for the RIP, then
/// what clients send, for each `--port` or for whatever port.
pub(super) fn questions(subject: &Subject, seen: &Seen) -> Vec<Question> {
    let mut questions = Vec::new();
    let vips = Family::BOTH.map(|family| of_family(&subject.vips, family));
    for vip in vips.into_iter().flatten().filter(|_| subject.mode == Some(Mode::Tun)) {
        let rip = outer(subject, Family::of(vip)).and_then(|outer| of_family(&subject.rips, outer));
        let (protocol, port) = match subject.encapsulation {
            Encapsulation::Ipip => (Family::of(vip).protocol(), None),
            Encapsulation::Gre { .. } => (47, None),
            Encapsulation::Gue { port } => (Transport::Udp.number(), Some(port)),
        };
        let what = match port {
            Some(port) => format!("GUE on UDP port {port}"),
            None => format!("packets of protocol {protocol}"),
        };
        let packet = rip.map(|rip| Packet {
            protocol: Some(protocol),
            port,
            ..from_director(rip, subject, seen)
        });
        questions.extend(packet.map(|packet| Question {
            what,
            of: packet.to,
            wanted: true,
            packet,
        }));
    }
    if let Some(IpAddr::V6(rip)) = asked_for(subject, seen) {
        // Without an answer the director has nowhere to send anything.
        let packet = Packet {
            protocol: Some(ICMPV6),
            icmpv6: Some(SOLICITATION),
            source: None,
            ..from_director(solicited(rip).into(), subject, seen)
        };
        let what = "neighbour solicitations".to_owned();
        questions.push(Question { what, of: rip.into(), wanted: false, packet });
    }
    let targets: &[IpAddr] = if subject.holds_vips() { &subject.vips } else { &subject.rips };
    let expected = Expected::of(subject, seen);
    let known: [OnceCell<Arc<[String]>>; 2] = Default::default();
    for &to in targets {
        let nics = known[usize::from(to.is_ipv6())].get_or_init(|| names(expected.by(to)));
        let source = subject.client.map(|client| client.ends());
        let source = source.filter(|[first, _]| first.is_ipv4() == to.is_ipv4()).map(Source::All);
        let service =
            Packet { is_local: seen.is_local(to), source, nics: nics.clone(), ..Packet::to(to) };
        if subject.ports.is_empty() {
            questions.push(Question {
                what: "packets".to_owned(),
                of: to,
                wanted: false,
                packet: service,
            });
            continue;
        }
        questions.extend(subject.ports.iter().map(|port| {
            let what = format!("{}/{}", port.transport, port.number);
            let protocol = Some(port.transport.number());
            let packet = Packet { protocol, port: Some(port.number), ..service.clone() };
            Question { what, of: to, wanted: true, packet }
        }));
    }
    questions
}

fn from_director(to: IpAddr, subject: &Subject, seen: &Seen) -> Packet {
    let directors = subject.directors_of(Family::of(to));
    let source = (!directors.is_empty()).then_some(Source::OneOf(directors));
    Packet { source, nics: names(&inward::by_ethernet(subject, seen)), ..Packet::to(to) }
}

/// The IPv6 address of this host that the director asks its neighbours for: the RIP, or one
/// that may be it.
fn asked_for(subject: &Subject, seen: &Seen) -> Option<IpAddr> {
    if let Some(rip) = of_family(&subject.rips, Family::Ipv6) {
        return seen.places(rip).next().map(|have| have.ip);
    }
    of_family(&subject.vips, Family::Ipv6).filter(|_| subject.mode == Some(Mode::Dr))?;
    let nics = inward::by_ethernet(subject, seen);
    let nics: HashSet<&String> = nics.iter().map(|nic| &nic.name).collect();
    let may = |have: &&Address| {
        have.ip.is_ipv6()
            && have.scope == "global"
            && nics.contains(&have.device)
            && !subject.vips.contains(&have.ip)
    };
    seen.addresses.iter().find(may).map(|have| have.ip)
}

/// The multicast address at which neighbours ask for that one (RFC 4291, 2.7.1).
fn solicited(ip: Ipv6Addr) -> Ipv6Addr {
    let [.., high, low] = ip.segments();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | (high & 0xff), low)
}

/// As a firewall calls them. In a VRF packets come twice, by the interface and by the VRF.
fn names(nics: &[&Device]) -> Arc<[String]> {
    if nics.iter().any(|nic| nic.vrf.is_some()) {
        return Arc::default();
    }
    nics.iter().map(|nic| nic.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::seen::Lookup;
    use super::super::subject::Port;
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| ip(text)).collect()
    }

    fn nic(name: &str) -> Device {
        Device { name: name.into(), up: true, carrier: true, arp: true, ..Device::default() }
    }

    fn have(text: &str, prefix: u8, device: &str, scope: &str) -> Address {
        Address::new(device, ip(text), prefix, scope)
    }

    /// What is asked: of what, whether it is wanted, from where and by which interfaces.
    fn asked(subject: &Subject, seen: &Seen) -> Vec<String> {
        let text = |asked: Question| {
            let wanted = if asked.wanted { "wanted " } else { "" };
            let port = asked.packet.port.map_or_else(String::new, |port| format!(":{port}"));
            let source = match asked.packet.source {
                None => "anybody".to_owned(),
                Some(Source::All([first, last])) => format!("{first}-{last}"),
                Some(Source::OneOf(ips)) => format!("{ips:?}"),
            };
            let (to, nics) = (asked.packet.to, asked.packet.nics.join("+"));
            let local = if asked.packet.is_local { " here" } else { "" };
            format!("{wanted}{} to {to}{port}{local} from {source} by {nics}", asked.what)
        };
        questions(subject, seen).into_iter().map(text).collect()
    }

    #[test]
    fn what_has_to_come_in_is_asked() {
        let (vip, vip6, rip, rip6) = ("192.0.2.10", "2001:db8::10", "192.0.2.11", "2001:db8::11");
        let seen = Seen {
            devices: vec![nic("eth0"), nic("eth1")].into(),
            addresses: vec![
                have(rip, 24, "eth0", "global"),
                have(vip6, 128, "eth0", "global"),
                have("fe80::1", 64, "eth0", "link"),
                have("2001:db8:1::11", 64, "eth1", "global"),
                have(rip6, 64, "eth0", "global"),
            ]
            .into(),
            ..Seen::default()
        };
        let base = |mode, vips: &[&str], rips: &[&str]| Subject {
            mode: Some(mode),
            vips: ips(vips).into(),
            rips: ips(rips),
            directors: ips(&["192.0.2.1"]),
            ..Subject::default()
        };
        let ports = vec![
            Port { transport: Transport::Tcp, number: 80 },
            Port { transport: Transport::Udp, number: 53 },
        ];
        let client = Some("198.51.100.7".to_owned().try_into().unwrap());
        let rows: Vec<(Subject, &[&str])> = vec![
            (Subject::default(), &[]),
            (base(Mode::Dr, &[vip], &[]), &["packets to 192.0.2.10 from anybody by eth0"]),
            (
                Subject { ports: ports.clone(), client, ..base(Mode::Dr, &[vip], &[rip]) },
                &[
                    "wanted tcp/80 to 192.0.2.10:80 from 198.51.100.7-198.51.100.7 by eth0",
                    "wanted udp/53 to 192.0.2.10:53 from 198.51.100.7-198.51.100.7 by eth0",
                ],
            ),
            // A client of the other family is none of these.
            (
                Subject { client, ..base(Mode::Dr, &[vip6], &[]) },
                &[
                    "neighbour solicitations to ff02::1:ff00:11 here from anybody by eth0",
                    "packets to 2001:db8::10 from anybody by eth0",
                ],
            ),
            (
                base(Mode::Dr, &[vip6], &["2001:db8:1::11"]),
                &[
                    "neighbour solicitations to ff02::1:ff00:11 here from anybody by eth0",
                    "packets to 2001:db8::10 from anybody by eth0",
                ],
            ),
            (
                base(Mode::Dr, &[vip6], &["2001:db8:1::12"]),
                &["packets to 2001:db8::10 from anybody by eth0"],
            ),
            (
                base(Mode::Tun, &[vip, vip6], &[rip]),
                &[
                    "wanted packets of protocol 4 to 192.0.2.11 here from [192.0.2.1] by eth0",
                    "wanted packets of protocol 41 to 192.0.2.11 here from [192.0.2.1] by eth0",
                    "packets to 192.0.2.10 from anybody by ",
                    "packets to 2001:db8::10 from anybody by ",
                ],
            ),
            // Neighbours ask, whoever is the director.
            (
                Subject { directors: ips(&["2001:db8::1"]), ..base(Mode::Dr, &[vip6], &[rip6]) },
                &[
                    "neighbour solicitations to ff02::1:ff00:11 here from anybody by eth0",
                    "packets to 2001:db8::10 from anybody by eth0",
                ],
            ),
            (
                Subject {
                    encapsulation: Encapsulation::Gue { port: 6080 },
                    ..base(Mode::Tun, &[vip], &[rip])
                },
                &[
                    "wanted GUE on UDP port 6080 to 192.0.2.11:6080 here from [192.0.2.1] by eth0",
                    "packets to 192.0.2.10 from anybody by ",
                ],
            ),
            (base(Mode::Nat, &[vip], &[rip]), &["packets to 192.0.2.11 from anybody by eth0"]),
        ];
        for (subject, expected) in rows {
            assert_eq!(asked(&subject, &seen), expected, "{subject:?}");
            assert_eq!(judges(&subject), !expected.is_empty());
            let is_wanted = expected.iter().any(|asked| asked.starts_with("wanted "));
            assert_eq!(is_asked(&subject), is_wanted, "{subject:?}");
        }
        // Of a VRF a firewall has two names.
        let mut seen = seen;
        let lookup = Lookup { local: true, ..Lookup::default() };
        seen.lookups.insert(ip(vip), Some(lookup));
        seen.devices[0].vrf = Some("red".into());
        let subject = base(Mode::Dr, &[vip], &[]);
        assert_eq!(asked(&subject, &seen), ["packets to 192.0.2.10 here from anybody by "]);
    }

    /// The last three bytes of an address name its group.
    #[test]
    fn neighbours_ask_a_group() {
        let group = solicited("2001:db8::aabb:ccdd:eeff".parse().unwrap());
        assert_eq!(group.to_string(), "ff02::1:ffdd:eeff");
    }
}
