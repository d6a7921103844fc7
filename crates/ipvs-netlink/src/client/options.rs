// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use super::{Client, RECEIVE_BUFFER};
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
    datagram: usize,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            namespace: None,
            receive_timeout: NetlinkTransport::RECEIVE_TIMEOUT,
            receive_buffer: NetlinkTransport::RECEIVE_BUFFER,
            datagram: RECEIVE_BUFFER,
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

    /// The most bytes of one datagram of the kernel's, 8 KiB at least and 64 KiB at
    /// most; by default all that it ever sends in one, 32 KiB. (With pages of 16 KiB or
    /// more it sends up to 8 KiB whatever it is told: `NLMSG_GOODSIZE`, `netlink.h`.)
    ///
    /// For each datagram the kernel allocates and clears that much or more,
    /// whatever it then holds (`netlink_dump` in `af_netlink.c`), so a table of
    /// many services with few servers each is read sooner with less. Only what
    /// fits into one datagram is seen at one moment ([`Pass::is_snapshot`]): a
    /// server takes about 330 bytes. A list that did not fit is read again in larger
    /// ones.
    ///
    /// [`Pass::is_snapshot`]: crate::Pass::is_snapshot
    #[must_use]
    pub fn datagram(self, datagram: usize) -> Self {
        Self { datagram: datagram.clamp(8 * 1024, 64 * 1024), ..self }
    }

    /// Connects.
    ///
    /// # Errors
    /// As [`Client::connect`]; [`Error::Namespace`] if the namespace cannot be
    /// entered.
    pub fn connect(self) -> Result<Client, Error> {
        let Self { receive_timeout, receive_buffer, .. } = self;
        let opened = match &self.namespace {
            None => NetlinkTransport::open_with(receive_timeout, receive_buffer),
            Some(namespace) => {
                NetlinkTransport::open_in(namespace, receive_timeout, receive_buffer)?
            }
        };
        let transport = opened.map_err(|error| Error::Io {
            operation: Box::new(Operation::Connect),
            action: "open a netlink socket",
            error,
        })?;
        Client::over(transport, self.datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_of_a_size_that_the_kernel_and_memory_have() {
        for (asked, given) in [(0, 8192), (16_384, 16_384), (usize::MAX, 65_536)] {
            assert_eq!(ConnectOptions::new().datagram(asked).datagram, given);
        }
    }
}
