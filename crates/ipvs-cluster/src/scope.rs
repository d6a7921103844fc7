// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use foldhash::{HashMap, HashSet};
use ipvs_netlink::{DestinationKey, ServiceKey};

use crate::subject::Subject;

/// Says which part of a director's table is the caller's: nothing else is changed or deleted,
/// whatever is wanted.
///
/// The kernel keeps no owner of an object. Of several programs that use one director, each has
/// to say what is its own, or an exact one deletes what the others made. A
/// [`Builder`](crate::Builder::within) takes the scope, refuses what is outside with
/// [`Why::OutsideScope`](crate::Why::OutsideScope), and gives it to the
/// [`Desired`](crate::Desired) that it makes; a plan, its steps and the reading afterwards stay
/// inside.
///
/// A scope says what may ever be the caller's, not what is wanted now: who no longer wants a
/// service keeps it in scope, or else it stays for ever.
///
/// ```
/// use ipvs_cluster::{Scope, Subject};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // All services of two VIPs, and a firewall mark; of these, whatever servers there are.
/// let vips = ["192.0.2.10".parse()?, "2001:db8::10".parse()?];
/// let scope = Scope::of_addresses(vips).and_services(["fwmark/7".parse()?]);
/// assert!(scope.contains(&Subject::Service("udp/192.0.2.10:53".parse()?)));
/// assert!(!scope.contains(&Subject::Service("fwmark/8".parse()?)));
/// assert!(!scope.contains(&Subject::Timeouts));
///
/// // Other programs have servers of their own in these services.
/// let scope = scope.only_servers(["10.0.0.1".parse()?, "10.0.0.2".parse()?]);
/// let web = "tcp/192.0.2.10:80".parse()?;
/// assert!(scope.contains(&Subject::Server(web, "10.0.0.1:8080".parse()?)));
/// assert!(!scope.contains(&Subject::Server(web, "10.0.0.9:8080".parse()?)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Scope {
    services: Services,
    /// The addresses of the servers; `None` if it has all of its services.
    servers: Option<Addresses>,
    /// Services of which it has these servers, whatever is said above.
    objects: HashMap<ServiceKey, HashSet<DestinationKey>>,
    timeouts: bool,
    sysctls: bool,
    daemons: bool,
}

/// Addresses one by one, and networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Addresses {
    single: HashSet<IpAddr>,
    /// Each by an address of it, and how many of its bits are the network's.
    networks: Vec<(IpAddr, u8)>,
}

impl Addresses {
    fn contains(&self, address: IpAddr) -> bool {
        self.single.contains(&address)
            || self.networks.iter().any(|(network, length)| is_in(address, *network, *length))
    }
}

fn is_in(address: IpAddr, network: IpAddr, length: u8) -> bool {
    let length = u32::from(length);
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differs = address.to_bits() ^ network.to_bits();
            differs.checked_shr(32_u32.saturating_sub(length)).unwrap_or_default() == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differs = address.to_bits() ^ network.to_bits();
            differs.checked_shr(128_u32.saturating_sub(length)).unwrap_or_default() == 0
        }
        _ => false,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Services {
    All,
    Only { keys: HashSet<ServiceKey>, addresses: HashSet<IpAddr> },
}

impl Scope {
    /// Returns the scope of who has the director to itself: all services with all their
    /// servers, the timeouts, the settings under `net.ipv4.vs` and the sync daemons.
    pub fn everything() -> Self {
        Self {
            services: Services::All,
            servers: None,
            objects: HashMap::default(),
            timeouts: true,
            sysctls: true,
            daemons: true,
        }
    }

    /// Returns a scope of these services, there or not, with all their servers.
    pub fn of_services(keys: impl IntoIterator<Item = ServiceKey>) -> Self {
        Self::nothing().and_services(keys)
    }

    /// Returns a scope of all services that have one of these VIPs, with all their servers. No
    /// firewall mark is in it.
    pub fn of_addresses(vips: impl IntoIterator<Item = IpAddr>) -> Self {
        Self::nothing().and_addresses(vips)
    }

