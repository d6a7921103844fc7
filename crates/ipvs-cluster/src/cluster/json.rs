// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads JSON as what it is: in one pass, where a YAML parser would first look for the end of the
//! outermost braces. What is not JSON in every respect is left to that parser, and so is to say
//! what is wrong.

use super::problem::Place;
use super::tree::{Maker, Tree};

/// Reads a document; `None` if it is no JSON.
pub(super) fn read(text: &str) -> Option<Tree> {
    let mut reader = Reader { text, position: 0, seen: 0, line: 1, column: 1 };
    let mut maker = Maker::default();
    // It is an object, or none of ours.
    reader.blank();
    if reader.peek() != Some(b'{') {
        return None;
    }
    reader.value(&mut maker)?;
    reader.blank();
    reader.peek().is_none().then_some(maker.tree)
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
    /// Up to where lines and columns are counted.
    seen: usize,
    line: usize,
    column: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    /// Takes a byte if it comes.
    fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.position += usize::from(is_there);
        is_there
    }

    /// Where the reader is.
    fn at(&mut self) -> Place {
        let since = self.text.get(self.seen..self.position).unwrap_or_default();
        let lines = since.bytes().filter(|byte| *byte == b'\n').count();
        let last = since.rsplit('\n').next().unwrap_or_default();
        if lines > 0 {
            self.column = 1;
        }
        self.line += lines;
        self.column += last.chars().count();
        self.seen = self.position;
        Place::new(self.line, self.column)
    }

    /// Reads a value. It is as deep as lists and mappings may be in each other.
    fn value(&mut self, maker: &mut Maker) -> Option<()> {
        self.blank();
        match self.peek()? {
            b'{' => self.collection(maker, false, b'}', |reader, maker| {
                reader.string(maker)?;
                reader.blank();
                if !reader.takes(b':') {
                    return None;
                }
                reader.value(maker)
            }),
            b'[' => self.collection(maker, true, b']', Self::value),
            b'"' => self.string(maker),
            _ => self.word(maker),
        }
    }

    fn collection(
        &mut self,
        maker: &mut Maker,
        is_list: bool,
        end: u8,
        item: fn(&mut Self, &mut Maker) -> Option<()>,
    ) -> Option<()> {
        maker.open(self.at(), is_list)?;
        self.position += 1;
        self.blank();
        if !self.takes(end) {
            loop {
                self.blank();
                item(self, maker)?;
                self.blank();
                if self.takes(end) {
                    break;
                }
                if !self.takes(b',') {
                    return None;
                }
            }
        }
        maker.close();
        Some(())
    }

    /// Reads a number, `true`, `false` or `null`: as YAML has them, too.
    fn word(&mut self, maker: &mut Maker) -> Option<()> {
        let at = self.at();
        let rest = self.text.get(self.position..)?;
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
        let word = rest.get(..end.unwrap_or(rest.len()))?;
        let is_word = matches!(word, "true" | "false" | "null");
        if !is_word && !is_number(word) {
            return None;
        }
        self.position += word.len();
        maker.scalar(at, word, true);
        Some(())
    }

    fn string(&mut self, maker: &mut Maker) -> Option<()> {
        let at = self.at();
        if !self.takes(b'"') {
            return None;
        }
        let rest: &'a str = self.text.get(self.position..)?;
        let end = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        let plain = rest.get(..end)?;
        self.position += end;
        if self.takes(b'"') {
            maker.scalar(at, plain, false);
            return Some(());
        }
        let mut text = plain.to_owned();
        loop {
            let rest = self.text.get(self.position..)?;
            let c = rest.chars().next()?;
            self.position += c.len_utf8();
            match c {
                '"' => break,
                '\\' => text.push(self.escape()?),
                c if c < ' ' => return None,
                c => text.push(c),
            }
        }
        maker.scalar(at, &text, false);
        Some(())
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.position += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hexadecimal()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high);
                }
                let pair = self.takes(b'\\') && self.takes(b'u');
                let low = self.hexadecimal().filter(|it| pair && (0xdc00..0xe000).contains(it))?;
                return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
            _ => return None,
        })
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let digits = self.text.get(self.position..self.position + 4)?;
        self.position += 4;
        let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| plain)
    }
}

/// Says whether a word is a number of JSON's.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = word.split_once(['e', 'E']).unwrap_or((word, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let is_whole = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    is_whole && digits(fraction) && digits(exponent)
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Shape, Value};
    use super::*;

    /// What is read, as serde_json would write it.
    fn shown(value: Value<'_>) -> String {
        match value.shape() {
            Shape::Scalar(it) if it.is_plain => it.text.to_owned(),
            Shape::Scalar(it) => format!("{:?}", it.text),
            Shape::List(items) => {
                format!("[{}]", items.map(shown).collect::<Vec<_>>().join(","))
            }
            Shape::Map(entries) => {
                let all: Vec<_> = entries.map(shown).collect();
                let pairs = all.chunks(2).map(|pair| pair.join(":"));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn json_is_read() {
        for (text, expected) in [
            ("{}", "{}"),
            (" {\"a\" : [ 1 , -2.5e+3, true,null ] }\n", r#"{"a":[1,-2.5e+3,true,null]}"#),
            (r#"{"\u0041\n\/":"\ud83d\ude00é"}"#, "{\"A\\n/\":\"😀é\"}"),
        ] {
            let tree = read(text).unwrap();
            assert_eq!(shown(tree.root().unwrap()), expected);
        }
    }

    /// The YAML parser is asked then.
    #[test]
    fn what_is_no_json_is_not_read() {
        for text in [
            "",
            "1",
            "[]",
            "{",
            "{}}",
            "{} x",
            "{a: 1}",
            "{\"a\": 01}",
            "{\"a\": 1.}",
            "{\"a\": .5}",
            "{\"a\": +1}",
            "{\"a\": 1,}",
            "{\"a\"}",
            "{\"a\": \"\n\"}",
            "{\"a\": \"\\x\"}",
            "{\"a\": \"\\ud800\"}",
            "{\"a\": \"\\ud800\\u0041\"}",
            "{\"a\": \"\\u+041\"}",
            "{\"a\": nul}",
            "{'a': 1}",
            "{\"a\": [}",
            "{\"a\": \"b}",
            "# x\n{}",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn places_are_those_of_an_editor() {
        let tree = read("{\"é\": 1,\n  \"b\":\n2}").unwrap();
        let Shape::Map(entries) = tree.root().unwrap().shape() else { panic!() };
        let places: Vec<_> = entries.map(Value::at).collect();
        let place = Place::new;
        assert_eq!(places, [place(1, 2), place(1, 7), place(2, 3), place(3, 1)]);
    }
}
