// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use super::Client;
use crate::error::Error;
use crate::namespace::Namespace;
use crate::operation::Operation;
use crate::transport::NetlinkTransport;

/// Where and how to connect, for what [`Client::connect`] does not do.
///
/// ```no_run
/// use ipvs_netlink::{ConnectOptions, Namespace};
///
/// # fn main() -> Result<(), ipvs_netlink::Error> {
/// let blue = Namespace::named("blue")?;
/// let mut client = ConnectOptions::new().namespace(blue).connect()?;
/// println!("{} services", client.services()?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    namespace: Option<Namespace>,
    receive_timeout: Duration,
    receive_buffer: usize,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            namespace: None,
            receive_timeout: NetlinkTransport::RECEIVE_TIMEOUT,
            receive_buffer: NetlinkTransport::RECEIVE_BUFFER,
        }
    }
}

impl ConnectOptions {
    /// What [`Client::connect`] does.
    pub fn new() -> Self {
        Self::default()
    }

    /// The network namespace to work in; by default the calling thread's.
    #[must_use]
    pub fn namespace(self, namespace: Namespace) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    /// How long to wait for each answer; 4 seconds by default. What does not
    /// answer in time is asked again or read back, so an operation as a whole may
    /// take some times as long. A request waits besides, without limit, for the
    /// kernel's locks and for `modprobe`, since the kernel works while it is sent.
    #[must_use]
    pub fn receive_timeout(self, receive_timeout: Duration) -> Self {
        Self { receive_timeout, ..self }
    }

    /// Bytes of answers the kernel may keep for us; 1 MiB by default, which
    /// holds those to a full batch. With less, answers get lost and are read
    /// back, which is slower and just as safe.
    #[must_use]
    pub fn receive_buffer(self, receive_buffer: usize) -> Self {
        Self { receive_buffer, ..self }
    }

    /// Connects.
    ///
    /// # Errors
    /// As [`Client::connect`]; [`Error::Namespace`] if the namespace cannot be
    /// entered.
    pub fn connect(self) -> Result<Client, Error> {
        let open = || {
            NetlinkTransport::open_with(self.receive_timeout, self.receive_buffer).map_err(
                |error| Error::Io {
                    operation: Box::new(Operation::Connect),
                    action: "open a netlink socket",
                    error,
                },
            )
        };
        Client::with_transport(match &self.namespace {
            None => open()?,
            Some(namespace) => namespace.enter(open)??,
        })
    }
}
