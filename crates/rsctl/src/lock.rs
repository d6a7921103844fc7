// SPDX-License-Identifier: MIT OR Apache-2.0

//! One `rsctl` at a time changes the table of a network namespace.
//!
//! The lock is a name of unix(7) in its abstract form: the kernel keeps such names in each
//! network namespace by itself, gives one to one socket only, and takes it back when the
//! process ends, however it ends. A file in `/run` would need a folder that others cannot
//! write, a name for each namespace, and care for links and left-overs; programs that share a
//! network namespace but not `/run`, as in containers, would not see each other's, and who is
//! not root could not make it. The kernel tells a waiter who owns
//! the socket. `docs/locking.md` says more.
//!
//! What speaks for a file: any user can take a name. So a holder that is neither root nor the
//! caller's user is waited for as well, but cannot stop the command.

use std::fmt;
use std::fs;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use lvs_term::{Label, one_line};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, getsockopt, listen, socket,
};
use nix::unistd::geteuid;

/// The name, without the NUL in front that makes it an abstract one.
const NAME: &[u8] = b"lvs-ipvs-table";
/// A wait that ends before is not worth a line.
const TELL_AFTER: Duration = Duration::from_millis(500);
/// The holder has the name first and can be asked for a moment later, which on a busy host is
/// no short one.
const ASK_FOR: Duration = Duration::from_secs(1);
/// Between two attempts where nothing tells when to try again.
const PAUSE: Duration = Duration::from_millis(2);
/// The most characters shown of what the holder does.
const LONGEST: usize = 120;

/// The lock is held while a command changes the table.
#[derive(Debug)]
pub(crate) struct Lock {
    /// `None` if the command goes on without it.
    _name: Option<OwnedFd>,
}

/// Says who holds the lock, as far as the kernel tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// `None` in another PID namespace.
    pid: Option<i32>,
    uid: u32,
    /// Its command line.
    command: Option<String>,
}

/// Says what is told of the lock while a command takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The command waits for the holder, until the limit at most.
    Waits(Holder, Duration),
    /// The holder is not one to be heeded: the command goes on.
    Ignores(Option<Holder>),
    /// There is no such lock to be had: the command goes on.
    Fails(Errno),
}

impl Notice {
    /// Tells of it on standard error.
    pub(crate) fn tell(&self) {
        match self {
            Self::Waits(..) => lvs_term::remark(&one_line(&self.to_string())),
            _ => Label::Warning.tell(&one_line(&self.to_string())),
        }
    }
}

/// Takes the lock of the network namespace that the calling thread is in. Waits up to `limit`.
///
/// # Errors
/// Who holds it, if it is still held then.
pub(crate) fn take(
    limit: Duration,
    tell: &mut (dyn FnMut(&Notice) + Send),
) -> Result<Lock, Holder> {
    take_name(NAME, limit, tell)
}

fn take_name(
    name: &[u8],
    limit: Duration,
    tell: &mut (dyn FnMut(&Notice) + Send),
) -> Result<Lock, Holder> {
    let begun = Instant::now();
    let left = || limit.saturating_sub(begun.elapsed());
    let (mut mute_since, mut told) = (None, None);
    loop {
        match claim(name) {
            Ok(name) => return Ok(Lock { _name: Some(name) }),
            Err(Errno::EADDRINUSE) => {}
            Err(errno) => {
                tell(&Notice::Fails(errno));
                return Ok(Lock { _name: None });
            }
        }
        let Some((holder, end)) = ask(name) else {
            let mute = mute_since.get_or_insert_with(Instant::now).elapsed();
            if mute >= ASK_FOR && left().is_zero() {
                tell(&Notice::Ignores(None));
                return Ok(Lock { _name: None });
            }
            thread::sleep(PAUSE);
            continue;
        };
        mute_since = None;
        // A connection that is not cut proves the holder, and takes one place of its queue
        // until it ends: none is asked for a second time.
        let has_ended = !left().is_zero() && {
            let long = told.as_ref() == Some(&holder);
            let quiet =
                if long { Duration::ZERO } else { TELL_AFTER.saturating_sub(begun.elapsed()) };
            is_cut(&end, left().min(quiet))
                || !left().is_zero() && {
                    if !long {
                        tell(&Notice::Waits(holder.clone(), left()));
                        told = Some(holder.clone());
                    }
                    is_cut(&end, left())
                }
        };
        if has_ended {
            continue;
        }
        if holder.is_heeded() {
            return Err(holder);
        }
        tell(&Notice::Ignores(Some(holder)));
        return Ok(Lock { _name: None });
    }
}

