// SPDX-License-Identifier: MIT OR Apache-2.0

//! Many changes in one command: several servers, all services of a VIP, a server everywhere.

use std::time::{Duration, Instant};

use ipvs_netlink::{Change, Client, DestinationKey, ServiceKey, Weight};
use lab::Host;
use serde_json::{Value, json};

use crate::netlink::saved;
use crate::rsctl_changes::{changed, fails, says};

/// Three services of one VIP, a fourth of another, and a mark; the server is in all but one.
fn director() -> Host {
    let host = Host::new("director");
    host.must(
        "for s in tcp/192.0.2.1:80 tcp/192.0.2.1:443 udp/192.0.2.1:53 tcp/192.0.2.2:80 fwmark/7; do
             rsctl add-service $s && rsctl add-server $s -r 10.0.0.2 || exit
             [ $s = udp/192.0.2.1:53 ] || rsctl add-server $s -r 10.0.0.1 -w 2 || exit
         done",
    );
    host
}

/// An edit of many takes long, and another program drains one of them meanwhile.
#[test]
fn what_another_writes_during_an_edit_of_many_stands() {
    const SERVICES: u16 = 600;
    let host = Host::new("director");
    let lines: String = (1..=SERVICES)
        .map(|port| {
            let service = format!("-t 192.0.2.1:{port}");
            format!("-A {service} -s rr\n-a {service} -r 10.0.0.1:{port} -m -w 5\n")
        })
        .collect();
    let restored = host.feed("rsctl restore", &lines);
    assert_eq!(restored.status, 0, "{restored:?}");
    let service = |port| ServiceKey::tcp([192, 0, 2, 1], port);
    let server = |port| DestinationKey::new([10, 0, 0, 1], port);
    std::thread::scope(|scope| {
        let edit = scope.spawn(|| host.sh("rsctl edit-server --everywhere -r 10.0.0.1 -x 9"));
        host.enter(|| {
            let mut client = Client::connect().unwrap();
            let mut read = |port| {
                client.destination(&service(port), &server(port)).unwrap().unwrap().destination
            };
            let begun = Instant::now();
            // Once the first is changed, all have been looked at.
            while read(1).thresholds.upper() == 0 {
                assert!(begun.elapsed() < Duration::from_secs(60), "nothing is changed");
            }
            let mut destination = read(SERVICES);
            destination.weight = Weight::try_from(0).unwrap();
            let service = service(SERVICES);
            client.apply(Change::SetDestination { service, destination }).unwrap();
        });
        let edited = edit.join().unwrap();
        assert_eq!((edited.status, edited.stderr.as_str()), (0, ""));
    });
    let drained = saved(&host).iter().filter(|line| line.contains(" -w 0")).count();
    assert_eq!(drained, 1, "the drain is undone");
}

#[test]
fn one_server_in_all_its_services() {
    let host = director();
    let everywhere = "edit-server --everywhere -r 10.0.0.1";
    let told = |weight: &str| {
        [
            "10.0.0.1:80 of tcp/192.0.2.1:80",
            "10.0.0.1:443 of tcp/192.0.2.1:443",
            "10.0.0.1:80 of tcp/192.0.2.2:80",
            "10.0.0.1:0 of fwmark/7",
        ]
        .map(|server| format!("server {server}: weight {weight}\n"))
    };
    let with = |verb: &str, told: [String; 4]| told.map(|line| format!("{verb} {line}")).concat();
    says(&host, &format!("{everywhere} -w 0 --dry-run"), 0, &with("would edit", told("2 -> 0")));
    says(&host, &format!("{everywhere} -w 0 -v"), 0, &with("edited", told("2 -> 0")));
    let weights = |server: &str| {
        let lines = saved(&host).into_iter().filter(|line| line.contains(server));
        lines.filter(|line| line.ends_with("-w 0")).count()
    };
    assert_eq!((weights("10.0.0.1:"), weights("10.0.0.2:")), (4, 0));
    // One port of it only; and what is so already.
    says(
        &host,
        &format!("{everywhere}:80 -w 5 -v"),
        0,
        "edited server 10.0.0.1:80 of tcp/192.0.2.1:80: weight 0 -> 5\n\
         edited server 10.0.0.1:80 of tcp/192.0.2.2:80: weight 0 -> 5\n",
    );
    says(
        &host,
        &format!("{everywhere} -w 5 -v"),
        0,
        "edited server 10.0.0.1:443 of tcp/192.0.2.1:443: weight 0 -> 5\n\
         edited server 10.0.0.1:0 of fwmark/7: weight 0 -> 5\n\
         nothing to change: server 10.0.0.1:80 of tcp/192.0.2.1:80 has these settings already\n\
         nothing to change: server 10.0.0.1:80 of tcp/192.0.2.2:80 has these settings already\n",
    );
    // What cannot be everywhere is nowhere: direct routing cannot have a GUE port.
    let before = saved(&host);
    assert_eq!(host.sh(&format!("rsctl {everywhere} --tun-port 6080")).status, 2);
    assert_eq!(saved(&host), before);
    fails(
        &host,
        "edit-server --everywhere -r 10.0.0.9 -w 0",
        6,
        "edit server 10.0.0.9: no service has it",
    );
    fails(
        &host,
        "delete-server --everywhere -r 10.0.0.1:81",
        6,
        "delete server 10.0.0.1:81: no service has it",
    );
    let told = changed(&host, "delete-server --everywhere -r 10.0.0.1 -r 10.0.0.2");
    assert_eq!(told.as_array().unwrap().len(), 9);
    assert_eq!(told[0]["before"]["weight"], 5, "{told}");
    assert!(saved(&host).iter().all(|line| line.starts_with("-A")));
}

