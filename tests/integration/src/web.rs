// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lvs_check::probe::connect;
use nix::sys::socket::{Shutdown, shutdown};

use crate::Host;

/// Longer than any answer takes, short enough for a test that expects none.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A web server that says which host it is and whom it saw.
#[derive(Debug)]
pub struct WebServer {
    listener: TcpListener,
    stop: Arc<AtomicBool>,
    worker: Option<JoinHandle<()>>,
}

/// What a web server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The name of the host that answered.
    pub server: String,
    /// The source address of the request as that host saw it.
    pub saw: IpAddr,
}

impl WebServer {
    /// Starts one on every address of `host`; it listens when this returns.
    pub fn start(host: &Host, port: u16) -> Self {
        let listener = host.enter(|| listen(port));
        let listener =
            listener.unwrap_or_else(|error| panic!("{} port {port}: {error}", host.name()));
        let own = listener.try_clone().expect("a second handle");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let name = host.name().to_owned();
        let worker = host.start(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                // A client that went away is its own business.
                let _ = stream.and_then(|stream| answer(stream, &name));
            }
        });
        Self { listener: own, stop, worker: Some(worker) }
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Wake it, as no connection could that a firewall is in front of.
        let woken = shutdown(self.listener.as_raw_fd(), Shutdown::Both);
        if woken.is_ok()
            && let Some(worker) = self.worker.take()
        {
            let _ = worker.join();
        }
    }
}

/// A listener on every address. One that was just closed can live on for a
/// moment in a child process of another test, between its fork and its exec.
fn listen(port: u16) -> std::io::Result<TcpListener> {
    let end = Instant::now() + TIMEOUT;
    loop {
        match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < end => {
                std::thread::yield_now();
            }
            outcome => return outcome,
        }
    }
}

fn answer(mut stream: TcpStream, name: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    let peer = stream.peer_addr()?.ip().to_canonical();
    let mut request = Vec::new();
    // To the end: closed with something unread, a connection is reset.
    while !request.ends_with(b"\r\n\r\n") {
        let mut part = [0; 4096];
        let length = stream.read(&mut part)?;
        if length == 0 {
            return Ok(());
        }
        request.extend(&part[..length]);
    }
    let body = format!("{name} {peer}\n");
    let length = body.len();
    write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")
}

impl Host {
    /// Sends `count` web requests one after the other, each on a connection of
    /// its own, and returns what came back: an answer, or why there was none.
    pub fn get(&self, to: SocketAddr, count: usize) -> Vec<Result<Answer, String>> {
        self.enter(|| (0..count).map(|_| get_once(to).map_err(|error| error.to_string())).collect())
    }
}

fn get_once(to: SocketAddr) -> std::io::Result<Answer> {
    let mut stream = connect(to, TIMEOUT).map_err(std::io::Error::other)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let parsed = response.lines().last().and_then(|line| {
        let (server, saw) = line.split_once(' ')?;
        Some(Answer { server: server.to_owned(), saw: saw.parse().ok()? })
    });
    parsed.ok_or_else(|| std::io::Error::other(format!("not an answer: {response:?}")))
}
