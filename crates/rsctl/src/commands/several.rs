// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes the changes of one command, one after the other.

use ipvs_netlink::{Change, Client, unchecked};

use super::{Changed, Director, Made};
use crate::error::Error;

/// Makes changes that have been checked, unless it is a dry run, and adds them to `made`. Of
/// several, what fails does not keep the others from being made.
pub(super) fn make(
    director: &Director,
    client: &mut Client,
    changes: Vec<(Change, Changed)>,
    mut made: Made,
) -> Result<Made, Error> {
    let is_alone = changes.len() == 1;
    for (change, changed) in changes {
        // An edit may leave what another tool has set.
        let outcome = if director.dry_run { Ok(()) } else { unchecked::apply(client, change) };
        match outcome {
            Ok(()) => made.changed.push(changed),
            Err(error) if is_alone => return Err(error.into()),
            Err(error) => made.failed.push(error),
        }
    }
    Ok(made)
}
