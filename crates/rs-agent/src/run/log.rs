// SPDX-License-Identifier: MIT OR Apache-2.0
//! One line per event on standard error.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::SystemTime;

use nix::sys::stat::fstat;

use crate::cli::LogFormat;

/// How bad an event is: the numbers of syslog(3).
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
}

impl Log {
    /// Looks where standard error leads: the journal gets priorities and no times.
    #[must_use]
    pub fn new(format: LogFormat) -> Self {
        Self { format, journal: to_the_journal() }
    }

    /// Writes one event. Fields with an empty value are left out.
    pub fn event(&self, level: Level, event: &str, fields: &[(&str, &str)]) {
        let line = line(self.format, self.journal, level, event, fields);
        // Nobody to tell of a log that cannot be written.
        let _ = io::stderr().write_all(line.as_bytes());
    }
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
            line += &serde_json::Value::Object(object).to_string();
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
}
