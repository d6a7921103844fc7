// SPDX-License-Identifier: MIT OR Apache-2.0

//! Shows names and words that are not ours in every place of the output that shows them: nothing of
//! them may act on a terminal.

use std::collections::BTreeMap;

use ipvs_cluster::{
    Applied, Because, Builder, DesiredService, Fate, Observed, ObservedService, Plan, Policy, plan,
};
use ipvs_netlink::procfs::ConnectionTable;
use ipvs_netlink::{Scheduler, Service, SyncDaemon, SyncRole, unchecked};

use super::*;
use crate::cli::GroupBy;
use crate::commands::{Daemon, Restored, Saved, Status};
use crate::names::Names;
use crate::output::sample;

/// A control, an escape sequence, a right-to-left override, and a CSI in one character.
const ODD: &str = "a\x07\x1b[31m\u{202e}\u{9b}b";
const SHOWN: &str = r"a\u{7}\u{1b}[31m\u{202e}\u{9b}b";
const IN_JSON: &str = r"a\u0007\u001b[31m\u202e\u009bb";

/// Checks that `outcome` is shown with [`ODD`] so many times, without harm, in both forms.
#[track_caller]
fn shown(mut outcome: impl FnMut() -> Outcome, times: usize) {
    for (format, form) in [(Format::Text, SHOWN), (Format::Json, IN_JSON)] {
        let mut out = Vec::new();
        render(&mut outcome(), format, Look::default(), &mut out).unwrap();
        harmless(&String::from_utf8(out).unwrap(), form, times);
    }
}

#[track_caller]
fn harmless(text: &str, form: &str, times: usize) {
    assert!(!text.contains(|c| c != '\n' && lvs_term::is_harmful(c)), "{text:?}");
    assert_eq!(text.matches(form).count(), times, "{text}");
}

fn odd_service() -> Service {
    let mut service = Service::new("tcp/192.0.2.10:80".parse().unwrap(), Scheduler::Rr);
    service.scheduler = unchecked::scheduler(ODD);
    service.engine = Some(unchecked::engine(ODD));
    service
}

#[test]
fn schedulers_and_engines() {
    shown(
        || {
            let mut listing = sample::listing(sample::services());
            listing.services[0].service = odd_service();
            Outcome::Listed(listing)
        },
        2,
    );
}

#[test]
fn states_and_engines_of_connections() {
    let line = format!(
        "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n\
         UDP C6336464 9C41 C633640A 13C4 0A00000B 13C4 {ODD}     899 {ODD} {ODD}\n"
    );
    let entries = || {
        let table = ConnectionTable::from_reader(std::io::Cursor::new(line.clone())).unwrap();
        Box::new(table.map(|entry| entry.map_err(Error::from)))
    };
    let names = Names::default;
    let stream = || Stream { entries: entries(), origin: false, ghosts: false, names: names() };
    shown(|| Outcome::Connections(Found::Stream(stream())), 3);
    let groups = || vec![(ODD.to_owned(), 7)];
    let groups = || Found::Groups { by: GroupBy::State, groups: groups(), names: names() };
    shown(|| Outcome::Connections(groups()), 1);
}

#[test]
fn interfaces_sysctls_and_what_a_peer_says() {
    let daemon = || Daemon {
        role: ODD.to_owned(),
        interface: ODD.to_owned(),
        syncid: 0,
        maxlen: 1472,
        group: [224, 0, 0, 81].into(),
        port: 8848,
        ttl: 1,
    };
    let status = || Status {
        daemons: vec![daemon()],
        sysctls: BTreeMap::from([(ODD.to_owned(), ODD.to_owned())]),
        local_connections: 0,
        synced_connections: 0,
        peer_connections: None,
        problems: Some(vec![ODD.to_owned()]),
    };
    shown(|| Outcome::DaemonStatus(status()), 5);
}

fn odd_steps() -> Plan {
    let daemon = SyncDaemon::new(SyncRole::Master, unchecked::interface(ODD), 0);
    let mut builder = Builder::new();
    builder.service(ODD, DesiredService::new(odd_service())).daemon(ODD, daemon);
    let (desired, _) = builder.finish_as_found().unwrap();
    plan(&desired, &Observed::default(), Policy::exact())
}

fn restored(fates: Option<Vec<Fate>>) -> Restored {
    let mut restored = Restored::planned(ODD.to_owned(), odd_steps());
    restored.converged.applied = fates.map(|fates| {
        let mut applied = Applied::default();
        applied.fates = fates;
        applied
    });
    restored
}

#[test]
fn steps_of_a_restore() {
    shown(|| Outcome::Restored(restored(None)), 3);
    let invalid = ipvs_netlink::Invalid::InterfaceName(ODD.to_owned());
    let failed = ipvs_netlink::Error::Namespace {
        name: invalid.to_string(),
        error: std::io::ErrorKind::NotFound.into(),
    };
    let not_tried = Fate::NotTried(Because::Failed(0));
    let outcome = Outcome::Restored(restored(Some(vec![Fate::Failed(failed.into()), not_tried])));
    // The file, what was not done of it, and why.
    harmless(&shortfall(&outcome).unwrap().to_string(), SHOWN, 5);
}

#[test]
fn saved_tables_and_files() {
    let services = vec![ObservedService::new(odd_service(), Vec::new())];
    let table = Observed::new(services);
    let mut saved =
        Outcome::Saved(Saved { table, form: Form::Json, to: None, is_installed: false });
    let mut out = Vec::new();
    render(&mut saved, Format::Text, Look::default(), &mut out).unwrap();
    harmless(&String::from_utf8(out).unwrap(), IN_JSON, 2);
    let mut out = Vec::new();
    let mut written = Outcome::Written(vec![ODD.into()]);
    render(&mut written, Format::Text, Look::default(), &mut out).unwrap();
    harmless(&String::from_utf8(out).unwrap(), SHOWN, 1);
}
