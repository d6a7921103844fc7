// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_cluster::{Observed, file};
use ipvs_netlink::{Change, Thresholds};
use lvs_term::Look;

use super::{ipvsadm, settings};
use crate::commands::{Status, fuzzing::parse};
use crate::ipvsadm::whole;

/// Checks what a terminal is shown: lines, each with something on it, and nothing that it would
/// act on.
pub(crate) fn harmless(text: &str) {
    assert!(text.ends_with('\n'), "{text:?}");
    for line in text.lines() {
        assert!(!line.is_empty(), "{text:?}");
        assert!(!line.contains(lvs_term::is_harmful), "{line:?}");
        assert!(line.len() < 8000, "a line of {} bytes", line.len());
    }
}

/// Checks that `table` is the same when it is saved and read again, in either form as far as that
/// goes; and `ipvsadm`'s grammar takes the lines for the same changes.
pub(crate) fn kept(table: &Observed) {
    let mut json = Vec::new();
    assert!(file::write(table, &mut json).is_ok());
    assert_eq!(parse(&json).as_ref(), Ok(table), "{}", String::from_utf8_lossy(&json));

    let mut lines = Vec::new();
    assert!(ipvsadm::write(table, &mut lines).is_ok());
    let lines = String::from_utf8_lossy(&lines).into_owned();
    harmless(&format!("#\n{lines}"));
    let expected = said(table);
    let read = parse(lines.as_bytes());
    assert_eq!(read.as_ref().map(|it| &it.services), Ok(&expected.services), "{lines}");
    let mut changes = lines.lines().filter(|line| ![whole::FIRST, whole::LAST].contains(line));
    for entry in &expected.services {
        let service = entry.service.key;
        assert_eq!(
            changes.next().and_then(crate::ipvsadm::fuzzing::change),
            Some(Change::AddService(entry.service.clone())),
            "{lines}"
        );
        for destination in &entry.servers {
            assert_eq!(
                changes.next().and_then(crate::ipvsadm::fuzzing::change),
                Some(Change::AddDestination { service, destination: *destination }),
                "{lines}"
            );
        }
    }
    assert_eq!(changes.next(), None);
    if ipvsadm::left_out(table).is_empty() {
        assert_eq!(expected.services, table.services, "what is left out is not said");
    }
}

/// Returns what the lines can say of `table`.
fn said(table: &Observed) -> Observed {
    let mut said = table.clone();
    said.services.retain(|entry| ipvsadm::has_option(&entry.service.key));
    for entry in &mut said.services {
        entry.service = entry.service.clone().with_unknown_flags(0);
        entry.servers.retain(|server| ipvsadm::method(server).is_some());
        entry.servers.iter_mut().for_each(|server| server.thresholds = Thresholds::UNLIMITED);
    }
    said
}

/// Checks that a status is shown without harm.
pub(crate) fn status(status: &Status) {
    let mut text = b"status\n".to_vec();
    assert!(settings::write_status(status, false, Look::default(), &mut text).is_ok());
    // One line of it is empty.
    harmless(&String::from_utf8_lossy(&text).replace("\n\n", "\n"));
    assert!(settings::write_status(status, true, Look::default(), &mut Vec::new()).is_ok());
}
