// SPDX-License-Identifier: MIT OR Apache-2.0

//! What shows a table object by object, and those to whom it is shown.

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
