// SPDX-License-Identifier: MIT OR Apache-2.0

//! Who stands on whom: circles, and floors where there is none.

use std::collections::{BTreeMap, BTreeSet};

use crate::Arrow;

/// Returns each group of places that can be reached from one another.
#[must_use]
pub fn circles(arrows: &BTreeSet<Arrow>) -> Vec<BTreeSet<String>> {
    let places: BTreeSet<&String> = arrows.iter().map(|(from, _)| from).collect();
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        places.iter().map(|&place| (place, reached_from(place, arrows))).collect();
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for &place in &places {
        if !reached[place].contains(place) || found.iter().any(|circle| circle.contains(place)) {
            continue;
        }
        let is_back = |other: &&&String| reached.get(**other).is_some_and(|of| of.contains(place));
        found.push(reached[place].iter().filter(is_back).map(|&other| other.clone()).collect());
    }
    found
}

fn reached_from<'a>(place: &str, arrows: &'a BTreeSet<Arrow>) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![place];
    while let Some(from) = ahead.pop() {
        for (_, to) in arrows.iter().filter(|(start, _)| start == from) {
            if reached.insert(to) {
                ahead.push(to);
            }
        }
    }
    reached
}

/// Returns the floor of each place: one above the highest that it names; 1 is the ground.
/// Arrows of a circle count for nothing.
#[must_use]
pub fn floors<'a>(
    places: impl Iterator<Item = &'a String>,
    arrows: &BTreeSet<Arrow>,
) -> BTreeMap<String, usize> {
    let circles = circles(arrows);
    let is_round = |(from, to): &&Arrow| {
        circles.iter().any(|circle| circle.contains(from) && circle.contains(to))
    };
    let straight: Vec<&Arrow> = arrows.iter().filter(|arrow| !is_round(arrow)).collect();
    let mut floors: BTreeMap<String, usize> = places.map(|place| (place.clone(), 1)).collect();
    // One more floor each time round at most.
    for _ in 0..floors.len() {
        for (from, to) in &straight {
            let above = floors.get(to).map_or(0, |floor| floor + 1);
            if let Some(floor) = floors.get_mut(from) {
                *floor = above.max(*floor);
            }
        }
    }
    floors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrows(text: &str) -> BTreeSet<Arrow> {
        let arrow = |word: &str| (word[..1].to_owned(), word[1..].to_owned());
        text.split(' ').map(arrow).collect()
    }

    #[test]
    fn a_circle_is_who_can_be_reached_and_comes_back() {
        assert_eq!(circles(&arrows("ab bc ac cd")), []);
        let found = circles(&arrows("ab bc ca cd de ed fa"));
        let found: Vec<String> =
            found.into_iter().map(|circle| circle.into_iter().collect()).collect();
        assert_eq!(found, ["abc", "de"]);
    }

    #[test]
    fn a_floor_is_above_all_that_it_stands_on() {
        let places = ["a", "b", "c", "d"].map(str::to_owned);
        let floors = floors(places.iter(), &arrows("ab bc ac"));
        assert_eq!(floors.into_values().collect::<Vec<_>>(), [3, 2, 1, 1]);
    }
}
