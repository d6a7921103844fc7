// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reading a list that others change meanwhile.
//!
//! The kernel answers a dump in datagrams of up to 32 KiB and goes on each time
//! behind as many objects as it has sent (`ip_vs_ctl.c`: `cb->args[0]`). What is
//! removed in between makes it skip others that nobody touched, what is added
//! makes it repeat some, and it never says so (`NLM_F_DUMP_INTR` is not set). The
//! objects of one datagram are gathered in one walk from the start of the list,
//! under the lock of the writers or, since 7.1, beside them under RCU: that shows
//! all that nobody touched meanwhile, so only a dump that took several datagrams
//! can hide any of it, or one that filled its last: that the list ends there
//! (`NLMSG_DONE`) the kernel finds in another walk, behind as many objects. Such
//! a list is read again, in datagrams that are cut at other places, until those
//! of all passes cover it without a gap ([`Seam`]).

use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use super::seam::{Seam, are_apart};
use crate::error::Error;
use crate::model::{
    Destination, DestinationEntry, DestinationKey, Service, ServiceEntry, ServiceKey,
};
use crate::operation::Operation;

/// How often a table is read before it is called unstable.
pub(super) const MOST_READS: usize = 16;

/// A pass says how one walk over a table went.
///
/// Returned by the one-pass reads, [`Client::for_each_service`] and
/// [`Client::for_each_destination`].
///
/// [`Client::for_each_service`]: crate::Client::for_each_service
/// [`Client::for_each_destination`]: crate::Client::for_each_destination
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pass {
    /// Objects seen, repeated ones included.
    pub objects: usize,
    /// Datagrams they came in.
    pub datagrams: usize,
    /// Whether the visitor wanted to see no more.
    pub stopped: bool,
    /// Whether the last datagram was full: what was behind it may have been passed over.
    pub(super) is_cut: bool,
}

impl Pass {
    /// Tells whether all objects were seen in one go: each once, and none that nobody
    /// touched was left out. If not, a change during the pass may have hidden or repeated
    /// others. A pass that the visitor stopped is no snapshot either.
    ///
    /// A single datagram without room for one more object is not a snapshot: the kernel
    /// looked for the end of the list in a later walk.
    pub fn is_snapshot(&self) -> bool {
        self.datagrams <= 1 && !self.is_cut && !self.stopped
    }
}

/// An object as the kernel shows it.
pub(super) trait Observed {
    type Key: Copy + Eq + Hash + fmt::Display;
    type Settings: Hash;

    fn key(&self) -> Self::Key;

    /// What changes only if somebody changes it.
    fn settings(&self) -> &Self::Settings;
}

impl Observed for ServiceEntry {
    type Key = ServiceKey;
    type Settings = Service;

    fn key(&self) -> ServiceKey {
        self.service.key
    }

    fn settings(&self) -> &Service {
        &self.service
    }
}

impl Observed for DestinationEntry {
    type Key = DestinationKey;
    type Settings = Destination;

    fn key(&self) -> DestinationKey {
        self.destination.key
    }

    fn settings(&self) -> &Destination {
        &self.destination
    }
}

/// The objects of one pass, in the kernel's order.
pub(super) struct Dump<E> {
    pub(super) entries: Vec<E>,
    /// Where each datagram starts.
    pub(super) starts: Vec<usize>,
    pub(super) pass: Pass,
}

impl<E: Observed> Dump<E> {
    /// Whether both passes show the same, each object once and all in one order, and cover it
    /// together: as it is when nobody writes. [`Seam`] finds that too, and at ten times the
    /// cost.
    fn covers_with(&self, other: &Self) -> bool {
        let keys = || other.entries.iter().map(Observed::key);
        // Behind a full datagram the list may go on: two that end so have one cut in common.
        let cuts = |dump: &Self| {
            let end = dump.pass.is_cut.then_some(dump.entries.len());
            dump.starts.iter().skip(1).copied().chain(end).collect::<Vec<_>>()
        };
        if !are_apart(&cuts(self), &cuts(other))
            || !self.entries.iter().map(Observed::key).eq(keys())
        {
            return false;
        }
        let mut seen = HashSet::with_capacity(other.entries.len());
        keys().all(|key| seen.insert(key))
    }
}

/// What was seen so far of a list that is read until it is whole.
pub(super) struct Reading<E: Observed> {
    operation: Operation,
    hasher: RandomState,
    seam: Seam<E::Key>,
    /// The first pass, until there is one to compare it with.
    first: Option<Dump<E>>,
    /// What the last pass showed.
    before: HashMap<E::Key, u64>,
    /// What earlier passes showed, oldest first.
    earlier: Vec<Vec<E>>,
    reads: usize,
}

/// A list in which nothing is missing that was there all the time.
pub(super) struct Whole<E> {
    pub(super) entries: Vec<E>,
    /// Places of entries that only earlier passes showed; they may be gone by now.
    pub(super) doubtful: Vec<usize>,
}

impl<E: Observed> Reading<E> {
    pub(super) fn new(operation: Operation) -> Self {
        Self {
            operation,
            hasher: RandomState::default(),
            seam: Seam::new(),
            first: None,
            before: HashMap::new(),
            earlier: Vec::new(),
            reads: 0,
        }
    }

