// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use crate::sound::Unsound;
use crate::subject::Subject;

/// Says what is wrong with an object that was said to a [`Builder`](super::Builder).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault<O> {
    /// Where the object came from.
    pub origin: O,
    /// The object.
    pub subject: Subject,
    /// What is wrong with it.
    pub why: Why<O>,
}

/// Says why an object cannot be wanted, or should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why<O> {
    /// There is one with its key.
    Again {
        /// Where that one came from.
        first: O,
    },
    /// Nobody has said its service.
    NoService,
    /// It is not the caller's to have ([`Builder::within`](super::Builder::within)).
    OutsideScope,
    /// It is a server of another address family than its service, and the kernel has either
    /// such servers or a sync daemon.
    MixedFamilies,
    /// The kernel would refuse it, or take it and not act on it as it says.
    Unsound(Unsound),
}

/// Lists all that is wrong with what was said to a [`Builder`](super::Builder).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults<O>(pub Vec<Fault<O>>);

impl<O> Fault<O> {
    /// Returns what is wrong with that object.
    pub fn new(origin: O, subject: Subject, why: Why<O>) -> Self {
        Self { origin, subject, why }
    }
}

impl<O: fmt::Display> Fault<O> {
    /// Says it without the origin.
    pub(crate) fn message(&self) -> String {
        match (&self.why, &self.subject) {
            (Why::Again { first }, Subject::Service(key)) => {
                format!("{key} is there already, in {first}")
            }
            (Why::Again { first }, Subject::Server(service, key)) => {
                format!("{service} has server {key} already, in {first}")
            }
            (Why::Again { .. }, Subject::Daemon(role)) => {
                format!("there is one {role} sync daemon at most")
            }
            (Why::Again { first }, Subject::Timeouts) => {
                format!("there are timeouts already, in {first}")
            }
            (Why::Again { first }, Subject::Sysctl(name)) => {
                format!("net.ipv4.vs.{name} is set already, in {first}")
            }
            (Why::NoService, Subject::Server(service, key)) => {
                format!("nothing before it adds {service}, the service of {key}")
            }
            (Why::MixedFamilies, Subject::Server(service, key)) => format!(
                "{key} and {service} are of different address families, and the kernel has no \
                 such server while a sync daemon runs"
            ),
            (Why::OutsideScope, subject) => format!("{subject} is outside the scope"),
            (Why::Unsound(why), _) => why.to_string(),
            // Both are of servers only.
            (Why::NoService | Why::MixedFamilies, subject) => format!("{subject} cannot be"),
        }
    }
}

impl<O: fmt::Display> fmt::Display for Fault<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message())
    }
}

impl<O: fmt::Display> fmt::Display for Faults<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl<O: fmt::Debug + fmt::Display> std::error::Error for Faults<O> {}
