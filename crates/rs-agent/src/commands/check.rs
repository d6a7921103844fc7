// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent check`.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::connect;
use crate::check::catalogue::{self, RULES};
use crate::check::finding::Severity;
use crate::check::observe::observe;
use crate::check::subject::{Port, Subject};
use crate::cli::CheckArgs;
use crate::error::Error;
use crate::journal::Store;
use crate::mode::Mode;
use crate::output::{CheckReport, Report};
use crate::refusal::Refusal;
use crate::request::{self, Network, Request, Typed};

pub(super) fn run(args: &CheckArgs, state_dir: &Path) -> Result<Report, Error> {
    if args.list_rules {
        return Ok(Report::Rules(RULES.iter().collect()));
    }
    let rule = |id: &String| catalogue::find(id).ok_or_else(|| Refusal::NoRule(id.clone()));
    if let Some(id) = &args.explain {
        return Ok(Report::Rules(vec![rule(id)?]));
    }
    let only = args.rules.iter().map(rule).collect::<Result<Vec<_>, Refusal>>()?;
    let mut subject = subject(args, state_dir)?;
    let mode = subject.mode.ok_or(Refusal::NothingToCheck)?;

    let net = connect()?;
    let watch = Duration::from_secs(args.watch.unwrap_or(0).into());
    let seen = observe(&net, &subject, watch)?;
    subject.rip = subject.rip.or_else(|| rip(&subject, &seen));
    let mut findings = crate::check::findings(&subject, &seen);
    if !only.is_empty() {
        findings.retain(|finding| only.iter().any(|rule| rule.id == finding.rule));
    }
    let count = |severity| findings.iter().filter(|found| found.severity == severity).count();
    Ok(Report::Check(CheckReport {
        mode,
        vips: subject.vips.clone(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        findings,
        unread: seen.unread,
    }))
}

/// The options, or what is set up, with the options that say more about it.
fn subject(args: &CheckArgs, state_dir: &Path) -> Result<Subject, Error> {
    let client = args.client.clone().map(Network::try_from).transpose()?;
    let ports: Result<Vec<Port>, Refusal> = args
        .ports
        .iter()
        .map(|text| Port::parse(text).ok_or_else(|| Refusal::NoPort(text.clone())))
        .collect();
    let ports = ports?;
    let directors = request::addresses("--director", &args.directors)?;
    let rip = args.rip.as_ref().map(|text| request::addresses("--rip", std::slice::from_ref(text)));
    let rip = rip.transpose()?.and_then(|rips| rips.first().copied());
    let envelope = request::envelope(args.tunnel, args.checksum, args.tunnel_port)?;
    let mut subject = match args.mode {
        Some(mode) => {
            let typed = Typed {
                vips: &args.vips,
                rip: args.rip.as_deref().filter(|_| mode != Mode::Nat),
                directors: &args.directors,
                carrier: args.carrier.as_deref(),
                gateway: args.gateway.as_deref(),
                ..Typed::default()
            };
            Subject::asked(&Request::check(mode, &typed)?)
        }
        None => match Store::new(state_dir)?.load()? {
            Some(journal) => Subject::set_up(&journal.wanted, &journal.changes),
            None => return Err(Refusal::NothingToCheck.into()),
        },
    };
    subject.ports = ports;
    subject.client = client.or(subject.client);
    subject.rip = rip.or(subject.rip);
    if !directors.is_empty() && args.mode.is_none() {
        subject.directors = directors;
    }
    subject.envelope = envelope.unwrap_or(subject.envelope);
    Ok(subject)
}

/// This host's address towards the director, unless it has several.
fn rip(subject: &Subject, seen: &crate::check::seen::Seen) -> Option<IpAddr> {
    let sources = subject.directors.iter().filter_map(|dip| seen.lookup(*dip)?.source);
    let mut sources: Vec<IpAddr> = sources.filter(|ip| !subject.vips.contains(ip)).collect();
    sources.dedup();
    match sources.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}
