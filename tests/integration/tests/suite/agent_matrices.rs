// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rs-agent check` predicts from settings, and what packets do: the same in every
//! row, on each kernel that is asked (`lab/test` asks the newest).

use std::net::{Ipv4Addr, UdpSocket};

use lab::{ArpSender, Frame, Host, Mac, Packet, Wiring, exchange, overheard};

const RIP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 11);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
/// In the RIP's subnet, and in another.
const VIPS: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 10), Ipv4Addr::new(203, 0, 113, 10)];

/// A real server, and a peer that is its director, client and router in one.
struct Pair {
    server: Host,
    peer: Host,
    mac: Mac,
    /// What takes back the row before.
    undo: Vec<String>,
    rows: u32,
    _switch: Host,
}

/// Where a VIP is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Lo,
    Dummy,
    Nic,
    Tunnel,
    /// A local route without an address.
    Route,
}

const PLACES: [Place; 5] = [Place::Lo, Place::Dummy, Place::Nic, Place::Tunnel, Place::Route];

impl Place {
    fn device(self) -> &'static str {
        match self {
            Self::Lo | Self::Route => "lo",
            Self::Dummy => "dummy0",
            Self::Nic => "eth0",
            Self::Tunnel => "rs0",
        }
    }
}

impl Pair {
    fn new() -> Self {
        let mut wiring = Wiring::new();
        let (front, back) = (wiring.segment(), wiring.segment());
        let (server, peer) = (wiring.host("rs"), wiring.host("peer"));
        let ends = |ips: [&str; 2]| ips.map(str::to_owned);
        wiring.plug(front, &server, "eth0", &ends(["192.0.2.11/24", "2001:db8:2::11/64"]));
        wiring.plug(front, &peer, "eth0", &ends(["192.0.2.1/24", "2001:db8:2::1/64"]));
        wiring.plug(back, &server, "eth1", &ends(["10.0.0.11/24", "2001:db8:3::11/64"]));
        wiring.plug(back, &peer, "eth1", &ends(["10.0.0.1/24", "2001:db8:3::1/64"]));
        for command in [
            "link add dummy0 type dummy",
            "link set dummy0 up",
            "link add rs0 type ipip local 192.0.2.11",
            "link set rs0 up",
            "route add default via 192.0.2.1",
            // Known from the start: no answer waits for a neighbour while another overtakes it.
            "neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 nud permanent dev eth0",
            "neigh add 10.0.0.1 lladdr 02:00:00:00:00:02 nud permanent dev eth1",
            "neigh add 10.0.0.77 lladdr 02:00:00:00:00:77 nud permanent dev eth1",
        ] {
            wiring.run(&server, command.to_owned());
        }
        let switch = wiring.connect();
        let mac = server.mac("eth0");
        let undo = Vec::new();
        Self { server, peer, mac, undo, rows: 0, _switch: switch }
    }

    /// Puts the VIP there and the settings as given; all others of that name are 0.
    fn row(&mut self, vip: Ipv4Addr, place: Place, scope: &str, settings: &[(&str, &str, i32)]) {
        let device = place.device();
        let mut commands = std::mem::take(&mut self.undo);
        if place == Place::Route {
            commands.push(format!("route add local {vip}/32 dev lo"));
            self.undo.push(format!("route del local {vip}/32 dev lo"));
        } else {
            commands.push(format!("addr add {vip}/32 dev {device} scope {scope}"));
            self.undo.push(format!("addr del {vip}/32 dev {device}"));
        }
        self.server.ip(commands);
        self.server.enter(|| {
            for (_, name, _) in settings {
                for device in ["all", "default", "lo", "eth0", "eth1", "dummy0", "rs0"] {
                    write(device, name, 0);
                }
            }
            for (device, name, value) in settings {
                write(device, name, *value);
            }
        });
        self.rows += 1;
    }

    /// One more command for the present row.
    fn also(&mut self, command: &str, undo: &str) {
        self.server.ip([command.to_owned()]);
        self.undo.push(undo.to_owned());
    }

