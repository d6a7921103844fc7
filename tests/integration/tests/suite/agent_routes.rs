// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent check` on real servers whose replies are routed by rules (`ip rule`): it reports no
//! error as long as a client is served, and is not silent when none is.

use std::net::{IpAddr, SocketAddr};

use lab::{Family, Network, WebServer};

/// A director, a client that it serves by one real server, and what that is.
struct Site {
    network: Network,
    options: String,
    service: SocketAddr,
    _web: WebServer,
}

impl Site {
    fn new(network: Network, family: Family, mode: &str, options: &str) -> Self {
        let addresses = network.addresses(family);
        let (vip, rip) = (addresses.vip, addresses.rips[0]);
        let (service, server) = (SocketAddr::from((vip, 80)), SocketAddr::from((rip, 80)));
        network.director_takes_vip(family);
        network.director.must(&format!(
            "rsctl add-service -t {service} -s rr && \
             rsctl add-server -t {service} -r {server} --mode {mode}"
        ));
        let _web = WebServer::start(&network.servers[0], 80);
        let vip = if mode == "nat" { String::new() } else { format!(" --vip {vip}") };
        let options = format!("--mode {mode}{vip} {options}");
        Self { network, options, service, _web }
    }

    fn run(&self, command: &str) {
        self.network.servers[0].must(command);
    }

    /// Whether a client is served, and what `check` finds but for infos. Gives its remedies.
    #[track_caller]
    fn is(&self, serves: bool, found: &[&str]) -> Vec<String> {
        let answer = self.network.client.get(self.service, 1).remove(0);
        assert_eq!(answer.is_ok(), serves, "{answer:?}");
        let command = format!("exec rs-agent check --json {}", self.options);
        let output = self.network.servers[0].sh(&command);
        let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
        let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        let findings = report["findings"].as_array().expect("findings").iter();
        let findings: Vec<_> = findings.filter(|it| it["severity"] != "info").collect();
        let brief = findings.iter().map(|it| text(&it["rule"]) + " " + &text(&it["severity"]));
        assert_eq!(brief.collect::<Vec<_>>(), found, "{}", output.stdout);
        assert_eq!(report["unread"], serde_json::json!([]));
        // What must hold whatever is found.
        match serves {
            true => assert_ne!(output.status, 4, "{found:?}"),
            false => assert!(matches!(output.status, 3..=5), "{found:?}"),
        }
        let remedies = findings.iter().flat_map(|it| it["remedy"].as_array().expect("a list"));
        remedies.map(text).collect()
    }
}

fn ip(family: Family) -> &'static str {
    if family == Family::Ipv4 { "ip" } else { "ip -6" }
}

