// SPDX-License-Identifier: MIT OR Apache-2.0

use std::borrow::Cow;
use std::fmt;

/// The type holds the state of a connection, in the kernel's words.
///
/// TCP and SCTP have their own (`ip_vs_proto_tcp.c: tcp_state_name_table`,
/// `ip_vs_proto_sctp.c: sctp_state_name_table`), UDP has one, and templates are
/// `NONE` or `ASSURED`. With direct routing and tunnels the director sees one
/// direction only and guesses the state from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionState(Cow<'static, str>);

/// Every state of the kernels 6.1 to 7.3: none of them takes memory of its own.
const KNOWN: [&str; 27] = [
    "NONE",
    "ASSURED",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "SYNACK",
    "UDP",
    "INIT1",
    "INIT",
    "C-SENT",
    "C-REPLIED",
    "C-WAIT",
    "COOKIE",
    "C-ECHOED",
    "S-SENT",
    "S-RECEIVED",
    "S-ACK-SENT",
    "REJECTED",
    "CLOSED",
    "ERR!",
    "BUG!",
];

impl ConnectionState {
    pub(super) fn from_kernel(word: &str) -> Self {
        Self(match KNOWN.iter().find(|known| **known == word) {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(word.to_owned()),
        })
    }

    /// Returns the words of the kernels 6.1 to 7.3. A later one may have others.
    pub fn known() -> impl Iterator<Item = &'static str> {
        KNOWN.into_iter()
    }

    /// Returns the kernel's word, for example `ESTABLISHED`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes any word, as a test may want it.
impl From<&str> for ConnectionState {
    fn from(word: &str) -> Self {
        Self::from_kernel(word)
    }
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
