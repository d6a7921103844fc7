// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent run` as a service: its file, its manager, its end.

use std::time::Instant;

use nix::sys::signal::Signal;

use crate::agent::{assert_same, assert_set_up, real_server, state};
use crate::running::{NO_VIP_MISSING, Run, holds, repaired};

#[test]
fn it_ends_as_told() {
    for (on_stop, stays) in [("keep", true), ("teardown", false)] {
        let network = real_server();
        let host = &network.servers[0];
        let before = state(host);
        let arguments = format!("--mode dr --vip 192.0.2.10,2001:db8:2::10 --on-stop {on_stop}");
        let mut run = Run::start(host, &arguments);
        let after = state(host);
        assert_ne!(before, after);
        let second = host.sh("rs-agent run");
        assert_eq!(second.status, 1);
        assert!(second.stderr.contains("another rs-agent run keeps this host"));
        run.signal(Signal::SIGTERM);
        run.hears("STOPPING=1");
        let (status, log) = run.ends();
        assert_eq!(status, Some(0), "{log}");
        assert_same(&state(host), if stays { &after } else { &before }, on_stop);
    }
}

#[test]
fn teardown_by_hand_ends_it_and_a_vip_by_hand_is_kept_too() {
    let network = real_server();
    let host = &network.servers[0];
    let before = state(host);
    host.must("rs-agent setup --mode dr --vip 192.0.2.10");
    // Without options: what is set up.
    let mut run = Run::start(host, "");
    host.must("rs-agent setup --mode dr --vip 203.0.113.10,2001:db8:2::10");
    repaired(&run, host, &[("ip addr del 203.0.113.10/32 dev lo", NO_VIP_MISSING)]);
    host.must("rs-agent teardown --vip 203.0.113.10");
    repaired(
        &run,
        host,
        &[("ip addr del 192.0.2.10/32 dev lo", "ip addr | grep -q 192.0.2.10/32")],
    );
    assert!(!holds(host, "ip addr | grep -q 203.0.113.10"), "{}", run.log());
    host.must("rs-agent teardown");
    let (status, log) = run.ends();
    assert_eq!(status, Some(0), "{log}");
    assert!(log.contains("event=ended"), "{log}");
    assert_same(&state(host), &before, "after teardown");
}

#[test]
fn the_file_is_the_whole_truth_and_is_read_again() {
    let network = real_server();
    let host = &network.servers[0];
    let configure = |text: &str| host.feed("cat >/run/rs-agent.toml", text);
    configure("mode = \"dr\"\nvip = [\"192.0.2.10\", \"203.0.113.10\"]\n");
    let run = Run::start(host, "--config /run/rs-agent.toml --log-format json");
    let on_lo = |vip: &str| holds(host, &format!("ip -o addr show dev lo | grep -q {vip}"));
    assert!(on_lo("192.0.2.10") && on_lo("203.0.113.10"));

    configure("mode = \"dr\"\nvip = [\"203.0.113.10\", \"2001:db8:2::10\"]\n");
    run.signal(Signal::SIGHUP);
    let heard = run.hears("READY=1");
    assert!(heard.iter().any(|message| message.starts_with("RELOADING=1\nMONOTONIC_USEC=")));
    assert!(!on_lo("192.0.2.10") && on_lo("203.0.113.10") && on_lo("2001:db8:2::10"));

    configure("mode = \"dr\"\nvip = [\"192.0.2.10/24\"]\nvpi = 1\n");
    run.signal(Signal::SIGHUP);
    run.says("line 2: 192.0.2.10/24 is a whole subnet; line 3: ");
    assert!(on_lo("203.0.113.10") && on_lo("2001:db8:2::10"));
    repaired(&run, host, &[("ip addr del 203.0.113.10/32 dev lo", NO_VIP_MISSING)]);
    for line in run.log().lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(event["event"].is_string() && event["level"].is_string(), "{line}");
    }
    // The same file, the same faults, for a set-up: nothing is changed.
    let before = state(host);
    let refused = host.sh("rs-agent setup --config /run/rs-agent.toml");
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("line 3: unknown key \"vpi\""), "{}", refused.stderr);
    assert_same(&state(host), &before, "a refused file");
}

#[test]
fn its_manager_is_told_how_it_is() {
    let network = real_server();
    let host = &network.servers[0];
    let watchdog = [("WATCHDOG_USEC", "600000")];
    let run = Run::spawn(host, "rs-agent run --mode dr --vip 192.0.2.10", &watchdog);
    run.hears("READY=1");
    run.hears("STATUS=keeping dr 192.0.2.10");
    let begun = Instant::now();
    for _ in 0..5 {
        run.hears("WATCHDOG=1");
    }
    // Twice in the time allowed, of which a guest keeps no exact count.
    println!("five at 300 ms each, after {:?}", begun.elapsed());
    host.must("ip addr add 192.0.2.10/32 dev eth0");
    run.hears("STATUS=keeping dr 192.0.2.10; 1 wrong: 192.0.2.10 is on eth0");
}

#[test]
fn what_a_starting_host_does_not_have_yet_is_waited_for() {
    let network = real_server();
    let host = &network.servers[0];
    host.must("ip link set eth0 down");
    let run = Run::start(host, "--mode nat --gateway 192.0.2.1");
    run.says("event=problem");
    host.must("ip link set eth0 up");
    run.says("event=set-up command=\"ip route replace default via 192.0.2.1");
    assert_set_up(host, &run.log());
}
