// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the JSON forms: what they hold is in `schema`, where it comes from in `fill`.

mod applying;
mod check_file;
mod fill;
mod kept;
mod restore;
mod schema;

use std::cell::Cell;
use std::io::{self, Write};

use serde::ser::{Error as _, Serialize, SerializeSeq, Serializer};

use super::public;
use crate::cli::ListForm;
use crate::commands::{Applying, Converged, IsSettled, ListedService, Listing, Made};
use crate::error::Error;
use crate::names::Names;
use schema::{ChangeObject, ChangesDocument, LIST_FORMAT, ListDocument, ServiceObject};

pub(super) fn write_listing(listing: &mut Listing, out: &mut impl Write) -> Result<(), Error> {
    let names = std::mem::take(&mut listing.names);
    let (version, public) = (listing.version.to_string(), listing.public);
    let connection_table_size = listing.connection_table_size;
    let is_pretty = listing.shape.form == ListForm::JsonPretty;
    let services = listing.take_services();
    let list = ListDocument { format: LIST_FORMAT, version, connection_table_size, services };
    write_list(list, &names, public, is_pretty, out)
}

/// Writes each service as soon as it is read, if that was left until now. One that cannot be
/// read breaks the document off, so that nobody takes it for all.
fn write_list(
    list: ListDocument<impl Iterator<Item = Result<ListedService, Error>>>,
    names: &Names,
    public: Option<IsSettled>,
    is_pretty: bool,
    out: &mut impl Write,
) -> Result<(), Error> {
    let ListDocument { format, version, connection_table_size, services } = list;
    let mut unread = None;
    let services = services.map(|listed| {
        listed.map(|listed| ServiceObject::new(&listed, names)).map_err(|error| {
            unread = Some(error);
        })
    });
    let services = OneByOne(Cell::new(Some(services)));
    let document = ListDocument { format, version, connection_table_size, services };
    let written = match public {
        None if is_pretty => write_pretty(&document, out),
        None => write_document(&document, out),
        Some(settled) => {
            serde_json::to_value(&document).map_err(io::Error::from).and_then(|mut document| {
                public::redact(&mut document, settled);
                let write = if is_pretty { write_pretty } else { write_document };
                write(&document, out)
            })
        }
    };
    drop(document);
    match unread {
        Some(error) => Err(error),
        None => Ok(written?),
    }
}

/// Holds a list whose items are made while it is written.
struct OneByOne<I>(Cell<Option<I>>);

impl<I: Iterator<Item = Result<T, ()>>, T: Serialize> Serialize for OneByOne<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for item in self.0.take().into_iter().flatten() {
            match item {
                Ok(item) => list.serialize_element(&item)?,
                Err(()) => return Err(S::Error::custom("the rest could not be read")),
            }
        }
        list.end()
    }
}

pub(super) fn write_changes(made: &Made, dry_run: bool, out: &mut impl Write) -> io::Result<()> {
    let changed = made.changed.iter().map(ChangeObject::from).collect();
    let warnings = made.warnings.iter().map(ToString::to_string).collect();
    let failed = made.failed.iter().map(ToString::to_string).collect();
    write_document(&ChangesDocument { changed, warnings, failed, dry_run }, out)
}

pub(super) fn write_restored(converged: &Converged, out: &mut impl Write) -> io::Result<()> {
    write_document(&restore::RestoreDocument::from(converged), out)
}

pub(super) use check_file::write_checked;
pub(super) use kept::{write_checkpoints, write_confirmed, write_history};

pub(super) fn write_applying(applying: &Applying, out: &mut impl Write) -> io::Result<()> {
    write_document(&applying::ApplyDocument::from(applying), out)
}

pub(super) fn write_document(document: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, document)?;
    writeln!(out)
}