fn new_socket() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socket(AddressFamily::Unix, SockType::Stream, flags, None)
}

fn claim(name: &[u8]) -> nix::Result<OwnedFd> {
    let socket = new_socket()?;
    bind(socket.as_raw_fd(), &UnixAddr::new_abstract(name)?)?;
    // Nobody is ever answered: who connects learns whose it is, and when it ends.
    listen(&socket, Backlog::MAXCONN)?;
    Ok(socket)
}

/// Returns who holds the name, and what ends when he gives it up. `None`: nobody any more, or
/// nobody who can be asked.
fn ask(name: &[u8]) -> Option<(Holder, OwnedFd)> {
    let socket = new_socket().ok()?;
    connect(socket.as_raw_fd(), &UnixAddr::new_abstract(name).ok()?).ok()?;
    let owner = getsockopt(&socket, PeerCredentials).ok()?;
    let pid = Some(owner.pid()).filter(|pid| *pid > 0);
    Some((Holder { pid, uid: owner.uid(), command: pid.and_then(command_of) }, socket))
}

/// Waits until the holder ends, so long at most, and returns whether it did.
fn is_cut(end: &OwnedFd, most: Duration) -> bool {
    // A millisecond more than is left, rather than one turn of the loop after the other.
    let most = most.saturating_add(Duration::from_millis(1));
    let timeout = PollTimeout::try_from(most).unwrap_or(PollTimeout::MAX);
    // What the holder may send is nothing to wake up for.
    match poll(&mut [PollFd::new(end.as_fd(), PollFlags::empty())], timeout) {
        Ok(0) => false,
        _ => {
            // Whoever hangs up again and again is not to keep a processor busy.
            thread::sleep(PAUSE);
            true
        }
    }
}

/// Returns the command line of a process, without the folder of its program.
fn command_of(pid: i32) -> Option<String> {
    let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = String::from_utf8_lossy(&words);
    let (program, rest) = words.trim_end_matches('\0').split_once('\0').unwrap_or((&*words, ""));
    let program = Path::new(program.trim_end_matches('\0')).file_name()?.to_string_lossy();
    let line = format!("{program} {}", rest.replace('\0', " "));
    let line = line.trim_end();
    Some(match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    })
}