    /// Returns a scope of these services, there or not, each with these servers and no others: of
    /// who has a record of what is its own. What others add to such a service is theirs, and it
    /// is not deleted while they have servers in it.
    ///
    /// ```
    /// use ipvs_cluster::{Scope, Subject};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let web = "tcp/192.0.2.10:80".parse()?;
    /// let scope = Scope::of_objects([(web, ["10.0.0.1:80".parse()?])]);
    /// assert!(scope.contains(&Subject::Service(web)));
    /// assert!(scope.contains(&Subject::Server(web, "10.0.0.1:80".parse()?)));
    /// assert!(!scope.contains(&Subject::Server(web, "10.0.0.1:8080".parse()?)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn of_objects<S: IntoIterator<Item = DestinationKey>>(
        objects: impl IntoIterator<Item = (ServiceKey, S)>,
    ) -> Self {
        Self::nothing().and_objects(objects)
    }

    fn nothing() -> Self {
        let services = Services::Only { keys: HashSet::default(), addresses: HashSet::default() };
        Self {
            services,
            servers: None,
            objects: HashMap::default(),
            timeouts: false,
            sysctls: false,
            daemons: false,
        }
    }

    /// Adds services to the scope.
    pub fn and_services(mut self, more: impl IntoIterator<Item = ServiceKey>) -> Self {
        if let Services::Only { keys, .. } = &mut self.services {
            keys.extend(more);
        }
        self
    }

    /// Adds all services that have one of these VIPs to the scope.
    pub fn and_addresses(mut self, vips: impl IntoIterator<Item = IpAddr>) -> Self {
        if let Services::Only { addresses, .. } = &mut self.services {
            addresses.extend(vips);
        }
        self
    }

    /// Adds services with these servers each, as in [`of_objects`](Self::of_objects). Of a service
    /// that comes again, or is in the scope already, it has the servers of both.
    pub fn and_objects<S: IntoIterator<Item = DestinationKey>>(
        mut self,
        objects: impl IntoIterator<Item = (ServiceKey, S)>,
    ) -> Self {
        for (service, servers) in objects {
            self.objects.entry(service).or_default().extend(servers);
        }
        self
    }

    /// Adds the timeouts of connections, of which a network namespace has one set.
    pub fn and_timeouts(self) -> Self {
        Self { timeouts: true, ..self }
    }

    /// Adds the settings under `net.ipv4.vs`.
    pub fn and_sysctls(self) -> Self {
        Self { sysctls: true, ..self }
    }

    /// Adds the sync daemons of both roles.
    pub fn and_daemons(self) -> Self {
        Self { daemons: true, ..self }
    }

    /// Leaves only those servers in the scope that have one of these addresses. The servers
    /// that others add to a service in the scope stay then, and with them a service that is not
    /// wanted any more: the kernel deletes it with all its servers or not at all. One that others
    /// add between the look and the deletion goes with it, as the kernel has no deletion under a
    /// condition. Called again, it adds to the addresses.
    pub fn only_servers(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.servers.get_or_insert_default().single.extend(addresses);
        self
    }

    /// Leaves only those servers in the scope that have an address in one of these networks, as
    /// [`only_servers`](Self::only_servers) leaves only those with certain addresses: each network
    /// by an address of it, and how many of its bits are the network's. Both together add up.
    ///
    /// ```
    /// use ipvs_cluster::{Scope, Subject};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let web = "tcp/192.0.2.10:80".parse()?;
    /// let scope = Scope::of_services([web]).only_servers_in([("10.0.1.0".parse()?, 24)]);
    /// assert!(scope.contains(&Subject::Server(web, "10.0.1.7:80".parse()?)));
    /// assert!(!scope.contains(&Subject::Server(web, "10.0.2.7:80".parse()?)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn only_servers_in(mut self, networks: impl IntoIterator<Item = (IpAddr, u8)>) -> Self {
        self.servers.get_or_insert_default().networks.extend(networks);
        self
    }

    /// Says whether an object is in the scope.
    pub fn contains(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Timeouts => self.timeouts,
            Subject::Sysctl(_) => self.sysctls,
            Subject::Daemon(_) => self.has_daemons(),
            Subject::Service(service) => self.has_service(service),
            Subject::Server(service, server) => self.has_server(service, server),
        }
    }

    pub(crate) fn has_service(&self, key: &ServiceKey) -> bool {
        self.has_whole_service(key) || self.objects.contains_key(key)
    }

    /// Says whether a service is in it other than by name of its servers.
    fn has_whole_service(&self, key: &ServiceKey) -> bool {
        match (&self.services, key) {
            (Services::All, _) => true,
            (Services::Only { keys, addresses }, ServiceKey::Endpoint { address, .. }) => {
                addresses.contains(address) || keys.contains(key)
            }
            (Services::Only { keys, .. }, _) => keys.contains(key),
        }
    }

    /// Says whether a server of a service is in it.
    pub(crate) fn has_server(&self, service: &ServiceKey, server: &DestinationKey) -> bool {
        self.servers_of(service).contains(server)
    }

    /// Returns which servers of a service are in it, to ask for many.
    pub(crate) fn servers_of(&self, service: &ServiceKey) -> ServersOf<'_> {
        ServersOf {
            addresses: self.has_whole_service(service).then_some(self.servers.as_ref()),
            keys: self.objects.get(service),
        }
    }

    pub(crate) fn has_daemons(&self) -> bool {
        self.daemons
    }
}

/// Says which servers of a service are in a scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServersOf<'a> {
    /// None without an address, or all of the service; `None` if it is there by its servers only.
    addresses: Option<Option<&'a Addresses>>,
    keys: Option<&'a HashSet<DestinationKey>>,
}

