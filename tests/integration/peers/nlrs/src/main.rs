// SPDX-License-Identifier: MIT OR Apache-2.0

//! `peer-nlrs add|dump SERVICES DESTINATIONS`: the bench's loads, by the crate nlrs as its
//! documentation shows it. Prints the nanoseconds of the job, and the most memory in KiB.

use std::fs;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use nlrs::genetlink::socket::{GenericNetlinkSocket, GenericRequestBuilder};
use nlrs::ipvs::destination::{
    GetDestinationMessageBuilder, IpvsForwardMethod, NewDestinationMessageBuilder,
};
use nlrs::ipvs::service::{GetServiceMessageBuilder, NewServiceMessageBuilder};
use nlrs::ipvs::{IPVS_FAMILY, IpvsService, Protocol};
use nlrs::netlink::socket::{NlSocket, NlSocketType};
use nlrs::socket::NetlinkSocket;

/// Of every service, and of every destination.
const PORTS: (u16, u16) = (80, 8080);

/// A whole answer has to fit; the default of 32 KiB holds some eighty services.
const ANSWER: usize = 1 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [job, services, destinations] = arguments.as_slice() else {
        panic!("usage: peer-nlrs add|dump SERVICES DESTINATIONS");
    };
    let services: u32 = services.parse().expect("SERVICES");
    let destinations: u32 = destinations.parse().expect("DESTINATIONS");
    let socket = NlSocket::new(NlSocketType::NETLINK_GENERIC).expect("a socket");
    let socket = NetlinkSocket::vectored_from_socket_with_capacity(socket, ANSWER);
    let mut socket = GenericNetlinkSocket::from_netlink_socket(socket, IPVS_FAMILY.to_owned())
        .expect("the family of IPVS");
    let clock = Instant::now();
    match job.as_str() {
        "add" => {
            for place in 0..services {
                let vip = address(0x0a00_0001 + place, PORTS.0);
                let key = IpvsService { service_address: vip, protocol: Protocol::TCP };
                let mut service: NewServiceMessageBuilder<'_, _> = socket.message_builder(key);
                "rr".clone_into(&mut service.sched_name);
                service.call().expect("a service");
                for number in 0..destinations {
                    let server = address(0xac10_0001 + place * destinations + number, PORTS.1);
                    let mut added: NewDestinationMessageBuilder<'_, _> =
                        socket.message_builder((key, server));
                    added.set_forwarding_method(IpvsForwardMethod::Masquerade);
                    added.call().expect("a destination");
                }
            }
        }
        "dump" => {
            let asked: GetServiceMessageBuilder<'_, _> = socket.message_builder(());
            let mut seen = 0;
            for service in asked.call().expect("the services") {
                let key = IpvsService {
                    service_address: service.service_address,
                    protocol: service.protocol,
                };
                let asked: GetDestinationMessageBuilder<'_, _> = socket.message_builder(key);
                seen += black_box(asked.call().expect("the destinations")).len();
            }
            assert_eq!(seen, (services * destinations) as usize);
        }
        _ => panic!("no such job: {job}"),
    }
    let job = clock.elapsed().as_nanos();
    let status = fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    println!("{job} {}", peak.trim().trim_end_matches(" kB"));
}

fn address(bits: u32, port: u16) -> SocketAddr {
    (Ipv4Addr::from_bits(bits), port).into()
}
