// SPDX-License-Identifier: MIT OR Apache-2.0

//! A whole wanted state, and what about it cannot be.

use std::collections::hash_map::Entry;

use foldhash::HashMap;
use ipvs_netlink::{
    Destination, DestinationKey, Service, ServiceKey, SetTimeouts, SyncDaemon, SyncRole,
};

use crate::plan::crowd;

/// What a director should look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desired {
    /// The virtual services.
    pub services: Vec<DesiredService>,
    /// Timeouts of connections; `None` leaves them alone.
    pub timeouts: Option<SetTimeouts>,
    /// The sync daemons, one of each role at most; `None` leaves them alone.
    pub daemons: Option<Vec<SyncDaemon>>,
    /// What the kernel can hold and does not do what it says: right as long as it
    /// is there already, see [`refused`](crate::refused).
    pub doubts: Vec<Doubt>,
    /// Whether everything above was judged, and `doubts` are all there are: what is read
    /// from a file was. It is not judged again then. `false` is always right.
    pub is_judged: bool,
}

/// An object of a file that the library would refuse to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The line of the file, from 1.
    pub line: usize,
    /// What it is about.
    pub subject: Subject,
    /// Why.
    pub message: String,
}

/// What a line of a file, or a step, is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The timeouts of connections.
    Timeouts,
    /// The sync daemon of that role.
    Daemon(SyncRole),
    /// A service.
    Service(ServiceKey),
    /// A server of a service.
    Server(ServiceKey, DestinationKey),
}

/// A virtual service with its real servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredService {
    /// Its settings.
    pub service: Service,
    /// Whether flag bits without a name are to stay as they are: their source
    /// had no words for them.
    pub leaves_unknown_flags: bool,
    /// Its real servers, in the order of adding: the kernel's, backwards.
    pub servers: Vec<DesiredServer>,
}

/// A real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesiredServer {
    /// Its settings.
    pub server: Destination,
    /// Whether the thresholds of a server that is there are to stay as they are:
    /// nothing was said of them.
    pub leaves_thresholds: bool,
}

impl DesiredService {
    /// A service of which everything is said, without servers yet.
    pub fn new(service: Service) -> Self {
        Self { service, leaves_unknown_flags: false, servers: Vec::new() }
    }
}

impl DesiredServer {
    /// A server of which everything is said.
    pub fn new(server: Destination) -> Self {
        Self { server, leaves_thresholds: false }
    }
}

/// Builds a [`Desired`] piece by piece and remembers where each came from, so
/// that the second of its kind can be told where the first is.
#[derive(Debug, Default)]
pub struct Builder {
    desired: Desired,
    services: HashMap<ServiceKey, (usize, usize)>,
    /// What is known of the servers of each service, by its place.
    servers: Vec<Servers>,
    /// The service of the last server, and its place: the next one has mostly
    /// the same.
    last: Option<(ServiceKey, usize)>,
    objects: usize,
}

/// Where the servers of a service came from.
#[derive(Debug, Default)]
struct Servers {
    /// The line of a server, for each that is not in the line behind the one before it:
    /// files hold the servers of a service together.
    lines: Vec<(usize, usize)>,
    /// Where each stands, if they are more than [`FEW`]: until then they are looked
    /// through, which takes less time and memory.
    places: HashMap<DestinationKey, usize>,
}

const FEW: usize = 16;
/// The most servers that a service gets room for before they come.
const MOST_ROOM: usize = 128;

impl Servers {
    /// Notes one more of `servers`, found in `line`, unless it is there already: in
    /// which line then.
    fn add(
        &mut self,
        servers: &[DesiredServer],
        key: DestinationKey,
        line: usize,
    ) -> Result<(), usize> {
        let place = servers.len();
        let first = if place < FEW {
            servers.iter().position(|it| it.server.key == key)
        } else {
            if place == FEW {
                self.places = servers.iter().map(|it| it.server.key).zip(0..).collect();
            }
            match self.places.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(place);
                    None
                }
                Entry::Occupied(first) => Some(*first.get()),
            }
        };
        match first {
            Some(first) => Err(self.line(first).unwrap_or(line)),
            None => {
                if self.lines.last().is_none_or(|(from, at)| at + (place - from) != line) {
                    self.lines.push((place, line));
                }
                Ok(())
            }
        }
    }

    /// The line of the server in `place`.
    fn line(&self, place: usize) -> Option<usize> {
        let run = self.lines.partition_point(|(from, _)| *from <= place).checked_sub(1)?;
        self.lines.get(run).map(|(from, at)| at + (place - from))
    }
}

impl Builder {
    /// Adds a service that was found in `line`.
    ///
    /// # Errors
    /// What is wrong with it: it was there before.
    pub fn service(&mut self, line: usize, service: DesiredService) -> Result<(), String> {
        let key = service.service.key;
        if let Some((first, _)) = self.services.get(&key) {
            return Err(format!("{key} is there already, in line {first}"));
        }
        self.services.insert(key, (line, self.desired.services.len()));
        self.desired.services.push(service);
        self.servers.push(Servers::default());
        self.objects += 1;
        Ok(())
    }

