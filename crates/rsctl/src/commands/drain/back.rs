// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_cluster::drain::{Back, Climb, Drain, Ended, Rise, Waits};
use ipvs_netlink::{Client, Destination, Weight};

use super::super::Director;
use super::{Drained, Item, State, Verb, Work, begin, see, set};
use crate::cli::{Target, Undrain};
use crate::error::Error;

/// Gives drained servers their weight back.
pub(crate) fn undrain(director: &Director, args: &Undrain) -> Result<Drained, Error> {
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let kept = director.kept()?;
    let mut known = kept.drains().map_err(Error::Unread)?;
    let mut drained = Drained::new(Verb::Undrain, director);
    drained.tell_of(&known);
    let (target, servers) = (args.servers.places.target(), &args.servers.server[..]);
    let is_meant = |service, server| see::is_meant(target, servers, service, server);
    let drains = known.drains.drains().iter().filter(|it| is_meant(&it.service, &it.server));
    let rises = known.drains.rises().iter().filter(|it| is_meant(&it.service, &it.server));
    let drains = drains.map(|it| Work::Drain { drain: it.clone(), waits: Waits::Connections });
    let all: Vec<Work> = drains.chain(rises.map(|it| Work::Rise(it.clone()))).collect();
    // Before anything is changed.
    for server in servers {
        let is_known = |work: &Work| {
            let (service, of) = match work {
                Work::Drain { drain, .. } => (&drain.service, &drain.server),
                Work::Rise(rise) => (&rise.service, &rise.server),
            };
            see::is_meant(target, &[*server], service, of)
        };
        if !all.iter().any(is_known) {
            unknown(&mut client, &mut drained, target, *server)?;
        }
    }
    for work in all {
        let mut item = Item::new(work, State::Unchanged, None);
        item.is_resumed = true;
        let seen = see::server(&mut client, &item.service, &item.server)?;
        item.see(seen.as_ref());
        let back = back(&item.work, seen.as_ref().map(|it| it.destination));
        item.state = match back {
            Back::Set(_) => State::Restored,
            Back::Nothing => State::Unchanged,
            Back::Over(ended) => ended.into(),
        };
        drained.items.push(item);
        let place = drained.items.len() - 1;
        if director.dry_run {
            continue;
        }
        let service = drained.items[place].service;
        if let (Back::Set(after), Some(entry)) = (back, seen) {
            match set(director, &mut client, service, entry.destination, after.weight) {
                Ok(()) => {
                    if let Some(seen) = &mut drained.items[place].seen {
                        seen.weight = after.weight;
                    }
                }
                Err(error) => drained.fail(place, error),
            }
        }
        let Item { service, server, state, .. } = drained.items[place];
        if state != State::Failed {
            known.drains.end(&service, &server);
        }
    }
    if !director.dry_run {
        // What has its weight back is remembered until now: killed before, it is seen to be over.
        kept.set_drains(&known.drains).map_err(Error::NotForgotten)?;
    }
    Ok(drained)
}

fn back(work: &Work, seen: Option<Destination>) -> Back {
    match work {
        Work::Drain { drain, .. } => drain.back(seen),
        Work::Rise(rise) => whole(rise, seen),
    }
}

/// Gives a server that is brought back step by step all of its weight.
fn whole(rise: &Rise, seen: Option<Destination>) -> Back {
    let to = rise.ramp.to();
    match (rise.next(seen, rise.began + rise.ramp.over()), seen) {
        (Climb::Over(ended), _) => Back::Over(ended),
        (_, None) => Back::Over(Ended::Gone),
        (_, Some(now)) if now.weight == to => Back::Nothing,
        (_, Some(now)) => Back::Set(now.with_weight(to)),
    }
}

/// Says of a server that nothing is remembered of.
fn unknown(
    client: &mut Client,
    drained: &mut Drained,
    target: Target,
    server: crate::cli::Endpoint,
) -> Result<(), Error> {
    let none = ipvs_cluster::drain::Drains::default();
    let (there, _) = begin::find(client, "undrain", target, &[server], &none)?;
    for (service, entry) in there {
        let (server, weight) = (entry.destination.key, entry.destination.weight);
        if weight == Weight::ZERO {
            return Err(Error::NoDrain { service, server });
        }
        let drain = Drain {
            service,
            server,
            weight,
            deadline: super::now(),
            then: ipvs_cluster::drain::Then::Keep,
        };
        let work = Work::Drain { drain, waits: Waits::Connections };
        drained.items.push(Item::new(work, State::Unchanged, Some(&entry)));
    }
    Ok(())
}
