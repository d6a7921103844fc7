// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, BufWriter, Write};

use lvs_term::{Stdout, printable_lines};

/// Takes answers and complaints.
pub(super) struct Output {
    out: BufWriter<Stdout>,
    /// The first answer that could not be written.
    lost: Option<io::Error>,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { out: BufWriter::new(Stdout::lock()), lost: None }
    }

    pub(super) fn say(&mut self, text: &str) {
        if let Err(error) = self.out.write_all(text.as_bytes()) {
            self.lost.get_or_insert(error);
        }
    }

    /// Writes a line to stderr, behind all that was said before, without what a terminal would
    /// act on: words of the line are in it. Line ends are `ipvsadm`'s own.
    pub(super) fn complain(&mut self, text: &str) {
        self.flush();
        lvs_term::tell(&format!("{}\n", printable_lines(text)));
    }

    fn flush(&mut self) {
        if let Err(error) = self.out.flush() {
            self.lost.get_or_insert(error);
        }
    }

    /// Writes what is left; `status` unless that fails. A reader that has seen
    /// enough is no failure.
    pub(super) fn finish(mut self, status: u8) -> u8 {
        self.flush();
        match self.lost.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.complain(&format!("cannot write the output: {error}"));
                1
            }
            _ => status,
        }
    }
}
