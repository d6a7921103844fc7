// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl export` writes is the file of a cluster: read again, it wants just what the kernel
//! has. And the files that the documentation shows are what a kernel can be made.

use ipvs_cluster::cluster::{self, Cluster};
use ipvs_cluster::{Converge, Observed, Policy, Step, plan};
use ipvs_netlink::{Change, Client, Destination, ForwardingMethod, Scheduler, Service, ServiceKey};
use lab::Host;

use crate::rsctl_save::{observe, wipe};
use crate::tables::{Random, fill};

const EXACT: Policy = Policy::exact();

#[track_caller]
fn read(file: &str) -> Cluster {
    match cluster::read(file.as_bytes()) {
        Ok(cluster) => cluster,
        Err(problems) => panic!("{problems:?}\n{file}"),
    }
}

/// Returns the steps from what there is to what the file wants, but for the sysctls, which are not
/// in what was observed.
fn steps(file: &Cluster, observed: &Observed) -> Vec<String> {
    let plan = plan(file.desired(), observed, EXACT.reorder(true));
    let steps = plan.steps().iter().filter(|step| !matches!(step, Step::SetSysctl { .. }));
    steps.map(ToString::to_string).collect()
}

/// Has `rsctl` compare a file with what there is, sysctls and all.
#[track_caller]
fn nothing_is_left(host: &Host, file: &str) {
    let plan = host.feed("rsctl plan -", file);
    // It warns of services without servers.
    assert_eq!(plan.status, 0, "{}{}\n{file}", plan.stdout, plan.stderr);
}

fn apply(host: &Host, file: &Cluster) {
    host.enter(|| {
        let report = Converge::new(file.desired(), EXACT).run(&mut Client::connect().unwrap());
        let report = report.unwrap();
        assert!(report.is_converged(), "{report:#?}");
    });
}

/// Whether the lab has turned off what counts: not where the module was taken away before.
fn counts_nothing(host: &Host) -> bool {
    host.sh("grep -qx 0 /proc/sys/net/ipv4/vs/run_estimation").status == 0
}

#[test]
#[ignore = "has the kernel to itself"]
fn random_tables_are_exported_whole() {
    for round in 1..=12_u64 {
        let host = Host::new("director");
        fill(&host, &mut Random::new(round.wrapping_mul(0x9e37_79b9_7f4a_7c15)), round % 2 == 0);
        host.must("echo 1 >/proc/sys/net/ipv4/vs/expire_nodest_conn");
        let before = observe(&host);
        let yaml = host.must("rsctl export");
        assert_eq!(yaml.stderr, "", "round {round}");
        host.must("rsctl export --json -o /run/cluster.json");
        let json = host.must("cat /run/cluster.json").stdout;
        let file = read(&yaml.stdout);
        assert_eq!(file.desired(), read(&json).desired(), "round {round}");
        assert_eq!(steps(&file, &before), [""; 0], "round {round}\n{}", yaml.stdout);
        nothing_is_left(&host, &yaml.stdout);
        let set: Vec<_> = file.sysctls().iter().map(|it| it.name.as_str()).collect();
        let expected = ["expire_nodest_conn", "run_estimation"];
        assert_eq!(set, expected[..=usize::from(counts_nothing(&host))], "round {round}");
        // Another director is made the same by it.
        wipe(&host);
        apply(&host, &file);
        assert_eq!(host.must("rsctl export").stdout, yaml.stdout, "round {round}");
    }
}

