// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, SetTimeouts};

use super::{Action, Changed, Director, Outcome, State};
use crate::cli::Timeouts;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &Timeouts) -> Result<Outcome, Error> {
    if args.shows() {
        return Ok(Outcome::Timeouts(director.connect()?.timeouts()?));
    }
    let wanted = plan(args)?;
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let before = client.timeouts()?;
    if !wanted.differs_from(&before) {
        return Ok(director.changed(Vec::new()));
    }
    director.apply_over(&mut client, Change::SetTimeouts(wanted))?;
    let [before, after] = [before, before.after(&wanted)].map(State::Timeouts);
    let changed = Changed::new(Action::SetTimeouts).between(Some(before), Some(after));
    director.record([&changed]);
    Ok(director.changed(vec![changed]))
}

fn plan(args: &Timeouts) -> Result<SetTimeouts, Error> {
    let refused = |invalid| Error::refused("set the timeouts", invalid);
    let mut set = SetTimeouts::new();
    if let Some(seconds) = args.tcp {
        set = set.tcp(seconds).map_err(refused)?;
    }
    if let Some(seconds) = args.tcp_fin {
        set = set.tcp_fin(seconds).map_err(refused)?;
    }
    if let Some(seconds) = args.udp {
        set = set.udp(seconds).map_err(refused)?;
    }
    Ok(set)
}
