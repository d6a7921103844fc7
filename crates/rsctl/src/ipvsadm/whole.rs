// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tells whether saved lines of `ipvsadm` are all there: a line in front of them and one behind
//! them.
//!
//! `ipvsadm -R` has no comments: a line that starts with `#` ends it. What it skips is its
//! own name, wherever that stands, so these lines consist of nothing else. They hold no
//! count: a stream that breaks loses its end, and a line may be taken out by hand.

/// The line in front of a saved table.
pub(crate) const FIRST: &str = "ipvsadm ipvsadm";
/// The line behind it.
pub(crate) const LAST: &str = "ipvsadm ipvsadm ipvsadm";
/// The word that both consist of.
const NAME: &str = "ipvsadm";

/// Says where in a text of lines a reader is, and whether all of them can be whole tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    stage: Stage,
    /// Whether lines ask for something that no table holds: nobody knows whether those are
    /// all there.
    has_loose: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// In front of the first table.
    #[default]
    Start,
    /// Behind the [`FIRST`] line, which has this number.
    Inside(usize),
    /// Behind the [`LAST`] line, which has this number.
    Behind(usize),
}

impl Place {
    /// Goes past a line without any word but `ipvsadm`.
    pub(crate) fn pass(&mut self, line: usize, text: &str) -> Result<(), String> {
        self.stage = match self.stage {
            Stage::Inside(first) if is(text, FIRST) => return Err(unfinished(first)),
            Stage::Start | Stage::Behind(_) if is(text, FIRST) => Stage::Inside(line),
            Stage::Inside(_) if is(text, LAST) => Stage::Behind(line),
            stage => stage,
        };
        Ok(())
    }

    /// Goes past a line that asks for something.
    pub(crate) fn pass_command(&mut self) -> Result<(), String> {
        match self.stage {
            Stage::Start => self.has_loose = true,
            Stage::Behind(last) => {
                return Err(format!("the saved table ends in line {last}: write this above it"));
            }
            Stage::Inside(_) => {}
        }
        Ok(())
    }

    /// Returns whether the [`LAST`] line is still to come.
    pub(crate) fn is_inside(self) -> bool {
        matches!(self.stage, Stage::Inside(_))
    }

    /// Returns whether all lines are there; an error if some are missing.
    pub(crate) fn end(self) -> Result<bool, String> {
        match self.stage {
            Stage::Start => Ok(false),
            Stage::Inside(first) => Err(unfinished(first)),
            Stage::Behind(_) => Ok(!self.has_loose),
        }
    }
}

/// Refuses a line that broke off and has the [`FIRST`] line of another table behind it. As
/// words these are skipped, so that the end of the second table would be that of the first.
pub(crate) fn check_line(text: &str) -> Result<(), String> {
    let mut names = 0;
    let mut has_more = false;
    // A comment may have broken off as well: no word is left out.
    for word in text.split_whitespace() {
        match word {
            NAME => names += usize::from(has_more),
            _ => has_more = true,
        }
    }
    // Within a word: `-w 1` and the line make `-w 1ipvsadm ipvsadm`.
    let mut back = text.split_whitespace().rev();
    let is_glued = back.next() == Some(NAME)
        && back.next().is_some_and(|word| word.len() > NAME.len() && word.ends_with(NAME));
    if names < 2 && !is_glued {
        return Ok(());
    }
    Err("another saved table begins within this line: the one in front of it was cut".to_owned())
}

/// Returns whether `text` has just the words of `mark`.
fn is(text: &str, mark: &str) -> bool {
    text.split_whitespace().eq(mark.split(' '))
}

fn unfinished(first: usize) -> String {
    format!("the saved table that begins in line {first} has no end: it was cut")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how a text ends, and whether it is known to be all there.
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
        // What stands in front of a table may be a part of something.
        assert_eq!(read(&format!("-A\n{whole}")), Ok(false));
        assert_eq!(read(&format!("-A\n{LAST}\n-a\n")), Ok(false));
        assert_eq!(read(&format!("ipvsadm\n{LAST}\n")), Ok(false));
    }

    #[test]
    fn what_lost_its_end_is_not() {
        let cut = |line| Err(unfinished(line));
        assert_eq!(read(&format!("{FIRST}\n-A\n-a\n")), cut(1));
        assert_eq!(read(&format!("\n{FIRST}\n")), cut(2));
        assert_eq!(read(&format!("-A\n{FIRST}\n-a\n")), cut(2));
        assert_eq!(read(&format!("{FIRST}\n-A\n{FIRST}\n-A\n{LAST}\n")), cut(1));
        let more = format!("{FIRST}\n{LAST}\n-A\n");
        assert!(read(&more).is_err_and(|why| why.contains("ends in line 2")));
    }

    /// A stream that breaks within a line, and another behind it.
    #[test]
    fn a_table_within_a_line_is_seen() {
        for line in [
            "-A -s ",
            "-A -f 7 ",
            "-A -s rr",
            "-a -w 1",
            "ipvsadm -A -f 7 ",
            "-A -f 7 # at night ",
            "# at ni",
        ] {
            assert!(check_line(&format!("{line}{FIRST}\n")).is_err(), "{line}");
        }
        for line in [
            "",
            "-A -f 7",
            "ipvsadm ipvsadm -A",
            "ipvsadm -A ipvsadm -f 7",
            "-A ipvsadm",
            FIRST,
            LAST,
        ] {
            assert_eq!(check_line(line), Ok(()), "{line}");
        }
    }
}
