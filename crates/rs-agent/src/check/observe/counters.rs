// SPDX-License-Identifier: MIT OR Apache-2.0
//! Counts the packets that source validation drops, for a while.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use lvs_host::escaped;

const NETSTAT: &str = "/proc/thread-self/net/netstat";
const RT_CACHE: &str = "/proc/thread-self/net/stat/rt_cache";

/// Returns how much each counter grew; `None`, and said, if none could be read.
pub(super) fn watch(
    time: Duration,
    unread: &mut Vec<String>,
) -> Option<(BTreeMap<&'static str, u64>, u64)> {
    let before = read();
    if before.is_empty() {
        unread.push(format!("{NETSTAT}, {RT_CACHE}: no counters of source validation"));
        return None;
    }
    std::thread::sleep(time);
    let mut grown = read();
    for (name, count) in &mut grown {
        *count = count.saturating_sub(before.get(name).copied().unwrap_or(*count));
    }
    Some((grown, time.as_secs()))
}

fn read() -> BTreeMap<&'static str, u64> {
    let text = |path| escaped::text(&fs::read(path).unwrap_or_default());
    let mut counters = BTreeMap::new();
    counters.extend(netstat(&text(NETSTAT)).map(|count| ("IPReversePathFilter", count)));
    counters.extend(rt_cache(&text(RT_CACHE)).map(|count| ("in_martian_src", count)));
    counters
}

/// Lines in pairs: names, then numbers.
fn netstat(text: &str) -> Option<u64> {
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("TcpExt:")).collect();
    let (names, values) = (lines.first()?, lines.get(1)?);
    let at = names.split_whitespace().position(|name| name == "IPReversePathFilter")?;
    values.split_whitespace().nth(at)?.parse().ok()
}

/// A line of names, then one of hexadecimal numbers per processor.
fn rt_cache(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let at = lines.next()?.split_whitespace().position(|name| name == "in_martian_src")?;
    let on_cpu = |line: &str| u64::from_str_radix(line.split_whitespace().nth(at)?, 16).ok();
    Some(lines.filter_map(on_cpu).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_by_name() {
        let text = "TcpExt: A IPReversePathFilter B\nTcpExt: 1 22 3\nIpExt: C\nIpExt: 4\n";
        assert_eq!(netstat(text), Some(22));
        assert_eq!(netstat("TcpExt: A\nTcpExt: 1\n"), None);
        let text = "entries  in_hit in_martian_src\n00000001 00000002 0000000a\n0 0 1\n";
        assert_eq!(rt_cache(text), Some(11));
        assert_eq!(rt_cache(""), None);
    }
}