#[test]
fn a_real_server_answers_from_the_vip_by_a_table_of_its_own() {
    for family in Family::BOTH {
        let network = Network::direct_routing(1);
        let ip = ip(family);
        let addresses = network.addresses(family);
        let (vip, dip, near) = (addresses.vip, addresses.dip, addresses.cip);
        // A client of elsewhere, for which the client's first address is the router.
        let far = if vip.is_ipv4() { "203.0.113.7" } else { "2001:db8:3::7" };
        let nodad = if vip.is_ipv6() { "nodad" } else { "" };
        network.client.must(&format!(
            "ip addr add {far} dev eth0 {nodad} && {ip} route add {vip} dev eth0 src {far}"
        ));
        let mut site =
            Site::new(network, family, "dr", &format!("--director {dip} --client {far}"));
        let quiet = if vip.is_ipv6() { "nodad preferred_lft 0" } else { "scope host" };
        site.run(&format!(
            "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && \
             ip addr add {vip} dev lo {quiet} && {ip} route add default via {near} table 100"
        ));
        site.is(false, &["RS-GW-05 error"]);
        // Nor does anything if nobody says who the clients are, and replies are kept from all.
        let main = format!("{ip} route add default via {near}");
        let prohibit = format!("{ip} rule add from {vip} prohibit");
        site.run(&format!("{main} && {prohibit}"));
        let named = std::mem::replace(&mut site.options, format!("--mode dr --vip {vip}"));
        site.is(false, &["RS-GW-05 warning"]);
        site.options = named;
        site.run(&format!("{main} && {prohibit}").replace(" add ", " del "));
        site.run(&format!("{ip} rule add from {vip} lookup 100"));
        site.is(true, &[]);
        // Not by that rule: nothing leads back.
        site.run(&format!("{ip} rule del from {vip} lookup 100"));
        site.run(&format!("{ip} rule add from {near} lookup 100"));
        site.is(false, &["RS-GW-05 error"]);
        // A rule of what comes in is none of replies.
        site.run(&format!("{ip} rule add iif eth0 lookup 100"));
        site.is(false, &["RS-GW-05 error"]);
        // A way for packets of which nobody can tell whether replies are such.
        site.run(&format!("{ip} rule add uidrange 4242-4243 lookup 100"));
        let remedies = site.is(false, &["RS-GW-05 unread"]);
        assert!(!remedies.iter().any(|it| it.contains("route")), "{remedies:?}");
        site.run(&format!("{ip} rule del uidrange 4242-4243 lookup 100"));
        // A rule for UDP is none for the replies of TCP, be it right or wrong.
        site.run(&format!("{ip} rule add ipproto udp lookup 100"));
        site.is(false, &["RS-GW-05 unread"]);
        let named = site.options.clone();
        site.options += " --port 80";
        site.is(false, &["RS-GW-05 error"]);
        site.options = named;
        site.run(&format!(
            "{ip} rule del ipproto udp lookup 100 && {ip} rule add ipproto udp blackhole && \
             {ip} rule add from {vip} lookup 100"
        ));
        site.is(true, &[]);
        site.run(&format!(
            "{ip} rule del ipproto udp blackhole && {ip} rule del from {vip} lookup 100"
        ));
        // And one for them, which leads nowhere either.
        site.run(&format!("{ip} rule add fwmark 7 lookup 101"));
        site.is(false, &["RS-GW-05 error"]);
        // The director is the gateway: it drops what comes from its own address.
        site.run(&format!("{ip} route add default via {dip}"));
        let back = if vip.is_ipv4() { "RS-GW-01 error" } else { "RS-GW-01 warning" };
        if vip.is_ipv4() {
            site.is(false, &[back]);
            site.run("ip route add default via 192.0.2.100 table 101");
            site.is(false, &["RS-GW-01 unread"]);
            // The server is root's, and so is what asks here: which says nothing of servers.
            site.run("ip rule add uidrange 0-0 lookup 101");
            site.is(true, &["RS-GW-01 unread"]);
            let nobody = lab::NOBODY;
            let check = format!("{nobody} rs-agent check {}", site.options);
            let output = site.network.servers[0].sh(&check);
            assert_eq!(output.status, 5, "{output:?}");
            let text = "uidrange 0-0 lookup 101`; otherwise replies from 192.0.2.10 to 203.0.113.7 \
                        go through director 192.0.2.1";
            assert!(output.stdout.contains(text), "{output:?}");
            site.run("ip rule del uidrange 0-0 lookup 101");
        }
        site.run(&format!("{ip} rule add from {vip} lookup 100"));
        site.is(true, &[]);
        if vip.is_ipv6() {
            continue;
        }
        // What leaves by a dead interface is lost.
        site.run(
            "ip link add dead type veth peer name dead2 && ip link set dead up && \
             ip addr add 10.8.0.1/24 dev dead && ip route del default via 192.0.2.100 table 100 && \
             ip route add default via 10.8.0.2 table 100",
        );
        site.is(false, &["RS-GW-05 error"]);
        // Of several next hops one may lead back to the director, whichever a client has.
        site.run(
            "ip route replace default table 100 nexthop via 192.0.2.100 nexthop via 192.0.2.1",
        );
        site.run(&format!("rs-agent check --rule RS-GW-01 {}; [ $? = 4 ]", site.options));
        site.run("ip route replace default via 192.0.2.100 table 100 && ip link del dead");
        site.is(true, &[]);
        // Source validation goes by the way of the reply.
        site.run(
            "ip link add out type veth peer name out2 && ip addr add 10.9.0.1/24 dev out && \
             ip link set out up && ip link set out2 up && ip rule del fwmark 7 lookup 101 && \
             ip route replace default via 10.9.0.2 && \
             sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
        );
        site.is(true, &[]);
        site.run("ip rule del from 192.0.2.10 lookup 100");
        site.is(false, &["RS-RPF-03 error"]);
        site.run(
            "ip route replace default via 192.0.2.100 && \
             ip route add default via 10.9.0.2 table 102 && \
             ip rule add from 192.0.2.10 lookup 102",
        );
        let remedies = site.is(false, &["RS-RPF-03 error"]);
        assert_eq!(remedies, ["sysctl -w net.ipv4.conf.eth0.rp_filter=2"]);
    }
}

