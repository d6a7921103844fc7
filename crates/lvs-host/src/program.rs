// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asks a program something, which has only so long to answer.

use std::io;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use process_control::{ChildExt as _, Control as _};

use crate::words::system_error;

/// A program error says why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It could not be run, or not be heard.
    #[error("{}", system_error(.0))]
    System(#[source] io::Error),
    /// It did not end within that time.
    #[error("did not end within {} s", .0.as_secs())]
    Late(Duration),
}

/// Runs it, and kills it if it has not ended by itself in time: it alone, nothing that it may
/// have started.
///
/// # Errors
/// It could not be run or heard, or did not end.
pub fn output(command: &mut Command, patience: Duration) -> Result<Output, ProgramError> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = child.and_then(|child| {
        child.controlled_with_output().time_limit(patience).terminate_for_timeout().wait()
    });
    match output {
        Ok(Some(output)) => Ok(output.into_std_lossy()),
        Ok(None) => Err(ProgramError::Late(patience)),
        Err(error) => Err(ProgramError::System(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn sh(script: &str, patience: Duration) -> Result<Output, ProgramError> {
        output(Command::new("sh").args(["-c", script]).stdin(Stdio::null()), patience)
    }

    #[test]
    fn all_that_is_said_is_heard() {
        // More than a pipe holds, of either, while the other is silent.
        let said = sh("head -c 300000 /dev/zero; head -c 300001 /dev/zero >&2; exit 3", LONG);
        let said = said.unwrap();
        assert_eq!((said.stdout.len(), said.stderr.len()), (300_000, 300_001));
        assert_eq!(said.status.code(), Some(3));
        let none = output(&mut Command::new("/nowhere/at-all"), LONG).unwrap_err();
        assert_eq!(none.to_string(), "no such file or directory");
    }

    #[test]
    fn who_does_not_end_is_ended() {
        for script in ["exec sleep 600", "exec >&- 2>&- sleep 600", "exec yes"] {
            let (mut ours, theirs) = UnixStream::pair().unwrap();
            let mut command = Command::new("sh");
            command.args(["-c", script]).stdin(Stdio::from(OwnedFd::from(theirs)));
            let late = output(&mut command, Duration::from_millis(200)).unwrap_err();
            assert_eq!(late.to_string(), "did not end within 0 s", "{script}");
            // The command has its input still; beside it only a child would.
            drop(command);
            ours.set_read_timeout(Some(LONG / 10)).unwrap();
            assert_eq!(ours.read(&mut [0]).unwrap(), 0, "{script}");
        }
    }
}
