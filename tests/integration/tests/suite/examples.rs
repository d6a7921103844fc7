// SPDX-License-Identifier: MIT OR Apache-2.0

//! The examples of `ipvs-netlink` and `ipvs-cluster`, which a newcomer copies: they do what
//! they say.

use ipvs_netlink::Client;
use ipvs_netlink::testing::{Recording, Replay};
use lab::{Host, Output};

#[path = "../../../../crates/ipvs-netlink/examples/record.rs"]
mod conversation;

/// Runs an example on a host; cargo puts them beside the folder of the tests.
fn example(host: &Host, name: &str) -> Output {
    let here = std::env::current_exe().unwrap();
    let built = here.ancestors().nth(2).unwrap();
    host.must(built.join("examples").join(name).to_str().unwrap())
}

/// What `ipvsadm` saves, without the blanks it leaves at the ends.
fn saved(host: &Host) -> Vec<String> {
    host.must("ipvsadm -Sn").stdout.lines().map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn direct_routing_and_list() {
    let host = Host::new("director");
    let said = example(&host, "direct_routing").stdout;
    assert_eq!(
        said,
        "tcp/192.0.2.10:80 -> 192.0.2.12:80 dr weight 0\n\
         tcp/192.0.2.10:80 -> 192.0.2.11:80 dr weight 3\n"
    );
    assert_eq!(
        saved(&host),
        [
            "-A -t 192.0.2.10:80 -s wrr",
            "-a -t 192.0.2.10:80 -r 192.0.2.11:80 -g -w 3",
            "-a -t 192.0.2.10:80 -r 192.0.2.12:80 -g -w 0",
        ]
    );
    let listed = example(&host, "list").stdout;
    assert_eq!(
        listed,
        "IPVS 1.2.1\ntcp/192.0.2.10:80 wrr\n  -> 192.0.2.12:80 dr 0\n  \
         -> 192.0.2.11:80 dr 3\n"
    );
}

#[test]
fn bulk_load() {
    let host = Host::new("director");
    let said = example(&host, "bulk_load").stdout;
    assert_eq!(said, "10100 of 10100 made in 40 sends\n");
    // Counted here: what is more than a list, the lab does not ask for twice.
    assert_eq!(saved(&host).iter().filter(|line| line.starts_with("-a ")).count(), 10_000);
}

#[test]
fn tokio() {
    let host = Host::new("director");
    assert_eq!(example(&host, "tokio").stdout, "1 services\n");
    assert_eq!(saved(&host), ["-A -t 192.0.2.20:80 -s wlc"]);
}

/// What it heard is heard again where there is no kernel.
#[test]
fn record() {
    let host = Host::new("director");
    let recording: Recording = example(&host, "record").stdout.parse().unwrap();
    let mut client = Client::with_transport(Replay::new(recording)).unwrap();
    let table = conversation::conversation(&mut client).unwrap();
    assert!(client.transport().is_over());
    assert_eq!(table, host.enter(|| Client::connect().unwrap().table().unwrap()));
}

#[test]
fn sync() {
    let host = Host::new("director");
    host.must("ipvsadm -A -t 192.0.2.99:80 -s rr");
    let said = example(&host, "sync").stdout;
    let expected = ["web: 3", "dns: 2", "web: 2", "dns: 1", "web: 0", "dns: 0"];
    assert_eq!(said, expected.map(|line| format!("{line} changes\n")).concat());
    let mut lines = saved(&host);
    lines.sort();
    assert_eq!(
        lines,
        [
            "-A -t 192.0.2.10:80 -s wlc",
            "-A -t 192.0.2.99:80 -s rr",
            "-A -u 192.0.2.10:53 -s wlc",
            "-a -t 192.0.2.10:80 -r 10.0.0.12:8080 -m -w 1",
            "-a -t 192.0.2.10:80 -r 10.0.0.13:8080 -m -w 1",
            "-a -u 192.0.2.10:53 -r 10.0.0.21:53 -m -w 1",
        ],
        "what others own stays"
    );
}

#[test]
fn drain() {
    let host = Host::new("director");
    host.must("ip address add 192.0.2.1/32 dev lo");
    host.must("ipvsadm -A -u 192.0.2.1:53 -s rr");
    host.must("ipvsadm -a -u 192.0.2.1:53 -r 127.0.0.1:53 -m");
    host.must("ipvsadm --set 0 0 2");
    host.enter(|| {
        let client = std::net::UdpSocket::bind("192.0.2.1:5353").unwrap();
        client.send_to(b"?", "192.0.2.1:53").unwrap();
    });
    let said = example(&host, "drain udp/192.0.2.1:53 127.0.0.1:53 0").stdout;
    let kept = "127.0.0.1:53 has 1 connections\n\
                127.0.0.1:53 gets nothing new, and is not out yet\n";
    assert_eq!(said, kept);
    assert_eq!(saved(&host)[1], "-a -u 192.0.2.1:53 -r 127.0.0.1:53 -m -w 0");
    let said = example(&host, "drain udp/192.0.2.1:53 127.0.0.1:53").stdout;
    assert!(said.ends_with("127.0.0.1:53 is out of udp/192.0.2.1:53\n"), "{said}");
    assert_eq!(saved(&host).len(), 1);
}

#[test]
fn watch() {
    let host = Host::new("director");
    host.must("ipvsadm -A -t 192.0.2.1:80 -s rr");
    host.must("ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:80 -m");
    assert_eq!(example(&host, "watch 2").stdout, "+ tcp/192.0.2.1:80 with 1 servers\n");
}

#[test]
fn errors() {
    let host = Host::new("director");
    let said = example(&host, "errors").stdout;
    let lines: Vec<_> = said.lines().collect();
    let [missing, hint, added, there, refused] = lines.as_slice() else { panic!("{said}") };
    assert!(missing.ends_with("the kernel has no scheduler none_such (ENOENT)"), "{said}");
    assert!(hint.starts_with("hint: "), "{said}");
    assert_eq!([*added, *there], ["added", "was there"]);
    assert!(refused.starts_with("change 1: ServiceMissing, Some(ESRCH), Some("), "{said}");
    assert!(saved(&host).is_empty());
}

#[test]
fn namespace() {
    let host = Host::new("director");
    host.must("ip netns add blue");
    host.must("ip netns exec blue ipvsadm -A -t 192.0.2.1:80 -s rr");
    assert_eq!(example(&host, "namespace blue").stdout, "blue: 1 services\n");
}

#[test]
fn converge() {
    let host = Host::new("director");
    let others = "-A -t 192.0.2.99:80 -s rr";
    host.must(&format!("ipvsadm {others}"));
    let said = example(&host, "converge").stdout;
    assert_eq!(
        said,
        "2 servers:\n\
         \x20 add service tcp/192.0.2.10:80: done\n\
         \x20 add server 10.0.0.1:80 of tcp/192.0.2.10:80: done\n\
         \x20 add server 10.0.0.2:80 of tcp/192.0.2.10:80: done\n\
         2 servers: nothing to change\n\
         one drained:\n\
         \x20 edit server 10.0.0.2:80 of tcp/192.0.2.10:80: done\n\
         one server:\n\
         \x20 delete server 10.0.0.2:80 of tcp/192.0.2.10:80: done\n"
    );
    assert_eq!(
        saved(&host),
        ["-A -t 192.0.2.10:80 -s wlc", "-a -t 192.0.2.10:80 -r 10.0.0.1:80 -g -w 1", others]
    );
}
