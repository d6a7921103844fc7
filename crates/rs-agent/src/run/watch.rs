// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waits for something to happen, and has the [`Keeper`] look.
//!
//! One thread, one poll(2): on the kernel's notices, on signals, and on the clock for what
//! has no notice, as often as [`Pace`] says.

use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::{Duration, Instant};

use lvs_host::events::Events;
use lvs_host::privilege;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::time::{ClockId, clock_gettime};

use super::keeper::Keeper;
use super::log::{Level, Log};
use super::pace::{Look, Pace};
use super::service::Service;
use super::settings::Settings;
use crate::act::interrupt::Interrupt;
use crate::cli::{OnStop, RunArgs};
use crate::error::Error;
use crate::journal::Store;
use crate::mode::Mode;
use crate::observe::connect;
use crate::output::ChangeReport;
use crate::transaction::take_down;

/// Sets the host up, and keeps it right until it is told to end.
///
/// # Errors
/// It cannot be set up or watched.
pub fn run(args: &RunArgs, state_dir: &Path) -> Result<ChangeReport, Error> {
    let settings = Settings::read(args)?;
    privilege::check()?;
    let store = Store::new(state_dir)?;
    let recorded = store.load()?.journal;
    let is_later = settings.later.is_some();
    if settings.request.is_none() && recorded.is_none() && !is_later {
        return Err(Error::NothingToKeep);
    }
    let sole = store.watch()?;
    let signals = signals().map_err(|source| Error::Watch { what: "signals", source })?;
    let mode = match &settings.request {
        Some(request) => Some(request.mode),
        None => recorded.map(|journal| journal.wanted.mode),
    };
    let net = connect()?;
    let port = net.port().map_err(|source| Error::Observe { what: "the network", source })?;
    // Before the first look, so that nothing falls between the two.
    let events = Events::open(is_later || mode == Some(Mode::Nat), port)
        .map_err(|source| Error::Watch { what: "a socket for changes", source })?;
    let mut service = Service::new();
    let log = Log::new(settings.log_format);
    let mut keeper = Keeper::new(settings, store, sole, state_dir, Box::new(net), log);

    keeper.begin()?;
    service.ready();
    let stopped = watch(args, &mut keeper, &events, &signals, &mut service)?;
    service.stopping();
    if stopped && keeper.on_stop() == OnStop::Teardown {
        let report = take_down(&[], false, state_dir, keeper.unrecorded(), Interrupt::never)?;
        keeper.log_steps("taken-down", &report);
    } else if stopped {
        keeper.log().event(Level::Info, "stopped", &[("left", "all stays set up, unwatched")]);
    }
    Ok(ChangeReport::default())
}

/// Until it is told to end (true), or there is nothing left to keep (false).
fn watch(
    args: &RunArgs,
    keeper: &mut Keeper,
    events: &Events,
    signals: &SignalFd,
    service: &mut Service,
) -> Result<bool, Error> {
    let failed = |what| move |source| Error::Watch { what, source };
    let mut stale = Some(Look::Everything);
    let mut pace = Pace::new(Instant::now());
    loop {
        let now = Instant::now();
        if pace.glances(now) {
            if keeper.glance()? {
                stale = Some(Look::Everything);
            }
            keeper.tell_late();
        }
        if let Some(look) = pace.look(stale, keeper.retry_at(), now) {
            let begun = cpu_time();
            let look = keeper.look(look);
            if keeper.ended() {
                return Ok(false);
            }
            service.status(keeper.status());
            pace.looked(look, cpu_time().saturating_sub(begun), Instant::now());
            stale = None;
        }
        let now = Instant::now();
        let mut wait = pace.wait(stale, keeper.retry_at(), now);
        if let Some(alive) = service.alive(now) {
            wait = wait.min(alive);
        }
        wait_for(events, signals, wait).map_err(failed("waiting"))?;
        let heard = events.drain().map_err(failed("notices of the kernel"))?;
        stale = stale.max(keeper.heard(&heard));
        while let Some(signal) =
            signals.read_signal().map_err(io::Error::from).map_err(failed("signals"))?
        {
            match Signal::try_from(signal.ssi_signo as i32) {
                Ok(Signal::SIGHUP) => {
                    service.reloading();
                    keeper.reload(args);
                    service.ready();
                    stale = Some(Look::Everything);
                }
                _ => return Ok(true),
            }
        }
    }
}

fn wait_for(events: &Events, signals: &SignalFd, time: Duration) -> io::Result<()> {
    let mut sources = [
        PollFd::new(events.as_fd(), PollFlags::POLLIN),
        PollFd::new(signals.as_fd(), PollFlags::POLLIN),
    ];
    // Rounded up: a wait of part of a millisecond would not wait at all.
    let time = PollTimeout::try_from(time + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
    match poll(&mut sources, time) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// What this thread has cost so far. Not the time on the clock: on a busy host a look that
/// waits for its turn is not an expensive one.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

/// From here on these signals are read, not obeyed.
fn signals() -> io::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        set.add(signal);
    }
    set.thread_block()?;
    Ok(SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?)
}
