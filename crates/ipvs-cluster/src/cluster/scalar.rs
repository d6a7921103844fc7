// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads single values: text, names, numbers, times, true and false. What YAML 1.1 and YAML 1.2
//! read in two ways is refused, with both.

use std::fmt::Display;
use std::str::FromStr;

use super::problem::Found;
use super::syntax::IPV6;
use super::tree::{Children, Scalar, Shape, Value};

/// Says what a plain scalar is to YAML besides text.
enum Misread {
    Nothing,
    Null,
    /// To YAML 1.2, too.
    Boolean,
    /// To YAML 1.1 only.
    OldBoolean,
}

fn misread(scalar: Scalar<'_>) -> Misread {
    if !scalar.is_plain {
        return Misread::Nothing;
    }
    let text = scalar.text;
    if text.is_empty() || text == "~" || text.eq_ignore_ascii_case("null") {
        return Misread::Null;
    }
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    if ["true", "false"].iter().any(is) {
        Misread::Boolean
    } else if ["y", "n", "yes", "no", "on", "off"].iter().any(is) {
        Misread::OldBoolean
    } else {
        Misread::Nothing
    }
}

/// A value with the word for it: `weight`, `the VIPs`.
impl<'t> Value<'t> {
    /// Reads a scalar.
    fn scalar(self, what: &str, found: &mut Found) -> Option<Scalar<'t>> {
        let is = match self.shape() {
            Shape::Scalar(scalar) if matches!(misread(scalar), Misread::Null) => {
                let hint = format!("say one, or leave `{what}` out");
                found.hinted(self.at(), format!("`{what}` has no value"), hint);
                return None;
            }
            Shape::Scalar(scalar) => return Some(scalar),
            Shape::List(_) => "a list",
            Shape::Map(_) => "a mapping",
        };
        let hint = match what {
            // Where an address may be meant.
            "server" | "service" | "services" | "servers" | "vips" | "addresses" | "VIP" => IPV6,
            _ => "write one value",
        };
        found.hinted(self.at(), format!("`{what}` is {is} and should be one value"), hint);
        None
    }

    /// Reads text, which may not be what YAML takes for something else.
    pub(super) fn text(self, what: &str, found: &mut Found) -> Option<&'t str> {
        let scalar = self.scalar(what, found)?;
        let text = scalar.text;
        let message = match misread(scalar) {
            Misread::Nothing | Misread::Null => return Some(text),
            Misread::Boolean => format!("`{text}` is a boolean to YAML, and should be a {what}"),
            Misread::OldBoolean => {
                format!("`{text}` is a boolean to YAML 1.1, and text to YAML 1.2")
            }
        };
        found.hinted(self.at(), message, format!("write it in quotes: \"{text}\""));
        None
    }

    /// Reads what has a text form.
    pub(super) fn parse<T: FromStr<Err: Display>>(
        self,
        what: &str,
        found: &mut Found,
    ) -> Option<T> {
        let text = self.text(what, found)?;
        text.parse().map_err(|why: T::Err| found.problem(self.at(), why.to_string())).ok()
    }

    /// Reads a name of the file's own: of a VIP, of a pool.
    pub(super) fn name(self, what: &str, found: &mut Found) -> Option<&'t str> {
        let name = self.text(what, found)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(plain) {
            return Some(name);
        }
        let message = format!("`{name}` is not a name of a {what}");
        found.hinted(self.at(), message, "use a letter and then letters, digits, `-`, `_` and `.`");
        None
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(self, what: &str, found: &mut Found) -> Option<bool> {
        let scalar = self.scalar(what, found)?;
        match (scalar.is_plain, scalar.text) {
            (true, "true") => return Some(true),
            (true, "false") => return Some(false),
            _ => {}
        }
        let text = scalar.text;
        let (why, meant) = match misread(scalar) {
            Misread::OldBoolean => {
                let is_true = ["y", "yes", "on"].iter().any(|it| text.eq_ignore_ascii_case(it));
                (", a boolean to YAML 1.1 and text to YAML 1.2", Some(is_true))
            }
            _ => (" and should be true or false", text.to_ascii_lowercase().parse().ok()),
        };
        let hint = match meant {
            Some(meant) => format!("write {meant}"),
            None => "write true or false".to_owned(),
        };
        let quoted = if scalar.is_plain { "" } else { " in quotes" };
        let message = format!("`{what}` is `{text}`{quoted}{why}");
        found.hinted(self.at(), message, hint);
        None
    }

    /// Reads a whole number in decimal digits.
    pub(super) fn number<N>(self, what: &str, least: N, most: N, found: &mut Found) -> Option<N>
    where
        N: TryFrom<u64> + PartialOrd + Display + Copy,
    {
        let scalar = self.scalar(what, found)?;
        let Some(number) = self.digits(scalar, what, found)? else {
            let text = scalar.text;
            let message = match text.strip_prefix('-').map(str::parse::<u64>) {
                Some(Ok(_)) => format!("`{what}` {text} is out of range"),
                _ => format!("`{what}` is `{text}`, and should be a number in decimal digits"),
            };
            found.hinted(self.at(), message, format!("use {least} to {most}"));
            return None;
        };
        let number = N::try_from(number).ok().filter(|it| *it >= least && *it <= most);
        if number.is_none() {
            let message = format!("`{what}` {} is out of range", scalar.text);
            found.hinted(self.at(), message, format!("use {least} to {most}"));
        }
        number
    }

    /// Reads a time in seconds: `90`, `90s`, `5m`, `1h30m`.
    pub(super) fn seconds(self, what: &str, most: u32, found: &mut Found) -> Option<u32> {
        let scalar = self.scalar(what, found)?;
        let text = scalar.text;
        let seconds = match units(text) {
            Some(seconds) => Some(seconds),
            None => self.digits(scalar, what, found)?,
        };
        let Some(seconds) = seconds else {
            let message = format!("`{what}` is `{text}`, which is no time");
            let hint = if is_sexagesimal(text) {
                "YAML 1.1 reads it as a number to base 60; write 90, 90s, 5m or 1h30m"
            } else {
                "write seconds, or use units: 90, 90s, 5m, 1h30m"
            };
            found.hinted(self.at(), message, hint);
            return None;
        };
        let seconds = u32::try_from(seconds).ok().filter(|it| (1..=most).contains(it));
        if seconds.is_none() {
            let message = format!("`{what}` {text} is out of range");
            found.hinted(self.at(), message, format!("use 1 to {most} seconds"));
        }
        seconds
    }

    /// Reads decimal digits; `Some(None)` are none, `None` has been told.
    fn digits(self, scalar: Scalar<'t>, what: &str, found: &mut Found) -> Option<Option<u64>> {
        let text = scalar.text;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(None);
        }
        if !scalar.is_plain {
            let message = format!("`{what}` is the text \"{text}\" and should be a number");
            found.hinted(self.at(), message, format!("leave out the quotes: {text}"));
            return None;
        }
        if text.len() > 1 && text.starts_with('0') {
            let message = format!(
                "`{what}` is {text}: YAML 1.1 reads a number with 0 in front as octal, YAML 1.2 \
                 as decimal"
            );
            let digits = text.trim_start_matches('0');
            let digits = if digits.is_empty() { "0" } else { digits };
            found.hinted(self.at(), message, format!("leave out the 0 in front: {digits}"));
            return None;
        }
        Some(Some(text.parse().unwrap_or(u64::MAX)))
    }

    /// Reads a list; one value stands for a list of it.
    pub(super) fn items(self) -> Items<'t> {
        match self.shape() {
            Shape::List(items) => Items::Of(items),
            _ => Items::One(Some(self)),
        }
    }

    /// Reads a list.
    pub(super) fn list(self, what: &str, found: &mut Found) -> Option<Children<'t>> {
        let is = match self.shape() {
            Shape::List(items) => return Some(items),
            Shape::Map(_) => "a mapping",
            Shape::Scalar(scalar) if matches!(misread(scalar), Misread::Null) => {
                let message = format!("`{what}` has no value");
                found.hinted(self.at(), message, format!("if there are none: `{what}: []`"));
                return None;
            }
            Shape::Scalar(_) => "one value",
        };
        let hint = "begin each item with `- `";
        found.hinted(self.at(), format!("`{what}` is {is} and should be a list"), hint);
        None
    }
}

/// Walks over the values of a list, or over the one that stands for it.
pub(super) enum Items<'t> {
    Of(Children<'t>),
    One(Option<Value<'t>>),
}

impl<'t> Iterator for Items<'t> {
    type Item = Value<'t>;

    fn next(&mut self) -> Option<Value<'t>> {
        match self {
            Self::Of(items) => items.next(),
            Self::One(value) => value.take(),
        }
    }
}

/// Whether YAML 1.1 would take it for a number to base 60.
fn is_sexagesimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.contains(':') && text.split(':').all(digits)
}

/// Reads a time with units, the larger first.
fn units(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum = 0_u64;
    let mut units = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)].into_iter();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (digits, behind) = rest.split_at(end);
        let unit = behind.chars().next()?;
        let (_, seconds) = units.find(|(letter, _)| *letter == unit)?;
        sum = sum.saturating_add(digits.parse::<u64>().ok()?.saturating_mul(seconds));
        rest = &behind[unit.len_utf8()..];
    }
    (!text.is_empty()).then_some(sum)
}
