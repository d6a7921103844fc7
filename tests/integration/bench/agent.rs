// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent setup` against the shell script it replaces, which sets two settings and adds
//! each VIP by a process of its own.

use crate::measure::{Pairs, Program, Run, in_namespace};
use crate::table::{Bar, Row};

/// How many VIPs, and in how many rounds of pairs.
pub(crate) const CASES: [(u32, usize); 2] = [(1, 15), (1000, 3)];

pub(crate) fn one_vip(name: String) -> Row {
    by_script(name, CASES[0], 1.0)
}

pub(crate) fn a_thousand_vips(name: String) -> Row {
    by_script(name, CASES[1], 20.0)
}

/// `rs-agent setup` of that many VIPs.
pub(crate) fn setup(count: u32) -> Program {
    Program::new("rs-agent", ["setup", "--mode", "dr", "--vip", &vips(count).join(",")])
}

/// Runs `program`, which sets up that many VIPs, in a namespace that has never had one.
pub(crate) fn set_up(count: u32, program: &Program) -> Run {
    in_namespace(|| {
        let run = program.run();
        assert_eq!(vips_on_lo(), count, "VIPs");
        run
    })
}

/// Process against process.
fn by_script(name: String, (count, rounds): (u32, usize), bar: f64) -> Row {
    let agent = setup(count);
    let hidden = "sysctl -qw net.ipv4.conf.all.arp_ignore=1\n\
                  sysctl -qw net.ipv4.conf.all.arp_announce=2\n";
    let added = format!(
        "for vip in {}; do ip addr add $vip/32 dev lo scope host; done",
        vips(count).join(" ")
    );
    let script = Program::new("sh", ["-ec", &(hidden.to_owned() + &added)]);
    let whole = |program: &Program| set_up(count, program).whole.as_secs_f64();
    let pairs = Pairs::measure(rounds, || whole(&agent), || whole(&script));
    Row::times_as_fast(name, &pairs, Bar::AtLeast(bar))
}

fn vips(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("10.9.{}.{}", n / 200, n % 200 + 1)).collect()
}

/// By the kernel's list of local addresses; both programs must have done the same.
fn vips_on_lo() -> u32 {
    let trie = std::fs::read_to_string("/proc/thread-self/net/fib_trie").expect("fib_trie");
    let local = trie.lines().map(str::trim).filter(|line| line.starts_with("|-- 10.9."));
    let main_and_local = local.collect::<std::collections::BTreeSet<_>>();
    u32::try_from(main_and_local.len()).expect("a count")
}
