// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lists the options that may stand behind `-A` and `-a`, and cuts words into them: those of
//! `rsctl add-service` and `rsctl add-server`, and as clap does it.
//!
//! They are read without clap, which takes a hundred times as long: a table has 100,000 lines.
//! Tests hold the options against clap's, and what both make of words at random.

use super::with_hints;
use super::words::Words;

/// Names a command that adds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Adds {
    Service,
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opt {
    /// The service by its text form, which has no option in front.
    Service,
    Tcp,
    Udp,
    Sctp,
    Fwmark,
    Ipv6,
    Scheduler,
    Persistent,
    Netmask,
    Engine,
    Flags,
    OnePacket,
    RealServer,
    Weight,
    Upper,
    Lower,
    Gateway,
    Tunnel,
    Masquerade,
    Mode,
    TunType,
    TunPort,
    TunNoCsum,
    TunCsum,
    TunRemCsum,
}

/// Says what follows an option, by the name that the help has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    Nothing,
    /// A value that does not begin with `-`.
    Value(&'static str),
    /// A number. A negative one is refused as such, and not taken for an option.
    Number(&'static str),
    /// A value that may be left out.
    Perhaps(&'static str),
}

/// Describes one option.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) opt: Opt,
    pub(super) letter: Option<char>,
    pub(super) name: &'static str,
    pub(super) alias: Option<&'static str>,
    pub(super) follows: Follows,
    /// The command that takes it, if only one does.
    pub(super) only: Option<Adds>,
}

use Adds::{Server, Service};
use Follows::{Nothing, Number, Perhaps, Value};

/// Lists the options, the commonest first: they are looked for in this order.
pub(super) static ROWS: [Row; 24] = [
    row(Opt::Tcp, 't', "tcp-service", Value("VIP:PORT")),
    row(Opt::RealServer, 'r', "real-server", Value("RIP[:PORT]")).of(Server),
    row(Opt::Masquerade, 'm', "masquerading", Nothing).of(Server),
    row(Opt::Gateway, 'g', "gatewaying", Nothing).of(Server),
    row(Opt::Tunnel, 'i', "ipip", Nothing).of(Server),
    row(Opt::Weight, 'w', "weight", Number("N")).of(Server),
    row(Opt::Udp, 'u', "udp-service", Value("VIP:PORT")),
    row(Opt::Fwmark, 'f', "fwmark-service", Number("MARK")),
    row(Opt::Ipv6, '6', "ipv6", Nothing),
    row(Opt::Scheduler, 's', "scheduler", Value("NAME")).of(Service),
    row(Opt::Persistent, 'p', "persistent", Perhaps("SECONDS")).of(Service),
    row(Opt::Netmask, 'M', "netmask", Value("MASK")).of(Service),
    row(Opt::Flags, 'b', "sched-flags", Value("FLAG")).of(Service),
    row(Opt::OnePacket, 'o', "ops", Nothing).of(Service),
    row(Opt::Upper, 'x', "u-threshold", Number("N")).of(Server),
    row(Opt::Lower, 'y', "l-threshold", Number("N")).of(Server),
    long(Opt::Sctp, "sctp-service", Value("VIP:PORT")),
    long(Opt::Engine, "pe", Value("NAME")).or("engine").of(Service),
    long(Opt::Mode, "mode", Value("MODE")).of(Server),
    long(Opt::TunType, "tun-type", Value("TYPE")).of(Server),
    long(Opt::TunPort, "tun-port", Number("PORT")).of(Server),
    long(Opt::TunNoCsum, "tun-nocsum", Nothing).of(Server),
    long(Opt::TunCsum, "tun-csum", Nothing).of(Server),
    long(Opt::TunRemCsum, "tun-remcsum", Nothing).of(Server),
];

/// Stands for a word without an option in front.
pub(super) static OPERAND: Row = long(Opt::Service, "", Value("SERVICE"));

const fn row(opt: Opt, letter: char, name: &'static str, follows: Follows) -> Row {
    Row { opt, letter: Some(letter), name, alias: None, follows, only: None }
}

const fn long(opt: Opt, name: &'static str, follows: Follows) -> Row {
    Row { opt, letter: None, name, alias: None, follows, only: None }
}

impl Row {
    const fn of(self, only: Adds) -> Self {
        Self { only: Some(only), ..self }
    }

    const fn or(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    /// Returns the option as the help shows it.
    pub(super) fn shown(&self) -> String {
        let name = self.name;
        match self.follows {
            Value(value) if name.is_empty() => format!("[{value}]"),
            Nothing => format!("--{name}"),
            Value(value) | Number(value) => format!("--{name} <{value}>"),
            Perhaps(value) => format!("--{name} [<{value}>]"),
        }
    }
}

/// Returns the options that `adds` takes.
fn rows(adds: Adds) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.only.is_none_or(|only| only == adds))
}

