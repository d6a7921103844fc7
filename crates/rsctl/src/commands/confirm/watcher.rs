// SPDX-License-Identifier: MIT OR Apache-2.0

//! Undoes a change that nobody confirms: a process of its own, which has nothing of the one that
//! made the change but its network namespace, and outlives it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::unistd::{chdir, dup2_stdout, setsid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT};

use super::super::rollback;
use crate::commands::Director;
use crate::error::Error;
use crate::kept::{Author, Kept, Pending};

/// What stands where a command does; not for people.
const WORD: &str = "__undo-unless-confirmed";
/// What it says once it is on guard.
const READY: &[u8] = b"ready\n";
/// How long who changes the table is waited for, again and again.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Starts it in the namespace of `director`, and waits until it is on guard.
pub(in crate::commands) fn start(director: &Director, run: &str) -> Result<(), Error> {
    let folder = director.state_dir();
    let start = || -> io::Result<Vec<u8>> {
        let mut child = Command::new("/proc/self/exe")
            .arg0("rsctl")
            .args([WORD.as_ref(), folder.as_os_str(), run.as_ref()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut said = Vec::new();
        if let Some(mut out) = child.stdout.take() {
            out.read_to_end(&mut said)?;
        }
        Ok(said)
    };
    let said = director.in_namespace(start)?.map_err(Error::NoWatcher)?;
    match said.as_slice() {
        READY => Ok(()),
        _ => {
            let why = String::from_utf8_lossy(&said).trim().to_owned();
            Err(Error::NoWatcher(io::Error::other(why)))
        }
    }
}

/// Is that process, if `args` ask for it.
pub(crate) fn asked(args: &[OsString]) -> Option<ExitCode> {
    match args {
        [_, word, folder, run] if word == WORD => {
            let run = run.to_str().unwrap_or_default();
            Some(match guard(Path::new(folder), run) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    let _ = writeln!(io::stdout(), "{error}");
                    Kept::note(&Author::of_this_process(), &format!("not undone: {error}"));
                    ExitCode::FAILURE
                }
            })
        }
        _ => None,
    }
}

fn guard(folder: &Path, run: &str) -> Result<(), Error> {
    // The signals of a terminal, and of its end, are meant for the other one.
    let _ = setsid();
    for signal in [SIGHUP, SIGINT, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))
            .map_err(Error::NoWatcher)?;
    }
    let director = Director::default().keeping_in(folder).patient(PATIENCE);
    let kept = director.kept()?;
    let _on_guard = kept.watch()?;
    let waiter = Waiter::of(kept.path()).map_err(Error::NoWatcher)?;
    // It is not to keep a file system from being unmounted, nor a pipe open.
    let _ = chdir("/");
    io::stdout().write_all(READY).and_then(|()| io::stdout().flush()).map_err(Error::NoWatcher)?;
    let nothing = File::options().write(true).open("/dev/null").map_err(Error::NoWatcher)?;
    dup2_stdout(&nothing).map_err(|errno| Error::NoWatcher(errno.into()))?;

    let mut known = None;
    loop {
        let Some(pending) = ours(kept, run, &mut known) else { return Ok(()) };
        if let Some(left) = pending.left() {
            waiter.wait(left).map_err(Error::NoWatcher)?;
            continue;
        }
        let _lock = match director.lock_alone() {
            Err(Error::Locked { .. }) => continue,
            lock => lock?,
        };
        // Who had the lock may have confirmed it, or was at work for so long that its time has
        // only just begun.
        let Some(pending) = ours(kept, run, &mut known) else { return Ok(()) };
        if pending.left().is_none() {
            return undo(&director, kept, pending);
        }
    }
}

/// Returns the change that is guarded, if it still waits to be confirmed. A file that cannot be
/// read for a moment confirms nothing.
fn ours(kept: &Kept, run: &str, known: &mut Option<Pending>) -> Option<Pending> {
    if let Ok(now) = kept.pending() {
        *known = now.filter(|pending| pending.author.run == run);
    }
    known.clone()
}

fn undo(director: &Director, kept: &Kept, pending: Pending) -> Result<(), Error> {
    let command = lvs_term::quoted_words(&pending.author.command);
    let author = Author::of_this_process();
    let number = pending.checkpoint;
    match rollback::unconfirmed(director, &pending) {
        Ok(()) => {
            let text = format!(
                "nobody confirmed `{command}` within {} s: rolled back to checkpoint {number}",
                pending.within_seconds
            );
            Kept::note(&author, &text);
            Ok(())
        }
        Err(why) => {
            let text = format!(
                "nobody confirmed `{command}`, and it could not be rolled back to checkpoint \
                 {number}: {why}"
            );
            Kept::note(&author, &text);
            Ok(kept.set_pending(Some(&pending.not_undone(why)))?)
        }
    }
}

/// Waits for the end of a time, or until something is confirmed.
struct Waiter {
    folder: Inotify,
    clock: TimerFd,
}

impl Waiter {
    fn of(folder: &Path) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let names = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_DELETE;
        inotify.add_watch(folder, names)?;
        // It goes on while the host sleeps.
        let clock = TimerFd::new(ClockId::CLOCK_BOOTTIME, TimerFlags::TFD_CLOEXEC)?;
        Ok(Self { folder: inotify, clock })
    }

    /// Waits so long at most.
    fn wait(&self, most: Duration) -> io::Result<()> {
        let most = Expiration::OneShot(TimeSpec::from_duration(most));
        self.clock.set(most, TimerSetTimeFlags::empty())?;
        let mut both = [
            PollFd::new(self.folder.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.clock.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut both, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        // What it says does not matter: the file is read again.
        let _ = self.folder.read_events();
        Ok(())
    }
}
