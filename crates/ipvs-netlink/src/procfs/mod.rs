// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel tells of IPVS in files only: the connection table, the sums
//! over all services, and the settings.
//!
//! Reading these needs no privilege and loads no module. Services and real
//! servers are in `/proc/net/ip_vs` too, but with holes ([`TableService`] says
//! which); [`Client`](crate::Client) has them whole. Left out here are
//! `ip_vs_app` (the protocol helpers, of which there is `ftp`) and
//! `ip_vs_status` (the fill of the kernel's own hash tables, since 7.1).
//!
//! ```no_run
//! use ipvs_netlink::procfs::Procfs;
//!
//! # fn main() -> Result<(), ipvs_netlink::Error> {
//! for connection in Procfs::new().connections()? {
//!     let connection = connection?;
//!     println!("{} -> {} {}", connection.client, connection.server, connection.state);
//! }
//! # Ok(())
//! # }
//! ```

mod connection;
mod line;
mod service_line;
mod service_table;
mod services;
mod state;
mod stats;
mod sysctl;
mod table;

use std::fs::{self, File};
use std::io::{self, BufReader};

use crate::error::Error;
use crate::model::Stats;
use crate::namespace::Namespace;

pub use connection::{Connection, EngineData, Origin, VirtualAddress};
pub use service_table::ServiceTable;
pub use services::{TableKey, TableMethod, TablePersistence, TableServer, TableService};
pub use state::ConnectionState;
pub use stats::{CpuStats, PerCpu};
pub use sysctl::Sysctl;
pub use table::ConnectionTable;

/// The type reads the files of one network namespace.
#[derive(Clone, Debug, Default)]
pub struct Procfs {
    namespace: Option<Namespace>,
}

impl Procfs {
    /// Returns a reader of the calling thread's namespace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a reader of another namespace.
    pub fn of(namespace: Namespace) -> Self {
        Self { namespace: Some(namespace) }
    }

    /// Tells whether IPVS is loaded, without loading it.
    ///
    /// # Errors
    /// [`Error::Namespace`] if the namespace cannot be entered.
    pub fn is_loaded(&self) -> Result<bool, Error> {
        self.enter(|| fs::exists("/proc/thread-self/net/ip_vs"))?
            .map_err(|error| unreadable("ip_vs", error))
    }

    /// Reads the connection table with the data of persistence engines
    /// (`/proc/net/ip_vs_conn`), one connection at a time.
    ///
    /// The kernel writes a page at a time while the table changes: connections
    /// may be missing or come twice. Before 7.1 it starts over for each page, so
    /// a million connections take minutes; since then the table grows in the
    /// background, and a read that meets that shows a part of it only.
    ///
    /// # Errors
    /// [`ErrorKind::FamilyMissing`](crate::ErrorKind::FamilyMissing) if IPVS is
    /// not loaded.
    pub fn connections(&self) -> Result<ConnectionTable<BufReader<File>>, Error> {
        self.table("ip_vs_conn")
    }

    /// Reads the connection table with the origin of each connection
    /// (`/proc/net/ip_vs_conn_sync`), otherwise as [`connections`](Self::connections).
    ///
    /// # Errors
    /// As [`connections`](Self::connections).
    pub fn connections_with_origin(&self) -> Result<ConnectionTable<BufReader<File>>, Error> {
        self.table("ip_vs_conn_sync")
    }

    /// Reads the services with their servers (`/proc/net/ip_vs`), as far as the kernel
    /// tells them to everyone, one service at a time.
    ///
    /// A service is shown with all its servers at one moment. Services may be missing or
    /// come twice if others change the table meanwhile: the kernel starts over behind
    /// each page.
    ///
    /// # Errors
    /// As [`connections`](Self::connections).
    pub fn services(&self) -> Result<ServiceTable<BufReader<File>>, Error> {
        // A service with many servers comes in one piece.
        self.services_in_pieces(16 * READ)
    }

    /// Reads the services in pieces of so many bytes; the kernel gives a page at most for
    /// one.
    ///
    /// What others delete and add meanwhile hides or repeats services at the borders of the
    /// pieces: with two sizes these are not at the same services.
    ///
    /// # Errors
    /// As [`connections`](Self::connections).
    pub fn services_in_pieces(&self, bytes: usize) -> Result<ServiceTable<BufReader<File>>, Error> {
        ServiceTable::from_reader(BufReader::with_capacity(bytes.max(1), self.open("ip_vs")?))
    }

    /// Reads counters and rates of the whole namespace (`/proc/net/ip_vs_stats`), which
    /// netlink does not have. Sampled every 2 seconds, like those of services.
    ///
    /// # Errors
    /// As [`connections`](Self::connections); [`Error::Text`] if the file has
    /// another form than any kernel from 6.1 to 7.3 gave it.
    pub fn totals(&self) -> Result<Stats, Error> {
        stats::totals(&self.text("ip_vs_stats")?)
    }

    /// Reads counters of each processor (`/proc/net/ip_vs_stats_percpu`). Unlike all others
    /// these are live, and zeroing does not touch them.
    ///
    /// # Errors
    /// As [`totals`](Self::totals).
    pub fn per_cpu(&self) -> Result<PerCpu, Error> {
        stats::per_cpu(&self.text("ip_vs_stats_percpu")?)
    }

    /// Reads every setting that the running kernel has under `net.ipv4.vs`, by name. Newer
    /// kernels have more, and some exist only while a scheduler is loaded.
    ///
    /// # Errors
    /// As [`connections`](Self::connections).
    pub fn sysctls(&self) -> Result<Vec<Sysctl>, Error> {
        self.enter(|| sysctl::read_all(FOLDER))?.map_err(|error| unreadable(FOLDER, error))
    }

    /// Sets a setting under `net.ipv4.vs`, until the next boot.
    ///
    /// # Errors
    /// [`Error::Sysctl`] if the kernel has no such setting, or refuses the value.
    pub fn set_sysctl(&self, name: &str, value: &str) -> Result<(), Error> {
        self.enter(|| sysctl::write(FOLDER, name, value))?.map_err(|error| Error::Sysctl {
            name: name.to_owned(),
            value: value.to_owned(),
            error,
        })
    }

    fn table(&self, name: &'static str) -> Result<ConnectionTable<BufReader<File>>, Error> {
        let file = self.open(name)?;
        ConnectionTable::new(name, BufReader::with_capacity(READ, file))
    }

    fn text(&self, name: &str) -> Result<String, Error> {
        io::read_to_string(self.open(name)?).map_err(|error| unreadable(name, error))
    }

    /// The open file stays in its namespace, wherever it is read. `/proc/net`
    /// would be that of the process's first thread.
    fn open(&self, name: &str) -> Result<File, Error> {
        let path = format!("/proc/thread-self/net/{name}");
        self.enter(|| File::open(path))?.map_err(|error| unreadable(name, error))
    }

    fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> Result<R, Error> {
        match &self.namespace {
            None => Ok(work()),
            Some(namespace) => namespace.enter(work),
        }
    }
}

const FOLDER: &str = "/proc/sys/net/ipv4/vs";

/// The kernel gives at most a page for each read.
const READ: usize = 4096;

fn unreadable(name: &str, error: io::Error) -> Error {
    let path = if name.starts_with('/') { name.to_owned() } else { format!("/proc/net/{name}") };
    Error::File { path, error }
}

/// What stands in the file is not what the kernel writes there.
fn malformed(name: &str, line: usize, detail: &'static str) -> Error {
    Error::Text { path: format!("/proc/net/{name}"), line, detail }
}
