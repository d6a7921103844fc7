// SPDX-License-Identifier: MIT OR Apache-2.0

//! Twenty thousand random changes, and a convergence behind every few, beside a writer that never
//! rests: neither memory nor descriptors grow, and nothing drifts.

use std::fs;
use std::sync::atomic::Ordering;

use ipvs_cluster::{Converge, Desired, Observed, OnFailure, OnUnsound, Policy, Scope, Verify};
use ipvs_netlink::{Change, Client, Scheduler, Service, ServiceKey, unchecked};
use lab::{Host, beside};

use crate::converge_damage::{all, counted};
use crate::tables::{Random, fill};

const CHANGES: usize = 20_000;
const AT_ONCE: usize = 40;

/// What this process has in memory now, in KiB, and how many descriptors.
fn taken() -> (usize, usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let resident = resident.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    (resident, fs::read_dir("/proc/self/fd").unwrap().count())
}

/// Makes a service and takes it away, and one of ours. Returns whether that was there.
fn meddle(client: &mut Client, ours: ServiceKey) -> bool {
    let own = Service::new("tcp/198.51.100.1:80".parse().unwrap(), Scheduler::Rr);
    let own_key = own.key;
    let changes =
        [Change::AddService(own), Change::RemoveService(ours), Change::RemoveService(own_key)];
    client.batch(changes).unwrap().failures.iter().all(|failure| failure.index != 1)
}

#[test]
#[ignore = "its memory is that of all tests of the process"]
fn twenty_thousand_changes_leave_nothing_behind() {
    let host = Host::new("director");
    let mut random = Random::new(0x5eed);
    fill(&host, &mut random, true);
    let mut second = host.enter(|| Client::connect().unwrap());
    host.enter(|| {
        let (mut client, sent) = counted();
        let expected = all(&mut client);
        let ours = expected.services[0].service.key;
        let scope = Scope::everything();
        let wanted = Desired::from_observed(&expected, scope).unwrap();
        let converge = Converge::new(&wanted, Policy::exact().reorder(true))
            .on_unsound(OnUnsound::SetAsIs)
            .on_failure(OnFailure::StopService)
            .verify(Verify::Everything);
        let (mut early, mut disturbed, mut taken_away) = (None, 0, 0);
        beside(
            || taken_away += usize::from(meddle(&mut second, ours)),
            || {
                let cycles = CHANGES / AT_ONCE;
                for cycle in 0..cycles {
                    let table = Observed::read(&mut client).unwrap();
                    let changes = (0..AT_ONCE).flat_map(|_| random.damage(&table));
                    let _ = unchecked::batch(&mut client, changes).unwrap();
                    let report = converge.run(&mut client).unwrap();
                    disturbed += usize::from(!report.is_converged());
                    if cycle == cycles / 10 {
                        early = Some(taken());
                    }
                }
            },
        );
        let (late, early) = (taken(), early.unwrap());
        assert!(disturbed > 0 && taken_away > 0, "the second writer never disturbed: {taken_away}");
        // Its last doing is put right, and then there is nothing to do.
        assert!(converge.run(&mut client).unwrap().is_converged());
        assert_eq!(all(&mut client), expected);
        sent.store(0, Ordering::Relaxed);
        assert!(converge.run(&mut client).unwrap().plan.is_empty());
        assert_eq!(sent.load(Ordering::Relaxed), 0);
        assert_eq!(late.1, early.1, "descriptors");
        assert!(late.0 * 20 <= early.0 * 21, "{} KiB of memory became {}", early.0, late.0);
    });
}
