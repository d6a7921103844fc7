// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl` does and warns of; and that it warns of nothing else.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

use lab::Host;
use serde_json::{Value, json};

use crate::rsctl_views::balanced;

/// Runs a command that succeeds, and returns what it warned of.
#[track_caller]
fn warned(host: &Host, command: &str) -> Vec<String> {
    let output = host.sh(&format!("rsctl {command}"));
    assert_eq!((output.status, output.stdout.as_str()), (0, ""), "{command}: {}", output.stderr);
    let warning = |line: &str| line.strip_prefix("warning: ").unwrap_or(line).to_owned();
    output.stderr.lines().map(warning).collect()
}

#[test]
fn a_server_without_weight_that_clients_come_to_all_the_same() {
    let host = Host::new("director");
    let all_the_same = "sends clients to 10.0.0.1:80 all the same, and weight 0 refuses them; ";
    let kept = "clients that persistence has sent to 10.0.0.1:80 go on coming; \
                net.ipv4.vs.expire_quiescent_template=1 ends that";
    for (scheduler, expected) in [
        ("wrr", vec![]),
        ("sh -b sh-fallback", vec![]),
        ("mh -b mh-fallback", vec![]),
        ("wlc -p 60", vec![kept.to_owned()]),
        (
            "sh",
            vec![format!(
                "sh {all_the_same}`rsctl edit-service … -b sh-fallback` sends them to another server"
            )],
        ),
        (
            "mh -p 60",
            vec![
                format!(
                    "mh {all_the_same}`rsctl edit-service … -b mh-fallback` sends them to another \
                     server"
                ),
                kept.to_owned(),
            ],
        ),
        ("dh", vec![format!("dh {all_the_same}delete the server once its connections have ended")]),
    ] {
        host.must("ipvsadm -C");
        assert!(warned(&host, &format!("add-service -t 192.0.2.1:80 -s {scheduler}")).is_empty());
        let server = "-t 192.0.2.1:80 -r 10.0.0.1:80";
        assert!(warned(&host, &format!("add-server {server} -m")).is_empty(), "{scheduler}");
        for command in ["edit-server", "edit-server --dry-run", "edit-server"] {
            let edit = format!("{command} {server} -w 0");
            if command.ends_with("--dry-run") {
                let output = host.sh(&format!("rsctl {edit} 2>&1 >/dev/null"));
                assert_eq!(output.stdout.lines().count(), expected.len(), "{scheduler}");
                host.must("sysctl -qw net.ipv4.vs.expire_quiescent_template=1");
                continue;
            }
            let quiescent = host.must("sysctl -n net.ipv4.vs.expire_quiescent_template").stdout;
            let mut expected = expected.clone();
            expected.retain(|warning| quiescent.trim() == "0" || *warning != kept);
            assert_eq!(warned(&host, &edit), expected, "{scheduler}");
        }
        host.must("sysctl -qw net.ipv4.vs.expire_quiescent_template=0");
        assert!(warned(&host, &format!("edit-server {server} -w 3")).is_empty(), "{scheduler}");
    }
}

#[test]
fn connections_that_lose_their_server() {
    let (network, web) = balanced();
    let director = &network.director;
    let (service, first) = ("-t 198.51.100.10:80", "10.0.0.11:80");
    let dropped = "and their packets are dropped now; weight 0 first lets connections end";
    // Connections that have ended lose nothing.
    for command in ["delete-server -r 10.0.0.12", "delete-service"] {
        let dry = director.must(&format!("rsctl {command} {service} --dry-run"));
        assert_eq!(dry.stderr, "", "{command}");
    }
    // The web servers end a connection on which nothing comes; a queue does not.
    drop(web);
    let listen = |server: &Host| server.enter(|| TcpListener::bind("0.0.0.0:80").unwrap());
    let _queues: Vec<_> = network.servers.iter().map(listen).collect();
    let vip: SocketAddr = "198.51.100.10:80".parse().unwrap();
    let _open: Vec<_> =
        network.client.enter(|| (0..4).map(|_| TcpStream::connect(vip).unwrap()).collect());
    let output = director.must(&format!("rsctl delete-server {service} -r {first} --json"));
    assert_eq!(output.stderr, "");
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(document["warnings"], json!([format!("{first} had 2 open connections, {dropped}")]));
    // Nothing came to this one.
    assert!(warned(director, &format!("add-server {service} -r 10.0.0.13 -m")).is_empty());
    assert!(warned(director, &format!("delete-server {service} -r 10.0.0.13")).is_empty());
    let would_be = "whose packets would be dropped; weight 0 first lets connections end";
    let dry = director.sh(&format!("rsctl delete-service {service} --dry-run"));
    assert_eq!(dry.stderr, format!("warning: it has 2 open connections, {would_be}\n"));
    // The kernel counts all of UDP as inactive.
    let udp = "-u 198.51.100.10:53";
    director.must(&format!("rsctl add-service {udp}"));
    director.must(&format!("rsctl add-server {udp} -r 10.0.0.12:53 -m"));
    network.client.enter(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.send_to(b"?", "198.51.100.10:53").unwrap();
    });
    let dry = director.sh(&format!("rsctl delete-server {udp} -r 10.0.0.12:53 --dry-run"));
    assert_eq!(dry.stderr, format!("warning: 10.0.0.12:53 has 1 connection, {would_be}\n"));
    let gone = warned(director, &format!("delete-service {udp}"));
    assert_eq!(gone, [format!("it had 1 connection, {}", dropped.replace("their", "its"))]);
    // Where the kernel ends them itself, it is meant.
    director.must("sysctl -qw net.ipv4.vs.expire_nodest_conn=1");
    assert!(warned(director, &format!("delete-service {service}")).is_empty());
}

#[test]
fn masks_with_holes() {
    let host = Host::new("director");
    let holes = "netmask 255.0.255.0 has holes: addresses far apart are one client to it";
    let service = "-t 192.0.2.1:80";
    assert_eq!(warned(&host, &format!("add-service {service} -p 60 -M 255.0.255.0")), [holes]);
    assert!(warned(&host, &format!("edit-service {service} -p 90")).is_empty());
    assert!(warned(&host, &format!("edit-service {service} -M 255.255.0.0")).is_empty());
    assert_eq!(warned(&host, &format!("edit-service {service} -M 255.0.255.0")), [holes]);
}
