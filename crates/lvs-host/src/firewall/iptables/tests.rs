// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rulesets, packets and what becomes of them.

use super::*;

/// What is said of a ruleset.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Said {
    Passes,
    Drops,
    Unknown,
}
use Said::{Drops, Passes, Unknown};

fn said(rules: &str, packet: &Packet) -> Said {
    match Ruleset::parse(rules).judge(packet) {
        Verdict::Accepts => Passes,
        Verdict::Drops(_) => Drops,
        Verdict::Unknown { .. } => Unknown,
    }
}

/// Chains of table filter and rules, with that policy of INPUT.
fn filter(policy: &str, rules: &[&str]) -> String {
    let mut text = format!("*filter\n:INPUT {policy} [0:0]\n:WEB - [0:0]\n:OTHER - [0:0]\n");
    rules.iter().for_each(|rule| text += &format!("{rule}\n"));
    text + "COMMIT\n"
}

fn any() -> Packet {
    let nics = vec!["eth0".to_owned()];
    Packet { nics: nics.into(), ..Packet::to("192.0.2.10".parse().unwrap()) }
}

fn web() -> Packet {
    Packet { protocol: Some(6), port: Some(80), ..any() }
}

/// In IP.
fn ipip() -> Packet {
    Packet { protocol: Some(4), ..Packet::to("192.0.2.11".parse().unwrap()) }
}

/// The question who has an address of this host.
fn solicitation() -> Packet {
    let to = "ff02::1:ff00:11".parse().unwrap();
    Packet { protocol: Some(58), icmpv6: Some(135), ..Packet::to(to) }
}

const TCP80: &str = "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT";
const KNOWN: &str = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";

