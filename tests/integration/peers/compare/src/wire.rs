// SPDX-License-Identifier: MIT OR Apache-2.0

//! netlink-packet-ipvs has types of messages; the socket and its conversation are ours.

use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_generic::GenlMessage;
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use netlink_packet_ipvs::ctrl::nlas::destination::{
    Destination, DestinationExtended, ForwardTypeFull, TunnelFlags, TunnelType,
};
use netlink_packet_ipvs::ctrl::nlas::service::{Flags, Netmask, Protocol, Scheduler, Service};
use netlink_packet_ipvs::ctrl::nlas::{AddressFamily, IpvsCtrlAttrs};
use netlink_packet_ipvs::ctrl::{IpvsCtrlCmd, IpvsServiceCtrl};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_GENERIC};

use crate::{SERVERS, SERVICES, rip, vip};

struct Wire(Socket, u16);

impl Wire {
    fn new() -> Self {
        let mut socket = Socket::new(NETLINK_GENERIC).expect("a socket");
        socket.bind_auto().expect("an address");
        socket.connect(&SocketAddr::new(0, 0)).expect("the kernel");
        let mut question = NetlinkMessage::from(GenlMessage::from_payload(GenlCtrl {
            cmd: GenlCtrlCmd::GetFamily,
            nlas: vec![GenlCtrlAttrs::FamilyName("IPVS".to_owned())],
        }));
        question.header.flags = 1;
        question.finalize();
        let mut bytes = vec![0; question.buffer_len()];
        question.serialize(&mut bytes);
        socket.send(&bytes, 0).expect("sent");
        let (answer, _) = socket.recv_from_full().expect("received");
        let answer = NetlinkMessage::<GenlMessage<GenlCtrl>>::deserialize(&answer);
        let NetlinkPayload::InnerMessage(family) = answer.expect("an answer").payload else {
            panic!("no family");
        };
        let id = family.payload.nlas.iter().find_map(|attribute| match attribute {
            GenlCtrlAttrs::FamilyId(id) => Some(*id),
            _ => None,
        });
        Self(socket, id.expect("its id"))
    }

    fn ask(
        &self,
        cmd: IpvsCtrlCmd,
        nlas: Vec<IpvsCtrlAttrs>,
        dump: bool,
    ) -> Result<Vec<IpvsCtrlAttrs>, i32> {
        let request = IpvsServiceCtrl { cmd, nlas, family_id: self.1 };
        self.0.send(&request.serialize(dump), 0).expect("sent");
        let mut objects = Vec::new();
        loop {
            let (datagram, _) = self.0.recv_from_full().expect("received");
            let mut rest = &datagram[..];
            while !rest.is_empty() {
                let message = NetlinkMessage::<GenlMessage<IpvsServiceCtrl>>::deserialize(rest);
                let message = message.expect("a message");
                rest =
                    &rest[(message.header.length as usize).next_multiple_of(4).min(rest.len())..];
                match message.payload {
                    NetlinkPayload::InnerMessage(object) => objects.extend(object.payload.nlas),
                    NetlinkPayload::Done(_) => return Ok(objects),
                    NetlinkPayload::Error(error) => {
                        return error.code.map_or(Ok(objects), |code| Err(code.get()));
                    }
                    _ => {}
                }
            }
        }
    }
}

fn service(place: u32) -> IpvsCtrlAttrs {
    let service = Service {
        address: vip(place).ip(),
        netmask: Netmask::new(32, AddressFamily::IPv4),
        scheduler: Scheduler::RoundRobin,
        flags: Flags(0),
        port: Some(vip(place).port()),
        fw_mark: None,
        persistence_timeout: None,
        family: AddressFamily::IPv4,
        protocol: Protocol::TCP,
    };
    IpvsCtrlAttrs::Service(service.create_nlas())
}

fn server(number: u32, fwd_method: ForwardTypeFull) -> IpvsCtrlAttrs {
    let server = Destination {
        address: rip(number).ip(),
        fwd_method,
        weight: 1,
        upper_threshold: None,
        lower_threshold: None,
        port: rip(number).port(),
        family: AddressFamily::IPv4,
    };
    IpvsCtrlAttrs::Destination(server.create_nlas())
}

pub(crate) fn main(job: &str) {
    let wire = Wire::new();
    match job {
        "bulk" => {
            for place in 1..=SERVICES {
                wire.ask(IpvsCtrlCmd::NewService, vec![service(place)], false).expect("a service");
                for number in 1..=SERVERS {
                    let server = server(number, ForwardTypeFull::Masquerade);
                    let both = vec![service(place), server];
                    wire.ask(IpvsCtrlCmd::NewDest, both, false).expect("a server");
                }
            }
        }
        "list" => {
            let services = wire.ask(IpvsCtrlCmd::GetService, vec![], true).expect("the services");
            let (mut servers, mut connections) = (0, 0);
            for attribute in &services {
                let IpvsCtrlAttrs::Service(attributes) = attribute else { continue };
                let found = Service::from_nlas(attributes).expect("a service");
                connections += found.stats64.connections;
                let key = IpvsCtrlAttrs::Service(found.service.create_nlas());
                for attribute in wire.ask(IpvsCtrlCmd::GetDest, vec![key], true).expect("servers") {
                    let IpvsCtrlAttrs::Destination(attributes) = attribute else { continue };
                    DestinationExtended::from_nlas(&attributes).expect("a server");
                    servers += 1;
                }
            }
            println!("{} services, {servers} servers, {connections} connections", services.len());
        }
        "tunnel" => {
            wire.ask(IpvsCtrlCmd::NewService, vec![service(1)], false).expect("a service");
            // It knows no other.
            let ipip = ForwardTypeFull::Tunnel {
                tunnel_type: TunnelType::None,
                tunnel_port: 0,
                tunnel_flags: TunnelFlags(0),
            };
            let both = vec![service(1), server(1, ipip)];
            wire.ask(IpvsCtrlCmd::NewDest, both, false).expect("a server");
        }
        "error" => {
            println!("{:?}", wire.ask(IpvsCtrlCmd::NewService, vec![service(1)], false));
        }
        _ => panic!("no such job: {job}"),
    }
}
