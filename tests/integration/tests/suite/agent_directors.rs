// SPDX-License-Identifier: MIT OR Apache-2.0

//! Hosts that are director and real server at once: `docs/director-and-server.md`, with packets.

use std::mem::ManuallyDrop;
use std::net::{IpAddr, SocketAddr};

use lab::{Family, Host, Network, WebServer};

use crate::running::Run;

/// Two hosts that are real servers of a VIP, and one of them its director.
struct Pair {
    network: ManuallyDrop<Network>,
    _webs: Vec<WebServer>,
}

impl Pair {
    fn new() -> Self {
        // It stays until the guest ends. Of two such hosts one now and then keeps its eth0 for
        // ever (`unregister_netdevice: waiting for eth0`, seen on 6.1, 6.12 and 7.2; why is not
        // known), and the kernel ends no other namespace meanwhile.
        let network = ManuallyDrop::new(Network::direct_routing(2));
        let _webs = network.servers.iter().map(|host| WebServer::start(host, 80)).collect();
        Self { network, _webs }
    }

    fn host(&self, at: usize) -> &Host {
        &self.network.servers[at]
    }

    /// The services of both families, with both hosts as servers.
    fn serve(&self, at: usize) {
        for family in Family::BOTH {
            let addresses = self.network.addresses(family);
            let service = SocketAddr::from((addresses.vip, 80));
            let servers = addresses.rips.iter().map(|rip| {
                let rip = SocketAddr::from((*rip, 80));
                format!(" && rsctl add-server -t {service} -r {rip} --mode dr")
            });
            let servers: String = servers.collect();
            self.host(at).must(&format!("rsctl add-service -t {service} -s rr{servers}"));
        }
    }

    /// What a daemon such as keepalived does when this host becomes the active director.
    fn take(&self, at: usize) {
        for family in Family::BOTH {
            self.host(at).must(&self.network.take_vip_command(family));
            if let IpAddr::V6(vip) = self.network.addresses(family).vip {
                self.host(at).must(&format!("ip -6 addr show dev eth0 | grep -q {vip}"));
            }
        }
        self.network.client.must("ip neigh flush all");
    }

    /// And what it does when another becomes that.
    fn give(&self, at: usize) {
        self.host(at).must("ip addr del 192.0.2.10/32 dev eth0");
        self.host(at).must("ip addr del 2001:db8:2::10/128 dev eth0");
    }

    /// How many of so many requests are answered, and by how many hosts.
    fn answers(&self, family: Family, count: usize) -> (usize, usize) {
        let service = SocketAddr::from((self.network.addresses(family).vip, 80));
        let answers = self.network.client.get(service, count).into_iter().flatten();
        let mut names: Vec<String> = answers.map(|answer| answer.server).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        (count, names.len())
    }

    /// Who says that it has the VIP: in IPv4, and in IPv6.
    fn owners(&self) -> Vec<String> {
        let vips = Family::BOTH.map(|family| self.network.addresses(family).vip);
        let macs = vips.into_iter().flat_map(|vip| self.network.who_answers(vip));
        macs.map(|mac| self.network.name_of(mac)).collect()
    }

    /// Both are sound, each in its role, and only the active one has the VIP for all to see.
    #[track_caller]
    fn is_sound(&self, active: usize) {
        for family in Family::BOTH {
            assert_eq!(self.answers(family, 4), (4, 2), "{family:?}");
        }
        let name = self.host(active).name().to_owned();
        assert_eq!(self.owners(), [name.clone(), name]);
        for at in [0, 1] {
            let host = self.host(at);
            let output = host.sh("rs-agent check --port 80");
            assert_eq!(output.status, 0, "{at}: {output:?}");
            for vip in ["192.0.2.10/32", "2001:db8:2::10/128"] {
                host.must(&format!("ip addr show dev lo | grep -q 'inet.* {vip}'"));
            }
        }
    }
}

const BOTH: &str = "--mode dr --vip 192.0.2.10,2001:db8:2::10";

#[test]
fn two_hosts_that_are_director_and_real_server_at_once() {
    let pair = Pair::new();
    let runs = [0, 1].map(|at| Run::start(pair.host(at), BOTH));
    for active in [0, 1, 0] {
        pair.serve(active);
        pair.take(active);
        pair.is_sound(active);
        // What is set up again while it is active changes nothing, and says why.
        let output = pair.host(active).must(&format!("rs-agent setup {BOTH}"));
        assert!(output.stdout.starts_with("nothing to do: "), "{output:?}");
        let note = "192.0.2.10 is on eth0 too, where this host is its director: left as it is";
        assert!(output.stderr.contains(note), "{output:?}");
        pair.give(active);
        pair.host(active).must("rsctl clear --yes");
    }
    // Who kept the VIPs hidden meanwhile took none of that for a fault.
    for run in &runs {
        let log = run.log();
        assert!(!log.contains("event=problem"), "{log}");
    }
    // Set up and taken down while it is active, it stays that.
    drop(runs);
    pair.serve(1);
    pair.take(1);
    pair.host(1).must("rs-agent teardown");
    for family in Family::BOTH {
        assert_eq!(pair.answers(family, 4), (4, 2), "{family:?}");
    }
    let check = pair.host(1).sh(&format!("rs-agent check {BOTH} --rule RS-DIR-01,RS-ARP-07"));
    assert_eq!(check.status, 3, "{check:?}");
    // Both VIPs come to lo, hidden first; none is taken from where it serves.
    let remedies = check.stdout.lines().filter_map(|line| line.trim().strip_prefix("remedy: "));
    let (added, rest): (Vec<&str>, Vec<&str>) =
        remedies.partition(|remedy| remedy.contains("ip addr add "));
    assert_eq!(added.len(), 2, "{check:?}");
    assert!(rest.iter().all(|remedy| remedy.starts_with("sysctl -w ")), "{check:?}");
    pair.host(1).must(&format!("rs-agent setup {BOTH}"));
    pair.is_sound(1);
    // Without a service only the flag tells.
    pair.host(1).must("rsctl clear --yes");
    assert_eq!(pair.host(1).sh("rs-agent check --rule RS-ARP-07").status, 4);
    let refused = pair.host(1).sh(&format!("rs-agent setup {BOTH}"));
    assert!(refused.status == 1 && refused.stderr.contains("--also-director"), "{refused:?}");
    let directors = "--director 192.0.2.11,192.0.2.12";
    let refused = pair.host(0).sh(&format!("rs-agent setup {BOTH} {directors}"));
    assert!(refused.status == 1 && refused.stderr.contains("--also-director"), "{refused:?}");
    pair.host(1).must(&format!("rs-agent setup {BOTH} {directors} --also-director"));
    assert_eq!(pair.host(1).sh("rs-agent check").status, 0);
}

#[test]
fn what_goes_round_between_two_directors_is_seen() {
    let pair = Pair::new();
    for at in [0, 1] {
        pair.host(at).must(&format!("rs-agent setup {BOTH}"));
        pair.serve(at);
    }
    pair.take(0);
    // The other hands every second one back.
    assert!(pair.answers(Family::Ipv4, 4).0 < 4);
    let check = |at: usize| pair.host(at).sh("rs-agent check --port 80");
    assert_eq!(check(0).status, 0);
    let output = check(1);
    assert!(output.status == 3 && output.stdout.contains("warning: RS-DIR-02: "), "{output:?}");
    pair.host(1).must(
        "sysctl -qw net.ipv4.vs.backup_only=1 && ipvsadm --start-daemon backup --mcast-interface eth0",
    );
    pair.is_sound(0);
    pair.host(1).must("ipvsadm --stop-daemon backup");
}
