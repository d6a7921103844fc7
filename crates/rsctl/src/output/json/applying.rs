// SPDX-License-Identifier: MIT OR Apache-2.0

use serde::Serialize;

use super::restore::RestoreDocument;
use crate::commands::Applying;
use crate::error::Refused;

/// Holds what `rsctl plan --json` and `rsctl apply --json` print.
#[derive(Serialize)]
pub(super) struct ApplyDocument {
    #[serde(flatten)]
    made: RestoreDocument,
    /// What is of others, and left alone.
    foreign: ForeignObject,
    /// Services that are not wanted, and stay because others have servers in them.
    kept: Vec<String>,
    /// What `apply` refuses; empty if it would do it.
    refused: Vec<RefusedObject>,
    /// Whether what was there before is there again; null if nobody tried.
    rolled_back: Option<bool>,
}

#[derive(Serialize)]
struct ForeignObject {
    services: Vec<ForeignService>,
    /// Those in services of ours.
    servers: Vec<ForeignServer>,
}

#[derive(Serialize)]
struct ForeignService {
    service: String,
    /// How many servers it has.
    servers: usize,
}

#[derive(Serialize)]
struct ForeignServer {
    service: String,
    server: String,
}

#[derive(Serialize)]
struct RefusedObject {
    /// `deletes`, `scheduler-change`, `hash-drain` or `no-servers`.
    kind: &'static str,
    /// What it would do.
    effect: String,
    /// The option that lets it through.
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<&'static str>,
}

impl From<&Applying> for ApplyDocument {
    fn from(applying: &Applying) -> Self {
        let Applying { converged, note, .. } = applying;
        let services = note.services.iter().map(|entry| ForeignService {
            service: entry.service.key.to_string(),
            servers: entry.servers.len(),
        });
        let servers = note.servers.iter().map(|(service, server)| ForeignServer {
            service: service.to_string(),
            server: server.key.to_string(),
        });
        let refused = note.refused.iter().cloned();
        Self {
            made: RestoreDocument::from(converged),
            foreign: ForeignObject { services: services.collect(), servers: servers.collect() },
            kept: note.kept.iter().map(ToString::to_string).collect(),
            refused: refused
                .map(|Refused { kind, effect, option }| RefusedObject { kind, effect, option })
                .collect(),
            rolled_back: converged.back.as_ref().map(ipvs_cluster::Report::is_converged),
        }
    }
}
