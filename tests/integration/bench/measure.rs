// SPDX-License-Identifier: MIT OR Apache-2.0

//! How two figures are compared.

use crate::program::Figure;

/// Two figures measured in turn.
#[derive(Default)]
pub(crate) struct Pairs(Vec<(f64, f64)>);

/// The middle one of some figures, and the outermost.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Pairs {
    /// Measures both `rounds` times, each first in every other round, after one
    /// round that does not count.
    pub(crate) fn measure(
        rounds: usize,
        mut ours: impl FnMut() -> f64,
        mut other: impl FnMut() -> f64,
    ) -> Self {
        ours();
        other();
        let round = |number| {
            if number % 2 == 0 {
                let first = ours();
                (first, other())
            } else {
                let first = other();
                (ours(), first)
            }
        };
        Self((0..rounds).map(round).collect())
    }

    /// Ours ÷ other, pair by pair.
    pub(crate) fn ours_by_other(&self) -> Spread {
        Spread::of(self.0.iter().map(|(ours, other)| ours / other))
    }

    /// Other ÷ ours, pair by pair.
    pub(crate) fn other_by_ours(&self) -> Spread {
        Spread::of(self.0.iter().map(|(ours, other)| other / ours))
    }

    pub(crate) fn ours(&self) -> Spread {
        Spread::of(self.0.iter().map(|(ours, _)| *ours))
    }

    pub(crate) fn other(&self) -> Spread {
        Spread::of(self.0.iter().map(|(_, other)| *other))
    }
}

impl Spread {
    pub(crate) fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_by(f64::total_cmp);
        Self {
            median: figures[figures.len() / 2],
            least: figures[0],
            most: figures[figures.len() - 1],
        }
    }
    /// The middle one in words.
    pub(crate) fn said(self, figure: Figure) -> String {
        match (figure, self.median) {
            (Figure::Peak, kibibytes) => format!("{:.1} MiB", kibibytes / 1024.0),
            (_, seconds @ ..1.0) => format!("{:.1} ms", seconds * 1e3),
            (_, seconds) => format!("{seconds:.2} s"),
        }
    }
}