    /// Adds a server that was found in `line` to its service.
    ///
    /// # Errors
    /// What is wrong with it: it was there before, or its service was not.
    pub fn server(
        &mut self,
        line: usize,
        service: ServiceKey,
        server: DesiredServer,
    ) -> Result<(), String> {
        let key = server.server.key;
        let last = self.last.filter(|(last, _)| *last == service).map(|(_, place)| place);
        let Some(place) = last.or_else(|| Some(self.services.get(&service)?.1)) else {
            return Err(format!("no line above this one adds {service}, the service of {key}"));
        };
        if last.is_none() {
            // Neighbours mostly have as many; a crowd beside single ones must not cost much.
            let before = self.last.and_then(|(_, place)| self.desired.services.get(place));
            let many = before.map_or(0, |before| before.servers.len().min(MOST_ROOM));
            if let Some(owner) = self.desired.services.get_mut(place)
                && owner.servers.is_empty()
            {
                owner.servers.reserve_exact(many);
            }
            self.last = Some((service, place));
        }
        if let (Some(owner), Some(servers)) =
            (self.desired.services.get_mut(place), self.servers.get_mut(place))
        {
            servers
                .add(&owner.servers, key, line)
                .map_err(|first| format!("{service} has server {key} already, in line {first}"))?;
            owner.servers.push(server);
            self.objects += 1;
        }
        Ok(())
    }

    /// Services and servers so far.
    pub fn objects(&self) -> usize {
        self.objects
    }

    /// What was built.
    pub fn finish(mut self) -> Desired {
        for wanted in &self.desired.services {
            let Some(message) = crowd(&wanted.service, wanted.servers.len()) else { continue };
            let key = wanted.service.key;
            let line = self.services.get(&key).map_or(1, |(line, _)| *line);
            self.desired.doubts.push(Doubt { line, subject: Subject::Service(key), message });
        }
        self.desired
    }
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::{ForwardingMethod, Scheduler};

    use super::*;

    /// Few servers are looked through, many looked up: either way the second of its kind is
    /// told where the first is, and everything is counted.
    #[test]
    fn the_second_of_its_kind_is_told_where_the_first_is() {
        const SERVICES: usize = 2;
        const SERVERS: usize = 3 * FEW;
        let service = |n: usize| format!("fwmark/{}", n + 1).parse::<ServiceKey>().unwrap();
        let server = |n: usize| {
            let key = format!("10.0.0.{n}:80").parse().unwrap();
            DesiredServer::new(Destination::new(key, ForwardingMethod::Masquerade))
        };
        let line = |service: usize, server: usize| 1000 * (service + 1) + server;
        let mut builder = Builder::default();
        for n in 0..SERVICES {
            let service = Service::new(service(n), Scheduler::Rr);
            builder.service(n, DesiredService::new(service)).unwrap();
        }
        for n in 0..SERVERS {
            // By turns, so that none has the service of the last one.
            for owner in 0..SERVICES {
                builder.server(line(owner, n), service(owner), server(n)).unwrap();
                for first in 0..=n {
                    let error = builder.server(7, service(owner), server(first)).unwrap_err();
                    let told = format!("already, in line {}", line(owner, first));
                    assert!(error.ends_with(&told), "{first} of {n}: {error}");
                }
            }
        }
        assert_eq!(builder.objects(), SERVICES * (1 + SERVERS));
        assert!(
            builder
                .service(7, DesiredService::new(Service::new(service(1), Scheduler::Rr)))
                .is_err()
        );
        let desired = builder.finish();
        for entry in &desired.services {
            let expected: Vec<_> = (0..SERVERS).map(server).collect();
            assert_eq!(entry.servers, expected);
        }
    }

    /// A crowd between services of one server each: none of these gets room for a crowd.
    #[test]
    fn a_crowd_beside_single_ones_costs_little() {
        const SINGLES: u32 = 1000;
        let mark = |mark: u32| format!("fwmark/{mark}").parse::<ServiceKey>().unwrap();
        let mut builder = Builder::default();
        for n in 1..=SINGLES + 1 {
            builder.service(1, DesiredService::new(Service::new(mark(n), Scheduler::Rr))).unwrap();
        }
        let mut add = |service, n: u32| {
            let key = DestinationKey { address: std::net::Ipv4Addr::from_bits(n).into(), port: 80 };
            let server = Destination::new(key, ForwardingMethod::Masquerade);
            builder.server(1, service, DesiredServer::new(server)).unwrap();
        };
        for n in 0..10 * SINGLES {
            add(mark(SINGLES + 1), n + 1);
        }
        for n in 1..=SINGLES {
            add(mark(n), 1);
            add(mark(SINGLES + 1), 10 * SINGLES + n);
        }
        let desired = builder.finish();
        let room: usize = desired.services.iter().map(|it| it.servers.capacity()).sum();
        let servers: usize = desired.services.iter().map(|it| it.servers.len()).sum();
        assert!(room < servers * 20, "room for {room} servers, of which there are {servers}");
    }

    proptest::proptest! {
        /// In whatever lines the servers stand, each is told where it is.
        #[test]
        fn a_server_is_told_in_its_line(lines in proptest::collection::vec(1..60_usize, 0..40)) {
            let mark: ServiceKey = "fwmark/1".parse().unwrap();
            let mut builder = Builder::default();
            builder.service(1, DesiredService::new(Service::new(mark, Scheduler::Rr))).unwrap();
            let server = |n: usize| {
                let key = format!("10.0.0.{n}:80").parse().unwrap();
                DesiredServer::new(Destination::new(key, ForwardingMethod::Masquerade))
            };
            for (n, line) in lines.iter().enumerate() {
                builder.server(*line, mark, server(n)).unwrap();
            }
            for (n, line) in lines.iter().enumerate() {
                let told = builder.server(7, mark, server(n)).unwrap_err();
                let expected = format!("{mark} has server 10.0.0.{n}:80 already, in line {line}");
                proptest::prop_assert_eq!(told, expected);
            }
        }
    }
}
