// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes the language of manual pages, man(7), as groff and mandoc read it.

/// No line of a source is longer, as far as its words allow.
const WIDTH: usize = 80;

/// A page that is being written.
#[derive(Debug, Default)]
pub(super) struct Roff(String);

impl Roff {
    /// Writes a macro with its arguments.
    pub(super) fn request(&mut self, name: &str, arguments: &[&str]) {
        self.0.push_str(&format!(".{name}"));
        for argument in arguments {
            let text = escaped(argument).replace('"', "\\(dq");
            let is_plain = !text.is_empty() && !text.contains(' ');
            self.0.push_str(&if is_plain { format!(" {text}") } else { format!(" \"{text}\"") });
        }
        self.0.push('\n');
    }

    /// Writes text, in which what stands between backquotes is bold.
    pub(super) fn text(&mut self, text: &str) {
        self.raw(&inline(text));
    }

    /// Writes what is escaped already, and fills its lines.
    pub(super) fn raw(&mut self, text: &str) {
        let mut width = 0;
        for word in text.split(' ') {
            if width > 0 && width + 1 + word.len() > WIDTH {
                self.0.push('\n');
                width = 0;
            } else if width > 0 {
                self.0.push(' ');
                width += 1;
            }
            // Else it would be a request.
            if width == 0 && word.starts_with('.') {
                self.0.push_str("\\&");
            }
            self.0.push_str(word);
            width += word.len();
        }
        self.0.push('\n');
    }

    /// Begins an item of a list.
    pub(super) fn item(&mut self) {
        self.0.push_str(".IP \\(bu 2\n");
    }

    /// Writes lines that are shown as they are, and can be copied.
    pub(super) fn literal<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        self.request("RS", &["4"]);
        self.request("EX", &[]);
        for line in lines {
            let start = if line.starts_with('.') { "\\&" } else { "" };
            self.0.push_str(&format!("{start}{}\n", escaped(line)));
        }
        self.request("EE", &[]);
        self.request("RE", &[]);
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Returns text as it is read back: no character of it has a meaning of its own.
pub(super) fn escaped(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => all.push_str("\\e"),
            // What is copied from a page must be what is typed.
            '-' => all.push_str("\\-"),
            '\'' => all.push_str("\\(aq"),
            '`' => all.push_str("\\(ga"),
            '^' => all.push_str("\\(ha"),
            '~' => all.push_str("\\(ti"),
            c if c.is_ascii() => all.push(c),
            c => all.push_str(&format!("\\[u{:04X}]", u32::from(c))),
        }
    }
    all
}

/// Returns escaped text, bold.
pub(super) fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escaped(text))
}

/// Returns escaped text in the form of a word that stands for another.
pub(super) fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", escaped(text))
}

fn inline(text: &str) -> String {
    let mut all = String::new();
    for (place, part) in text.split('`').enumerate() {
        // A quote that does not end is one.
        all.push_str(&if place % 2 == 1 { bold(part) } else { escaped(part) });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_a_request() {
        let mut page = Roff::default();
        page.request("SH", &["a b", "it's"]);
        page.text(".x `rsctl -l` \\n it's ~ → é");
        page.literal([".EE", "'x", "a  b \\"]);
        assert_eq!(
            page.finish(),
            ".SH \"a b\" it\\(aqs\n\\&.x \\fBrsctl \\-l\\fR \\en it\\(aqs \\(ti \\[u2192] \\[u00E9]\n\
             .RS 4\n.EX\n\\&.EE\n\\(aqx\na  b \\e\n.EE\n.RE\n"
        );
    }

    #[test]
    fn lines_are_filled() {
        let mut page = Roff::default();
        page.text(&"word .x ".repeat(30));
        let text = page.finish();
        assert!(text.lines().all(|line| line.len() <= WIDTH && !line.starts_with('.')), "{text}");
    }
}
