// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Action, Changed, Director, server};
use crate::cli::EditServer;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &EditServer) -> Result<Vec<Changed>, Error> {
    let service = args.service.0;
    let key = server::key(&service, args.server.real_server);
    let mut outcome = Ok(());
    let changed = director.edit_server(&service, &key, |destination| {
        let mut edited = match args.replace {
            true => server::default(key),
            false => *destination,
        };
        outcome = server::set(&mut edited, &args.settings);
        if outcome.is_ok() {
            *destination = edited;
        }
    })?;
    outcome.map_err(|refusal| {
        Error::refused(format_args!("edit server {key} of {service}"), refusal)
    })?;
    Ok(changed.then(|| Changed::server(Action::Edit, service, key)).into_iter().collect())
}
