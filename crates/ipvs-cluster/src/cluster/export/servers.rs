// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the servers of a service as short as they can be said: what all share is said once, and
//! neighbours are a range.

use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::HashMap;
use ipvs_netlink::{
    AddressFamily, Destination, DestinationKey, ForwardingMethod, GueChecksum, ServiceKey,
    Thresholds, Tunnel, Weight,
};

use crate::cluster::node::Node;

/// Holds a server as a list has it that several services may share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Listed {
    address: IpAddr,
    /// `None` if it is its service's.
    port: Option<u16>,
    how: How,
}

/// Says how a server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct How {
    forwarding: ForwardingMethod,
    weight: Weight,
    thresholds: Thresholds,
}

impl Listed {
    pub(super) fn new(server: &Destination, service: &ServiceKey) -> Self {
        let Destination {
            key: DestinationKey { address, port },
            forwarding,
            weight,
            thresholds,
            ..
        } = *server;
        let its = service.port().unwrap_or(0);
        let how = How { forwarding, weight, thresholds };
        Self { address, port: (port != its).then_some(port), how }
    }

    pub(super) fn family(&self) -> AddressFamily {
        AddressFamily::of(self.address)
    }

    fn follows(&self, before: &Self) -> bool {
        let next = match before.address {
            IpAddr::V4(it) => it.to_bits().checked_add(1).map(|bits| Ipv4Addr::from(bits).into()),
            IpAddr::V6(it) => it.to_bits().checked_add(1).map(|bits| Ipv6Addr::from(bits).into()),
        };
        (self.port, self.how) == (before.port, before.how) && Some(self.address) == next
    }
}

/// Holds servers in the words of a file, apart from what all of them share.
#[derive(Clone, Debug)]
pub(super) struct Servers {
    /// The method of most, which stands at the list, or in `defaults`.
    pub(super) method: Option<&'static str>,
    /// Whether no port of its own is said by any server, but by the list.
    pub(super) port: Option<u16>,
    /// What stands beside the list: all but the method and the port.
    pub(super) shared: Vec<(String, Node)>,
    pub(super) items: Vec<Node>,
}

impl Servers {
    /// Says servers. `may_have_port` is whether the list can have one of its own: a pool can.
    pub(super) fn new(servers: &[Listed], may_have_port: bool) -> Self {
        let word = |server: &Listed| server.how.forwarding.name();
        let of_all = |tunnel: &Tunnel| {
            servers.iter().all(|it| it.how.forwarding == ForwardingMethod::Tunnel(*tunnel))
        };
        let shared = Shared {
            method: most(servers.iter().filter_map(word)).map(|(method, _)| method),
            port: only(servers.iter().map(|it| it.port)).flatten().filter(|_| may_have_port),
            tunnel: servers.first().and_then(|it| tunnel_of(&it.how)).filter(of_all),
            weight: most(servers.iter().map(|it| it.how.weight))
                .filter(|(weight, many)| *weight != Weight::ONE && *many > 1)
                .map_or(Weight::ONE, |(weight, _)| weight),
            thresholds: only(servers.iter().map(|it| it.how.thresholds))
                .filter(|_| servers.len() > 1)
                .unwrap_or(Thresholds::UNLIMITED),
        };
        let mut fields = Vec::new();
        let mut say = |key: &str, node: Option<Node>| {
            fields.extend(node.map(|node| (key.to_owned(), node)));
        };
        say("tunnel", shared.tunnel.map(tunnel));
        say(
            "weight",
            (shared.weight != Weight::ONE).then(|| Node::Number(shared.weight.get().into())),
        );
        let limits = shared.thresholds;
        for (key, limit) in [("upper", limits.upper()), ("lower", limits.lower())] {
            say(&format!("{key}_threshold"), (limit != 0).then_some(Node::Number(limit.into())));
        }
        Self {
            method: shared.method,
            port: shared.port,
            shared: fields,
            items: runs(servers).map(|run| shared.item(run)).collect(),
        }
    }
}

/// What the servers of a list need not say.
struct Shared {
    method: Option<&'static str>,
    port: Option<u16>,
    tunnel: Option<Tunnel>,
    weight: Weight,
    thresholds: Thresholds,
}

impl Shared {
    /// Says servers that differ in their addresses only, which follow each other.
    fn item(&self, run: &[Listed]) -> Node {
        let [first, ..] = run else { return Node::text("") };
        let How { forwarding, weight, thresholds } = first.how;
        let port = first.port.filter(|_| self.port.is_none());
        let method = forwarding.name().filter(|name| Some(*name) != self.method);
        let its_tunnel = tunnel_of(&first.how).filter(|_| self.tunnel.is_none());
        let number = |said: bool, number: u32| said.then_some(Node::Number(number.into()));
        let limits = self.thresholds == Thresholds::UNLIMITED;
        let mut fields = [
            ("server", None),
            ("port", None),
            ("method", method.map(Node::text)),
            ("tunnel", its_tunnel.map(tunnel)),
            ("weight", number(weight != self.weight, weight.get())),
            ("upper_threshold", number(limits && thresholds.upper() != 0, thresholds.upper())),
            ("lower_threshold", number(limits && thresholds.lower() != 0, thresholds.lower())),
        ];
        let is_alone = fields.iter().all(|(_, node)| node.is_none());
        let name = match (run, port) {
            ([.., last], _) if run.len() > 1 => format!("{}-{}", first.address, last.address),
            (_, Some(port)) if is_alone => {
                return Node::text(DestinationKey::new(first.address, port).to_string());
            }
            _ => first.address.to_string(),
        };
        if is_alone && port.is_none() {
            return Node::text(name);
        }
        fields[0].1 = Some(Node::text(name));
        fields[1].1 = port.map(|port| Node::Number(port.into()));
        Node::line(fields)
    }
}

/// The fewest neighbours that are written as a range: two are clearer one by one.
const RANGE: usize = 3;

/// Cuts a list into ranges and single servers.
fn runs(servers: &[Listed]) -> impl Iterator<Item = &[Listed]> {
    let long = servers.chunk_by(|before, after| after.follows(before));
    long.flat_map(|run| run.chunks(if run.len() < RANGE { 1 } else { run.len() }))
}

fn tunnel_of(how: &How) -> Option<Tunnel> {
    match how.forwarding {
        // What a tunnel is unless it says otherwise.
        ForwardingMethod::Tunnel(Tunnel::Ipip) => None,
        ForwardingMethod::Tunnel(tunnel) => Some(tunnel),
        _ => None,
    }
}

fn tunnel(tunnel: Tunnel) -> Node {
    let (port, checksum) = match tunnel {
        Tunnel::Gue { port, checksum } => (Some(port.get()), checksum),
        Tunnel::Gre { checksum: true } => (None, GueChecksum::Outer),
        _ => (None, GueChecksum::None),
    };
    Node::line([
        ("type", tunnel.name().map(Node::text)),
        ("port", port.map(|port| Node::Number(port.into()))),
        ("checksum", (checksum != GueChecksum::None).then(|| Node::text(checksum.name()))),
    ])
}

/// Returns what is said most often, the first of several, and how often.
pub(super) fn most<T: Copy + Eq + Hash>(all: impl Iterator<Item = T>) -> Option<(T, usize)> {
    let mut counts: HashMap<T, (usize, usize)> = HashMap::default();
    for (place, one) in all.enumerate() {
        counts.entry(one).or_insert((0, usize::MAX - place)).0 += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, counted)| *counted);
    most.map(|(one, (many, _))| (one, many))
}

/// Returns what all say, if they do.
fn only<T: Copy + Eq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}
