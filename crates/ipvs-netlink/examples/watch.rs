// SPDX-License-Identifier: MIT OR Apache-2.0

//! Shows which services come, go and are busy, every 2 seconds, so many times: `watch 10`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // an example talks to its reader

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ipvs_netlink::{Client, ErrorKind, ServiceKey};

/// The kernel samples counters and rates as often.
const INTERVAL: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds: u32 = std::env::args().nth(1).map_or(Ok(u32::MAX), |rounds| rounds.parse())?;
    let mut client = Client::connect()?;
    let mut before: BTreeSet<ServiceKey> = BTreeSet::new();
    for round in 0..rounds {
        if round > 0 {
            sleep(INTERVAL);
        }
        client.set_read_deadline(Some(Instant::now() + INTERVAL));
        let table = match client.table_once() {
            Ok(table) => table,
            Err(error) if error.kind() == ErrorKind::DeadlinePassed => {
                eprintln!("{error}");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let now = table.iter().map(|entry| entry.service.service.key).collect();
        before.difference(&now).for_each(|key| println!("- {key}"));
        for entry in &table {
            let (key, stats) = (entry.service.service.key, entry.service.stats);
            if !before.contains(&key) {
                println!("+ {key} with {} servers", entry.destinations.len());
            } else if stats.connections_per_second > 0 {
                println!("  {key} {} connections a second", stats.connections_per_second);
            }
        }
        before = now;
    }
    Ok(())
}
