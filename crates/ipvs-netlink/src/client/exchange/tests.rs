// SPDX-License-Identifier: MIT OR Apache-2.0

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::client::script::{Answer, scripted};
use crate::message::Command;
use crate::model::{Change, Scheduler, Service, ServiceKey};

use Answer::{Done, ShowsApart};

fn services() -> Vec<Change> {
    let key = |host| ServiceKey::tcp([192, 0, 2, host], 80);
    (1..=9).map(|host| Change::AddService(Service::new(key(host), Scheduler::Rr))).collect()
}

/// What a visitor has not seen of a dump does not stand in the way of what is asked next.
#[test]
fn a_visitor_that_panics_leaves_a_client_that_reads() {
    let answers = [ShowsApart(services()), ShowsApart(services()), Done];
    let (mut client, asked) = scripted(answers);
    let mut seen = 0;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        client.for_each_service(|_| {
            seen += 1;
            assert!(seen < 3, "three are enough");
        })
    }));
    assert!(panicked.is_err());
    let mut again = 0;
    client.for_each_service(|_| again += 1).unwrap();
    client.apply(services().swap_remove(0)).unwrap();
    assert_eq!((seen, again), (3, 9));
    let (list, add) = (Command::GetService, Command::NewService);
    assert_eq!(asked.take(), [list, list, add]);
}
