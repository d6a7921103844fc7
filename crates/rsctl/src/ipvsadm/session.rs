// SPDX-License-Identifier: MIT OR Apache-2.0

//! Carries out what lines ask for, over one socket.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use ipvs_netlink::{
    BatchReport, Change, Client, DestinationEntry, Error, ErrorKind, Info, ServiceEntry,
    ServiceKey, unchecked,
};

use super::errno;
use super::names::Names;
use super::print;
use super::sort;
use super::stop::Stop;
use super::view::{Style, View};

const CONNECTIONS: &str = "/proc/net/ip_vs_conn";

/// Holds a conversation with the kernel.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    info: Info,
    pub(super) names: Names,
}

impl Session {
    /// Connects and asks for the version, as `ipvsadm` does before anything else.
    pub(super) fn open() -> Result<Self, Stop> {
        let opened = Client::connect().and_then(|mut client| {
            let info = client.info()?;
            Ok(Self { client, info, names: Names::default() })
        });
        opened.map_err(|error| {
            Stop::fail(format!(
                "Can't initialize ipvs: {}\n\
                 Are you sure that IP Virtual Server is built in the kernel or as module?",
                errno::text(&error)
            ))
        })
    }

    pub(super) fn change(&mut self, change: Change) -> Result<(), Stop> {
        let made = unchecked::apply(&mut self.client, change);
        made.map_err(|error| Stop::skip(errno::text(&error)))
    }

    /// Makes many changes; a refused one does not stop those behind it.
    pub(super) fn changes(&mut self, changes: Vec<Change>) -> Result<BatchReport, Stop> {
        let made = unchecked::batch(&mut self.client, changes);
        made.map_err(|error| Stop::Exit(error.to_string(), 1))
    }

    pub(super) fn show(&mut self, view: View, style: Style) -> Result<String, Stop> {
        let shown = match view {
            View::All => self.all(style),
            View::One(key) => match self.client.service(&key) {
                Ok(Some(entry)) => self.one(&entry, style),
                Ok(None) => return Err(Stop::Exit("No such service".to_owned(), 1)),
                Err(error) => Err(error),
            },
            View::Timeouts => self.client.timeouts().map(|found| print::timeouts(&found)),
            View::Daemons => {
                let daemons = self.client.daemons();
                daemons.map(|found| found.iter().map(print::daemon).collect())
            }
            View::Connections => return self.connections(style),
        };
        shown.map_err(|error| Stop::Exit(errno::text(&error), 1))
    }

    fn all(&mut self, style: Style) -> Result<String, Error> {
        let mut services = self.services()?;
        if !style.unsorted {
            sort::services(&mut services, |entry| entry.service.key);
        }
        let mut text = String::new();
        if !style.save {
            // As it was at the start: since 7.1 its size follows its use, within
            // a restore too.
            text += &print::header(&self.info);
            text += print::title(style.layout);
        }
        for entry in &services {
            text += &self.service(entry, style)?;
        }
        Ok(text)
    }

    fn one(&mut self, entry: &ServiceEntry, style: Style) -> Result<String, Error> {
        Ok(print::title(style.layout).to_owned() + &self.service(entry, style)?)
    }

    /// Shows a service with its servers.
    fn service(&mut self, entry: &ServiceEntry, style: Style) -> Result<String, Error> {
        let key = entry.service.key;
        let name = print::service_name(&key, style, &mut self.names);
        let mut text = if style.save {
            format!("-A {name} {}\n", print::save_words(&entry.service))
        } else {
            print::service(entry, &name, style)
        };
        let mut servers = self.servers(&key)?;
        if !style.unsorted {
            sort::servers(&mut servers, |entry| entry.destination.key);
        }
        for server in &servers {
            text += &print::server(server, &key, &name, style, &mut self.names);
        }
        Ok(text)
    }

    /// Reads all services, even if others never stop changing them.
    fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
        let mut services = match self.client.services() {
            Err(error) if error.kind() == ErrorKind::Unstable => Vec::new(),
            outcome => return outcome,
        };
        self.client.for_each_service(|entry| services.push(entry))?;
        Ok(services)
    }

    /// Reads the servers of a service: none if it went away meanwhile.
    fn servers(&mut self, key: &ServiceKey) -> Result<Vec<DestinationEntry>, Error> {
        let mut servers = match self.client.destinations(key) {
            Err(error) if error.kind() == ErrorKind::ServiceMissing => return Ok(Vec::new()),
            Err(error) if error.kind() == ErrorKind::Unstable => Vec::new(),
            outcome => return outcome,
        };
        self.client.for_each_destination(key, |entry| servers.push(entry))?;
        Ok(servers)
    }

    fn connections(&mut self, style: Style) -> Result<String, Stop> {
        let unreadable = |_| Stop::Exit(format!("cannot open file {CONNECTIONS}"), 1);
        let mut lines = BufReader::new(File::open(CONNECTIONS).map_err(unreadable)?);
        let mut text = print::connection_title(style);
        let mut line = String::new();
        let mut next = || -> io::Result<Option<String>> {
            line.clear();
            Ok((lines.read_line(&mut line)? > 0).then(|| line.clone()))
        };
        // The first line names the columns.
        next().map_err(unreadable)?;
        while let Some(line) = next().map_err(unreadable)? {
            text += &print::connection_line(&line, style, &mut self.names).unwrap_or_default();
        }
        Ok(text)
    }
}
