// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file per command. A command returns a value; [`crate::output`] prints it.

mod check;
mod generate;
mod install_unit;
mod run;
mod setup;
mod status;
mod teardown;

use std::fmt;

use lvs_host::SysctlKey;
use lvs_host::netlink::Netlink;
use lvs_host::sysctl;

use crate::cli::{Cli, Command, What};
use crate::error::{Error, Failure};
use crate::journal::{Found, Store};
use crate::mode::Mode;
use crate::observe::Questions;
use crate::output::{Outcome, Report};
use crate::plan::{ADDRESS_TAG, Change};
use crate::request::Scope;
use crate::wanted::Wanted;

/// Runs the command.
///
/// # Errors
/// What could not be done, and why.
pub fn run(cli: &Cli) -> Result<Outcome, Failure> {
    match &cli.command {
        Command::Setup(args) => {
            let doing = doing("set up", &args.what);
            let report = setup::run(args, &cli.state_dir).map(Report::Change);
            outcome(doing, report, args.how.json, args.how.verbose)
        }
        Command::Teardown(args) => {
            let what = if args.vips.is_empty() { "this host".into() } else { some(&args.vips) };
            let report = teardown::run(args, &cli.state_dir).map(Report::Change);
            outcome(format!("tear down {what}"), report, args.how.json, args.how.verbose)
        }
        Command::Check(args) => {
            let report = check::run(args, &cli.state_dir);
            outcome("check this host".into(), report, args.json, false)
        }
        Command::Status(args) => {
            let report = status::run(&cli.state_dir).map(|report| Report::Status(Box::new(report)));
            outcome("read the status".into(), report, args.json, false)
        }
        Command::Run(args) => {
            let report = run::run(args, &cli.state_dir).map(Report::Change);
            outcome(doing("keep", &args.what), report, false, false)
        }
        Command::InstallUnit(args) => {
            let report = install_unit::run(args).map(Report::Text);
            let doing = if args.remove { "remove the unit" } else { "install the unit" };
            outcome(doing.into(), report, false, false)
        }
        Command::Generate(args) => {
            outcome("generate".into(), generate::run(args).map(Report::Text), false, false)
        }
    }
}

fn doing(verb: &str, what: &What) -> String {
    let mut doing = verb.to_owned();
    match (&what.mode, &what.config) {
        (Some(mode), _) => doing += &format!(" {mode}"),
        (None, Some(_)) => doing += " as configured",
        (None, None) => doing += " this host",
    }
    if !what.vips.is_empty() {
        doing += &format!(" for {}", some(&what.vips));
    }
    doing
}

fn outcome(
    doing: String,
    report: Result<Report, Error>,
    json: bool,
    verbose: bool,
) -> Result<Outcome, Failure> {
    match report {
        Ok(report) => Ok(Outcome { report, json, verbose }),
        Err(error) => Err(Failure { doing, error }),
    }
}

/// Reads the journal. If neither it nor its copy can be understood, the error says what is
/// seen of a set-up all the same.
fn load(store: &Store, net: &Netlink) -> Result<Found, Error> {
    store.load().map_err(|error| match error {
        Error::Damaged { path, why, copy, .. } => {
            Error::Damaged { path, why, copy, known: known(net) }
        }
        error => error,
    })
}

/// The VIPs that bear our mark, as the commands that take them away: they come before the
/// settings that hide them.
fn known(net: &Netlink) -> Vec<String> {
    let addresses = net.links().and_then(|links| net.addresses(&links)).unwrap_or_default();
    let ours = addresses.into_iter().filter(|have| have.tag == Some(ADDRESS_TAG)).map(|have| {
        let (ip, device) = (have.ip, have.device);
        let vip = Change::Address { ip, device, tag: None, scope: Scope::Host, label: None };
        format!("`{}`", vip.undo())
    });
    let ours: Vec<String> = ours.collect();
    let settings = ["arp_ignore", "arp_announce"].map(|name| {
        let value = sysctl::read(&SysctlKey::ipv4("all", name));
        value.map_or_else(|error| error.to_string(), |value| format!("{name} is {value}"))
    });
    let settings = format!(
        "net.ipv4.conf.all: {} now (0 is the kernel's default): set them back when the last VIP is \
         gone",
        settings.join(" and ")
    );
    match ours.as_slice() {
        [] => vec!["no address here bears the mark of rs-agent".to_owned(), settings],
        _ => vec![format!("VIPs with the mark of rs-agent go by {}", ours.join(", ")), settings],
    }
}

fn connect() -> Result<Netlink, Error> {
    Netlink::connect().map_err(|source| Error::Observe { what: "the network", source })
}

/// What the decisions about `wanted` depend on.
fn questions(wanted: &Wanted) -> Questions {
    let clients = wanted.client.into_iter().flat_map(|client| client.ends());
    let is_nat = wanted.mode == Mode::Nat;
    Questions {
        ways_back: wanted.ways_back().filter(|_| is_nat).collect(),
        clients: clients.clone().filter(|_| is_nat).collect(),
        destinations: wanted.ways_back().chain(clients).collect(),
        ports: !wanted.listeners().is_empty(),
    }
}

/// The first ones, and how many more there are.
fn some<T: fmt::Display>(vips: &[T]) -> String {
    lvs_term::few(vips, 8)
}
