// SPDX-License-Identifier: MIT OR Apache-2.0

//! Decides how tables look: colours and width, both of a terminal only.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// Says when tables have colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

/// Says what the output may use. Without a terminal neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether lines have colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: Option<usize>,
}

/// Says what a line of a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A line like any other.
    Plain,
    /// A heading.
    Title,
    /// Of little consequence.
    Dim,
    /// New, or as it should be.
    Good,
    /// Worth a look.
    Notable,
    /// Wrong.
    Bad,
}

impl Look {
    /// Returns what standard output may use. `auto` is no colour for who sets `NO_COLOR`, or has
    /// a terminal that knows none.
    #[must_use]
    pub fn of_terminal(when: ColorWhen) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let color = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && AutoStream::choice(&stdout) != ColorChoice::Never,
        };
        let size = terminal.then(|| terminal_size::terminal_size_of(&stdout)).flatten();
        // A terminal that does not know its size says 0.
        let width = size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0);
        Self { color, width }
    }

    /// Returns whether a line of that width has no room.
    #[must_use]
    pub fn is_too_narrow_for(self, width: usize) -> bool {
        self.width.is_some_and(|room| room < width)
    }

    /// Writes `text` as a line, or if it is folded as several, each with the tone. What came
    /// from outside is [`crate::printable`] before.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn line(self, tone: Tone, text: impl AsRef<[u8]>, out: &mut impl Write) -> io::Result<()> {
        let text = text.as_ref();
        let style = match tone {
            _ if !self.color => Style::new(),
            Tone::Plain => Style::new(),
            Tone::Title => Style::new().bold(),
            Tone::Dim => Style::new().dimmed(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Notable => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
        };
        if style.is_plain() {
            out.write_all(text)?;
            return out.write_all(b"\n");
        }
        for part in text.split(|byte| *byte == b'\n') {
            write!(out, "{style}")?;
            out.write_all(part)?;
            writeln!(out, "{style:#}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_surrounds_the_line_and_not_its_end() {
        let text = |color, tone| {
            let mut out = Vec::new();
            Look { color, width: None }.line(tone, "x", &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(false, Tone::Bad), "x\n");
        assert_eq!(text(true, Tone::Plain), "x\n");
        assert_eq!(text(true, Tone::Title), "\x1b[1mx\x1b[0m\n");
        assert_eq!(text(true, Tone::Bad), "\x1b[31mx\x1b[0m\n");
    }
}
