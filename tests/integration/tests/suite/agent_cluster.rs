// SPDX-License-Identifier: MIT OR Apache-2.0

//! One file for a whole cluster: the director is made of it by the library, each real server by
//! `rs-agent --cluster` and nothing else, and packets flow.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipvs_cluster::{Converge, Policy, cluster};
use ipvs_netlink::Client;
use lab::{Family, Network, WebServer};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::agent::{assert_same, assert_set_up, state};
use crate::running::Run;

/// A file where only root can write.
struct File {
    folder: TempDir,
}

impl File {
    fn new(text: &str) -> Self {
        let file = Self { folder: tempfile::tempdir().expect("a folder") };
        file.write(text);
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cluster.yaml")
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).expect("the file");
    }

    fn option(&self) -> String {
        format!("--cluster {}", self.path().display())
    }

    /// The director becomes what the file says.
    #[track_caller]
    fn direct(&self, network: &Network) {
        let bytes = fs::read(self.path()).expect("the file");
        let cluster = cluster::read(&bytes).unwrap_or_else(|problems| panic!("{problems}"));
        let report = network.director.enter(|| {
            let mut client = Client::connect().expect("ip_vs");
            Converge::new(cluster.desired(), Policy::exact()).run(&mut client)
        });
        assert!(report.expect("a table").is_converged());
    }
}

/// How each real server of one Ethernet gets its packets, at a port of its own.
const METHODS: [&str; 5] = [
    "method: dr",
    "method: tun",
    "method: tun, tunnel: {type: gre}",
    "method: tun, tunnel: {type: gre, checksum: outer}",
    "method: tun, tunnel: {type: gue, port: 6080}",
];

/// The service of a port for both VIPs, with real server `number` by `method`.
fn service(number: usize, method: &str) -> String {
    format!(
        "  - {{service: 'tcp/web:{port}', scheduler: rr, {method}, pool: rs{number}}}\n",
        port = 80 + number,
    )
}

fn text(network: &Network, methods: &[&str]) -> String {
    let [v4, v6] = Family::BOTH.map(|family| network.addresses(family));
    let numbers = 1..=network.servers.len();
    let pools: String = numbers
        .clone()
        .map(|number| {
            let (rip, rip6) = (v4.rips[number - 1], v6.rips[number - 1]);
            format!("  rs{number}: {{servers: [{rip}, '{rip6}']}}\n")
        })
        .collect();
    let services: String =
        numbers.zip(methods).map(|(number, method)| service(number, method)).collect();
    format!(
        "format: ipvs-cluster/1\n\
         vips: {{web: [{}, '{}']}}\n\
         director: {{addresses: [{}, '{}']}}\n\
         pools:\n{pools}services:\n{services}",
        v4.vip, v6.vip, v4.dip, v6.dip
    )
}

/// Who answers at a port, in each family.
fn answers(network: &Network, port: u16) -> [Result<String, String>; 2] {
    Family::BOTH.map(|family| {
        let service = SocketAddr::from((network.addresses(family).vip, port));
        network.client.get(service, 1).remove(0).map(|answer| answer.server)
    })
}

/// Sets all real servers up by the file, asks each, and takes them down.
#[track_caller]
fn works(network: &Network, methods: &[&str]) {
    let file = File::new(&text(network, methods));
    let webs =
        network.servers.iter().zip(81..).map(|(server, port)| WebServer::start(server, port));
    let _webs: Vec<WebServer> = webs.collect();
    file.direct(network);
    for family in Family::BOTH {
        network.director_takes_vip(family);
    }
    for ((server, port), method) in network.servers.iter().zip(81..).zip(methods) {
        let before = state(server);
        assert!(answers(network, port).iter().all(Result::is_err), "{method}: before");
        let setup = format!("rs-agent setup {}", file.option());
        let plan = server.must(&format!("{setup} --dry-run"));
        assert_same(&state(server), &before, &plan.stdout);
        server.must(&setup);
        let name = || Ok(server.name().to_owned());
        assert_eq!(answers(network, port), [name(), name()], "{method}");
        assert_set_up(server, method);
        for check in ["rs-agent check".to_owned(), format!("rs-agent check {}", file.option())] {
            let check = server.sh(&check);
            assert!(check.stdout.contains("0 errors, 0 warnings"), "{method}: {check:?}");
        }
        let again = server.must(&setup);
        assert!(again.stdout.starts_with("nothing to do: "), "{method}: {again:?}");
    }
    // All of them at once, and none in the way of another.
    for (server, port) in network.servers.iter().zip(81..) {
        let name = || Ok(server.name().to_owned());
        assert_eq!(answers(network, port), [name(), name()]);
    }
    for (server, port) in network.servers.iter().zip(81..) {
        server.must("rs-agent teardown");
        assert!(answers(network, port).iter().all(Result::is_err), "{port}: after teardown");
    }
}

