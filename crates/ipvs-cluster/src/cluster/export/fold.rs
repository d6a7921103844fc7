// SPDX-License-Identifier: MIT OR Apache-2.0

//! Folds a table: services with equal settings and servers become one entry, and servers that
//! several entries have a pool.

use std::fmt::Write;

use foldhash::{HashMap, HashMapExt, HashSet};
use ipvs_netlink::{AddressFamily, Destination, Scheduler, Service, ServiceKey};

use super::pair::pair;
use super::servers::{Listed, Servers, most};
use super::settings;
use crate::cluster::node::Node;
use crate::observed::ObservedService;
use crate::plan::order_matters;

/// Holds services that are written as one.
pub(super) struct Entry<'a> {
    pub(super) keys: Vec<ServiceKey>,
    /// The first of them, which has all settings.
    pub(super) service: &'a Service,
    pub(super) list: usize,
}

/// Holds the servers of one entry, or of several.
struct List {
    servers: Servers,
    uses: usize,
    is_pool: bool,
}

/// Holds the parts of a file that come of the services.
pub(super) struct Folded {
    pub(super) defaults: Vec<(String, Node)>,
    pub(super) pools: Vec<(String, Node)>,
    pub(super) services: Vec<Node>,
}

/// Folds services, each of which a file can say.
pub(super) fn fold(services: &[ObservedService]) -> Folded {
    let (mut entries, mut lists) = entries(services);
    let of_both = pair(&mut entries, &mut lists);
    let lists = said(&lists, &entries, &of_both);

    let scheduler = shared(entries.iter().map(|entry| entry.service.scheduler.name()));
    let method = shared(lists.iter().flat_map(|list| {
        let times = if list.is_pool { 1 } else { list.uses };
        std::iter::repeat_n(list.servers.method, times).flatten()
    }));
    let mut names = HashMap::new();
    let mut pools = Vec::new();
    for (place, List { servers, .. }) in lists.iter().enumerate().filter(|(_, list)| list.is_pool) {
        let name = format!("pool-{}", pools.len() + 1);
        names.insert(place, name.clone());
        let mut fields = method_of(servers, method);
        fields.extend(servers.port.map(|port| ("port".to_owned(), Node::Number(port.into()))));
        fields.extend(servers.shared.iter().cloned());
        fields.push(("servers".to_owned(), Node::List(servers.items.clone())));
        pools.push((name, Node::Map(fields)));
    }

    let services = entries.iter().map(|entry| {
        let mut fields = vec![("service".to_owned(), named(&entry.keys))];
        let scheduler =
            Some(entry.service.scheduler.name()).filter(|name| Some(*name) != scheduler);
        fields.extend(scheduler.map(|name| ("scheduler".to_owned(), Node::text(name))));
        fields.extend(settings::of_service(entry.service));
        match (names.get(&entry.list), lists.get(entry.list)) {
            (Some(pool), _) => fields.push(("pool".to_owned(), Node::text(pool))),
            (None, Some(List { servers, .. })) => {
                fields.extend(method_of(servers, method));
                fields.extend(servers.shared.iter().cloned());
                fields.push(("servers".to_owned(), few(&servers.items)));
            }
            (None, None) => {}
        }
        Node::Map(fields)
    });
    let services = services.collect();
    let defaults = [("scheduler", scheduler), ("method", method)];
    let defaults = defaults.into_iter().filter_map(|(key, word)| Some((key, word?)));
    let defaults = defaults.map(|(key, word)| (key.to_owned(), Node::text(word))).collect();
    Folded { defaults, pools, services }
}

