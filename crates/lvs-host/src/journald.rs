// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hands messages with fields to systemd's journal, by its native protocol
//! (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL>).

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

/// Where the journal listens, where there is one.
pub const SOCKET: &str = "/run/systemd/journal/socket";

/// How long a journal that does not keep up is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Is a way to the journal.
#[derive(Debug)]
pub struct Journal(UnixDatagram);

/// Holds one message: its fields in the form in which they travel.
#[derive(Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// Adds a field. Its name has capitals, digits and underscores, and begins with a capital.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        self.0.extend(name.as_bytes());
        if value.contains(&b'\n') {
            self.0.push(b'\n');
            self.0.extend((value.len() as u64).to_le_bytes());
        } else {
            self.0.push(b'=');
        }
        self.0.extend(value);
        self.0.push(b'\n');
        self
    }

    /// Returns it as it travels.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Journal {
    /// Finds the journal that listens at `socket`, normally [`SOCKET`].
    ///
    /// # Errors
    /// The system's; `NotFound` or `ConnectionRefused` where there is none.
    pub fn at(socket: &Path) -> io::Result<Self> {
        let journal = UnixDatagram::unbound()?;
        journal.connect(socket)?;
        journal.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(journal))
    }

    /// Hands over a message, which must not be larger than a datagram, some 200 kB.
    ///
    /// # Errors
    /// The system's; `WouldBlock` if the journal did not take it in a second.
    pub fn send(&self, message: &Message) -> io::Result<()> {
        self.0.send(message.as_bytes()).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_form_of_the_protocol() {
        let message = Message::default().with("MESSAGE", "one line").with("TWO", "a\nb");
        let mut expected = b"MESSAGE=one line\nTWO\n".to_vec();
        expected.extend([3, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend(b"a\nb\n");
        assert_eq!(message.as_bytes(), expected);
    }

    #[test]
    fn who_listens_gets_it_and_who_does_not_is_missed_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let none = Journal::at(&socket).unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::NotFound);
        let listener = UnixDatagram::bind(&socket).unwrap();
        let journal = Journal::at(&socket).unwrap();
        journal.send(&Message::default().with("MESSAGE", "heard")).unwrap();
        let mut heard = [0; 64];
        let length = listener.recv(&mut heard).unwrap();
        assert_eq!(&heard[..length], b"MESSAGE=heard\n");
        // Whoever has stopped reading does not stop us.
        let begun = std::time::Instant::now();
        let full = (0..100_000).find_map(|_| {
            journal.send(&Message::default().with("MESSAGE", "x".repeat(1000))).err()
        });
        assert_eq!(full.unwrap().kind(), io::ErrorKind::WouldBlock);
        assert!(begun.elapsed() >= PATIENCE);
        drop(listener);
        std::fs::remove_file(&socket).unwrap();
    }
}
