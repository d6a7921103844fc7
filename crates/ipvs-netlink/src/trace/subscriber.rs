// SPDX-License-Identifier: MIT OR Apache-2.0

//! The feature `tracing`: what the subscriber of that crate sees.

use std::fmt::Display;
use std::time::{Duration, Instant};

use tracing::span::EnteredSpan;
use tracing::{Level, debug, debug_span, enabled, trace, warn};

use super::Event;
use crate::operation::Operation;

/// What filters know it by.
const TARGET: &str = "ipvs_netlink";
/// Each message in words is for who looks for it.
const MESSAGES: &str = "ipvs_netlink::messages";

/// Whether messages are to be decoded.
pub(super) fn wants_messages() -> bool {
    enabled!(target: MESSAGES, Level::TRACE)
}

pub(super) fn show(event: &Event<'_>) {
    match event {
        // An exchange that ends with one of the last two says so itself.
        Event::Request(_) | Event::Answer(_) | Event::NotSent(_) | Event::NotReceived(_) => {
            trace!(target: MESSAGES, "{event}");
        }
        Event::AskedAgain(error) => warn!(target: TARGET, %error, "asked again"),
        Event::ReadBack(error) => warn!(target: TARGET, %error, "read back"),
        Event::Shown { change, made } => warn!(target: TARGET, %change, made, "shown"),
        Event::FamilyMoved { from, to } => warn!(target: TARGET, from, to, "family moved"),
    }
}

/// A request, or those of a batch, until the last answer was seen.
pub(crate) struct Exchange {
    /// Left with this.
    _span: EnteredSpan,
    /// If anybody wants to know.
    since: Option<Instant>,
}

impl Exchange {
    pub(super) fn begun(operation: &Operation, requests: usize, bytes: usize) -> Self {
        let span = debug_span!(
            target: TARGET,
            "request",
            %operation,
            service = operation.service().map(tracing::field::display),
            server = operation.destination().map(tracing::field::display),
            requests,
            bytes,
        );
        let since = (!span.is_disabled()).then(Instant::now);
        Self { _span: span.entered(), since }
    }

    pub(crate) fn ended(self, objects: usize, datagrams: usize, failure: Option<&dyn Display>) {
        let Some(since) = self.since else { return };
        let microseconds = micros(since.elapsed());
        match failure {
            None => debug!(target: TARGET, objects, datagrams, microseconds, "answered"),
            Some(error) => {
                debug!(target: TARGET, objects, datagrams, microseconds, %error, "failed");
            }
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
