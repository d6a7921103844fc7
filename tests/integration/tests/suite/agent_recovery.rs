// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent` that fails between any two of its steps: it takes itself back, or the next run
//! cleans up. Needs the binary with the feature `failpoints`. What becomes of one that is
//! killed is in `agent_killed`.

use lab::Host;

use crate::agent::{assert_same, assert_set_up, real_server, share, state};

/// Every kind of change: settings, addresses, and devices, ports and routes of both families.
const SETUPS: [&str; 5] = [
    "setup --mode dr --vip 192.0.2.10,2001:db8:2::10 --carrier vips --create-carrier",
    "setup --mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11,2001:db8:2::11 --tunnel gue \
     --tunnel-port 6080",
    "setup --mode dr --vip 192.0.2.10,203.0.113.10,2001:db8:2::10",
    "setup --mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11",
    "setup --mode nat --gateway 192.0.2.1,2001:db8:2::1",
];

/// How many steps a command would take now.
fn steps(server: &Host, command: &str) -> usize {
    let plan = server.must(&format!("rs-agent {command} --dry-run --json")).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    plan["steps"].as_array().expect("steps").len()
}

/// Runs a command that fails after that many steps.
#[track_caller]
fn fail(server: &Host, command: &str, after: usize) {
    let output = server.sh(&format!("RS_AGENT_FAILPOINT={after}:error exec rs-agent {command}"));
    assert_eq!(output.status, 1, "{command} after {after}: {}", output.stderr);
}

#[test]
fn a_setup_that_fails_takes_itself_back() {
    for setup in share(SETUPS) {
        let network = real_server();
        let server = &network.servers[0];
        let before = state(server);
        for after in 0..=steps(server, setup) {
            let story = format!("{setup}, failed after {after} steps");
            fail(server, setup, after);
            assert_same(&state(server), &before, &story);
            assert_eq!(server.must("rs-agent status").stdout, "not set up\n", "{story}");
        }
    }
}

#[test]
fn a_second_vip_that_fails_leaves_the_first() {
    let network = real_server();
    let server = &network.servers[0];
    let original = state(server);
    server.must("rs-agent setup --mode tun --vip 192.0.2.10 --rip 192.0.2.11");
    let before = state(server);
    let setup = "setup --mode tun --vip 203.0.113.10,2001:db8:2::10";
    for after in 0..=steps(server, setup) {
        fail(server, setup, after);
        let story = format!("failed after {after} steps");
        assert_same(&state(server), &before, &story);
        assert_set_up(server, &story);
    }
    server.must("rs-agent teardown");
    assert_same(&state(server), &original, "after teardown");
}

#[test]
fn a_teardown_that_fails_can_be_finished_or_reversed() {
    for setup in share(SETUPS) {
        let network = real_server();
        let server = &network.servers[0];
        let before = state(server);
        server.must(&format!("rs-agent {setup}"));
        for after in 0..=steps(server, "teardown") {
            let story = format!("{setup}, teardown failed after {after} steps");
            fail(server, "teardown", after);
            server.must("rs-agent teardown");
            assert_same(&state(server), &before, &story);

            server.must(&format!("rs-agent {setup}"));
            fail(server, "teardown", after);
            server.must(&format!("rs-agent {setup}"));
            assert_set_up(server, &story);
        }
    }
}
