// SPDX-License-Identifier: MIT OR Apache-2.0

//! Directors whose servers are watched by another program: two directors on one
//! Ethernet with three web servers, and the table each has to come to.

use std::process::Command;
use std::time::{Duration, Instant};

use lab::{Host, Segment, WebServer, Wiring};

/// For a test that fails: a guest on a busy machine can be ten times as slow.
const PATIENCE: Duration = Duration::from_secs(90);

/// Two directors (10.0.0.1, 10.0.0.2) and the servers rs1, rs2 and spare
/// (10.0.0.11, .12, .13), all of them with an IPv6 address of the same ending.
pub(crate) struct Watched {
    pub(crate) director: Host,
    pub(crate) twin: Host,
    servers: Vec<Host>,
    web: Vec<Option<WebServer>>,
    _switch: Host,
}

impl Watched {
    /// All of them, and a web server on port 80 of each server.
    pub(crate) fn new() -> Self {
        let mut wiring = Wiring::new();
        let segment = wiring.segment();
        let director = host(&mut wiring, segment, "director", 1);
        let twin = host(&mut wiring, segment, "twin", 2);
        let servers: Vec<_> = [("rs1", 11), ("rs2", 12), ("spare", 13)]
            .map(|(name, number)| host(&mut wiring, segment, name, number))
            .into();
        let switch = wiring.connect();
        let web = servers.iter().map(|server| Some(WebServer::start(server, 80))).collect();
        Self { director, twin, servers, web, _switch: switch }
    }

    /// The web server of that server, counted from 0, stops.
    pub(crate) fn fail(&mut self, server: usize) {
        assert!(self.web[server].take().is_some(), "it runs");
    }

    /// The web server of that server, counted from 0, is back.
    pub(crate) fn recover(&mut self, server: usize) {
        self.web[server] = Some(WebServer::start(&self.servers[server], 80));
    }
}

fn host(wiring: &mut Wiring, segment: Segment, name: &str, number: u8) -> Host {
    let host = wiring.host(name);
    let addresses = [format!("10.0.0.{number}/24"), format!("2001:db8::{number}/64")];
    wiring.plug(segment, &host, "eth0", &addresses);
    host
}

/// Debian's `ipvsadm`, also where another one has taken its place.
pub(crate) const THEIRS: &str = "/run/debian/ipvsadm";

/// Lets `director` keep Debian's `ipvsadm` as [`THEIRS`].
pub(crate) fn keep_theirs(director: &Host) {
    director.must("mkdir -p /run/debian && cp /usr/sbin/ipvsadm /run/debian");
}

/// Waits until Debian's `ipvsadm` shows that table: the lines of `-Sn`, in any
/// order, without trailing blanks.
#[track_caller]
pub(crate) fn comes_to(host: &Host, what: &str, table: &[&str]) {
    let wanted = sorted(table.join("\n").as_str());
    let end = Instant::now() + PATIENCE;
    loop {
        // Without a shell: in the oldest kernel's guest that is dearer than the question.
        let output = host.enter(|| Command::new(THEIRS).arg("-Sn").output()).expect("ipvsadm");
        let shown = sorted(&String::from_utf8_lossy(&output.stdout));
        if shown == wanted {
            return;
        }
        assert!(
            Instant::now() < end,
            "{what} on {}: {}\nwanted: {}",
            host.name(),
            shown.join("\n"),
            wanted.join("\n")
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// The lines of a text, in order, without trailing blanks.
pub(crate) fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<_> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.sort();
    lines
}
