// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl apply` refuses because clients would be turned away: each first shown to be so, by
//! packets where they tell it, with `ipvsadm` alone; then refused; then done for who means it.

use std::net::SocketAddr;

use lab::{Family, Host, Network, Output, WebServer};

use crate::rsctl_cli::table;

const SERVERS: u8 = 4;

/// A client, a director and web servers behind NAT.
struct Site {
    network: Network,
    _web: Vec<WebServer>,
    vip: SocketAddr,
}

impl Site {
    fn new() -> Self {
        let network = Network::nat(SERVERS);
        let dip = network.addresses(Family::Ipv4).dip;
        for server in &network.servers {
            server.must(&format!("ip route add default via {dip}"));
        }
        network.director.must(network.forward_command(Family::Ipv4));
        network.director_takes_vip(Family::Ipv4);
        let web = network.servers.iter().map(|server| WebServer::start(server, 80)).collect();
        let vip = (network.addresses(Family::Ipv4).vip, 80).into();
        Self { network, _web: web, vip }
    }

    fn director(&self) -> &Host {
        &self.network.director
    }

    /// Adds the service with `ipvsadm`, and a server of each weight.
    fn add(&self, options: &str, weights: &[u32]) {
        let vip = self.vip;
        self.director().must(&format!("ipvsadm -A -t {vip} {options}"));
        for (rip, weight) in self.network.addresses(Family::Ipv4).rips.iter().zip(weights) {
            self.director().must(&format!("ipvsadm -a -t {vip} -r {rip}:80 -m -w {weight}"));
        }
    }

    fn weigh(&self, server: usize, weight: u32) {
        let (vip, rip) = (self.vip, self.network.addresses(Family::Ipv4).rips[server]);
        self.director().must(&format!("ipvsadm -e -t {vip} -r {rip}:80 -m -w {weight}"));
    }

    /// The file of the service with servers of these weights.
    fn file(&self, settings: &str, weights: &[u32]) -> String {
        let rips = &self.network.addresses(Family::Ipv4).rips;
        let servers: Vec<_> = rips
            .iter()
            .zip(weights)
            .map(|(rip, weight)| format!("{{server: {rip}, weight: {weight}}}"))
            .collect();
        format!(
            "format: ipvs-cluster/1\nservices:\n  - service: tcp/{}\n    method: nat\n    \
             {settings}\n    servers: [{}]\n",
            self.vip,
            servers.join(", ")
        )
    }

    /// How many of so many new connections were turned away.
    fn refused(&self, count: usize) -> usize {
        self.network.client.get(self.vip, count).iter().filter(|it| it.is_err()).count()
    }
}

#[track_caller]
fn apply(host: &Host, options: &str, file: &str) -> Output {
    host.feed(&format!("rsctl apply - {options}"), file)
}

/// The file is refused with that effect, also to be shown only, and nothing changes; with the
/// option it is applied.
#[track_caller]
fn refused_but_with(host: &Host, option: &str, effect: &str, file: &str) {
    let before = table(host);
    for command in ["apply", "apply --dry-run", "plan", "apply --json"] {
        let said = host.feed(&format!("rsctl {command} -"), file);
        assert_eq!(said.status, 2, "{command}: {}{}", said.stdout, said.stderr);
        assert!(said.stderr.contains(effect), "{command}: {}", said.stderr);
        assert!(said.stderr.contains(option), "{command}: {}", said.stderr);
    }
    assert_eq!(table(host), before);
    let made = apply(host, option, file);
    assert_eq!((made.status, made.stderr.as_str()), (0, ""), "{option}");
    let again = apply(host, "-v", file);
    assert!(again.stdout.starts_with("nothing to change\n"), "{}{}", again.stdout, again.stderr);
}

