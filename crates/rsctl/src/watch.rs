// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lists again and again, until a signal ends it: `list --watch`.

use std::io::ErrorKind;
use std::time::Duration;

use lvs_term::{ColorWhen, Look};

use crate::cli::List;
use crate::commands::{self, Director};
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Format, Lists};
use crate::pause::Pause;

/// Lists every so many `seconds`. The first list has to succeed: what is wrong with it is likely
/// wrong with the command line. What fails later is said, and may pass.
pub(crate) fn run(
    director: &Director,
    args: &List,
    seconds: u32,
    format: Format,
    color: ColorWhen,
) -> Result<Exit, Error> {
    let look = Look::of_terminal(color);
    let first = commands::list_first(director, args, look.color)?;
    let mut pause = Pause::begin()?;
    let mut lists = Lists::default();
    let mut written = lists.write(Ok(first), format, look);
    while written.is_ok() && pause.wait(Duration::from_secs(seconds.into()))? {
        // The terminal may have another size by now.
        let look = Look::of_terminal(color);
        written = lists.write(commands::list_again(director, args, look.color), format, look);
    }
    match written.and_then(|()| lists.end(format)) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Done),
    }
}
