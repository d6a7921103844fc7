// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether the datagrams of several passes cover a list without a gap.
//!
//! The kernel goes through a list in an order of its own, in which what nobody
//! touches keeps its place, and a datagram holds all of that from its first object
//! to its last. So two datagrams that have an object in common cover one stretch
//! of the list without a gap, and a list is covered if datagrams that are sewn
//! together so reach from its start to its end. Consecutive datagrams of one pass
//! have nothing in common: passes that are cut at other places sew them together.

use std::hash::Hash;

use foldhash::{HashMap, HashMapExt as _};

/// How many objects two datagrams must have in common, in one order. One would
/// do if nothing ever moved. But what is removed and added again moves to the front,
/// and since Linux 7.1 the table of services gets another order at random whenever
/// its size changes: of 91 objects each, twelve agree in it by chance once in 10⁷
/// such changes.
const COMMON: usize = 12;

/// The datagrams seen so far.
pub(super) struct Seam<K> {
    /// In which datagrams an object was, and at which place.
    places: HashMap<K, Vec<(usize, usize)>>,
    /// For each datagram another that it is sewn to, or itself.
    sewn_to: Vec<usize>,
    /// One that starts the list, and one that ends it.
    start: Option<usize>,
    end: Option<usize>,
}

impl<K: Copy + Eq + Hash> Seam<K> {
    pub(super) fn new() -> Self {
        Self { places: HashMap::new(), sewn_to: Vec::new(), start: None, end: None }
    }

    /// Takes in one pass: the objects of each datagram. The last of a pass that is cut
    /// (`is_cut`) had no room for more, and what was behind it the kernel may have passed
    /// over: it does not end the list.
    pub(super) fn add<'a>(&mut self, pass: impl IntoIterator<Item = &'a [K]>, is_cut: bool)
    where
        K: 'a,
    {
        let first = self.sewn_to.len();
        for datagram in pass {
            self.add_datagram(datagram);
        }
        let last = self.sewn_to.len().checked_sub(1).filter(|last| *last >= first);
        if let Some(last) = last {
            let start = *self.start.get_or_insert(first);
            join(&mut self.sewn_to, first, start);
            if !is_cut {
                let end = *self.end.get_or_insert(last);
                join(&mut self.sewn_to, last, end);
            }
        }
    }

    /// Whether what was seen reaches from the start of the list to its end.
    pub(super) fn is_closed(&self) -> bool {
        let group = |datagram| group(&self.sewn_to, datagram);
        self.start.zip(self.end).is_some_and(|(start, end)| group(start) == group(end))
    }

    fn add_datagram(&mut self, keys: &[K]) {
        let new = self.sewn_to.len();
        self.sewn_to.push(new);
        // For each other datagram: where in it the last common object was, and how many
        // of them came in the order of this one.
        let mut runs: HashMap<usize, (usize, usize)> = HashMap::new();
        for (place, key) in keys.iter().enumerate() {
            let places = self.places.entry(*key).or_default();
            for (datagram, at) in places.iter().filter(|(datagram, _)| *datagram != new) {
                let run = runs.entry(*datagram).or_insert((*at, 0));
                let length = if run.0 <= *at { run.1 + 1 } else { 1 };
                *run = (*at, length);
                if length == COMMON {
                    join(&mut self.sewn_to, *datagram, new);
                }
            }
            places.push((new, place));
        }
    }
}

/// Whether two passes that show the same in one order cover it without a gap, as [`Seam`]
/// would find: each place where one was cut (`one`, in order) is within a datagram of the
/// other, with as much around it as two datagrams must have in common.
pub(super) fn are_apart(one: &[usize], other: &[usize]) -> bool {
    one.iter().all(|cut| {
        let next = other.partition_point(|place| place < cut);
        let around = other.get(next.saturating_sub(1)..).into_iter().flatten().take(2);
        around.map(|place| cut.abs_diff(*place)).all(|distance| distance >= COMMON)
    })
}

fn group(sewn_to: &[usize], mut datagram: usize) -> usize {
    while let Some(next) = sewn_to.get(datagram).filter(|next| **next != datagram) {
        datagram = *next;
    }
    datagram
}

