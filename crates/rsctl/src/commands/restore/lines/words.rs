// SPDX-License-Identifier: MIT OR Apache-2.0

//! Cuts a line into words.

/// What `ipvsadm` calls itself: skipped wherever it stands.
const NAME: &str = "ipvsadm";

/// Cuts a line into its words, without comments and without the name of the program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    rest: &'a str,
    is_first: bool,
    /// Whether something was skipped that may be the beginning of another table.
    pub(super) has_skipped: bool,
    /// Returns what is wrong with the word at which it ended.
    pub(super) wrong: Option<&'static str>,
}

impl<'a> Words<'a> {
    /// Begins with the first word of a line.
    pub(super) fn new(line: &'a str) -> Self {
        Self { rest: line, is_first: true, has_skipped: false, wrong: None }
    }

    /// Returns what is still to be read.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Returns the next word and what stands behind the blank that ends it.
    fn cut(&self) -> Option<(&'a str, &'a str)> {
        let rest = self.rest.trim_ascii_start();
        let length = rest.as_bytes().iter().position(|byte| is_blank(*byte));
        match length {
            Some(length) => Some((rest.get(..length)?, rest.get(length + 1..)?)),
            None if rest.is_empty() => None,
            None => Some((rest, "")),
        }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let (word, rest) = self.cut()?;
            self.rest = rest;
            let is_first = std::mem::take(&mut self.is_first);
            match word.as_bytes() {
                [b'#', ..] => {
                    (self.rest, self.has_skipped) = ("", true);
                    return None;
                }
                [b'\\' | b'(', ..] if no_word(word).is_some() => {
                    (self.rest, self.wrong) = ("", no_word(word));
                    return None;
                }
                [.., b'm'] if word.ends_with(NAME) => {
                    self.has_skipped = true;
                    // Its path, too, where a command stands.
                    let is_path = is_first && word.ends_with("/ipvsadm");
                    if word == NAME || is_path {
                        continue;
                    }
                }
                _ => {}
            }
            return Some(word);
        }
    }
}

/// Returns where the comment of a line starts.
pub(super) fn comment(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut signs = line.match_indices('#').map(|(at, _)| at);
    signs.find(|at| at.checked_sub(1).is_none_or(|before| is_blank(bytes[before])))
}

fn is_blank(byte: u8) -> bool {
    // Of most bytes the first says it all.
    byte <= b' ' && byte.is_ascii_whitespace()
}

/// Returns what is wrong with a word that is none: a shell would do something with it, or `ipvsadm`
/// wrote it for want of one.
fn no_word(word: &str) -> Option<&'static str> {
    match word {
        "\\" => Some("`\\` does not continue a line here: write all of the command in one line"),
        "(null)" => Some(
            "ipvsadm writes `(null)` for a forwarding method that it has no option for: write -m, \
             -g or -i (`rsctl save` names such a server and keeps it, in JSON)",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_comments_and_blanks_are_skipped() {
        for (line, expected, has_skipped) in [
            ("-A  -t\tV \r", &["-A", "-t", "V"][..], false),
            ("", &[], false),
            (" \x0b", &["\x0b"], false),
            ("-A -t V # at night", &["-A", "-t", "V"], true),
            ("-A V#x", &["-A", "V#x"], false),
            ("ipvsadm -A ipvsadm V", &["-A", "V"], true),
            ("/sbin/ipvsadm -A /sbin/ipvsadm", &["-A", "/sbin/ipvsadm"], true),
            ("-w 1ipvsadm", &["-w", "1ipvsadm"], true),
            ("-s (null", &["-s", "(null"], false),
            ("\u{e9} \u{a0}", &["\u{e9}", "\u{a0}"], false),
        ] {
            let mut words = Words::new(line);
            assert_eq!(words.by_ref().collect::<Vec<_>>(), expected, "{line}");
            assert_eq!((words.has_skipped, words.wrong), (has_skipped, None), "{line}");
        }
        let mut words = Words::new("-A \\ -t");
        assert_eq!(words.by_ref().collect::<Vec<_>>(), ["-A"]);
        assert!(words.wrong.is_some());
    }
}
