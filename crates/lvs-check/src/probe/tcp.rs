// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does anybody take connections?

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connect error says why there is no connection. Each has another cause.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A host has the address, and nothing listens there, or a firewall says so.
    #[error("cannot connect to {0}: refused")]
    Refused(SocketAddr),
    /// Nobody says anything: nobody has the address, or what goes there or comes back is lost.
    #[error("cannot connect to {0}: timed out")]
    Silent(SocketAddr),
    /// A router or this host itself says that there is no way.
    #[error("cannot connect to {to}: {why}")]
    NoWay {
        /// Where.
        to: SocketAddr,
        /// What it says.
        why: io::Error,
    },
}

/// Connects, and waits for that no longer than `within`.
///
/// # Errors
/// There is no connection.
pub fn connect(to: SocketAddr, within: Duration) -> Result<TcpStream, ConnectError> {
    TcpStream::connect_timeout(&to, within).map_err(|why| match why.kind() {
        ErrorKind::ConnectionRefused => ConnectError::Refused(to),
        ErrorKind::TimedOut => ConnectError::Silent(to),
        _ => ConnectError::NoWay { to, why },
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_listens_is_told_from_who_does_not() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = server.local_addr().unwrap();
        let within = Duration::from_secs(5);
        assert!(connect(to, within).is_ok());
        drop(server);
        let refused = connect(to, within).unwrap_err();
        assert_eq!(refused.to_string(), format!("cannot connect to {to}: refused"));
    }
}
