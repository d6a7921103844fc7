// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says how wide the columns are, and puts lines together in them.

use ipvs_netlink::{Connections, DestinationKey, ServiceKey};
use lvs_term::Look;

use super::super::numbers::{digits, endpoint_width, push_endpoint, put_right};
use super::super::words::{method, prot_and_address, scheduler_name, server_address};
use crate::commands::{ListedServer, ListedService};
use crate::names::Names;

pub(super) const SERVICE_TITLES: [&str; 4] = ["Prot", "LocalAddress:Port", "Scheduler", "Flags"];
pub(super) const SERVER_TITLES: [&str; 5] =
    ["RemoteAddress:Port", "Forward", "Weight", "ActiveConn", "InActConn"];

/// `Prot` and the arrow are of one width, so both lines share the address
/// column; the scheduler's ends where it likes, since only words follow it.
pub(super) struct Widths {
    address: usize,
    scheduler: usize,
    server: [usize; 5],
    /// Of a terminal that is too narrow for the longest line.
    room: Option<usize>,
    is_public: bool,
}

impl Widths {
    pub(super) fn of(services: &[ListedService], names: &Names, is_public: bool) -> Self {
        let mut address = SERVICE_TITLES[1].len();
        let mut scheduler = SERVICE_TITLES[2].len();
        let mut server = SERVER_TITLES.map(str::len);
        let mut most = [0; 3];
        for listed in services {
            let key = listed.service.key;
            address = name_width(key, names).max(address);
            scheduler = scheduler_name(&listed.service).len().max(scheduler);
            for listed in &listed.servers {
                let [address, forward, ..] = &mut server;
                *address = address_width(key, listed, names).max(*address);
                *forward = method(listed.server.forwarding, is_public).len().max(*forward);
                let Connections { active, inactive, .. } = listed.connections;
                for (most, number) in
                    most.iter_mut().zip([listed.server.weight.get(), active, inactive])
                {
                    *most = number.max(*most);
                }
            }
        }
        let [_, _, numbers @ ..] = &mut server;
        for (width, most) in numbers.iter_mut().zip(most) {
            *width = digits(most).max(*width);
        }
        Self { address: address.max(server[0]), scheduler, server, room: None, is_public }
    }

    /// Of the lines of servers; what is behind a service is words, and may wrap.
    fn whole(&self) -> usize {
        START + self.address + self.behind_address()
    }

    fn behind_address(&self) -> usize {
        let [_, rest @ ..] = self.server;
        rest.iter().map(|width| 1 + width).sum()
    }

    /// Makes room for the sums.
    pub(super) fn take_in(&mut self, sums: Option<&[String; 3]>) {
        let [_, _, numbers @ ..] = &mut self.server;
        for (width, sum) in numbers.iter_mut().zip(sums.into_iter().flatten()) {
            *width = sum.len().max(*width);
        }
    }

    /// On a terminal that is too narrow for the longest address, the column is as wide as the
    /// longest that has room.
    pub(super) fn fit_into(&mut self, look: Look, services: &[ListedService], names: &Names) {
        let Some(room) = look.width.filter(|_| look.is_too_narrow_for(self.whole())) else {
            return;
        };
        self.room = Some(room);
        let most = room.saturating_sub(START + self.behind_address());
        let addresses = services.iter().flat_map(|listed| {
            let key = listed.service.key;
            let servers = listed.servers.iter();
            let servers = servers.map(move |server| address_width(key, server, names));
            servers.chain([name_width(key, names)])
        });
        let titles = [SERVICE_TITLES[1].len(), SERVER_TITLES[0].len()];
        let widths = addresses.chain(titles).filter(|width| *width <= most);
        self.address = widths.max().unwrap_or(0);
    }

    /// Goes from the end of an address, which begins at `start`, to where the rest of the line
    /// begins, which is as long as `rest`. What has no room goes below the address.
    fn go_on(&self, line: &mut Vec<u8>, start: usize, rest: usize) {
        let end = start + self.address;
        let Some(room) = self.room else {
            return line.resize(end.max(line.len()), b' ');
        };
        if line.len() <= end && end + rest <= room {
            line.resize(end, b' ');
        } else if line.len() + rest > room {
            let column = START + self.address;
            let indent = if column + rest <= room { column.max(INDENT) } else { INDENT };
            line.push(b'\n');
            line.resize(line.len() + indent, b' ');
        }
    }

