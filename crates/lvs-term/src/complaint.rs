// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells errors with their hints, warnings and notes on standard error.

use std::fmt;
use std::io::{self, Write as _};

use crate::text::{printable, shortened};

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
    /// Returns the text as a line with this label, without what a terminal would act on.
    #[must_use]
    pub fn line(self, text: &str) -> String {
        let label = match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Hint => "hint",
        };
        format!("{label}: {}\n", printable(text))
    }

    /// Writes the text as a line to standard error.
    pub fn tell(self, text: &str) {
        tell(&self.line(text));
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

    /// Writes it to standard error.
    pub fn tell(&self) {
        tell(&self.to_string());
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
