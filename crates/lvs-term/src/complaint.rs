// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells errors with their hints, warnings and notes on standard error, as text or as JSON.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::text::{printable, printable_json, shortened};

/// Whether standard error is for a program, as all of the process's output is then.
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// Makes every later error, warning, note and hint a JSON object on a line of its own.
pub fn tell_as_json() {
    AS_JSON.store(true, Ordering::Relaxed);
}

/// Returns whether a command line asks for JSON, also one that cannot be read. Behind one of the
/// `writers`, which are commands, `-o` and `--output` name a file.
#[must_use]
pub fn asks_for_json(args: &[OsString], writers: &[&str]) -> bool {
    let words: Vec<&str> = args
        .iter()
        .skip(1)
        .map(|word| word.to_str().unwrap_or_default())
        .take_while(|word| *word != "--")
        .collect();
    let is_form =
        |form: &str| ["json", "json-pretty"].iter().any(|json| form.eq_ignore_ascii_case(json));
    let has_form = |word: &str| {
        let short = word.strip_prefix("-o").map(|form| form.strip_prefix('=').unwrap_or(form));
        word.strip_prefix("--output=").or(short).is_some_and(is_form)
    };
    let is_form_apart = |two: &[&str]| matches!(two, ["-o" | "--output", form] if is_form(form));
    words.contains(&"--json")
        || (!words.iter().any(|word| writers.contains(word))
            && (words.iter().any(|word| has_form(word)) || words.windows(2).any(is_form_apart)))
}

/// Returns the object as a line, without what a terminal would act on.
fn json_line(object: &Value) -> String {
    format!("{}\n", printable_json(&object.to_string()))
}

/// Names what a line on standard error begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Why the program failed.
    Error,
    /// What was done, and may not be meant.
    Warning,
    /// What is worth knowing.
    Note,
    /// What may help.
    Hint,
}

impl Label {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Hint => "hint",
        }
    }

    /// Returns the text as a line with this label, without what a terminal would act on.
    #[must_use]
    pub fn line(self, text: &str) -> String {
        format!("{}: {}\n", self.name(), printable(text))
    }

    /// Returns the same as JSON: `{"warning":"…"}`.
    fn json(self, text: &str) -> String {
        json_line(&json!({ self.name(): text }))
    }

    /// Writes the text as a line to standard error.
    pub fn tell(self, text: &str) {
        tell(&if AS_JSON.load(Ordering::Relaxed) { self.json(text) } else { self.line(text) });
    }
}

/// Writes a note that has no label to standard error; as JSON it has one.
pub fn remark(text: &str) {
    match AS_JSON.load(Ordering::Relaxed) {
        true => Label::Note.tell(text),
        false => tell(&format!("{}\n", printable(text))),
    }
}

/// Writes lines to standard error. If that fails, there is nobody to tell.
pub fn tell(lines: &str) {
    let _ = io::stderr().lock().write_all(lines.as_bytes());
}

/// Holds an error as it is told: a line, all there is to say of it, a line each, and hints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complaint {
    /// As in "cannot add service tcp/192.0.2.10:80: it exists already".
    pub message: String,
    /// More of it, without a label.
    pub details: Vec<String>,
    /// What may help, most likely first.
    pub hints: Vec<String>,
}

impl Complaint {
    /// Returns it with each line [`shortened`]: what it cites may be of any length.
    #[must_use]
    pub fn shortened(self) -> Self {
        let all = |lines: Vec<String>| lines.iter().map(|line| shortened(line)).collect();
        Self {
            message: shortened(&self.message),
            details: all(self.details),
            hints: all(self.hints),
        }
    }

    /// Writes it to standard error. The exit status that the program ends with is part of the
    /// JSON form.
    pub fn tell(&self, exit_status: u8) {
        tell(&match AS_JSON.load(Ordering::Relaxed) {
            true => self.json(exit_status),
            false => self.to_string(),
        });
    }

