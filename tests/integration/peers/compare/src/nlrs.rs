// SPDX-License-Identifier: MIT OR Apache-2.0

use nlrs::genetlink::socket::{GenericNetlinkSocket, GenericRequestBuilder};
use nlrs::ipvs::destination::{
    GetDestinationMessageBuilder, IpvsForwardMethod, NewDestinationMessageBuilder,
};
use nlrs::ipvs::service::{GetServiceMessageBuilder, NewServiceMessageBuilder};
use nlrs::ipvs::{IPVS_FAMILY, IpvsService, Protocol};
use nlrs::netlink::socket::{NlSocket, NlSocketType};
use nlrs::socket::NetlinkSocket;

use crate::{SERVERS, SERVICES, rip, vip};

pub(crate) fn main(job: &str) {
    // What it takes by itself is 32 KiB for a whole list.
    let socket = NlSocket::new(NlSocketType::NETLINK_GENERIC).expect("a socket");
    let room = if job == "list" { 1 << 20 } else { 32 << 10 };
    let socket = NetlinkSocket::vectored_from_socket_with_capacity(socket, room);
    let mut socket = GenericNetlinkSocket::from_netlink_socket(socket, IPVS_FAMILY.to_owned())
        .expect("the family of IPVS");
    let key = |place| IpvsService { service_address: vip(place), protocol: Protocol::TCP };
    match job {
        "bulk" => {
            for place in 1..=SERVICES {
                let mut added: NewServiceMessageBuilder<'_, _> = socket.message_builder(key(place));
                "rr".clone_into(&mut added.sched_name);
                added.call().expect("a service");
                for number in 1..=SERVERS {
                    let mut added: NewDestinationMessageBuilder<'_, _> =
                        socket.message_builder((key(place), rip(number)));
                    added.set_forwarding_method(IpvsForwardMethod::Masquerade);
                    added.call().expect("a server");
                }
            }
        }
        "list" => {
            let asked: GetServiceMessageBuilder<'_, _> = socket.message_builder(());
            let services = asked.call().expect("the services");
            let mut servers = 0;
            for service in &services {
                let key = IpvsService {
                    service_address: service.service_address,
                    protocol: service.protocol,
                };
                let asked: GetDestinationMessageBuilder<'_, _> = socket.message_builder(key);
                servers += asked.call().expect("the servers").len();
            }
            println!("{} services, {servers} servers, no statistics", services.len());
        }
        "tunnel" => {
            let mut added: NewServiceMessageBuilder<'_, _> = socket.message_builder(key(1));
            "rr".clone_into(&mut added.sched_name);
            added.call().expect("a service");
            let mut added: NewDestinationMessageBuilder<'_, _> =
                socket.message_builder((key(1), rip(1)));
            added.set_forwarding_method(IpvsForwardMethod::Tunnel);
            // `IP_VS_CONN_F_TUNNEL_TYPE_GUE`
            (added.tun_type, added.tun_port) = (1, 6080);
            added.call().expect("a server");
        }
        "error" => {
            let added: NewServiceMessageBuilder<'_, _> = socket.message_builder(key(1));
            println!("{:?}", added.call().expect_err("it is there"));
        }
        _ => panic!("no such job: {job}"),
    }
}
