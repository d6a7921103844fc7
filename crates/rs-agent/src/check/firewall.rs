// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a firewall drop what the director sends?

use std::net::{IpAddr, Ipv6Addr};

use super::finding::{Finding, Severity};
use super::inward;
use super::iptables::{Drop, Packet, Ruleset, Source, Verdict};
use super::remedy::{Phase, Remedy};
use super::seen::{Address, Device, Seen, Suspect};
use super::subject::{Subject, some};
use super::tunnel::outer;
use crate::facts::of_family;
use crate::mode::Mode;
use crate::tunnel::Envelope;

/// How many chains of nftables are named; container hosts have hundreds.
const MOST_CHAINS: usize = 3;

const IP_IN_IP: u8 = 4;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const SOLICITATION: u8 = 135;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    // Addresses of one family with the same trouble are told of together.
    let mut troubles: Vec<(Trouble, String, Vec<IpAddr>, Finding)> = Vec::new();
    for asked in questions(subject, seen) {
        let Some((trouble, mut finding)) = judge(&asked, seen) else { continue };
        let same = |(other, what, of, _): &&mut (Trouble, String, Vec<IpAddr>, Finding)| {
            let family = of.first().map(IpAddr::is_ipv4);
            (*other, what.as_str(), family) == (trouble, &asked.what, Some(asked.of.is_ipv4()))
        };
        match troubles.iter_mut().find(same) {
            Some((_, _, of, first)) => {
                of.push(asked.of);
                first.remedy.append(&mut finding.remedy);
            }
            None => troubles.push((trouble, asked.what, vec![asked.of], finding)),
        }
    }
    let told = |(trouble, what, of, finding): (Trouble, String, Vec<IpAddr>, Finding)| {
        let of = some(&of);
        let message = match trouble {
            Trouble::Dropped => format!("the firewall accepts no {what} for {of}"),
            Trouble::NotRead => {
                format!("whether the firewall accepts {what} for {of} could not be read")
            }
            Trouble::Unclear => {
                format!("whether the firewall accepts {what} for {of} cannot be judged")
            }
        };
        Finding { message, ..finding }
    };
    troubles.into_iter().map(told).collect()
}

/// What may be wrong with packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// All are dropped.
    Dropped,
    /// The rules could not be read.
    NotRead,
    /// Some may be dropped.
    Unclear,
}

/// What has to come in.
struct Asked {
    what: String,
    /// The VIP or the RIP.
    of: IpAddr,
    /// Somebody wants to know: of the rest only what is certain, or what rules of iptables
    /// leave open, is told.
    wanted: bool,
    packet: Packet,
}

/// What is wrong with packets, and a finding that lacks its message.
fn judge(Asked { wanted, packet, .. }: &Asked, seen: &Seen) -> Option<(Trouble, Finding)> {
    let finding = |severity| Finding::new("RS-FW-01", severity, String::new());
    let ipv6 = packet.to.is_ipv6();
    let program = if ipv6 { "ip6tables-legacy" } else { "iptables-legacy" };
    let rules = if ipv6 { &seen.ip6tables } else { &seen.iptables };
    let is_of = |it: &Suspect| if ipv6 { it.ipv6 } else { it.ipv4 };
    let may_be_translated = seen.filters.rewrites.iter().any(is_of);
    let packet = &Packet { may_be_translated, ..packet.clone() };
    let verdict = rules.as_ref().map_or(Verdict::Accepts, |rules| rules.judge(packet));
    if let Verdict::Drops(drops) = verdict {
        let read = drops.iter().map(|drop| format!("{program}-save: {}", drop.text()));
        let is_ipip = rules.as_ref().is_some_and(Ruleset::names_ipip);
        let ipip = (packet.protocol == Some(IP_IN_IP) && is_ipip)
            .then(|| "-p ipip is protocol 94: IP in IP is 4, ipencap".to_owned());
        let steps = drops.iter().map(|drop| accepting(program, drop, packet));
        let finding = finding(Severity::Error).read(read).read(ipip).steps(steps);
        return Some((Trouble::Dropped, finding));
    }
    if let Some(why) = seen.filters.iptables[usize::from(ipv6)].as_ref().filter(|_| *wanted) {
        let finding = finding(Severity::Unread).read([why.clone()]);
        let words = "run it as root, with iptables-legacy installed";
        return Some((Trouble::NotRead, finding.words(words)));
    }
    let mut read = Vec::new();
    let mut remedy = "see whether a client is served: if so, nothing is wrong here".to_owned();
    if let Verdict::Unknown { doubt, drop } = verdict {
        if doubt.contains(" -s ") && packet.source.is_none() {
            remedy += "; with --client the rule is judged for those clients";
        }
        read.push(format!("{program}-save: {doubt}"));
        let drop = drop.map(|drop| drop.text()).filter(|drop| *drop != doubt);
        read.extend(drop.map(|drop| format!("{program}-save: {drop}")));
    }
    if *wanted {
        let fits = |it: &&Suspect| if ipv6 { it.ipv6 } else { it.ipv4 };
        let drops: Vec<&Suspect> = seen.filters.drops.iter().filter(fits).collect();
        read.extend(drops.iter().take(MOST_CHAINS).map(|it| it.what.clone()));
        if let Some(more) = drops.len().checked_sub(MOST_CHAINS).filter(|more| *more > 0) {
            read.push(format!("and {more} more chains of nftables"));
        }
        read.extend(seen.filters.nftables.clone());
    }
    if read.is_empty() {
        return None;
    }
    Some((Trouble::Unclear, finding(Severity::Unread).read(read).words(remedy)))
}

