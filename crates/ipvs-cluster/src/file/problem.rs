// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names a place in a file, and says what is wrong there.

use std::fmt;

use crate::desired::{Fault, Why};
use crate::subject::Subject;

/// Says what is wrong in a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Says it in the words of a file, where lines stand above one another.
impl From<Fault<Line>> for Problem {
    fn from(fault: Fault<Line>) -> Self {
        let message = match (&fault.why, &fault.subject) {
            (Why::NoService, Subject::Server(service, key)) => {
                format!("no line above this one adds {service}, the service of {key}")
            }
            _ => fault.message(),
        };
        Self { line: fault.origin.number(), message }
    }
}

/// Numbers a line of a file, from 1: the origin of what is read from one.
///
/// It takes 4 bytes, since each of a million objects may have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(u32);

impl Line {
    /// Returns the line of that number. All beyond four thousand million are one.
    pub fn new(number: usize) -> Self {
        Self(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Returns the number.
    pub fn number(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.0)
    }
}
