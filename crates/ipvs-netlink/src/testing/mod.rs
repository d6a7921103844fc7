// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tests without a kernel: a conversation with one is recorded, and played back wherever
//! the test runs.
//!
//! Where there is a kernel with IPVS, and the right to use it, a program has its client
//! work over a [`Recorder`] and keeps what it heard as text:
//!
//! ```no_run
//! use ipvs_netlink::testing::Recorder;
//! use ipvs_netlink::{Client, NetlinkTransport};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = Client::with_transport(Recorder::new(NetlinkTransport::open()?))?;
//! println!("{} services", client.table()?.len());
//! let recording = client.into_transport().into_recording();
//! std::fs::write("tests/table.txt", recording.to_string())?;
//! # Ok(())
//! # }
//! ```
//!
//! A test has it work over a [`Replay`] of that text, which gives the same answers to the
//! same requests and refuses any other:
//!
//! ```no_run
//! use ipvs_netlink::Client;
//! use ipvs_netlink::testing::{Recording, Replay};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let recording: Recording = std::fs::read_to_string("tests/table.txt")?.parse()?;
//! let mut client = Client::with_transport(Replay::new(recording))?;
//! assert_eq!(client.table()?.len(), 2);
//! assert!(client.transport().is_over(), "the program asked less than it did");
//! # Ok(())
//! # }
//! ```
//!
//! `examples/record.rs` is such a program, and `tests/testing.rs` such a test. A test that
//! needs no conversation builds what it wants of [`model`](crate::model): entries come
//! `From` a [`Service`](crate::Service) and a [`Destination`](crate::Destination).

mod recorder;
mod recording;
mod replay;

pub use recorder::Recorder;
pub use recording::{BadRecording, Recording};
pub use replay::Replay;