/// Finds the services that have the same settings, and servers that can be said in the same words.
fn entries(services: &[ObservedService]) -> (Vec<Entry<'_>>, Vec<Vec<Listed>>) {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut places: HashMap<(AddressFamily, Service, usize), usize> = HashMap::new();
    let mut lists: Vec<Vec<Listed>> = Vec::new();
    let mut known: HashMap<Vec<Listed>, usize> = HashMap::new();
    for ObservedService { service, servers, .. } in services {
        let servers = listed(&service.key, &service.scheduler, servers);
        let list = *known.entry(servers).or_insert_with_key(|servers| {
            lists.push(servers.clone());
            lists.len() - 1
        });
        // Without its key, it is its settings.
        let mut settings = service.clone();
        settings.key = settings::ANY_KEY;
        match places.get(&(service.key.family(), settings.clone(), list)) {
            Some(place) => {
                if let Some(entry) = entries.get_mut(*place) {
                    entry.keys.push(service.key);
                }
            }
            None => {
                places.insert((service.key.family(), settings, list), entries.len());
                entries.push(Entry { keys: vec![service.key], service, list });
            }
        }
    }
    (entries, lists)
}

/// Returns the servers in the order in which they are written: that of adding, where the scheduler
/// hashes by it, else that of their addresses.
fn listed(service: &ServiceKey, scheduler: &Scheduler, servers: &[Destination]) -> Vec<Listed> {
    let mut servers = servers.to_vec();
    if !order_matters(scheduler) {
        Destination::sort_canonically(&mut servers);
    }
    servers.iter().map(|server| Listed::new(server, service)).collect()
}

/// Says each list in words, as a pool if several entries have it. It has to mean in a pool what it
/// means in its services: of a pool, each takes the servers of its own family only.
/// `of_both` have servers of both.
fn said(lists: &[Vec<Listed>], entries: &[Entry<'_>], of_both: &HashSet<usize>) -> Vec<List> {
    let mut uses = vec![(0_usize, true); lists.len()];
    for entry in entries {
        if let (Some((uses, fits)), Some(list)) = (uses.get_mut(entry.list), lists.get(entry.list))
        {
            let family = entry.service.key.family();
            *uses += 1;
            *fits &= !list.is_empty() && list.iter().all(|server| server.family() == family);
        }
    }
    let said = lists.iter().zip(uses).enumerate().map(|(place, (list, (uses, fits)))| {
        let is_pool = (fits && uses > 1) || of_both.contains(&place);
        List { servers: Servers::new(list, is_pool), uses, is_pool }
    });
    said.collect()
}

/// Returns a word that is said more than once, the one said most.
fn shared<'a>(words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    most(words).filter(|(_, many)| *many > 1).map(|(word, _)| word)
}

fn method_of(servers: &Servers, default: Option<&str>) -> Vec<(String, Node)> {
    let method = servers.method.filter(|method| Some(*method) != default);
    method.map(|method| ("method".to_owned(), Node::text(method))).into_iter().collect()
}

/// One server stands on the line of its list.
fn few(items: &[Node]) -> Node {
    let list = Node::List(items.to_vec());
    if items.len() > 1 { list } else { list.on_one_line() }
}

/// Says the services of an entry: the ports of one protocol and address together.
fn named(keys: &[ServiceKey]) -> Node {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    let mut texts = Vec::new();
    let at = |key: &ServiceKey| (key.protocol(), key.address());
    for run in keys.chunk_by(|one, other| {
        // Port 0 is all of them, and no fwmark has one.
        at(one) == at(other) && [one, other].iter().all(|key| key.port().unwrap_or(0) != 0)
    }) {
        let [first, others @ ..] = run else { continue };
        let mut text = first.to_string();
        if !others.is_empty() {
            let ports: Vec<u16> = run.iter().filter_map(ServiceKey::port).collect();
            text.truncate(text.len() - ports.first().map_or(0, |port| port.to_string().len()));
            text.push_str(&ports_text(&ports));
        }
        texts.push(Node::Text(text));
    }
    match <[Node; 1]>::try_from(texts) {
        Ok([text]) => text,
        Err(texts) => Node::List(texts),
    }
}

/// Writes ports in their order: `80,443,8000-8010`.
fn ports_text(ports: &[u16]) -> String {
    let mut text = String::new();
    for run in ports.chunk_by(|one, other| one.checked_add(1) == Some(*other)) {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a text does not fail.
        let _ = match run {
            [first, _, .., last] => write!(text, "{comma}{first}-{last}"),
            _ => run.iter().enumerate().try_for_each(|(place, port)| {
                write!(text, "{}{port}", if place == 0 { comma } else { "," })
            }),
        };
    }
    text
}
