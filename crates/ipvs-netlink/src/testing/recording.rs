// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::str::FromStr;

use crate::genl::{self, ReplyBody};
use crate::trace;

/// The recording holds a conversation with the kernel, step by step.
///
/// As text, which [`Display`](fmt::Display) writes and `parse` reads, each datagram stands
/// as bytes under what it says in words: `>` before what was sent, `<` before what was
/// received, `!` for an answer that did not come in time, or with the errno of what failed,
/// and `=` for a new connection. Lines behind `#` are for people. The first line says of
/// which byte order the machine was, since netlink has that of its machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Sent(Vec<u8>),
    Received(Vec<u8>),
    /// Nothing was received, with the errno if it is another than that time was over.
    Failed(Option<i32>),
    Renewed,
}

/// The error says which line of a text is not that of a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the recording is wrong: {detail}")]
#[non_exhaustive]
pub struct BadRecording {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub detail: &'static str,
}

const FORM: &str = "ipvs-netlink-recording/1";
const ORDER: &str = if cfg!(target_endian = "little") { "little-endian" } else { "big-endian" };
/// How many bytes stand on a line.
const WIDTH: usize = 32;

impl Recording {
    /// The id that the kernel gave to the family of IPVS, or one that no family has.
    pub(super) fn family(&self) -> u16 {
        let received = self.steps.iter().filter_map(|step| match step {
            Step::Received(datagram) => Some(genl::replies(datagram)),
            _ => None,
        });
        let mut families = received.flatten().filter_map(|reply| match reply.ok()?.body {
            ReplyBody::Data(genl::CONTROL, attributes) => genl::decode_family_id(attributes).ok(),
            _ => None,
        });
        families.next().unwrap_or(0)
    }
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORM} {ORDER}")?;
        let family = self.family();
        for step in &self.steps {
            let (mark, datagram) = match step {
                Step::Sent(datagram) => (">", datagram),
                Step::Received(datagram) => ("<", datagram),
                Step::Failed(None) => {
                    writeln!(f, "!")?;
                    continue;
                }
                Step::Failed(Some(errno)) => {
                    writeln!(f, "! {errno}")?;
                    continue;
                }
                Step::Renewed => {
                    writeln!(f, "=")?;
                    continue;
                }
            };
            for line in trace::lines(datagram, family, mark == ">") {
                writeln!(f, "# {line}")?;
            }
            write_bytes(mark, datagram, f)?;
        }
        Ok(())
    }
}

/// Words of four bytes, which everything in netlink is aligned to.
fn write_bytes(mark: &str, datagram: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(mark)?;
    for (number, line) in datagram.chunks(WIDTH).enumerate() {
        f.write_str(if number == 0 { "" } else { " " })?;
        for word in line.chunks(4) {
            f.write_str(" ")?;
            word.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        }
        writeln!(f)?;
    }
    if datagram.is_empty() { writeln!(f) } else { Ok(()) }
}

impl FromStr for Recording {
    type Err = BadRecording;

    fn from_str(text: &str) -> Result<Self, BadRecording> {
        let mut lines = text.lines().zip(1..);
        let head = lines.next().and_then(|(line, _)| line.split_once(' '));
        match head {
            Some((FORM, ORDER)) => {}
            Some((FORM, _)) => {
                let detail = "it is of a machine with another byte order";
                return Err(BadRecording { line: 1, detail });
            }
            _ => return Err(BadRecording { line: 1, detail: "it does not begin a recording" }),
        }
        let mut steps = Vec::new();
        for (line, number) in lines {
            if !(line.is_empty() || line.starts_with('#')) {
                read(line, &mut steps).map_err(|detail| BadRecording { line: number, detail })?;
            }
        }
        Ok(Self { steps })
    }
}

/// Reads a line: a step, or more bytes of the last one.
fn read(line: &str, steps: &mut Vec<Step>) -> Result<(), &'static str> {
    let (mark, rest) = line.split_at_checked(1).ok_or("it begins with none of > < ! =")?;
    match mark {
        ">" => steps.push(Step::Sent(bytes(rest)?)),
        "<" => steps.push(Step::Received(bytes(rest)?)),
        "=" if rest.trim().is_empty() => steps.push(Step::Renewed),
        "!" if rest.trim().is_empty() => steps.push(Step::Failed(None)),
        "!" => {
            let errno = rest.trim().parse().map_err(|_| "behind the ! is no errno")?;
            steps.push(Step::Failed(Some(errno)));
        }
        " " => match steps.last_mut() {
            Some(Step::Sent(datagram) | Step::Received(datagram)) => datagram.extend(bytes(rest)?),
            _ => return Err("its bytes belong to no datagram"),
        },
        _ => return Err("it begins with none of > < ! ="),
    }
    Ok(())
}

fn bytes(words: &str) -> Result<Vec<u8>, &'static str> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let mut bytes = Vec::with_capacity(words.len() / 2);
    for word in words.split_ascii_whitespace() {
        for pair in word.as_bytes().chunks(2) {
            let &[high, low] = pair else { return Err("it holds half a byte") };
            let byte = digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low);
            bytes.push(byte.ok_or("it holds what is no byte")?);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_read_as_it_is_written() {
        let steps = vec![
            Step::Sent((0..100).collect()),
            Step::Received(Vec::new()),
            Step::Failed(None),
            Step::Failed(Some(105)),
            Step::Renewed,
            Step::Received(vec![1, 2, 3]),
        ];
        let recording = Recording { steps };
        assert_eq!(recording.to_string().parse(), Ok(recording));
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        let head = format!("{FORM} {ORDER}");
        let other = format!("{FORM} middle-endian");
        for (text, line) in [
            (String::new(), 1),
            ("hello".to_owned(), 1),
            (other, 1),
            (format!("{head}\n> 0g"), 2),
            (format!("{head}\n\n# words\n> 000"), 4),
            (format!("{head}\n  00"), 2),
            (format!("{head}\n!\n  00"), 3),
            (format!("{head}\n! lost"), 2),
            (format!("{head}\n= 1"), 2),
            (format!("{head}\nä"), 2),
        ] {
            let error = text.parse::<Recording>().unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
        }
    }
}
