// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes lists one after the other: in the place of the one before on a terminal, behind it
//! elsewhere.

use std::io::{self, Write};

use lvs_term::{Look, Screen, Stdout, tell};

use super::{Format, public, render};
use crate::commands::Outcome;
use crate::error::Error;

/// Knows what was written so far.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    /// Whether a list has been written.
    has_begun: bool,
    /// What stood on standard error last, which is not said again.
    told: String,
}

impl Lists {
    /// Writes the next list, or why there is none.
    pub(crate) fn write(
        &mut self,
        listed: Result<Outcome, Error>,
        format: Format,
        look: Look,
    ) -> io::Result<()> {
        let mut text = Vec::new();
        let mut said = String::new();
        let mut failed = None;
        let written = listed.and_then(|mut outcome| {
            said = public::said_of(&outcome, format);
            render(&mut outcome, format, look, &mut text)
        });
        if let Err(error) = written {
            text.clear();
            let complaint = error.complaint();
            said = complaint.to_string();
            failed = Some((complaint, error.exit().code()));
        }
        let mut out = Stdout::lock();
        match Screen::of_stdout().filter(|_| format != Format::Json) {
            Some(screen) => {
                let text = String::from_utf8_lossy(&text);
                // Warnings stand first: what has no room is cut off at the end.
                let drawn = screen.replaced_by(&format!("{said}{text}"));
                out.write_all(drawn.as_bytes())?;
            }
            None => {
                if self.told != said {
                    match &failed {
                        Some((complaint, exit)) => complaint.tell(*exit),
                        None => tell(&said),
                    }
                    self.told = said;
                }
                if self.has_begun && !text.is_empty() && format != Format::Json {
                    writeln!(out)?;
                }
                out.write_all(&text)?;
            }
        }
        self.has_begun |= !text.is_empty();
        out.flush()
    }

    /// Leaves the terminal as the next command expects it.
    pub(crate) fn end(self, format: Format) -> io::Result<()> {
        match Screen::of_stdout().filter(|_| format != Format::Json) {
            Some(_) => {
                let mut out = Stdout::lock();
                out.write_all(Screen::cleared_line().as_bytes())?;
                out.flush()
            }
            None => Ok(()),
        }
    }
}
