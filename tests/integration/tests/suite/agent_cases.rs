// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent check` on real servers that are set up otherwise than by `rs-agent`: it never says
//! "error" of one that serves, and never says nothing of one that does not. Both are seen by a
//! client and by who asks by ARP.

use std::net::{IpAddr, SocketAddr};

use lab::{Family, Host, Network, Output, WebServer, skips};

use crate::agent::{assert_same, state};

/// A director that sends to the first of two real servers, which has no VIP yet and hides
/// whatever it gets; the second is no real server of it.
struct Site {
    network: Network,
    _web: WebServer,
}

/// What clients and neighbours see of it.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Truth {
    /// Clients are served, and nobody else is asked to.
    Sound,
    /// The director's packets are not served.
    Unserved,
    /// Clients are served, and this host answers ARP for the VIP.
    Announced,
}
use Truth::{Announced, Sound, Unserved};

const HIDE: &str = "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2";
const SHOW: &str = "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0";

impl Site {
    fn new() -> Self {
        let network = Network::direct_routing(2);
        for family in Family::BOTH {
            network.director_takes_vip(family);
            let addresses = network.addresses(family);
            let service = SocketAddr::from((addresses.vip, 80));
            let rip = SocketAddr::from((addresses.rips[0], 80));
            network.director.must(&format!(
                "rsctl add-service -t {service} -s rr && \
                 rsctl add-server -t {service} -r {rip} --mode dr"
            ));
        }
        network.servers[0].must(HIDE);
        Self { _web: WebServer::start(&network.servers[0], 80), network }
    }

    fn run(&self, command: &str) -> Output {
        self.network.servers[0].must(command)
    }

    fn vip(&self, family: Family) -> IpAddr {
        self.network.addresses(family).vip
    }

    fn truth(&self, family: Family) -> Truth {
        let addresses = self.network.addresses(family);
        let client = &self.network.client;
        if client.get(SocketAddr::from((addresses.vip, 80)), 1)[0].is_err() {
            return Unserved;
        }
        if addresses.vip.is_ipv6() {
            return Sound;
        }
        let own = self.network.servers[0].macs();
        let mut answers = self.network.who_answers(addresses.vip).into_iter();
        if answers.any(|mac| own.contains(&mac)) { Announced } else { Sound }
    }

    /// Exit status, findings but for infos as `ID severity`, and what is said to help.
    fn check(&self, family: Family, options: &str) -> (i32, Vec<String>, Vec<String>) {
        let vip = self.vip(family);
        let check = format!("rs-agent check --mode dr --vip {vip} --json {options}");
        let output = self.network.servers[0].sh(&check);
        let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("findings");
        let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        let findings = findings.iter().filter(|it| it["severity"] != "info");
        let brief = findings.clone().map(|it| text(&it["rule"]) + " " + &text(&it["severity"]));
        let remedies = findings.flat_map(|it| it["remedy"].as_array().expect("a list").iter());
        (output.status, brief.collect(), remedies.map(text).collect())
    }

    /// What is true of it, and what is said of it with `--port 80`. Gives what is said to help.
    #[track_caller]
    fn is(&self, family: Family, truth: Truth, said: &[&str]) -> Vec<String> {
        assert_eq!(self.truth(family), truth, "{family:?}");
        let (status, found, remedies) = self.check(family, "--port 80");
        assert_eq!(found, said, "{family:?}");
        // What must hold whatever is said.
        match truth {
            Sound => assert_ne!(status, 4, "{found:?}"),
            _ => assert!(matches!(status, 4 | 5), "{found:?}"),
        }
        let worst = |word: &str| found.iter().any(|it| it.ends_with(word));
        let expected = [("error", 4), ("unread", 5), ("warning", 3)];
        let expected = expected.into_iter().find(|(word, _)| worst(word));
        assert_eq!(status, expected.map_or(0, |(_, status)| status), "{found:?}");
        let first = remedies.first().is_some_and(|it| it.starts_with("ip addr del"));
        assert!(!first, "{remedies:?}");
        remedies
    }
}

