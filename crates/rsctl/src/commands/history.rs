// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::SystemTime;

use super::Director;
use crate::cli::{Endpoint, History, HistoryObject};
use crate::error::Error;
use crate::kept::{Entries, Entry};

/// Holds the records that were asked for, the oldest first.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) all: Vec<Entry>,
    /// How many lines of the history are none.
    pub(crate) unread: usize,
}

pub(super) fn run(director: &Director, args: &History) -> Result<Records, Error> {
    let Entries { all, unread } = director.kept()?.history()?;
    let since = args.since().map(|since| {
        let since = SystemTime::now().checked_sub(since).unwrap_or(SystemTime::UNIX_EPOCH);
        humantime::format_rfc3339_micros(since).to_string()
    });
    let is_asked_for = |entry: &Entry| {
        // Times of one form, in order as texts.
        since.as_ref().is_none_or(|since| entry.author.time >= *since)
            && args.object.as_ref().is_none_or(|object| is_about(entry, object))
    };
    let mut all: Vec<_> = all.into_iter().filter(is_asked_for).collect();
    if let Some(more) = all.len().checked_sub(args.last as usize).filter(|_| args.last > 0) {
        all.drain(..more);
    }
    Ok(Records { all, unread })
}

fn is_about(entry: &Entry, object: &HistoryObject) -> bool {
    match object {
        HistoryObject::Service(key) => entry.service.as_deref() == Some(&key.to_string()),
        HistoryObject::Server(wanted) => {
            let found = entry.server.as_deref().and_then(|text| text.parse::<Endpoint>().ok());
            found.is_some_and(|it| {
                it.address == wanted.address && (wanted.port.is_none() || it.port == wanted.port)
            })
        }
    }
}
