// SPDX-License-Identifier: MIT OR Apache-2.0

//! A whole convergence whose answers are lost, late, doubled and cut: what is lost is no failure.

use std::time::{Duration, Instant};

use ipvs_cluster::{Builder, Converge, DesiredService, Fate, Policy, Step};
use ipvs_netlink::{
    Client, Destination, ForwardingMethod, NetlinkTransport, Scheduler, Service, Weight,
};
use lab::Host;

use crate::concurrent::{server_key, stable};
use crate::converge_damage::all;
use crate::converge_killed::{POLICY, converge, director, table};
use crate::transports::{Fault, faulty};

/// How long nobody may have to wait.
const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn what_is_lost_of_a_convergence_is_no_failure() {
    use Fault::{Cut, Doubled, Foreign, Late, Lost, NoBuffers, Swapped};
    let host = director();
    host.enter(|| {
        let (first, second) = (table(false), table(true));
        let after = converge(&second);
        converge(&first);
        for fault in [Lost, NoBuffers, Doubled, Late, Cut, Foreign, Swapped] {
            // In the first look, in the steps, in the last look.
            for place in (0..40).chain([80, 120]) {
                let mut unknown = 0;
                let faults = vec![Fault::None; place].into_iter().chain([fault, fault]);
                let clock = Instant::now();
                let mut client = faulty(faults);
                let there = Converge::new(&second, POLICY);
                let report = there.run(&mut client).unwrap();
                for (step, fate) in report.steps() {
                    // Of a server that was taken away and added again in one send, the table does
                    // not show whether it was ever away: nothing behind it is tried then.
                    let is_put = matches!(step, Step::LiftServer { .. } | Step::PutServer { .. });
                    match fate {
                        Fate::Done => {}
                        Fate::Unknown if is_put => unknown += 1,
                        Fate::NotTried(_) if unknown > 0 => {}
                        _ => panic!("{fault:?} at {place}: {step}: {fate:?}"),
                    }
                }
                if !report.is_converged() {
                    // Netlink keeps the order of datagrams. A look that is shown the end of a list
                    // first takes it for short: then too the report says what is left.
                    let is_told = unknown > 0 || fault == Swapped;
                    assert!(is_told, "{fault:?} at {place}: {:#?}", report.verdict);
                    assert!(there.run(&mut client).unwrap().is_converged());
                }
                assert!(clock.elapsed() < PATIENCE, "{fault:?} at {place}");
                assert_eq!(all(&mut client), after, "{fault:?} at {place}");
                converge(&first);
            }
        }
    });
}

/// Four thousand changes over a socket that has room for a few answers.
#[test]
fn a_convergence_outlives_a_receive_buffer_that_overflows() {
    let desired = |weight| {
        let servers = (1..=4000).map(|number| {
            let mut server = Destination::new(server_key(number), ForwardingMethod::Masquerade);
            server.weight = Weight::new(weight).unwrap();
            server
        });
        let service = DesiredService::new(Service::new(stable(1), Scheduler::Rr));
        let mut builder = Builder::new();
        builder.service((), service.with_servers(servers));
        builder.finish().unwrap()
    };
    Host::new("director").enter(|| {
        for weight in 1..=2 {
            let clock = Instant::now();
            let transport = NetlinkTransport::open_with(Duration::from_secs(4), 2048).unwrap();
            let mut client = Client::with_transport(transport).unwrap();
            let wanted = desired(weight);
            let report = Converge::new(&wanted, Policy::exact()).run(&mut client).unwrap();
            assert!(report.is_converged());
            assert!(clock.elapsed() < PATIENCE, "{:?}", clock.elapsed());
            let there = Client::connect().unwrap().destinations(&stable(1)).unwrap();
            assert_eq!(there.len(), 4000);
            assert!(there.iter().all(|it| it.destination.weight.get() == weight));
        }
    });
}
