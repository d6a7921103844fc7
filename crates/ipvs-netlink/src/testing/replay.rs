// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io;

use super::recording::{Recording, Step};
use crate::trace;
use crate::transport::Transport;

/// The transport plays the answers of a recording to the requests that stand in it.
///
/// Each request must be the next one of the recording, byte for byte; another is not sent,
/// and the error says in words what was expected. What a client leaves unread of the
/// answers is passed over.
#[derive(Clone, Debug)]
pub struct Replay {
    recording: Recording,
    /// The step that comes next.
    next: usize,
}

impl Replay {
    /// Plays that recording from its start.
    pub fn new(recording: Recording) -> Self {
        Self { recording, next: 0 }
    }

    /// Tells whether every request of the recording was made.
    pub fn is_over(&self) -> bool {
        let rest = self.recording.steps.get(self.next..).unwrap_or_default();
        !rest.iter().any(|step| matches!(step, Step::Sent(_) | Step::Renewed))
    }

    /// Passes over the answers that nobody has read.
    fn skip_answers(&mut self) {
        while let Some(Step::Received(_) | Step::Failed(_)) = self.recording.steps.get(self.next) {
            self.next += 1;
        }
    }

    fn play(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let outcome = match self.recording.steps.get(self.next) {
            Some(Step::Received(datagram)) => {
                let length = datagram.len().min(buffer.len());
                buffer[..length].copy_from_slice(&datagram[..length]);
                Ok(datagram.len())
            }
            Some(Step::Failed(Some(errno))) => Err(io::Error::from_raw_os_error(*errno)),
            Some(Step::Failed(None)) => Err(io::ErrorKind::WouldBlock.into()),
            // Nothing came before that.
            Some(Step::Sent(_) | Step::Renewed) | None => {
                return Err(io::ErrorKind::WouldBlock.into());
            }
        };
        self.next += 1;
        outcome
    }
}

impl Transport for Replay {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.skip_answers();
        let family = self.recording.family();
        let words = |datagram| trace::lines(datagram, family, true).collect::<Vec<_>>().join(", ");
        let expected = match self.recording.steps.get(self.next) {
            Some(Step::Sent(expected)) if expected == datagram => {
                self.next += 1;
                return Ok(());
            }
            Some(Step::Sent(expected)) => words(expected),
            Some(_) => "a new connection".to_owned(),
            None => "its end".to_owned(),
        };
        let found = words(datagram);
        Err(io::Error::other(format!("the recording has {expected} here, and not {found}")))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.play(buffer)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.recording.steps.get(self.next) {
            // That was waited for, and nobody waits here.
            Some(Step::Failed(None)) => Err(io::ErrorKind::WouldBlock.into()),
            _ => self.play(buffer),
        }
    }

    fn renew(&mut self) -> io::Result<()> {
        self.skip_answers();
        match self.recording.steps.get(self.next) {
            Some(Step::Renewed) => {
                self.next += 1;
                Ok(())
            }
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}
