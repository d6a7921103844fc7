// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::Ipv4Addr;

/// What a table is loaded with: so many services with so many destinations each.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) services: u32,
    pub(crate) destinations: u32,
}

/// The port of every service, and of every destination.
pub(crate) const PORTS: (u16, u16) = (80, 8080);
/// The scheduler of every service: one that does no work when it learns of a
/// destination, so that what is measured is the way there.
pub(crate) const SCHEDULER: &str = "rr";

/// One thing to add.
#[derive(Clone, Copy)]
pub(crate) enum Item {
    Service(Ipv4Addr),
    Destination { service: Ipv4Addr, address: Ipv4Addr },
}

impl Load {
    pub(crate) const fn new(services: u32, destinations: u32) -> Self {
        Self { services, destinations }
    }

    /// As [`arguments`](Self::arguments) gave it.
    pub(crate) fn parse(services: &str, destinations: &str) -> Self {
        Self::new(services.parse().expect("services"), destinations.parse().expect("destinations"))
    }

    pub(crate) fn arguments(self) -> [String; 2] {
        [self.services.to_string(), self.destinations.to_string()]
    }

    pub(crate) fn total_destinations(self) -> u32 {
        self.services * self.destinations
    }

    /// The addresses of the services.
    pub(crate) fn vips(self) -> impl Iterator<Item = Ipv4Addr> {
        (1..=self.services).map(|number| Ipv4Addr::from_bits(0x0a00_0000 + number))
    }

    /// Everything to add, in order. No two destinations have one address.
    pub(crate) fn items(self) -> impl Iterator<Item = Item> {
        self.vips().zip(0..).flat_map(move |(service, place)| {
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
        write!(f, "{} × {}", grouped(self.services), grouped(self.destinations))
    }
}

/// `10000` as `10,000`.
pub(crate) fn grouped(number: u32) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}
