// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes one line per event to standard error.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io;
use std::time::{Instant, SystemTime};

use lvs_term::{printable_json, tell};
use nix::sys::stat::fstat;

use super::budget::Budget;
use crate::cli::LogFormat;

/// So many events of one kind have a line each; more of them, that happen together, have one
/// for all.
const FEW: usize = 8;

/// Says what one event tells.
pub type Fields = Vec<(&'static str, String)>;

/// Says how bad an event is: the numbers of syslog(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The host is not as wanted, and stays so.
    Error = 3,
    /// It was not, or somebody else is at work.
    Warning = 4,
    /// The course of things.
    Info = 6,
}

/// Writes events.
#[derive(Debug)]
pub struct Log {
    format: LogFormat,
    journal: bool,
    budget: RefCell<Budget>,
}

impl Log {
    /// Looks where standard error leads: the journal gets priorities and no times.
    #[must_use]
    pub fn new(format: LogFormat) -> Self {
        let budget = RefCell::new(Budget::new(Instant::now()));
        Self { format, journal: to_the_journal(), budget }
    }

    /// One that writes nothing.
    #[cfg(test)]
    pub(super) fn silent() -> Self {
        let log = Self::new(LogFormat::Text);
        while log.budget.borrow_mut().take(Instant::now()) {}
        log
    }

    /// Writes one event. Fields with an empty value are left out. Of a flood, only how many
    /// there were is told, when it is over.
    pub fn event(&self, level: Level, event: &str, fields: &[(&str, &str)]) {
        self.tell_dropped();
        if self.budget.borrow_mut().take(Instant::now()) {
            self.write(level, event, fields);
        }
    }

    /// Writes an event for each of `items`; where there are many of one `group`, one for all
    /// of them, which has the fields of the first, how many there are (`count`) and the first
    /// field of the last (`last`).
    pub fn each<T>(
        &self,
        level: Level,
        event: &str,
        items: &[T],
        group: impl Fn(&T) -> &'static str,
        fields: impl Fn(&T) -> Fields,
    ) {
        for fields in grouped(items, group, fields) {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(key, value)| (*key, value.as_str())).collect();
            self.event(level, event, &fields);
        }
    }

    /// Tells of lines that were not written, once that may be.
    pub fn tell_dropped(&self) {
        let dropped = self.budget.borrow_mut().dropped(Instant::now());
        if let Some(count) = dropped {
            let what = "events came too fast to be told one by one";
            let fields = [("count", &*count.to_string()), ("what", what)];
            self.write(Level::Warning, "suppressed", &fields);
        }
    }

    fn write(&self, level: Level, event: &str, fields: &[(&str, &str)]) {
        let line = line(self.format, self.journal, level, event, fields);
        tell(&line);
    }
}

fn grouped<T>(
    items: &[T],
    group: impl Fn(&T) -> &'static str,
    fields: impl Fn(&T) -> Fields,
) -> Vec<Fields> {
    let mut groups: Vec<(&str, Vec<&T>)> = Vec::new();
    for item in items {
        let group = group(item);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, members)) => members.push(item),
            None => groups.push((group, vec![item])),
        }
    }
    let mut told = Vec::new();
    for (_, members) in groups {
        match members.as_slice() {
            [first, .., last] if members.len() > FEW => {
                let mut all = fields(first);
                all.push(("count", members.len().to_string()));
                all.extend(fields(last).into_iter().next().map(|(_, last)| ("last", last)));
                told.push(all);
            }
            few => told.extend(few.iter().map(|item| fields(item))),
        }
    }
    told
}

/// Whether standard error is the journal's socket (systemd.exec(5), `JOURNAL_STREAM`).
fn to_the_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    fstat(io::stderr()).is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

fn line(
    format: LogFormat,
    journal: bool,
    level: Level,
    event: &str,
    fields: &[(&str, &str)],
) -> String {
    let name = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "info",
    };
    let fields = fields.iter().filter(|(_, value)| !value.is_empty());
    let mut line = if journal { format!("<{}>", level as u8) } else { String::new() };
    let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    match format {
        LogFormat::Json => {
            let mut object = serde_json::Map::new();
            let all = [("time", time.as_str()), ("level", name), ("event", event)];
            for &(key, value) in all.iter().chain(fields) {
                object.insert(key.to_owned(), value.into());
            }
            line += &printable_json(&serde_json::Value::Object(object).to_string());
        }
        LogFormat::Text => {
            if !journal {
                let _ = write!(line, "time={time} ");
            }
            let _ = write!(line, "level={name} event={event}");
            for (key, value) in fields {
                // Debug quotes and escapes, so that a value is one word of one line.
                let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/,".contains(c);
                let _ = if value.chars().all(plain) {
                    write!(line, " {key}={value}")
                } else {
                    write!(line, " {key}={value:?}")
                };
            }
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_in_each_form() {
        let fields = [("what", "a \"b\"\nc"), ("vip", "192.0.2.1"), ("none", "")];
        let text = line(LogFormat::Text, true, Level::Warning, "repaired", &fields);
        assert_eq!(
            text,
            "<4>level=warning event=repaired what=\"a \\\"b\\\"\\nc\" vip=192.0.2.1\n"
        );
        let text = line(LogFormat::Text, false, Level::Info, "x", &[]);
        assert!(text.starts_with("time=2") && text.ends_with("level=info event=x\n"), "{text}");
        let text = line(LogFormat::Json, false, Level::Error, "problem", &fields);
        let object: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object["what"], "a \"b\"\nc");
        assert_eq!((&object["level"], &object["event"]), (&"error".into(), &"problem".into()));
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn no_value_reaches_the_terminal_as_it_is() {
        let name = "e\u{1b}[1m\u{9b}2J\u{202e}\u{2028}";
        for format in [LogFormat::Text, LogFormat::Json] {
            let text = line(format, false, Level::Info, "x", &[("what", name)]);
            assert!(!text.trim_end().contains(lvs_term::is_harmful), "{text:?}");
            if format == LogFormat::Json {
                let object: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(object["what"], name, "nothing is lost");
            }
        }
    }

    #[test]
    fn many_of_one_kind_are_one_line() {
        let kind = |n: &u32| if n % 1000 == 0 { "settings" } else { "addresses" };
        let fields = |n: &u32| vec![("command", n.to_string()), ("reason", kind(n).to_owned())];
        let told = grouped(&(0..5000).collect::<Vec<u32>>(), kind, fields);
        assert_eq!(told.len(), 6, "{told:?}");
        let many = told.last().unwrap();
        let texts: Vec<&str> = many.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(texts, ["1", "addresses", "4995", "4999"]);
        assert_eq!(many.iter().map(|(key, _)| *key).collect::<Vec<_>>()[2..], ["count", "last"]);
        let few: Vec<u32> = (1..=FEW as u32).collect();
        assert_eq!(grouped(&few, kind, fields).len(), FEW, "few have a line each");
        assert_eq!(grouped(&[], kind, fields).len(), 0);
    }
}
