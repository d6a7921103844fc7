// SPDX-License-Identifier: MIT OR Apache-2.0

//! Any bytes for the file of a cluster: refused with places that it has, or read to something
//! that a kernel could have.

use ipvs_cluster::{Observed, Policy, cluster, plan};

pub(crate) fn run(data: &[u8]) {
    let cluster = match cluster::read(data) {
        Ok(cluster) => cluster,
        Err(cluster::Problems(problems)) => {
            // As YAML counts them.
            let ends = data.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
            assert!(!problems.is_empty());
            for problem in problems {
                assert!((1..=ends + 1).contains(&problem.line), "{problem:?} of {ends} lines");
                assert!((1..=data.len() + 1).contains(&problem.column), "{problem:?}");
                assert!(!problem.message.is_empty());
                let shown = problem.snippet.chars().count();
                assert!(shown <= 120 && problem.caret <= 60, "{problem:?}");
                assert!(!problem.snippet.contains(char::is_control), "{problem:?}");
            }
            return;
        }
    };
    let table = Observed::from(cluster.desired());
    assert!(plan(cluster.desired(), &table, Policy::exact()).is_empty());
    // Whose server it is, is a server of it.
    for service in cluster.desired().services() {
        for wanted in &service.servers {
            let address = wanted.server.key.address;
            let server = cluster.real_server(&[address]);
            assert!(server.is_none_or(|server| server.addresses == [address]));
        }
        // One is enough, where each looks at all.
        if !service.servers.is_empty() {
            break;
        }
    }
    let _ = (cluster.scope(), cluster.warnings());
}