/// Rules behind which the policy is to accept, and what becomes of TCP port 80 and, where
/// nobody asked about a port, of the VIP.
#[rustfmt::skip] // a table
const OPEN: &[(&[&str], Said, Said)] = &[
    (&[], Passes, Passes),
    (&["-A INPUT -d 192.0.2.10/32 -j DROP"], Drops, Drops),
    (&["-A INPUT -d 192.0.2.9/32 -j DROP"], Passes, Passes),
    (&["-A INPUT ! -d 192.0.2.9/32 -j DROP"], Drops, Drops),
    (&["-A INPUT -d 192.0.2.0/255.255.255.0 -j DROP"], Drops, Drops),
    (&["-A INPUT -d 192.0.0.10/255.255.0.255 -j DROP"], Drops, Drops),
    (&["-A INPUT -d 192.0.2.10/33 -j DROP"], Unknown, Unknown),
    (&["-A INPUT -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset"], Drops, Passes),
    (&["-A INPUT -p tcp -j DROP"], Drops, Passes),
    (&["-A INPUT -p udp -j DROP"], Passes, Passes),
    (&["-A INPUT -p all -j DROP"], Drops, Drops),
    (&["-A INPUT -p tcp -m multiport ! --dports 22,443 -j DROP"], Drops, Passes),
    (&["-A INPUT -p tcp -m comment --comment -lo -j DROP"], Drops, Passes),
    (&["-A INPUT -m comment --comment \"not \\\" -i lo -p udp\" -j DROP"], Drops, Drops),
    (&["-A INPUT -i lo -j DROP"], Passes, Passes),
    (&["-A INPUT -i eth+ -j DROP"], Drops, Drops),
    (&["-A INPUT ! -i eth0 -j DROP"], Passes, Passes),
    // Chains.
    (&["-A INPUT -p tcp -j WEB", "-A WEB -j LOG", "-A WEB -j REJECT"], Drops, Passes),
    (&["-A INPUT -j WEB", "-A WEB -j OTHER", "-A OTHER -d 192.0.2.10 -j DROP"], Drops, Drops),
    (&["-A INPUT -j WEB", "-A WEB -p udp -j DROP", "-A WEB -j RETURN"], Passes, Passes),
    (&["-A INPUT -j WEB", "-A WEB -j OTHER", "-A WEB -j DROP", "-A OTHER -j RETURN"], Drops, Drops),
    (&["-A INPUT -j WEB", "-A WEB -g OTHER", "-A WEB -j DROP", "-A OTHER -j RETURN"], Passes, Passes),
    (&["-A INPUT -p tcp -m tcp --dport 80 -j RETURN", "-A INPUT -j DROP"], Passes, Passes),
    (&["-A INPUT -p tcp -g WEB", "-A WEB -j RETURN", "-A INPUT -j DROP"], Passes, Passes),
    (&["-A INPUT -p udp -g WEB", "-A INPUT -j DROP"], Drops, Passes),
    (&["-A INPUT -p tcp -j WEB", "-A WEB -j RETURN", "-A INPUT -j DROP"], Drops, Drops),
    (&["-A INPUT -j REJECT --reject-with icmp-host-prohibited", TCP80], Drops, Drops),
    (&[KNOWN, TCP80, "-A INPUT -j REJECT --reject-with icmp-host-prohibited"], Passes, Passes),
    // Connections.
    (&["-A INPUT -m conntrack --ctstate INVALID -j DROP"], Passes, Passes),
    (&["-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW -j DROP"], Passes, Passes),
    (&["-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP"], Passes, Passes),
    (&["-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"], Drops, Passes),
    (&["-A INPUT -m state --state NEW -j DROP"], Drops, Drops),
    (&["-A INPUT -p tcp -m state --state ESTABLISHED -j DROP"], Drops, Passes),
    (&["-A INPUT -f -j DROP"], Passes, Passes),
    // ufw's way.
    (&["-A INPUT -j WEB", "-A WEB -m addrtype --dst-type LOCAL -j RETURN",
       "-A WEB -m addrtype --dst-type MULTICAST -j RETURN",
       "-A WEB -m limit --limit 3/min --limit-burst 10 -j OTHER", "-A OTHER -j LOG",
       "-A WEB -j DROP"], Passes, Passes),
    (&["-A INPUT -m pkttype --pkt-type broadcast -j DROP"], Passes, Passes),
    // Some of them.
    (&["-A INPUT -s 203.0.113.0/24 -j DROP"], Unknown, Unknown),
    (&["-A INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 22 -j DROP"], Passes, Passes),
    (&["-A INPUT -m set --match-set banned src -j DROP"], Unknown, Unknown),
    (&["-A INPUT -p tcp -m recent --update --seconds 60 --name x --rsource -j DROP"], Unknown, Passes),
    (&["-A INPUT -p tcp -m tcp --dport 80 -m hashlimit --hashlimit-above 9/sec -j DROP"], Unknown, Passes),
    (&["-A INPUT -p tcp -m tcp --dport http -j DROP"], Unknown, Passes),
    (&["-A INPUT -m rpfilter --invert -j DROP"], Unknown, Unknown),
    (&["-A INPUT -p tcp -m tcp --sport 1024:65535 -j DROP"], Unknown, Passes),
    (&["-A INPUT -j NFQUEUE --queue-num 0"], Unknown, Unknown),
    (&["-A INPUT -p tcp -j TARPIT"], Unknown, Passes),
    (&["-A INPUT -j WEB", "-A WEB -s 203.0.113.0/24 -j RETURN", "-A WEB -j DROP"], Unknown, Unknown),
    (&["-A INPUT -j WEB", "-A WEB -m limit --limit 9/sec -j RETURN", "-A WEB -j DROP"], Unknown, Unknown),
    (&["-A INPUT -g WEB", "-A WEB -s 203.0.113.0/24 -g OTHER", "-A WEB -j DROP"], Unknown, Unknown),
    (&["-A INPUT -s 203.0.113.0/24 -j ACCEPT", "-A INPUT -p tcp -m tcp --dport 80 -j DROP"], Unknown, Passes),
    // It does not matter which.
    (&["-A INPUT -s 203.0.113.0/24 -j ACCEPT", TCP80], Passes, Passes),
    (&["-A INPUT -s 203.0.113.0/24 -j DROP", "-A INPUT -j DROP"], Drops, Drops),
    (&["-A INPUT -m limit --limit 1/sec -j LOG", "-A INPUT -m mark --mark 7"], Passes, Passes),
    // Nobody sends a routing header, whatever its type would be.
    (&["-A INPUT -m rt --rt-type 0 -j DROP"], Passes, Passes),
    (&["-A INPUT -m rt ! --rt-type 0 -j DROP"], Passes, Passes),
];