    /// How many passes there were.
    pub(super) fn reads(&self) -> usize {
        self.reads
    }

    /// Takes in one more pass; the list, if it is whole now.
    ///
    /// A pass that was cut at the same places as the one before (`same_cuts`) can do
    /// no more than agree with it. Then it is taken for the truth, which a writer
    /// that removes and adds the same objects in step with the passes can make a lie.
    /// What agrees are keys and settings; order and counters differ from pass to pass
    /// without anybody changing the table.
    pub(super) fn add(
        &mut self,
        dump: Dump<E>,
        same_cuts: bool,
    ) -> Result<Option<Whole<E>>, Error> {
        self.reads += 1;
        if dump.pass.is_snapshot() {
            let mut entries = dump.entries;
            // The kernel repeats none in one walk; another transport might.
            let mut seen = HashSet::with_capacity(entries.len());
            entries.retain(|entry| seen.insert(entry.key()));
            return Ok(Some(Whole { entries, doubtful: Vec::new() }));
        }
        if self.reads == 1 {
            self.first = Some(dump);
            return Ok(None);
        }
        if let Some(first) = self.first.take() {
            if first.covers_with(&dump) {
                return Ok(Some(Whole { entries: dump.entries, doubtful: Vec::new() }));
            }
            // One that shows its own end twice covers the list by itself.
            if let Some(whole) = self.note(first, false)? {
                return Ok(Some(whole));
            }
        }
        self.note(dump, same_cuts)
    }

