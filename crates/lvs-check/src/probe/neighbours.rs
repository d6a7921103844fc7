// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asks who answers for an address.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::error::ProbeError;
use super::frame::{ArpSender, Frame};
use super::link::{FrameSocket, Interface};
use super::packet::{Mac, Packet};

/// An asker is who seems to ask, in each family.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// In ARP.
    pub arp: ArpSender,
    /// The source of neighbour solicitations, to which advertisements go.
    pub ipv6: Ipv6Addr,
}

impl Asker {
    fn asks(self, target: IpAddr) -> Frame {
        match target {
            IpAddr::V4(target) => Frame::Arp(target, self.arp),
            IpAddr::V6(target) => Frame::Solicitation(target, self.ipv6),
        }
    }
}

/// Silence is when no answer will come any more.
#[derive(Clone, Copy, Debug)]
pub enum Silence<'a> {
    /// As soon as these addresses are answered for, which are asked for last, and belong to all
    /// who might answer. That they are not within that time is an error.
    Proved {
        /// Addresses that are surely answered for, at least one.
        awaited: &'a [IpAddr],
        /// How long that may take.
        within: Duration,
    },
    /// Once that time is over: for devices that keep questions in a queue of their own, as a
    /// macvlan does, so that no other answer says that they were dealt with.
    Assumed(Duration),
}

/// Returns the MAC addresses that answer when their neighbours are asked, by that interface,
/// who has `target`: in IPv4 by ARP, in IPv6 by a neighbour solicitation.
///
/// # Errors
/// Nothing could be asked, or heard; or silence was not proved.
pub fn who_has(
    interface: &str,
    target: IpAddr,
    asker: Asker,
    silence: Silence<'_>,
) -> Result<BTreeSet<Mac>, ProbeError> {
    let (interface, socket) = (Interface::find(interface)?, FrameSocket::open()?);
    let mut frames = vec![asker.asks(target)];
    let packets = match silence {
        Silence::Proved { awaited, within } => {
            let asker = Asker { arp: ArpSender::Nobody, ..asker };
            frames.extend(awaited.iter().map(|address| asker.asks(*address)));
            send(&socket, &interface, &frames)?;
            let mut waiting: BTreeSet<IpAddr> = awaited.iter().copied().collect();
            receive(&socket, within, |packet| {
                let answered = packet.claim().is_some_and(|(address, _)| waiting.remove(&address));
                answered && waiting.is_empty()
            })?
        }
        Silence::Assumed(after) => {
            send(&socket, &interface, &frames)?;
            heard(&socket, after)?
        }
    };
    let claims = packets.iter().filter_map(Packet::claim);
    Ok(claims.filter(|(address, _)| *address == target).map(|(_, mac)| mac).collect())
}

/// Sends frames by that interface, and returns what any interface receives up to the packet
/// that `last` knows.
///
/// # Errors
/// Nothing could be sent, or received; or that packet did not come in that time.
pub fn exchange(
    interface: &str,
    frames: &[Frame],
    within: Duration,
    last: impl FnMut(&Packet) -> bool,
) -> Result<Vec<Packet>, ProbeError> {
    let (interface, socket) = (Interface::find(interface)?, FrameSocket::open()?);
    send(&socket, &interface, frames)?;
    receive(&socket, within, last)
}

/// Returns what is received up to the packet that `last` knows.
///
/// # Errors
/// Nothing could be received; or that packet did not come in that time.
pub fn receive(
    socket: &FrameSocket,
    within: Duration,
    mut last: impl FnMut(&Packet) -> bool,
) -> Result<Vec<Packet>, ProbeError> {
    let end = Instant::now() + within;
    let mut heard = Vec::new();
    while Instant::now() < end {
        let Some(packet) = socket.next()?.filter(|packet| !packet.sent) else { continue };
        let is_last = last(&packet);
        heard.push(packet);
        if is_last {
            return Ok(heard);
        }
    }
    Err(ProbeError::Unanswered { heard })
}

/// Returns what is received in that time.
fn heard(socket: &FrameSocket, during: Duration) -> Result<Vec<Packet>, ProbeError> {
    match receive(socket, during, |_| false) {
        Err(ProbeError::Unanswered { heard }) => Ok(heard),
        other => other,
    }
}

fn send(socket: &FrameSocket, by: &Interface, frames: &[Frame]) -> Result<(), ProbeError> {
    frames.iter().try_for_each(|frame| socket.send(by, &frame.bytes(by.mac())))
}
