// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a host says of addresses that it must not claim, while others ask without end.
//!
//! Each round of questions ends with two that the host must answer, for its own addresses.
//! A round is over when those answers are seen to leave: what was not said by then to the
//! questions before them will not be. So it is known, not hoped, that somebody asked
//! between two moments, and nothing is overheard for being too much.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use lvs_check::probe::{ArpSender, Frame, FrameSocket, Interface, Mac, Packet};

use crate::Host;

/// How long a sure answer may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(20);

/// When questions that were not answered are asked again: a host may be told to be mute.
const AGAIN: Duration = Duration::from_secs(1);

/// The host that is watched, and what it may not claim.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The interface where questions come in and answers leave.
    pub interface: &'static str,
    /// Its own addresses there, which it answers for.
    pub own: (Ipv4Addr, Ipv6Addr),
    /// What it must not claim.
    pub vips: Vec<IpAddr>,
    /// Addresses that nobody has, in a network of that interface. Whatever is answered to
    /// them makes the host ask for them first, and name itself in that.
    pub absent: Vec<Ipv4Addr>,
}

/// Hears all that a host claims, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    watched: Watched,
    mac: Mac,
}

#[derive(Debug, Default)]
struct Shared {
    heard: Mutex<Heard>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct Heard {
    /// What it claimed of the VIPs, and how often.
    claims: BTreeMap<String, u64>,
    /// How many sure answers went to whom, by family.
    answers: HashMap<Mac, [u64; 2]>,
    /// How many rounds each has asked.
    rounds: Vec<u64>,
    /// How often it asked for somebody absent.
    requests: u64,
    /// Its settings let it answer no ARP at all: what it says of its IPv6 address is enough.
    mute: bool,
    over: bool,
}

impl Shared {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `enough`, or the end of the watch. Whether it is enough.
    fn wait(&self, patience: Duration, enough: impl Fn(&Heard) -> bool) -> bool {
        let not_yet = |heard: &mut Heard| !enough(heard) && !heard.over;
        let waited = self.news.wait_timeout_while(self.heard(), patience, not_yet);
        enough(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }
}

impl Watch {
    /// Watches `host`; it listens when this returns.
    pub fn start(host: &Host, watched: Watched) -> Self {
        let mac = host.mac(watched.interface);
        let shared = Arc::new(Shared::default());
        let (socket, interface) = host.enter(|| open(watched.interface));
        let index = interface.index();
        let (to, what) = (Arc::clone(&shared), watched.clone());
        let worker = std::thread::spawn(move || {
            while !to.heard().over {
                let Some(packet) = socket.next().expect("a frame") else { continue };
                if packet.sent && packet.interface == index {
                    to.heard().note(&packet, &what);
                    to.news.notify_all();
                }
            }
        });
        Self { shared, workers: vec![worker], watched, mac }
    }

    /// Lets `asker` ask without end, with these addresses of its own on its `interface`.
    pub fn asked_by(&mut self, asker: &Host, interface: &str, own: (Ipv4Addr, Ipv6Addr)) {
        let (socket, interface) = asker.enter(|| open(interface));
        let mac = interface.mac();
        let rounds: Vec<Vec<Vec<u8>>> = (0..self.watched.absent.len())
            .map(|round| self.round(own, round).iter().map(|frame| frame.bytes(mac)).collect())
            .collect();
        let number = self.shared.heard().rounds.len();
        self.shared.heard().rounds.push(0);
        let shared = Arc::clone(&self.shared);
        self.workers.push(std::thread::spawn(move || {
            for round in rounds.iter().cycle() {
                let [arp, ndp] = shared.heard().answers.get(&mac).copied().unwrap_or_default();
                let answered = |heard: &Heard| {
                    let sure = |now: &[u64; 2]| (heard.mute || now[0] > arp) && now[1] > ndp;
                    heard.answers.get(&mac).is_some_and(sure)
                };
                loop {
                    for frame in round {
                        socket.send(&interface, frame).expect("a question sent");
                    }
                    if shared.wait(AGAIN, answered) {
                        break;
                    }
                    if shared.heard().over {
                        return;
                    }
                }
                shared.heard().rounds[number] += 1;
                shared.news.notify_all();
            }
        }));
    }

