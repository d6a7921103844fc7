// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every encapsulation in every mixture of families, through a real director: no answer before
//! `rs-agent setup`, answers after it, and after `teardown` the host as it was before.

use std::fs;
use std::net::SocketAddr;

use lab::{Family, Host, Network, UdpServer, WebServer};

use crate::agent::{assert_same, assert_set_up, state};

/// What the director is told, and the real server.
pub(crate) struct Encapsulation {
    pub(crate) director: &'static str,
    pub(crate) agent: &'static str,
    /// With `--fallback-devices`.
    fallback: Fallback,
}

/// What becomes of a set-up with the kernel's own devices.
#[derive(Clone, Copy)]
enum Fallback {
    Works,
    WorksButFor4In6,
    Refused,
}

pub(crate) const ENCAPSULATIONS: [Encapsulation; 4] = [
    Encapsulation { director: "", agent: "", fallback: Fallback::WorksButFor4In6 },
    Encapsulation { director: "--tun-type gre", agent: "--tunnel gre", fallback: Fallback::Works },
    Encapsulation {
        director: "--tun-type gre --tun-csum",
        agent: "--tunnel gre --checksum",
        fallback: Fallback::Refused,
    },
    Encapsulation {
        director: "--tun-type gue --tun-port 6080 --tun-remcsum",
        agent: "--tunnel gue --tunnel-port 6080",
        fallback: Fallback::WorksButFor4In6,
    },
];

/// A client, a director with the VIP, and a real server that distrusts what comes from
/// where it would not send.
struct Site {
    network: Network,
    service: SocketAddr,
    /// The options of setup that are always the same.
    options: String,
    /// The real server as it was.
    before: String,
    outer: Family,
    inner: Family,
    _web: WebServer,
}

impl Site {
    fn new(outer: Family, inner: Family) -> Self {
        Self::on(Network::tunnel(1), outer, inner)
    }

    fn on(network: Network, outer: Family, inner: Family) -> Self {
        let server = &network.servers[0];
        server.must("sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1");
        network.director_takes_vip(inner);
        let (vip, dip) = (network.addresses(inner).vip, network.addresses(outer).dip);
        Self {
            service: SocketAddr::from((vip, 80)),
            options: format!("--mode tun --vip {vip} --director {dip}"),
            before: state(server),
            outer,
            inner,
            _web: WebServer::start(server, 80),
            network,
        }
    }

    fn server(&self) -> &Host {
        &self.network.servers[0]
    }

    fn direct(&self, options: &str) {
        let service = self.service;
        let rip = SocketAddr::from((self.network.addresses(self.outer).rips[0], 80));
        self.network.director.must(&format!(
            "rsctl add-service -t {service} -s rr && \
             rsctl add-server -t {service} -r {rip} --mode tun {options}"
        ));
    }

    fn redirect(&self) {
        self.network.director.must(&format!("rsctl delete-service -t {}", self.service));
    }

    /// One request, and what came of it.
    fn request(&self) -> Result<String, String> {
        self.network.client.get(self.service, 1).remove(0).map(|answer| answer.server)
    }

    /// Nobody unpacks: the real server says so to the director by ICMP. The director tells
    /// the client if all of it is IPv4, and otherwise nobody.
    fn assert_not_answered(&self, story: &str) {
        let error = self.request().expect_err(story);
        let told = self.outer == Family::Ipv4 && self.inner == Family::Ipv4;
        let word = if told { "refused" } else { "timed out" };
        assert!(error.contains(word), "{story}: {error}");
    }

    fn works(&self, options: &str) {
        let setup = format!("rs-agent setup {} {options}", self.options);
        self.server().must(&setup);
        assert_eq!(self.request(), Ok("rs1".to_owned()), "{setup}");
        assert_set_up(self.server(), &setup);
        self.server().must("rs-agent teardown");
        assert_same(&state(self.server()), &self.before, &setup);
    }
}

