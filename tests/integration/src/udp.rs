// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::{Answer, Host};

const TIMEOUT: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_millis(50);

/// A UDP server that says which host it is and whom it saw.
#[derive(Debug)]
pub struct UdpServer {
    stop: Arc<AtomicBool>,
    worker: Option<JoinHandle<()>>,
}

impl UdpServer {
    /// Starts one on `address` of `host`. On a real server of DR and TUN that
    /// is the VIP: a wildcard socket would answer from the RIP.
    pub fn start(host: &Host, address: SocketAddr) -> Self {
        let socket = host.enter(|| UdpSocket::bind(address));
        let socket = socket.unwrap_or_else(|error| panic!("{} {address}: {error}", host.name()));
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let name = host.name().to_owned();
        let worker = host.start(move || {
            let mut request = [0; 64];
            while !stopped.load(Ordering::Acquire) {
                if let Ok((_, peer)) = socket.recv_from(&mut request) {
                    let _ = socket.send_to(format!("{name} {}", peer.ip()).as_bytes(), peer);
                }
            }
        });
        Self { stop, worker: Some(worker) }
    }
}

impl Drop for UdpServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

impl Host {
    /// Sends `count` UDP requests one after the other, each from a port of its
    /// own, and returns what came back.
    pub fn ask_udp(&self, to: SocketAddr, count: usize) -> Vec<Result<Answer, String>> {
        self.enter(|| (0..count).map(|_| ask_once(to).map_err(|error| error.to_string())).collect())
    }
}

fn ask_once(to: SocketAddr) -> std::io::Result<Answer> {
    let own: SocketAddr = match to {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(own)?;
    // A connected socket takes an answer from `to` only.
    socket.connect(to)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    socket.send(b"?")?;
    let mut response = [0; 128];
    let length = socket.recv(&mut response)?;
    let text = String::from_utf8_lossy(&response[..length]).into_owned();
    let parsed = text.split_once(' ').and_then(|(server, saw)| {
        Some(Answer { server: server.to_owned(), saw: saw.parse().ok()? })
    });
    parsed.ok_or_else(|| std::io::Error::other(format!("not an answer: {text:?}")))
}