    /// Rules that find something about that interface, as `ID severity`.
    fn predicted(&self, interface: &str, arguments: &str) -> Vec<String> {
        let output = self.server.sh(&format!("exec rs-agent check --json {arguments}"));
        assert!(matches!(output.status, 0 | 3 | 4), "{arguments}: {output:?}");
        let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("findings");
        let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        let brief = |it: &serde_json::Value| text(&it["rule"]) + " " + &text(&it["severity"]);
        let about = |it: &&serde_json::Value| it["read"].to_string().contains(interface);
        findings.iter().filter(about).map(brief).collect()
    }

    /// Whether the server answers for each address, whoever asks.
    fn answered<const N: usize>(&self, ips: [Ipv4Addr; N]) -> [bool; N] {
        let sure = "2001:db8:2::11".parse().expect("an address");
        let source = "2001:db8:2::1".parse().expect("an address");
        let mut frames = Vec::new();
        for ip in ips {
            frames.push(Frame::Arp(ip, ArpSender::Nobody));
            frames.push(Frame::Arp(ip, ArpSender::Address(PEER)));
        }
        frames.push(Frame::Solicitation(sure, source));
        let packets = exchange(&self.peer, "eth0", &frames, |packet| packet.advertises(sure));
        ips.map(|ip| {
            let answer =
                |packet: &Packet| packet.arp.is_some_and(|arp| !arp.request && arp.sender == ip);
            packets.iter().any(answer)
        })
    }
}

fn write(device: &str, name: &str, value: i32) {
    let path = format!("/proc/sys/net/ipv4/conf/{device}/{name}");
    std::fs::write(&path, value.to_string()).unwrap_or_else(|error| panic!("{path}: {error}"));
}

fn has(found: &[String], wanted: &[&str]) -> bool {
    wanted.iter().any(|wanted| found.iter().any(|found| found == wanted))
}

const ANSWERS: [&str; 6] = [
    "RS-ARP-01 error",
    "RS-ARP-01 warning",
    "RS-ARP-02 error",
    "RS-ARP-02 warning",
    "RS-ARP-03 error",
    "RS-ARP-07 error",
];

/// M1. Not a guess in the table: the prediction and the packets are all there is.
#[test]
fn who_answers_arp_is_as_predicted() {
    let mut pair = Pair::new();
    let mut wrong = Vec::new();
    let (mut yes, mut no) = (0, 0);
    let ignore = |device: &'static str, value| (device, "arp_ignore", value);
    let mut settings: Vec<Vec<(&str, &str, i32)>> = Vec::new();
    settings.extend((0..=9).map(|value| vec![ignore("all", value)]));
    settings.extend((0..=9).map(|value| vec![ignore("eth0", value)]));
    for (all, own) in [(1, 3), (3, 1), (1, 2), (2, 1), (8, 1), (1, 8), (1, 9), (5, 1), (3, 4)] {
        settings.push(vec![ignore("all", all), ignore("eth0", own)]);
    }
    for device in ["lo", "default", "eth1", "dummy0", "rs0"] {
        settings.push(vec![ignore(device, 1)]);
    }
    settings.push(vec![("eth0", "arp_filter", 1), ignore("all", 0)]);
    settings.push(vec![("eth0", "arp_filter", 1), ignore("all", 1)]);
    settings.push(vec![("lo", "route_localnet", 1), ignore("all", 3)]);
    settings.push(vec![("all", "rp_filter", 1), ignore("all", 0)]);
    for place in PLACES {
        for scope in ["host", "global"] {
            for (number, set) in settings.iter().enumerate() {
                // Everything on `lo`; elsewhere each kind of value on `all`, and the oddities.
                let brief = [4, 6, 7, 9].contains(&number) || (10..29).contains(&number);
                if place != Place::Lo && brief || (place == Place::Route && scope == "global") {
                    continue;
                }
                let vip = VIPS[number % 2];
                // `set` names each setting that rows before have used, but for these.
                let mut all = vec![
                    ("all", "arp_filter", 0),
                    ("all", "route_localnet", 0),
                    ("all", "rp_filter", 0),
                ];
                all.extend(set);
                pair.row(vip, place, scope, &all);
                let found = pair.predicted("eth0", &format!("--mode dr --vip {vip} --rip {RIP}"));
                let [vip_answered, rip_answered] = pair.answered([vip, RIP]);
                let answers = has(&found, &ANSWERS);
                let silent = has(&found, &["RS-ARP-04 error", "RS-ARP-04 warning"]);
                if vip_answered {
                    yes += 1
                } else {
                    no += 1
                }
                if answers != vip_answered || silent == rip_answered {
                    wrong.push(format!(
                        "{vip} {place:?} {scope} {set:?}: VIP {vip_answered}, RIP {rip_answered}, {found:?}"
                    ));
                }
            }
        }
    }
    assert!(yes > 50 && no > 50, "{yes} answered, {no} not: too few of one kind");
    assert!(wrong.is_empty(), "{} of {} rows: {wrong:#?}", wrong.len(), pair.rows);
}

