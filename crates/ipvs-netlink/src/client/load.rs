// SPDX-License-Identifier: MIT OR Apache-2.0

//! Services that nobody uses yet.
//!
//! With Maglev hashing (`mh`) the kernel computes the whole lookup table anew
//! for each real server that is added (`ip_vs_mh.c: ip_vs_mh_dest_changed`).
//! Without a scheduler it computes nothing, and setting one on a service that
//! has none computes the table once and waits for nobody.

use super::Client;
use super::batch::{Batch, BatchError, BatchReport, Part};
use crate::model::{Change, Scheduler, Service, ServiceKey};
use crate::transport::Transport;

/// A service that was added without its scheduler.
struct Begun {
    index: usize,
    service: Service,
}

impl<T: Transport> Client<T> {
    /// Makes many changes as [`batch`](Self::batch) does, and is much faster for
    /// new `mh` services: about a thousand times less work for a thousand servers.
    ///
    /// A service with the scheduler `mh` is added without one, and gets it once
    /// the real servers that follow it directly in the input are in. The end state
    /// is the one of [`batch`](Self::batch). Until then the service takes no
    /// connections, so this is for tables that carry no traffic yet.
    ///
    /// If the kernel refuses the scheduler, because it is not there or its table
    /// has fewer slots than the service has servers, the service stays without
    /// one, and the failure has the number of its [`Change::AddService`]. (With
    /// `batch`, the kernel takes servers past the end of the table and never
    /// schedules them.)
    ///
    /// # Errors
    /// As [`batch`](Self::batch). A service of which the scheduler was not set
    /// yet is among the unknown changes.
    pub fn load(
        &mut self,
        changes: impl IntoIterator<Item = Change>,
    ) -> Result<BatchReport, Box<BatchError>> {
        let mut batch = Batch::default();
        let mut begun: Option<Begun> = None;
        for change in changes {
            let Some((index, change)) = batch.take(change) else { continue };
            let belongs = begun.as_ref().is_some_and(|b| adds_to(&change, &b.service.key));
            if let Some(begun) = begun.take_if(|_| !belongs) {
                self.complete(&mut batch, begun)?;
            }
            match change {
                Change::AddService(service) if service.scheduler == Scheduler::Mh => {
                    let whole = Change::AddService(service.clone());
                    let mut bare = service.clone();
                    bare.scheduler = Scheduler::None;
                    begun = Some(Begun { index, service });
                    let part = Part::Begins(whole);
                    self.push(&mut batch, index, Change::AddService(bare), part)?;
                }
                change => {
                    let pushed = self.push(&mut batch, index, change, Part::Whole);
                    pushed.map_err(|error| with_begun(error, begun.as_ref()))?;
                }
            }
        }
        if let Some(begun) = begun {
            self.complete(&mut batch, begun)?;
        }
        self.finish(batch)
    }

    /// Gives a service its scheduler, if it was us who added it.
    fn complete(&mut self, batch: &mut Batch, begun: Begun) -> Result<(), Box<BatchError>> {
        self.flush(batch).map_err(|error| with_begun(error, Some(&begun)))?;
        let Begun { index, service } = begun;
        if batch.report.failures.iter().any(|failure| failure.index == index) {
            return Ok(());
        }
        let part = Part::Completes(Change::AddService(service.clone()));
        self.push(batch, index, Change::SetService(service), part)
    }
}

/// A service that waits for its scheduler is not settled, even if the send that
/// added it was.
fn with_begun(mut error: Box<BatchError>, begun: Option<&Begun>) -> Box<BatchError> {
    if let Some(begun) = begun {
        error.unknown.start = error.unknown.start.min(begun.index);
    }
    error
}

fn adds_to(change: &Change, service: &ServiceKey) -> bool {
    matches!(change, Change::AddDestination { service: to, .. } if to == service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::script::{Answer, scripted};
    use crate::error::{Error, ErrorKind};
    use crate::genl::Errno;

    use Answer::{Broken, Done, Refused};

    /// Whichever part of it the kernel refuses, it is the change of the input that failed.
    #[test]
    fn a_failure_carries_the_change_of_the_input() {
        let web =
            Change::AddService(Service::new(ServiceKey::tcp([192, 0, 2, 1], 80), Scheduler::Mh));
        for (answers, kind) in [
            (vec![Refused(Errno::EEXIST)], ErrorKind::AlreadyExists),
            (vec![Done, Refused(Errno::EINVAL)], ErrorKind::Rejected),
        ] {
            let (mut client, _) = scripted(answers);
            let report = client.load([web.clone()]).unwrap();
            assert_eq!((report.applied, report.failures.len()), (0, 1));
            let failure = &report.failures[0];
            assert_eq!((failure.index, failure.error.kind()), (0, kind));
            assert_eq!(failure.change, web);
            assert_eq!(report.into_result().unwrap_err().kind(), kind);
        }
    }

    /// With `?` where the library's own error is returned.
    #[test]
    fn a_batch_that_breaks_down_leaves_its_error() {
        let load = || -> Result<(), Error> {
            let (mut client, _) = scripted([Broken]);
            client.load([Change::Flush])?.into_result()
        };
        assert!(matches!(load().unwrap_err(), Error::Io { .. }));
    }
}
