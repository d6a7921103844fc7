// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent setup` against the shell script it replaces, which sets two settings and adds
//! each VIP by a process of its own.

use crate::measure::{Pairs, Program, in_namespace};
use crate::table::{Bar, Row};

/// How many rounds of pairs with one VIP, and with a thousand.
const ROUNDS: (usize, usize) = (15, 3);

pub(crate) fn one_vip(name: String) -> Row {
    by_script(name, 1, ROUNDS.0, 1.0)
}

pub(crate) fn a_thousand_vips(name: String) -> Row {
    by_script(name, 1000, ROUNDS.1, 20.0)
}

/// Process against process, each in a namespace that has never had a VIP.
fn by_script(name: String, count: u32, rounds: usize, bar: f64) -> Row {
    let vips: Vec<String> =
        (0..count).map(|n| format!("10.9.{}.{}", n / 200, n % 200 + 1)).collect();
    let list = vips.join(",");
    let agent = Program::new("rs-agent", ["setup", "--mode", "dr", "--vip", &list]);
    let hidden = "sysctl -qw net.ipv4.conf.all.arp_ignore=1\n\
                  sysctl -qw net.ipv4.conf.all.arp_announce=2\n";
    let added =
        format!("for vip in {}; do ip addr add $vip/32 dev lo scope host; done", vips.join(" "));
    let script = Program::new("sh", ["-ec", &(hidden.to_owned() + &added)]);
    let whole = |program: &Program| {
        in_namespace(|| {
            let run = program.run();
            assert_eq!(vips_on_lo(), count, "VIPs");
            run.whole.as_secs_f64()
        })
    };
    let pairs = Pairs::measure(rounds, || whole(&agent), || whole(&script));
    Row::times_as_fast(name, &pairs, Bar::AtLeast(bar))
}

/// By the kernel's list of local addresses; both programs must have done the same.
fn vips_on_lo() -> u32 {
    let trie = std::fs::read_to_string("/proc/thread-self/net/fib_trie").expect("fib_trie");
    let local = trie.lines().map(str::trim).filter(|line| line.starts_with("|-- 10.9."));
    let main_and_local = local.collect::<std::collections::BTreeSet<_>>();
    u32::try_from(main_and_local.len()).expect("a count")
}
