// SPDX-License-Identifier: MIT OR Apache-2.0

//! The examples of `ipvs-netlink`, which a newcomer copies: they do what they say.

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

#[test]
fn direct_routing_and_list() {
    let host = Host::new("director");
    let said = example(&host, "direct_routing").stdout;
    assert_eq!(
        said,
        "tcp/192.0.2.10:80 -> 192.0.2.12:80 Route weight 0\n\
         tcp/192.0.2.10:80 -> 192.0.2.11:80 Route weight 3\n"
    );
    let saved = host.must("ipvsadm -Sn").stdout;
    assert_eq!(
        saved.lines().map(str::trim_end).collect::<Vec<_>>(),
        [
            "-A -t 192.0.2.10:80 -s wrr",
            "-a -t 192.0.2.10:80 -r 192.0.2.11:80 -g -w 3",
            "-a -t 192.0.2.10:80 -r 192.0.2.12:80 -g -w 0",
        ]
    );
    let listed = example(&host, "list").stdout;
    assert_eq!(
        listed,
        "IPVS 1.2.1\ntcp/192.0.2.10:80 wrr\n  -> 192.0.2.12:80 Route 0\n  \
         -> 192.0.2.11:80 Route 3\n"
    );
}

#[test]
fn bulk_load() {
    let host = Host::new("director");
    let said = example(&host, "bulk_load").stdout;
    assert_eq!(said, "10100 of 10100 made in 40 sends\n");
    // Counted here: what is more than a list, the lab does not ask for twice.
    let saved = host.must("ipvsadm -Sn").stdout;
    assert_eq!(saved.lines().filter(|line| line.starts_with("-a ")).count(), 10_000);
}

#[test]
fn tokio() {
    let host = Host::new("director");
    assert_eq!(example(&host, "tokio").stdout, "1 services\n");
    assert_eq!(host.must("ipvsadm -Sn").stdout.trim_end(), "-A -t 192.0.2.20:80 -s wlc");
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