/// Rules behind which the policy is to drop.
#[rustfmt::skip] // a table
const SHUT: &[(&[&str], Said, Said)] = &[
    (&[], Drops, Drops),
    (&["-A INPUT -i lo -j ACCEPT", KNOWN], Drops, Drops),
    (&[KNOWN, TCP80], Passes, Passes),
    (&[TCP80], Passes, Passes),
    (&["-A INPUT -j LOG", TCP80], Passes, Passes),
    (&["-A INPUT -p icmp -j ACCEPT", KNOWN], Drops, Drops),
    (&["-A INPUT -p icmp -j ACCEPT", "-A INPUT -p udp -m udp --dport 80 -j ACCEPT"], Drops, Passes),
    (&["-A INPUT -p tcp -m multiport --dports 22,443:8080 -j ACCEPT"], Drops, Passes),
    (&["-A INPUT -p tcp -m multiport --dports 22,70:90 -j ACCEPT"], Passes, Passes),
    (&["-A INPUT -d 192.0.2.11/32 -j ACCEPT"], Drops, Drops),
    (&["-A INPUT -d 192.0.2.0/24 -j ACCEPT"], Passes, Passes),
    (&["-A INPUT ! -i lo -j ACCEPT"], Passes, Passes),
    (&["-A INPUT -i eth1 -j ACCEPT"], Drops, Drops),
    (&["-A INPUT -j WEB", "-A WEB -p udp -j ACCEPT", "-A WEB -j RETURN"], Drops, Passes),
    (&["-A INPUT -j WEB", "-A WEB -j OTHER", "-A OTHER -p tcp -j ACCEPT"], Passes, Passes),
    (&["-A FORWARD -j ACCEPT", "-A INPUT -j LOG", "-A INPUT -p tcp"], Drops, Drops),
    // The first packet passes, and no other.
    (&["-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT"], Drops, Passes),
    (&["-A INPUT -p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT"], Drops, Passes),
    (&[KNOWN, "-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT"], Passes, Passes),
    (&["-A INPUT -m conntrack ! --ctstate INVALID -j ACCEPT"], Passes, Passes),
    // No rule gives them another address.
    (&["-A INPUT -m conntrack --ctstate DNAT -j ACCEPT"], Drops, Drops),
    (&["-A INPUT -m conntrack ! --ctstate SNAT,DNAT -j ACCEPT"], Passes, Passes),
    // Some clients, or something that is not understood.
    (&["-A INPUT -s 203.0.113.0/24 -j ACCEPT"], Unknown, Unknown),
    (&["-A INPUT -s 0.0.0.0/0 -j ACCEPT"], Passes, Passes),
    (&["-A INPUT -m set --match-set clients src -j ACCEPT"], Unknown, Unknown),
    (&["-A INPUT -m mark --mark 7 -j ACCEPT", TCP80], Passes, Passes),
    // Of an administrator's own, and the service.
    (&["-A INPUT -s 203.0.113.0/24 -j ACCEPT", KNOWN, TCP80], Passes, Passes),
    (&["-A INPUT -s 203.0.113.0/24 -j DROP", KNOWN, TCP80], Unknown, Unknown),
];

