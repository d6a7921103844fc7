// SPDX-License-Identifier: MIT OR Apache-2.0

//! How saved lines of `ipvsadm` show that they are all there: a line in front of them and
//! one behind them.
//!
//! `ipvsadm -R` has no comments: a line that starts with `#` ends it. What it skips is its
//! own name, wherever that stands, so these lines consist of nothing else. They hold no
//! count: a stream that breaks loses its end, and a line may be taken out by hand.

/// The line in front of a saved table.
pub(crate) const FIRST: &str = "ipvsadm ipvsadm";
/// The line behind it.
pub(crate) const LAST: &str = "ipvsadm ipvsadm ipvsadm";

/// Where in a text of lines a reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before the first line that says something.
    #[default]
    Start,
    /// Among lines that nothing is in front of: nobody knows whether they are all there.
    Loose,
    /// Behind the [`FIRST`] line, which has this number.
    Inside(usize),
    /// Behind the [`LAST`] line, which has this number.
    Behind(usize),
}

impl Place {
    /// Goes past a line without any word but `ipvsadm`.
    pub(crate) fn pass(&mut self, line: usize, text: &str) -> Result<(), String> {
        *self = match (*self, text) {
            (Self::Inside(first), text) if is(text, FIRST) => return Err(unfinished(first)),
            (Self::Start | Self::Behind(_), text) if is(text, FIRST) => Self::Inside(line),
            (Self::Inside(_), text) if is(text, LAST) => Self::Behind(line),
            (place, _) => place,
        };
        Ok(())
    }

    /// Goes past a line that asks for something.
    pub(crate) fn pass_command(&mut self) -> Result<(), String> {
        match *self {
            Self::Start => *self = Self::Loose,
            Self::Behind(last) => {
                return Err(format!("the saved table ends in line {last}: write this above it"));
            }
            Self::Loose | Self::Inside(_) => {}
        }
        Ok(())
    }

    /// Whether all lines are there; an error if some are missing.
    pub(crate) fn end(self) -> Result<bool, String> {
        match self {
            Self::Start | Self::Loose => Ok(false),
            Self::Inside(first) => Err(unfinished(first)),
            Self::Behind(_) => Ok(true),
        }
    }
}

/// Whether `text` has just the words of `mark`.
fn is(text: &str, mark: &str) -> bool {
    text.split_whitespace().eq(mark.split(' '))
}

fn unfinished(first: usize) -> String {
    format!("the saved table that begins in line {first} has no end: it was cut")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a text ends, and whether it is known to be all there.
    fn read(text: &str) -> Result<bool, String> {
        let mut place = Place::default();
        for (number, line) in (1..).zip(text.lines()) {
            match line.split_whitespace().any(|word| word != "ipvsadm") {
                true => place.pass_command()?,
                false => place.pass(number, line)?,
            }
        }
        place.end()
    }

    #[test]
    fn what_has_both_ends_is_whole() {
        let whole = format!("\n{FIRST}\n-A\n{LAST}\n\n");
        assert_eq!(read(&whole), Ok(true));
        assert_eq!(read(&format!("{whole}{whole}")), Ok(true));
        assert_eq!(read("-A\n-a\n"), Ok(false));
        assert_eq!(read(""), Ok(false));
        // In front of nothing they are blank lines.
        assert_eq!(read(&format!("-A\n{FIRST}\n-a\n")), Ok(false));
        assert_eq!(read(&format!("ipvsadm\n{LAST}\n")), Ok(false));
    }

    #[test]
    fn what_lost_its_end_is_not() {
        let cut = |line| Err(unfinished(line));
        assert_eq!(read(&format!("{FIRST}\n-A\n-a\n")), cut(1));
        assert_eq!(read(&format!("\n{FIRST}\n")), cut(2));
        assert_eq!(read(&format!("{FIRST}\n-A\n{FIRST}\n-A\n{LAST}\n")), cut(1));
        let more = format!("{FIRST}\n{LAST}\n-A\n");
        assert!(read(&more).is_err_and(|why| why.contains("ends in line 2")));
    }
}
