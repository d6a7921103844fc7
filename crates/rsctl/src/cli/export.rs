// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
The file says what the kernel has, as short as it can be said: services with the same settings and \
servers are one entry, servers that several entries have are a pool, neighbours among them a \
range, and what is said more than once a default. Of the sysctls of net.ipv4.vs those are in it \
that are not as the kernel has them by itself. What such a file cannot say is left out, and named \
on stderr and in comments at the top of the file.

Servers are sorted by address, except under sh, dh and mh, which hash by the order in which they \
were added.

Examples:
  rsctl export -o /etc/rsctl/cluster.yaml
  rsctl export --json | jq '.services[].service'")]
pub(crate) struct Export {
    /// Write to FILE, all of it or nothing; - for standard output, the default.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Write JSON, which is read as well.
    #[arg(long)]
    pub(crate) json: bool,
}