/// The rule before the others that accepts what `drop` drops.
fn accepting(program: &str, drop: &Drop, packet: &Packet) -> Remedy {
    let table = if drop.table == "filter" { "" } else { &format!(" -t {}", drop.table) };
    let mut rule = format!("{program}{table} -I {}", drop.hook);
    if let Some(kind) = packet.icmpv6 {
        // They come to more addresses than this.
        let command = format!("{rule} -p ipv6-icmp --icmpv6-type {kind} -j ACCEPT");
        return Remedy::run(Phase::Rest, command);
    }
    rule += &format!(" -d {}", packet.to);
    let protocol = match packet.protocol {
        // To accept everything is for nobody to advise.
        None => {
            let words = format!(
                "{rule} -p PROTOCOL --dport PORT -j ACCEPT, as the service has it: --port names it"
            );
            return Remedy::words(Phase::Rest, words);
        }
        Some(TCP) => "tcp".to_owned(),
        Some(UDP) => "udp".to_owned(),
        Some(number) => number.to_string(),
    };
    let port = packet.port.map_or_else(String::new, |port| format!(" --dport {port}"));
    Remedy::run(Phase::Rest, format!("{rule} -p {protocol}{port} -j ACCEPT"))
}

/// Whether there is anything to ask of a firewall.
pub(super) fn judges(subject: &Subject) -> bool {
    !questions(subject, &Seen::default()).is_empty()
}

/// Whether anybody wants to know what a firewall does with something in particular.
pub(super) fn is_asked(subject: &Subject) -> bool {
    questions(subject, &Seen::default()).iter().any(|asked| asked.wanted)
}

/// Everything that has to come in: in mode tun what the director packs for the RIP, then
/// what clients send, for each `--port` or for whatever port.
fn questions(subject: &Subject, seen: &Seen) -> Vec<Asked> {
    let mut questions = Vec::new();
    let vips = [false, true].map(|ipv6| of_family(&subject.vips, ipv6));
    for vip in vips.into_iter().flatten().filter(|_| subject.mode == Some(Mode::Tun)) {
        let rip = outer(subject, vip.is_ipv6()).and_then(|ipv6| of_family(&subject.rips, ipv6));
        let (protocol, port) = match subject.envelope {
            Envelope::Ipip => (if vip.is_ipv4() { IP_IN_IP } else { 41 }, None),
            Envelope::Gre { .. } => (47, None),
            Envelope::Gue { port } => (UDP, Some(port)),
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
        questions.extend(packet.map(|packet| Asked { what, of: packet.to, wanted: true, packet }));
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
        questions.push(Asked { what, of: rip.into(), wanted: false, packet });
    }
    let targets = if subject.holds_vips() { &subject.vips } else { &subject.rips };
    for &to in targets {
        let nics = match subject.mode {
            Some(Mode::Tun) => inward::expected(to, subject, seen),
            _ => inward::by_ethernet(subject, seen),
        };
        let source = subject.client.map(|client| client.ends());
        let source = source.filter(|[first, _]| first.is_ipv4() == to.is_ipv4()).map(Source::All);
        let service =
            Packet { is_local: seen.is_local(to), source, nics: names(&nics), ..Packet::to(to) };
        if subject.ports.is_empty() {
            questions.push(Asked {
                what: "packets".to_owned(),
                of: to,
                wanted: false,
                packet: service,
            });
            continue;
        }
        questions.extend(subject.ports.iter().map(|port| {
            let what = format!("{}/{}", port.protocol(), port.number);
            let protocol = Some(if port.tcp { TCP } else { UDP });
            let packet = Packet { protocol, port: Some(port.number), ..service.clone() };
            Asked { what, of: to, wanted: true, packet }
        }));
    }
    questions
}

fn from_director(to: IpAddr, subject: &Subject, seen: &Seen) -> Packet {
    let directors = subject.directors_of(to.is_ipv6());
    let source = (!directors.is_empty()).then_some(Source::OneOf(directors));
    Packet { source, nics: names(&inward::by_ethernet(subject, seen)), ..Packet::to(to) }
}

/// The IPv6 address of this host that the director asks its neighbours for: the RIP, or one
/// that may be it.
fn asked_for(subject: &Subject, seen: &Seen) -> Option<IpAddr> {
    if let Some(rip) = of_family(&subject.rips, true) {
        return seen.places(rip).next().map(|have| have.ip);
    }
    of_family(&subject.vips, true).filter(|_| subject.mode == Some(Mode::Dr))?;
    let nics = names_of(&inward::by_ethernet(subject, seen));
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
fn names(nics: &[&Device]) -> Vec<String> {
    if nics.iter().any(|nic| nic.vrf.is_some()) {
        return Vec::new();
    }
    names_of(nics)
}

fn names_of(nics: &[&Device]) -> Vec<String> {
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
        let text = |asked: Asked| {
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
            devices: vec![nic("eth0"), nic("eth1")],
            addresses: vec![
                have(rip, 24, "eth0", "global"),
                have(vip6, 128, "eth0", "global"),
                have("fe80::1", 64, "eth0", "link"),
                have("2001:db8:1::11", 64, "eth1", "global"),
                have(rip6, 64, "eth0", "global"),
            ],
            ..Seen::default()
        };
        let base = |mode, vips: &[&str], rips: &[&str]| Subject {
            mode: Some(mode),
            vips: ips(vips),
            rips: ips(rips),
            directors: ips(&["192.0.2.1"]),
            ..Subject::default()
        };
        let ports = vec![Port { tcp: true, number: 80 }, Port { tcp: false, number: 53 }];
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
                    envelope: Envelope::Gue { port: 6080 },
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