#[test]
fn a_real_server_answers_through_the_nat_director_by_a_table_of_its_own() {
    for family in Family::BOTH {
        let network = Network::nat(1);
        let ip = ip(family);
        network.director.must(network.forward_command(family));
        let addresses = network.addresses(family);
        let (rip, dip) = (addresses.rips[0], addresses.dip);
        let elsewhere = match rip {
            IpAddr::V4(_) => "10.0.0.99",
            IpAddr::V6(_) => "2001:db8:10::99",
        };
        let site = Site::new(network, family, "nat", &format!("--director {dip}"));
        site.run(&format!("{ip} route add default via {elsewhere}"));
        site.is(false, &["RS-GW-02 error"]);
        site.run(&format!(
            "{ip} route add default via {dip} table 100 && {ip} rule add from {rip} lookup 100"
        ));
        site.is(true, &[]);
        // Set-up finds replies going through the director, too.
        site.run(&format!("rs-agent setup --mode nat --director {dip} && rs-agent teardown"));
        // The route by which the rest of this host's packets leave is nobody's matter here.
        site.run(&format!("{ip} route del default"));
        site.is(true, &[]);
        site.run(&format!("{ip} route replace default via {elsewhere} table 100"));
        let remedies = site.is(false, &["RS-GW-02 error"]);
        assert!(!remedies.iter().any(|it| it.contains("replace default")), "{remedies:?}");
        let refused = format!("rs-agent setup --mode nat --director {dip} --dry-run");
        let refused = site.network.servers[0].sh(&refused);
        assert_eq!(refused.status, 1, "{refused:?}");
        let route = format!("the route is via {elsewhere} by the rules (ip rule)");
        assert!(refused.stderr.contains(&route), "{refused:?}");
        site.run(&format!("{ip} route replace default via {dip} table 100"));
        site.run(&format!("{ip} rule del from {rip} lookup 100"));
        site.run(&format!("{ip} rule add from {elsewhere} lookup 100"));
        site.is(false, &["RS-GW-02 error"]);
    }
}

#[test]
fn a_real_server_behind_a_tunnel_answers_by_a_table_of_its_own() {
    let network = Network::tunnel(1);
    let family = Family::Ipv4;
    let addresses = network.addresses(family);
    let (vip, dip, cip) = (addresses.vip, addresses.dip, addresses.cip);
    let server = &network.servers[0];
    server.must(&format!("rs-agent setup --mode tun --vip {vip} --director {dip}"));
    let rip = addresses.rips[0];
    let options = format!("--director {dip} --rip {rip} --client {cip}");
    let site = Site::new(network, family, "tun", &options);
    site.is(true, &[]);
    site.run(
        "ip route del default && ip route add default via 10.0.1.254 table 100 && \
         ip route add 192.0.2.0/24 via 10.0.1.254",
    );
    site.is(false, &["RS-RPF-02 error", "RS-GW-05 error"]);
    site.run(&format!("ip rule add from {vip} lookup 100"));
    site.is(true, &[]);
    // Loose source validation asks for the way of the reply, too.
    site.run(&format!(
        "ip rule del from {vip} lookup 100 && ip route add default via 10.0.1.254 && \
         ip rule add from {vip} lookup 103 && ip rule add from {vip} unreachable"
    ));
    site.is(false, &["RS-RPF-02 error", "RS-GW-05 error"]);
}

/// The route to a director of this host's own network leaves by another interface.
#[test]
fn source_validation_of_what_the_director_sends_is_seen() {
    let network = Network::direct_routing(1);
    let options = "--rip 192.0.2.11 --director 192.0.2.1 --client 192.0.2.100";
    let site = Site::new(network, Family::Ipv4, "tun", options);
    site.run(
        "rs-agent setup --mode tun --vip 192.0.2.10 --rip 192.0.2.11 --director 192.0.2.1 && \
         sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
    );
    site.is(true, &[]);
    site.run(
        "ip link add out type veth peer name out2 && ip link set out2 up && \
         ip link set out up && ip addr add 10.9.0.1/24 dev out && \
         ip route add 192.0.2.1/32 via 10.9.0.2",
    );
    let remedies = site.is(false, &["RS-RPF-03 error"]);
    remedies.iter().for_each(|command| site.run(command));
    site.is(true, &[]);
}
