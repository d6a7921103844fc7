// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes a document as YAML or as JSON, laid out for people: what belongs together stands on one
//! line.

use std::fmt::{self, Write};

/// Holds a part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Node {
    Text(String),
    Number(i64),
    Truth(bool),
    /// One item a line.
    List(Vec<Node>),
    /// One key a line.
    Map(Vec<(String, Node)>),
    /// A list or a map all on one line.
    Line(Box<Node>),
}

impl Node {
    pub(in crate::cluster) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(in crate::cluster) fn on_one_line(self) -> Self {
        Self::Line(Box::new(self))
    }

    /// Returns a map of these keys on one line.
    pub(in crate::cluster) fn line<const N: usize>(fields: [(&str, Option<Node>); N]) -> Self {
        let fields = fields.into_iter();
        let there = fields.filter_map(|(key, node)| Some((key.to_owned(), node?)));
        Self::Map(there.collect()).on_one_line()
    }
}

/// Writes the whole of a YAML document, which is a map: its parts are set apart by blank lines.
pub(in crate::cluster) fn yaml(fields: &[(String, Node)], out: &mut impl Write) -> fmt::Result {
    for (place, field) in fields.iter().enumerate() {
        if place != 0 {
            out.write_char('\n')?;
        }
        yaml_field(field, 0, out)?;
    }
    Ok(())
}

/// Writes a key and what it has, from where the line stands to the end of the line.
fn yaml_field((key, node): &(String, Node), depth: usize, out: &mut impl Write) -> fmt::Result {
    write!(out, "{}:", Scalar { text: key, in_line: true })?;
    match node {
        Node::List(items) if !items.is_empty() => {
            out.write_char('\n')?;
            for item in items {
                indent(depth + 1, out)?;
                out.write_str("- ")?;
                yaml_item(item, depth + 2, out)?;
            }
            Ok(())
        }
        Node::Map(fields) if !fields.is_empty() => {
            out.write_char('\n')?;
            for field in fields {
                indent(depth + 1, out)?;
                yaml_field(field, depth + 1, out)?;
            }
            Ok(())
        }
        node => {
            out.write_char(' ')?;
            yaml_line(node, false, out)?;
            out.write_char('\n')
        }
    }
}

/// Writes an item behind its dash; what follows the first line of it stands at `depth`.
fn yaml_item(item: &Node, depth: usize, out: &mut impl Write) -> fmt::Result {
    let Node::Map(fields) = item else {
        yaml_line(item, false, out)?;
        return out.write_char('\n');
    };
    for (place, field) in fields.iter().enumerate() {
        if place != 0 {
            indent(depth, out)?;
        }
        yaml_field(field, depth, out)?;
    }
    Ok(())
}

/// Writes a node on one line; `in_line` says that it is part of another one.
fn yaml_line(node: &Node, in_line: bool, out: &mut impl Write) -> fmt::Result {
    match node {
        Node::Text(text) => write!(out, "{}", Scalar { text, in_line }),
        Node::Number(number) => write!(out, "{number}"),
        Node::Truth(truth) => write!(out, "{truth}"),
        Node::Line(node) => yaml_line(node, in_line, out),
        Node::List(items) => {
            out.write_char('[')?;
            for (place, item) in items.iter().enumerate() {
                out.write_str(if place == 0 { "" } else { ", " })?;
                yaml_line(item, true, out)?;
            }
            out.write_char(']')
        }
        Node::Map(fields) => {
            out.write_char('{')?;
            for (place, (key, node)) in fields.iter().enumerate() {
                out.write_str(if place == 0 { "" } else { ", " })?;
                write!(out, "{}: ", Scalar { text: key, in_line: true })?;
                yaml_line(node, true, out)?;
            }
            out.write_char('}')
        }
    }
}

fn indent(depth: usize, out: &mut impl Write) -> fmt::Result {
    (0..depth).try_for_each(|_| out.write_str("  "))
}

/// Writes the whole of a JSON document, which is a map.
pub(in crate::cluster) fn json(fields: &[(String, Node)], out: &mut impl Write) -> fmt::Result {
    json_map(fields, 0, out)?;
    out.write_char('\n')
}

fn json_map(fields: &[(String, Node)], depth: usize, out: &mut impl Write) -> fmt::Result {
    out.write_str("{\n")?;
    for (place, (key, node)) in fields.iter().enumerate() {
        out.write_str(if place == 0 { "" } else { ",\n" })?;
        indent(depth + 1, out)?;
        write!(out, "{}: ", Quoted(key))?;
        json_node(node, depth + 1, out)?;
    }
    out.write_char('\n')?;
    indent(depth, out)?;
    out.write_char('}')
}

