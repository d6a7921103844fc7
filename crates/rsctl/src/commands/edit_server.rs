// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Destination;

use super::{Action, Changed, Director, Made, server, warning};
use crate::cli::EditServer;
use crate::error::Error;
use crate::refusal::Refusal;

pub(super) fn run(director: &Director, args: &EditServer) -> Result<Made, Error> {
    let service = args.service.0;
    let key = server::key(&service, args.server.real_server);
    let mut outcome = Ok(());
    let changed = director.edit_server(&service, &key, |destination| {
        let mut edited = *destination;
        outcome = edit(&mut edited, args);
        if outcome.is_ok() {
            *destination = edited;
        }
    })?;
    outcome.map_err(|refusal| {
        Error::refused(format_args!("edit server {key} of {service}"), refusal)
    })?;
    let warnings = warning::quiet(director, &service, key, args.settings.weight);
    let changed = changed.then(|| Changed::server(Action::Edit, service, key));
    Ok(Made { changed: changed.into_iter().collect(), warnings })
}

pub(super) fn edit(destination: &mut Destination, args: &EditServer) -> Result<(), Refusal> {
    if args.replace {
        *destination = server::default(destination.key);
    }
    server::set(destination, &args.settings)
}