/// What an administrator has who wrote each service by hand.
#[test]
#[ignore = "has the kernel to itself"]
fn what_is_said_twice_is_folded() {
    let host = Host::new("director");
    let mut lines = String::new();
    for (vip, ports) in [("192.0.2.10", [80, 443]), ("192.0.2.11", [80, 443])] {
        for port in ports {
            lines += &format!("ipvsadm -A -t {vip}:{port} -s wlc\n");
            // In any order.
            for number in [14, 11, 13, 12, 20] {
                lines += &format!("ipvsadm -a -t {vip}:{port} -r 10.0.0.{number}:{port} -g\n");
            }
        }
    }
    lines += "ipvsadm -A -t 192.0.2.12:443 -s wlc -p 300\n";
    for number in [11, 12, 13, 14, 20] {
        lines += &format!("ipvsadm -a -t 192.0.2.12:443 -r 10.0.0.{number}:443 -g\n");
    }
    lines += "ipvsadm -A -u 192.0.2.53:53 -s wrr -o
              ipvsadm -a -u 192.0.2.53:53 -r 10.0.0.21:5353 -m -w 2
              ipvsadm -a -u 192.0.2.53:53 -r 10.0.0.22:5353 -m -w 2 -x 900 -y 600
              ipvsadm -A -t [2001:db8::10]:80 -s mh -b mh-fallback
              ipvsadm -a -t [2001:db8::10]:80 -r [2001:db8::2]:80 -i --tun-type gue --tun-port 6080
              ipvsadm -a -t [2001:db8::10]:80 -r [2001:db8::1]:80 -i --tun-type gue --tun-port 6080
              ipvsadm -A -f 7 -s wlc -p 600
              ipvsadm --set 600 60 200
              ipvsadm --start-daemon backup --mcast-interface lo --syncid 3\n";
    host.must(&lines);
    host.must("echo 1 >/proc/sys/net/ipv4/vs/conntrack");
    let exported = host.must("rsctl export");
    assert_eq!(exported.stderr, "");
    let maxlen = observe(&host).daemons[0].max_length;
    let mut expected = FOLDED.replace("MAXLEN", &maxlen.to_string());
    if counts_nothing(&host) {
        expected = expected.replace("conntrack: 1", "conntrack: 1, run_estimation: 0");
    }
    assert_eq!(exported.stdout, expected);
    assert_eq!(steps(&read(&exported.stdout), &observe(&host)), [""; 0]);
    nothing_is_left(&host, &exported.stdout);
}

const FOLDED: &str = r#"format: ipvs-cluster/1

director:
  timeouts: {tcp: 10m, tcp_fin: 1m, udp: 200}
  sysctls: {conntrack: 1}
  daemons:
    - {role: backup, interface: lo, syncid: 3, maxlen: MAXLEN}

defaults: {scheduler: wlc}

pools:
  pool-1:
    method: dr
    servers:
      - 10.0.0.11-10.0.0.14
      - 10.0.0.20

services:
  - service:
      - tcp/192.0.2.10:80,443
      - tcp/192.0.2.11:80,443
    pool: pool-1
  - service: tcp/192.0.2.12:443
    persistent: 5m
    pool: pool-1
  - service: udp/192.0.2.53:53
    scheduler: wrr
    one_packet: true
    method: nat
    weight: 2
    servers:
      - 10.0.0.21:5353
      - {server: 10.0.0.22, port: 5353, upper_threshold: 900, lower_threshold: 600}
  - service: "tcp/[2001:db8::10]:80"
    scheduler: mh
    scheduler_flags: [mh-fallback]
    method: tun
    tunnel: {type: gue, port: 6080}
    servers:
      - "2001:db8::2"
      - "2001:db8::1"
  - service: fwmark/7
    persistent: 10m
    servers: []
"#;

