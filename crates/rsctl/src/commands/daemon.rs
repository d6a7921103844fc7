// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, SyncDaemon, SyncRole};

use super::{Action, Changed, Director, Outcome, State, daemon_status};
use crate::cli::{DaemonCommand, StartDaemon, SyncDaemonArgs};
use crate::error::Error;

pub(super) fn run(director: &Director, args: &SyncDaemonArgs) -> Result<Outcome, Error> {
    let changed = match &args.command {
        None => return Ok(Outcome::Daemons(director.connect()?.daemons()?)),
        Some(DaemonCommand::Status(args)) => {
            return daemon_status::run(director, args).map(Outcome::DaemonStatus);
        }
        Some(DaemonCommand::Start(args)) => start(director, plan(args)?)?,
        Some(DaemonCommand::Stop(args)) => stop(director, args.role)?,
    };
    Ok(director.changed(vec![changed]))
}

fn start(director: &Director, daemon: SyncDaemon) -> Result<Changed, Error> {
    let _lock = director.lock()?;
    director.apply_over(&mut director.connect()?, Change::StartDaemon(daemon.clone()))?;
    let changed = Changed { role: Some(daemon.role), ..Changed::new(Action::StartDaemon) };
    let changed = changed.between(None::<State>, Some(State::Daemon(daemon)));
    director.record([&changed]);
    Ok(changed)
}

fn stop(director: &Director, role: SyncRole) -> Result<Changed, Error> {
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    // What cannot be read is not told; whether it can be stopped, the kernel says.
    let daemons = client.daemons().unwrap_or_default();
    let before = daemons.into_iter().find(|daemon| daemon.role == role).map(State::Running);
    director.apply_over(&mut client, Change::StopDaemon(role))?;
    let changed = Changed { role: Some(role), ..Changed::new(Action::StopDaemon) };
    let changed = if before.is_some() { changed.between(before, None::<State>) } else { changed };
    director.record([&changed]);
    Ok(changed)
}

fn plan(args: &StartDaemon) -> Result<SyncDaemon, Error> {
    let refused = |invalid| Error::refused("start the sync daemon", invalid);
    let mut daemon = SyncDaemon::new(args.role, args.interface.clone(), args.syncid);
    daemon.max_length = args.maxlen;
    daemon.port = args.port;
    daemon.ttl = args.ttl;
    if let Some(group) = args.group {
        daemon = daemon.with_group(group).map_err(refused)?;
    }
    super::checked(Change::StartDaemon(daemon.clone()), Ok(()))?;
    Ok(daemon)
}
