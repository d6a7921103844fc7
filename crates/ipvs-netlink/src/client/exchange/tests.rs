// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::client::RECEIVE_BUFFER;
use crate::client::script::{Answer, scripted, scripted_over};
use crate::error::ErrorKind;
use crate::message::Command;
use crate::model::{Change, Scheduler, Service, ServiceKey};

use Answer::{Done, Lost, Shows, ShowsApart};

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

/// A visitor sees no more than it wants, and a pass that it stops shows no whole table.
#[test]
fn a_visitor_stops_when_it_wants() {
    for list in [Shows(services()), ShowsApart(services())] {
        let (mut client, _) = scripted([list, ShowsApart(services())]);
        let mut seen = 0;
        let pass = client.for_each_service(|_| {
            seen += 1;
            if seen == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let pass = pass.unwrap();
        assert_eq!((seen, pass.objects, pass.stopped), (4, 4, true));
        assert!(!pass.is_snapshot());
        let pass = client.for_each_service(|_| ()).unwrap();
        assert_eq!((pass.objects, pass.stopped), (9, false));
    }
}

/// What is left of a long list is not read if a new connection can be had, and is if not;
/// of a short one it always is.
#[test]
fn a_long_rest_is_left_where_it_is() {
    let short = || services().split_off(8);
    for (list, renewals, left) in
        [(services(), vec![true, true], 1), (services(), vec![], 0), (short(), vec![true], 1)]
    {
        let answers = [ShowsApart(list), Done, ShowsApart(services())];
        let (mut client, asked) = scripted_over(answers, renewals, RECEIVE_BUFFER);
        client.for_each_service(|_| ControlFlow::Break(())).unwrap();
        client.apply(services().swap_remove(0)).unwrap();
        assert_eq!(client.for_each_service(|_| ()).unwrap().objects, 9);
        assert_eq!(client.transport().renewals.len(), left);
        let (list, add) = (Command::GetService, Command::NewService);
        assert_eq!(asked.take(), [list, add, list]);
    }
}

/// What is read after the deadline ends, in the midst of a list too; changes do not, nor
/// what has to be read for one.
#[test]
fn a_deadline_ends_what_is_read() {
    let add = services().swap_remove(0);
    let (mut client, asked) =
        scripted([ShowsApart(services()), Lost, Shows(vec![add.clone()]), Shows(services())]);
    let soon = Instant::now() + Duration::from_millis(100);
    client.set_read_deadline(Some(soon));
    let mut seen = 0;
    let error = client.for_each_service(|_| {
        seen += 1;
        while seen == 2 && Instant::now() < soon {}
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::DeadlinePassed);
    assert_eq!(seen, 2);
    assert_eq!(client.info().unwrap_err().kind(), ErrorKind::DeadlinePassed);
    // Its answer is lost, and it is read back.
    client.apply(add).unwrap();
    assert_eq!(client.services().unwrap_err().kind(), ErrorKind::DeadlinePassed);
    client.set_read_deadline(None);
    assert_eq!(client.services().unwrap().len(), 9);
    let (list, add) = (Command::GetService, Command::NewService);
    assert_eq!(asked.take(), [list, add, list, list]);
}

/// Each list is read once, and what came twice is there once.
#[test]
fn a_table_that_is_read_once() {
    let mut twice = services();
    twice.extend(services());
    let answers = [ShowsApart(twice)].into_iter().chain(vec![Done; 9]);
    let (mut client, asked) = scripted(answers);
    let table = client.table_once().unwrap();
    assert_eq!((table.len(), asked.borrow().len()), (9, 10));
    assert!(table.iter().all(|entry| entry.destinations.is_empty()));
}
