// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_cluster::drain::{Climb, Drain, Next, Waits, drainable};
use ipvs_netlink::Client;

use super::super::Director;
use super::{Drained, Item, State, Verb, Work, see};
use crate::error::Error;

/// Lists what is being drained or brought back, and changes nothing.
pub(crate) fn list(director: &Director) -> Result<Drained, Error> {
    let mut client = director.connect()?;
    let known = director.kept()?.drains().map_err(Error::Unread)?;
    let mut listed = Drained::new(Verb::List, director);
    listed.tell_of(&known);
    let expires = director.expires_templates();
    for drain in known.drains.drains() {
        let seen = see::server(&mut client, &drain.service, &drain.server)?;
        let waits = waits(&mut client, drain, expires)?;
        let work = Work::Drain { drain: drain.clone(), waits };
        let mut item = Item::new(work, State::Draining, seen.as_ref());
        item.state = match drain.next(seen.as_ref(), waits, item.at) {
            Next::Wait(_) => State::Draining,
            Next::Finish => State::Drained,
            Next::TooLate(left) => State::Late(left),
            Next::Over(ended) => ended.into(),
        };
        listed.items.push(item);
    }
    for rise in known.drains.rises() {
        let seen = see::server(&mut client, &rise.service, &rise.server)?;
        let mut item = Item::new(Work::Rise(rise.clone()), State::Rising, seen.as_ref());
        if let Climb::Over(ended) = rise.next(seen.map(|it| it.destination), item.at) {
            item.state = ended.into();
        }
        listed.items.push(item);
    }
    Ok(listed)
}

fn waits(client: &mut Client, drain: &Drain, expires: bool) -> Result<Waits, Error> {
    let service = client.service(&drain.service)?;
    Ok(match service {
        None => Waits::Connections,
        Some(it) => drainable(&it.service, &[], &drain.server, expires).waits,
    })
}
