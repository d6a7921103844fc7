// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::ForwardingMethod;

use super::*;
use crate::desired::{Builder, Desired, DesiredService};
use crate::plan::{Policy, plan};

/// A service with servers of these weights; a server is known by its place.
fn table(scheduler: Scheduler, flags: SchedulerFlags, weights: &[Option<u32>]) -> Desired {
    let key = "tcp/192.0.2.1:80".parse().unwrap();
    let service = Service::new(key, scheduler).with_scheduler_flags(flags);
    let servers = weights.iter().zip(1_u8..).filter_map(|(weight, place)| {
        let key = DestinationKey::new([10, 0, 0, place], 80);
        let mut server = Destination::new(key, ForwardingMethod::Gateway);
        server.weight = Weight::new((*weight)?).unwrap();
        Some(server)
    });
    let mut builder = Builder::new();
    builder.service((), DesiredService::new(service).with_servers(servers));
    builder.finish().unwrap()
}

fn told(before: &Desired, after: &Desired) -> Vec<String> {
    let before = Observed::from(before);
    let plan = plan(after, &before, Policy::exact());
    traps(&plan, &before).iter().map(Trap::to_string).collect()
}

#[test]
fn a_scheduler_changes_under_load() {
    const NO_FLAGS: SchedulerFlags = SchedulerFlags::empty();
    let table = |scheduler, weights| table(scheduler, NO_FLAGS, weights);
    let live = [Some(1), Some(0), Some(3)];
    assert_eq!(
        told(&table(Scheduler::Rr, &live), &table(Scheduler::Wlc, &live)),
        [
            "tcp/192.0.2.1:80 gets scheduler wlc instead of rr while 2 servers take connections: new \
          connections are refused until the kernel has put it in place"
        ]
    );
    for (before, weights, after) in [
        (Scheduler::Rr, &[Some(0)][..], Scheduler::Wlc),
        (Scheduler::Rr, &[], Scheduler::Wlc),
        (Scheduler::None, &live, Scheduler::Wlc),
        (Scheduler::Rr, &live, Scheduler::Rr),
    ] {
        let (before, after) = (table(before, weights), table(after, weights));
        assert_eq!(told(&before, &after), [""; 0]);
    }
}

/// Each scheduler by its own table, and what was so before is no trap.
#[test]
fn what_hashes_to_a_drained_server_is_refused() {
    use Scheduler::{Dh, Mh, Sh, Wrr};
    let (none, fallback) = (SchedulerFlags::empty(), SchedulerFlags::FALLBACK);
    let four = [Some(1); 4];
    let drained = [Some(1), Some(0), Some(1), Some(1)];
    for (scheduler, flags, before, after, expected) in [
        (Sh, none, &four[..], &drained[..], Some((1, 25))),
        (Mh, none, &four, &drained, Some((1, 25))),
        (Dh, none, &four, &drained, Some((1, 25))),
        (Sh, fallback, &four, &drained, None),
        (Mh, fallback, &four, &drained, None),
        (Wrr, none, &four, &drained, None),
        // Each after its own weight: `sh` by that of now, which is as good as 1, `mh` by the last.
        (Sh, none, &[Some(10), Some(10)], &[Some(10), Some(0)], Some((1, 9))),
        (Mh, none, &[Some(10), Some(30)], &[Some(10), Some(0)], Some((1, 75))),
        (Dh, none, &[Some(10), Some(30)], &[Some(10), Some(0)], Some((1, 50))),
        // Two at once.
        (Mh, none, &four, &[Some(0), Some(0), Some(1), Some(1)], Some((2, 50))),
        // One that comes with weight 0 was never in the table of mh, and is in that of sh.
        (Mh, none, &[Some(1)], &[Some(1), Some(0)], None),
        (Sh, none, &[Some(1)], &[Some(1), Some(0)], Some((1, 50))),
        (Sh, none, &[], &[Some(4), Some(0)], Some((1, 20))),
        // It was so before.
        (Sh, none, &drained, &drained, None),
        (Sh, none, &drained, &[Some(2), Some(0), Some(1), Some(1)], None),
    ] {
        let row = format!("{scheduler} {flags:?} {before:?} {after:?}");
        let table = |weights: &[Option<u32>]| table(scheduler.clone(), flags, weights);
        let before = Observed::from(&table(before));
        let plan = plan(&table(after), &before, Policy::exact());
        let found = traps(&plan, &before).into_iter().find_map(|trap| match trap {
            Trap::HashDrain { servers, percent, .. } => Some((servers.len(), percent)),
            _ => None,
        });
        assert_eq!(found, expected, "{row}");
    }
    // The flag goes, or the scheduler comes.
    let expected = "tcp/192.0.2.1:80: with weight 0, 10.0.0.2:80 would still be chosen by sh, and \
                    about 25 % of new connections refused: the service has no sh-fallback";
    assert_eq!(told(&table(Sh, fallback, &drained), &table(Sh, none, &drained)), [expected]);
    let both = told(&table(Wrr, none, &drained), &table(Sh, none, &drained));
    assert_eq!(both.len(), 2, "{both:?}");
    assert_eq!(both[1], expected);
}

#[test]
fn a_service_is_left_without_servers() {
    let table = |weights| table(Scheduler::Wlc, SchedulerFlags::empty(), weights);
    let two = [Some(1), Some(2)];
    let expected =
        ["tcp/192.0.2.1:80 would have no server that takes new connections, and has 2 now"];
    assert_eq!(told(&table(&two), &table(&[])), expected);
    assert_eq!(told(&table(&two), &table(&[Some(0), None])), expected);
    for (before, after) in [
        (&two[..], &[None, Some(2)][..]),
        (&two, &[None, None, Some(1)]),
        (&[Some(0)], &[]),
        (&[], &[Some(0)]),
    ] {
        assert_eq!(told(&table(before), &table(after)), [""; 0], "{before:?} {after:?}");
    }
    // One that goes is counted elsewhere.
    let nothing = Builder::<()>::new().finish().unwrap();
    assert_eq!(told(&table(&two), &nothing), [""; 0]);
}
