// SPDX-License-Identifier: MIT OR Apache-2.0

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, LinkAddr, SockFlag, SockProtocol, SockType, recvfrom, setsockopt, socket,
    sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::{Host, Packet};

/// `PACKET_OUTGOING` (`include/uapi/linux/if_packet.h`)
const OUTGOING: u8 = 4;
/// Room for a burst: the default holds a few hundred small frames.
const RECEIVE_BUFFER: usize = 16 << 20;

/// All frames that pass a host's interfaces, from the moment it is started.
#[derive(Debug)]
pub struct Capture {
    packets: Receiver<Packet>,
    stop: Arc<AtomicBool>,
    worker: Option<JoinHandle<()>>,
}

impl Capture {
    /// Starts to listen on every interface of `host`; it listens when this
    /// returns. A forwarded packet is seen twice.
    pub fn start(host: &Host) -> Self {
        let socket = host.enter(packet_socket);
        setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).expect("a large buffer");
        let (sender, packets) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let worker = std::thread::spawn(move || listen(&socket, &sender, &stopped));
        Self { packets, stop, worker: Some(worker) }
    }

    /// Ends it and returns what passed, oldest first.
    pub fn stop(mut self) -> Vec<Packet> {
        self.end();
        self.packets.try_iter().collect()
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.end();
    }
}

/// A socket that sees all frames of the calling thread's network namespace.
pub(crate) fn packet_socket() -> OwnedFd {
    let socket =
        socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::EthAll)
            .expect("a packet socket");
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::milliseconds(20)).expect("a timeout");
    socket
}

/// The next frame, or `None` if there is none for a moment.
pub(crate) fn next_packet(socket: &OwnedFd) -> Option<Packet> {
    let mut frame = [0; 2048];
    loop {
        match recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut frame) {
            Ok((length, from)) => {
                let from = from.expect("a packet's interface");
                let frame = &frame[..length.min(frame.len())];
                let packet = Packet::parse(frame, from.ifindex(), from.pkttype() == OUTGOING);
                if packet.is_some() {
                    return packet;
                }
            }
            Err(Errno::EAGAIN) => return None,
            // An interface that goes down is reported once; the others go on.
            Err(Errno::EINTR | Errno::ENETDOWN) => {}
            Err(error) => panic!("capture: {error}"),
        }
    }
}

fn listen(socket: &OwnedFd, packets: &Sender<Packet>, stop: &AtomicBool) {
    loop {
        // Read the flag first: what arrived before it was set is still to come.
        let last_round = stop.load(Ordering::Acquire);
        while let Some(packet) = next_packet(socket) {
            if packets.send(packet).is_err() {
                return;
            }
        }
        if last_round {
            return;
        }
    }
}
