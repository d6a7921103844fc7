// SPDX-License-Identifier: MIT OR Apache-2.0

use std::num::{NonZeroU8, NonZeroU16};
use std::sync::{Arc, Mutex};

use super::*;
use crate::client::script::{Answer, scripted};
use crate::genl::Errno;
use crate::message::Command;
use crate::model::{ForwardingMethod, Scheduler, SetTimeouts, SyncDaemon, Timeouts, Weight};
use crate::trace::Observer;

use Answer::{Broken, Done, Lost, Refused, Shows};
use Command as C;

fn key(text: &str) -> ServiceKey {
    text.parse().unwrap()
}

fn service(text: &str) -> Service {
    Service::new(key(text), Scheduler::Rr)
}

fn server(text: &str) -> Destination {
    Destination::new(text.parse().unwrap(), ForwardingMethod::Masquerade)
}

const WEB: &str = "tcp/192.0.2.1:80";
const DNS: &str = "udp/192.0.2.1:53";

fn add_server(text: &str) -> Change {
    Change::AddDestination { service: key(WEB), destination: server(text) }
}

fn shows(change: &Change) -> Answer {
    Shows(vec![change.clone()])
}

/// What the change ends in if it is answered like that, and what was asked.
fn outcome(change: &Change, answers: Vec<Answer>) -> (Result<(), ErrorKind>, Vec<Command>) {
    let (mut client, asked) = scripted(answers);
    let outcome = client.change(change.clone()).map_err(|error| {
        // Whatever was read back: it is the change that did not end well.
        let told = error.to_string();
        assert!(told.starts_with(&format!("cannot {change}: ")), "{told}");
        // The first loss is told of, not that of a question about it.
        let in_time = told.ends_with("the kernel did not answer in time");
        assert!(in_time || error.kind() != ErrorKind::OutcomeUnknown, "{told}");
        error.kind()
    });
    (outcome, asked.take())
}

const UNKNOWN: Result<(), ErrorKind> = Err(ErrorKind::OutcomeUnknown);

#[test]
fn a_change_whose_answer_was_lost_is_read_back_or_made_again() {
    let add = Change::AddService(service(WEB));
    let other = {
        let mut other = service(WEB);
        other.scheduler = Scheduler::Wrr;
        Change::AddService(other)
    };
    let set = Change::SetService(service(WEB));
    let remove = Change::RemoveService(key(WEB));
    let gone = || Refused(Errno::ESRCH);
    let denied = || Refused(Errno::EPERM);
    /// The change, how it is answered, what it ends in and what was asked.
    type Row<'a> = (&'a Change, Vec<Answer>, Result<(), ErrorKind>, Vec<Command>);
    let rows: Vec<Row<'_>> = vec![
        // What is answered is believed, and nothing is asked.
        (&add, vec![Done], Ok(()), vec![C::NewService]),
        (&add, vec![Refused(Errno::EEXIST)], Err(ErrorKind::AlreadyExists), vec![C::NewService]),
        (&add, vec![Broken], Err(ErrorKind::Other), vec![C::NewService]),
        // It is there as it was to be: that is it.
        (&add, vec![Lost, shows(&add)], Ok(()), vec![C::NewService, C::GetService]),
        (&set, vec![Lost, shows(&add)], Ok(()), vec![C::SetService, C::GetService]),
        (&remove, vec![Lost, gone()], Ok(()), vec![C::DeleteService, C::GetService]),
        // It is not, so it is made again: that answer counts.
        (&add, vec![Lost, gone(), Done], Ok(()), vec![C::NewService, C::GetService, C::NewService]),
        (
            &add,
            vec![Lost, shows(&other), Refused(Errno::EEXIST)],
            Err(ErrorKind::AlreadyExists),
            vec![C::NewService, C::GetService, C::NewService],
        ),
        (
            &set,
            vec![Lost, shows(&other), Done],
            Ok(()),
            vec![C::SetService, C::GetService, C::SetService],
        ),
        (
            &remove,
            vec![Lost, shows(&add), Done],
            Ok(()),
            vec![C::DeleteService, C::GetService, C::DeleteService],
        ),
        // Lost again: the table tells once more, and what it said before is forgotten.
        (
            &add,
            vec![Lost, gone(), Lost, shows(&add)],
            Ok(()),
            vec![C::NewService, C::GetService, C::NewService, C::GetService],
        ),
        (
            &add,
            vec![Lost, gone(), Lost, gone()],
            UNKNOWN,
            vec![C::NewService, C::GetService, C::NewService, C::GetService],
        ),
        // The question may be lost as well, and is asked again.
        (
            &add,
            vec![Lost, Lost, Lost, shows(&add)],
            Ok(()),
            vec![C::NewService, C::GetService, C::GetService, C::GetService],
        ),
        // Three times three of them are enough. Nothing is made without a look before.
        (
            &add,
            [Lost].into_iter().chain(vec![Lost; 9]).collect(),
            UNKNOWN,
            [C::NewService].into_iter().chain([C::GetService; 9]).collect(),
        ),
        // That the table cannot be read says nothing of the change.
        (&add, vec![Lost, denied()], UNKNOWN, vec![C::NewService, C::GetService]),
        (
            &add,
            vec![Lost, gone(), Lost, denied()],
            UNKNOWN,
            vec![C::NewService, C::GetService, C::NewService, C::GetService],
        ),
        (&add, vec![Lost, Broken], UNKNOWN, vec![C::NewService, C::GetService]),
    ];
    for (row, (change, answers, expected, asked)) in rows.into_iter().enumerate() {
        assert_eq!(outcome(change, answers), (expected, asked), "row {row}: {change}");
    }
}

