// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shows one state after another in the same place of a terminal.

use std::io::{self, IsTerminal};

/// Knows the size of a terminal whose contents can be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    width: usize,
    height: usize,
}

/// Puts the cursor to the upper left, and clears all behind it.
const CLEAR: &str = "\x1b[H\x1b[J";

impl Screen {
    /// Returns the screen that standard output is, as large as it is now; `None` if it is no
    /// terminal, or one that cannot move its cursor.
    #[must_use]
    pub fn of_stdout() -> Option<Self> {
        let stdout = io::stdout();
        let can_move = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        if !can_move || !stdout.is_terminal() {
            return None;
        }
        let size = terminal_size::terminal_size_of(&stdout);
        let (width, height) = size.map_or((0, 0), |(width, height)| (width.0, height.0));
        // A terminal that does not know its size says 0.
        let or_all = |size: u16| if size == 0 { usize::MAX } else { size.into() };
        Some(Self { width: or_all(width), height: or_all(height) })
    }

    /// Returns what replaces the screen's contents by the lines of `text`, as many as it has room
    /// for, and leaves the cursor on a line of its own.
    #[must_use]
    pub fn replaced_by(self, text: &str) -> String {
        let rows = |line: &str| seen(line).div_ceil(self.width).max(1);
        let room = self.height.saturating_sub(1);
        let all = text.lines().count();
        let mut drawn = CLEAR.to_owned();
        let mut left = room;
        for (place, line) in text.lines().enumerate() {
            // A last line has to say that there are more.
            let needed = rows(line) + usize::from(place + 1 < all);
            if needed > left && text.lines().skip(place).map(rows).sum::<usize>() > left {
                drawn += &format!("and {} more\n", crate::count(all - place, "line"));
                break;
            }
            left = left.saturating_sub(rows(line));
            drawn += line;
            drawn.push('\n');
        }
        drawn
    }

    /// Returns what clears the line that the cursor is on, such as a `^C`.
    #[must_use]
    pub fn cleared_line() -> &'static str {
        "\r\x1b[K"
    }
}

/// Counts the characters of a line that are seen: colours are not.
fn seen(line: &str) -> usize {
    crate::usage::plain(line).chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_holds_as_many_lines_as_it_has_room_for() {
        let screen = |width, height| Screen { width, height };
        for (screen, text, expected) in [
            (screen(80, 24), "a\nb\n", "a\nb\n"),
            (screen(80, 3), "a\nb\n", "a\nb\n"),
            (screen(80, 3), "a\nb\nc\n", "a\nand 2 lines more\n"),
            (screen(80, 2), "a\nb\nc\n", "and 3 lines more\n"),
            (screen(4, 4), "a\nlonger\n", "a\nlonger\n"),
            (screen(4, 4), "a\nlonger\nb\n", "a\nand 2 lines more\n"),
            (screen(4, 3), "\x1b[1mfour\x1b[0m\nb\n", "\x1b[1mfour\x1b[0m\nb\n"),
            (screen(80, 24), "", ""),
            (screen(usize::MAX, usize::MAX), "a\nb\nc\n", "a\nb\nc\n"),
        ] {
            let drawn = screen.replaced_by(text);
            assert_eq!(drawn, format!("\x1b[H\x1b[J{expected}"), "{screen:?} {text:?}");
        }
    }
}