fn every_encapsulation(outer: Family, inner: Family) {
    let site = Site::new(outer, inner);
    for Encapsulation { director, agent, .. } in &ENCAPSULATIONS {
        let story = format!("{inner:?} in {outer:?}, {agent}");
        site.direct(director);
        site.assert_not_answered(&story);
        site.works(agent);
        site.assert_not_answered(&format!("{story}, after teardown"));
        site.redirect();
    }
}

#[test]
fn every_encapsulation_of_ipv4_over_ipv4() {
    every_encapsulation(Family::Ipv4, Family::Ipv4);
}

#[test]
fn every_encapsulation_of_ipv6_over_ipv4() {
    every_encapsulation(Family::Ipv4, Family::Ipv6);
}

#[test]
fn every_encapsulation_of_ipv4_over_ipv6() {
    every_encapsulation(Family::Ipv6, Family::Ipv4);
}

#[test]
fn every_encapsulation_of_ipv6_over_ipv6() {
    every_encapsulation(Family::Ipv6, Family::Ipv6);
}

#[test]
fn gue_with_and_without_checksum() {
    for family in Family::BOTH {
        let site = Site::new(family, family);
        for checksum in ["--tun-nocsum", "--tun-csum"] {
            site.direct(&format!("--tun-type gue --tun-port 6080 {checksum}"));
            site.works("--tunnel gue --tunnel-port 6080");
            site.redirect();
        }
    }
}

/// What only fits a director that does otherwise takes nothing.
#[test]
fn the_other_checksum_never_arrives() {
    for (director, agent) in [("--tun-csum", ""), ("", "--checksum")] {
        let site = Site::new(Family::Ipv4, Family::Ipv4);
        site.direct(&format!("--tun-type gre {director}"));
        site.server().must(&format!("rs-agent setup {} --tunnel gre {agent}", site.options));
        assert!(site.request().is_err(), "{director} to {agent}");
    }
}

#[test]
fn only_the_named_director_is_heard() {
    for family in Family::BOTH {
        let mut site = Site::new(family, family);
        site.direct("");
        // Another host of the director's network.
        site.options += "9";
        site.server().must(&format!("rs-agent setup {}", site.options));
        site.assert_not_answered(&site.options);
    }
}

#[test]
fn a_port_of_somebody_else_is_not_taken() {
    let network = Network::tunnel(1);
    let server = &network.servers[0];
    let setup = "rs-agent setup --mode tun --vip 192.0.2.10 --tunnel gue --tunnel-port 6080";
    server.must("ip fou add port 6080 ipproto 4");
    let before = state(server);
    let output = server.sh(setup);
    assert!(output.stderr.contains("UDP port 6080 over IPv4 is taken by another"), "{output:?}");
    assert_same(&state(server), &before, "taken by another kind");
    server.must("ip fou del port 6080");

    let program = UdpServer::start(server, "0.0.0.0:6080".parse().expect("an address"));
    let before = state(server);
    let output = server.sh(setup);
    assert!(output.stderr.contains("hint: a program has that UDP port"), "{output:?}");
    assert_same(&state(server), &before, "taken by a program");
    drop(program);

    // One like ours serves, and stays.
    server.must("ip fou add port 6080 gue");
    let before = state(server);
    let plan = server.must(&format!("{setup} --dry-run")).stdout;
    assert!(!plan.contains("fou"), "{plan}");
    server.must(setup);
    server.must("rs-agent teardown");
    assert_same(&state(server), &before, "a port like ours");
}