impl ServersOf<'_> {
    pub(crate) fn contains(&self, server: &DestinationKey) -> bool {
        let has = |addresses: Option<&Addresses>| {
            addresses.is_none_or(|addresses| addresses.contains(server.address))
        };
        self.addresses.is_some_and(has) || self.keys.is_some_and(|keys| keys.contains(server))
    }

    /// Says whether it has whatever servers there are.
    pub(crate) fn has_all(&self) -> bool {
        self.addresses == Some(None)
    }
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::SyncRole;

    use super::*;

    /// Each kind of object, in each kind of scope.
    #[test]
    fn a_scope_has_what_it_names() {
        let service = |key: &str| Subject::Service(key.parse().unwrap());
        let server = |key: &str, server: &str| {
            Subject::Server(key.parse().unwrap(), server.parse().unwrap())
        };
        let (web, dns, mark) = ("tcp/192.0.2.1:80", "udp/192.0.2.1:53", "fwmark/7");
        let subjects = [
            service(web),
            service(dns),
            service(mark),
            server(web, "10.0.0.1:80"),
            server(web, "10.0.0.2:80"),
            server(mark, "10.0.0.1:8080"),
            Subject::Timeouts,
            Subject::Daemon(SyncRole::Backup),
        ];
        let web = || Scope::of_services([web.parse().unwrap()]);
        let mark = [mark.parse().unwrap()];
        let vip = ["192.0.2.1".parse().unwrap()];
        let rip = |last: u8| [[10, 0, 0, last].into()];
        let object = |key: &str, last: u8| {
            (key.parse().unwrap(), [DestinationKey::new([10, 0, 0, last], 80)])
        };
        for (row, (scope, expected)) in [
            (Scope::everything(), [1, 1, 1, 1, 1, 1, 1, 1]),
            (Scope::everything().and_services(mark).and_addresses(vip), [1; 8]),
            (Scope::everything().only_servers(rip(1)), [1, 1, 1, 1, 0, 1, 1, 1]),
            (Scope::everything().only_servers([]), [1, 1, 1, 0, 0, 0, 1, 1]),
            (web(), [1, 0, 0, 1, 1, 0, 0, 0]),
            (web().and_timeouts(), [1, 0, 0, 1, 1, 0, 1, 0]),
            (web().and_daemons(), [1, 0, 0, 1, 1, 0, 0, 1]),
            (web().and_services(mark), [1, 0, 1, 1, 1, 1, 0, 0]),
            (web().and_services(mark).only_servers(rip(1)), [1, 0, 1, 1, 0, 1, 0, 0]),
            (web().only_servers(rip(1)).only_servers(rip(2)), [1, 0, 0, 1, 1, 0, 0, 0]),
            (Scope::of_addresses(vip), [1, 1, 0, 1, 1, 0, 0, 0]),
            (Scope::of_services(mark), [0, 0, 1, 0, 0, 1, 0, 0]),
            (Scope::of_services(mark).and_addresses(vip), [1, 1, 1, 1, 1, 1, 0, 0]),
            (Scope::of_objects([object("tcp/192.0.2.1:80", 1)]), [1, 0, 0, 1, 0, 0, 0, 0]),
            (web().and_objects([object("tcp/192.0.2.1:80", 1)]), [1, 0, 0, 1, 1, 0, 0, 0]),
            (
                web().only_servers(rip(2)).and_objects([object("tcp/192.0.2.1:80", 1)]),
                [1, 0, 0, 1, 1, 0, 0, 0],
            ),
            (
                Scope::of_objects([object("fwmark/7", 1), object("udp/192.0.2.1:53", 1)]),
                [0, 1, 1, 0, 0, 0, 0, 0],
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let found = subjects.map(|subject| i32::from(scope.contains(&subject)));
            assert_eq!(found, expected, "row {row}: {scope:?}");
        }
    }

    #[test]
    fn an_address_is_in_a_network() {
        for (address, network, length, expected) in [
            ("10.0.1.7", "10.0.1.0", 24, true),
            ("10.0.2.7", "10.0.1.0", 24, false),
            ("10.0.1.7", "10.0.1.200", 24, true),
            ("10.0.1.7", "10.0.1.7", 32, true),
            ("10.0.1.6", "10.0.1.7", 32, false),
            ("203.0.113.1", "10.0.1.7", 0, true),
            ("2001:db8::1", "2001:db8::", 64, true),
            ("2001:db8:0:1::1", "2001:db8::", 64, false),
            ("2001:db8::1", "::", 0, true),
            ("2001:db8::1", "2001:db8::1", 128, true),
            ("2001:db8::1", "10.0.0.0", 0, false),
        ] {
            let is_in = is_in(address.parse().unwrap(), network.parse().unwrap(), length);
            assert_eq!(is_in, expected, "{address} {network}/{length}");
        }
    }
}