/// Each kind of change, and an answer that shows it and one that does not: where it is shown it
/// is not made again.
#[test]
fn each_change_is_found_where_it_shows() {
    let add = add_server("10.0.0.1:80");
    let set = Change::SetDestination { service: key(WEB), destination: server("10.0.0.1:80") };
    let remove = Change::RemoveDestination {
        service: key(WEB),
        destination: "10.0.0.1:80".parse().unwrap(),
    };
    let heavier = {
        let mut heavier = server("10.0.0.1:80");
        heavier.weight = Weight::new(7).unwrap();
        Change::AddDestination { service: key(WEB), destination: heavier }
    };
    let beside = add_server("10.0.0.2:80");
    let web = Change::AddService(service(WEB));
    let timeouts = |tcp: Option<u32>, fin: Option<u32>, udp: Option<u32>| {
        Shows(vec![Change::SetTimeouts(SetTimeouts::from_kernel(Timeouts {
            tcp,
            tcp_fin: fin,
            udp,
        }))])
    };
    let two = Change::SetTimeouts(SetTimeouts::new().tcp(7).unwrap().udp(9).unwrap());
    let daemon = |role| SyncDaemon::new(role, "eth0".parse().unwrap(), 3);
    let master = Change::StartDaemon(daemon(SyncRole::Master));
    let backup = Change::StartDaemon(daemon(SyncRole::Backup));
    let other = Change::StartDaemon(SyncDaemon::new(SyncRole::Master, "eth0".parse().unwrap(), 4));
    // As the kernel tells it: with all that it chose.
    let running = |daemon: &Change| {
        let mut running = daemon.clone();
        if let Change::StartDaemon(daemon) = &mut running {
            (daemon.max_length, daemon.port) = (NonZeroU16::new(1472), NonZeroU16::new(8848));
            daemon.ttl = NonZeroU8::new(1);
        }
        running
    };
    let shown = |daemons: &[&Change]| Shows(daemons.iter().map(|it| running(it)).collect());
    let stop = Change::StopDaemon(SyncRole::Master);
    // Of a list that is empty it is asked whether its service is there.
    let none = || vec![Done, shows(&web)];
    let no_service = || vec![Done, Refused(Errno::ESRCH)];
    let rows: Vec<(&Change, Vec<Answer>, Vec<Answer>)> = vec![
        (&add, vec![shows(&add)], none()),
        (&add, vec![Shows(vec![beside.clone(), add.clone()])], vec![shows(&beside)]),
        (&add, vec![shows(&add)], vec![shows(&heavier)]),
        (&add, vec![shows(&add)], no_service()),
        (&set, vec![shows(&add)], vec![shows(&heavier)]),
        (&remove, none(), vec![shows(&heavier)]),
        (&remove, no_service(), vec![Shows(vec![beside.clone(), add.clone()])]),
        (&remove, vec![shows(&beside)], vec![shows(&add)]),
        (&Change::Flush, vec![Done], vec![shows(&web)]),
        (
            &two,
            vec![timeouts(Some(7), Some(8), Some(9))],
            vec![timeouts(Some(7), Some(9), Some(8))],
        ),
        // A kernel without UDP has done all that it can.
        (&two, vec![timeouts(Some(7), None, None)], vec![timeouts(Some(8), None, None)]),
        (&two, vec![timeouts(Some(7), None, Some(9))], vec![timeouts(Some(9), None, Some(7))]),
        (&two, vec![timeouts(Some(7), None, Some(9))], vec![timeouts(Some(8), None, Some(9))]),
        (&master, vec![shown(&[&master])], vec![Done]),
        (&master, vec![shown(&[&backup, &master])], vec![shown(&[&backup])]),
        (&master, vec![shown(&[&master])], vec![shown(&[&other])]),
        // What stops answers behind a question of its own.
        (&stop, vec![Done], vec![shown(&[&master])]),
        (&stop, vec![shown(&[&backup])], vec![shown(&[&backup, &other])]),
    ];
    for (row, (change, shown, not_shown)) in rows.into_iter().enumerate() {
        // One that is stopped has its question behind it, which is not answered here either.
        let lost = || match change {
            Change::StopDaemon(_) => vec![Lost, Done],
            _ => vec![Lost],
        };
        let answered = match change {
            Change::StopDaemon(_) => vec![Done, Done],
            _ => vec![Done],
        };
        let command = |asked: &[Command]| asked.iter().filter(|it| **it == asked[0]).count();
        let (ended, asked) = outcome(change, [lost(), shown].concat());
        assert_eq!((ended, command(&asked)), (Ok(()), 1), "row {row}: {change} {asked:?}");
        let (ended, asked) = outcome(change, [lost(), not_shown, answered].concat());
        assert_eq!((ended, command(&asked)), (Ok(()), 2), "row {row}: {change} {asked:?}");
    }
    // No counter tells: they are set to zero again.
    for zero in [Change::Zero(None), Change::Zero(Some(key(WEB)))] {
        assert_eq!(outcome(&zero, vec![Lost, Done]), (Ok(()), vec![C::Zero, C::Zero]));
    }
    // Only that there is no service is an answer to what servers it has.
    let denied = vec![Lost, Refused(Errno::EPERM)];
    assert_eq!(outcome(&add, denied), (UNKNOWN, vec![C::NewDestination, C::GetDestination]));
    let gone = vec![Lost, Done, Refused(Errno::ESRCH), Refused(Errno::ESRCH)];
    assert_eq!(outcome(&add, gone).0, Err(ErrorKind::ServiceMissing));
}

