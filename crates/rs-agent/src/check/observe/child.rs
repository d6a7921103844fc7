// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program that is asked something, and has only so long to answer.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How often to look whether a program has ended that says nothing any more.
const LOOK: Duration = Duration::from_millis(10);
/// How long one that was killed may take to go. One that the kernel holds is not waited for.
const LAST: Duration = Duration::from_secs(1);

/// Runs it, and kills it if it has not ended by itself in time: it alone, nothing that it may
/// have started.
///
/// # Errors
/// It could not be run or heard, or did not end.
pub(super) fn output(command: &mut Command, patience: Duration) -> Result<Output, String> {
    let until = Instant::now() + patience;
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let heard = hear(&mut child, until);
    if !matches!(heard, Ok(Some(_))) {
        // Not reaped yet, so its number is nobody else's.
        let _ = child.kill();
        let _ = status(&mut child, Instant::now() + LAST);
    }
    match heard {
        Ok(Some(output)) => Ok(output),
        Ok(None) => Err(format!("did not end within {} s", patience.as_secs())),
        Err(error) => Err(error.to_string()),
    }
}

/// All it says, and how it ended; `None` if it has not by then.
fn hear(child: &mut Child, until: Instant) -> io::Result<Option<Output>> {
    let pipes = [child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from)];
    let mut texts = [Vec::new(), Vec::new()];
    let mut open: Vec<(File, &mut Vec<u8>)> =
        pipes.into_iter().flatten().map(File::from).zip(&mut texts).collect();
    while !open.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut asked: Vec<PollFd<'_>> =
            open.iter().map(|(pipe, _)| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut asked, left) {
            Ok(0) => return Ok(None),
            Err(Errno::EINTR) => continue,
            result => result?,
        };
        // Also of an end or an error there is something to read.
        let mut ready: Vec<bool> = asked.iter().map(|pipe| pipe.any() != Some(false)).collect();
        ready.reverse();
        let mut chunk = [0; 1 << 16];
        let mut failed = None;
        open.retain_mut(|(pipe, text)| {
            if !ready.pop().unwrap_or(false) {
                return true;
            }
            match pipe.read(&mut chunk) {
                Ok(0) => false,
                Ok(count) => {
                    text.extend_from_slice(chunk.get(..count).unwrap_or_default());
                    true
                }
                Err(error) => {
                    failed = Some(error);
                    false
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
    }
    drop(open);
    let [stdout, stderr] = texts;
    Ok(status(child, until)?.map(|status| Output { status, stdout, stderr }))
}

fn status(child: &mut Child, until: Instant) -> io::Result<Option<std::process::ExitStatus>> {
    loop {
        match child.try_wait()? {
            None if Instant::now() < until => std::thread::sleep(LOOK),
            ended => return Ok(ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn sh(script: &str, patience: Duration) -> Result<Output, String> {
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
        assert!(none.contains("No such file"), "{none}");
    }

    #[test]
    fn who_does_not_end_is_ended() {
        for script in ["exec sleep 600", "exec >&- 2>&- sleep 600", "exec yes"] {
            let (mut ours, theirs) = UnixStream::pair().unwrap();
            let mut command = Command::new("sh");
            command.args(["-c", script]).stdin(Stdio::from(OwnedFd::from(theirs)));
            let late = output(&mut command, Duration::from_millis(200)).unwrap_err();
            assert_eq!(late, "did not end within 0 s", "{script}");
            // The command has its input still; beside it only a child would.
            drop(command);
            ours.set_read_timeout(Some(LONG / 10)).unwrap();
            assert_eq!(ours.read(&mut [0]).unwrap(), 0, "{script}");
        }
    }
}
