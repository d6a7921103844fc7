// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames to and from the interfaces of a network namespace (packet(7)).

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvfrom, sendto,
    setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

use super::error::ProbeError;
use super::packet::{Mac, Packet};

/// `PACKET_OUTGOING` (include/uapi/linux/if_packet.h).
const OUTGOING: u8 = 4;

/// How long [`FrameSocket::next`] waits for a frame.
const MOMENT: i64 = 20;

/// Room for what a probe looks at in a frame.
const FRAME: usize = 2048;

/// An interface is where frames are sent.
#[derive(Debug, Clone, Copy)]
pub struct Interface {
    link: LinkAddr,
    mac: Mac,
}

impl Interface {
    /// Returns the Ethernet interface of that name.
    ///
    /// # Errors
    /// There is none, or none can be listed.
    pub fn find(name: &str) -> Result<Self, ProbeError> {
        let mut all = getifaddrs().map_err(ProbeError::Interfaces)?;
        let found = all.find_map(|it| {
            let link = *it.address.filter(|_| it.interface_name == name)?.as_link_addr()?;
            Some(Self { link, mac: Mac(link.addr()?) })
        });
        found.ok_or_else(|| ProbeError::NoInterface(name.to_owned()))
    }

    /// Returns its number.
    #[must_use]
    pub fn index(&self) -> usize {
        self.link.ifindex()
    }

    /// Returns its own address.
    #[must_use]
    pub fn mac(&self) -> Mac {
        self.mac
    }
}

/// A frame socket sends frames, and receives all that pass any interface of the network
/// namespace in which it was opened.
#[derive(Debug)]
pub struct FrameSocket(OwnedFd);

impl FrameSocket {
    /// Opens one; it listens when this returns.
    ///
    /// # Errors
    /// The kernel refused, as it does without `CAP_NET_RAW`.
    pub fn open() -> Result<Self, ProbeError> {
        let (family, all) = (AddressFamily::Packet, SockProtocol::EthAll);
        let socket = socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, all);
        let socket = socket.map_err(ProbeError::Open)?;
        let moment = TimeVal::milliseconds(MOMENT);
        setsockopt(&socket, sockopt::ReceiveTimeout, &moment).map_err(ProbeError::Open)?;
        Ok(Self(socket))
    }

    /// Sends a frame by that interface.
    ///
    /// # Errors
    /// The kernel refused.
    pub fn send(&self, by: &Interface, frame: &[u8]) -> Result<(), ProbeError> {
        let sent = sendto(self.0.as_raw_fd(), frame, &by.link, MsgFlags::empty());
        sent.map(|_| ()).map_err(ProbeError::Send)
    }

    /// Returns the next frame, or `None` if there is none for a moment.
    ///
    /// # Errors
    /// The kernel refused.
    pub fn next(&self) -> Result<Option<Packet>, ProbeError> {
        let mut frame = [0; FRAME];
        loop {
            match recvfrom::<LinkAddr>(self.0.as_raw_fd(), &mut frame) {
                Ok((length, from)) => {
                    let Some(from) = from else { continue };
                    let (by, sent) = (from.ifindex(), from.pkttype() == OUTGOING);
                    let packet = Packet::parse(&frame[..length.min(FRAME)], by, sent);
                    if packet.is_some() {
                        return Ok(packet);
                    }
                }
                Err(Errno::EAGAIN) => return Ok(None),
                // An interface that goes down is reported once; the others go on.
                Err(Errno::EINTR | Errno::ENETDOWN) => {}
                Err(error) => return Err(ProbeError::Receive(error)),
            }
        }
    }
}

impl AsFd for FrameSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
