// SPDX-License-Identifier: MIT OR Apache-2.0

//! Hosts, networks and packets for tests: every host is a set of namespaces,
//! every packet a real one, and none leaves the namespaces of its test.
//!
//! ```no_run
//! use lab::{Family, Network, WebServer};
//!
//! let network = Network::direct_routing(2);
//! network.director_takes_vip(Family::Ipv4);
//! let vip = network.addresses(Family::Ipv4).vip;
//! for server in &network.servers {
//!     server.must(&format!("rs-agent setup --mode dr --vip {vip}"));
//! }
//! let _web: Vec<_> = network.servers.iter().map(|s| WebServer::start(s, 80)).collect();
//! network.director.must(&format!("rsctl add-service -t {vip}:80 -s rr"));
//! // …
//! let answers = network.client.get((vip, 80).into(), 10);
//! ```
//!
//! A failure to build a lab is a failure of the test: everything here panics
//! with the whole story instead of returning errors.

mod beside;
mod capture;
mod dice;
mod exchange;
mod guided;
mod host;
mod kernel;
mod machine;
mod network;
mod probe;
mod udp;
mod watch;
mod web;
mod wiring;

pub use lvs_check::probe::{Arp, ArpSender, Frame, Ip, Mac, Neighbour, Packet, Transport};

pub use beside::beside;
pub use capture::Capture;
pub use dice::Dice;
pub use exchange::{exchange, overheard};
pub use guided::{Guided, Model};
pub use host::{Host, NOBODY, Output, is_local_route, quoted, run};
pub use kernel::{kernel, skip, skips, skips_part};
pub use machine::{Disk, Machine};
pub use network::{Addresses, Family, Network};
pub use probe::arp_probe;
pub use udp::UdpServer;
pub use watch::{Watch, Watched};
pub use web::{Answer, WebServer};
pub use wiring::{Segment, Wiring};