impl Holder {
    /// Returns whether it can be one of ours: any user can take a name.
    fn is_heeded(&self) -> bool {
        self.uid == 0 || self.uid == geteuid().as_raw()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "pid {pid}")?,
            None => write!(f, "a process of another PID namespace")?,
        }
        if !self.is_heeded() {
            write!(f, " of uid {}", self.uid)?;
        }
        match &self.command {
            Some(command) => write!(f, " (`{command}`)"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waits(holder, limit) => {
                let seconds = limit.as_secs_f64().ceil();
                write!(f, "waiting for {holder}, which changes the table, {seconds} s at most")
            }
            Self::Ignores(Some(holder)) => {
                write!(
                    f,
                    "going on without the lock of the table: {holder}, neither root nor the user \
                     of this command, has it"
                )
            }
            Self::Ignores(None) => write!(
                f,
                "going on without the lock of the table: who has its name, @{}, cannot be asked",
                NAME.escape_ascii()
            ),
            Self::Fails(errno) => {
                let why = errno.desc();
                write!(f, "going on without the lock of the table: cannot take it: {why}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name of this test's own.
    fn name(test: &str) -> Vec<u8> {
        format!("rsctl-{test}-{}", std::process::id()).into_bytes()
    }

    fn notices(name: &[u8], limit: Duration) -> (Result<Lock, Holder>, Vec<Notice>) {
        let mut told = Vec::new();
        let taken = take_name(name, limit, &mut |notice| told.push(notice.clone()));
        (taken, told)
    }

    #[test]
    fn one_has_it_at_a_time() {
        let name = name("one");
        let (first, told) = notices(&name, Duration::ZERO);
        assert!(told.is_empty() && first.as_ref().is_ok_and(|lock| lock._name.is_some()));
        let (second, told) = notices(&name, Duration::ZERO);
        assert_eq!(told, []);
        let holder = second.unwrap_err();
        assert_eq!(holder.pid, Some(std::process::id() as i32));
        assert!(holder.command.as_ref().is_some_and(|it| it.starts_with("rsctl-")), "{holder}");
        drop(first);
        assert!(notices(&name, Duration::ZERO).0.is_ok_and(|lock| lock._name.is_some()));
    }

    #[test]
    fn who_waits_is_told_once_and_has_an_end() {
        let name = name("waits");
        let (_first, _) = notices(&name, Duration::ZERO);
        let limit = TELL_AFTER + Duration::from_millis(300);
        let begun = Instant::now();
        let (second, told) = notices(&name, limit);
        assert!(second.is_err() && begun.elapsed() >= limit);
        let [notice @ Notice::Waits(..)] = &told[..] else { panic!("{told:?}") };
        let text = notice.to_string();
        let start = format!("waiting for pid {} (`", std::process::id());
        assert!(text.starts_with(&start), "{text}");
        assert!(text.ends_with("`), which changes the table, 1 s at most"), "{text}");
    }

    #[test]
    fn who_waits_goes_on_when_the_other_ends() {
        let name = name("ends");
        let (first, _) = notices(&name, Duration::ZERO);
        thread::scope(|scope| {
            scope.spawn(move || {
                thread::sleep(TELL_AFTER + Duration::from_millis(200));
                drop(first);
            });
            let (begun, limit) = (Instant::now(), Duration::from_secs(120));
            let (second, _) = notices(&name, limit);
            assert!(second.is_ok_and(|lock| lock._name.is_some()));
            // Its end is told: else it would be found when the time is over.
            assert!(begun.elapsed() < limit / 2);
        });
    }

    /// The queue of who holds it has room for one, and a command takes no more.
    #[test]
    fn who_waits_takes_one_place() {
        let name = name("queue");
        let socket = new_socket().unwrap();
        bind(socket.as_raw_fd(), &UnixAddr::new_abstract(&name).unwrap()).unwrap();
        listen(&socket, Backlog::new(0).unwrap()).unwrap();
        let (taken, told) = notices(&name, TELL_AFTER + Duration::from_millis(300));
        assert!(taken.is_err() && matches!(told[..], [Notice::Waits(..)]), "{taken:?} {told:?}");
    }

    /// All of them want it at once; each changes a number that is not safe by itself.
    #[test]
    fn many_have_it_one_after_the_other() {
        let name = name("many");
        let number = std::sync::atomic::AtomicUsize::new(0);
        let relaxed = std::sync::atomic::Ordering::Relaxed;
        thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let (lock, _) = notices(&name, Duration::from_secs(600));
                    assert!(lock.as_ref().is_ok_and(|lock| lock._name.is_some()));
                    let seen = number.load(relaxed);
                    thread::sleep(Duration::from_millis(1));
                    number.store(seen + 1, relaxed);
                });
            }
        });
        assert_eq!(number.load(relaxed), 20);
    }

    /// Any user can take the name so that nobody can be asked.
    #[test]
    fn a_name_without_an_owner_stops_nobody() {
        let name = name("mute");
        let socket = new_socket().unwrap();
        bind(socket.as_raw_fd(), &UnixAddr::new_abstract(&name).unwrap()).unwrap();
        let (taken, told) = notices(&name, Duration::ZERO);
        assert!(taken.is_ok_and(|lock| lock._name.is_none()));
        assert_eq!(told, [Notice::Ignores(None)]);
    }

    #[test]
    fn a_holder_is_told_as_far_as_it_is_known() {
        let us = geteuid().as_raw();
        let holder = |pid, uid, command: Option<&str>| {
            Holder { pid, uid, command: command.map(str::to_owned) }.to_string()
        };
        assert_eq!(holder(Some(7), us, Some("rsctl clear")), "pid 7 (`rsctl clear`)");
        assert_eq!(holder(Some(7), 0, None), "pid 7");
        assert_eq!(holder(Some(7), us + 4242, None), format!("pid 7 of uid {}", us + 4242));
        assert_eq!(holder(None, us, None), "a process of another PID namespace");
    }

    #[test]
    fn a_command_line_is_shown_without_its_folder_and_not_without_end() {
        let mut child = std::process::Command::new("/bin/sleep");
        let mut child = child.args(["600", &"0".repeat(1000)]).spawn().unwrap();
        let pid = child.id() as i32;
        // It is another program a moment after it began.
        let shown = loop {
            match command_of(pid) {
                Some(shown) if shown.starts_with("sleep") => break shown,
                _ => thread::sleep(PAUSE),
            }
        };
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(shown.starts_with("sleep 600 000") && shown.ends_with("0..."), "{shown}");
        assert_eq!(shown.len(), LONGEST + 3);
    }
}