#[test]
fn one_setup_takes_both_families() {
    for (outer, dip) in [(Family::Ipv4, "192.0.2.1"), (Family::Ipv6, "2001:db8:2::1")] {
        for Encapsulation { director, agent, .. } in &ENCAPSULATIONS {
            let network = Network::tunnel(1);
            let server = &network.servers[0];
            let _web = WebServer::start(server, 80);
            let vips = Family::BOTH.map(|family| network.addresses(family).vip);
            let [v4, v6] = vips;
            // With two directors the device has to listen to anybody, and that is said.
            let setup = format!("rs-agent setup --mode tun --vip {v4},{v6} {agent}");
            let output = server.must(&format!("{setup} --director {dip},{dip}2"));
            let note = "with several directors only a firewall can limit that to them";
            assert!(output.stderr.contains(note), "{output:?}");
            let rip = SocketAddr::from((network.addresses(outer).rips[0], 80));
            for (family, vip) in Family::BOTH.into_iter().zip(vips) {
                network.director_takes_vip(family);
                let service = SocketAddr::from((vip, 80));
                network.director.must(&format!(
                    "rsctl add-service -t {service} -s rr && \
                     rsctl add-server -t {service} -r {rip} --mode tun {director}"
                ));
                let answer = network.client.get(service, 1).remove(0);
                assert!(answer.is_ok(), "{family:?} in {outer:?}, {agent}: {answer:?}");
            }
        }
    }
}

/// Whether the kernel makes its own tunnel devices in every new network namespace: a
/// setting of all of them, so whoever changes it has to be alone.
const ONLY_FOR_THE_FIRST: &str = "/proc/sys/net/core/fb_tunnels_only_for_init_net";

/// A network whose real server has all of them, down.
pub(crate) fn with_fallback_devices(network: impl FnOnce() -> Network) -> Network {
    let usual = fs::read(ONLY_FOR_THE_FIRST).expect("the setting");
    fs::write(ONLY_FOR_THE_FIRST, "0").expect("the setting");
    let network = network();
    fs::write(ONLY_FOR_THE_FIRST, usual).expect("the setting");
    // The first time such a device is up the kernel gives it settings that stay.
    network.servers[0].ip(["tunl0", "sit0", "ip6tnl0", "gre0", "ip6gre0"]
        .into_iter()
        .flat_map(|device| ["up", "down"].map(|state| format!("link set {device} {state}"))));
    network
}

#[test]
#[ignore = "changes what hosts of other tests begin with"]
fn fallback_devices_only_on_request() {
    for (outer, inner) in
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(o, i)| (Family::BOTH[o], Family::BOTH[i]))
    {
        let site = Site::on(with_fallback_devices(|| Network::tunnel(1)), outer, inner);
        for Encapsulation { director, agent, fallback } in &ENCAPSULATIONS {
            let mixed = (outer, inner) == (Family::Ipv6, Family::Ipv4);
            let refused = match fallback {
                Fallback::Works => None,
                Fallback::WorksButFor4In6 if mixed => Some("ip6tnl0 takes no IPv4 out of IPv6"),
                Fallback::WorksButFor4In6 => None,
                Fallback::Refused => Some("with checksum never come out of"),
            };
            let options = format!("{agent} --fallback-devices");
            site.direct(director);
            // A device of our own takes its packets before the kernel's would.
            site.works(agent);
            match refused {
                None => site.works(&options),
                Some(why) => {
                    let setup = format!("rs-agent setup {} {options}", site.options);
                    let output = site.server().sh(&setup);
                    assert!(output.status == 2 && output.stderr.contains(why), "{output:?}");
                    assert_same(&state(site.server()), &site.before, &setup);
                }
            }
            site.redirect();
        }
    }
}

#[test]
#[ignore = "unloads a module"]
fn gue_without_its_module_is_refused() {
    let network = Network::tunnel(1);
    let server = &network.servers[0];
    let before = state(server);
    server.must("modprobe -r fou6 fou");
    let setup = "rs-agent setup --mode tun --vip 192.0.2.10 --tunnel gue --tunnel-port 6080";
    let output = server.sh(setup);
    server.must("modprobe -a fou fou6");
    assert!(output.stderr.contains("module fou is not loaded"), "{output:?}");
    assert_same(&state(server), &before, setup);
}
