// SPDX-License-Identifier: MIT OR Apache-2.0

//! The same work done by `rs-agent`, and by the commands that it replaces.

use crate::program::Program;

/// Exit statuses of `rs-agent check` that has looked: nothing, warnings, errors, or what
/// could not be judged.
const LOOKED: &[i32] = &[0, 3, 4, 5];

/// The two settings that hide a VIP.
const HIDDEN: &str = "sysctl -qw net.ipv4.conf.all.arp_ignore=1\n\
                      sysctl -qw net.ipv4.conf.all.arp_announce=2\n";

/// `rs-agent setup` of that many VIPs.
pub(crate) fn setup(count: u32) -> Program {
    of_vips("setup", count)
}

/// `rs-agent check` of that many VIPs.
pub(crate) fn check(count: u32) -> Program {
    of_vips("check", count).may_exit(LOOKED)
}

fn of_vips(command: &str, count: u32) -> Program {
    Program::new("rs-agent", [command, "--mode", "dr", "--vip", &vips(count).join(",")])
}

/// A shell script that adds each VIP by a process of its own.
pub(crate) fn script(count: u32) -> Program {
    let vips = vips(count).join(" ");
    let add = format!("for vip in {vips}; do ip addr add $vip/32 dev lo scope host; done");
    Program::new("sh", ["-ec", &(HIDDEN.to_owned() + &add)])
}

/// The same script with one process for all VIPs.
pub(crate) fn batch(count: u32) -> Program {
    let lines = vips(count).into_iter().map(|vip| format!("addr add {vip}/32 dev lo scope host\n"));
    Program::new("sh", ["-ec", &(HIDDEN.to_owned() + "ip -batch -")]).input(lines.collect())
}

/// Makes links, all up: pairs that answer ARP, of which one has an address, and others that
/// do neither.
pub(crate) fn links(pairs: u32, others: u32) -> Program {
    let pair = |n: u32| {
        let address = format!("172.20.{}.{}/31", n / 100, n % 100 * 2);
        format!(
            "link add a{n} type veth peer name b{n}\nlink set a{n} up\nlink set b{n} up\n\
             addr add {address} dev a{n}\n"
        )
    };
    let other = |n: u32| format!("link add d{n} type dummy\nlink set d{n} up\n");
    let lines = (0..pairs).map(pair).chain((0..others).map(other));
    Program::new("ip", ["-batch", "-"]).input(lines.collect())
}

/// A job of this binary that runs `rs-agent run`.
pub(crate) fn run<const N: usize>(job: &str, words: [&str; N]) -> Program {
    Program::own([job, "rs-agent"].into_iter().chain(words))
}

pub(crate) fn vips(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("10.9.{}.{}", n / 200, n % 200 + 1)).collect()
}
