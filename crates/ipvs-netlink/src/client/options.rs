// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use super::{Client, RECEIVE_BUFFER};
use crate::error::Error;
use crate::namespace::Namespace;
use crate::operation::Operation;
use crate::trace::{Event, Observer};
use crate::transport::NetlinkTransport;

/// The options say where and how to connect, for what [`Client::connect`] does not do.
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
    datagram: usize,
    observer: Observer,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            namespace: None,
            receive_timeout: NetlinkTransport::RECEIVE_TIMEOUT,
            datagram: RECEIVE_BUFFER,
            observer: Observer::default(),
        }
    }
}

impl ConnectOptions {
    /// Returns the options of [`Client::connect`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the network namespace to work in; by default it is the calling thread's.
    #[must_use]
    pub fn namespace(self, namespace: Namespace) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    /// Sets how long to wait for each answer; by default it is 4 seconds. What does not
    /// answer in time is asked again or read back, so an operation as a whole may
    /// take some times as long. A request waits besides, without limit, for the
    /// kernel's locks and for `modprobe`, since the kernel works while it is sent.
    #[must_use]
    pub fn receive_timeout(self, receive_timeout: Duration) -> Self {
        Self { receive_timeout, ..self }
    }

    /// Tells about how many servers most services have, for a client that is to read
    /// the whole table. It is a hint: a longer list is read all the same.
    ///
    /// The kernel allocates and clears memory for each piece of a list, as much as the
    /// client can take, whatever it then holds (`netlink_dump` in `af_netlink.c`). So a
    /// table of many services with few servers each is read sooner if only as much is
    /// asked for. Only what fits into one piece is seen at one moment
    /// ([`Pass::is_snapshot`]).
    ///
    /// [`Pass::is_snapshot`]: crate::Pass::is_snapshot
    #[must_use]
    pub fn servers_per_service(self, servers: usize) -> Self {
        Self { datagram: datagram(servers), ..self }
    }

    /// Hands each request and each answer to `hook`, decoded, and what is asked again or
    /// read back, for a log or a bug report; by default nobody looks, and nothing is decoded.
    ///
    /// ```no_run
    /// use ipvs_netlink::ConnectOptions;
    ///
    /// # fn main() -> Result<(), ipvs_netlink::Error> {
    /// let mut client = ConnectOptions::new().trace(|event| eprintln!("{event}")).connect()?;
    /// client.services()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn trace(self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self { observer: Observer::new(hook), ..self }
    }

    /// Connects.
    ///
    /// # Errors
    /// As [`Client::connect`]; [`Error::Namespace`] if the namespace cannot be
    /// entered.
    pub fn connect(self) -> Result<Client, Error> {
        let Self { namespace, receive_timeout, datagram, observer } = self;
        let opened = match &namespace {
            None => NetlinkTransport::open_with(receive_timeout, NetlinkTransport::RECEIVE_BUFFER),
            Some(namespace) => NetlinkTransport::open_in(namespace, receive_timeout)?,
        };
        let transport = opened.map_err(|error| Error::Io {
            operation: Box::new(Operation::Connect),
            action: "open a netlink socket",
            error,
        })?;
        let mut client = Client::over(transport, datagram, observer)?;
        client.namespace = namespace;
        Ok(client)
    }
}

/// The most bytes of one datagram of the kernel's that so many servers take. (With pages
/// of 16 KiB or more it sends up to 8 KiB whatever it is told: `NLMSG_GOODSIZE`,
/// `netlink.h`.)
fn datagram(servers: usize) -> usize {
    /// What the kernel tells of a server.
    const SERVER: usize = 340;
    /// What it keeps beside each datagram.
    const NOTES: usize = 320;
    let memory = servers.saturating_mul(SERVER).saturating_add(NOTES);
    memory.clamp(8 * 1024, 32 * 1024).next_power_of_two() - NOTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_of_a_size_that_the_kernel_has() {
        for (servers, memory) in [(0, 8), (23, 8), (24, 16), (45, 16), (90, 32), (usize::MAX, 32)] {
            let options = ConnectOptions::new().servers_per_service(servers);
            assert_eq!(options.datagram, memory * 1024 - 320, "{servers}");
        }
    }
}