#[test]
fn a_route_in_a_table_that_a_rule_leads_to() {
    let site = Site::new();
    for family in Family::BOTH {
        let vip = site.vip(family);
        let v4 = family == Family::Ipv4;
        let ip = if v4 { "ip" } else { "ip -6" };
        site.is(family, Unserved, &["RS-VIP-01 error"]);
        // In table local, as always.
        site.run(&format!("{ip} route add local {vip} dev lo"));
        site.is(family, Sound, &[]);
        site.run(&format!("{ip} route del local {vip} dev lo table local"));
        // IPv4 refuses such a source; IPv6 does not care.
        let (truth, said) =
            if v4 { (Unserved, &["RS-VIP-09 error"][..]) } else { (Sound, &[][..]) };
        site.run(&format!("{ip} route add local {vip} dev lo table 100"));
        for rule in [format!("to {vip}"), "iif eth0".to_owned()] {
            site.run(&format!("{ip} rule add {rule} lookup 100"));
            let remedies = site.is(family, truth, said);
            if let Some(remedy) = remedies.first() {
                site.run(remedy);
                site.is(family, Sound, &[]);
                site.run(&format!("ip addr del {vip}/32 dev lo"));
            }
            site.run(&format!("{ip} rule del {rule} lookup 100"));
        }
        site.run(&format!("{ip} rule add fwmark 1 lookup 100"));
        site.is(family, Unserved, &["RS-VIP-01 error"]);
        // A rule that takes it away before table local does.
        site.run(&format!(
            "ip addr add {vip} dev lo; {ip} rule add pref 1 lookup local; {ip} rule del pref 0; \
             {ip} rule add pref 0 iif eth0 to {vip} blackhole"
        ));
        site.is(family, Unserved, &["RS-VIP-01 error"]);
        site.run(&format!("{ip} rule del pref 0 iif eth0 to {vip} blackhole"));
        site.is(family, Sound, &[]);
    }
}

#[test]
fn an_interface_in_a_vrf() {
    let site = Site::new();
    let server = &site.network.servers[0];
    site.run(
        "ip link add vrf1 type vrf table 10 && ip link set vrf1 up && \
         ip link set eth0 master vrf1 && ip addr replace 2001:db8:2::11/64 dev eth0 nodad",
    );
    for family in Family::BOTH {
        let vip = site.vip(family);
        let nodad = if vip.is_ipv6() { "nodad" } else { "" };
        for carrier in ["vrf1", "lo"] {
            site.run(&format!("ip addr add {vip} dev {carrier} {nodad}"));
            server.sh("sleep 0.2");
            site.run("sysctl -qw net.ipv4.tcp_l3mdev_accept=0");
            let remedies = site.is(family, Unserved, &["RS-SRV-01 error"]);
            let accept = "net.ipv4.tcp_l3mdev_accept=1";
            assert!(remedies[0].contains(&format!("sysctl -w {accept}")), "{remedies:?}");
            site.run(&format!("sysctl -qw {accept}"));
            site.is(family, Sound, &[]);
            if vip.is_ipv4() {
                site.run(SHOW);
                // Of lo's own table the VRF knows nothing: it is answered for, and not named.
                let said = match carrier {
                    "vrf1" => &["RS-ARP-01 error", "RS-ARP-06 error"][..],
                    _ => &["RS-ARP-01 error"],
                };
                site.is(family, Announced, said);
                site.run(HIDE);
            }
            site.run(&format!("ip addr del {vip} dev {carrier}"));
            site.is(family, Unserved, &["RS-VIP-01 error"]);
        }
    }
}

/// Packets come in by an interface that is in no VRF, and the VIP is on a device that is in one, or
/// is one.
#[test]
fn a_carrier_in_a_vrf() {
    let site = Site::new();
    let server = &site.network.servers[0];
    site.run(
        "ip link add vrf1 type vrf table 10 && ip link set vrf1 up && \
         ip link add vips type dummy && ip link set vips master vrf1 up",
    );
    for (family, carrier) in Family::BOTH.into_iter().flat_map(|it| [(it, "vrf1"), (it, "vips")]) {
        let vip = site.vip(family);
        let before = state(server);
        let setup = format!("rs-agent setup --mode dr --vip {vip}");
        let refused = server.sh(&format!("{setup} --carrier {carrier}"));
        assert_eq!(refused.status, 1, "{refused:?}");
        let why = format!("a VIP on {carrier} is only for what comes in by interfaces of VRF vrf1");
        assert!(refused.stderr.contains(&why), "{refused:?}");
        assert!(refused.stderr.contains("\nhint: use lo (the default)"), "{refused:?}");
        assert_same(&state(server), &before, carrier);

        // Made by hand.
        let nodad = if vip.is_ipv6() { "nodad" } else { "scope host" };
        site.run(&format!("ip addr add {vip} dev {carrier} {nodad}"));
        for options in ["", "--director 192.0.2.1,2001:db8:2::1"] {
            let options = format!("{options} --carrier {carrier}");
            let (status, found, _) = site.check(family, &options);
            assert_eq!((status, found), (4, vec!["RS-VIP-01 error".to_owned()]), "{options}");
        }
        for remedy in site.is(family, Unserved, &["RS-VIP-01 error"]) {
            site.run(&remedy);
        }
        site.is(family, Sound, &[]);
        site.run(&format!("ip addr del {vip} dev lo"));
        // What is there already is not in place.
        site.run(&setup);
        site.is(family, Sound, &[]);
        site.run(&format!("rs-agent teardown && ip addr del {vip} dev {carrier}"));
        site.is(family, Unserved, &["RS-VIP-01 error"]);
    }
}

