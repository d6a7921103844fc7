// SPDX-License-Identifier: MIT OR Apache-2.0
//! Speaks rtnetlink: links, addresses and routes of the calling thread's network namespace.
//!
//! The `rtnetlink` crate is asynchronous. Its runtime lives here and nowhere else;
//! callers see blocking calls.

mod addresses;
mod arrive;
mod decode;
mod diag;
mod encode;
mod fou;
mod look;
mod nft;
mod raw;
mod socket;

use std::cell::OnceCell;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use netlink_packet_core::NetlinkMessage;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::route::RouteMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use nix::errno::Errno;
use rtnetlink::{Handle, LinkUnspec};
use tokio::runtime::{Builder, Runtime};

pub use self::addresses::{AddressChange, How};
use self::fou::Fou;
use self::raw::{Decode, Raw};
use self::socket::Socket;
use crate::fou::{Listener, Port};
use crate::route::SavedRoute;
use crate::tunnel::Tunnel;
use crate::words::system_error;

/// The kernel answers at once or never; this bounds never.
const ANSWER: Duration = Duration::from_secs(10);

/// Says why a request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetlinkError {
    /// The kernel said no.
    #[error("{desc} ({0:?})", desc = .0.desc())]
    Kernel(Errno),
    /// No socket.
    #[error("netlink socket: {}", system_error(.0))]
    Socket(#[source] io::Error),
    /// No answer.
    #[error("the kernel did not answer")]
    NoAnswer,
    /// The interface is gone.
    #[error("{0} is not there")]
    NoDevice(String),
    /// The answer makes no sense to the netlink library.
    #[error("unexpected answer: {0}")]
    Unexpected(String),
}

impl NetlinkError {
    /// Returns whether the object to be removed was not there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Kernel(errno) => {
                matches!(errno, Errno::ENODEV | Errno::EADDRNOTAVAIL | Errno::ESRCH)
            }
            Self::NoDevice(_) => true,
            _ => false,
        }
    }
}

impl From<rtnetlink::Error> for NetlinkError {
    fn from(error: rtnetlink::Error) -> Self {
        match error {
            rtnetlink::Error::NetlinkError(message) => {
                Self::Kernel(Errno::from_raw(message.raw_code().saturating_neg()))
            }
            other => Self::Unexpected(other.to_string()),
        }
    }
}

/// Holds a connection to the kernel.
pub struct Netlink {
    runtime: Runtime,
    handle: Handle,
    /// For what the crate does not do well: see [`socket`].
    socket: OnceCell<Socket>,
}