/// M2.
#[test]
fn who_speaks_for_the_vip_is_as_predicted() {
    let mut pair = Pair::new();
    let mut wrong = Vec::new();
    let (mut yes, mut no) = (0, 0);
    let mut mixtures: Vec<(&str, i32, &str, i32)> = Vec::new();
    for all in 0..=3 {
        mixtures.extend((0..=3).map(|own| ("all", all, "eth0", own)));
    }
    mixtures.extend([("all", 0, "lo", 2), ("all", 0, "default", 2), ("all", 0, "rs0", 2)]);
    for place in PLACES {
        for vip in VIPS {
            for &(all, first, own, second) in &mixtures {
                if place != Place::Lo && second != 0 {
                    continue;
                }
                let scope = if pair.rows.is_multiple_of(2) { "host" } else { "global" };
                let set = [(all, "arp_announce", first), (own, "arp_announce", second)];
                pair.row(vip, place, scope, &set);
                let found = pair.predicted("eth0", &format!("--mode dr --vip {vip} --rip {RIP}"));
                // Nobody is there, so that each row makes the server ask anew.
                let [a, b, c, _] = PEER.octets();
                let target =
                    Ipv4Addr::new(a, b, c, 50 + u8::try_from(pair.rows % 200).expect("a byte"));
                let asks = |packet: &Packet| {
                    packet.arp.is_some_and(|arp| arp.request && arp.target == target)
                };
                let server = &pair.server;
                let speak = || {
                    server.enter(|| {
                        let socket = UdpSocket::bind((vip, 0)).expect("a socket with the VIP");
                        socket.send_to(b"reply", (target, 9)).expect("sent");
                    });
                };
                let packets = overheard(&pair.peer, speak, asks);
                let question = packets.last().and_then(|packet| packet.arp).expect("a question");
                assert!(question.sender == vip || question.sender == RIP, "{question:?}");
                let leaks = question.sender == vip;
                if leaks {
                    yes += 1
                } else {
                    no += 1
                }
                if leaks != has(&found, &["RS-ARP-06 error", "RS-ARP-06 warning"]) {
                    wrong.push(format!("{vip} {place:?} {scope} {set:?}: {leaks}, {found:?}"));
                }
            }
        }
    }
    assert!(yes > 20 && no > 20, "{yes} leak, {no} do not: too few of one kind");
    assert!(wrong.is_empty(), "{} of {} rows: {wrong:#?}", wrong.len(), pair.rows);
}

const DROPS: [&str; 4] =
    ["RS-RPF-01 error", "RS-RPF-02 error", "RS-RPF-03 error", "RS-GW-05 error"];

