// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent` stopped between any two of its steps: the next run completes or
//! cleans up. Needs the binary with the feature `failpoints`.

use lab::Host;

use crate::agent::{assert_same, assert_set_up, real_server, share, state};

/// Every kind of change: settings, addresses, devices, ports, routes.
const SETUPS: [&str; 5] = [
    "setup --mode dr --vip 192.0.2.10,2001:db8:2::10 --carrier vips --create-carrier",
    "setup --mode tun --vip 192.0.2.10 --rip 192.0.2.11 --tunnel gue --tunnel-port 6080",
    "setup --mode dr --vip 192.0.2.10,203.0.113.10,2001:db8:2::10",
    "setup --mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11",
    "setup --mode nat --gateway 192.0.2.1",
];

/// How many steps a command would take now.
fn steps(server: &Host, command: &str) -> usize {
    let plan = server.must(&format!("rs-agent {command} --dry-run --json")).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    plan["steps"].as_array().expect("steps").len()
}

/// Runs a command that dies (`abort`) or fails (`error`) after that many steps.
#[track_caller]
fn stop(server: &Host, command: &str, after: usize, how: &str) {
    let output = server.sh(&format!("RS_AGENT_FAILPOINT={after}:{how} rs-agent {command}"));
    // SIGABRT is 6.
    let expected = if how == "abort" { 128 + 6 } else { 1 };
    assert_eq!(output.status, expected, "{command} after {after}: {}", output.stderr);
}

#[test]
fn a_setup_that_dies_is_completed_or_taken_back() {
    for setup in share(SETUPS) {
        let network = real_server();
        let server = &network.servers[0];
        let before = state(server);
        for after in 0..=steps(server, setup) {
            let story = format!("{setup}, dead after {after} steps");
            stop(server, setup, after, "abort");
            server.must("rs-agent teardown");
            assert_same(&state(server), &before, &story);

            stop(server, setup, after, "abort");
            server.must(&format!("rs-agent {setup}"));
            assert_set_up(server, &story);
            server.must("rs-agent teardown");
            assert_same(&state(server), &before, &story);
        }
    }
}

#[test]
fn a_setup_that_fails_takes_itself_back() {
    for setup in share(SETUPS) {
        let network = real_server();
        let server = &network.servers[0];
        let before = state(server);
        for after in 0..=steps(server, setup) {
            let story = format!("{setup}, failed after {after} steps");
            stop(server, setup, after, "error");
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
        stop(server, setup, after, "error");
        let story = format!("failed after {after} steps");
        assert_same(&state(server), &before, &story);
        assert_set_up(server, &story);
    }
    server.must("rs-agent teardown");
    assert_same(&state(server), &original, "after teardown");
}

#[test]
fn a_teardown_that_dies_or_fails_can_be_finished_or_reversed() {
    for setup in share(SETUPS) {
        let network = real_server();
        let server = &network.servers[0];
        let before = state(server);
        server.must(&format!("rs-agent {setup}"));
        for after in 0..=steps(server, "teardown") {
            // Both leave the journal; dying leaves the lock too, if it were a file.
            let how = ["abort", "error"][after % 2];
            let story = format!("{setup}, teardown: {how} after {after} steps");
            stop(server, "teardown", after, how);
            server.must("rs-agent teardown");
            assert_same(&state(server), &before, &story);

            server.must(&format!("rs-agent {setup}"));
            stop(server, "teardown", after, how);
            server.must(&format!("rs-agent {setup}"));
            assert_set_up(server, &story);
        }
    }
}
