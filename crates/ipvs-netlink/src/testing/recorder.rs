// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io;

use super::recording::{Recording, Step};
use crate::transport::Transport;

/// The transport notes all that passes over another one.
///
/// In another network namespace open that one there:
/// `namespace.enter(NetlinkTransport::open)`.
#[derive(Debug)]
pub struct Recorder<T> {
    inner: T,
    recording: Recording,
}

impl<T> Recorder<T> {
    /// Records what passes over `inner` from now on.
    pub fn new(inner: T) -> Self {
        Self { inner, recording: Recording::default() }
    }

    /// Returns what has passed so far.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Returns what has passed.
    pub fn into_recording(self) -> Recording {
        self.recording
    }

    /// Notes what came, with zeros for what the buffer had no room for.
    fn note(&mut self, received: &io::Result<usize>, buffer: &[u8]) {
        self.recording.steps.push(match received {
            Ok(length) => {
                let mut datagram = buffer.get(..*length).unwrap_or(buffer).to_vec();
                datagram.resize(*length, 0);
                Step::Received(datagram)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Step::Failed(None),
            Err(error) => Step::Failed(Some(error.raw_os_error().unwrap_or(libc::EIO))),
        });
    }
}

impl<T: Transport> Transport for Recorder<T> {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.inner.send(datagram)?;
        self.recording.steps.push(Step::Sent(datagram.to_vec()));
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = self.inner.receive(buffer);
        self.note(&received, buffer);
        received
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = self.inner.receive_now(buffer);
        // That there is nothing yet is no event.
        if !matches!(&received, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            self.note(&received, buffer);
        }
        received
    }

    fn renew(&mut self) -> io::Result<()> {
        self.inner.renew()?;
        self.recording.steps.push(Step::Renewed);
        Ok(())
    }
}
