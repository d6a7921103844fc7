// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reading a table that others change meanwhile.
//!
//! The kernel answers a dump in datagrams of up to 32 KiB and goes on each time
//! behind as many objects as it has sent (`ip_vs_ctl.c`: `cb->args[0]`). What is
//! removed in between makes it skip others that nobody touched, what is added
//! makes it repeat some, and it never says so (`NLM_F_DUMP_INTR` is not set). The
//! objects of one datagram are gathered in one walk from the start of the list,
//! under the lock of the writers or, since 7.1, beside them under RCU: that shows
//! all that nobody touched meanwhile, so only a dump that took several datagrams
//! can hide any of it.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::fmt;
use std::hash::{BuildHasher, Hash};

use crate::error::Error;
use crate::model::{
    Destination, DestinationEntry, DestinationKey, Service, ServiceEntry, ServiceKey,
};
use crate::operation::Operation;

/// How often a table is read before it is called unstable.
pub(super) const MOST_READS: usize = 8;

/// How one pass over a table went.
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
}

impl Pass {
    /// Whether all objects were seen in one go: each once, and none that nobody
    /// touched was left out. If not, a change during the pass may have hidden or
    /// repeated others.
    pub fn is_snapshot(&self) -> bool {
        self.datagrams == 1
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

/// What was seen so far of a table that is read until two passes agree.
pub(super) struct Settling<E: Observed> {
    operation: Operation,
    hasher: RandomState,
    before: Option<HashMap<E::Key, u64>>,
    reads: usize,
}

/// What to do after a pass.
pub(super) enum Settled<E> {
    /// Believe it.
    Yes(Vec<E>),
    /// Read again.
    Not(Vec<E>),
}

impl<E: Observed> Settling<E> {
    pub(super) fn new(operation: Operation) -> Self {
        Self { operation, hasher: RandomState::new(), before: None, reads: 0 }
    }

    /// Judges a pass. What counts are keys and settings; order and counters
    /// differ from pass to pass without anybody changing the table. A pass that
    /// showed something twice was disturbed, and agrees with none.
    pub(super) fn judge(&mut self, mut entries: Vec<E>, pass: Pass) -> Result<Settled<E>, Error> {
        let shown = entries.len();
        let mut now = HashMap::with_capacity(shown);
        entries.retain(|entry| match now.entry(entry.key()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(self.hasher.hash_one(entry.settings()));
                true
            }
        });
        self.reads += 1;
        let undisturbed = entries.len() == shown;
        if undisturbed && (pass.is_snapshot() || self.before.as_ref() == Some(&now)) {
            return Ok(Settled::Yes(entries));
        }
        if self.reads == MOST_READS
            && let Some(before) = &self.before
        {
            return Err(self.unstable(before, &now));
        }
        self.before = Some(now);
        Ok(Settled::Not(entries))
    }

    /// Notes that an object of the last pass is not there any more. A pass that
    /// shows it again then does not agree with that one.
    pub(super) fn has_gone(&mut self, key: &E::Key) {
        if let Some(before) = &mut self.before {
            before.remove(key);
        }
    }

    fn unstable(&self, before: &HashMap<E::Key, u64>, now: &HashMap<E::Key, u64>) -> Error {
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

    const SEVERAL: Pass = Pass { objects: 0, datagrams: 2 };

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

    /// The keys, if they are believed.
    fn judge(settling: &mut Settling<(u32, u32)>, entries: &[(u32, u32)]) -> Option<Vec<u32>> {
        match settling.judge(entries.to_vec(), SEVERAL).unwrap() {
            Settled::Yes(entries) => Some(entries.into_iter().map(|(key, _)| key).collect()),
            Settled::Not(_) => None,
        }
    }

    #[test]
    fn two_reads_in_a_row_must_agree() {
        let mut settling = Settling::new(Operation::Services);
        assert_eq!(judge(&mut settling, &[(1, 0), (2, 0)]), None);
        assert_eq!(judge(&mut settling, &[(1, 0)]), None);
        assert_eq!(judge(&mut settling, &[(1, 0), (2, 0)]), None);
        // With one repeated it was disturbed; in another order it is the same table.
        assert_eq!(judge(&mut settling, &[(2, 0), (1, 0), (2, 0)]), None);
        assert_eq!(judge(&mut settling, &[(2, 0), (1, 0)]), Some(vec![2, 1]));
    }

    #[test]
    fn another_setting_is_another_table() {
        let mut settling = Settling::new(Operation::Services);
        assert_eq!(judge(&mut settling, &[(1, 0)]), None);
        assert_eq!(judge(&mut settling, &[(1, 9)]), None);
        assert_eq!(judge(&mut settling, &[(1, 9)]), Some(vec![1]));
    }

    #[test]
    fn one_datagram_is_believed_at_once_and_none_is_not() {
        let mut settling = Settling::new(Operation::Services);
        let alone = Pass { objects: 1, datagrams: 1 };
        let settled = settling.judge(vec![(7, 0)], alone).unwrap();
        assert!(matches!(settled, Settled::Yes(entries) if entries == [(7, 0)]));
        let mut settling = Settling::<(u32, u32)>::new(Operation::Services);
        let nothing = Pass { objects: 0, datagrams: 0 };
        assert!(matches!(settling.judge(vec![], nothing), Ok(Settled::Not(_))));
        assert!(matches!(settling.judge(vec![], nothing), Ok(Settled::Yes(_))));
    }

    #[test]
    fn a_table_that_never_rests_is_named() {
        let mut settling = Settling::new(Operation::Services);
        for read in 0..7 {
            assert_eq!(judge(&mut settling, &[(1, 0), (100 + read, 0)]), None);
        }
        let error = settling.judge(vec![(1, 0), (107, 0)], SEVERAL).err().unwrap();
        let text = error.to_string();
        assert!(text.starts_with("cannot list the services: others kept changing"), "{text}");
        assert!(text.contains("8 reads") && text.ends_with("107 and 1 more"), "{text}");
    }
}