    fn json(&self, exit_status: u8) -> String {
        let mut object = json!({
            Label::Error.name(): self.message,
            "exit_code": exit_status,
            "hints": self.hints,
        });
        if !self.details.is_empty() {
            object["problems"] = json!(self.details);
        }
        json_line(&object)
    }
}

/// Shows all its lines, each ended, without what a terminal would act on.
impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Label::Error.line(&self.message))?;
        for detail in &self.details {
            writeln!(f, "{}", printable(detail))?;
        }
        self.hints.iter().try_for_each(|hint| f.write_str(&Label::Hint.line(hint)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text from outside is in every part.
    #[test]
    fn nothing_in_a_complaint_reaches_the_terminal() {
        let odd = |part: &str| format!("{part} a\x07b\x1b[31mc\u{202e}d\ne");
        let complaint = Complaint {
            message: odd("cannot"),
            details: vec![odd("1:")],
            hints: vec![odd("try"), String::from("or not")],
        };
        let shown = r"a\u{7}b\u{1b}[31mc\u{202e}d\ne";
        assert_eq!(
            complaint.to_string(),
            format!("error: cannot {shown}\n1: {shown}\nhint: try {shown}\nhint: or not\n")
        );
        for (label, word) in [(Label::Warning, "warning"), (Label::Note, "note")] {
            assert_eq!(label.line(&odd("x")), format!("{word}: x {shown}\n"));
        }
    }

    /// In one object all of it, and nothing is lost.
    #[test]
    fn a_complaint_is_an_object_to_a_program() {
        let odd = "a\x1b[31m\u{202e}\"b\ne";
        let complaint =
            Complaint { message: odd.to_owned(), details: Vec::new(), hints: vec![odd.to_owned()] };
        let line = complaint.json(2);
        assert!(line.ends_with("}\n") && line.lines().count() == 1, "{line}");
        assert!(!line.trim_end().contains(crate::is_harmful), "{line:?}");
        let object: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object, json!({"error": odd, "hints": [odd], "exit_code": 2}));
        let complaint = Complaint { details: vec!["f:1: x".to_owned()], ..complaint };
        let object: Value = serde_json::from_str(&complaint.json(2)).unwrap();
        assert_eq!(object["problems"], json!(["f:1: x"]));
        let warning: Value = serde_json::from_str(&Label::Warning.json(odd)).unwrap();
        assert_eq!(warning, json!({"warning": odd}));
    }

    #[test]
    fn a_line_asks_for_json_before_the_options_end() {
        for (line, asks) in [
            ("rsctl list --json", true),
            ("rsctl --json lst", true),
            ("rsctl list --output json-pretty", true),
            ("rsctl lst --output=json", true),
            ("rsctl lst --output=JSON", true),
            ("rsctl lst -o JSON", true),
            ("rsctl lst -ojson", true),
            ("rsctl lst -o=json", true),
            ("rs-agent check -o=Json-Pretty --frob", true),
            ("rsctl list -o=jsn", false),
            ("rsctl save --output json.txt", false),
            ("rsctl save -o json --frob", false),
            ("rsctl save -ojson --frob", false),
            ("rsctl save --output=json --frob", false),
            ("rsctl save -o json --json", true),
            ("rsctl list -- --json", false),
            ("rsctl list --jsn", false),
            ("--json", false),
        ] {
            let args: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert_eq!(asks_for_json(&args, &["save"]), asks, "{line}");
        }
        let words = ["rs-agent", "status", "-o", "json", "save"].map(OsString::from);
        assert!(asks_for_json(&words, &[]));
    }

    #[test]
    fn each_line_is_shortened() {
        let long = "x".repeat(5000);
        let complaint =
            Complaint { message: long.clone(), details: vec![long.clone()], hints: vec![long] };
        let text = complaint.clone().shortened().to_string();
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.len() < 1100), "{text}");
        assert!(complaint.to_string().len() > 15_000);
    }
}