#[test]
fn what_is_said_of_a_ruleset() {
    let mut wrong = Vec::new();
    for (policy, rows) in [("ACCEPT", OPEN), ("DROP", SHUT)] {
        for (rules, of_web, of_any) in rows {
            let text = filter(policy, rules);
            let found = (said(&text, &web()), said(&text, &any()));
            if found != (*of_web, *of_any) {
                wrong.push((policy, rules, found));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whole rulesets.
#[rustfmt::skip] // a table
const TABLES: &[(&str, Said, Said)] = &[
    ("", Passes, Passes),
    ("-A\n*\n:\n-A INPUT\n", Passes, Passes),
    ("*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 192.0.2.10/32 -j DROP\nCOMMIT\n", Drops, Drops),
    ("*mangle\n:PREROUTING DROP [0:0]\n-A PREROUTING -p udp -j ACCEPT\nCOMMIT\n", Drops, Passes),
    ("*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -j DROP\nCOMMIT\n", Drops, Passes),
    ("*mangle\n:FORWARD DROP [0:0]\n-A OUTPUT -j DROP\nCOMMIT\n", Passes, Passes),
    ("*security\n:INPUT DROP [0:0]\nCOMMIT\n", Drops, Drops),
    // What one table accepts comes to the next.
    ("*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j ACCEPT\nCOMMIT\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n", Drops, Drops),
    // These change neither who gets it nor whether it comes.
    ("*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j CT --notrack\nCOMMIT\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n", Drops, Drops),
    ("*mangle\n-A PREROUTING -j MARK --set-xmark 0x1/0xffffffff\n*filter\n:INPUT DROP [0:0]\n", Drops, Drops),
    ("*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n", Drops, Drops),
    ("*nat\n-A PREROUTING -p udp -j REDIRECT --to-ports 53\n*filter\n:INPUT DROP [0:0]\n", Drops, Unknown),
    // What is not tracked is no new connection.
    ("*raw\n-A PREROUTING -p tcp -j NOTRACK\n*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate NEW -j DROP\n", Passes, Unknown),
    ("*raw\n-A PREROUTING -p tcp -j CT --notrack\n*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT\n", Passes, Unknown),
    ("*raw\n-A PREROUTING -s 203.0.113.9 -j CT --notrack\n*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate NEW -j DROP\n", Unknown, Unknown),
    ("*raw\n-A PREROUTING -j CT --helper ftp\n*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT\n", Passes, Passes),
    // It may go elsewhere: where that is, nobody drops it, or some may.
    ("*nat\n-A PREROUTING -p tcp -j REDIRECT --to-ports 8080\n*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 8080 -j ACCEPT\n", Unknown, Passes),
    ("*nat\n-A PREROUTING -p tcp -j REDIRECT --to-ports 8080\n*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -d 192.0.2.10 -j DROP\n", Unknown, Unknown),
    ("*nat\n-A PREROUTING -p tcp -j DNAT --to-destination 172.17.0.2\n*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p udp -j DROP\n", Passes, Passes),
    ("*mangle\n-A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 3128\n", Unknown, Passes),
    // Table nat has a chain INPUT, too.
    ("*nat\n:INPUT DROP [0:0]\n*filter\n-A OUTPUT -m conntrack --ctstate NEW\n", Drops, Drops),
    ("*nat\n:INPUT DROP [0:0]\n-A INPUT -p tcp -j SNAT --to-source 198.51.100.1\n", Passes, Passes),
    // Only the first packet of a connection comes to table nat, what it decides is for all.
    ("*nat\n:PREROUTING DROP [0:0]\n-A PREROUTING -p tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT\n", Passes, Passes),
    ("*nat\n:PREROUTING DROP [0:0]\n-A PREROUTING -m conntrack --ctstate ESTABLISHED -j ACCEPT\n", Drops, Drops),
    ("*nat\n-A PREROUTING -m state --state NEW -j REDIRECT --to-ports 8080\n*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 8080 -j ACCEPT\n", Unknown, Passes),
    // What is not tracked does not come to it.
    ("*raw\n-A PREROUTING -p tcp -j CT --notrack\n*nat\n:PREROUTING DROP [0:0]\n:INPUT DROP [0:0]\n*filter\n-A INPUT -m conntrack --ctstate NEW\n", Passes, Unknown),
    ("*raw\n-A PREROUTING -s 203.0.113.9 -j CT --notrack\n*nat\n:PREROUTING DROP [0:0]\n*filter\n-A INPUT -m state --state NEW\n", Unknown, Unknown),
    // Nothing is tracked unless a rule needs it, which may be one of nftables.
    ("*nat\n:PREROUTING DROP [0:0]\n", Unknown, Unknown),
    ("*nat\n:INPUT DROP [0:0]\n", Unknown, Unknown),
    ("*raw\n-A OUTPUT -j CT --notrack\n*nat\n:PREROUTING DROP [0:0]\n", Unknown, Unknown),
    ("*raw\n-A OUTPUT -j CT --zone 1\n*nat\n:PREROUTING DROP [0:0]\n", Drops, Drops),
    ("*nat\n:PREROUTING DROP [0:0]\n-A POSTROUTING -o eth1 -j MASQUERADE\n", Drops, Drops),
    // A rule of table nat may set the states DNAT and SNAT.
    ("*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.0.2.10:8080\n*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate RELATED,DNAT -j ACCEPT\n", Unknown, Unknown),
    ("*nat\n-A INPUT -s 203.0.113.9 -j SNAT --to-source 198.51.100.1\n*filter\n-A INPUT -m conntrack --ctstate SNAT -j DROP\n", Unknown, Unknown),
    ("*nat\n-A PREROUTING -d 192.0.2.9 -j DNAT --to-destination 192.0.2.10\n*filter\n-A INPUT -m conntrack --ctstate SNAT,DNAT -j DROP\n", Passes, Passes),
];

/// Each lets a packet go on to the next rule.
#[test]
fn targets_that_decide_nothing_end_no_walk() {
    for target in [
        "TEE --gateway 192.0.2.99",
        "TCPOPTSTRIP --strip-options timestamp",
        "ECN --ecn-tcp-remove",
        "HMARK --hmark-tuple src,dst --hmark-mod 10 --hmark-rnd 1",
        "IDLETIMER --timeout 9 --label x",
        "LED --led-trigger-id x",
        "RATEEST --rateest-name x --rateest-interval 250ms --rateest-ewmalog 500ms",
        "AUDIT --type accept",
        "SET --add-set seen src",
    ] {
        let rule = format!("-A PREROUTING -p tcp -j {target}");
        for (policy, is) in [("ACCEPT", Passes), ("DROP", Drops)] {
            let text = format!("*mangle\n:PREROUTING {policy} [0:0]\n{rule}\n");
            assert_eq!(said(&text, &web()), is, "{target}, {policy}");
        }
    }
}

/// As `ip6tables-legacy-save` shows them with port 80 open.
const UFW6: &str = "*filter
:INPUT DROP [0:0]
:ufw6-before-input - [0:0]
:ufw6-logging-deny - [0:0]
:ufw6-user-input - [0:0]
-A INPUT -j ufw6-before-input
-A ufw6-before-input -i lo -j ACCEPT
-A ufw6-before-input -m rt --rt-type 0 -j DROP
-A ufw6-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw6-before-input -p ipv6-icmp -m icmp6 --icmpv6-type 129 -j ACCEPT
-A ufw6-before-input -m conntrack --ctstate INVALID -j ufw6-logging-deny
-A ufw6-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw6-before-input -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255 -j ACCEPT
-A ufw6-before-input -s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 130 -j ACCEPT
-A ufw6-before-input -j ufw6-user-input
-A ufw6-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG
-A ufw6-user-input -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
";

#[test]
fn ufw_lets_neighbours_and_the_service_in() {
    let service = Packet { to: "2001:db8::10".parse().unwrap(), ..web() };
    assert_eq!(said(UFW6, &service), Passes);
    assert_eq!(said(UFW6, &Packet { port: Some(81), ..service }), Drops);
    assert_eq!(said(UFW6, &solicitation()), Passes);
    let other = UFW6.replace("--hl-eq 255", "--hl-eq 64");
    assert_eq!(said(&other, &solicitation()), Drops);
}

#[test]
fn all_tables_that_it_comes_through_count() {
    let mut wrong = Vec::new();
    for (text, of_web, of_any) in TABLES {
        let found = (said(text, &web()), said(text, &any()));
        if found != (*of_web, *of_any) {
            wrong.push((text, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let text = "*raw\n-A PREROUTING -d 192.0.2.10 -j DROP\n*filter\n:INPUT DROP [0:0]\n";
    let Verdict::Drops(drops) = Ruleset::parse(text).judge(&web()) else { panic!("passes") };
    let drops: Vec<String> = drops.iter().map(DroppedBy::text).collect();
    assert_eq!(drops, ["-t raw -A PREROUTING -d 192.0.2.10 -j DROP", ":INPUT DROP"]);
}

#[test]
fn what_is_known_of_a_packet_decides() {
    let of = |rule: &str, packet: &Packet| said(&filter("DROP", &[rule]), packet);
    assert_eq!(of("-A INPUT -p tcp -j ACCEPT", &ipip()), Drops);
    for (rule, said) in
        [("ipencap", Passes), ("4", Passes), ("ipip", Drops), ("94", Drops), ("odd", Unknown)]
    {
        assert_eq!(of(&format!("-A INPUT -p {rule} -j ACCEPT"), &ipip()), said, "{rule}");
    }
    let drop = filter("ACCEPT", &["-A INPUT -p ipencap -j DROP"]);
    assert_eq!(said(&drop, &ipip()), Drops);
    // Nobody answers: for connection tracking each is the first.
    assert_eq!(of("-A INPUT -m conntrack --ctstate NEW -j ACCEPT", &ipip()), Passes);
    assert_eq!(of("-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT", &ipip()), Drops);
    let net = "-A INPUT -d 2001:db8::/64 -j ACCEPT";
    for (to, is) in [("2001:db8::1", Passes), ("2001:db8:1::1", Drops)] {
        assert_eq!(of(net, &Packet::to(to.parse().unwrap())), is, "{to}");
    }
    // Who sends.
    let by = |source| Packet { source: Some(source), ..web() };
    let clients =
        |first: &str, last: &str| by(Source::All([first, last].map(|it| it.parse().unwrap())));
    let directors =
        |of: &[&str]| by(Source::OneOf(of.iter().map(|it| it.parse().unwrap()).collect()));
    let rule = "-A INPUT -s 203.0.113.0/24 -j ACCEPT";
    for (packet, is) in [
        (clients("203.0.113.1", "203.0.113.254"), Passes),
        (clients("198.51.100.1", "198.51.100.254"), Drops),
        (clients("203.0.0.1", "203.0.255.254"), Unknown),
        (clients("203.0.113.200", "203.0.114.1"), Unknown),
        (directors(&["203.0.113.1", "203.0.113.2"]), Passes),
        // It may send from another address.
        (directors(&["203.0.113.1", "198.51.100.1"]), Unknown),
        (directors(&["198.51.100.1"]), Unknown),
    ] {
        assert_eq!(of(rule, &packet), is, "{packet:?}");
    }
    // Where it comes in.
    let nics =
        |nics: &[&str]| Packet { nics: nics.iter().map(ToString::to_string).collect(), ..web() };
    for (packet, is) in
        [(nics(&["eth0", "eth1"]), Unknown), (nics(&[]), Unknown), (nics(&["eth1"]), Drops)]
    {
        assert_eq!(of("-A INPUT -i eth0 -j ACCEPT", &packet), is, "{packet:?}");
    }
    // Neighbours are asked for by multicast, and not tracked.
    let ask = solicitation();
    for (rule, is) in [
        ("-p ipv6-icmp", Passes),
        ("-p ipv6-icmp -m icmp6 --icmpv6-type 135", Passes),
        ("-p ipv6-icmp -m icmp6 --icmpv6-type 135/0", Passes),
        ("-p ipv6-icmp -m icmp6 --icmpv6-type 135/1", Drops),
        ("-p ipv6-icmp -m icmp6 --icmpv6-type 128", Drops),
        ("-m conntrack --ctstate NEW,RELATED,ESTABLISHED", Drops),
        ("-m pkttype --pkt-type multicast", Passes),
    ] {
        assert_eq!(of(&format!("-A INPUT {rule} -j ACCEPT"), &ask), is, "{rule}");
    }
    // So they do not come to table nat.
    let text = "*nat\n:PREROUTING DROP [0:0]\n*filter\n-A INPUT -m state --state NEW\n";
    assert_eq!(said(text, &ask), Passes);
}

/// Each leads to the next by twenty rules.
#[test]
fn a_maze_of_chains_is_walked_through_once() {
    let mut text = "*filter\n:INPUT DROP [0:0]\n".to_owned();
    for chain in 0..30 {
        text += &format!(":C{chain} - [0:0]\n");
    }
    text += "-A INPUT -j C0\n";
    for chain in 0..29 {
        text += &format!("-A C{chain} -j C{}\n", chain + 1).repeat(20);
    }
    assert_eq!(said(&text, &web()), Drops);
    let accepts = text.clone() + "-A C29 -j ACCEPT\n";
    assert_eq!(said(&accepts, &web()), Passes);
    // No kernel takes this.
    assert_eq!(said(&(text + "-A C29 -j C0\n"), &web()), Drops);
}

#[test]
fn any_text_is_survived() {
    let whole =
        filter("DROP", &[KNOWN, TCP80, "-A INPUT -p tcp ! --tcp-flags -j", "-A INPUT ! -g"]);
    for length in 0..whole.len() {
        let _ = Ruleset::parse(&whole[..length]).judge(&web());
    }
}
