// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::HashSet;

use netlink_packet_core::{DecodeError, NlasIterator};

use super::Client;
use super::exchange::Form;
use crate::convert::{
    decode_daemon, decode_destination, decode_info, decode_service, decode_timeouts,
};
use crate::error::{Errno, Error, ErrorKind, KernelError};
use crate::message::payload;
use crate::model::{
    DestinationEntry, DestinationKey, Info, ServiceEntry, ServiceKey, SyncDaemonEntry, Timeouts,
};
use crate::operation::Operation;
use crate::transport::Transport;

/// `IPVS_CMD_ATTR_SERVICE`, `IPVS_CMD_ATTR_DEST` and `IPVS_CMD_ATTR_DAEMON`
const SERVICE: u16 = 1;
const DESTINATION: u16 = 2;
const DAEMON: u16 = 3;

impl<T: Transport> Client<T> {
    /// The version of the kernel's IPVS and the size of its connection table.
    ///
    /// # Errors
    /// `EPERM` without the capability.
    pub fn info(&mut self) -> Result<Info, Error> {
        self.read_one(&Operation::Info, decode_info)
    }

    /// All virtual services, in the kernel's order.
    ///
    /// A dump is not a snapshot: what is added or removed meanwhile may be
    /// missing, and something else with it. No service comes twice.
    ///
    /// # Errors
    /// `EPERM` without the capability.
    pub fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
        let mut services = self
            .read(&Operation::Services, Form::Dump, |data| decode_service(find(data, SERVICE)?))?;
        let mut seen = HashSet::with_capacity(services.len());
        services.retain(|entry| seen.insert(entry.service.key));
        Ok(services)
    }

    /// One virtual service, or `None` if there is none with that key.
    ///
    /// # Errors
    /// `EPERM` without the capability; `EAFNOSUPPORT` if the kernel does not do
    /// IPv6.
    pub fn service(&mut self, key: &ServiceKey) -> Result<Option<ServiceEntry>, Error> {
        let operation = Operation::Service(*key);
        match self.read_one(&operation, |data| decode_service(find(data, SERVICE)?)) {
            Ok(service) => Ok(Some(service)),
            Err(error) if error.kind() == ErrorKind::ServiceMissing => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The real servers of a virtual service, the one added last first.
    ///
    /// No more of a snapshot than [`services`](Self::services).
    ///
    /// # Errors
    /// [`ErrorKind::ServiceMissing`] if there is no such service: the kernel
    /// itself answers with an empty list then, so an empty one is asked after.
    pub fn destinations(&mut self, service: &ServiceKey) -> Result<Vec<DestinationEntry>, Error> {
        let operation = Operation::Destinations(*service);
        let mut destinations = self.read(&operation, Form::Dump, |data| {
            decode_destination(find(data, DESTINATION)?, service.family())
        })?;
        if destinations.is_empty() && self.service(service)?.is_none() {
            return Err(KernelError { operation, errno: Errno::ESRCH, ext_ack: None }.into());
        }
        let mut seen = HashSet::with_capacity(destinations.len());
        destinations.retain(|entry| seen.insert(entry.destination.key));
        Ok(destinations)
    }

    /// One real server, or `None` if the service has none with that key. The
    /// kernel has no request for one, so this reads all of the service.
    ///
    /// # Errors
    /// As [`destinations`](Self::destinations).
    pub fn destination(
        &mut self,
        service: &ServiceKey,
        key: &DestinationKey,
    ) -> Result<Option<DestinationEntry>, Error> {
        let destinations = self.destinations(service)?;
        Ok(destinations.into_iter().find(|entry| entry.destination.key == *key))
    }

    /// The timeouts of idle connections.
    ///
    /// # Errors
    /// `EPERM` without the capability.
    pub fn timeouts(&mut self) -> Result<Timeouts, Error> {
        self.read_one(&Operation::Timeouts, decode_timeouts)
    }

    /// The sync daemons that run: none, one, or one of each role.
    ///
    /// # Errors
    /// `EPERM` without the capability.
    pub fn daemons(&mut self) -> Result<Vec<SyncDaemonEntry>, Error> {
        self.read(&Operation::Daemons, Form::Dump, |data| decode_daemon(find(data, DAEMON)?))
    }

    fn read_one<V>(
        &mut self,
        operation: &Operation,
        decode: impl Fn(&[u8]) -> Result<V, DecodeError>,
    ) -> Result<V, Error> {
        let answers = self.read(operation, Form::Single, decode)?;
        answers.into_iter().next().ok_or_else(|| Error::Decode {
            operation: Box::new(operation.clone()),
            detail: "the kernel acknowledged the question without answering it".to_owned(),
        })
    }

    /// Asks for objects; again if an answer is lost, since asking changes nothing.
    fn read<V>(
        &mut self,
        operation: &Operation,
        form: Form,
        decode: impl Fn(&[u8]) -> Result<V, DecodeError>,
    ) -> Result<Vec<V>, Error> {
        self.again(|client| {
            let mut found = Vec::new();
            client.ask(operation, form, &mut |data| {
                found.push(decode(data)?);
                Ok(())
            })?;
            Ok(found)
        })
    }
}

/// The payload of the attribute `kind` of a reply.
fn find(data: &[u8], kind: u16) -> Result<&[u8], DecodeError> {
    for nla in NlasIterator::new(data) {
        let nla = nla?;
        if nla.kind() == kind {
            return Ok(payload(nla));
        }
    }
    Err(format!("the answer holds no attribute {kind}").into())
}
