// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells which devices are ours, by number: one that was deleted and made again has another.

use std::collections::BTreeMap;

use crate::facts::Facts;
use crate::plan::Change;

/// Holds the numbers of the devices that a set-up made.
#[derive(Debug, Default)]
pub struct Devices {
    indexes: BTreeMap<String, u32>,
}

impl Devices {
    /// Returns those of the journal's that somebody else deleted and made again.
    #[must_use]
    pub fn remade(&self, changes: &[Change], facts: &Facts) -> Vec<String> {
        let other = |name: &&str| {
            let known = self.indexes.get(*name);
            known.is_some() && facts.link(name).is_some_and(|now| known != Some(&now.index))
        };
        made(changes).filter(other).map(str::to_owned).collect()
    }

    /// Takes down the numbers: of new devices, or of `all` after a repair. One that the
    /// journal no longer has is forgotten: if it comes again, it is a new one.
    pub fn remember(&mut self, changes: &[Change], facts: &Facts, all: bool) {
        self.indexes.retain(|known, _| made(changes).any(|name| name == known));
        for name in made(changes) {
            let Some(link) = facts.link(name) else { continue };
            if all || !self.indexes.contains_key(name) {
                self.indexes.insert(name.to_owned(), link.index);
            }
        }
    }

    /// Doubts a device: the next look finds it made anew.
    pub fn doubt(&mut self, name: &str) {
        // The kernel gives this number to none.
        self.indexes.insert(name.to_owned(), 0);
    }

    /// Forgets a device: it is somebody else's now.
    pub fn forget(&mut self, name: &str) {
        self.indexes.remove(name);
    }
}

fn made(changes: &[Change]) -> impl Iterator<Item = &str> {
    changes.iter().filter_map(Change::made_device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Link;

    fn facts(index: u32) -> Facts {
        let link = Link { index, name: "vips".to_owned(), ..Link::default() };
        Facts { links: vec![link], ..Facts::default() }
    }

    #[test]
    fn what_was_taken_down_and_set_up_again_is_ours_and_what_others_made_is_not() {
        let ours = [Change::Dummy { device: "vips".into() }];
        let mut devices = Devices::default();
        devices.remember(&ours, &facts(5), false);
        assert_eq!(devices.remade(&ours, &facts(5)), [""; 0]);
        assert_eq!(devices.remade(&ours, &facts(6)), ["vips"]);
        // It is still theirs at the second look, until it is disowned or repaired.
        devices.remember(&ours, &facts(6), false);
        assert_eq!(devices.remade(&ours, &facts(6)), ["vips"]);
        // Taken down by `teardown --vip`, and set up again: another number, and ours.
        devices.remember(&[], &Facts::default(), false);
        assert_eq!(devices.remade(&ours, &facts(7)), [""; 0]);
        devices.remember(&ours, &facts(7), false);
        assert_eq!(devices.remade(&ours, &facts(8)), ["vips"]);
        devices.remember(&ours, &facts(8), true);
        assert_eq!(devices.remade(&ours, &facts(8)), [""; 0]);
        // That it is somebody else's could not be recorded.
        devices.doubt("vips");
        assert_eq!(devices.remade(&ours, &facts(8)), ["vips"]);
    }
}
