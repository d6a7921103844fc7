// SPDX-License-Identifier: MIT OR Apache-2.0

//! Offers what is there to a shell in which somebody has pressed TAB. It is read from files that
//! everybody may read: nothing is changed, no module is loaded, and what cannot be read is not
//! offered.

mod modules;
mod table;

use std::ffi::OsString;
use std::fs;
use std::process::ExitCode;

use clap::CommandFactory as _;
use ipvs_netlink::Namespace;
use ipvs_netlink::procfs::{ConnectionState, Procfs};
use lvs_term::{Line, Offer};

use crate::cli::{Cli, NamespaceName, familiar};

/// Answers a shell that asks, if `args` do.
pub(crate) fn asked(args: &[OsString]) -> Option<ExitCode> {
    lvs_term::complete(args, Cli::command, familiar, offer)
}

/// Offers values of the argument with that id, if they are not in the command's description.
fn offer(line: &Line<'_>, id: &str) -> Option<Offer> {
    Some(match id {
        "service" | "tcp" | "udp" | "sctp" | "fwmark" => {
            Offer::Values(table::services(&procfs(line)?, line, id))
        }
        "only_service" => Offer::Values(table::services(&procfs(line)?, line, "service")),
        "real_server" | "server" => Offer::Values(table::servers(&procfs(line)?, line)),
        "vip" | "only_vip" => Offer::words(table::vips(&procfs(line)?)),
        "scheduler" => Offer::words(modules::schedulers()),
        "engine" => Offer::words(modules::engines()),
        "state" => Offer::words(ConnectionState::known()),
        "interface" => Offer::words(interfaces(namespace(line)?)),
        "netns" if line.word().contains('/') => Offer::Files,
        "netns" => Offer::words(namespaces()),
        _ => return None,
    })
}

/// Looks into the namespace that the line names, as far as the user may.
fn procfs(line: &Line<'_>) -> Option<Procfs> {
    Some(namespace(line)?.map_or_else(Procfs::new, Procfs::of))
}

/// Opens the namespace that the line names, if it names one; `None` if it cannot.
fn namespace(line: &Line<'_>) -> Option<Option<Namespace>> {
    let Some(name) = line.value_of("netns") else { return Some(None) };
    let namespace = match name.parse().ok()? {
        NamespaceName::Name(name) => Namespace::named(&name),
        NamespaceName::Process(pid) => Namespace::of_process(pid),
        NamespaceName::Path(path) => Namespace::at(path),
    };
    namespace.ok().map(Some)
}

/// Returns the network interfaces.
fn interfaces(namespace: Option<Namespace>) -> Vec<String> {
    let read = || fs::read("/proc/thread-self/net/dev").unwrap_or_default();
    names(&match namespace {
        None => read(),
        Some(namespace) => namespace.enter(read).unwrap_or_default(),
    })
}

/// Returns the names in that file: a line each, behind two that have no colon. One that is no
/// text cannot be offered, and hides no other.
fn names(file: &[u8]) -> Vec<String> {
    let line = |line: &[u8]| {
        let name = line.iter().position(|byte| *byte == b':').map(|end| &line[..end])?;
        Some(std::str::from_utf8(name).ok()?.trim().to_owned())
    };
    file.split(|byte| *byte == b'\n').filter_map(line).collect()
}

/// Returns the names that `ip netns` has given.
fn namespaces() -> Vec<String> {
    let entries = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let mut names: Vec<_> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Command;

    use super::*;

    fn ids<'a>(command: &'a Command, all: &mut BTreeSet<&'a str>) {
        all.extend(command.get_arguments().map(|arg| arg.get_id().as_str()));
        command.get_subcommands().for_each(|command| ids(command, all));
    }

    /// The ids are names of fields, which change more easily than what is typed.
    #[test]
    fn what_is_offered_is_what_an_argument_takes() {
        let mut command = Cli::command();
        command.build();
        let mut all = BTreeSet::new();
        ids(&command, &mut all);
        for id in [
            "service",
            "tcp",
            "udp",
            "sctp",
            "fwmark",
            "ipv6",
            "vip",
            "real_server",
            "server",
            "only_service",
            "only_vip",
            "scheduler",
            "engine",
            "state",
            "interface",
            "netns",
        ] {
            assert!(all.contains(id), "no argument has the id {id}: {all:?}");
        }
    }

    #[test]
    fn an_interface_whose_name_is_no_text_hides_no_other() {
        let file = b"Inter-|   Receive\n face |bytes\n    lo:  0 0\n e\xff0: 1 0\n eth0: 2 0\n";
        assert_eq!(names(file), ["lo", "eth0"]);
        assert_eq!(names(b""), [""; 0]);
    }
}
