// SPDX-License-Identifier: MIT OR Apache-2.0

//! Waits for servers that are drained or brought back, and tells of them meanwhile: `drain`,
//! `undrain`, `slow-start`.

use lvs_term::Look;

use crate::cli::Command;
use crate::commands::Director;
use crate::commands::drain::{self, Drained, Watch};
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{self, Drains, Format};
use crate::pause::Pause;

/// Says until when a command waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// Nothing is waited for.
    Now,
    /// What is done already is seen.
    OneLook,
    /// All is done, or a signal ends the wait.
    Done,
}

/// Runs one of those commands; `None` if it is another one.
pub(crate) fn run(
    director: &Director,
    command: &Command,
    format: Format,
    look: Look,
) -> Option<Result<Exit, Error>> {
    let (until, is_verbose) = match command {
        Command::Drain(args) if args.list => {
            return Some(drain::list(director).and_then(|listed| {
                output::write_drains(&listed, format, look)?;
                Ok(Exit::Done)
            }));
        }
        Command::Drain(args) if args.no_wait => (Until::OneLook, args.report.verbose),
        Command::Drain(args) => (Until::Done, args.report.verbose),
        Command::Undrain(args) => (Until::Now, args.report.verbose),
        Command::SlowStart(args) => (Until::Done, args.report.verbose),
        _ => return None,
    };
    Some(begin(director, command, until).and_then(|(mut drained, pause)| {
        let mut told = Drains::begin(&drained, format, is_verbose);
        let waited = wait(director, &mut drained, until, pause, &mut told);
        let written = told.end(&drained);
        let is_interrupted = waited? == Waited::Interrupted;
        if let Some(shortfall) = output::drain_shortfall(&drained, is_interrupted) {
            shortfall.tell(Exit::Failed.code());
            return Ok(Exit::Failed);
        }
        match written {
            Err(error) if drained.is_dry_run => Err(Error::Output(error)),
            Err(error) => Err(Error::Untold(error)),
            Ok(()) => Ok(Exit::Done),
        }
    }))
}

/// Begins what is asked for. Signals are caught before anything is changed: from then on who
/// interrupts it is told how to go on.
fn begin(
    director: &Director,
    command: &Command,
    until: Until,
) -> Result<(Drained, Option<Pause>), Error> {
    let pause = match until {
        Until::Done => Some(Pause::begin()?),
        Until::Now | Until::OneLook => None,
    };
    let drained = match command {
        Command::Drain(args) => drain::drain(director, args)?,
        Command::Undrain(args) => drain::undrain(director, args)?,
        Command::SlowStart(args) => drain::slow_start(director, args)?,
        _ => Drained::default(),
    };
    Ok((drained, pause))
}

/// Says how a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Done,
    Interrupted,
}

fn wait(
    director: &Director,
    drained: &mut Drained,
    until: Until,
    mut pause: Option<Pause>,
    told: &mut Drains,
) -> Result<Waited, Error> {
    if until == Until::Now || drained.is_over() {
        return Ok(Waited::Done);
    }
    let mut watch = Watch::begin(director)?;
    loop {
        watch.look(director, drained)?;
        told.tell(drained);
        match &mut pause {
            Some(pause) if !drained.is_over() => {
                if !pause.wait(Watch::pause(drained))? {
                    return Ok(Waited::Interrupted);
                }
            }
            _ => return Ok(Waited::Done),
        }
    }
}
