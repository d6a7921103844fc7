// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_cluster::{Observed, ObservedService};
use ipvs_netlink::{Change, Netmask, Persistence, PersistenceTimeout, Scheduler, Service};

use super::line;
use super::names::Names;
use super::print;
use super::request::{self, Request};
use super::restore::words;
use super::stop::Stop;
use super::view::Style;

const SERVICES: &str = "http 80/tcp www\ndomain 53/udp\n";

fn read(text: &str) -> Option<Result<Request, Stop>> {
    let words = words(text);
    let mut names = Names::nameless(SERVICES);
    let line = || line::read("ipvsadm", &words, &mut names);
    (!words.is_empty()).then(line).map(|line| line.and_then(|line| request::of(&line)))
}

/// Returns the change that `line` asks for, if it asks for one.
pub(crate) fn change(line: &str) -> Option<Change> {
    match read(line) {
        Some(Ok(Request::Change(change))) => Some(*change),
        _ => None,
    }
}

/// Checks that each line is refused in words, which `harmless` judges, or asks for something;
/// and that what it adds is the same when it is saved and read again, by `ipvsadm` here and
/// by who else can in `kept`.
pub(crate) fn lines(data: &[u8], harmless: fn(&str), kept: fn(&Observed)) {
    for bytes in data.split(|byte| *byte == b'\n') {
        match read(&String::from_utf8_lossy(bytes)) {
            Some(Ok(Request::Change(change))) => saved(&change, kept),
            Some(Err(Stop::Exit(text, status) | Stop::Line(text, status))) => {
                assert_ne!(status, 0, "{text}");
                harmless(&format!("{}\n", lvs_term::printable_lines(&text).trim_end_matches('\n')));
            }
            _ => {}
        }
    }
}

fn saved(change: &Change, kept: fn(&Observed)) {
    match change {
        Change::AddService(service) => saved_service(service),
        Change::AddDestination { service, destination } => {
            // `-S` has no words for them, and what the library refuses is no
            // matter of `rsctl save`.
            let mut destination = *destination;
            destination.thresholds = ipvs_netlink::Thresholds::UNLIMITED;
            let mut holder = Service::new(*service, Scheduler::Rr);
            holder.persistence = Some(Persistence {
                timeout: PersistenceTimeout::DEFAULT,
                netmask: Netmask::host(service.family()),
            });
            if destination.check(service).is_ok() && holder.check().is_ok() {
                let services = vec![ObservedService::new(holder, vec![destination])];
                let mut table = Observed::new(services);
                table.timeouts = ipvs_netlink::Timeouts::KERNEL_DEFAULTS;
                kept(&table);
            }
        }
        _ => {}
    }
}

/// Checks the service as `-S` writes it, without what `docs/ipvsadm.md` says cannot be restored.
fn saved_service(service: &Service) {
    let style = Style { save: true, numeric: true, ..Style::default() };
    let name = print::service_name(&service.key, style, &mut Names::nameless(SERVICES));
    let text = format!("-A {name} {}", print::save_words(service));
    let engine = service.engine.as_ref().map_or("", |engine| engine.as_str());
    // A negative mark; a flag without a word; a word that ends a line, or none.
    if name.starts_with("-f -")
        || text.ends_with("-b ")
        || text.contains(" #")
        || [service.scheduler.name(), engine].contains(&"ipvsadm")
    {
        return;
    }
    let lost = option_less(service);
    assert_eq!(change(&text), Some(Change::AddService(lost)), "{text}");
}

/// Returns what `-S` has words for.
fn option_less(service: &Service) -> Service {
    let mut service = service.clone();
    if matches!(service.scheduler, Scheduler::Sh | Scheduler::Mh) {
        service.scheduler_flags.remove(ipvs_netlink::SchedulerFlags::FLAG_3);
    }
    service
}
