// SPDX-License-Identifier: MIT OR Apache-2.0

//! A kernel that acknowledges what it does not do: no convergence says that it is done.

use ipvs_cluster::{Converge, Observed, Step, Verdict, Verify, plan};
use ipvs_netlink::message::{Command, IpvsMessage};

use crate::converge_killed::{POLICY, converge, director, is_new, table};
use crate::transports::tampered;

/// Makes nothing of a change that the kernel acknowledges all the same.
fn swallow(message: &mut IpvsMessage) {
    message.command = Command::Zero;
    message.attributes.clear();
}

fn is_change(message: &IpvsMessage) -> bool {
    use Command::{GetConfig, GetDaemon, GetDestination, GetInfo, GetService};
    !matches!(message.command, GetService | GetDestination | GetDaemon | GetConfig | GetInfo)
}

/// Lets those changes of the way to the second table pass that `is_done` says, by their number,
/// and holds the report against what is there. Returns how many changes there were.
fn lied_to(verify: Verify, is_done: impl Fn(usize) -> bool, what: &str) -> usize {
    let wanted = table(true);
    let mut changes = 0;
    let mut client = tampered(|message| {
        if is_change(message) {
            changes += 1;
            if !is_done(changes - 1) {
                swallow(message);
            }
        }
    });
    let report = Converge::new(&wanted, POLICY).verify(verify).run(&mut client).unwrap();
    let mut truth = plan(&wanted, &observed(&mut client), POLICY);
    drop(client);
    // What the kernel acknowledged as new is believed, unless all of it is to be read again.
    let is_believed =
        |step: &Step| verify == Verify::Changed && step.service().is_some_and(|key| is_new(&key));
    let is_believed = report.applied.is_as_planned() && truth.steps().iter().all(is_believed);
    if !is_believed {
        assert_eq!(report.is_converged(), truth.is_empty(), "{what}: {truth:#?}");
        let Verdict::Read { left, .. } = report.verdict else { panic!("{what}: {report:#?}") };
        // With the fields of before and after, each as it is.
        assert_eq!(left, std::mem::take(&mut truth), "{what}");
    }
    converge(&table(false));
    changes
}

fn observed<T: ipvs_netlink::Transport>(client: &mut ipvs_netlink::Client<T>) -> Observed {
    // A plan whose settings are there has no step for them.
    let mut table = Observed::read(client).unwrap();
    table.sysctls = client.procfs().sysctls().unwrap();
    table
}

#[test]
fn what_is_acknowledged_and_not_done_is_told_of() {
    let host = director();
    host.enter(|| {
        for verify in [Verify::Everything, Verify::Changed] {
            let honest = lied_to(verify, |_| true, "honest");
            assert!(honest >= 200, "{honest}");
            // One change of them all, each.
            for one in 0..honest {
                lied_to(verify, |change| change != one, &format!("{verify:?}, without {one}"));
            }
            for each in [1, 2, 3, 7, 50] {
                let what = format!("{verify:?}, without one in {each}");
                lied_to(verify, |change| change % each != 0, &what);
            }
        }
    });
}
