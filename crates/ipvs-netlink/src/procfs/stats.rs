// SPDX-License-Identifier: MIT OR Apache-2.0

use super::line::{Words, hexadecimal};
use super::malformed;
use crate::error::Error;
use crate::model::Stats;

/// The type holds counters of each processor, and of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PerCpu {
    /// Those of each possible processor, live.
    pub cpus: Vec<CpuStats>,
    /// The sum and the rates, sampled every 2 seconds.
    pub total: Stats,
}

/// The type holds counters of one processor since IPVS was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CpuStats {
    /// The processor's number.
    pub cpu: u32,
    /// Connections scheduled.
    pub connections: u64,
    /// Packets towards the real servers.
    pub incoming_packets: u64,
    /// Packets towards the clients; only masquerading sees them.
    pub outgoing_packets: u64,
    /// Bytes towards the real servers.
    pub incoming_bytes: u64,
    /// Bytes towards the clients; only masquerading sees them.
    pub outgoing_bytes: u64,
}

/// Reads `/proc/net/ip_vs_stats`: two lines of titles, one of sums, an empty one,
/// one of titles, one of rates. All numbers are hexadecimal.
pub(super) fn totals(text: &str) -> Result<Stats, Error> {
    const FILE: &str = "ip_vs_stats";
    let mut lines = Lines { file: FILE, lines: text.lines(), number: 0 };
    lines.skip(2)?;
    let sums = lines.five()?;
    lines.skip(2)?;
    Ok(with_rates(sums, lines.five()?))
}

/// Reads `/proc/net/ip_vs_stats_percpu`: as above, but a line of sums for each
/// processor, and in the last one `~` for a number.
pub(super) fn per_cpu(text: &str) -> Result<PerCpu, Error> {
    const FILE: &str = "ip_vs_stats_percpu";
    let mut lines = Lines { file: FILE, lines: text.lines(), number: 0 };
    lines.skip(2)?;
    let mut cpus = Vec::new();
    loop {
        let line = lines.next()?;
        let mut words = Words::new(line.as_bytes());
        match words.next() {
            Some("~") => {
                let sums = five(&mut words).ok_or_else(|| lines.wrong())?;
                lines.skip(2)?;
                let total = with_rates(sums, lines.five()?);
                return Ok(PerCpu { cpus, total });
            }
            word => {
                let cpu = word.and_then(hexadecimal).and_then(|cpu| cpu.try_into().ok());
                let sums = five(&mut words);
                let (Some(cpu), Some(sums)) = (cpu, sums) else { return Err(lines.wrong()) };
                let [
                    connections,
                    incoming_packets,
                    outgoing_packets,
                    incoming_bytes,
                    outgoing_bytes,
                ] = sums;
                cpus.push(CpuStats {
                    cpu,
                    connections,
                    incoming_packets,
                    outgoing_packets,
                    incoming_bytes,
                    outgoing_bytes,
                });
            }
        }
    }
}

struct Lines<'a> {
    file: &'static str,
    lines: std::str::Lines<'a>,
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str, Error> {
        self.number += 1;
        self.lines.next().ok_or_else(|| malformed(self.file, self.number, "missing"))
    }

    fn skip(&mut self, count: usize) -> Result<(), Error> {
        (0..count).try_for_each(|_| self.next().map(drop))
    }

    fn five(&mut self) -> Result<[u64; 5], Error> {
        let line = self.next()?;
        five(&mut Words::new(line.as_bytes())).ok_or_else(|| self.wrong())
    }

    fn wrong(&self) -> Error {
        malformed(self.file, self.number, "not five numbers")
    }
}

fn five(words: &mut Words<'_>) -> Option<[u64; 5]> {
    let mut numbers = [0; 5];
    for number in &mut numbers {
        *number = words.next().and_then(hexadecimal)?;
    }
    Some(numbers)
}

fn with_rates(sums: [u64; 5], rates: [u64; 5]) -> Stats {
    Stats {
        connections: sums[0],
        incoming_packets: sums[1],
        outgoing_packets: sums[2],
        incoming_bytes: sums[3],
        outgoing_bytes: sums[4],
        connections_per_second: rates[0],
        incoming_packets_per_second: rates[1],
        outgoing_packets_per_second: rates[2],
        incoming_bytes_per_second: rates[3],
        outgoing_bytes_per_second: rates[4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // From Linux 6.12 with two processors; numbers changed by hand.
    const PER_CPU: &str = "\
       Total Incoming Outgoing         Incoming         Outgoing
CPU    Conns  Packets  Packets            Bytes            Bytes
  0       10       20       30               40        1FFFFFFFF
  1        1        2        3                4                5
  ~       11       22       33               44        200000004

     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
           A        B        C                D                E
";

    #[test]
    fn numbers_are_hexadecimal() {
        let read = per_cpu(PER_CPU).unwrap();
        assert_eq!(read.cpus.len(), 2);
        assert_eq!(read.cpus[0].connections, 0x10);
        assert_eq!(read.cpus[0].outgoing_bytes, 0x1_ffff_ffff);
        assert_eq!(read.cpus[1].cpu, 1);
        assert_eq!(read.total.incoming_packets, 0x22);
        assert_eq!(read.total.outgoing_bytes_per_second, 0xe);

        let text: String = PER_CPU
            .lines()
            .filter(|line| !line.starts_with("  0") && !line.starts_with("  1"))
            .map(|line| line.replace('~', " ") + "\n")
            .collect();
        assert_eq!(totals(&text).unwrap(), read.total);
    }

    #[test]
    fn half_a_file_is_an_error() {
        for end in 0..PER_CPU.len() - 10 {
            assert!(per_cpu(&PER_CPU[..end]).is_err(), "{end}");
        }
        let error = totals("a\nb\nc\n").unwrap_err().to_string();
        assert_eq!(error, "cannot understand line 3 of /proc/net/ip_vs_stats: not five numbers");
    }
}