/// The kernel drops IPv6 where it comes in, wherever the VIP is.
#[test]
fn ipv6_is_off_on_the_interface() {
    let site = Site::new();
    let (server, family) = (&site.network.servers[0], Family::Ipv6);
    let vip = site.vip(family);
    let setup = format!("rs-agent setup --mode dr --vip {vip}");
    let warning = "warning: IPv6 is off on eth0 (disable_ipv6)";
    let output = site.run(&setup);
    assert!(!output.stderr.contains(warning), "{output:?}");
    site.is(family, Sound, &[]);
    let addresses = server.must("ip -6 -o addr show dev eth0 scope global").stdout;
    let rip = addresses.split_whitespace().nth(3).expect("an address").to_owned();
    site.run("sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1");
    let remedies = site.is(family, Unserved, &["RS-VIP-08 error"]);
    assert_eq!(remedies, ["sysctl -w net.ipv6.conf.eth0.disable_ipv6=0"]);
    let output = site.run(&setup);
    assert!(output.stderr.contains(warning), "{output:?}");
    for remedy in remedies {
        site.run(&remedy);
    }
    // The kernel threw the addresses away.
    site.run(&format!("ip addr add {rip} dev eth0 nodad"));
    site.is(family, Sound, &[]);
}

#[test]
fn ipvs_of_the_real_server_itself() {
    let site = Site::new();
    let (server, other) = (&site.network.servers[0], &site.network.servers[1]);
    server.must(
        "ip addr add 192.0.2.10 dev lo && \
         sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
         net.ipv4.conf.eth0.send_redirects=0",
    );
    // It answers on another port, and by way of the first: as a container does.
    let _web = WebServer::start(other, 8080);
    other.must("ip route add 192.0.2.100 via 192.0.2.11");
    drop(site._web);
    let site = Site { network: site.network, _web };
    site.is(Family::Ipv4, Unserved, &["RS-SRV-01 error"]);
    site.run("rsctl add-service -t 192.0.2.10:80 -s rr");
    site.is(Family::Ipv4, Unserved, &["RS-SRV-01 error"]);
    site.run("rsctl add-server -t 192.0.2.10:80 -r 192.0.2.12:8080 --mode nat");
    site.is(Family::Ipv4, Sound, &[]);
    // Drained, it is none.
    site.run("rsctl edit-server -t 192.0.2.10:80 -r 192.0.2.12:8080 -w 0");
    site.is(Family::Ipv4, Unserved, &["RS-SRV-01 error"]);
}

#[test]
fn a_rule_of_iptables_takes_the_vip() {
    if skips("iptable_nat") {
        return;
    }
    let site = Site::new();
    let v4 = Family::Ipv4;
    let nat = "iptables-legacy -t nat";
    site.run(&format!("{nat} -A PREROUTING -d 192.0.2.9 -j REDIRECT"));
    site.is(v4, Unserved, &["RS-VIP-01 error"]);
    site.run(&format!("{nat} -A PREROUTING -p tcp -d 192.0.2.10 --dport 80 -j REDIRECT"));
    site.is(v4, Sound, &["RS-VIP-01 unread"]);
    assert_eq!(site.check(v4, "").0, 5);
    // Who may not read it says no more.
    let nobody = lab::NOBODY;
    let check = "rs-agent check --mode dr --vip 192.0.2.10";
    let output = site.network.servers[0].sh(&format!("{nobody} {check}"));
    assert_eq!(output.status, 5, "{output:?}");
    assert!(output.stdout.contains("unread: RS-VIP-01: cannot be judged: rules of"), "{output:?}");
    assert!(output.stdout.contains("ip_tables_names: permission denied"), "{output:?}");
    site.run(&format!("{nat} -F"));
    site.is(v4, Unserved, &["RS-VIP-01 error"]);

    // A port of a local VIP that is published from elsewhere, as docker does it.
    site.run(
        "ip addr add 192.0.2.10 dev lo && \
         sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
         net.ipv4.conf.eth0.send_redirects=0",
    );
    let other = &site.network.servers[1];
    other.must("ip route add 192.0.2.100 via 192.0.2.11");
    let _web = WebServer::start(other, 8080);
    drop(site._web);
    let site = Site { network: site.network, _web };
    site.is(v4, Unserved, &["RS-SRV-01 error"]);
    site.run(&format!(
        "{nat} -N DOCKER && {nat} -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER && \
         {nat} -A DOCKER -p tcp --dport 81 -j DNAT --to-destination 192.0.2.12:8080"
    ));
    site.is(v4, Unserved, &["RS-SRV-01 error"]);
    site.run(&format!(
        "{nat} -A DOCKER -p tcp --dport 80 -j DNAT --to-destination 192.0.2.12:8080"
    ));
    site.is(v4, Sound, &["RS-SRV-01 unread"]);
    // No rule for addresses of this host can take one that is none.
    site.run("ip addr del 192.0.2.10 dev lo");
    site.is(v4, Unserved, &["RS-VIP-01 error", "RS-SRV-01 error"]);
}

