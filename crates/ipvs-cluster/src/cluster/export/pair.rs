// SPDX-License-Identifier: MIT OR Apache-2.0

//! Folds what a site has twice, once for each address family: services that differ in that only
//! are one entry, over a pool with the servers of both.

use foldhash::{HashMap, HashMapExt, HashSet};
use ipvs_netlink::{AddressFamily, Netmask, Protocol, Service, ServiceKey};

use super::fold::Entry;
use super::servers::Listed;
use super::settings::ANY_KEY;

/// What both services of a pair have in common: their settings, and what they take.
type Likeness = (Service, Vec<(Option<Protocol>, u32)>);

/// Makes one entry of two where it can, and returns the lists that have servers of both families.
/// Such a list has to be a pool: of that, each service takes the servers of its own family.
pub(super) fn pair(entries: &mut Vec<Entry<'_>>, lists: &mut [Vec<Listed>]) -> HashSet<usize> {
    let pairs = unambiguous(candidates(entries, lists));
    let mut gone = HashSet::default();
    let mut moved = HashMap::new();
    for (v4, v6) in pairs {
        let (Some(one), Some(other)) = (entries.get(v4), entries.get(v6)) else { continue };
        let (to, from, keys) = (one.list, other.list, other.keys.clone());
        moved.insert(from, to);
        gone.insert(v6);
        if let Some(one) = entries.get_mut(v4) {
            one.keys.extend(keys);
        }
    }
    for (from, to) in &moved {
        let more = lists.get_mut(*from).map(std::mem::take).unwrap_or_default();
        if let Some(list) = lists.get_mut(*to) {
            list.extend(more);
        }
    }
    let mut place = 0..;
    entries.retain(|_| place.next().is_none_or(|place| !gone.contains(&place)));
    for entry in entries {
        entry.list = moved.get(&entry.list).copied().unwrap_or(entry.list);
    }
    moved.into_values().collect()
}

/// A place of an entry, and its list.
type Half = (usize, usize);

/// Returns entries that differ in the family only.
fn candidates(entries: &[Entry<'_>], lists: &[Vec<Listed>]) -> Vec<(Half, Half)> {
    // A list that is used across families, through tunnels, would not mean the same in a pool.
    let across = entries.iter().filter(|entry| {
        let family = entry.service.key.family();
        lists.get(entry.list).is_none_or(|list| list.iter().any(|it| it.family() != family))
    });
    let across: HashSet<usize> = across.map(|entry| entry.list).collect();
    let mut alike: HashMap<Likeness, [Vec<Half>; 2]> = HashMap::new();
    let mut order = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let is_empty = lists.get(entry.list).is_none_or(Vec::is_empty);
        let Some(likeness) = likeness(entry).filter(|_| !is_empty && !across.contains(&entry.list))
        else {
            continue;
        };
        let both = alike.entry(likeness.clone()).or_insert_with(|| {
            order.push(likeness);
            Default::default()
        });
        let [v4, v6] = both;
        let own = if entry.service.key.family() == AddressFamily::Ipv4 { v4 } else { v6 };
        own.push((place, entry.list));
    }
    let pairs = order.iter().filter_map(|likeness| match alike.get(likeness)? {
        [v4, v6] => match (v4.as_slice(), v6.as_slice()) {
            ([v4], [v6]) => Some((*v4, *v6)),
            _ => None,
        },
    });
    pairs.collect()
}

/// Leaves the pairs whose lists are together wherever one of them is in a pair.
fn unambiguous(pairs: Vec<(Half, Half)>) -> Vec<(usize, usize)> {
    let lists: HashSet<(usize, usize)> =
        pairs.iter().map(|((_, one), (_, other))| (*one, *other)).collect();
    let fits = |one: usize, other: usize| {
        lists.iter().filter(|(a, b)| *a == one || *b == other).count() == 1
    };
    let fitting = pairs.into_iter().filter(|((_, one), (_, other))| fits(*one, *other));
    fitting.map(|((one, _), (other, _))| (one, other)).collect()
}

/// Returns what an entry has apart from its family; `None` if it is bound to that.
fn likeness(entry: &Entry<'_>) -> Option<Likeness> {
    let mut settings = entry.service.clone();
    settings.key = ANY_KEY;
    if let Some(persistence) = &mut settings.persistence {
        if !persistence.netmask.is_host() {
            return None;
        }
        persistence.netmask = Netmask::host(AddressFamily::Ipv4);
    }
    let takes = entry.keys.iter().map(|key| match key {
        ServiceKey::Endpoint { protocol, port, .. } => (Some(*protocol), u32::from(*port)),
        ServiceKey::Fwmark { mark, .. } => (None, mark.get()),
    });
    let mut takes: Vec<_> = takes.collect();
    takes.sort_unstable();
    takes.dedup();
    Some((settings, takes))
}
