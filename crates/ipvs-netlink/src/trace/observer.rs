// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt::{self, Formatter};
use std::io;
use std::sync::Arc;

#[cfg(not(feature = "tracing"))]
use super::no_subscriber as subscriber;
#[cfg(feature = "tracing")]
use super::subscriber;
use super::{Event, Message, messages};
use crate::operation::Operation;

type Hook = dyn Fn(&Event<'_>) + Send + Sync;

/// Who is shown what a client does: the hook that its owner gave it and, with the feature
/// `tracing`, the subscriber of that crate. Without either nothing is decoded.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<Hook>>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

impl Observer {
    pub(crate) fn new(hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Shows one event.
    pub(crate) fn show(&self, event: &Event<'_>) {
        if let Some(hook) = &self.0 {
            hook(event);
        }
        subscriber::show(event);
    }

    /// Shows the requests of a datagram.
    pub(crate) fn requests(&self, datagram: &[u8], family: u16) {
        self.messages(datagram, family, Event::Request);
    }

    /// Shows the answers of a datagram.
    pub(crate) fn answers(&self, datagram: &[u8], family: u16) {
        self.messages(datagram, family, Event::Answer);
    }

    /// Shows that a request was not sent.
    pub(crate) fn not_sent(&self, error: &io::Error) {
        self.show(&Event::NotSent(error));
    }

    /// Shows that nothing was received.
    pub(crate) fn not_received(&self, error: &io::Error) {
        self.show(&Event::NotReceived(error));
    }

    fn messages<'a>(&self, datagram: &'a [u8], family: u16, event: fn(Message<'a>) -> Event<'a>) {
        if self.0.is_none() && !subscriber::wants_messages() {
            return;
        }
        for bytes in messages(datagram) {
            self.show(&event(Message { bytes, family }));
        }
    }

    /// Shows an exchange to the subscriber, from when so many requests of so many bytes are
    /// sent until [`Exchange::ended`]. It is made of messages, which the hook sees.
    pub(crate) fn exchange(operation: &Operation, requests: usize, bytes: usize) -> Exchange {
        Exchange::begun(operation, requests, bytes)
    }
}

pub(crate) use subscriber::Exchange;