fn json_node(node: &Node, depth: usize, out: &mut impl Write) -> fmt::Result {
    match node {
        Node::List(items) if !items.is_empty() => {
            out.write_str("[\n")?;
            for (place, item) in items.iter().enumerate() {
                out.write_str(if place == 0 { "" } else { ",\n" })?;
                indent(depth + 1, out)?;
                json_node(item, depth + 1, out)?;
            }
            out.write_char('\n')?;
            indent(depth, out)?;
            out.write_char(']')
        }
        Node::Map(fields) if !fields.is_empty() => json_map(fields, depth, out),
        node => json_line(node, out),
    }
}

fn json_line(node: &Node, out: &mut impl Write) -> fmt::Result {
    match node {
        Node::Text(text) => write!(out, "{}", Quoted(text)),
        Node::Number(number) => write!(out, "{number}"),
        Node::Truth(truth) => write!(out, "{truth}"),
        Node::Line(node) => json_line(node, out),
        Node::List(items) => {
            out.write_char('[')?;
            for (place, item) in items.iter().enumerate() {
                out.write_str(if place == 0 { "" } else { ", " })?;
                json_line(item, out)?;
            }
            out.write_char(']')
        }
        Node::Map(fields) => {
            out.write_char('{')?;
            for (place, (key, node)) in fields.iter().enumerate() {
                out.write_str(if place == 0 { "" } else { ", " })?;
                write!(out, "{}: ", Quoted(key))?;
                json_line(node, out)?;
            }
            out.write_char('}')
        }
    }
}

/// Writes a text without quotes if every reader of YAML, of version 1.1 or 1.2, takes it for that
/// text.
struct Scalar<'a> {
    text: &'a str,
    /// Whether commas and brackets around it mean something.
    in_line: bool,
}

/// Words that a reader takes for something else, in any case: YAML 1.1 has more than 1.2.
const WORDS: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"];

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() { f.write_str(self.text) } else { Quoted(self.text).fmt(f) }
    }
}

impl Scalar<'_> {
    fn is_plain(&self) -> bool {
        let Self { text, in_line } = self;
        let is_plain = |byte: u8| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'.' | b'/' | b':' | b'-')
                || (byte == b',' && !in_line)
        };
        let first = text.bytes().next().unwrap_or(b' ');
        first.is_ascii_alphanumeric()
            && text.bytes().all(is_plain)
            // The first of two colons looks like that of a key, and an IPv6 address has several.
            && text.bytes().filter(|byte| *byte == b':').count() <= 1
            && !text.ends_with([':', ','])
            && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
            && (first.is_ascii_alphabetic() || is_beyond_numbers(text))
    }
}

/// Says whether a text that begins with a digit is none of the numbers, times and dates of any
/// version: it has an IPv4 address in front, or a unit behind.
fn is_beyond_numbers(text: &str) -> bool {
    let has_unit = || {
        let number = text.trim_end_matches(['h', 'm', 's']);
        number.len() < text.len() && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let dots = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.');
    dots.filter(|byte| *byte == b'.').count() == 3 || has_unit()
}

/// Writes a text behind `#`: names that a kernel has may hold anything.
pub(in crate::cluster) struct Comment<'a>(pub(in crate::cluster) &'a str);

impl fmt::Display for Comment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|it| {
            if is_harmless(it) { f.write_char(it) } else { write!(f, "{}", it.escape_unicode()) }
        })
    }
}

/// Says whether a character is no control character, no mark of direction, nothing that cannot be
/// seen.
fn is_harmless(character: char) -> bool {
    matches!(character, ' '..='~') || character.is_alphanumeric()
}

/// Writes a text in quotes, as JSON and YAML both have it.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                _ if is_harmless(character) => f.write_char(character)?,
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        write!(f, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(text: &str) -> String {
        Scalar { text, in_line: false }.to_string()
    }

    #[test]
    fn what_any_reader_takes_for_something_else_stands_in_quotes() {
        for plain in [
            "tcp/192.0.2.10:80,443,8000-8010",
            "fwmark/7/ipv6",
            "10.0.0.11",
            "10.0.0.11:5353",
            "10.0.0.11-10.0.0.14",
            "255.255.255.0",
            "15m",
            "1h30m",
            "wlc",
            "ipvs-cluster/1",
            "pool-1",
            "eth0.100",
        ] {
            assert_eq!(scalar(plain), plain);
        }
        for odd in [
            "",
            "no",
            "On",
            "NULL",
            "~",
            "1",
            "010",
            "0x1f",
            "1e3",
            "1:30",
            "1.5",
            "2026-11-30",
            "2001:db8::1",
            "tcp/[2001:db8::1]:80",
            "[2001:db8::1]:80",
            "key:",
            "a: b",
            "a #b",
            "a b",
            "- a",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "'a'",
            "\"a\"",
            "a\nb",
            "\u{202e}a",
            "---",
            "12_000",
            "a\\b",
        ] {
            let written = scalar(odd);
            assert!(written.starts_with('"'), "{written}");
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), odd);
        }
        assert_eq!(Scalar { text: "a,b", in_line: true }.to_string(), "\"a,b\"");
        assert_eq!(scalar("\u{202e}\u{1f980}"), "\"\\u202e\\ud83e\\udd80\"");
    }
}