/// Cuts words into options with their values.
pub(super) struct Options<'a, 'w> {
    adds: Adds,
    words: &'w mut Words<'a>,
    /// Letters of the last word that are still to be read: `w3` of `-mw3`.
    letters: &'a str,
    /// Behind `--` no word is an option.
    only_operands: bool,
}

impl<'a, 'w> Options<'a, 'w> {
    /// Begins with the letters that are bundled with the command: `t` of `-At`.
    pub(super) fn new(adds: Adds, bundled: &'a str, words: &'w mut Words<'a>) -> Self {
        Self { adds, words, letters: bundled, only_operands: false }
    }

    /// Returns what stands in `line` before the value that was read last, and what behind it.
    pub(super) fn around(&self, line: &'a str, value: &str) -> Option<(&'a str, &'a str)> {
        // One blank is gone, if there is any.
        let read = line.strip_suffix(self.words.rest())?;
        let before = read.strip_suffix(value).or_else(|| {
            let blank = read.len().checked_sub(1)?;
            read.get(..blank)?.strip_suffix(value)
        })?;
        Some((before, line.get(before.len() + value.len()..)?))
    }

    /// Reads the next word, if it is a value of that option.
    fn value(&mut self, row: &Row) -> Option<&'a str> {
        let mut ahead = *self.words;
        let value = ahead.next().filter(|word| match word.strip_prefix('-') {
            None | Some("") => true,
            Some(rest) => {
                matches!(row.follows, Number(_)) && rest.starts_with(|c: char| c.is_ascii_digit())
            }
        })?;
        *self.words = ahead;
        Some(value)
    }

    fn find(&mut self) -> Result<Option<(&'static Row, Option<&'a str>)>, String> {
        loop {
            if !self.letters.is_empty() {
                return self.letter().map(Some);
            }
            let Some(word) = self.words.next() else { return Ok(None) };
            match word.strip_prefix('-') {
                Some("-") if !self.only_operands => self.only_operands = true,
                Some(rest) if !self.only_operands && !rest.is_empty() => {
                    match rest.strip_prefix('-') {
                        Some(name) => return self.name(name).map(Some),
                        None => self.letters = rest,
                    }
                }
                _ => return Ok(Some((&OPERAND, Some(word)))),
            }
        }
    }

    /// Reads the next letter, with what is attached to it if it takes a value.
    fn letter(&mut self) -> Result<(&'static Row, Option<&'a str>), String> {
        let mut letters = self.letters.chars();
        let letter = letters.next();
        self.letters = letters.as_str();
        let Some(row) = rows(self.adds).find(|row| row.letter == letter) else {
            let letter = letter.unwrap_or_default();
            return Err(format!("unexpected argument `-{letter}`"));
        };
        if row.follows == Nothing || self.letters.is_empty() {
            return Ok((row, None));
        }
        let value = std::mem::take(&mut self.letters);
        Ok((row, Some(value.strip_prefix('=').unwrap_or(value))))
    }

    /// Finds the option of that name, with what is attached to it.
    fn name(&self, name: &'a str) -> Result<(&'static Row, Option<&'a str>), String> {
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (name, None),
        };
        match rows(self.adds).find(|row| row.name == name || row.alias == Some(name)) {
            Some(row) if row.follows == Nothing && value.is_some() => {
                Err(format!("`{}` takes no value", row.shown()))
            }
            Some(row) => Ok((row, value)),
            None => {
                let names = rows(self.adds).flat_map(|row| [Some(row.name), row.alias]).flatten();
                let meant = similar(name, names).map(|name| format!("did you mean `--{name}`?"));
                Err(with_hints(format!("unexpected argument `--{name}`"), meant.as_slice()))
            }
        }
    }
}

impl<'a> Iterator for Options<'a, '_> {
    type Item = Result<(&'static Row, Option<&'a str>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        let (row, attached) = match self.find() {
            Err(wrong) => return Some(Err(wrong)),
            Ok(found) => found?,
        };
        let value = match row.follows {
            Nothing => None,
            _ => attached.or_else(|| self.value(row)),
        };
        Some(match (value, row.follows) {
            (None, Value(_) | Number(_)) => Err(format!("`{}` needs a value", row.shown())),
            _ => Ok((row, value)),
        })
    }
}

/// Returns the name that was meant, if one is as like as clap wants it to be.
pub(super) fn similar<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|known| (strsim::jaro(name, known), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}
