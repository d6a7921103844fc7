// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use ipvs_netlink::ForwardingMethod;

/// Says what one host is in a cluster as a real server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RealServer {
    /// The addresses by which the file names it (RIPs), in the order in which it does.
    pub addresses: Vec<IpAddr>,
    /// The VIPs that it answers for, each way in which packets for it come.
    pub roles: Vec<Role>,
    /// Firewall marks of whose services it is a server, and of which the file does not say which
    /// VIPs they stand for.
    pub marks: Vec<Marked>,
    /// The addresses of the director: with nat, the gateway of its replies.
    pub directors: Vec<IpAddr>,
}

/// Says how packets for a VIP reach a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Role {
    /// The VIP.
    pub vip: IpAddr,
    /// The address of the server to which they are sent.
    pub address: IpAddr,
    /// How they come.
    pub method: ForwardingMethod,
}

/// Says how packets with a firewall mark reach a real server, where the file does not say which
/// VIPs the mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Marked {
    /// The mark.
    pub mark: u32,
    /// The address of the server to which they are sent.
    pub address: IpAddr,
    /// How they come.
    pub method: ForwardingMethod,
}
