// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent check`.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use lvs_check::Filter;

use crate::bad_request::BadRequest;
use crate::check::catalogue::RULES;
use crate::check::observe::observe;
use crate::check::replies;
use crate::check::report::CheckReport;
use crate::check::seen::Seen;
use crate::check::subject::{Port, Subject};
use crate::cli::{CheckArgs, Shown};
use crate::cluster;
use crate::error::Error;
use crate::journal::{Found, Store};
use crate::mode::Mode;
use crate::observe::connect;
use crate::output::Report;
use crate::plan::networks::Networks;
use crate::plan::refuse;
use crate::refusal::Refusal;
use crate::request::{self, Network, Request, Typed};

pub(super) fn run(args: &CheckArgs, state_dir: &Path) -> Result<Report, Error> {
    let form = args.form.checked()?;
    let of_rules = args.list_rules || args.explain.is_some();
    if of_rules && matches!(form, Shown::Wide | Shown::Csv) {
        let why = "the forms wide and csv are of findings";
        return Err(BadRequest::Form { why, hint: "rules are told with -o text or -o json" }.into());
    }
    if args.list_rules {
        return Ok(Report::Rules(RULES.iter().collect()));
    }
    let rule = |id: &String| RULES.find(id).ok_or_else(|| BadRequest::NoRule(id.clone()));
    if let Some(id) = &args.explain {
        return Ok(Report::Rules(vec![rule(id)?]));
    }
    let rules = args.rules.iter().map(|id| Ok(rule(id)?.id)).collect::<Result<_, BadRequest>>()?;
    let filter = Filter { rules, ..Filter::default() };
    let net = connect()?;
    let (mut subject, notice) = subject(args, state_dir)?;
    let mode = subject.mode.ok_or(BadRequest::NothingToCheck)?;

    let watch = Duration::from_secs(args.watch.unwrap_or(0).into());
    let seen = observe(&net, &subject, watch)?;
    possible(args, &subject, &seen)?;
    if subject.rips.is_empty() {
        subject.rips = replies::rips(&subject, &seen);
    }
    let mut findings = crate::check::findings(&subject, &seen);
    findings.retain(|finding| filter.wants(finding));
    Ok(Report::Check(CheckReport {
        mode,
        vips: subject.vips.to_vec(),
        found: lvs_check::Report::new(findings, seen.unread, notice.into_iter().collect()),
    }))
}

/// What set-up refuses, too, of what was typed: what the kernel takes for all hosts of a subnet
/// is no host's, and an address of this host no director's. A set-up of before is judged as it
/// is.
fn possible(args: &CheckArgs, subject: &Subject, seen: &Seen) -> Result<(), Refusal> {
    let rips = request::addresses("--rip", &args.rips)?;
    let directors = request::addresses("--director", &args.directors)?;
    let gateways = request::addresses("--gateway", &args.gateways)?;
    let is_asked = args.mode.is_some() || args.cluster.is_some();
    let vips = if is_asked { subject.vips.as_slice() } else { &[] };
    let networks = Networks::of(&seen.addresses);
    for (role, ips) in
        [("VIP", vips), ("RIP", &rips), ("director", &directors), ("gateway", &gateways)]
    {
        ips.iter().try_for_each(|ip| networks.no_broadcast(role, *ip))?;
    }
    if subject.holds_vips() {
        vips.iter().try_for_each(|vip| networks.no_peer(*vip))?;
    }
    let is_here = |ip: IpAddr| seen.places(ip).next().is_some();
    for &director in directors.iter().filter(|_| !subject.also_director) {
        refuse::director_is_elsewhere(director, is_here(director))?;
    }
    gateways.iter().try_for_each(|ip| refuse::gateway_is_elsewhere(*ip, is_here(*ip)))
}

