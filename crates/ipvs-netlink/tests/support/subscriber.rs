// SPDX-License-Identifier: MIT OR Apache-2.0

//! A subscriber of `tracing` that keeps a line of all that it is shown.

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Level, Metadata, Subscriber};

struct Keeper {
    most: Level,
    lines: Arc<Mutex<Vec<String>>>,
    spans: AtomicU64,
}

/// Returns what a subscriber is shown meanwhile, up to that level.
pub(crate) fn shown(most: Level, act: impl FnOnce()) -> Vec<String> {
    let lines = Arc::default();
    with_default(Keeper { most, lines: Arc::clone(&lines), spans: AtomicU64::new(1) }, act);
    std::mem::take(&mut *lines.lock().unwrap())
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => write!(self.0, " {value:?}"),
            // It is another each time.
            "microseconds" => write!(self.0, " microseconds"),
            name => write!(self.0, " {name}={value:?}"),
        }
        .unwrap();
    }
}

impl Keeper {
    fn keep(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }
}

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.most
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let metadata = span.metadata();
        let mut line =
            Line(format!("{} {} {{{}", metadata.level(), metadata.target(), metadata.name()));
        span.record(&mut line);
        self.keep(line.0);
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} {}", event.metadata().level(), event.metadata().target()));
        event.record(&mut line);
        self.keep(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {
        self.keep("}".to_owned());
    }
}