/// Another tool may have made what no file says: it is told, and the rest is a file.
#[test]
fn what_a_file_cannot_say_is_named() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s rr
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2:80 -g
         ipvsadm -a -t 192.0.2.1:80 -r 192.0.2.1:80 -g",
    );
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let key: ServiceKey = "tcp/192.0.2.2:80".parse().unwrap();
        let odd = Service::new(key, Scheduler::Rr).with_unknown_flags(0x4000);
        client.apply(Change::AddService(odd)).unwrap();
        let server = Destination::new("10.0.0.1:80".parse().unwrap(), ForwardingMethod::Local);
        client.apply(Change::AddDestination { service: key, destination: server }).unwrap();
    });
    let told = [
        "server 192.0.2.1:80 of tcp/192.0.2.1:80: server 192.0.2.1 of tcp/192.0.2.1:80 has the \
         address of its service",
        "service tcp/192.0.2.2:80: its flags 0x4000, which have no name",
    ];
    let exported = host.must("rsctl export");
    let warnings: String = told.map(|it| format!("warning: not in the file: {it}\n")).concat();
    assert_eq!(exported.stderr, warnings);
    let comments: String = told.map(|it| format!("#   {it}\n")).concat();
    let top = format!("# What the director has and no such file can say:\n{comments}\nformat:");
    assert!(exported.stdout.starts_with(&top), "{}", exported.stdout);
    // What the file says is there; the rest, whoever made it.
    let (file, observed) = (read(&exported.stdout), observe(&host));
    assert_eq!(
        steps(&file, &observed),
        ["edit service tcp/192.0.2.2:80", "delete server 192.0.2.1:80 of tcp/192.0.2.1:80",]
    );
    let json = host.must("rsctl export --json");
    assert_eq!(read(&json.stdout).desired(), file.desired());
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let host = Host::new("director");
    host.must("ipvsadm -A -t 192.0.2.1:80 -s rr");
    host.must("echo mine >/run/export && chmod 640 /run/export && ln -s export /run/export-link");
    let output = host.must("rsctl export -o /run/export-link");
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let file = host.must("cat /run/export").stdout;
    assert_eq!(file, host.must("rsctl export -o -").stdout);
    assert_eq!(host.must("stat -c %a /run/export").stdout, "640\n");
    let output = host.sh("rsctl export -o /run/nowhere/export");
    let error = "error: cannot write /run/nowhere/export: no such file or directory\n";
    assert_eq!((output.status, output.stderr.as_str()), (1, error));
    host.must("rm /run/export /run/export-link");
}

const EXAMPLES: [(&str, &str); 6] = [
    ("dr", include_str!("../../../../docs/examples/dr.yaml")),
    ("dual-stack", include_str!("../../../../docs/examples/dual-stack.yaml")),
    ("fwmark", include_str!("../../../../docs/examples/fwmark.yaml")),
    ("nat", include_str!("../../../../docs/examples/nat.yaml")),
    ("pools", include_str!("../../../../docs/examples/pools.yaml")),
    ("tun", include_str!("../../../../docs/examples/tun.yaml")),
];

/// A kernel takes every example, and has then what is exported as the same.
#[test]
#[ignore = "has the kernel to itself"]
fn a_kernel_can_be_made_each_example() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples");
    let files = std::fs::read_dir(folder).map_or(EXAMPLES.len(), Iterator::count);
    assert_eq!(files, EXAMPLES.len(), "each of docs/examples");
    for (name, text) in EXAMPLES {
        let host = Host::new("director");
        // For the sync daemons.
        host.must("ip link add eth1 type dummy && ip link set eth1 up && ip addr add 10.0.0.1/24 dev eth1");
        let file = read(text);
        assert_eq!(file.warnings(), [], "{name}");
        let applied = host.feed("rsctl apply -", text);
        assert_eq!(applied.status, 0, "{name}: {}{}", applied.stdout, applied.stderr);
        nothing_is_left(&host, text);
        let observed = observe(&host);
        assert_eq!(steps(&file, &observed), [""; 0], "{name}");
        let exported = host.must("rsctl export");
        assert_eq!(exported.stderr, "", "{name}");
        assert_eq!(steps(&read(&exported.stdout), &observed), [""; 0], "{name}");
        nothing_is_left(&host, &exported.stdout);
        // As short as by hand, but for comments and names.
        let entries = |text: &str| text.matches("service:").count();
        println!(
            "{name}: {} entries by hand, {} exported",
            entries(text),
            entries(&exported.stdout)
        );
        wipe(&host);
    }
}
