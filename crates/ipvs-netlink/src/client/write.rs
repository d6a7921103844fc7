// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Client;
use crate::error::{Error, ErrorKind, KernelError};
use crate::genl::Errno;
use crate::model::{
    Change, Destination, DestinationKey, ForwardingMethod, Invalid, Scheduler, Service, ServiceKey,
};
use crate::operation::Operation;
use crate::transport::Transport;

impl<T: Transport> Client<T> {
    /// Makes one change, after [checking](Change::check) it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the check refuses it; nothing was sent then. Else
    /// the kernel's refusal, see [`KernelError::kind`].
    pub fn apply(&mut self, change: Change) -> Result<(), Error> {
        if let Err(reason) = change.check() {
            let operation = Box::new(Operation::Change(change));
            return Err(Error::Invalid { operation, reason });
        }
        self.change(change)
    }

    /// Changes some settings of a virtual service and leaves the rest: reads
    /// it, lets `edit` change it, and writes it back if anything differs.
    ///
    /// Returns whether anything differed. The kernel cannot compare and swap:
    /// what another writer changes in between is overwritten.
    ///
    /// # Errors
    /// `ESRCH` if there is no such service; [`Error::Invalid`] if `edit` made
    /// it so, or changed the key; the kernel's refusal.
    pub fn edit_service(
        &mut self,
        key: &ServiceKey,
        edit: impl FnOnce(&mut Service),
    ) -> Result<bool, Error> {
        let Some(before) = self.service(key)?.map(|entry| entry.service) else {
            let wanted = Change::SetService(Service::new(*key, Scheduler::None));
            return Err(missing(wanted, Errno::ESRCH));
        };
        let mut after = before.clone();
        edit(&mut after);
        let rekeyed = after.key != before.key;
        self.replace(&Change::SetService(before), Change::SetService(after), rekeyed)
    }

    /// Changes some settings of a real server and leaves the rest, as
    /// [`edit_service`](Self::edit_service) does for services.
    ///
    /// # Errors
    /// `ESRCH` if there is no such service, `ENOENT` if it has no such server;
    /// else as [`edit_service`](Self::edit_service).
    #[doc(alias("drain", "set weight"))]
    pub fn edit_destination(
        &mut self,
        service: &ServiceKey,
        key: &DestinationKey,
        edit: impl FnOnce(&mut Destination),
    ) -> Result<bool, Error> {
        let service = *service;
        let wanted = |destination| Change::SetDestination { service, destination };
        let before = match self.destination(&service, key) {
            Ok(Some(entry)) => entry.destination,
            outcome => {
                let nothing = Destination::new(*key, ForwardingMethod::Masquerade);
                return Err(match outcome {
                    Err(error) if error.kind() == ErrorKind::ServiceMissing => {
                        missing(wanted(nothing), Errno::ESRCH)
                    }
                    Err(error) => error,
                    Ok(_) => missing(wanted(nothing), Errno::ENOENT),
                });
            }
        };
        let mut after = before;
        edit(&mut after);
        self.replace(&wanted(before), wanted(after), after.key != before.key)
    }

    /// Writes `after` over `before`, unless they are equal: for the kernel that
    /// would be work, and for `mh` and `sh` a rebuilt table.
    fn replace(&mut self, before: &Change, after: Change, rekeyed: bool) -> Result<bool, Error> {
        if rekeyed {
            let operation = Box::new(Operation::Change(after));
            return Err(Error::Invalid { operation, reason: Invalid::KeyEdited });
        }
        if after == *before {
            return Ok(false);
        }
        if let Err(reason) = after.check_edit_of(before) {
            return Err(Error::Invalid { operation: Box::new(Operation::Change(after)), reason });
        }
        self.change(after)?;
        Ok(true)
    }
}

fn missing(wanted: Change, errno: Errno) -> Error {
    KernelError { operation: Operation::Change(wanted), errno, ext_ack: None }.into()
}
