// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use foldhash::{HashSet, HashSetExt as _};
use netlink_packet_core::DecodeError;

use super::Client;
use super::answer::{Extent, MORE};
use super::exchange::{Form, unanswered};
use super::settled::{Pass, Whole};
use super::visit::Visited;
use crate::convert::{
    decode_daemon, decode_destination, decode_info, decode_service, decode_timeouts,
};
use crate::error::{Error, ErrorKind, KernelError};
use crate::genl::Errno;
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
    /// Reads the version of the kernel's IPVS and the size of its connection table.
    ///
    /// # Errors
    /// `EPERM` without the capability.
    pub fn info(&mut self) -> Result<Info, Error> {
        self.read_one(&Operation::Info, decode_info)
    }

    /// Reads all virtual services, in the kernel's order, whatever others do meanwhile:
    /// each that is there all the time is there once, and what comes or goes may be there
    /// or not.
    ///
    /// A table too large for one datagram (about 90 services) is read again, with other
    /// cuts between the datagrams, until those of all reads cover it without a gap: a
    /// change during one read can hide services that nobody touched. On a table at rest
    /// that takes two reads, beside others that change it some more, and 16 at most.
    /// What only earlier reads showed is asked for by its key then.
    /// [`for_each_service`](Self::for_each_service) reads once.
    ///
    /// Who would hide a service must delete and add again, between two reads, twelve
    /// neighbours of it in the kernel's hash table, in such an order that they stand as
    /// they stood. Whether a certain service is missing,
    /// [`service`](Self::service) and [`find_services`](Self::find_services) say in any
    /// case.
    ///
    /// # Errors
    /// `EPERM` without the capability; [`ErrorKind::Unstable`] if others have changed the
    /// most of the table between any two datagrams.
    pub fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
        let decode = |data: &[u8]| decode_service(find(data, SERVICE)?);
        let Whole { mut entries, doubtful } = self.whole(&Operation::Services, decode)?;
        // From behind, so that the places in front stay.
        for place in doubtful.into_iter().rev() {
            match self.service(&entries[place].service.key)? {
                Some(entry) => entries[place] = entry,
                None => _ = entries.remove(place),
            }
        }
        Ok(entries)
    }

    /// Hands each virtual service to `visit` as it comes from the kernel, in one
    /// pass and without keeping any, until there is no more or `visit` returns
    /// [`ControlFlow::Break`]. A client whose visitor panics can be used as before.
    ///
    /// One may come twice and others be left out if the table changes meanwhile,
    /// unless the [`Pass`] was a snapshot.
    ///
    /// # Errors
    /// `EPERM` without the capability; [`ErrorKind::OutcomeUnknown`] if an answer
    /// got lost. Some may have been visited then.
    pub fn for_each_service<V: Visited>(
        &mut self,
        mut visit: impl FnMut(ServiceEntry) -> V,
    ) -> Result<Pass, Error> {
        self.pass(&Operation::Services, |_, data| {
            Ok(visit(decode_service(find(data, SERVICE)?)?).flow())
        })
    }

    /// Reads one virtual service, or returns `None` if there is none with that key: the
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

    /// Finds each of these services, or `None` for one that does not exist. The table is
    /// read once; what it did not show is asked for one by one, so nothing is called
    /// missing that is there, whatever others do meanwhile.
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

    /// Reads the real servers of a virtual service, the one added last first.
    ///
    /// As with [`services`](Self::services), each that is there all the time is there
    /// once: what does not fit into one datagram (about 90 servers) is read again until
    /// nothing is missing. One that was removed meanwhile may still be there, since the
    /// kernel cannot be asked for a single server.
    ///
    /// # Errors
    /// [`ErrorKind::ServiceMissing`] if there is no such service: the kernel
    /// itself answers with an empty list then, so an empty one is asked after.
    /// [`ErrorKind::Unstable`] if others have changed the most of the servers between
    /// any two datagrams.
    pub fn destinations(&mut self, service: &ServiceKey) -> Result<Vec<DestinationEntry>, Error> {
        let entries = self.destinations_if_any(service)?;
        if entries.is_empty() && self.service(service)?.is_none() {
            let operation = Operation::Destinations(*service);
            return Err(KernelError { operation, errno: Errno::ESRCH, ext_ack: None }.into());
        }
        Ok(entries)
    }

    /// Reads them as [`destinations`](Self::destinations) does, but of a service that does
    /// not exist there is none, and no error: one question less.
    ///
    /// # Errors
    /// As [`services`](Self::services).
    pub fn destinations_if_any(
        &mut self,
        service: &ServiceKey,
    ) -> Result<Vec<DestinationEntry>, Error> {
        let family = service.family();
        let decode = |data: &[u8]| decode_destination(find(data, DESTINATION)?, family);
        Ok(self.whole(&Operation::Destinations(*service), decode)?.entries)
    }

    /// Hands each real server of a virtual service to `visit` as it comes from
    /// the kernel, as [`for_each_service`](Self::for_each_service) does. Of a
    /// service that does not exist there is none, and no error.
    ///
    /// # Errors
    /// As [`for_each_service`](Self::for_each_service).
    pub fn for_each_destination<V: Visited>(
        &mut self,
        service: &ServiceKey,
        mut visit: impl FnMut(DestinationEntry) -> V,
    ) -> Result<Pass, Error> {
        let family = service.family();
        self.pass(&Operation::Destinations(*service), |_, data| {
            Ok(visit(decode_destination(find(data, DESTINATION)?, family)?).flow())
        })
    }

    /// Reads one real server, or returns `None` if the service has none with that key. The
    /// kernel has no request for one, so this reads all of the service, and believes that
    /// one is missing only as [`destinations`](Self::destinations) does.
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
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            })
        })?;
        if found.is_some() {
            return Ok(found);
        }
        let destinations = self.destinations(service)?;
        Ok(destinations.into_iter().find(|entry| entry.destination.key == *key))
    }

    /// Reads the whole table: every virtual service with its real servers.
    ///
    /// Each service that is there all the time is there once, and with it each of its
    /// servers that is, as [`services`](Self::services) and
    /// [`destinations`](Self::destinations) find them. They are not those of one moment:
    /// the kernel has no such view.
    ///
    /// A list that takes several datagrams (about 90 objects each) is read twice at
    /// least; [`table_once`](Self::table_once) reads it once.
    ///
    /// # Errors
    /// As [`services`](Self::services).
    #[doc(alias("list", "ipvsadm -L"))]
    pub fn table(&mut self) -> Result<Vec<TableEntry>, Error> {
        let mut table = Vec::new();
        let mut gone = Vec::new();
        for service in self.services()? {
            let destinations = self.destinations_if_any(&service.service.key)?;
            if destinations.is_empty() && self.service(&service.service.key)?.is_none() {
                gone.push((table.len(), service.service.key));
            }
            table.push(TableEntry { service, destinations });
        }
        // One that was edited by deleting and adding it may be back. From behind, so that
        // the places in front stay.
        for (place, key) in gone.into_iter().rev() {
            match self.service(&key)? {
                Some(service) => {
                    let destinations = self.destinations_if_any(&key)?;
                    table[place] = TableEntry { service, destinations };
                }
                None => _ = table.remove(place),
            }
        }
        Ok(table)
    }

    /// Reads the whole table, each list of it in one pass: for who looks again soon, as a
    /// monitor does, and never for who decides what to change.
    ///
    /// Beside a program that changes the table meanwhile, services and servers may be
    /// missing that nobody touched, which [`table`](Self::table) rules out; and a service
    /// that goes meanwhile may be there without its servers. Nothing is there twice. On a
    /// table at rest both show the same, and this one reads half as much of long lists.
    ///
    /// # Errors
    /// `EPERM` without the capability; [`ErrorKind::OutcomeUnknown`] if answers got lost,
    /// also when asked again.
    pub fn table_once(&mut self) -> Result<Vec<TableEntry>, Error> {
        let services = self.again(|client| {
            let (mut services, mut seen) = (Vec::new(), HashSet::new());
            client.for_each_service(|entry| {
                if seen.insert(entry.service.key) {
                    services.push(entry);
                }
            })?;
            Ok(services)
        })?;
        let mut table = Vec::with_capacity(services.len());
        for service in services {
            let destinations = self.again(|client| {
                let (mut destinations, mut seen) = (Vec::new(), HashSet::new());
                client.for_each_destination(&service.service.key, |entry| {
                    if seen.insert(entry.destination.key) {
                        destinations.push(entry);
                    }
                })?;
                Ok(destinations)
            })?;
            table.push(TableEntry { service, destinations });
        }
        Ok(table)
    }

    /// Reads the timeouts of idle connections.
    ///
    /// # Errors
    /// `EPERM` without the capability.
    pub fn timeouts(&mut self) -> Result<Timeouts, Error> {
        self.read_one(&Operation::Timeouts, decode_timeouts)
    }

    /// Reads the sync daemons that run: none, one, or one of each role.
    ///
    /// # Errors
    /// `EPERM` without the capability.
    pub fn daemons(&mut self) -> Result<Vec<SyncDaemonEntry>, Error> {
        self.again(|client| {
            let mut daemons = Vec::new();
            client.pass(&Operation::Daemons, |_, data| {
                daemons.push(decode_daemon(find(data, DAEMON)?)?);
                MORE
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
            client.ask(operation, Form::Single, &mut |_, data| {
                found = Some(decode(data)?);
                MORE
            })?;
            found.ok_or_else(|| unanswered(operation))
        })
    }

    /// One dump, object by object, each with the number of its datagram.
    pub(super) fn pass(
        &mut self,
        operation: &Operation,
        mut on_data: impl FnMut(usize, &[u8]) -> Result<ControlFlow<()>, DecodeError>,
    ) -> Result<Pass, Error> {
        let mut objects = 0;
        let Extent { datagrams, is_cut, stopped } =
            self.ask(operation, Form::Dump, &mut |datagram, data| {
                objects += 1;
                on_data(datagram, data)
            })?;
        Ok(Pass { objects, datagrams, stopped, is_cut })
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
