// SPDX-License-Identifier: MIT OR Apache-2.0

//! Two files with a NUL between them: from what one says to what the other says
//! there is a plan, and it leads there.

#[path = "../../tests/support/making.rs"]
mod making;

use ipvs_cluster::{
    Action, Desired, DesiredService, Observed, ObservedService, Policy, Scope, Step, Subject, file,
    plan, refused, reordered,
};

pub(crate) fn run(data: &[u8]) {
    let mut files = data.splitn(2, |byte| *byte == 0);
    let (Some(found), Some(wanted)) = (files.next(), files.next()) else { return };
    let (Ok(found), Ok(wanted)) = (file::read(found), file::read(wanted)) else { return };
    let (found, wanted) = (found.desired, wanted.desired);
    for policy in [Policy::exact().reorder(true), Policy::exact(), Policy::add_only()] {
        making::leads(&Observed::from(&found), &wanted, policy);
        making::leads(&Observed::from(&wanted), &found, policy);
        // What was judged when it was read has no flaw that is found later.
        let (there, plan) =
            (Observed::from(&found), plan(&wanted, &Observed::from(&found), policy));
        let _asserts_so = refused(&plan, &wanted, &there, policy);
        for step in plan.into_steps() {
            // Each side of a step can be shown.
            assert!(file::before(&step).is_some() || file::after(&step).is_some());
        }
    }
}