    /// Compares a pass with those before it.
    fn note(&mut self, dump: Dump<E>, same_cuts: bool) -> Result<Option<Whole<E>>, Error> {
        let Dump { mut entries, starts, pass } = dump;
        let keys: Vec<_> = entries.iter().map(Observed::key).collect();
        let ends = starts.iter().skip(1).copied().chain([keys.len()]);
        let parts = starts.iter().zip(ends).map(|(start, end)| &keys[*start..end]);
        self.seam.add(parts, pass.is_cut);
        let shown = entries.len();
        let mut now = HashMap::with_capacity(shown);
        entries.retain(|entry| match now.entry(entry.key()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(self.hasher.hash_one(entry.settings()));
                true
            }
        });
        if same_cuts && entries.len() == shown && self.before == now {
            return Ok(Some(Whole { entries, doubtful: Vec::new() }));
        }
        if self.seam.is_closed() {
            return Ok(Some(self.merge(entries, now)));
        }
        if self.reads == MOST_READS {
            return Err(self.unstable(&now));
        }
        self.before = now;
        self.earlier.push(entries);
        Ok(None)
    }

    /// The last pass, and what only earlier ones showed behind what it followed there.
    fn merge(&mut self, last: Vec<E>, now: HashMap<E::Key, u64>) -> Whole<E> {
        let mut known: HashSet<E::Key> = now.into_keys().collect();
        // Behind which object of the last pass; `None` is the start.
        let mut behind: HashMap<Option<E::Key>, Vec<E>> = HashMap::new();
        let shown: HashSet<E::Key> = last.iter().map(Observed::key).collect();
        while let Some(pass) = self.earlier.pop() {
            let mut neighbour = None;
            for entry in pass {
                let key = entry.key();
                if shown.contains(&key) {
                    neighbour = Some(key);
                } else if known.insert(key) {
                    behind.entry(neighbour).or_default().push(entry);
                }
            }
        }
        let mut whole = Whole { entries: Vec::with_capacity(known.len()), doubtful: Vec::new() };
        let mut add = |whole: &mut Whole<E>, neighbour| {
            for entry in behind.remove(&neighbour).unwrap_or_default() {
                whole.doubtful.push(whole.entries.len());
                whole.entries.push(entry);
            }
        };
        add(&mut whole, None);
        for entry in last {
            let key = entry.key();
            whole.entries.push(entry);
            add(&mut whole, Some(key));
        }
        whole
    }

    fn unstable(&self, now: &HashMap<E::Key, u64>) -> Error {
        let before = &self.before;
        let differs = |key: &&E::Key| before.get(*key) != now.get(*key);
        let gone = before.keys().filter(|key| !now.contains_key(*key));
        let mut changed = now.keys().filter(differs).chain(gone);
        Error::Unstable {
            operation: Box::new(self.operation.clone()),
            reads: self.reads,
            example: changed.next().map(ToString::to_string).unwrap_or_default(),
            others: changed.count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Observed for (u32, u32) {
        type Key = u32;
        type Settings = u32;

        fn key(&self) -> u32 {
            self.0
        }

        fn settings(&self) -> &u32 {
            &self.1
        }
    }

    /// A pass in datagrams of that many objects, the first one shorter.
    fn dump(keys: impl IntoIterator<Item = u32>, first: usize, size: usize) -> Dump<(u32, u32)> {
        let entries: Vec<_> = keys.into_iter().map(|key| (key, 0)).collect();
        let others = (first..entries.len()).step_by(size);
        let starts: Vec<_> =
            [0].into_iter().filter(|_| !entries.is_empty()).chain(others).collect();
        let pass =
            Pass { objects: entries.len(), datagrams: starts.len(), stopped: false, is_cut: false };
        Dump { entries, starts, pass }
    }

    fn keys(whole: Option<Whole<(u32, u32)>>) -> Option<Vec<u32>> {
        whole.map(|whole| whole.entries.into_iter().map(|(key, _)| key).collect())
    }

    #[test]
    fn a_list_at_rest_is_read_twice_and_a_datagram_once() {
        let mut reading = Reading::new(Operation::Services);
        assert_eq!(keys(reading.add(dump(0..90, 90, 90), false).unwrap()).unwrap().len(), 90);
        let mut reading = Reading::new(Operation::Services);
        assert!(reading.add(dump(0..1000, 90, 90), false).unwrap().is_none());
        let whole = keys(reading.add(dump(0..1000, 45, 90), false).unwrap());
        assert_eq!(whole, Some((0..1000).collect()));
        let nothing = Reading::new(Operation::Services).add(dump([], 90, 90), false);
        assert_eq!(keys(nothing.unwrap()), Some(Vec::new()));
    }

    /// One full datagram may hide what was behind it, and is read again.
    #[test]
    fn a_full_datagram_is_no_list() {
        let full = |keys| {
            let mut dump = dump(keys, 91, 91);
            dump.pass.is_cut = true;
            dump
        };
        let mut reading = Reading::new(Operation::Services);
        assert!(reading.add(full(0..91), false).unwrap().is_none());
        assert!(reading.add(full(0..91), false).unwrap().is_none(), "nor are two");
        let whole = keys(reading.add(dump(0..94, 46, 91), false).unwrap());
        assert_eq!(whole, Some((0..94).collect()));
        // Where the cuts cannot be others, the same again is the list.
        let mut reading = Reading::new(Operation::Services);
        assert!(reading.add(full(0..91), false).unwrap().is_none());
        assert_eq!(keys(reading.add(full(0..91), true).unwrap()).unwrap().len(), 91);
    }

    /// Each pass misses others, and none is missing in the end, each in its place.
    #[test]
    fn what_the_last_pass_missed_is_where_it_was() {
        let mut reading = Reading::new(Operation::Services);
        let without = |gone: std::ops::Range<u32>| (0..300).filter(move |key| !gone.contains(key));
        assert!(reading.add(dump(without(90..95), 90, 90), false).unwrap().is_none());
        let whole = reading.add(dump(without(130..137), 45, 90), false).unwrap().unwrap();
        assert_eq!(whole.doubtful, Vec::from_iter(130..137));
        assert_eq!(keys(Some(whole)), Some((0..300).collect()));
    }

    /// What is added in front between two datagrams has the kernel repeat what it showed last.
    #[test]
    fn a_first_pass_that_repeats_itself_is_whole_and_is_not_forgotten() {
        let mut reading = Reading::new(Operation::Services);
        assert!(reading.add(dump((0..90).chain(78..150), 90, 90), false).unwrap().is_none());
        // Meanwhile what was shown is deleted, and others are passed over.
        let whole = reading.add(dump((0..45).chain(57..150), 45, 90), false).unwrap();
        assert_eq!(keys(whole), Some((0..150).collect()));
    }

    /// Cut at the same places, two passes in a row must agree.
    #[test]
    fn two_passes_that_cannot_differ_must_agree() {
        let mut reading = Reading::new(Operation::Services);
        assert!(reading.add(dump(0..30, 20, 20), false).unwrap().is_none());
        assert!(reading.add(dump(0..29, 20, 20), true).unwrap().is_none());
        assert!(reading.add(dump((0..29).chain([28]), 20, 20), true).unwrap().is_none());
        // In another order it is the same table.
        let whole = keys(reading.add(dump((0..29).rev(), 20, 20), true).unwrap());
        assert_eq!(whole, Some((0..29).rev().collect()));
    }

    #[test]
    fn a_table_that_never_rests_is_named() {
        let mut reading = Reading::new(Operation::Services);
        for read in 1..MOST_READS as u32 {
            let other = dump([1, 2, 100 + read], 1, 1);
            assert!(reading.add(other, false).unwrap().is_none());
            assert_eq!(reading.reads(), read as usize);
        }
        let error = reading.add(dump([1, 2, 107], 1, 1), false).err().unwrap();
        let text = error.to_string();
        assert!(text.starts_with("cannot list the services: others kept changing"), "{text}");
        assert!(text.contains("16 reads"), "{text}");
        // It is new, and the one that is gone is the other.
        assert!(text.ends_with("for instance 107 and 1 more"), "{text}");
    }

    #[test]
    fn a_snapshot_is_one_datagram_with_room_for_more() {
        for (datagrams, is_cut, expected) in [
            (0, false, true),
            (1, false, true),
            (1, true, false),
            (2, false, false),
            (2, true, false),
        ] {
            let pass = Pass { objects: 7, datagrams, stopped: false, is_cut };
            assert_eq!(pass.is_snapshot(), expected, "{pass:?}");
            assert!(!Pass { stopped: true, ..pass }.is_snapshot());
        }
    }
}
