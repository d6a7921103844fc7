// SPDX-License-Identifier: MIT OR Apache-2.0

//! One row of a table, as a line of text between the machine that measures and the
//! programs that show it.

use std::io::BufRead;

use crate::measure::Spread;

/// What one comparison gave.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) section: String,
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) figure: Spread,
    pub(crate) bar: Bar,
    /// What was measured of ours and of the other, in words.
    pub(crate) ours: String,
    pub(crate) other: String,
}

/// What the figure says.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// How many times as long as the other ours takes.
    AsLong,
    /// How many times as fast as the other ours is.
    AsFast,
    /// An amount of memory in MiB.
    Memory,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
    None,
}

impl Row {
    pub(crate) fn is_met(&self) -> Option<bool> {
        match self.bar {
            Bar::AtMost(limit) => Some(self.figure.median <= limit),
            Bar::AtLeast(limit) => Some(self.figure.median >= limit),
            Bar::None => None,
        }
    }

    /// The row as one line, its fields parted by tabs.
    pub(crate) fn line(&self) -> String {
        let form = match self.form {
            Form::AsLong => "÷",
            Form::AsFast => "×",
            Form::Memory => "MiB",
        };
        let bar = match self.bar {
            Bar::AtMost(limit) => format!("≤{limit}"),
            Bar::AtLeast(limit) => format!("≥{limit}"),
            Bar::None => "–".to_owned(),
        };
        let [median, least, most] = [self.figure.median, self.figure.least, self.figure.most]
            .map(|figure| format!("{figure:.4}"));
        let (section, name) = (self.section.as_str(), self.name.as_str());
        let fields = [section, name, form, &median, &least, &most, &bar, &self.ours, &self.other];
        format!("row\t{}", fields.join("\t"))
    }

    /// The other way round; nothing if it is no row.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.strip_prefix("row\t")?.split('\t').collect();
        let [section, name, form, median, least, most, bar, ours, other] = fields[..] else {
            return None;
        };
        let form = match form {
            "÷" => Form::AsLong,
            "×" => Form::AsFast,
            "MiB" => Form::Memory,
            _ => return None,
        };
        let number = |text: &str| text.parse().ok();
        let bar = match (bar.strip_prefix('≤'), bar.strip_prefix('≥')) {
            (Some(limit), _) => Bar::AtMost(number(limit)?),
            (_, Some(limit)) => Bar::AtLeast(number(limit)?),
            _ => Bar::None,
        };
        let [median, least, most] = [number(median)?, number(least)?, number(most)?];
        let [section, name, ours, other] = [section, name, ours, other].map(str::to_owned);
        let figure = Spread { median, least, most };
        Some(Self { section, name, form, figure, bar, ours, other })
    }

    /// The rows in `text`; each line that is none goes to `others`.
    pub(crate) fn read(text: impl BufRead, mut others: impl FnMut(&str)) -> Vec<Self> {
        let mut rows = Vec::new();
        for line in text.lines() {
            let line = line.expect("a line");
            match Self::parse(&line) {
                Some(row) => rows.push(row),
                None => others(&line),
            }
        }
        rows
    }
}
