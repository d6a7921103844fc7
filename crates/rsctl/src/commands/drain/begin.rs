// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use ipvs_cluster::drain::{Caution, Drain, Drainable, Drains, Obstacle, Waits, drainable};
use ipvs_netlink::{
    Change, Client, DestinationEntry, DestinationKey, KernelError, ServiceKey, Weight,
};

use super::super::targets::{self, Found, Place, Places};
use super::super::{Director, Warning, server as settings};
use super::{Drained, Item, State, Verb, Work, now, see, set};
use crate::cli::{self, Endpoint, Target};
use crate::error::{Error, Undrainable};

/// How long a drain lasts at most, if nobody says.
const DEADLINE: Duration = Duration::from_secs(5 * 60);

/// Begins to drain servers, or goes on with it: each has weight 0 then, and the one it had is
/// remembered.
pub(crate) fn drain(director: &Director, args: &cli::Drain) -> Result<Drained, Error> {
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let kept = director.kept()?;
    let mut known = kept.drains().map_err(Error::Unread)?;
    let mut drained = Drained::new(Verb::Drain, director);
    drained.tell_of(&known);
    let (target, servers) = (args.servers.places.target(), &args.servers.server[..]);
    let (there, gone) = find(&mut client, "drain", target, servers, &known.drains)?;
    for (service, server) in gone {
        drained.items.extend(was_removed(&known.drains, &service, &server));
        known.drains.end(&service, &server);
    }
    let mut services = see::Services::new();
    let mut refused = Vec::new();
    let expires = director.expires_templates();
    for (service, entry) in there {
        let (settings, servers) = services.get(&mut client, &service)?;
        let server = entry.destination.key;
        let found = drainable(settings, servers, &server, expires);
        // The next one is not the last that takes connections because of this one.
        if let Some(it) = servers.iter_mut().find(|it| it.key == server) {
            it.weight = Weight::ZERO;
        }
        let Drainable { waits, cautions, obstacles, .. } = found;
        let is_refused = |obstacle: &Obstacle| match obstacle {
            Obstacle::Hashed { .. } => !args.allow_hash_drain,
            Obstacle::Last => !args.allow_last,
            _ => true,
        };
        let flags = settings.scheduler_flags.words(&settings.scheduler);
        let flags: Vec<String> = flags.map(|flag| flag.name().to_owned()).collect();
        refused.extend(obstacles.into_iter().filter(is_refused).map(|why| Undrainable {
            service,
            server,
            flags: flags.join(","),
            why,
        }));
        let item = item(args, &known.drains, service, &entry, waits);
        caution(&mut client, &mut drained, &item, &cautions)?;
        drained.items.push(item);
    }
    if !refused.is_empty() {
        return Err(Error::Undrainable(refused));
    }
    if director.dry_run {
        return Ok(drained);
    }
    for item in &drained.items {
        if let (Work::Drain { drain, .. }, false) = (&item.work, item.state.is_over()) {
            known.drains.begin(drain.clone());
        }
    }
    kept.set_drains(&known.drains).map_err(Error::Unremembered)?;
    let mut is_less = false;
    for place in 0..drained.items.len() {
        if let Err(error) = stop(director, &mut client, &mut drained.items[place]) {
            drained.fail(place, error);
        }
        let Item { service, server, state, .. } = drained.items[place];
        if matches!(state, State::Gone | State::Failed) {
            is_less |= known.drains.end(&service, &server);
        }
    }
    if is_less {
        // What is remembered too much is seen to be over by whoever looks.
        let _ = kept.set_drains(&known.drains);
    }
    Ok(drained)
}

/// Gives a server weight 0 that has another one.
fn stop(director: &Director, client: &mut Client, item: &mut Item) -> Result<(), Error> {
    let Item { service, server, .. } = *item;
    if item.state.is_over() || item.seen.is_none_or(|seen| seen.weight == Weight::ZERO) {
        return Ok(());
    }
    // Once more, so that what another program set meanwhile stays.
    let Some(entry) = see::server(client, &service, &server)? else {
        item.state = State::Gone;
        return Ok(());
    };
    set(director, client, service, entry.destination, Weight::ZERO)
}

/// What is to be drained: those that are there, and those that were under drain and are not there
/// any more.
type Meant = (Vec<(ServiceKey, DestinationEntry)>, Vec<(ServiceKey, DestinationKey)>);

