// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what the rules judge: plain data about this host, collected by [`super::observe`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::hops::Replies;
use super::indexed::Indexed;
use crate::facts::{Family, Port, host_prefix};
use crate::ipvs::Service;
use lvs_host::SysctlKey;
use lvs_host::firewall::Firewall;
pub use lvs_host::link::{Ends, Link as Device};
pub use lvs_host::socket::Listener;
use lvs_host::socket::Transport;
use lvs_host::sysctl_d::Assignment;
pub use lvs_host::{Address, Lookup, Route};

/// Holds the state of the network namespace, and the files that will change it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Every interface.
    pub devices: Indexed<Device>,
    /// Every address.
    pub addresses: Indexed<Address>,
    /// The routes of table main.
    pub routes: Vec<Route>,
    /// Answers of the kernel's route lookup; `None`: unreachable.
    pub lookups: BTreeMap<IpAddr, Option<Lookup>>,
    /// The ways of replies, where rules or routes may tell them from other packets.
    pub replies: Option<Replies>,
    /// VIPs, where packets for them are routed otherwise than the lookups say: by the
    /// interface they come in by, or because replies from them are refused.
    pub arrivals: BTreeMap<IpAddr, Arrival>,
    /// Addresses answered for as a proxy, and the device.
    pub proxies: Vec<(IpAddr, String)>,
    /// Values of the settings that exist.
    pub sysctls: BTreeMap<SysctlKey, i32>,
    /// Sockets that wait for clients; `None`: not asked or not told.
    pub listeners: Option<Vec<Listener>>,
    /// Of which transport the sockets could not be read, and why.
    pub deaf: BTreeMap<Transport, String>,
    /// Of which transport a socket that is bound to no VRF takes what comes in by one
    /// (`net.ipv4.{tcp,udp}_l3mdev_accept`).
    pub takes_from_vrf: BTreeSet<Transport>,
    /// The packet filters.
    pub firewall: Firewall,
    /// The services of this host's own IPVS.
    pub ipvs: Indexed<Service>,
    /// `net.ipv4.vs.backup_only`: none of them is used while the host only gets connections
    /// of another director.
    pub backup_only: bool,
    /// VIPs on interfaces that answer ARP, where this host is their director: see
    /// [`Seen::apart`].
    pub directed: Indexed<Address>,
    /// Ports whose UDP is taken out of its encapsulation.
    pub fou: Fou,
    /// Drops by source validation while the counters were watched, in packets, and the
    /// time they were watched for, in seconds.
    pub drops: Option<(BTreeMap<&'static str, u64>, u64)>,
    /// What sysctl.d sets at boot, in the order of the files.
    pub boot: Vec<Assignment>,
    /// Programs that manage addresses too.
    pub managers: Managers,
    /// What could not be read, and why.
    pub unread: Vec<String>,
}

/// Holds what becomes of packets for a VIP, where that is not the same for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Interfaces by which packets for it come to this host itself.
    pub local_by: BTreeSet<String>,
    /// Interfaces by which they do not.
    pub foreign_by: BTreeSet<String>,
    /// Interfaces whose own table has it: `table local`, or that of their VRF. An interface
    /// answers who asks in nobody's name, and names the VIP itself, only then
    /// (`inet_addr_type_dev_table` in net/ipv4/arp.c).
    pub listed_by: BTreeSet<String>,
    /// Replies cannot leave: an IPv4 address on no interface and not in table `local`
    /// (`__ip_dev_find` in net/ipv4/devinet.c).
    pub mute: bool,
}

impl Arrival {
    /// Returns whether packets for it that come in by that interface are for this host; `None`:
    /// as those by any other.
    #[must_use]
    pub fn takes(&self, nic: &str) -> Option<bool> {
        match self.local_by.contains(nic) {
            true => Some(true),
            false => self.foreign_by.contains(nic).then_some(false),
        }
    }
}

/// UDP ports that unpack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Fou {
    /// Not asked or not told.
    #[default]
    Unknown,
    /// Module `fou` is not loaded.
    NoModule,
    /// All there are.
    Ports(Vec<Port>),
}

/// Programs that manage addresses, routes or settings too, as their files tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Managers {
    /// Devices that systemd-networkd has configured.
    pub networkd: BTreeMap<String, NetworkdLink>,
    /// Devices that NetworkManager manages.
    pub network_manager: BTreeMap<String, Profile>,
    /// What shows Calico or flannel.
    pub overlay: Option<String>,
    /// The line of keepalived's configuration that says `use_vmac`.
    pub keepalived_vmac: Option<String>,
    /// firewalld drops IPv6 by reverse path: what says so.
    pub firewalld_rpfilter: Option<String>,
}

/// Describes a device as systemd-networkd sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkdLink {
    /// The `.network` file.
    pub file: String,
    /// `KeepConfiguration=`: which foreign addresses it leaves alone.
    pub keeps: Keeps,
    /// Addresses that it declares.
    pub declared: Vec<IpAddr>,
}

/// Says which foreign addresses systemd-networkd leaves alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keeps {
    /// None.
    #[default]
    Nothing,
    /// `static`: those that are preferred for ever, whatever their valid lifetime.
    Preferred,
    /// `yes`.
    All,
}

/// Describes a connection profile of NetworkManager, as it is active on a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// `connection-uuid`.
    pub uuid: String,
    /// Its file, where files can be read and one has that UUID.
    pub file: Option<String>,
    /// NetworkManager made it of what it found on the device (`nm-generated`), or that cannot
    /// be told: then it has the addresses of the device.
    pub generated: bool,
    /// Addresses that it declares.
    pub declared: Vec<IpAddr>,
}

