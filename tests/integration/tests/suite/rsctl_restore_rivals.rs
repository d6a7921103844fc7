// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl restore` beside others: readers that see every step of it, writers that undo it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use ipvs_cluster::{
    Converge, Fate, Observed, OnFailure, Policy, Verdict, Verify, apply, file, plan,
};
use ipvs_netlink::{Change, Client, Destination, ForwardingMethod, ServiceKey, Weight};
use lab::{Host, beside};
use serde_json::Value;

use crate::rsctl_restore::{CHANGED, WANTED, director, restore};
use crate::rsctl_save::{framed, observe};

/// A reader asks without a pause; no kept service is ever without a server that
/// takes connections, from one table to the other and back, again and again.
#[test]
fn no_reader_ever_sees_a_kept_service_empty() {
    let host = Host::new("director");
    let lines = |first: u32, weight: u32| -> String {
        let mut lines = String::new();
        for service in 1..=20 {
            lines += &format!("-A -t 192.0.2.{service}:80 -s rr\n");
            for server in first..first + 20 {
                // Every other one of both tables is the same server with another weight.
                let address = if server % 2 == 0 { server % 20 } else { server };
                lines +=
                    &format!("-a -t 192.0.2.{service}:80 -r 10.0.0.{address}:80 -m -w {weight}\n");
            }
        }
        lines
    };
    let (one, two) = (framed(&lines(101, 1)), framed(&lines(201, 5)));
    assert_eq!(restore(&host, "", &one).status, 0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..10 {
                let output = restore(&host, "", if round % 2 == 0 { &two } else { &one });
                assert_eq!((output.status, output.stderr.as_str()), (0, ""));
            }
            stop.store(true, Ordering::Relaxed);
        });
        let (reads, fewest) = host.enter(|| {
            let keys: Vec<ServiceKey> =
                (1..=20).map(|n| format!("tcp/192.0.2.{n}:80").parse().unwrap()).collect();
            let mut client = Client::connect().unwrap();
            let (mut reads, mut fewest) = (0, usize::MAX);
            while !stop.load(Ordering::Relaxed) && !writer.is_finished() {
                for key in &keys {
                    // One datagram, so it is of one moment.
                    let servers = client.destinations(key).unwrap();
                    let usable =
                        servers.iter().filter(|it| it.destination.weight > Weight::ZERO).count();
                    fewest = fewest.min(usable);
                    reads += 1;
                }
            }
            (reads, fewest)
        });
        writer.join().unwrap();
        assert!(reads > 100, "{reads}");
        // Both tables have 20; a flush would show 0.
        assert_eq!(fewest, 20, "in {reads} reads");
    });
}