/// The later group goes to the earlier one, so that no chain is ever a circle.
fn join(sewn_to: &mut [usize], one: usize, other: usize) {
    let (one, other) = (group(sewn_to, one), group(sewn_to, other));
    if let Some(place) = sewn_to.get_mut(one.max(other)) {
        *place = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes over the numbers of `list`, cut at the given places.
    fn pass(seam: &mut Seam<u32>, list: &[u32], cuts: &[usize]) -> bool {
        let mut start = 0;
        let ends = cuts.iter().copied().chain([list.len()]);
        let parts: Vec<_> = ends
            .map(|end| {
                let part = &list[start..end];
                start = end;
                part
            })
            .collect();
        seam.add(parts, false);
        seam.is_closed()
    }

    #[test]
    fn one_datagram_is_closed_and_the_same_cuts_never_are() {
        let list: Vec<u32> = (0..100).collect();
        assert!(pass(&mut Seam::new(), &list, &[]));
        let mut seam = Seam::new();
        for _ in 0..3 {
            assert!(!pass(&mut seam, &list, &[30, 60]));
        }
    }

    #[test]
    fn cuts_at_other_places_close_it_if_enough_is_in_common() {
        let list: Vec<u32> = (0..100).collect();
        let mut seam = Seam::new();
        assert!(!pass(&mut seam, &list, &[30, 60]));
        assert!(!pass(&mut seam, &list, &[41, 71]), "eleven are not enough");
        assert!(!pass(&mut seam, &list, &[45, 60]), "one cut is at the old place");
        assert!(pass(&mut seam, &list, &[30, 75]), "each pass adds to the others");
    }

    /// The trap: between two datagrams what was shown is removed, and the next one begins
    /// behind others that were not.
    #[test]
    fn what_was_skipped_leaves_a_gap() {
        let list: Vec<u32> = (0..100).collect();
        let skipped: Vec<u32> = (0..30).chain(40..100).collect();
        let mut seam = Seam::new();
        assert!(!pass(&mut seam, &skipped, &[30]));
        // In the list as it is now, other cuts than that one do not hide it either.
        let now: Vec<u32> = list.iter().copied().filter(|key| *key >= 10).collect();
        assert!(pass(&mut seam, &now, &[45]), "0 to 29, 10 to 54, 55 to 99");
    }

    /// The last datagram of a pass was full: what was behind it may have been passed over.
    #[test]
    fn a_full_datagram_does_not_end_the_list() {
        let list: Vec<u32> = (0..94).collect();
        let mut seam = Seam::new();
        seam.add([&list[..91]], true);
        assert!(!seam.is_closed());
        // Nor does a second one that is full.
        seam.add([&list[..46], &list[46..91]], true);
        assert!(!seam.is_closed());
        seam.add([&list[..23], &list[23..]], false);
        assert!(seam.is_closed());
    }

    /// Whatever the cuts, nothing is taken for whole that the datagrams do not cover.
    #[test]
    fn cuts_that_are_apart_are_sewn() {
        let list: Vec<u32> = (0..60).collect();
        let pairs =
            |cuts: [usize; 2]| if cuts[0] < cuts[1] { cuts.to_vec() } else { vec![cuts[0]] };
        let mut found = 0;
        for place in 0..30_usize.pow(3) {
            let one = pairs([1 + place % 30 * 2 % 59, 1 + place / 30 % 30 * 2]);
            let other = pairs([1 + place / 900 * 2, 1 + (place / 900 + place % 7) * 8 % 59]);
            if are_apart(&one, &other) {
                found += 1;
                let mut seam = Seam::new();
                assert!(!pass(&mut seam, &list, &one));
                assert!(pass(&mut seam, &list, &other), "{one:?} {other:?}");
            }
        }
        assert!(found > 100, "{found}");
        assert!(!are_apart(&[20, 40], &[32]) && are_apart(&[20, 44], &[32]));
        assert!(are_apart(&[20], &[]) && are_apart(&[], &[20]));
    }

    #[test]
    fn another_order_is_another_list() {
        let list: Vec<u32> = (0..200).collect();
        let shuffled: Vec<u32> = (0..200).map(|number| number * 77 % 200).collect();
        let mut seam = Seam::new();
        assert!(!pass(&mut seam, &list, &[90, 180]));
        assert!(!pass(&mut seam, &shuffled, &[45, 135]));
    }
}
