// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the texts of `--help`, whose paragraphs are lines: what is indented is a list if it
//! starts with a hyphen, and lines to type otherwise.

use super::roff::{Roff, bold};

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    Paragraph(&'a str),
    Items(Vec<&'a str>),
    /// Terms and what they mean.
    Terms(Vec<(&'a str, String)>),
    Lines(Vec<&'a str>),
}

/// Holds a text of `--help` by the sections that a manual has for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Prose<'a> {
    pub(super) description: Vec<Block<'a>>,
    pub(super) examples: Vec<Block<'a>>,
    pub(super) exit_status: Vec<Block<'a>>,
}

impl<'a> Prose<'a> {
    /// Reads a text.
    pub(super) fn read(text: &'a str) -> Self {
        let mut prose = Self::default();
        let mut lines = text.lines().peekable();
        let mut is_example = false;
        while let Some(line) = lines.next() {
            if line.is_empty() {
                is_example = false;
                continue;
            }
            if matches!(line, "Example:" | "Examples:") {
                is_example = true;
                continue;
            }
            if let Some(status) = line.strip_prefix("Exit status") {
                prose.exit_status.push(match statuses(status.trim_start_matches(':').trim()) {
                    Some(terms) => Block::Terms(terms),
                    None => Block::Paragraph(line),
                });
                continue;
            }
            let section = if is_example { &mut prose.examples } else { &mut prose.description };
            let Some(first) = line.strip_prefix("  ") else {
                section.push(Block::Paragraph(line));
                continue;
            };
            let mut indented = vec![first];
            while let Some(next) = lines.next_if(|next| next.starts_with("  ")) {
                indented.push(next.strip_prefix("  ").unwrap_or(next));
            }
            section.push(list(indented));
        }
        prose
    }
}

fn list(lines: Vec<&str>) -> Block<'_> {
    let items = lines.iter().map(|line| line.strip_prefix("- ")).collect::<Option<Vec<_>>>();
    let Some(items) = items else { return Block::Lines(lines) };
    let terms = items.iter().map(|item| {
        let (term, text) = item.split_once(": ")?;
        Some((term, sentence(text)))
    });
    terms.collect::<Option<_>>().map_or(Block::Items(items), Block::Terms)
}

/// Reads `0 done, 1 failed; 2 bad usage`; `None` if it is said in another way, or goes on behind
/// a full stop.
fn statuses(text: &str) -> Option<Vec<(&str, String)>> {
    let is_code = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut starts = Vec::new();
    let mut place = 0;
    let mut is_start = true;
    for word in text.split(' ') {
        if is_start && is_code(word) {
            starts.push((place, place + word.len()));
        }
        place += word.len() + 1;
        is_start = word.ends_with([',', ';']);
    }
    let first = starts.first()?;
    if first.0 != 0 || starts.len() < 2 || text.contains(". ") {
        return None;
    }
    let ends = starts.iter().skip(1).map(|next| next.0).chain([text.len()]);
    let pieces = starts.iter().zip(ends).map(|(&(start, behind), end)| {
        let meaning = text.get(behind..end)?.trim().trim_end_matches([',', ';', '.']);
        let mut letters = meaning.chars();
        let first = letters.next()?.to_uppercase();
        Some((text.get(start..behind)?, sentence(&format!("{first}{}", letters.as_str()))))
    });
    pieces.collect()
}

/// Writes blocks, each of them a paragraph of its own but for the first.
pub(super) fn write(page: &mut Roff, blocks: &[Block<'_>]) {
    for (place, block) in blocks.iter().enumerate() {
        match block {
            Block::Paragraph(text) => {
                if place > 0 {
                    page.request("PP", &[]);
                }
                page.text(text);
            }
            Block::Items(items) => {
                for item in items {
                    page.item();
                    page.text(item);
                }
            }
            Block::Terms(terms) => {
                for (term, text) in terms {
                    page.request("TP", &[]);
                    page.raw(&bold(&term.replace('`', "")));
                    page.text(text);
                }
            }
            Block::Lines(lines) => {
                if place > 0 {
                    page.request("PP", &[]);
                }
                page.literal(lines.iter().copied());
            }
        }
    }
}

/// Returns the text as a sentence: clap takes the full stop away.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim_end();
    let is_open = text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '`'));
    format!("{text}{}", if is_open { "." } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_read_by_its_sections() {
        let help = "One.\nTwo:\n  - a: first\n  - b: second\n\n- no list\n  - an item\n  - `b`: 1\n\n\
                    Run:\n  x y \\\n      z\n\nExamples:\n  x\n  y\n\nThree.\n\
                    Exit status: 0 done, 1 failed, with 2 words; 2 bad (3, say).\nFour.";
        let prose = Prose::read(help);
        assert_eq!(
            prose.description,
            [
                Block::Paragraph("One."),
                Block::Paragraph("Two:"),
                Block::Terms(vec![("a", "first.".to_owned()), ("b", "second.".to_owned())]),
                Block::Paragraph("- no list"),
                Block::Items(vec!["an item", "`b`: 1"]),
                Block::Paragraph("Run:"),
                Block::Lines(vec!["x y \\", "    z"]),
                Block::Paragraph("Three."),
                Block::Paragraph("Four."),
            ]
        );
        assert_eq!(prose.examples, [Block::Lines(vec!["x", "y"])]);
        let statuses = [("0", "Done."), ("1", "Failed, with 2 words."), ("2", "Bad (3, say).")];
        let statuses = statuses.map(|(status, text)| (status, text.to_owned())).to_vec();
        assert_eq!(prose.exit_status, [Block::Terms(statuses)]);
        for other in [
            "Exit status 0 whatever there is.",
            "Exit status with --nagios: 0 OK, 1 WARNING.",
            "Exit status: 0 done, 1 failed. With --nagios: 0 OK, 1 WARNING.",
        ] {
            assert_eq!(Prose::read(other).exit_status, [Block::Paragraph(other)]);
        }
    }
}
