// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes the changes of one command, one after the other.

use ipvs_netlink::{Change, Client, unchecked};

use super::{Changed, Director, Made};
use crate::error::Error;

/// Says what is to be done about an object now.
#[derive(Debug)]
pub(super) enum Now {
    /// What was planned, or that error stands.
    AsPlanned,
    /// Somebody else has changed it meanwhile: this instead.
    Make(Box<(Change, Changed)>),
    /// Somebody else has made it so, and what to say of it.
    Nothing(String),
}

/// Makes changes that have been checked, unless it is a dry run, and adds them to `made`. Of
/// several, what fails does not keep the others from being made.
///
/// All were planned by one look at everything. Before each change but the first, `again` may
/// look once more, so that what another program did meanwhile is not undone; and with the
/// kernel's error, if a change fails.
pub(super) fn make(
    director: &Director,
    client: &mut Client,
    changes: Vec<(Change, Changed)>,
    mut made: Made,
    mut again: impl FnMut(&mut Client, &Change, Option<&ipvs_netlink::Error>) -> Result<Now, Error>,
) -> Result<Made, Error> {
    let is_alone = changes.len() == 1;
    for (place, planned) in changes.into_iter().enumerate() {
        if director.dry_run {
            made.changed.push(planned.1);
            continue;
        }
        match one(client, planned, place > 0, &mut again) {
            Ok(Ok(changed)) => made.changed.push(changed),
            Ok(Err(unchanged)) => made.unchanged.push(unchanged),
            Err(error) if is_alone => return Err(error),
            Err(error) => made.failed.push(error),
        }
    }
    director.record(&made.changed);
    Ok(made)
}

/// Makes one change. Returns it, or why there was nothing to change.
fn one(
    client: &mut Client,
    (mut change, mut changed): (Change, Changed),
    is_old: bool,
    again: &mut impl FnMut(&mut Client, &Change, Option<&ipvs_netlink::Error>) -> Result<Now, Error>,
) -> Result<Result<Changed, String>, Error> {
    if is_old {
        match again(client, &change, None)? {
            Now::AsPlanned => {}
            Now::Make(other) => (change, changed) = *other,
            Now::Nothing(unchanged) => return Ok(Err(unchanged)),
        }
    }
    // An edit may leave what another tool has set.
    let Err(error) = unchecked::apply(client, change.clone()) else { return Ok(Ok(changed)) };
    match again(client, &change, Some(&error))? {
        Now::AsPlanned => Err(error.into()),
        Now::Nothing(unchanged) => Ok(Err(unchanged)),
        Now::Make(other) => {
            let (change, changed) = *other;
            unchecked::apply(client, change)?;
            Ok(Ok(changed))
        }
    }
}
