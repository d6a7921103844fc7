// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;

use netlink_packet_core::DecodeError;

use super::Client;
use super::exchange::{Form, unanswered};
use super::settled::{Pass, Settled, Settling};
use crate::convert::{
    decode_daemon, decode_destination, decode_info, decode_service, decode_timeouts,
};
use crate::error::{Errno, Error, ErrorKind, KernelError};
use crate::message::next_attribute;
use crate::model::{
    DestinationEntry, DestinationKey, Info, ServiceEntry, ServiceKey, SyncDaemonEntry, TableEntry,
    Timeouts,
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
    /// A table too large for one datagram (about 90 services) is read until two
    /// reads in a row agree, because a change during one can hide services that
    /// nobody touched. [`for_each_service`](Self::for_each_service) reads once.
    /// A writer that deletes and adds the same services over and over in step
    /// with the reads can fool even two: whether a certain service is missing,
    /// [`service`](Self::service) and [`find_services`](Self::find_services) say
    /// with certainty.
    ///
    /// # Errors
    /// `EPERM` without the capability; [`ErrorKind::Unstable`] if others change
    /// the table all the time.
    pub fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
        let mut settling = Settling::new(Operation::Services);
        loop {
            let mut entries = Vec::new();
            let pass = self.again(|client| {
                entries.clear();
                client.for_each_service(|entry| entries.push(entry))
            })?;
            if let Settled::Yes(entries) = settling.judge(entries, pass)? {
                return Ok(entries);
            }
        }
    }

    /// Hands each virtual service to `visit` as it comes from the kernel, in one
    /// pass and without keeping any.
    ///
    /// One may come twice and others be left out if the table changes meanwhile,
    /// unless the [`Pass`] was a snapshot.
    ///
    /// # Errors
    /// `EPERM` without the capability; [`ErrorKind::OutcomeUnknown`] if an answer
    /// got lost. Some may have been visited then.
    pub fn for_each_service(&mut self, mut visit: impl FnMut(ServiceEntry)) -> Result<Pass, Error> {
        self.pass(&Operation::Services, |data| {
            visit(decode_service(find(data, SERVICE)?)?);
            Ok(())
        })
    }

    /// One virtual service, or `None` if there is none with that key: the
    /// kernel's own word, whatever happens to the rest of the table.
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

    /// Each of these services, or `None` for one that does not exist. The table
    /// is read once; what it did not show is asked for one by one, so nothing is
    /// called missing that is there, whatever others do meanwhile.
    ///
    /// # Errors
    /// As [`service`](Self::service).
    pub fn find_services(
        &mut self,
        keys: impl IntoIterator<Item = ServiceKey>,
    ) -> Result<BTreeMap<ServiceKey, Option<ServiceEntry>>, Error> {
        let mut found: BTreeMap<_, _> = keys.into_iter().map(|key| (key, None)).collect();
        self.again(|client| {
            client.for_each_service(|entry| {
                if let Some(place) = found.get_mut(&entry.service.key) {
                    *place = Some(entry);
                }
            })
        })?;
        for (key, place) in &mut found {
            if place.is_none() {
                *place = self.service(key)?;
            }
        }
        Ok(found)
    }

    /// The real servers of a virtual service, the one added last first.
    ///
    /// As with [`services`](Self::services), what does not fit into one datagram
    /// (about 90 servers) is read until two reads in a row agree.
    ///
    /// # Errors
    /// [`ErrorKind::ServiceMissing`] if there is no such service: the kernel
    /// itself answers with an empty list then, so an empty one is asked after.
    /// [`ErrorKind::Unstable`] if others change the servers all the time.
    pub fn destinations(&mut self, service: &ServiceKey) -> Result<Vec<DestinationEntry>, Error> {
        let operation = Operation::Destinations(*service);
        let mut settling = Settling::new(operation.clone());
        loop {
            let mut entries = Vec::new();
            let pass = self.again(|client| {
                entries.clear();
                client.for_each_destination(service, |entry| entries.push(entry))
            })?;
            if entries.is_empty() && self.service(service)?.is_none() {
                return Err(KernelError { operation, errno: Errno::ESRCH, ext_ack: None }.into());
            }
            if let Settled::Yes(entries) = settling.judge(entries, pass)? {
                return Ok(entries);
            }
        }
    }

    /// Hands each real server of a virtual service to `visit` as it comes from
    /// the kernel, as [`for_each_service`](Self::for_each_service) does. Of a
    /// service that does not exist there is none, and no error.
    ///
    /// # Errors
    /// As [`for_each_service`](Self::for_each_service).
    pub fn for_each_destination(
        &mut self,
        service: &ServiceKey,
        mut visit: impl FnMut(DestinationEntry),
    ) -> Result<Pass, Error> {
        let family = service.family();
        self.pass(&Operation::Destinations(*service), |data| {
            visit(decode_destination(find(data, DESTINATION)?, family)?);
            Ok(())
        })
    }

    /// One real server, or `None` if the service has none with that key. The
    /// kernel has no request for one, so this reads all of the service, and
    /// believes that one is missing only as [`destinations`](Self::destinations)
    /// does.
    ///
    /// # Errors
    /// As [`destinations`](Self::destinations).
    pub fn destination(
        &mut self,
        service: &ServiceKey,
        key: &DestinationKey,
    ) -> Result<Option<DestinationEntry>, Error> {
        let mut found = None;
        self.again(|client| {
            client.for_each_destination(service, |entry| {
                if entry.destination.key == *key {
                    found = Some(entry);
                }
            })
        })?;
        if found.is_some() {
            return Ok(found);
        }
        let destinations = self.destinations(service)?;
        Ok(destinations.into_iter().find(|entry| entry.destination.key == *key))
    }

    /// The whole table: every virtual service with its real servers.
    ///
    /// The services are read once more at the end, and all of it again if they
    /// have changed. The servers of each service are what they were at one
    /// moment, those of different services at different ones.
    ///
    /// # Errors
    /// As [`services`](Self::services).
    pub fn table(&mut self) -> Result<Vec<TableEntry>, Error> {
        let mut settling = Settling::new(Operation::Services);
        let mut table = Vec::new();
        loop {
            let services = self.again(|client| {
                let mut services = Vec::new();
                client.for_each_service(|entry| services.push(entry))?;
                Ok(services)
            })?;
            // Apart from their servers, services never make a snapshot.
            let apart = Pass { objects: services.len(), datagrams: 0 };
            match settling.judge(services, apart)? {
                Settled::Yes(_) => return Ok(table),
                Settled::Not(services) => {
                    table = self.with_destinations(services, &mut settling)?
                }
            }
        }
    }

    /// The servers of all these services but those that have gone.
    fn with_destinations(
        &mut self,
        services: Vec<ServiceEntry>,
        settling: &mut Settling<ServiceEntry>,
    ) -> Result<Vec<TableEntry>, Error> {
        let mut table = Vec::with_capacity(services.len());
        for service in services {
            match self.destinations(&service.service.key) {
                Ok(destinations) => table.push(TableEntry { service, destinations }),
                Err(error) if error.kind() == ErrorKind::ServiceMissing => {
                    settling.has_gone(&service.service.key);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(table)
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
        self.again(|client| {
            let mut daemons = Vec::new();
            client.pass(&Operation::Daemons, |data| {
                daemons.push(decode_daemon(find(data, DAEMON)?)?);
                Ok(())
            })?;
            Ok(daemons)
        })
    }

    /// Asks for one object; again if the answer is lost, since asking changes
    /// nothing.
    fn read_one<V>(
        &mut self,
        operation: &Operation,
        decode: impl Fn(&[u8]) -> Result<V, DecodeError>,
    ) -> Result<V, Error> {
        self.again(|client| {
            let mut found = None;
            client.ask(operation, Form::Single, &mut |data| {
                found = Some(decode(data)?);
                Ok(())
            })?;
            found.ok_or_else(|| unanswered(operation))
        })
    }

    /// One dump, object by object.
    fn pass(
        &mut self,
        operation: &Operation,
        mut on_data: impl FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<Pass, Error> {
        let mut objects = 0;
        let datagrams = self.ask(operation, Form::Dump, &mut |data| {
            objects += 1;
            on_data(data)
        })?;
        Ok(Pass { objects, datagrams })
    }
}

/// The payload of the attribute `kind` of a reply.
fn find(data: &[u8], kind: u16) -> Result<&[u8], DecodeError> {
    let mut rest = data;
    while let Some((found, payload)) = next_attribute(&mut rest) {
        if found == kind {
            return Ok(payload);
        }
    }
    Err(format!("the answer holds no attribute {kind}").into())
}