/// M3: what comes out of a tunnel.
#[test]
fn what_rp_filter_drops_behind_a_tunnel_is_as_predicted() {
    let mut pair = Pair::new();
    let mut wrong = Vec::new();
    let (mut yes, mut no) = (0, 0);
    for (place, scope, linklocal, route) in [
        (Place::Tunnel, "host", false, true),
        (Place::Tunnel, "global", false, true),
        (Place::Lo, "host", false, true),
        (Place::Lo, "host", true, true),
        (Place::Dummy, "global", false, true),
        (Place::Dummy, "global", true, true),
        (Place::Nic, "global", false, true),
        (Place::Tunnel, "host", false, false),
    ] {
        // Values above 2 are like 2; that is seen once.
        let most = if (place, scope, route) == (Place::Tunnel, "host", true) { 3 } else { 2 };
        for all in 0..=most {
            for own in 0..=most {
                let vip = VIPS[usize::from(place == Place::Dummy)];
                let set = [("all", "rp_filter", all), ("rs0", "rp_filter", own)];
                pair.row(vip, place, scope, &set);
                if linklocal {
                    let address = "169.254.7.7/32 dev rs0";
                    pair.also(&format!("addr add {address}"), &format!("addr del {address}"));
                }
                if !route {
                    let route = "default via 192.0.2.1";
                    pair.also(&format!("route del {route}"), &format!("route add {route}"));
                }
                let found = pair.predicted(
                    "",
                    &format!(
                        "--mode tun --vip {vip} --rip {RIP} --director {PEER} --client {CLIENT}"
                    ),
                );
                let frames = [
                    Frame::Echo(pair.mac, vec![(PEER, RIP), (CLIENT, vip)]),
                    Frame::Echo(pair.mac, vec![(PEER, RIP)]),
                ];
                let sure = |packet: &Packet| packet.is_icmp(RIP, PEER);
                let packets = exchange(&pair.peer, "eth0", &frames, sure);
                let answered = packets.iter().any(|packet| packet.is_icmp(vip, CLIENT));
                if answered {
                    yes += 1
                } else {
                    no += 1
                }
                if answered == has(&found, &DROPS) {
                    wrong.push(format!(
                        "{vip} {place:?} {scope} {set:?} linklocal {linklocal} route {route}: \
                         answered {answered}, {found:?}"
                    ));
                }
            }
        }
    }
    assert!(yes > 15 && no > 15, "{yes} answered, {no} not: too few of one kind");
    assert!(wrong.is_empty(), "{} of {} rows: {wrong:#?}", wrong.len(), pair.rows);
}

/// M3: in mode dr requests come in by one interface, replies leave by another.
#[test]
fn what_rp_filter_drops_between_two_interfaces_is_as_predicted() {
    let mut pair = Pair::new();
    let mut wrong = Vec::new();
    let (mut yes, mut no) = (0, 0);
    let mac = pair.server.mac("eth1");
    let (dip, rip) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 11));
    for vip in VIPS {
        for all in 0..=3 {
            for own in 0..=3 {
                let set = [("all", "rp_filter", all), ("eth1", "rp_filter", own)];
                pair.row(vip, Place::Lo, "host", &set);
                // The second is on the same side: its replies leave by that interface.
                for client in [CLIENT, Ipv4Addr::new(10, 0, 0, 77)] {
                    let found = pair.predicted(
                        "",
                        &format!("--mode dr --vip {vip} --director {dip} --client {client}"),
                    );
                    let frames =
                        [Frame::Echo(mac, vec![(client, vip)]), Frame::Echo(mac, vec![(dip, rip)])];
                    let sure = |packet: &Packet| packet.is_icmp(rip, dip);
                    let packets = exchange(&pair.peer, "eth1", &frames, sure);
                    let answered = packets.iter().any(|packet| packet.is_icmp(vip, client));
                    if answered {
                        yes += 1
                    } else {
                        no += 1
                    }
                    if answered == has(&found, &DROPS) {
                        wrong.push(format!("{vip} {client} {set:?}: {answered}, {found:?}"));
                    }
                }
            }
        }
    }
    assert!(yes > 10 && no > 5, "{yes} answered, {no} not: too few of one kind");
    assert!(wrong.is_empty(), "{} of {} rows: {wrong:#?}", wrong.len(), pair.rows);
}