impl Seen {
    /// Returns the interface of that name.
    #[must_use]
    pub fn device(&self, name: &str) -> Option<&Device> {
        self.devices.named(name)
    }

    /// Returns the interfaces that answer ARP now.
    pub fn nics(&self) -> impl Iterator<Item = &Device> {
        self.speakers().filter(|device| device.up)
    }

    /// Returns the interfaces by which packets of other hosts come in now, whether they answer ARP
    /// or not.
    pub fn facing(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(|device| device.up && device.faces_others())
    }

    /// Returns those that answer ARP and the ones that are down, which do so as soon as they are up.
    pub fn speakers(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(|device| device.answers_arp())
    }

    /// Returns the value of a setting, 0 if it is not there.
    #[must_use]
    pub fn ipv4(&self, device: &str, name: &str) -> i32 {
        self.sysctls.get(&SysctlKey::ipv4(device, name)).copied().unwrap_or(0)
    }

    /// Returns the value of an IPv6 setting, 0 if it is not there.
    #[must_use]
    pub fn ipv6(&self, device: &str, name: &str) -> Option<i32> {
        self.sysctls.get(&SysctlKey::ipv6(device, name)).copied()
    }

    /// Returns max(`conf/all`, `conf/DEVICE`): `IN_DEV_MAXCONF` in include/linux/inetdevice.h.
    #[must_use]
    pub fn max(&self, name: &str, device: &str) -> i32 {
        self.ipv4("all", name).max(self.ipv4(device, name))
    }

    /// Returns `conf/all` or `conf/DEVICE`: `IN_DEV_ORCONF`.
    #[must_use]
    pub fn or(&self, name: &str, device: &str) -> bool {
        self.ipv4("all", name) != 0 || self.ipv4(device, name) != 0
    }

    /// Returns the values behind an effective one, as files below `/proc/sys`.
    #[must_use]
    pub fn read(&self, name: &str, devices: &[&str]) -> Vec<String> {
        devices
            .iter()
            .map(|device| format!("net/ipv4/conf/{device}/{name} = {}", self.ipv4(device, name)))
            .collect()
    }

    /// Returns everywhere that address is.
    pub fn places(&self, ip: IpAddr) -> impl Iterator<Item = &Address> {
        self.addresses.of(ip)
    }

    /// Returns whether packets to it are for this host.
    #[must_use]
    pub fn is_local(&self, ip: IpAddr) -> bool {
        match self.arrivals.get(&ip) {
            Some(arrival) if !(arrival.local_by.is_empty() && arrival.foreign_by.is_empty()) => {
                !arrival.local_by.is_empty()
            }
            _ => self.lookup(ip).is_some_and(|lookup| lookup.local),
        }
    }

    /// Returns whether packets to it that come in by that interface are for this host.
    #[must_use]
    pub fn is_local_by(&self, ip: IpAddr, nic: &str) -> bool {
        let told = self.arrivals.get(&ip).and_then(|arrival| arrival.takes(nic));
        told.unwrap_or_else(|| self.is_local(ip))
    }

    /// Returns whether that interface counts it as this host's own when it sends ARP by itself.
    #[must_use]
    pub fn is_listed_by(&self, ip: IpAddr, nic: &str) -> bool {
        self.arrivals.get(&ip).map_or_else(|| self.is_local(ip), |it| it.listed_by.contains(nic))
    }

    /// Returns whether the kernel refuses it as the source of replies.
    #[must_use]
    pub fn is_mute(&self, ip: IpAddr) -> bool {
        self.arrivals.get(&ip).is_some_and(|arrival| arrival.mute)
    }

    /// Sets apart the addresses that this host has as a director of the VIP: they come and go
    /// with that role, and are no matter of the real server. `None`: there are none.
    #[must_use]
    pub fn apart(&self, also_director: bool, vips: &Indexed<IpAddr>) -> Option<Self> {
        let is_directors = |have: &Address| {
            vips.contains(&have.ip)
                && self.device(&have.device).is_some_and(Device::answers_arp)
                && (also_director || self.directs(have.ip))
        };
        if !self.addresses.iter().any(is_directors) {
            return None;
        }
        let mut rest = self.clone();
        let all = self.addresses.iter().cloned();
        let (directed, addresses): (Vec<_>, Vec<_>) = all.partition(|have| is_directors(have));
        (rest.directed, rest.addresses) = (directed.into(), addresses.into());
        Some(rest)
    }

    /// Returns whether this host is the active director of that VIP.
    #[must_use]
    pub fn is_directing(&self, vip: IpAddr) -> bool {
        self.directed.of(vip).next().is_some()
    }

    /// Returns whether this host's own IPVS has a service of that address.
    #[must_use]
    pub fn directs(&self, ip: IpAddr) -> bool {
        self.ipvs.of(ip).next().is_some()
    }

    /// Returns where packets to it go.
    #[must_use]
    pub fn lookup(&self, ip: IpAddr) -> Option<&Lookup> {
        self.lookups.get(&ip)?.as_ref()
    }

    /// Returns the default route that is used: the one with the lowest metric.
    #[must_use]
    pub fn default_route(&self, family: Family) -> Option<&Route> {
        let is_default = |route: &&Route| route.prefix == 0 && family.has(route.destination);
        let mine = self.routes.iter().filter(is_default);
        mine.min_by_key(|route| route.metric)
    }

    /// Returns the address of this host whose subnet contains `ip`, not counting single ones.
    #[must_use]
    pub fn subnet_of(&self, ip: IpAddr) -> Option<&Address> {
        self.addresses.iter().find(|have| {
            have.prefix < host_prefix(have.ip)
                && have.ip != ip
                && !have.ip.is_loopback()
                && have.covers(ip)
        })
    }
}
