// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the observer has without the feature `tracing`: nothing, and no code of it.

use std::fmt::Display;

use super::Event;
use crate::operation::Operation;

pub(super) fn wants_messages() -> bool {
    false
}

pub(super) fn show(_: &Event<'_>) {}

pub(crate) struct Exchange;

impl Exchange {
    pub(super) fn begun(_: &Operation, _requests: usize, _bytes: usize) -> Self {
        Self
    }

    pub(crate) fn ended(self, _objects: usize, _datagrams: usize, _failure: Option<&dyn Display>) {}
}