/// The options, or what is set up, with the options that say more about it; and what is to be
/// told of its journal.
fn subject(args: &CheckArgs, state_dir: &Path) -> Result<(Subject, Option<String>), Error> {
    let client = args.client.clone().map(Network::try_from).transpose()?;
    let ports: Result<Vec<Port>, BadRequest> = args
        .ports
        .iter()
        .map(|text| Port::parse(text).ok_or_else(|| BadRequest::NoPort(text.clone())))
        .collect();
    let ports = ports?;
    let directors = request::addresses("--director", &args.directors)?;
    let rips = request::addresses("--rip", &args.rips)?;
    let mut told = None;
    let typed = Typed {
        vips: &args.vips,
        rips: &args.rips,
        directors: &args.directors,
        carrier: args.carrier.as_deref(),
        also_director: args.also_director,
        gateways: &args.gateways,
        tunnel: args.tunnel,
        checksum: args.checksum,
        tunnel_port: args.tunnel_port,
        ..Typed::default()
    };
    let mut subject = match (&args.cluster, args.mode) {
        (Some(path), mode) => Subject::asked(&cluster::request_of(path, mode, &typed)?),
        (None, Some(mode)) => {
            let rips = if mode == Mode::Nat { &[] } else { typed.rips };
            Subject::asked(&Request::check(mode, &Typed { rips, ..typed })?)
        }
        (None, None) => {
            let Found { journal, notice } = Store::to_show(state_dir)?.load()?;
            let journal = journal.ok_or(BadRequest::NothingToCheck)?;
            told = notice;
            let mut subject = Subject::set_up(&journal.wanted, &journal.changes);
            let encapsulation =
                request::encapsulation(args.tunnel, args.checksum, args.tunnel_port)?;
            let mode = journal.wanted.mode;
            if encapsulation.is_some() && mode != Mode::Tun {
                return Err(BadRequest::WrongMode { option: "--tunnel", mode }.into());
            }
            subject.encapsulation = encapsulation.unwrap_or(subject.encapsulation);
            if !directors.is_empty() {
                // The gateway that was set stays a way back.
                subject.directors = directors.into_iter().chain(journal.wanted.gateways).collect();
            }
            subject
        }
    };
    subject.ports = ports;
    subject.client = client.or(subject.client);
    if !rips.is_empty() {
        subject.rips = rips;
    }
    // A set-up of before is judged as it is.
    if !(args.rips.is_empty() && args.directors.is_empty()) {
        request::distinct(&[], &subject.rips, &subject.directors, &[])?;
    }
    Ok((subject, told))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::facts::Facts;
    use crate::tunnel::Encapsulation;
    use crate::wanted::Wanted;

    fn subject_of(options: &str, state_dir: &Path) -> Result<Subject, Error> {
        let line = ["rs-agent", "check"].into_iter().chain(options.split_whitespace());
        match Cli::try_parse_from(line).unwrap().command {
            Command::Check(args) => subject(&args, state_dir).map(|(subject, _)| subject),
            _ => unreachable!(),
        }
    }

    #[test]
    fn an_encapsulation_is_for_mode_tun() {
        let root = tempfile::tempdir().unwrap();
        let refused = subject_of("--mode dr --vip 192.0.2.10 --tunnel gre", root.path());
        let option = "--tunnel";
        let expected = Refusal::Request(BadRequest::WrongMode { option, mode: Mode::Dr });
        assert!(matches!(refused, Err(Error::Refused(why)) if why == expected));
        let subject =
            subject_of("--mode tun --vip 192.0.2.10 --tunnel gre --checksum", root.path());
        assert_eq!(subject.unwrap().encapsulation, Encapsulation::Gre { checksum: true });
    }

    #[test]
    fn options_add_to_what_is_set_up() {
        let root = tempfile::tempdir().unwrap();
        let typed = Typed { gateways: request::texts(&["192.0.2.1"]), ..Typed::default() };
        let request = Request::check(Mode::Nat, &typed).unwrap();
        let wanted = Wanted::resolve(&request, None, &Facts::default()).unwrap();
        let store = Store::new(root.path()).unwrap();
        store.save(&store.begin(wanted, &Facts::default())).unwrap();
        let refused = subject_of("--tunnel ipip", root.path());
        let expected =
            Refusal::Request(BadRequest::WrongMode { option: "--tunnel", mode: Mode::Nat });
        assert!(matches!(refused, Err(Error::Refused(why)) if why == expected));
        let ways = |options| subject_of(options, root.path()).unwrap().directors;
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(ways(""), [ip("192.0.2.1")]);
        assert_eq!(ways("--director 192.0.2.2"), [ip("192.0.2.2"), ip("192.0.2.1")]);
        for both in ["--rip 192.0.2.1", "--rip 192.0.2.2 --director 192.0.2.2"] {
            let refused = subject_of(both, root.path());
            let is_both = |why: &Refusal| {
                matches!(why, Refusal::Request(BadRequest::SameAddress { role: "RIP", .. }))
            };
            assert!(matches!(refused, Err(Error::Refused(why)) if is_both(&why)), "{both}");
        }
    }
}
