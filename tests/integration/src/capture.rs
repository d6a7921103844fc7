// SPDX-License-Identifier: MIT OR Apache-2.0

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use lvs_check::probe::{FrameSocket, Packet};
use nix::sys::socket::{setsockopt, sockopt};

use crate::Host;

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
        let socket = host.enter(FrameSocket::open).expect("a packet socket");
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

fn listen(socket: &FrameSocket, packets: &Sender<Packet>, stop: &AtomicBool) {
    loop {
        // Read the flag first: what arrived before it was set is still to come.
        let last_round = stop.load(Ordering::Acquire);
        while let Some(packet) = socket.next().expect("a frame") {
            if packets.send(packet).is_err() {
                return;
            }
        }
        if last_round {
            return;
        }
    }
}
