// SPDX-License-Identifier: MIT OR Apache-2.0

//! What shows a table object by object, and those to whom it is shown.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ipvs_netlink::{Change, Client, ServiceKey};
use lab::Host;

use crate::concurrent::{add, make, remove_server, server, stable};

/// More than one datagram holds.
const MANY: u16 = 300;

/// A table with many services, of which the first has many servers.
fn fill(client: &mut Client) -> ServiceKey {
    make(client, (0..MANY).map(|number| add(stable(number))));
    let web = stable(0);
    make(client, (1..=MANY).map(|number| server(web, number)));
    web
}

/// The kernel goes on with a dump until it has been received: a client that leaves one
/// would be told `EBUSY` when it begins another.
#[test]
fn a_visitor_that_panics_leaves_a_client_that_reads_and_writes() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let web = fill(&mut client);
        let visit = |client: &mut Client, services: bool| {
            let mut seen = 0;
            let mut count = || {
                seen += 1;
                assert!(seen < 100, "a hundred are enough");
            };
            catch_unwind(AssertUnwindSafe(|| match services {
                true => client.for_each_service(|_| count()),
                false => client.for_each_destination(&web, |_| count()),
            }))
            .expect_err("it panics");
        };
        visit(&mut client, true);
        assert_eq!(client.services().unwrap().len(), usize::from(MANY));
        visit(&mut client, false);
        assert_eq!(client.destinations(&web).unwrap().len(), usize::from(MANY));
        visit(&mut client, true);
        assert_eq!(client.for_each_destination(&web, |_| ()).unwrap().objects, usize::from(MANY));
        visit(&mut client, false);
        make(&mut client, [remove_server(web, 1)]);
        visit(&mut client, true);
        client.apply(Change::RemoveService(web)).unwrap();
        assert_eq!(client.service(&web).unwrap(), None);
    });
}

/// One that has seen enough is shown no more, and what it left stands in nobody's way.
#[test]
fn a_visitor_stops_when_it_wants() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let web = fill(&mut client);
        let mut seen = 0;
        let pass = client.for_each_service(|_| {
            seen += 1;
            if seen == 150 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let pass = pass.unwrap();
        assert!(pass.stopped && !pass.is_snapshot(), "{pass:?}");
        assert_eq!((seen, pass.objects), (150, 150));
        let first = |_| ControlFlow::Break(());
        assert_eq!(client.for_each_destination(&web, first).unwrap().objects, 1);
        assert_eq!(client.services().unwrap().len(), usize::from(MANY));
    });
}

/// At rest a table that is read once is the one that is read until it is whole.
#[test]
fn a_table_that_is_read_once() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        // Of services one datagram: since Linux 7.1 their table may get another order.
        make(&mut client, (0..50).map(|number| add(stable(number))));
        make(&mut client, (1..=MANY).map(|number| server(stable(0), number)));
        let [once, whole] = [client.table_once().unwrap(), client.table().unwrap()].map(|table| {
            let by_key = table.into_iter().map(|entry| (entry.service.service.key, entry));
            by_key.collect::<BTreeMap<_, _>>()
        });
        assert_eq!((once.len(), once[&stable(0)].destinations.len()), (50, usize::from(MANY)));
        assert!(once == whole, "they differ");
    });
}
