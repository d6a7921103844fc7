// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use ipvs_netlink::{
    Connections, Destination, DestinationKey, Protocol, Scheduler, SchedulerFlags, Service,
    ServiceKey,
};

/// Says what weight 0 does to a server of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drainable {
    /// What has to end before the server can go.
    pub waits: Waits,
    /// What is worth knowing.
    pub cautions: Vec<Caution>,
    /// Why clients would be refused; empty if none are.
    pub obstacles: Vec<Obstacle>,
}

/// Names what has to end before a drained server can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waits {
    /// Nothing: of a one-packet service the kernel keeps no connections.
    Nothing,
    /// Active and inactive connections.
    Connections,
    /// Those, and the templates by which persistence sends clients to the server.
    ConnectionsAndTemplates,
}

/// Names what is worth knowing of a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caution {
    /// Clients that persistence has sent to the server go on coming to it (ipvs-sysctl.rst:
    /// `expire_quiescent_template`).
    KeepsComing,
    /// A flow of UDP has no end: the kernel forgets it some time after its last packet.
    FlowsHaveNoEnd,
}

/// Says why clients would be refused while a server has weight 0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// The scheduler hashes clients to the server all the same (`ip_vs_mh.c`, `ip_vs_sh.c`,
    /// `ip_vs_dh.c`).
    Hashed {
        /// Which one.
        scheduler: Scheduler,
        /// How many of the clients.
        share: Share,
    },
    /// No other server of the service takes new connections.
    Last,
}

/// Says how many of all new flows something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    part: u64,
    of: u64,
}

impl Share {
    /// Returns it in percent, rounded.
    #[must_use]
    pub fn percent(self) -> u64 {
        (self.part.saturating_mul(200) + self.of) / (2 * self.of).max(1)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.percent() {
            0 => f.write_str("less than 1 %"),
            percent => write!(f, "about {percent} %"),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashed { scheduler, share } => write!(
                f,
                "{scheduler} sends {share} of the new flows to it all the same, and weight 0 \
                 refuses them"
            ),
            Self::Last => f.write_str(
                "no other server of the service takes new connections: all of them would be refused",
            ),
        }
    }
}

impl Waits {
    /// Returns how much of it is left.
    #[must_use]
    pub fn left(self, connections: Connections) -> u64 {
        let Connections { active, inactive, persistent, .. } = connections;
        let open = u64::from(active) + u64::from(inactive);
        match self {
            Self::Nothing => 0,
            Self::Connections => open,
            Self::ConnectionsAndTemplates => open + u64::from(persistent),
        }
    }
}

/// Says what weight 0 would do to `server`, one of the `servers` of `service`.
/// `expires_templates` is whether `net.ipv4.vs.expire_quiescent_template` is on: a template of a
/// server without weight sends nobody to it then, and need not be waited for.
#[must_use]
pub fn drainable(
    service: &Service,
    servers: &[Destination],
    server: &DestinationKey,
    expires_templates: bool,
) -> Drainable {
    let keeps = service.persistence.is_some() && !expires_templates;
    let waits = match (service.one_packet, keeps) {
        // A persistent service has templates, even if each packet is a connection of its own.
        (true, false) => Waits::Nothing,
        (_, true) => Waits::ConnectionsAndTemplates,
        (false, false) => Waits::Connections,
    };
    let is_udp = matches!(service.key, ServiceKey::Endpoint { protocol: Protocol::Udp, .. });
    let mut cautions = Vec::new();
    if keeps {
        cautions.push(Caution::KeepsComing);
    }
    if is_udp && !service.one_packet {
        cautions.push(Caution::FlowsHaveNoEnd);
    }
    let obstacles = obstacles(service, servers, server);
    Drainable { waits, cautions, obstacles }
}