    /// Returns a line of words in the columns of servers.
    pub(super) fn words(
        &self,
        start: &str,
        [forward, weight, active, inactive]: [&str; 4],
    ) -> Vec<u8> {
        let mut line = start.as_bytes().to_vec();
        let [_, w1, w2, w3, w4] = self.server;
        self.go_on(&mut line, START, self.behind_address());
        let rest = format!(" {forward:<w1$} {weight:>w2$} {active:>w3$} {inactive:>w4$}");
        line.extend_from_slice(rest.as_bytes());
        line
    }

    /// Appends the line of a service, whose name `push` appends.
    pub(super) fn service(
        &self,
        line: &mut Vec<u8>,
        prot: &str,
        push: impl FnOnce(&mut Vec<u8>),
        [scheduler, flags]: [&str; 2],
    ) {
        line.extend_from_slice(prot.as_bytes());
        line.resize(line.len().max(4), b' ');
        line.push(b' ');
        let start = line.len();
        push(line);
        let rest =
            if flags.is_empty() { scheduler.len() } else { self.scheduler + 1 + flags.len() };
        self.go_on(line, start, 1 + rest);
        line.push(b' ');
        let end = line.len() + self.scheduler;
        line.extend_from_slice(scheduler.as_bytes());
        line.resize(end.max(line.len()), b' ');
        line.push(b' ');
        line.extend_from_slice(flags.as_bytes());
        line.truncate(line.trim_ascii_end().len());
    }

    pub(super) fn server(
        &self,
        line: &mut Vec<u8>,
        service: ServiceKey,
        listed: &ListedServer,
        names: &Names,
    ) {
        line.extend_from_slice(b"  -> ");
        push_address(line, service, listed, names);
        self.go_on(line, START, self.behind_address());
        let mut at = line.len();
        line.resize(at + self.behind_address(), b' ');
        // Each column is as wide as the longest in it.
        let mut next = |width: usize| {
            let start = at + 1;
            at = start + width;
            start..at
        };
        let [_, forward, numbers @ ..] = self.server;
        let method = method(listed.server.forwarding, self.is_public);
        let place = line.get_mut(next(forward)).and_then(|it| it.get_mut(..method.len()));
        if let Some(place) = place {
            place.copy_from_slice(method.as_bytes());
        }
        let Connections { active, inactive, .. } = listed.connections;
        for (number, width) in
            [listed.server.weight.get(), active, inactive].into_iter().zip(numbers)
        {
            if let Some(place) = line.get_mut(next(width)) {
                put_right(place, number);
            }
        }
    }
}

/// Where addresses begin.
const START: usize = 5;
/// Where the rest of a line begins that has no column to begin at.
const INDENT: usize = 6;

/// Returns how wide [`push_address`] makes a line.
fn address_width(service: ServiceKey, listed: &ListedServer, names: &Names) -> usize {
    if names.are_asked_for() {
        server_address(service, listed, names).len()
    } else {
        endpoint_width(listed.server.key)
    }
}

/// [`server_address`], without making a string of what is none.
fn push_address(line: &mut Vec<u8>, service: ServiceKey, listed: &ListedServer, names: &Names) {
    if names.are_asked_for() {
        line.extend_from_slice(server_address(service, listed, names).as_bytes());
    } else {
        push_endpoint(line, listed.server.key);
    }
}

/// Returns how wide [`push_name`] makes a line.
fn name_width(service: ServiceKey, names: &Names) -> usize {
    match service {
        ServiceKey::Endpoint { address, port, .. } if !names.are_asked_for() => {
            endpoint_width(DestinationKey::new(address, port))
        }
        other => prot_and_address(other, names).1.len(),
    }
}

/// Appends what [`prot_and_address`] has of the address.
pub(super) fn push_name(line: &mut Vec<u8>, service: ServiceKey, names: &Names) {
    match service {
        ServiceKey::Endpoint { address, port, .. } if !names.are_asked_for() => {
            push_endpoint(line, DestinationKey::new(address, port));
        }
        other => line.extend_from_slice(prot_and_address(other, names).1.as_bytes()),
    }
}
