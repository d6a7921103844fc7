// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, SyncDaemon};

use super::{Action, Changed, Director, Outcome, daemon_status};
use crate::cli::{DaemonCommand, StartDaemon, SyncDaemonArgs};
use crate::error::Error;

pub(super) fn run(director: &Director, args: &SyncDaemonArgs) -> Result<Outcome, Error> {
    let (action, role, change) = match &args.command {
        None => return Ok(Outcome::Daemons(director.connect()?.daemons()?)),
        Some(DaemonCommand::Status(args)) => {
            return daemon_status::run(director, args).map(Outcome::DaemonStatus);
        }
        Some(DaemonCommand::Start(args)) => (Action::StartDaemon, args.role, plan(args)?),
        Some(DaemonCommand::Stop(args)) => {
            (Action::StopDaemon, args.role, Change::StopDaemon(args.role))
        }
    };
    director.apply(change)?;
    let changed = Changed { role: Some(role), ..Changed::new(action) };
    Ok(director.changed(vec![changed]))
}

fn plan(args: &StartDaemon) -> Result<Change, Error> {
    let refused = |invalid| Error::refused("start the sync daemon", invalid);
    let mut daemon = SyncDaemon::new(args.role, args.interface.clone(), args.syncid);
    daemon.max_length = args.maxlen;
    daemon.port = args.port;
    daemon.ttl = args.ttl;
    if let Some(group) = args.group {
        daemon = daemon.with_group(group).map_err(refused)?;
    }
    super::checked(Change::StartDaemon(daemon), Ok(()))
}
