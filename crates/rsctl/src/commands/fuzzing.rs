// SPDX-License-Identifier: MIT OR Apache-2.0

use std::cell::RefCell;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::{CommandFactory, FromArgMatches};
use ipvs_cluster::{Observed, ObservedService, Policy, plan, refused};
use ipvs_netlink::{
    Change, Destination, ForwardingMethod, Netmask, Persistence, PersistenceTimeout, Scheduler,
    Service, ServiceKey,
};
use lvs_term::Unread;

use super::{
    Status, add_server, add_service, daemon_status, edit_server, edit_service, restore, server,
};
use crate::cli::{self, Cli, Command, Endpoint, Target};
use crate::error::Error;
use crate::problems::Problems;

thread_local! {
    /// Made once: clap takes its time over it.
    static CLI: RefCell<clap::Command> = RefCell::new(Cli::command());
}

/// Checks that a command line is refused in a line and hints, or means something; what it adds is
/// the same when it is saved and restored. `refused` judges what is told of an error, `kept` what
/// is saved.
pub(crate) fn command_line(data: &[u8], refused: fn(&Error), kept: fn(&Observed)) {
    let words = data.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec()));
    let args: Vec<OsString> = std::iter::once("rsctl".into()).chain(words).collect();
    let parsed = CLI
        .with_borrow_mut(|cli| cli.try_get_matches_from_mut(&args))
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    // What a command is read as does not depend on whether it is read alone; only what cannot be
    // read may be meant for another program.
    let read = Cli::read(&args);
    if let Ok(parsed) = &parsed {
        assert_eq!(format!("{:?}", read.as_ref().ok()), format!("{:?}", Some(parsed)));
    }
    let cli = match read {
        Ok(cli) => cli,
        Err(Unread::Stop(stop, _)) if stop.exit_code() == 0 => return,
        Err(Unread::Stop(stop, args)) => {
            return refused(&Error::Usage(cli::explain(&stop, &args)));
        }
        Err(Unread::Answered(usage)) => return refused(&Error::Usage(usage)),
    };
    let planned = match cli.command {
        Command::AddService(args) => add_service::plan(args.service.0, &args.settings),
        Command::AddServer(args) => {
            let Some((service, server)) = first(args.services.0, &args.servers.real_server) else {
                return;
            };
            add_server::plan(service, server, &args.settings)
        }
        Command::EditService(args) => {
            let mut service = holder(args.service.0);
            match edit_service::edit(&mut service, &args.edits) {
                // What cannot be is noticed before it is sent.
                Ok(()) if service.check().is_err() => return,
                Ok(()) => Ok(Change::AddService(service)),
                Err(refusal) => Err(Error::refused("edit", refusal)),
            }
        }
        Command::EditServer(args) => {
            let Some((service, server)) = first(args.services.0, &args.servers.real_server) else {
                return;
            };
            let key = server::key(&service, server);
            let mut destination = Destination::new(key, ForwardingMethod::Masquerade);
            match edit_server::edit(&mut destination, &args.edits) {
                Ok(()) if destination.check(&service).is_err() => return,
                Ok(()) => Ok(Change::AddDestination { service, destination }),
                Err(refusal) => Err(Error::refused("edit", refusal)),
            }
        }
        _ => return,
    };
    let entry = match planned {
        Ok(Change::AddService(service)) => ObservedService::new(service, Vec::new()),
        Ok(Change::AddDestination { service, destination }) => {
            ObservedService::new(holder(service), vec![destination])
        }
        Ok(other) => unreachable!("{other:?}"),
        Err(error) => return refused(&error),
    };
    let services = vec![entry];
    let mut table = Observed::new(services);
    table.timeouts = ipvs_netlink::Timeouts::KERNEL_DEFAULTS;
    kept(&table);
}

/// Returns the service, if it is one, and its first server.
fn first(target: Target, servers: &[Endpoint]) -> Option<(ServiceKey, Endpoint)> {
    let Target::Service(service) = target else { return None };
    Some((service, *servers.first()?))
}

/// Returns a service that may have any port.
fn holder(key: ServiceKey) -> Service {
    let mut service = Service::new(key, Scheduler::Sh);
    service.persistence = Some(Persistence {
        timeout: PersistenceTimeout::DEFAULT,
        netmask: Netmask::host(key.family()),
    });
    service
}

/// Checks that a file is refused line by line, or means the same in both forms of `save`.
pub(crate) fn restore(data: &[u8], error: fn(&Error), kept: fn(&Observed)) {
    restored(data, error, kept);
    if !data.ends_with(b"\n") {
        // A last line that does not end is refused unread.
        restored(&[data, b"\n"].concat(), error, kept);
    }
}

fn restored(data: &[u8], error: fn(&Error), kept: fn(&Observed)) {
    match restore::parse(data) {
        Ok(restore::Input { desired, .. }) => {
            kept(&Observed::from(&desired));
            // That what was judged when it was read has no flaw later, it asserts itself.
            let (nothing, policy) = (Observed::default(), Policy::exact());
            let plan = plan(&desired, &nothing, policy);
            let _flaws = refused(&plan, &desired, &nothing, policy);
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            let lines = data.iter().filter(|byte| **byte == b'\n').count() + 1;
            for problem in &problems {
                assert!((1..=lines).contains(&problem.line), "{problem:?} of {lines} lines");
                assert!(!problem.message.is_empty(), "{problem:?}");
            }
            let file = String::from_utf8_lossy(&data[..data.len().min(9)]).into_owned();
            error(&Error::BadFile(Problems { file, all: problems, shows_all: true }));
        }
    }
}

/// Checks that another director's status is refused, or compared and shown.
pub(crate) fn peer(data: &[u8], refused: fn(&Error), shown: fn(&Status)) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match daemon_status::parse(text) {
        Ok(peer) => {
            let mut here = peer.clone();
            here.sysctls.values_mut().for_each(|value| value.push('1'));
            here.problems = Some(daemon_status::problems(&here, &peer));
            shown(&here);
        }
        Err(error) => {
            let path = String::from_utf8_lossy(&data[..data.len().min(9)]).into_owned();
            refused(&Error::Peer { path, why: error.to_string() });
        }
    }
}

/// Returns what a saved table says, in either form.
pub(crate) fn parse(saved: &[u8]) -> Result<Observed, Vec<ipvs_cluster::file::Problem>> {
    restore::parse(saved).map(|input| Observed::from(&input.desired))
}
