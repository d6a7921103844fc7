// SPDX-License-Identifier: MIT OR Apache-2.0

//! Cables between hosts.
//!
//! Everything is gathered first and done with one `ip` process per host:
//! starting a process is the dearest thing in a guest.

use std::net::Ipv6Addr;

use crate::Host;

/// An Ethernet of a [`Wiring`].
#[derive(Clone, Copy, Debug)]
pub struct Segment(usize);

/// Ethernets to be, with the hosts plugged in.
#[derive(Debug, Default)]
pub struct Wiring {
    segments: usize,
    plugs: Vec<Plug>,
    hosts: Vec<(Host, Vec<String>)>,
    /// Their IPv6 addresses.
    ipv6: Vec<(Host, Ipv6Addr)>,
}

#[derive(Debug)]
struct Plug {
    segment: Segment,
    namespace: String,
    interface: String,
}

impl Wiring {
    /// No Ethernet and no host.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more Ethernet.
    pub fn segment(&mut self) -> Segment {
        self.segments += 1;
        Segment(self.segments)
    }

    /// A host with nothing but `lo`, which is up once everything is
    /// [connected](Self::connect).
    pub fn host(&mut self, name: &str) -> Host {
        let host = Host::bare(name);
        self.hosts.push((host.clone(), vec!["link set lo up".to_owned()]));
        host
    }

    /// An interface of `host` on that Ethernet, with these addresses.
    pub fn plug(&mut self, segment: Segment, host: &Host, interface: &str, addresses: &[String]) {
        self.plugs.push(Plug {
            segment,
            namespace: host.network_path(),
            interface: interface.to_owned(),
        });
        self.run(host, format!("link set {interface} up"));
        for address in addresses {
            let nodad = if address.contains(':') { " nodad" } else { "" };
            let ip = address.split('/').next().and_then(|ip| ip.parse().ok());
            self.ipv6.extend(ip.map(|ip| (host.clone(), ip)));
            self.run(host, format!("addr add {address} dev {interface}{nodad}"));
        }
    }

    /// One more `ip` command for `host`.
    pub fn run(&mut self, host: &Host, command: String) {
        let own = self.hosts.iter_mut().find(|(known, _)| known.is(host));
        own.expect("a host of this wiring").1.push(command);
    }

    /// Makes it all, and returns the switch that holds the cables' other ends:
    /// they stay plugged in for as long as it lives.
    pub fn connect(self) -> Host {
        let switch = Host::bare("switch");
        // It has no address and says nothing.
        switch.sysctl("net/ipv6/conf/default/disable_ipv6", "1");
        // Snooping would hold back neighbour solicitations from late joiners.
        let bridge = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0";
        let mut commands = Vec::new();
        for number in 1..=self.segments {
            commands.push(format!("link add br{number} {bridge}"));
            commands.push(format!("link set br{number} up"));
        }
        for (number, plug) in self.plugs.iter().enumerate() {
            let Plug { segment: Segment(segment), namespace, interface } = plug;
            let peer = format!("type veth peer name {interface} netns {namespace}");
            commands.push(format!("link add port{number} {peer}"));
            commands.push(format!("link set port{number} master br{segment} up"));
        }
        switch.ip(commands);
        for (host, commands) in self.hosts {
            host.ip(commands);
        }
        for (host, ip) in self.ipv6 {
            host.takes_packets_for(ip);
        }
        switch
    }
}