/// Writes it with a line for each field.
fn write_pretty(document: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use ipvs_netlink::{Destination, ForwardingMethod, Weight};
    use serde_json::{Value, json};

    use super::super::sample;
    use super::*;
    use crate::commands::{Action, Changed, State, States, Warning};

    fn value<E: Debug>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Value {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1, "one line");
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn a_listing_has_all_fields_always() {
        let document = value(|out| write_listing(&mut sample::listing(sample::services()), out));
        assert_eq!(document["format"], "ipvs-list/2");
        assert_eq!(document["version"], "1.2.1");
        assert_eq!(document["connection_table_size"], 4096);
        let [web, sip, mark, mark6] = document["services"].as_array().unwrap().as_slice() else {
            panic!("{document}");
        };
        let zeros = json!({
            "connections": 0, "incoming_packets": 0, "outgoing_packets": 0, "incoming_bytes": 0,
            "outgoing_bytes": 0, "connections_per_second": 0, "incoming_packets_per_second": 0,
            "outgoing_packets_per_second": 0, "incoming_bytes_per_second": 0,
            "outgoing_bytes_per_second": 0,
        });
        let mut stats = zeros.clone();
        stats["incoming_bytes"] = json!(u64::MAX);
        assert_eq!(
            web["servers"][0],
            json!({
                "server": "10.0.0.11:8080", "address": "10.0.0.11", "port": 8080,
                "method": "nat", "tunnel": null, "weight": 3, "upper_threshold": 100,
                "lower_threshold": 80,
                "connections": {"active": 7, "inactive": 12, "persistent": 2}, "stats": stats,
            })
        );
        let mut web_stats = zeros.clone();
        web_stats["connections"] = json!(5_000_000_000_u64);
        assert_eq!(web["stats"], web_stats);
        assert_eq!(sip["persistent"], json!({"timeout_seconds": 600, "netmask": "64"}));
        assert_eq!(sip["scheduler_flags"], json!(["sh-fallback", "sh-port"]));
        assert_eq!(sip["engine"], "sip");
        assert_eq!(sip["one_packet"], true);
        assert_eq!((&sip["protocol"], &sip["port"]), (&json!("udp"), &json!(5060)));
        assert_eq!(
            sip["servers"][0]["tunnel"],
            json!({"type": "gue", "port": 6080, "checksum": "none"})
        );
        assert_eq!(
            sip["servers"][1]["tunnel"],
            json!({"type": "ipip", "port": null, "checksum": "none"})
        );
        assert_eq!((&mark["fwmark"], &mark["family"]), (&json!(7), &json!("ipv4")));
        assert_eq!(
            *mark6,
            json!({
                "service": "fwmark/4294967295/ipv6", "fwmark": 4_294_967_295_u32,
                "family": "ipv6", "scheduler": "wlc", "scheduler_flags": [], "persistent": null,
                "engine": null, "one_packet": false, "stats": zeros, "servers": [],
            })
        );
    }

    /// Nobody is to take the services that were read before for all there are.
    #[test]
    fn a_service_that_cannot_be_read_breaks_the_document_off() {
        for public in [None, Some(IsSettled(true))] {
            let read = sample::services().into_iter().take(1).map(Ok);
            let services = read.chain([Err(Error::Declined)]);
            let version = "1.2.1".to_owned();
            let list = ListDocument {
                format: LIST_FORMAT,
                version,
                connection_table_size: 4096,
                services,
            };
            let mut out = Vec::new();
            let failed = write_list(list, &Names::default(), public, false, &mut out);
            assert!(matches!(failed, Err(Error::Declined)), "{failed:?}");
            assert!(serde_json::from_slice::<Value>(&out).is_err());
            // What is looked at as a whole is not written at all.
            let out = String::from_utf8(out).unwrap();
            assert_eq!(out.contains("tcp/192.0.2.10:80"), public.is_none(), "{out}");
            assert!(!out.ends_with('\n'), "{out}");
        }
    }

    #[test]
    fn changes_name_what_they_were_about() {
        let service = Some("tcp/192.0.2.10:80".parse().unwrap());
        let key = "10.0.0.11:8080".parse().unwrap();
        let server = Some(key);
        let mut before = Destination::new(key, ForwardingMethod::Local);
        before.weight = Weight::new(3).unwrap();
        let mut after = before;
        after.weight = Weight::new(0).unwrap();
        let [before, after] = [before, after].map(|state| Some(State::Server(state)));
        let states = Some(States { before, after });
        let changed = vec![
            Changed { action: Action::Edit, service, server, role: None, states, with: Vec::new() },
            Changed {
                action: Action::Delete,
                service,
                server: None,
                role: None,
                states: None,
                with: Vec::new(),
            },
        ];
        let warnings = vec![Warning::Kept { server: key }];
        let told = warnings[0].to_string();
        assert_eq!(
            value(|out| write_changes(&Made { changed, warnings, ..Made::default() }, false, out)),
            json!({"changed": [
                {
                    "action": "edit-server", "service": "tcp/192.0.2.10:80",
                    "server": "10.0.0.11:8080",
                    "before": {"server": "10.0.0.11:8080", "method": "local", "weight": 3},
                    "after": {"server": "10.0.0.11:8080", "method": "local", "weight": 0},
                },
                {"action": "delete-service", "service": "tcp/192.0.2.10:80"},
            ], "warnings": [told]})
        );
        let nothing = Made::default();
        assert_eq!(value(|out| write_changes(&nothing, false, out)), json!({"changed": []}));
    }
}