/// With one of four servers drained, about a quarter of the new connections is refused, unless the
/// scheduler falls back.
#[test]
fn a_drained_server_is_still_chosen_by_a_hash() {
    for scheduler in ["mh", "sh"] {
        let site = Site::new();
        site.add(&format!("-s {scheduler} -b {scheduler}-port"), &[1; 4]);
        assert_eq!(site.refused(40), 0);
        site.weigh(2, 0);
        let refused = site.refused(80);
        assert!((5..45).contains(&refused), "{scheduler}: {refused} of 80");
        site.weigh(2, 1);

        let flags = format!("scheduler: {scheduler}\n    scheduler_flags: [{scheduler}-port]");
        let effect = format!(
            "would still be chosen by {scheduler}, and about 25 % of new connections refused: the \
             service has no {scheduler}-fallback"
        );
        let file = site.file(&flags, &[1, 1, 0, 1]);
        refused_but_with(site.director(), "--allow-hash-drain", &effect, &file);
        assert!(site.refused(80) > 0);

        // Who falls back may.
        let flags = flags.replace("-port]", &format!("-port, {scheduler}-fallback]"));
        let made = apply(site.director(), "", &site.file(&flags, &[1, 1, 0, 1]));
        assert_eq!((made.status, made.stderr.as_str()), (0, ""));
        assert_eq!(site.refused(80), 0, "{scheduler}");
    }
}

/// It hashes by the VIP: of one VIP all connections go to one server, and with it they are refused.
#[test]
fn a_drained_server_is_still_chosen_by_dh() {
    let site = Site::new();
    site.add("-s dh", &[1; 4]);
    let answers = site.network.client.get(site.vip, 1);
    let chosen: usize = answers[0].as_ref().unwrap().server[2..].parse().unwrap();
    site.weigh(chosen - 1, 0);
    assert_eq!(site.refused(10), 10);
    site.weigh(chosen - 1, 1);
    let mut weights = [1; 4];
    weights[chosen - 1] = 0;
    let file = site.file("scheduler: dh", &weights);
    let effect = "would still be chosen by dh, and about 25 % of new connections refused";
    refused_but_with(site.director(), "--allow-hash-drain", effect, &file);
}

/// The kernel unbinds the one before it binds the other. For as long as a service has none, new
/// connections are refused; here by `ipvsadm`'s own word for it, since a kernel with one processor
/// leaves no time to see it on the way.
#[test]
fn without_a_scheduler_new_connections_are_refused() {
    let site = Site::new();
    site.add("-s rr", &[1; 4]);
    assert_eq!(site.refused(8), 0);
    site.director().must(&format!("ipvsadm -E -t {} -s none", site.vip));
    assert_eq!(site.refused(8), 8);
    site.director().must(&format!("ipvsadm -E -t {} -s rr", site.vip));
    assert_eq!(site.refused(8), 0);

    let effect = "gets scheduler wlc instead of rr while 4 servers take connections";
    let file = site.file("scheduler: wlc", &[1; 4]);
    refused_but_with(site.director(), "--allow-scheduler-change", effect, &file);
    assert_eq!(site.refused(8), 0);
}

/// To drain or delete all servers turns all clients away.
#[test]
fn a_service_without_servers_refuses_all() {
    let site = Site::new();
    site.add("-s rr", &[1, 0, 0, 0]);
    site.weigh(0, 0);
    assert_eq!(site.refused(8), 8);
    site.weigh(0, 1);
    assert_eq!(site.refused(8), 0);
    let effect = "would have no server that takes new connections, and has 1 now";
    let file = site.file("scheduler: rr", &[0; 4]);
    refused_but_with(site.director(), "--allow-no-servers", effect, &file);
    assert_eq!(site.refused(8), 8);
}