impl Netlink {
    /// Opens a socket in the calling thread's network namespace.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn connect() -> Result<Self, NetlinkError> {
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(NetlinkError::Socket)?;
        let guard = runtime.enter();
        let (connection, handle, _) = rtnetlink::new_connection().map_err(NetlinkError::Socket)?;
        runtime.spawn(connection);
        drop(guard);
        Ok(Self { runtime, handle, socket: OnceCell::new() })
    }

    fn ask<T, E>(&self, request: impl Future<Output = Result<T, E>>) -> Result<T, NetlinkError>
    where
        NetlinkError: From<E>,
    {
        self.runtime.block_on(async {
            match tokio::time::timeout(ANSWER, request).await {
                Ok(answer) => Ok(answer?),
                Err(_) => Err(NetlinkError::NoAnswer),
            }
        })
    }

    /// Reads by the plain socket, for which a message that makes no sense is an error; the
    /// `rtnetlink` crate leaves it out, and an interface would not be seen to answer.
    fn read_all<T>(
        &self,
        request: &RouteNetlinkMessage,
        decode: Decode<T>,
    ) -> Result<Vec<T>, NetlinkError> {
        let told = self.socket()?.ask(NetlinkMessage::from(Raw::from(request)), true)?;
        told.iter().filter_map(|message| decode(message).transpose()).collect()
    }

    /// Reads the one object that is asked for.
    fn read_one<T>(
        &self,
        request: &RouteNetlinkMessage,
        decode: Decode<T>,
    ) -> Result<Option<T>, NetlinkError> {
        let told = self.socket()?.ask(NetlinkMessage::from(Raw::from(request)), false)?;
        told.first().map_or(Ok(None), decode)
    }

    fn socket(&self) -> Result<&Socket, NetlinkError> {
        match self.socket.get() {
            Some(socket) => Ok(socket),
            None => {
                let new = Socket::open(NETLINK_ROUTE)?;
                Ok(self.socket.get_or_init(|| new))
            }
        }
    }

    fn index(device: &str) -> Result<u32, NetlinkError> {
        crate::link::index(device).ok_or_else(|| NetlinkError::NoDevice(device.to_owned()))
    }

    /// Reads the UDP ports that unpack; `None` if the kernel has no module `fou` now.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn ports(&self) -> Result<Option<Vec<Port>>, NetlinkError> {
        Fou::open()?.map(|fou| fou.ports()).transpose()
    }

    /// Does `ip fou add port PORT gue`.
    ///
    /// # Errors
    /// The kernel's answer; EADDRINUSE if a program has the port, EPERM without
    /// CAP_NET_ADMIN in the initial user namespace.
    pub fn add_port(&self, at: Listener) -> Result<(), NetlinkError> {
        Fou::open()?.ok_or(NetlinkError::Kernel(Errno::ENOENT))?.add(at)
    }

    /// Does `ip fou del port PORT`.
    ///
    /// # Errors
    /// The kernel's answer; ESRCH if it is not there.
    pub fn delete_port(&self, at: Listener) -> Result<(), NetlinkError> {
        Fou::open()?.ok_or(NetlinkError::Kernel(Errno::ESRCH))?.delete(at)
    }

    /// Does `ip link add …`; the device stays down.
    ///
    /// # Errors
    /// The kernel's answer; EOPNOTSUPP means that the module is missing.
    pub fn add_tunnel(&self, tunnel: &Tunnel) -> Result<(), NetlinkError> {
        self.ask(self.handle.link().add(encode::tunnel(tunnel)).execute())
    }

    /// Does `ip link add DEVICE type dummy`; it stays down.
    ///
    /// # Errors
    /// The kernel's answer; EOPNOTSUPP means that the module is missing.
    pub fn add_dummy(&self, device: &str) -> Result<(), NetlinkError> {
        self.ask(self.handle.link().add(encode::dummy(device)).execute())
    }

    /// Does `ip link del DEVICE`.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn delete_link(&self, device: &str) -> Result<(), NetlinkError> {
        let index = Self::index(device)?;
        self.ask(self.handle.link().del(index).execute())
    }

    /// Does `ip link set DEVICE up|down`.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn set_up(&self, device: &str, up: bool) -> Result<(), NetlinkError> {
        let link = LinkUnspec::new_with_index(Self::index(device)?);
        let link = if up { link.up() } else { link.down() };
        self.ask(self.handle.link().set(link.build()).execute())
    }

    /// Does `ip route replace default via GATEWAY metric METRIC`.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn set_default_route(&self, gateway: IpAddr, metric: u32) -> Result<(), NetlinkError> {
        self.replace(encode::default_route(gateway, metric))
    }

    /// Does `ip route del default via GATEWAY metric METRIC`.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn delete_default_route(&self, gateway: IpAddr, metric: u32) -> Result<(), NetlinkError> {
        let message = encode::default_route(gateway, metric);
        self.ask(self.handle.route().del(message).execute())
    }

    /// Puts a route back as it was, in place of the one with the same metric.
    ///
    /// # Errors
    /// The kernel's answer, or the saved route is damaged.
    pub fn restore_route(&self, saved: &SavedRoute) -> Result<(), NetlinkError> {
        let message = decode::route::saved(saved)
            .ok_or_else(|| NetlinkError::Unexpected(format!("saved route {:?}", saved.message)))?;
        self.replace(message)
    }

    fn replace(&self, route: RouteMessage) -> Result<(), NetlinkError> {
        self.ask(self.handle.route().add(route).replace().execute())
    }
}