    /// All that can be asked about the VIPs, then the two sure questions.
    fn round(&self, own: (Ipv4Addr, Ipv6Addr), number: usize) -> Vec<Frame> {
        let Watched { own: host, vips, absent, .. } = &self.watched;
        let mut frames = Vec::new();
        // Nobody is asked for twice at a time, so that each VIP may be named as the sender.
        let strangers = number * (vips.len() + 1);
        let stranger = |place: usize| absent[(strangers + place) % absent.len()];
        for (place, vip) in vips.iter().enumerate() {
            match *vip {
                IpAddr::V4(vip) => {
                    frames.extend([
                        Frame::Arp(vip, ArpSender::Nobody),
                        Frame::Arp(vip, ArpSender::Address(own.0)),
                        Frame::ArpTo(self.mac, vip, own.0),
                        Frame::Echo(self.mac, vec![(stranger(place), vip)]),
                    ]);
                }
                IpAddr::V6(vip) => frames.extend([
                    Frame::Solicitation(vip, own.1),
                    Frame::SolicitationTo(self.mac, vip, own.1),
                ]),
            }
        }
        frames.extend([
            Frame::Echo(self.mac, vec![(stranger(vips.len()), host.0)]),
            Frame::Arp(host.0, ArpSender::Nobody),
            Frame::Solicitation(host.1, own.1),
        ]);
        frames
    }

    /// Returns when everybody has begun and ended a round of questions since it was called,
    /// and the host has asked for somebody absent.
    ///
    /// # Panics
    /// If the host does not answer for its own addresses.
    pub fn look(&self) {
        let (rounds, requests) = {
            let heard = self.shared.heard();
            (heard.rounds.clone(), heard.requests)
        };
        let enough = |heard: &Heard| {
            // One of the two may have begun before.
            let asked = heard.rounds.iter().zip(&rounds).all(|(now, then)| *now >= then + 2);
            asked && heard.requests > requests
        };
        assert!(self.shared.wait(PATIENCE, enough), "not answered: {:?}", self.shared.heard());
    }

    /// Returns when everybody has begun and ended a round of questions since it was called,
    /// also of a host whose settings keep it from answering ARP, or from asking for anybody.
    ///
    /// # Panics
    /// If the host does not answer for its own addresses.
    pub fn look_at(&self, mute: bool) {
        let rounds = {
            let mut heard = self.shared.heard();
            heard.mute = mute;
            heard.rounds.clone()
        };
        let enough =
            |heard: &Heard| heard.rounds.iter().zip(&rounds).all(|(now, then)| *now >= then + 2);
        assert!(self.shared.wait(PATIENCE, enough), "not answered: {:?}", self.shared.heard());
    }

    /// How many rounds were asked, by all together.
    pub fn rounds(&self) -> u64 {
        self.shared.heard().rounds.iter().sum()
    }

    /// What was claimed since the last time.
    pub fn claims(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.heard().claims).into_keys().collect()
    }
}

fn open(interface: &str) -> (FrameSocket, Interface) {
    let socket = FrameSocket::open().expect("a packet socket");
    (socket, Interface::find(interface).expect("an interface"))
}

impl Heard {
    /// Of what the host sent.
    fn note(&mut self, packet: &Packet, watched: &Watched) {
        let mut claim = None;
        let mut answer = None;
        if let Some(arp) = packet.arp {
            let kind = if arp.request { "request" } else { "reply" };
            claim = Some((IpAddr::V4(arp.sender), format!("ARP {kind} from")));
            answer = (!arp.request && arp.sender == watched.own.0).then_some(0);
            self.requests += u64::from(arp.request && watched.absent.contains(&arp.target));
        }
        if let Some(ip) = &packet.ip
            && let Some(neighbour) = ip.neighbour
        {
            claim = Some(match neighbour.solicitation {
                true => (ip.source, "solicitation from".to_owned()),
                false => (IpAddr::V6(neighbour.target), "advertisement of".to_owned()),
            });
            answer = packet.advertises(watched.own.1).then_some(1);
        }
        if let Some((ip, what)) = claim.filter(|(ip, _)| watched.vips.contains(ip)) {
            *self.claims.entry(format!("{what} {ip}")).or_default() += 1;
        }
        if let Some(family) = answer {
            self.answers.entry(packet.to).or_default()[family] += 1;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.heard().over = true;
        self.shared.news.notify_all();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}