#[test]
fn arptables_hides_the_vip() {
    if skips("arptable_filter") {
        return;
    }
    let site = Site::new();
    let v4 = Family::Ipv4;
    site.run(SHOW);
    site.run("ip addr add 192.0.2.10 dev lo");
    site.is(v4, Announced, &["RS-ARP-01 error", "RS-ARP-06 error"]);
    // Tables without a rule hide nothing.
    site.run("arptables-legacy -L");
    site.is(v4, Announced, &["RS-ARP-01 error", "RS-ARP-06 error"]);
    site.run(
        "arptables-legacy -A INPUT -d 192.0.2.10 -j DROP && \
         arptables-legacy -A OUTPUT -s 192.0.2.10 -j mangle --mangle-ip-s 192.0.2.11",
    );
    site.is(v4, Sound, &["RS-ARP-01 unread", "RS-ARP-06 unread"]);
    site.run("ip addr del 192.0.2.10 dev lo && ip addr add 192.0.2.10/32 dev eth0");
    let remedies = site.is(v4, Sound, &["RS-ARP-06 unread", "RS-ARP-07 unread"]);
    assert!(!remedies.iter().any(|it| it.contains("del")), "{remedies:?}");
    site.run("arptables-legacy -F");
    let remedies = site.is(v4, Announced, &["RS-ARP-06 error", "RS-ARP-07 error"]);
    // What helps keeps it served all the time.
    for command in remedies.iter().filter(|it| it.starts_with("ip ") || it.starts_with("sysctl ")) {
        site.run(command);
        assert_ne!(site.truth(v4), Unserved, "{command}");
    }
    site.run(HIDE);
    site.is(v4, Sound, &[]);
}

#[test]
fn a_rule_of_nftables_may_hide_the_vip() {
    let site = Site::new();
    let chain = "nft add chain bridge lab first '{ type filter hook prerouting priority 0; }'";
    if site.network.servers[0].sh("nft add table bridge lab").status != 0 {
        assert_eq!(lab::kernel(), (6, 1));
        lab::skip("no nftables for bridges");
        return;
    }
    site.run(SHOW);
    site.run("ip addr add 192.0.2.10 dev lo");
    site.run(chain);
    site.is(Family::Ipv4, Announced, &["RS-ARP-01 error", "RS-ARP-06 error"]);
    site.run("nft add rule bridge lab first counter");
    site.is(Family::Ipv4, Announced, &["RS-ARP-01 unread", "RS-ARP-06 unread"]);
    let text = site.run("rs-agent check --mode dr --vip 192.0.2.10; [ $? = 5 ]").stdout;
    assert!(text.contains("chain bridge lab first; otherwise eth0 answers ARP"), "{text}");
    assert!(text.contains("0 errors, 0 warnings, 1 info, 2 unread"), "{text}");
    // One that drops, wherever that is.
    site.run("nft add rule bridge lab first ip daddr 192.0.2.10 drop");
    let said = ["RS-ARP-01 unread", "RS-ARP-06 unread", "RS-FW-01 unread"];
    site.is(Family::Ipv4, Announced, &said);
}

/// The only address of a host, whose way out is a dummy: nobody is told to delete it.
#[test]
fn an_address_of_the_default_route_is_nobodys_vip() {
    let host = Host::new("alone");
    host.must(
        "ip link add up0 type dummy && ip link set up0 up && ip addr add 10.0.0.11/24 dev up0 && \
         ip route add default via 10.0.0.1",
    );
    let single = "ip addr del 10.0.0.11/24 dev up0 && ip addr add 10.0.0.11/32 dev up0 && \
                  ip route add 10.0.0.1 dev up0 && ip route add default via 10.0.0.1";
    for change in ["true", single] {
        host.must(change);
        let options = "--mode dr --vip 10.0.0.11";
        let refused = host.sh(&format!("rs-agent setup {options}"));
        let own = "10.0.0.11 is this host's own address on up0";
        assert!(refused.status == 1 && refused.stderr.contains(own), "{}", refused.stderr);
        assert!(!refused.stderr.contains("addr del"), "{}", refused.stderr);
        let found = host.sh(&format!("rs-agent check {options}"));
        assert!(found.status == 4 && found.stdout.contains(own), "{}", found.stdout);
        assert!(!found.stdout.contains("addr del"), "{}", found.stdout);
    }
}
