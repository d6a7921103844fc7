// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cuts a command line into words as shells do, as far as it has been typed.

use std::mem;

/// What was typed behind the name of the program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// The words without their quotes. The cursor is at the end of the last, which may be empty.
    pub(super) words: Vec<String>,
    /// Whether the cursor is at the file of a redirection instead.
    pub(super) is_redirected: bool,
}

/// Bash, zsh and fish agree on what an administrator writes: quotes, backslashes, redirections.
/// What a shell would put in the place of a variable is not known here.
pub(super) fn of(line: &str) -> Words {
    let mut cut = Cut::default();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (cut.quote, c) {
            (Some(quote), _) if c == quote => cut.quote = None,
            (Some('\''), _) => cut.word.push(c),
            (_, '\\') => cut.word.extend(chars.next()),
            (Some(_), _) => cut.word.push(c),
            (None, '\'' | '"') => cut.quote = Some(c),
            (None, '<' | '>') => {
                // `2>`: a number of a file is no word.
                if cut.word.chars().all(|c| c.is_ascii_digit()) {
                    cut.word.clear();
                }
                cut.end();
                cut.is_redirected = true;
            }
            (None, _) if c.is_whitespace() => cut.end(),
            (None, _) => cut.word.push(c),
        }
    }
    let Cut { mut words, word, is_redirected, .. } = cut;
    words.push(word);
    // `LANG=C rsctl list`: what is set comes before the program.
    let name = words.iter().position(|word| !word.contains('=')).unwrap_or_default();
    Words { words: words.split_off((name + 1).min(words.len())), is_redirected }
}

#[derive(Default)]
struct Cut {
    words: Vec<String>,
    word: String,
    quote: Option<char>,
    is_redirected: bool,
}

impl Cut {
    fn end(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = mem::take(&mut self.word);
        // A file that something is redirected to is no word of the program's.
        if !mem::take(&mut self.is_redirected) {
            self.words.push(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_a_shell_cuts_them() {
        for (line, words) in [
            ("rsctl", &[][..]),
            ("rsctl ", &[""]),
            ("rsctl li", &["li"]),
            ("  LANG=C /usr/sbin/rsctl list  -t 192.0.2.1:8", &["list", "-t", "192.0.2.1:8"]),
            ("rsctl list -t '[2001:db8::1]:80' ", &["list", "-t", "[2001:db8::1]:80", ""]),
            ("rsctl list -t '[2001:d", &["list", "-t", "[2001:d"]),
            (r"rsctl list -t \[2001:d", &["list", "-t", "[2001:d"]),
            (r#"rsctl save -o "a \"b"c\ d"#, &["save", "-o", "a \"bc d"]),
            ("rsctl save 2>/dev/null -", &["save", "-"]),
            ("rsctl save --output=", &["save", "--output="]),
        ] {
            let expected = Words {
                words: words.iter().map(ToString::to_string).collect(),
                is_redirected: false,
            };
            assert_eq!(of(line), expected, "{line}");
        }
        assert!(of("rsctl save >").is_redirected);
        assert!(of("rsctl save > /etc/ip").is_redirected);
        assert_eq!(of("").words, Vec::<String>::new());
    }
}
