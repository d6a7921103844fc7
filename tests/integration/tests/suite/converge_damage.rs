// SPDX-License-Identifier: MIT OR Apache-2.0

//! Random damage to random tables: one convergence repairs it, whatever it is, and the next one
//! sends nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ipvs_cluster::{Converge, Desired, Observed, OnUnsound, Policy};
use ipvs_netlink::procfs::Sysctl;
use ipvs_netlink::trace::Event;
use ipvs_netlink::{Client, ConnectOptions, Scheduler, Transport, unchecked};
use lab::Host;

use crate::tables::{Random, fill, widen};
use crate::transports::changes;

/// Tables, and how often each is damaged.
const TABLES: u64 = 25;
const DAMAGES: u32 = 20;

/// Settings that are damaged too, with values that they take.
const SETTINGS: [(&str, [&str; 3]); 4] = [
    ("expire_nodest_conn", ["0", "1", "1"]),
    ("sloppy_tcp", ["0", "1", "0"]),
    ("sync_threshold", ["3\t50", "0\t0", "2\t7"]),
    ("conn_reuse_mode", ["0", "1", "3"]),
];

/// All there is, with those settings, and what has no order in order.
pub(crate) fn all<T: Transport>(client: &mut Client<T>) -> Observed {
    let mut table = Observed::read(client).unwrap();
    let is_ours = |it: &Sysctl| SETTINGS.iter().any(|(name, _)| it.name == *name);
    table.sysctls = client.procfs().sysctls().unwrap().into_iter().filter(is_ours).collect();
    for entry in &mut table.services {
        if !matches!(entry.service.scheduler, Scheduler::Sh | Scheduler::Dh | Scheduler::Mh) {
            entry.servers.sort_by_key(|server| server.key);
        }
    }
    table.daemons.sort_by_key(|daemon| daemon.role);
    table
}

/// A client, and how many changing messages it has sent.
pub(crate) fn counted() -> (Client, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let count = move |event: &Event<'_>| {
        if let Event::Request(message) = event {
            counter.fetch_add(usize::from(changes(message.bytes())), Ordering::Relaxed);
        }
    };
    (ConnectOptions::new().trace(count).connect().unwrap(), sent)
}

#[test]
fn any_damage_is_repaired_by_one_convergence_and_the_next_sends_nothing() {
    let (mut seeds, mut harmless) = (0, 0);
    for table in 1..=TABLES {
        let host = Host::new("director");
        let mut random = Random::new(table.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        fill(&host, &mut random, table % 2 == 0);
        if table % 4 == 0 {
            widen(&host, &mut random);
        }
        host.enter(|| {
            let (mut client, sent) = counted();
            let expected = all(&mut client);
            let wanted = Desired::try_from(&expected).unwrap();
            for seed in 1..=DAMAGES {
                let place = format!("table {table}, damage {seed}");
                // One thing, and up to thirty at once.
                let table = Observed::read(&mut client).unwrap();
                let many = 1 + random.below(seed * 3 / 2);
                let damage = (0..many).flat_map(|_| random.damage(&table));
                let _ = unchecked::batch(&mut client, damage).unwrap();
                let (name, values) = random.of(&SETTINGS);
                client.procfs().set_sysctl(name, random.of(&values)).unwrap();
                let found = all(&mut client);
                harmless += usize::from(found == expected);

                let converge = Converge::new(&wanted, Policy::exact().reorder(true));
                let converge = converge.on_unsound(OnUnsound::SetAsIs);
                let report = converge.run(&mut client).unwrap();
                assert!(report.is_converged(), "{place}: {report:#?}");
                assert_eq!(report.plan.is_empty(), found == expected, "{place}: {report:#?}");
                assert_eq!(all(&mut client), expected, "{place}: {report:#?}");

                sent.store(0, Ordering::Relaxed);
                let again = converge.run(&mut client).unwrap();
                assert!(again.is_converged() && again.plan.is_empty(), "{place}: {again:#?}");
                assert_eq!(sent.load(Ordering::Relaxed), 0, "{place}");
                seeds += 1;
            }
        });
    }
    assert!(seeds >= 500 && harmless < 50, "{harmless} of {seeds} did nothing");
}