/// Finds the servers that are meant.
pub(super) fn find(
    client: &mut Client,
    verb: &str,
    target: Target,
    servers: &[Endpoint],
    known: &Drains,
) -> Result<Meant, Error> {
    let services = targets::some_services(client, target, &format!("{verb} servers of services"))?;
    let Places { all, nowhere } = targets::places(client, target, services, servers)?;
    let mut there = Vec::new();
    let mut missing = None;
    for Place { service, key, found } in all {
        match found {
            Found::There(entry) => there.push((service, *entry)),
            Found::Missing(errno) => missing = missing.or(Some((service, key, errno))),
            Found::Unread(error) => return Err(error.into()),
        }
    }
    let keys = known.drains().iter().map(|it| (it.service, it.server));
    let keys = keys.chain(known.rises().iter().map(|it| (it.service, it.server)));
    let is_there = |service: &ServiceKey, server: &DestinationKey| {
        there.iter().any(|(of, it)| of == service && it.destination.key == *server)
    };
    let gone: Vec<_> = keys
        .filter(|(service, server)| see::is_meant(target, servers, service, server))
        .filter(|(service, server)| !is_there(service, server))
        .collect();
    let is_known = |it: &Endpoint| gone.iter().any(|(_, server)| targets::names(it, *server));
    if let Some(server) = nowhere.iter().find(|it| !is_known(it)) {
        return Err(Error::nowhere(verb, server));
    }
    if there.is_empty() && gone.is_empty() {
        if let (Target::Service(_), Some((service, key, errno))) = (target, missing) {
            let destination = settings::default(key);
            let wanted = Change::SetDestination { service, destination };
            return Err(ipvs_netlink::Error::from(KernelError::new(wanted, errno)).into());
        }
        if let Some(server) = servers.first() {
            return Err(Error::nowhere(verb, server));
        }
    }
    Ok((there, gone))
}

/// Returns what became of a server that was to be deleted, and is.
fn was_removed(known: &Drains, service: &ServiceKey, server: &DestinationKey) -> Option<Item> {
    let drain = known.drain(service, server)?.clone();
    let state = match drain.then {
        ipvs_cluster::drain::Then::Remove => State::Removed(0),
        ipvs_cluster::drain::Then::Keep => State::Gone,
    };
    let work = Work::Drain { drain, waits: Waits::Connections };
    Some(Item { is_resumed: true, ..Item::new(work, state, None) })
}

/// Says what is to be remembered of a server that is there.
fn item(
    args: &cli::Drain,
    known: &Drains,
    service: ServiceKey,
    entry: &DestinationEntry,
    waits: Waits,
) -> Item {
    let (server, weight) = (entry.destination.key, entry.destination.weight);
    let earlier = known.drain(&service, &server);
    let rise = known.rise(&service, &server);
    let is_resumed = earlier.is_some() && weight == Weight::ZERO;
    let remembered = match (earlier, rise) {
        // It was on the way to another one.
        (_, Some(rise)) if [rise.weight, rise.before].contains(&weight) => rise.ramp.to(),
        (Some(earlier), _) if is_resumed => earlier.weight,
        _ => weight,
    };
    let kept = earlier.filter(|_| is_resumed);
    let deadline = match (args.deadline, kept) {
        (Some(seconds), _) => now() + Duration::from_secs(seconds.into()),
        (None, Some(earlier)) => earlier.deadline,
        (None, None) => now() + DEADLINE,
    };
    let then = args.then().or(kept.map(|earlier| earlier.then)).unwrap_or_default();
    let drain = Drain { service, server, weight: remembered, deadline, then };
    let item = Item::new(Work::Drain { drain, waits }, State::Draining, Some(entry));
    Item { is_resumed, ..item }
}

/// Warns of what is worth knowing.
fn caution(
    client: &mut Client,
    drained: &mut Drained,
    item: &Item,
    cautions: &[Caution],
) -> Result<(), Error> {
    let server = item.server;
    for caution in cautions {
        match caution {
            Caution::KeepsComing => drained.warn(Warning::Kept { server }),
            Caution::FlowsHaveNoEnd if item.left() > 0 => {
                let (timeout, limit) = (client.timeouts()?.udp, item.remaining());
                let limit = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
                if let Some(timeout) = timeout.filter(|it| u64::from(*it) >= limit) {
                    drained.warn(format_args!(
                        "the kernel forgets a UDP flow {timeout} s after its last packet, and \
                         {server} is waited for {limit} s at most; `rsctl timeouts --udp` sets the \
                         former, `--deadline` the latter"
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
