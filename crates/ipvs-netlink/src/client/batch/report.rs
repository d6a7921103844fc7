// SPDX-License-Identifier: MIT OR Apache-2.0

//! What became of a batch, as its caller is told.

use std::ops::Range;

use crate::error::Error;
use crate::model::Change;

/// A report says what became of a batch.
#[derive(Debug, Default)]
#[must_use = "the changes that were not made are only told here"]
#[non_exhaustive]
pub struct BatchReport {
    /// Changes taken from the input.
    pub submitted: usize,
    /// Changes the kernel made.
    pub applied: usize,
    /// Changes it did not make, or of which that is not known, in the order of the
    /// input.
    pub failures: Vec<BatchFailure>,
    /// Datagrams sent.
    pub sends: usize,
}

/// A failure names a change of a batch that was not made.
///
/// If its kind is [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown), it may
/// have been: answers got lost, and a later change of the batch to the same object
/// left no trace of it to be read back.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchFailure {
    /// Its place in the input, from 0.
    pub index: usize,
    /// The change, as it stood there.
    pub change: Change,
    /// Why.
    pub error: Error,
}

impl BatchReport {
    /// Tells whether every change was made.
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// Returns the error of the first change that was not made, for who takes one
    /// failure for that of the whole batch. The others were tried all the same.
    ///
    /// # Errors
    /// That error.
    pub fn into_result(self) -> Result<(), Error> {
        self.failures.into_iter().next().map_or(Ok(()), |failure| Err(failure.error))
    }
}

impl BatchFailure {
    /// Returns the failure of the change at that place of the input, as a test may want it.
    pub fn new(index: usize, change: Change, error: Error) -> Self {
        Self { index, change, error }
    }
}

/// The error says how far a batch came that could not be carried to its end.
#[derive(Debug, thiserror::Error)]
#[error("{error} (changes up to number {} of the batch are settled)", unknown.start)]
#[non_exhaustive]
pub struct BatchError {
    /// What became of the changes before `unknown`.
    pub report: BatchReport,
    /// The changes of which it is not known whether they were made, but for
    /// those that `report` lists as failed. The one behind them may have been
    /// taken from the input; it was not sent.
    pub unknown: Range<usize>,
    /// What went wrong.
    pub error: Error,
}

impl BatchError {
    /// Returns the error of a batch that came so far, as a test may want it.
    pub fn new(report: BatchReport, unknown: Range<usize>, error: Error) -> Self {
        Self { report, unknown, error }
    }
}

/// Leaves what went wrong, without how far the batch came.
impl From<BatchError> for Error {
    fn from(error: BatchError) -> Self {
        error.error
    }
}

/// Leaves what went wrong, without how far the batch came.
impl From<Box<BatchError>> for Error {
    fn from(error: Box<BatchError>) -> Self {
        error.error
    }
}
