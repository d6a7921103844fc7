// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Invalid;

/// Says why a single value is refused, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct BadValue {
    message: String,
    pub(crate) hint: Option<String>,
}

impl BadValue {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<Invalid> for BadValue {
    fn from(invalid: Invalid) -> Self {
        let hint = crate::refusal::hint(&invalid);
        Self { message: invalid.to_string(), hint }
    }
}

#[cfg(test)]
#[track_caller]
pub(super) fn refused<T: std::fmt::Debug>(result: Result<T, BadValue>, message: &str) {
    assert_eq!(result.unwrap_err().to_string(), message);
}