/// What is gone from the file goes from the table, up to a share of it; none at all is no file.
#[test]
fn a_much_smaller_file_is_refused() {
    let host = Host::new("director");
    let file = |services: std::ops::RangeInclusive<u8>| {
        let services = services.map(|n| {
            format!(
                "  - {{service: tcp/192.0.2.{n}:80, method: nat, servers: [10.0.0.1, 10.0.0.2]}}\n"
            )
        });
        format!("format: ipvs-cluster/1\nservices:\n{}", services.collect::<String>())
    };
    let all = apply(&host, "", &file(1..=8));
    assert_eq!((all.status, all.stderr.as_str()), (0, ""));
    let effect = "4 of 8 services and 8 of 16 servers would be deleted";
    refused_but_with(&host, "--allow-deletes", effect, &file(1..=4));
    let none = "format: ipvs-cluster/1\nservices: []\n";
    let refused = apply(&host, "", none);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("it has no service"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--allow-empty"), "{}", refused.stderr);
    assert_eq!(apply(&host, "--allow-empty", none).status, 0);
    assert_eq!(host.must("ipvsadm -Sn").stdout, "");
}

/// More servers than the table of mh has slots: the kernel takes them one by one, and refuses the
/// scheduler if they are there before.
#[test]
fn more_servers_than_mh_has_slots_are_refused() {
    const SERVERS: usize = 4094;
    let host = Host::new("director");
    let file = |scheduler: &str| {
        format!(
            "format: ipvs-cluster/1\nservices:\n  - service: tcp/192.0.2.10:80\n    method: nat\n    \
             scheduler: {scheduler}\n    servers: [10.1.0.1-10.1.15.254]\n"
        )
    };
    let made = apply(&host, "", &file("rr"));
    assert_eq!((made.status, made.stderr.as_str()), (0, ""));
    assert_eq!(host.must("ipvsadm -Sn").stdout.matches("-r 10.1.").count(), SERVERS);
    let edit = host.sh("ipvsadm -E -t 192.0.2.10:80 -s mh");
    assert_ne!(edit.status, 0, "this kernel has a larger table");
    let said = apply(&host, "--allow-scheduler-change", &file("mh"));
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("mh has a table of 4093 slots"), "{}", said.stderr);
    assert!(said.stderr.contains("`--allow-mh-crowd` does it all the same"), "{}", said.stderr);
    // The kernel has the last word: not on a service that has them.
    let said = apply(&host, "--allow-scheduler-change --allow-mh-crowd", &file("mh"));
    assert_eq!(said.status, 1, "{}", said.stderr);
    assert!(said.stderr.contains("more servers than mh has slots"), "{}", said.stderr);
}

/// A daemon that somebody else has started keeps servers of the other address family away.
#[test]
fn mixed_families_are_refused_beside_a_daemon() {
    let host = Host::new("director");
    host.must(
        "ip link add d0 type dummy && ip link set d0 up && ip addr add 10.0.0.9/24 dev d0
         ipvsadm --start-daemon backup --mcast-interface d0 --syncid 3
         ipvsadm -A -t 192.0.2.10:80 -s rr",
    );
    let theirs = host.sh("ipvsadm -a -t 192.0.2.10:80 -r [2001:db8::1]:80 -i");
    assert_ne!(theirs.status, 0);
    let file = "\
format: ipvs-cluster/1
services:
  - {service: tcp/192.0.2.10:80, scheduler: rr, method: tun, servers: ['2001:db8::1', 10.0.0.1]}
";
    let before = table(&host);
    let said = apply(&host, "", file);
    assert_eq!(said.status, 2, "{}", said.stderr);
    assert!(said.stderr.contains("are of different address families"), "{}", said.stderr);
    assert_eq!(table(&host), before);
    host.must("ipvsadm --stop-daemon backup");
    let made = apply(&host, "", file);
    assert_eq!((made.status, made.stderr.as_str()), (0, ""));
}

/// One that the running kernel does not have is told before anything is done.
#[test]
fn a_setting_that_the_kernel_lacks_is_refused() {
    let host = Host::new("director");
    host.must("rsctl list");
    let lacks = ["debug_level", "conn_lfactor", "svc_lfactor", "est_cpulist"];
    let lacks = lacks
        .into_iter()
        .find(|name| host.sh(&format!("test -e /proc/sys/net/ipv4/vs/{name}")).status != 0);
    let Some(name) = lacks else { return };
    let file = format!(
        "format: ipvs-cluster/1\ndirector: {{sysctls: {{{name}: 1}}}}\nservices:\n  - {{service: \
         tcp/192.0.2.10:80, method: nat, servers: [10.0.0.1]}}\n"
    );
    let said = apply(&host, "", &file);
    assert_eq!(said.status, 2, "{}", said.stderr);
    let told = format!("this kernel has no setting net.ipv4.vs.{name}");
    assert!(said.stderr.contains(&told), "{}", said.stderr);
    assert_eq!(host.must("ipvsadm -Sn").stdout, "");
}