/// What was read for one change of a batch is not read again for the next.
#[test]
fn what_was_read_back_is_kept() {
    let web = Change::AddService(service(WEB));
    let (mut client, asked) = scripted([
        shows(&web),
        Shows(vec![add_server("10.0.0.1:80"), add_server("10.0.0.2:80")]),
        Done,
    ]);
    let mut seen = Seen::default();
    for _ in 0..2 {
        client.settle(&web, &mut seen).unwrap();
        client.settle(&add_server("10.0.0.1:80"), &mut seen).unwrap();
        client.settle(&add_server("10.0.0.2:80"), &mut seen).unwrap();
    }
    assert_eq!(asked.take(), [C::GetService, C::GetDestination]);
    client.settle(&add_server("10.0.0.3:80"), &mut seen).unwrap();
    assert_eq!(asked.take(), [C::NewDestination]);
}

/// Of two changes, whether the table still tells of the earlier one.
#[test]
fn what_a_later_change_hides() {
    let server = |service: &str, server: &str| Change::RemoveDestination {
        service: key(service),
        destination: server.parse().unwrap(),
    };
    let changes = [
        Change::AddService(service(WEB)),
        Change::SetService(service(WEB)),
        Change::RemoveService(key(WEB)),
        Change::RemoveService(key(DNS)),
        add_server("10.0.0.1:80"),
        server(WEB, "10.0.0.1:80"),
        server(WEB, "10.0.0.2:80"),
        server(DNS, "10.0.0.1:80"),
        Change::Zero(None),
        Change::Zero(Some(key(WEB))),
        Change::Zero(Some(key(DNS))),
        Change::Flush,
        Change::SetTimeouts(SetTimeouts::new()),
        Change::StopDaemon(SyncRole::Master),
        Change::StartDaemon(SyncDaemon::new(SyncRole::Backup, "eth0".parse().unwrap(), 0)),
    ];
    // A row for each as the later one, a place for each as the earlier one.
    let expected = [
        "xxx.xxx..x.x...", // add service
        "xxx........x...", // an edit leaves the servers alone, and the counters
        "xxx.xxx..x.x...", // remove service
        "...x...x..xx...", // the other one
        "....xx.....x...", // a server
        "....xx.....x...",
        "......x....x...",
        ".......x...x...",
        "...............", // counters
        "...............",
        "...............",
        "xxxxxxxx.xxx...", // everything
        "............x..",
        ".............x.",
        "..............x",
    ];
    for (later, expected) in changes.iter().zip(expected) {
        let hidden = changes.iter().map(|earlier| if hides(later, earlier) { 'x' } else { '.' });
        assert_eq!(hidden.collect::<String>(), expected, "{later}");
    }
}

/// Whoever looks is told of it, in the order in which it happens.
#[test]
fn what_is_done_about_a_lost_answer_is_shown() {
    let add = Change::AddService(service(WEB));
    // No answer to the change, none to the question about it, then no such service.
    let (mut client, _) = scripted([Lost, Lost, Refused(Errno::ESRCH), Done]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    client.observer = Observer::new(move |event| kept.lock().unwrap().push(event.to_string()));
    client.change(add).unwrap();
    let lines = seen.lock().unwrap();
    let lines: Vec<_> = lines.iter().filter(|line| line.starts_with('?')).collect();
    assert_eq!(
        lines,
        [
            "? read back: \"cannot add service tcp/192.0.2.1:80: \
             the kernel did not answer in time\"",
            "? asked again: \"cannot read service tcp/192.0.2.1:80: \
             the kernel did not answer in time\"",
            "? not made: add service tcp/192.0.2.1:80",
        ]
    );
}