fn obstacles(service: &Service, servers: &[Destination], server: &DestinationKey) -> Vec<Obstacle> {
    let weight = |of: &Destination| u64::from(of.weight.get());
    let own = servers.iter().find(|it| it.key == *server).map_or(0, weight);
    if own == 0 {
        // It changes nothing any more.
        return Vec::new();
    }
    let all: u64 = servers.iter().map(weight).sum();
    if all == own {
        return vec![Obstacle::Last];
    }
    let share = match service.scheduler {
        Scheduler::Sh | Scheduler::Mh
            if !service.scheduler_flags.contains(SchedulerFlags::FALLBACK) =>
        {
            Share { part: own, of: all }
        }
        // It takes no notice of weights, and has no other server to fall back to.
        Scheduler::Dh => Share { part: 1, of: servers.len() as u64 },
        _ => return Vec::new(),
    };
    vec![Obstacle::Hashed { scheduler: service.scheduler.clone(), share }]
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::{AddressFamily, ForwardingMethod, Persistence, Weight};

    use super::*;

    fn server(number: u8, weight: u32) -> Destination {
        let key = DestinationKey::new([10, 0, 0, number], 80);
        Destination::new(key, ForwardingMethod::Masquerade)
            .with_weight(Weight::new(weight).unwrap())
    }

    fn service(key: &str, scheduler: Scheduler) -> Service {
        Service::new(key.parse().unwrap(), scheduler)
    }

    #[test]
    fn hashes_without_a_fallback_refuse_the_share_of_the_server() {
        let servers = [server(1, 1), server(2, 2), server(3, 1), server(4, 0)];
        let of = |scheduler: Scheduler, flags, key: usize| {
            let service = service("tcp/192.0.2.1:80", scheduler).with_scheduler_flags(flags);
            drainable(&service, &servers, &servers[key].key, false).obstacles
        };
        let none = SchedulerFlags::empty();
        for (scheduler, key, told) in [
            (Scheduler::Mh, 0, "mh sends about 25 % of the new flows to it all the same"),
            (Scheduler::Sh, 1, "sh sends about 50 % of the new flows to it all the same"),
            (Scheduler::Dh, 1, "dh sends about 25 % of the new flows to it all the same"),
        ] {
            let obstacles = of(scheduler, none, key);
            assert_eq!(obstacles.len(), 1);
            assert_eq!(obstacles[0].to_string(), format!("{told}, and weight 0 refuses them"),);
        }
        // It is drained already.
        assert_eq!(of(Scheduler::Mh, none, 3), []);
        for scheduler in [Scheduler::Mh, Scheduler::Sh] {
            assert_eq!(of(scheduler, SchedulerFlags::FALLBACK, 0), []);
        }
        // The bit means something else to others.
        assert_eq!(of(Scheduler::Dh, SchedulerFlags::FALLBACK, 0).len(), 1);
        let hashes = [Scheduler::Mh, Scheduler::Sh, Scheduler::Dh];
        for scheduler in Scheduler::known().filter(|it| !hashes.contains(it)) {
            assert_eq!(of(scheduler.clone(), none, 0), [], "{scheduler}");
        }
        assert_eq!(Share { part: 1, of: 1000 }.to_string(), "less than 1 %");
        assert_eq!(Share { part: 1, of: 200 }.to_string(), "about 1 %");
    }

    #[test]
    fn the_last_server_that_takes_connections_is_told() {
        let service = service("tcp/192.0.2.1:80", Scheduler::Mh);
        let servers = [server(1, 3), server(2, 0)];
        let of = |servers: &[Destination], key: usize| {
            drainable(&service, servers, &servers[key].key, false).obstacles
        };
        assert_eq!(of(&servers, 0), [Obstacle::Last]);
        assert_eq!(of(&servers, 1), []);
        assert_eq!(of(&servers[..1], 0), [Obstacle::Last]);
    }

    #[test]
    fn what_is_waited_for_depends_on_the_service() {
        let persistence = Persistence::of_each_client(AddressFamily::Ipv4);
        let tcp = || service("tcp/192.0.2.1:80", Scheduler::Wlc);
        let udp = || service("udp/192.0.2.1:53", Scheduler::Wlc);
        let mut connections = Connections::default();
        (connections.active, connections.inactive, connections.persistent) = (1, 20, 300);
        for (service, expires, waits, left, cautions) in [
            (tcp(), false, Waits::Connections, 21, &[][..]),
            (
                tcp().with_persistence(persistence),
                false,
                Waits::ConnectionsAndTemplates,
                321,
                &[Caution::KeepsComing],
            ),
            (tcp().with_persistence(persistence), true, Waits::Connections, 21, &[]),
            (udp(), false, Waits::Connections, 21, &[Caution::FlowsHaveNoEnd]),
            (udp().with_one_packet(true), false, Waits::Nothing, 0, &[]),
            (service("fwmark/7", Scheduler::Rr), false, Waits::Connections, 21, &[]),
        ] {
            let servers = [server(1, 1), server(2, 1)];
            let found = drainable(&service, &servers, &servers[0].key, expires);
            assert_eq!((found.waits, &found.cautions[..]), (waits, cautions), "{service:?}");
            assert_eq!(found.waits.left(connections), left);
            assert_eq!(found.obstacles, []);
        }
    }
}
