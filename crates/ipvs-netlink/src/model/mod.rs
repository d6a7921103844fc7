// SPDX-License-Identifier: MIT OR Apache-2.0

//! What an administrator means: virtual services, real servers and the words
//! for them. Nothing here knows a netlink attribute, and nothing here can
//! express what the kernel would misread: a GUE tunnel without a port, a lower
//! threshold above the upper one, or firewall mark 0 cannot be built.

mod change;
mod daemon;
mod destination;
mod forwarding;
mod info;
mod invalid;
mod key;
mod netmask;
mod persistence;
mod protocol;
mod scheduler;
mod scheduler_flags;
mod service;
mod stats;
mod text;
mod timeouts;
mod unknown;

pub use change::Change;
pub use daemon::{InterfaceName, SyncDaemon, SyncDaemonEntry, SyncRole};
pub use destination::{Destination, DestinationEntry, Thresholds, Weight};
pub use forwarding::{ForwardingMethod, GueChecksum, Tunnel};
pub use info::{Info, IpvsVersion};
pub use invalid::Invalid;
pub use key::{DestinationKey, ServiceKey};
pub use netmask::Netmask;
pub use persistence::{EngineName, Persistence, PersistenceTimeout};
pub use protocol::{AddressFamily, Protocol};
pub use scheduler::{Scheduler, SchedulerName};
pub use scheduler_flags::{SchedulerFlag, SchedulerFlags};
pub use service::{Service, ServiceEntry, TableEntry};
pub use stats::{Connections, Stats};
pub use timeouts::{SetTimeouts, Timeouts};
pub use unknown::UnknownAttribute;
