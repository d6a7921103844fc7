// SPDX-License-Identifier: MIT OR Apache-2.0

//! Signals and other programs between two steps of `rs-agent`. Needs the binary with the feature
//! `failpoints`.

use std::io::Read;
use std::process::{Command, Stdio};

use lab::Host;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::agent::{assert_same, real_server, state};
use crate::agent_state::BOTH;
use crate::running::Ended;

/// Sends the signal when the command has stopped so many times, and gives its exit status and
/// what it said.
fn interrupt(host: &Host, command: &str, stops: usize, signal: Signal) -> (Option<i32>, String) {
    let mut seen = 0;
    stepped(host, command, "each:stop", |id| {
        if seen == stops {
            kill(id, signal).expect("rs-agent");
        }
        seen += 1;
    })
}

/// Does something whenever the command has stopped, and gives its exit status and what it said.
fn stepped(
    host: &Host,
    command: &str,
    failpoint: &str,
    mut at_stop: impl FnMut(Pid),
) -> (Option<i32>, String) {
    let mut agent = Command::new("rs-agent");
    let agent = agent.args(command.split_whitespace()).env("RS_AGENT_FAILPOINT", failpoint);
    let mut agent = Ended(host.enter(|| agent.stderr(Stdio::piped()).spawn().expect("rs-agent")));
    let id = Pid::from_raw(agent.0.id().cast_signed());
    let status = loop {
        match waitpid(id, Some(WaitPidFlag::WUNTRACED)).expect("rs-agent") {
            WaitStatus::Stopped(..) => {
                at_stop(id);
                kill(id, Signal::SIGCONT).expect("rs-agent");
            }
            WaitStatus::Exited(_, status) => break Some(status),
            _ => break None,
        }
    };
    let mut said = String::new();
    agent.0.stderr.take().expect("its words").read_to_string(&mut said).expect("its words");
    (status, said)
}

#[test]
fn a_signal_makes_setup_take_itself_back_and_teardown_tell_what_is_left() {
    let network = real_server();
    let host = &network.servers[0];
    let before = state(host);
    let setup = format!("{BOTH} --carrier vips --create-carrier");
    for (stops, signal) in
        [(0, Signal::SIGINT), (2, Signal::SIGTERM), (4, Signal::SIGHUP), (5, Signal::SIGINT)]
    {
        let (status, said) = interrupt(host, &setup, stops, signal);
        assert_eq!(status, Some(1), "{signal} at {stops}: {said}");
        assert!(said.contains("interrupted; what was done is taken back"), "{said}");
        assert_same(&state(host), &before, &format!("{signal} at {stops}"));
        assert_eq!(host.must("rs-agent status").stdout, "not set up\n");
    }
    host.must(&format!("rs-agent {setup}"));
    let (status, said) = interrupt(host, "teardown", 1, Signal::SIGINT);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("interrupted: still to be done: `ip addr del "), "{said}");
    assert!(said.contains("`ip link del vips`"), "{said}");
    host.must("rs-agent teardown");
    assert_same(&state(host), &before, "a teardown that was interrupted");

    // What its caller has told it not to hear it does not hear.
    let (status, said) = {
        let shell = format!("trap '' HUP; RS_AGENT_FAILPOINT=1:hup exec rs-agent {setup}");
        let output = host.sh(&shell);
        (output.status, output.stderr)
    };
    assert_eq!(status, 0, "{said}");
    host.must("rs-agent teardown");
    assert_same(&state(host), &before, "under nohup");
}

/// A network manager, or somebody's script, that puts back what it sees go.
#[test]
fn a_vip_that_another_program_puts_back_stays_hidden() {
    let network = real_server();
    let host = &network.servers[0];
    let before = state(host);
    let back = "ip addr add 192.0.2.10/32 dev lo";
    let hidden = || host.must("sysctl -n net.ipv4.conf.all.arp_ignore").stdout == "1\n";
    let is_there = || host.must("ip -br addr show lo").stdout.contains("192.0.2.10/32");
    // A teardown, and a set-up that takes itself back, with the VIP put back at each moment.
    for (command, failpoint, done) in [("teardown", "each:stop", 0), (BOTH, "each:stop,4:error", 1)]
    {
        for late in 0.. {
            if command == "teardown" {
                host.must(&format!("rs-agent {BOTH}"));
            }
            let (mut was_there, mut moments, mut is_back) = (command == "teardown", 0, false);
            let (status, said) = stepped(host, command, failpoint, |_| {
                let gone = was_there && !is_there();
                was_there |= is_there();
                if gone && !is_back {
                    is_back = moments == late;
                    moments += 1;
                    if is_back {
                        host.must(back);
                    }
                }
            });
            let story = format!("{command}, put back at moment {late} behind its end: {said}");
            if !is_back {
                // As many moments as there are have been tried.
                assert!(late > 2, "{story}");
                assert_eq!(status, Some(done), "{story}");
                assert_same(&state(host), &before, &story);
                break;
            }
            assert!(is_there() && hidden(), "{story}");
            assert_eq!(status, Some(1), "{story}");
            assert!(said.contains("as 192.0.2.10 may still be there"), "{story}");
            // It is not ours, and is hidden by what stays.
            let note = "192.0.2.10 on lo is not ours and stays; so does what hides it";
            let said = host.must("rs-agent teardown");
            assert!(said.stderr.contains(note), "{story}{said:?}");
            assert!(is_there() && hidden(), "{story}");
            host.must(
                "ip addr del 192.0.2.10/32 dev lo
                 sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=1",
            );
            assert_same(&state(host), &before, &story);
        }
    }
}
