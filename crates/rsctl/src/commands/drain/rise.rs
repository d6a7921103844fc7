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

/// Begins to bring servers back step by step, or goes on with it. `catch` is called just before the
/// first change.
pub(crate) fn slow_start(
    director: &Director,
    args: &SlowStart,
    catch: &mut dyn FnMut() -> Result<(), Error>,
) -> Result<Drained, Error> {
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
        let (rise, how) = rise(args, &known.drains, settings, &entry)?;
        if how == How::Begins {
            first.push((drained.items.len(), entry.destination, rise.weight));
        }
        let state = if how == How::IsUp { State::Unchanged } else { State::Rising };
        let item = Item::new(Work::Rise(rise), state, Some(&entry));
        drained.items.push(Item { is_resumed: how == How::GoesOn, ..item });
    }
    if director.dry_run {
        return Ok(drained);
    }
    catch()?;
    for item in &drained.items {
        if let (Work::Rise(rise), State::Rising) = (&item.work, item.state) {
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

/// Says where a server stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Its rise begins now.
    Begins,
    /// Its rise is remembered.
    GoesOn,
    /// It has its weight, and nobody says another one: it is not taken down to be brought up.
    IsUp,
}

/// Says what is to be remembered of a server.
fn rise(
    args: &SlowStart,
    known: &Drains,
    settings: &Service,
    entry: &DestinationEntry,
) -> Result<(Rise, How), Error> {
    let (service, server) = (settings.key, entry.destination.key);
    let weight = entry.destination.weight;
    let earlier = known.rise(&service, &server);
    let earlier = earlier.filter(|it| [it.weight, it.before].contains(&weight));
    if let (Some(earlier), None, None) = (earlier, args.to, args.over) {
        return Ok((earlier.clone(), How::GoesOn));
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
    let is_up = args.to.is_none() && earlier.is_none() && weight != Weight::ZERO;
    let how = if is_up { How::IsUp } else { How::Begins };
    let begun = Rise { service, server, ramp, began: now(), weight: Weight::ONE, before: weight };
    Ok((begun, how))
}
