// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, SetTimeouts};

use super::{Action, Changed, Director, Outcome};
use crate::cli::Timeouts;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &Timeouts) -> Result<Outcome, Error> {
    if args.shows() {
        return Ok(Outcome::Timeouts(director.connect()?.timeouts()?));
    }
    let change = plan(args)?;
    let mut client = director.connect()?;
    if !differs(args, &client.timeouts()?) {
        return Ok(director.changed(Vec::new()));
    }
    director.apply_over(&mut client, change)?;
    Ok(director.changed(vec![Changed::new(Action::SetTimeouts)]))
}

/// Whether anything that is named has another value now.
fn differs(args: &Timeouts, now: &ipvs_netlink::Timeouts) -> bool {
    let pairs = [(args.tcp, now.tcp), (args.tcp_fin, now.tcp_fin), (args.udp, now.udp)];
    // What the kernel does not tell may be anything.
    pairs.into_iter().any(|(wanted, now)| wanted.is_some_and(|wanted| now != Some(wanted)))
}

fn plan(args: &Timeouts) -> Result<Change, Error> {
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
    Ok(Change::SetTimeouts(set))
}
