// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use ipvs_cluster::drain::{Drains, Ramp, Rise};
use ipvs_netlink::{DestinationEntry, Service, Weight};

use super::super::Director;
use super::{Drained, Item, State, Verb, Work, begin, now, see, set};
use crate::cli::SlowStart;
use crate::error::Error;

/// How long it takes, if nobody says.
const OVER: Duration = Duration::from_secs(2 * 60);

/// Begins to bring servers back step by step, or goes on with it.
pub(crate) fn slow_start(director: &Director, args: &SlowStart) -> Result<Drained, Error> {
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let kept = director.kept()?;
    let mut known = kept.drains().map_err(Error::Unread)?;
    let mut drained = Drained::new(Verb::SlowStart, director);
    drained.tell_of(&known);
    let (target, servers) = (args.servers.places.target(), &args.servers.server[..]);
    // Of one that is gone nothing is remembered.
    let (there, _) = begin::find(&mut client, "start", target, servers, &Drains::default())?;
    let mut services = see::Services::new();
    let mut first = Vec::new();
    for (service, entry) in there {
        let (settings, _) = services.get(&mut client, &service)?;
        let (rise, is_resumed) = rise(args, &known.drains, settings, &entry)?;
        if !is_resumed {
            first.push((drained.items.len(), entry.destination, rise.weight));
        }
        let item = Item::new(Work::Rise(rise), State::Rising, Some(&entry));
        drained.items.push(Item { is_resumed, ..item });
    }
    if director.dry_run {
        return Ok(drained);
    }
    for item in &drained.items {
        if let Work::Rise(rise) = &item.work {
            known.drains.begin_rise(rise.clone());
        }
    }
    kept.set_drains(&known.drains).map_err(Error::Unremembered)?;
    for (place, before, weight) in first {
        let item = &drained.items[place];
        if before.weight == weight {
            continue;
        }
        if let Err(error) = set(director, &mut client, item.service, before, weight) {
            known.drains.end(&item.service, &item.server);
            drained.fail(place, error);
            // What is remembered too much is seen to be over by whoever looks.
            let _ = kept.set_drains(&known.drains);
        }
    }
    Ok(drained)
}

/// Says what is to be remembered of a server, and whether it was already.
fn rise(
    args: &SlowStart,
    known: &Drains,
    settings: &Service,
    entry: &DestinationEntry,
) -> Result<(Rise, bool), Error> {
    let (service, server) = (settings.key, entry.destination.key);
    let weight = entry.destination.weight;
    let earlier = known.rise(&service, &server);
    let earlier = earlier.filter(|it| [it.weight, it.before].contains(&weight));
    if let (Some(earlier), None, None) = (earlier, args.to, args.over) {
        return Ok((earlier.clone(), true));
    }
    let drained = known.drain(&service, &server).filter(|_| weight == Weight::ZERO);
    let to = args
        .to
        .or(drained.map(|it| it.weight))
        .or(earlier.map(|it| it.ramp.to()))
        .unwrap_or(weight);
    let over = args.over.map_or(OVER, |seconds| Duration::from_secs(seconds.into()));
    let ramp =
        Ramp::new(settings, to, over).map_err(|why| Error::Unrampable { service, server, why })?;
    let begun = Rise { service, server, ramp, began: now(), weight: Weight::ONE, before: weight };
    Ok((begun, false))
}
