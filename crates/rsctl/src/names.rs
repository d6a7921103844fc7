// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds names for addresses and ports, only where they were asked for: beside the numbers in JSON,
//! instead of them in tables.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ipvs_netlink::Protocol;
use lvs_term::printable_ascii;

use crate::ipvsadm::port_names::PortNames;

/// Look-ups at a time: a name server that does not answer holds each for seconds.
const THREADS: usize = 16;
/// How long all of them may take together.
const PATIENCE: Duration = Duration::from_secs(5);

/// Holds what was found. Without looking, nothing.
#[derive(Debug, Default)]
pub(crate) struct Names {
    hosts: HashMap<IpAddr, String>,
    ports: Option<PortNames>,
    /// Addresses that nobody answered for in time.
    pub(crate) unanswered: usize,
}

impl Names {
    /// Looks each address up once, all of them within [`PATIENCE`]. What has no name
    /// by then stays a number.
    pub(crate) fn look_up(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let addresses: BTreeSet<IpAddr> = addresses.into_iter().collect();
        let (hosts, unanswered) = ask(addresses, PATIENCE, host_name);
        Self { hosts, ports: Some(PortNames::read()), unanswered }
    }

    /// Returns whether anything but numbers is wanted.
    pub(crate) fn are_asked_for(&self) -> bool {
        self.ports.is_some()
    }

    /// Returns the name of the host.
    pub(crate) fn host(&self, address: IpAddr) -> Option<&str> {
        self.hosts.get(&address).map(String::as_str)
    }

    /// Returns the name of the port; services by mark have no protocol, and so no such names.
    pub(crate) fn port(&self, port: u16, protocol: Option<Protocol>) -> Option<String> {
        let name = self.ports.as_ref()?.name(port, &protocol?.to_string())?;
        Some(printable_ascii(name))
    }

    /// Returns `web1.example:http`, as far as there are names.
    pub(crate) fn endpoint(
        &self,
        address: IpAddr,
        port: u16,
        protocol: Option<Protocol>,
    ) -> String {
        let host = self.host(address);
        match (host, self.port(port, protocol)) {
            (None, None) => SocketAddr::new(address, port).to_string(),
            (Some(host), None) => format!("{host}:{port}"),
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (None, Some(port)) => match address {
                IpAddr::V4(v4) => format!("{v4}:{port}"),
                IpAddr::V6(v6) => format!("[{v6}]:{port}"),
            },
        }
    }
}

fn host_name(address: IpAddr) -> Option<String> {
    let found = dns_lookup::lookup_addr(&address).ok()?;
    // Without a name it is the address again; and who calls himself by another's
    // address is not believed.
    (!found.is_empty() && found.parse::<IpAddr>().is_err()).then(|| printable_ascii(&found))
}

/// Returns the answers of `answer`, which may take its time, and how many did not come.
fn ask(
    addresses: BTreeSet<IpAddr>,
    patience: Duration,
    answer: fn(IpAddr) -> Option<String>,
) -> (HashMap<IpAddr, String>, usize) {
    let end = Instant::now() + patience;
    let mut waiting = addresses.len();
    let threads = waiting.min(THREADS);
    let questions = Arc::new(Mutex::new(addresses.into_iter()));
    let (sender, answers) = mpsc::channel();
    for _ in 0..threads {
        let (questions, sender) = (Arc::clone(&questions), sender.clone());
        // Nobody waits for one that is stuck: it ends with the process.
        let started = thread::Builder::new().spawn(move || {
            loop {
                let next = questions.lock().ok().and_then(|mut rest| rest.next());
                let Some(address) = next else { break };
                if sender.send((address, answer(address))).is_err() {
                    break;
                }
            }
        });
        if started.is_err() {
            break;
        }
    }
    drop(sender);
    let mut hosts = HashMap::new();
    while waiting > 0 {
        match answers.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok((address, name)) => {
                waiting -= 1;
                hosts.extend(name.map(|name| (address, name)));
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    (hosts, waiting)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn addresses(number: u32) -> BTreeSet<IpAddr> {
        (0..number).map(|n| Ipv4Addr::from_bits(n).into()).collect()
    }

    #[test]
    fn each_address_is_asked_for_once() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        fn odd(address: IpAddr) -> Option<String> {
            ASKED.fetch_add(1, Ordering::SeqCst);
            let IpAddr::V4(v4) = address else { return None };
            (v4.to_bits() % 2 == 1).then(|| format!("host-{v4}"))
        }
        let (hosts, unanswered) = ask(addresses(1000), Duration::from_secs(60), odd);
        assert_eq!((hosts.len(), unanswered), (500, 0));
        assert_eq!(ASKED.load(Ordering::SeqCst), 1000);
    }

    #[test]
    fn who_does_not_answer_is_not_waited_for() {
        fn stuck(address: IpAddr) -> Option<String> {
            if address == IpAddr::from(Ipv4Addr::from_bits(0)) {
                return Some("first".to_owned());
            }
            loop {
                thread::park();
            }
        }
        let start = Instant::now();
        let (hosts, unanswered) = ask(addresses(1000), Duration::from_millis(300), stuck);
        assert_eq!((hosts.len(), unanswered), (1, 999));
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn nothing_in_a_name_reaches_the_terminal() {
        let ports = Some(PortNames::parse("a\x07\x1b[31m\u{202e}b 80/tcp"));
        let names = Names { ports, ..Names::default() };
        let shown = "a\\u{7}\\u{1b}[31m\\u{202e}b";
        assert_eq!(names.port(80, Some(Protocol::Tcp)).as_deref(), Some(shown));
    }

    #[test]
    fn numbers_stand_where_there_is_no_name() {
        let mut names = Names::default();
        let tcp = Some(Protocol::Tcp);
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(names.endpoint(v6, 80, tcp), "[2001:db8::1]:80");
        names.ports = Some(PortNames::parse("http 80/tcp"));
        assert_eq!(names.endpoint(v6, 80, tcp), "[2001:db8::1]:http");
        assert_eq!(names.endpoint(v6, 80, None), "[2001:db8::1]:80");
        names.hosts.insert(v6, "web1".to_owned());
        assert_eq!(names.endpoint(v6, 81, tcp), "web1:81");
        assert_eq!(names.endpoint(v6, 80, tcp), "web1:http");
    }
}