/// What another program does between the plan and its execution is either put
/// right, or stands in the report and shows when the table is read again.
#[test]
fn a_foreign_writer_is_overruled_or_told_of() {
    let cases: [(&str, &[&str], usize); 6] = [
        // The same server with another weight, the same service with another scheduler.
        ("ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.3:80 -m -w 99", &[], 0),
        ("ipvsadm -A -t 192.0.2.5:443 -s rr", &[], 0),
        // What was to be deleted is gone already.
        ("ipvsadm -D -f 9; ipvsadm -d -t 192.0.2.1:80 -r 10.0.0.2:80", &[], 0),
        // What is new to the plan stays until the next one.
        ("ipvsadm -A -t 192.0.2.77:80 -s rr", &[], 1),
        // What was to be changed is gone: nothing behind it is tried.
        ("ipvsadm -d -t 192.0.2.1:80 -r 10.0.0.1:80", &["edit server 10.0.0.1:80"], 5),
        ("ipvsadm -D -t 192.0.2.1:80", &["add server 10.0.0.3:80"], 5),
    ];
    for (meanwhile, failed, left) in cases {
        let host = director();
        let desired = file::read(WANTED.as_bytes()).unwrap().desired;
        let mut client = host.enter(|| Client::connect().unwrap());
        let (policy, stop) = (Policy::exact(), OnFailure::StopAll);
        let steps = plan(&desired, &Observed::read(&mut client).unwrap(), policy);
        host.must(meanwhile);
        let applied = apply(&mut client, &steps, stop, |_| ControlFlow::Continue(()));
        let failures: Vec<_> = applied
            .fates
            .iter()
            .filter_map(|fate| match fate {
                Fate::Failed(error) => Some(error.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(failures.len(), failed.len(), "{meanwhile}: {failures:?}");
        // Only what is new to the plan was in no step's way.
        assert_eq!(applied.is_as_planned(), meanwhile.contains("192.0.2.77"), "{meanwhile}");
        for (failure, expected) in failures.iter().zip(failed) {
            assert!(failure.contains(expected), "{meanwhile}: {failure}");
        }
        let again = plan(&desired, &observe(&host), policy);
        assert_eq!(again.steps().len(), left, "{meanwhile}: {again:#?}");
        // Doing it again is always right.
        assert!(
            apply(&mut client, &again, stop, |_| ControlFlow::Continue(())).is_complete(),
            "{meanwhile}"
        );
        assert!(plan(&desired, &observe(&host), policy).is_empty(), "{meanwhile}");
    }
}

/// What was changed is read again, and all of it if that does not show what is wanted, or if all
/// of it is asked for; what the kernel acknowledged as new is believed.
#[test]
fn what_was_changed_is_read_again() {
    let web: ServiceKey = "tcp/192.0.2.1:80".parse().unwrap();
    // What another program does behind the changes, and how many differences are seen then.
    for (meanwhile, verify, left) in [
        ("true", Verify::Changed, 0),
        // A server of a service that was changed, and its service.
        ("ipvsadm -e -t 192.0.2.1:80 -r 10.0.0.3:80 -m -w 99", Verify::Changed, 1),
        ("ipvsadm -D -t 192.0.2.1:80", Verify::Changed, 3),
        // What was deleted is there again.
        ("ipvsadm -A -f 9 -s rr", Verify::Changed, 1),
        // What nobody has changed is not looked at, nor what is new, unless all of it is.
        ("ipvsadm -A -t 192.0.2.77:80 -s rr", Verify::Changed, 0),
        ("ipvsadm -A -t 192.0.2.77:80 -s rr", Verify::Everything, 1),
        ("ipvsadm -D -t 192.0.2.5:443", Verify::Changed, 0),
        ("ipvsadm -D -t 192.0.2.5:443", Verify::Everything, 2),
        // Where something shows, everything is looked at.
        ("ipvsadm -A -t 192.0.2.77:80 -s rr; ipvsadm -A -f 9 -s rr", Verify::Changed, 2),
    ] {
        let host = director();
        let mut client = host.enter(|| Client::connect().unwrap());
        let desired = file::read(WANTED.as_bytes()).unwrap().desired;
        assert!(desired.services().iter().any(|it| it.service.key == web));
        let converge = Converge::new(&desired, Policy::exact()).verify(verify);
        let outlook = converge.look(&mut client).unwrap();
        let attempt = outlook.apply(&mut client, |_| ControlFlow::Continue(()));
        assert!(attempt.applied().is_as_planned());
        host.must(meanwhile);
        let Verdict::Read { left: now, .. } = attempt.verify(&mut client).verdict else {
            panic!("{meanwhile}: not read")
        };
        assert_eq!(now.steps().len(), left, "{meanwhile}, {verify:?}: {now:?}");
    }
    // And the command can ask for everything.
    let host = director();
    for how in ["", "--verify"] {
        host.must("ipvsadm -C");
        let output = restore(&host, how, WANTED);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{how}");
    }
}

/// Adds, edits and deletes what `CHANGED` is about.
fn meddle(client: &mut Client) {
    let (web, mh) = ("tcp/192.0.2.1:80".parse().unwrap(), "tcp/192.0.2.5:443".parse().unwrap());
    let server = |text: &str| {
        let key = text.parse().unwrap();
        let mut server = Destination::new(key, ForwardingMethod::Masquerade);
        server.weight = Weight::new(9).unwrap();
        server
    };
    let (third, first) = (server("10.0.0.3:80"), server("10.0.0.1:80"));
    // Half of them are refused, depending on what `rsctl` just did.
    let _ = client.batch([
        Change::AddDestination { service: web, destination: third },
        Change::SetDestination { service: web, destination: first },
        Change::RemoveDestination { service: web, destination: third.key },
        Change::RemoveService(mh),
    ]);
}

/// Another program edits, deletes and adds all the time. A restore ends with the
/// table as wanted, or says that it is not.
#[test]
fn beside_a_writer_that_never_rests_a_restore_is_honest() {
    let host = director();
    let mut client = host.enter(|| Client::connect().unwrap());
    let restores = || {
        let (mut told, mut round) = (0, 0);
        while round < 30 || (told == 0 && round < 1000) {
            round += 1;
            let output = restore(&host, "--json", CHANGED);
            let json: Value = serde_json::from_str(&output.stdout).unwrap();
            let steps = json["steps"].as_array().unwrap();
            let all_done = steps.iter().all(|step| step["result"] == "done" || steps.is_empty());
            let differs = !json["differs"].as_array().unwrap().is_empty();
            let fine = steps.is_empty() || (all_done && !differs);
            assert_eq!(output.status, i32::from(!fine), "round {round}: {output:?}");
            told += usize::from(!fine);
        }
        assert!(told > 0, "the writer never disturbed");
    };
    host.enter(|| beside(|| meddle(&mut client), restores));
    assert_eq!(restore(&host, "", CHANGED).status, 0);
    assert_eq!(restore(&host, "--dry-run", CHANGED).status, 0);
}
