// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::Ipv4Addr;

use crate::program::Program;

/// What a table is loaded with: so many services with so many destinations each.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) services: u32,
    pub(crate) destinations: u32,
    /// Whether the services are firewall marks, rather than addresses.
    marks: bool,
}

/// The port of every service, and of every destination.
pub(crate) const PORTS: (u16, u16) = (80, 8080);
/// The scheduler of every service: one that does no work when it learns of a
/// destination, so that what is measured is the way there.
pub(crate) const SCHEDULER: &str = "rr";

/// What names a service.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    Address(Ipv4Addr),
    Mark(u32),
}

/// One thing to add.
#[derive(Clone, Copy)]
pub(crate) enum Item {
    Service(Key),
    Destination { service: Key, address: Ipv4Addr },
}

impl Load {
    pub(crate) const fn new(services: u32, destinations: u32) -> Self {
        Self { services, destinations, marks: false }
    }

    pub(crate) const fn marks(services: u32, destinations: u32) -> Self {
        Self { services, destinations, marks: true }
    }

    /// As [`arguments`](Self::arguments) gave it.
    pub(crate) fn parse(services: &str, destinations: &str) -> Self {
        let number = |text: &str| text.parse().expect("a number");
        match services.strip_prefix("marks:") {
            Some(services) => Self::marks(number(services), number(destinations)),
            None => Self::new(number(services), number(destinations)),
        }
    }

    pub(crate) fn arguments(self) -> [String; 2] {
        let kind = if self.marks { "marks:" } else { "" };
        [format!("{kind}{}", self.services), self.destinations.to_string()]
    }

    /// The bare socket that adds it, so many requests a send.
    pub(crate) fn adding(self, per_send: usize) -> Program {
        let [services, destinations] = self.arguments();
        Program::own(["floor", "add", &services, &destinations, &per_send.to_string()])
    }

    /// The bare socket that reads it.
    pub(crate) fn raw_dump(self) -> Program {
        let [services, destinations] = self.arguments();
        Program::own(["floor", "dump", &services, &destinations])
    }

    /// A job of this binary for it, with the library.
    pub(crate) fn ours(self, job: &str) -> Program {
        let [services, destinations] = self.arguments();
        Program::own(["ours", job, &services, &destinations])
    }

    pub(crate) fn total_destinations(self) -> u32 {
        self.services * self.destinations
    }

    /// The names of the services.
    pub(crate) fn keys(self) -> impl Iterator<Item = Key> {
        (1..=self.services).map(move |number| match self.marks {
            true => Key::Mark(number),
            false => Key::Address(Ipv4Addr::from_bits(0x0a00_0000 + number)),
        })
    }

    /// Everything to add, in order. No two destinations have one address.
    pub(crate) fn items(self) -> impl Iterator<Item = Item> {
        self.keys().zip(0..).flat_map(move |(service, place)| {
            let first = 0xac10_0001 + place * self.destinations;
            let destinations = (first..first + self.destinations)
                .map(Ipv4Addr::from_bits)
                .map(move |address| Item::Destination { service, address });
            std::iter::once(Item::Service(service)).chain(destinations)
        })
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks = if self.marks { " marks" } else { "" };
        write!(f, "{}{marks} × {}", grouped(self.services), grouped(self.destinations))
    }
}

/// `10000` as `10,000`.
pub(crate) fn grouped(number: u32) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}
