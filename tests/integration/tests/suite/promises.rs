// SPDX-License-Identifier: MIT OR Apache-2.0

//! A thousand services get other servers while clients come: at every moment each has a server
//! that takes them.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipvs_netlink::{Client, ServiceKey, Weight};
use lab::Host;

use crate::rsctl_restore::restore;
use crate::rsctl_save::framed;

pub(crate) const SERVICES: u16 = 1000;
pub(crate) const SERVERS: usize = 4;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);
/// From one table to the other.
const SWAPS: u8 = 4;

pub(crate) fn vip(number: u16) -> Ipv4Addr {
    let [a, b] = number.to_be_bytes();
    Ipv4Addr::new(10, 200, a, b)
}

/// Each service with four servers of the network `10.0.NETWORK.0`.
fn table(network: u8) -> String {
    let mut lines = String::new();
    for vip in (1..=SERVICES).map(vip) {
        lines += &format!("-A -u {vip}:53 -s rr\n");
        for server in 1..=SERVERS {
            lines += &format!("-a -u {vip}:53 -r 10.0.{network}.{server}:53 -m -w 1\n");
        }
    }
    framed(&lines)
}

/// A director that its own clients ask.
fn director() -> Host {
    let host = Host::new("director");
    host.must(
        "ip route add local 10.200.0.0/16 dev lo && ip link add d0 type dummy && \
         ip addr add 10.0.255.1/16 dev d0 && ip link set d0 up",
    );
    host
}

/// What was seen of some services.
#[derive(Debug)]
struct Seen {
    looks: u32,
    /// Servers with a weight that one of them had.
    fewest: usize,
    /// New clients, and those that no server took.
    clients: u32,
    refused: u32,
}

/// Looks every 2 ms, until it is over, at the first service, at one in the middle, at the last,
/// and at another one each time; a new client asks each of the first three.
fn watch(is_over: impl Fn() -> bool) -> Seen {
    let mut client = Client::connect().unwrap();
    let fixed = [1, SERVICES / 2, SERVICES];
    let mut seen = Seen { looks: 0, fewest: usize::MAX, clients: 0, refused: 0 };
    let (mut next, mut port) = (Instant::now(), 1024);
    while !is_over() {
        let other = u16::try_from(seen.looks % u32::from(SERVICES)).unwrap() + 1;
        for number in fixed.into_iter().chain([other]) {
            let key = ServiceKey::udp(vip(number), 53);
            // One datagram, so it is of one moment. A service that is away has none.
            let servers = client.destinations(&key).unwrap_or_default();
            let usable = servers.iter().filter(|it| it.destination.weight > Weight::ZERO);
            seen.fewest = seen.fewest.min(usable.count());
        }
        seen.looks += 1;
        // Of a port that no client had: nobody knows it yet.
        port += 1;
        for number in fixed {
            let socket = UdpSocket::bind((vip(number), port)).unwrap();
            seen.clients += 1;
            // The kernel says at once that there is no server for it (`EPERM`).
            seen.refused += u32::from(socket.send_to(b"?", (vip(number), 53)).is_err());
        }
        next = (next + PAUSE).max(Instant::now());
        thread::sleep(next - Instant::now());
    }
    seen
}

/// What is seen while `work` runs on that host.
fn seen_while(host: &Host, work: impl FnOnce() + Send) -> Seen {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            work();
            is_over.store(true, Ordering::Relaxed);
        });
        let seen = host.enter(|| watch(|| is_over.load(Ordering::Relaxed) || worker.is_finished()));
        worker.join().unwrap();
        seen
    })
}

/// Swaps all servers by `set`, which is given the network of the next ones, and holds what is seen
/// meanwhile against the promise.
pub(crate) fn swaps(set: impl Fn(&Host, u8) + Sync) {
    let host = director();
    set(&host, 1);
    let seen = seen_while(&host, || {
        for swap in 1..=SWAPS {
            set(&host, 1 + swap % 2);
        }
    });
    assert!(seen.looks > 50, "{seen:?}");
    assert_eq!((seen.fewest, seen.refused), (SERVERS, 0), "{seen:?}");
    // Who looks sees a gap, and so do the clients.
    let seen = seen_while(&host, || {
        host.must("ipvsadm -C");
        thread::sleep(5 * PAUSE);
        set(&host, 1);
    });
    assert!(seen.fewest == 0 && seen.refused > 0, "{seen:?}");
}

#[test]
fn a_swap_by_restore_leaves_no_moment_without_a_server() {
    swaps(|host, network| {
        let output = restore(host, "", &table(network));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    });
}
