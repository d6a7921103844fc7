// SPDX-License-Identifier: MIT OR Apache-2.0

//! Any bytes for a file: refused with a reason for each line, or written down so
//! that it means the same.

use ipvs_cluster::{Observed, Policy, file, plan};

pub(crate) fn run(data: &[u8]) {
    let desired = match file::read(data) {
        Ok(table) => table.desired,
        Err(problems) => {
            let lines = data.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!(!problems.is_empty());
            for problem in problems {
                assert!((1..=lines).contains(&problem.line), "{problem:?} of {lines} lines");
                assert!(!problem.message.is_empty());
            }
            return;
        }
    };
    let table = Observed::from(&desired);
    assert!(plan(&desired, &table, Policy::exact()).is_empty());
    let mut written = Vec::new();
    file::write(&table, &mut written).expect("memory takes it");
    let again = match file::read(&written) {
        Ok(again) => again.desired,
        Err(problems) => panic!("{problems:?} in\n{}", String::from_utf8_lossy(&written)),
    };
    assert_eq!(Observed::from(&again), table);
    assert!(plan(&again, &table, Policy::exact()).is_empty());
    // Written once more it is the same text.
    let mut twice = Vec::new();
    file::write(&Observed::from(&again), &mut twice).expect("memory takes it");
    assert_eq!(twice, written);
}