#[test]
fn one_file_makes_a_director_and_its_real_servers() {
    works(&Network::direct_routing(5), &METHODS);
}

#[test]
fn in_mode_nat_the_director_of_the_file_is_the_way_back() {
    let network = Network::nat(2);
    for family in Family::BOTH {
        network.director.must(network.forward_command(family));
    }
    works(&network, &["method: nat"; 2]);
}

#[test]
fn what_the_file_does_not_say_of_this_host_changes_nothing() {
    let network = Network::direct_routing(1);
    let server = &network.servers[0];
    let all = text(&network, &["method: dr"]);
    let file = File::new(&all);
    let before = state(server);
    for (options, status, words) in [
        ("--mode nat", 2, "--mode nat is not what "),
        ("--vip 192.0.2.99", 2, "--vip 192.0.2.99 is not what "),
        ("--rip 192.0.2.99", 2, "--rip 192.0.2.99 is no server's in "),
        ("--config /etc/x.toml", 2, "cannot be used together with"),
    ] {
        let output = server.sh(&format!("rs-agent setup {} {options}", file.option()));
        assert!(output.status == status && output.stderr.contains(words), "{options}: {output:?}");
        assert_eq!(output.stderr.matches("\nhint: ").count(), 1, "{options}: {output:?}");
        assert_same(&state(server), &before, options);
    }
    file.write(
        &all.replace("192.0.2.11", "192.0.2.98").replace("2001:db8:2::11", "2001:db8:2::98"),
    );
    let output = server.sh(&format!("rs-agent setup {}", file.option()));
    let words = ": 192.0.2.11, 2001:db8:2::11\nhint: name with --rip ";
    assert!(output.status == 1 && output.stderr.contains(words), "{output:?}");
    // All that is wrong, each with its place.
    file.write(&all.replace("scheduler: rr", "shceduler: rr").replace("servers:", "server:"));
    for command in ["setup", "run", "check"] {
        let output = server.sh(&format!("rs-agent {command} {}", file.option()));
        assert_eq!(output.status, 2, "{output:?}");
        let path = file.path().display().to_string();
        assert!(output.stderr.contains(&format!("problems in {path}\n{path}:")), "{output:?}");
        assert!(output.stderr.contains("`shceduler`; did you mean `scheduler`?"), "{output:?}");
    }
    assert_same(&state(server), &before, "a file that is wrong");
    // What others can write is not obeyed.
    file.write(&all);
    server.must(&format!("chmod o+w {}", file.path().display()));
    let output = server.sh(&format!("rs-agent setup {}", file.option()));
    assert!(output.status == 2 && output.stderr.contains("`chmod go-w "), "{output:?}");
    assert_same(&state(server), &before, "a file of others");
}

/// At boot the host has no address yet by which the file knows it; later the file changes.
#[test]
fn run_waits_for_its_address_and_follows_the_file() {
    let network = Network::direct_routing(1);
    let server = &network.servers[0];
    let file = File::new(&text(&network, &["method: dr"]));
    file.direct(&network);
    let _web = WebServer::start(server, 81);
    for family in Family::BOTH {
        network.director_takes_vip(family);
    }
    server.must("ip addr del 192.0.2.11/24 dev eth0 && ip addr del 2001:db8:2::11/64 dev eth0");
    // The unit's own file needs to say no more.
    let config = file.folder.path().join("rs-agent.toml");
    fs::write(&config, format!("cluster = \"{}\"\n", file.path().display())).expect("the file");
    let run = Run::start(server, &format!("--config {}", config.display()));
    run.says("none of this host's addresses is a server's in ");
    server.must("ip addr add 192.0.2.11/24 dev eth0");
    let name = || Ok("rs1".to_owned());
    run.repairs("its address is there", || answers(&network, 81)[0] == name());
    run.says("event=cleared");

    // The other family is found when the file is read again.
    server.must("ip addr add 2001:db8:2::11/64 dev eth0 nodad");
    run.signal(Signal::SIGHUP);
    run.says("event=reloaded");
    run.repairs("its other address", || answers(&network, 81) == [name(), name()]);
    // What is wrong changes nothing.
    let all = fs::read_to_string(file.path()).expect("the file");
    file.write("format: ipvs-cluster/1\n");
    run.signal(Signal::SIGHUP);
    run.says("event=not-reloaded");
    assert_eq!(answers(&network, 81), [name(), name()]);
    // A VIP that goes from the file goes from the host.
    file.write(&all.replace("web: [192.0.2.10, '2001:db8:2::10']", "web: [192.0.2.10]"));
    run.signal(Signal::SIGHUP);
    run.says("event=taken-down");
    let vips = server.must("ip addr show dev lo").stdout;
    assert!(vips.contains("192.0.2.10/32") && !vips.contains("2001:db8:2::10"), "{vips}");
}