#[test]
fn several_servers_and_all_services_of_a_vip() {
    let host = director();
    // All are looked at before any is touched.
    fails(
        &host,
        "add-server --vip 192.0.2.1 -r 10.0.0.3 -r 10.0.0.2",
        5,
        "add server 10.0.0.2:80 to tcp/192.0.2.1:80: it exists already (EEXIST)",
    );
    fails(
        &host,
        "edit-server --vip 192.0.2.1 -r 10.0.0.2 -r 10.0.0.1 -w 9",
        6,
        "edit server 10.0.0.1:53 of udp/192.0.2.1:53: the service has no such server (ENOENT)",
    );
    fails(
        &host,
        "delete-server --vip 192.0.2.1 -r 10.0.0.2 -r 10.0.0.1",
        6,
        "delete server 10.0.0.1:53 of udp/192.0.2.1:53: the service has no such server (ENOENT)",
    );
    for (command, error) in [
        ("add-server --vip 192.0.2.9 -r 10.0.0.1", "add servers to services of 192.0.2.9"),
        ("edit-server --vip 192.0.2.9 -r 10.0.0.1 -w 1", "edit servers of services of 192.0.2.9"),
        ("set-server --vip 192.0.2.9 -r 10.0.0.1 -w 1", "set servers of services of 192.0.2.9"),
        ("delete-server --vip 192.0.2.9 -r 10.0.0.1", "delete servers of services of 192.0.2.9"),
        ("delete-service --vip 192.0.2.9", "delete the services of 192.0.2.9"),
    ] {
        fails(&host, command, 6, &format!("{error}: no service has that address"));
    }
    says(
        &host,
        "add-server --vip 192.0.2.1 -r 10.0.0.3 -r 10.0.0.4 -r 10.0.0.3 -w 4 -v",
        0,
        "added server 10.0.0.3:80 to tcp/192.0.2.1:80: method dr, weight 4\n\
         added server 10.0.0.4:80 to tcp/192.0.2.1:80: method dr, weight 4\n\
         added server 10.0.0.3:443 to tcp/192.0.2.1:443: method dr, weight 4\n\
         added server 10.0.0.4:443 to tcp/192.0.2.1:443: method dr, weight 4\n\
         added server 10.0.0.3:53 to udp/192.0.2.1:53: method dr, weight 4\n\
         added server 10.0.0.4:53 to udp/192.0.2.1:53: method dr, weight 4\n",
    );
    let told = changed(&host, "set-server --vip 192.0.2.1 -r 10.0.0.1 -w 4");
    let actions: Vec<_> = told.as_array().unwrap().iter().map(|it| &it["action"]).collect();
    assert_eq!(actions, ["edit-server", "edit-server", "add-server"]);
    says(&host, "edit-server tcp/192.0.2.1:80 -r 10.0.0.1 -r 10.0.0.2 -r 10.0.0.4 -w 6", 0, "");
    let sixes = saved(&host).into_iter().filter(|line| line.ends_with("-w 6"));
    assert_eq!(sixes.count(), 3);
    says(
        &host,
        "delete-service --vip 192.0.2.1 -v",
        0,
        "deleted service tcp/192.0.2.1:80\ndeleted service tcp/192.0.2.1:443\n\
         deleted service udp/192.0.2.1:53\n",
    );
    let left: Vec<_> = saved(&host).into_iter().filter(|line| line.starts_with("-A")).collect();
    assert_eq!(left, ["-A -t 192.0.2.2:80 -s wlc", "-A -f 7 -s wlc"]);
}

/// What the kernel alone can know is refused in the middle, and the others are made.
#[test]
fn of_several_changes_one_fails() {
    let host = Host::new("director");
    host.must("rsctl add-service tcp/192.0.2.1:80");
    let servers = "tcp/192.0.2.1:80 -r 10.0.0.1 -r 127.255.255.255 -r 10.0.0.2 -m";
    let output = host.sh(&format!("rsctl add-server {servers}"));
    let failed = "cannot add server 127.255.255.255:80 to tcp/192.0.2.1:80: the kernel refused \
                  the server's address or settings (EINVAL)";
    assert_eq!((output.status, output.stdout.as_str()), (1, ""));
    let told: Vec<_> = output.stderr.lines().collect();
    assert_eq!(
        told[..4],
        [
            "error: cannot make all changes: 1 of 3 failed, 2 made",
            "added server 10.0.0.1:80 to tcp/192.0.2.1:80: method nat, weight 1",
            "added server 10.0.0.2:80 to tcp/192.0.2.1:80: method nat, weight 1",
            &format!("failed: {failed}"),
        ]
    );
    host.must("rsctl delete-server --everywhere -r 10.0.0.1 -r 10.0.0.2");
    let output = host.sh(&format!("rsctl add-server {servers} --json"));
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((output.status, &document["failed"]), (1, &json!([failed])));
    assert_eq!(document["changed"].as_array().unwrap().len(), 2);
}
