// SPDX-License-Identifier: MIT OR Apache-2.0

use super::daemon::{daemon_attributes, role_attributes};
use super::destination::{destination_attributes, key_attributes as destination_key};
use super::service::{key_attributes as service_key, service_attributes};
use super::timeouts::timeout_attributes;
use crate::message::{
    Attribute, Command, DestinationAttribute, Pack, Packed, ServiceAttribute, Sink, pack_nested,
};
use crate::model::{Change, Destination, DestinationKey, Service, ServiceKey};
use crate::operation::Operation;

/// `IPVS_CMD_ATTR_SERVICE` and `IPVS_CMD_ATTR_DEST`
const SERVICE: u16 = 1;
const DESTINATION: u16 = 2;

/// The request that makes `change`: what [`pack_change`] packs, to hold it against.
#[cfg(test)]
pub(crate) fn change_message(change: &Change) -> crate::message::IpvsMessage {
    let Parts { command, service, destination, rest } = Parts::of(change);
    let mut attributes = Vec::new();
    if let Some(service) = service {
        let mut nested = Vec::new();
        service.attributes(&mut nested);
        attributes.push(Attribute::Service(nested));
    }
    if let Some(destination) = destination {
        let mut nested = Vec::new();
        destination.attributes(&mut nested);
        attributes.push(Attribute::Destination(nested));
    }
    attributes.extend(rest);
    crate::message::IpvsMessage::new(command, attributes)
}

/// Appends the attributes of the request that makes `change`, and returns its
/// command. No message is built: a load of 100,000 servers has a million
/// attributes.
#[inline]
pub(crate) fn pack_change(change: &Change, bytes: &mut Vec<u8>) -> u8 {
    let Parts { command, service, destination, rest } = Parts::of(change);
    if let Some(service) = service {
        pack_nested(bytes, SERVICE, |bytes| service.attributes(&mut Packed(bytes)));
    }
    if let Some(destination) = destination {
        pack_nested(bytes, DESTINATION, |bytes| destination.attributes(&mut Packed(bytes)));
    }
    for attribute in rest {
        attribute.pack(bytes);
    }
    command.into()
}

/// What the request for a change is made of.
struct Parts<'a> {
    command: Command,
    service: Option<ServicePart<'a>>,
    destination: Option<DestinationPart<'a>>,
    rest: Vec<Attribute>,
}

/// What a request says of its service.
enum ServicePart<'a> {
    Which(&'a ServiceKey),
    Whole(&'a Service),
}

/// What it says of its server.
enum DestinationPart<'a> {
    Which(&'a DestinationKey),
    Whole(&'a Destination),
}

impl ServicePart<'_> {
    #[inline]
    fn attributes(&self, sink: &mut impl Sink<ServiceAttribute>) {
        match self {
            Self::Which(key) => service_key(key, sink),
            Self::Whole(service) => service_attributes(service, sink),
        }
    }
}

impl DestinationPart<'_> {
    #[inline]
    fn attributes(&self, sink: &mut impl Sink<DestinationAttribute>) {
        match self {
            Self::Which(key) => destination_key(key, sink),
            Self::Whole(destination) => destination_attributes(destination, sink),
        }
    }
}

impl<'a> Parts<'a> {
    #[inline]
    fn of(change: &'a Change) -> Self {
        use Change as C;
        let just = |command| Self { command, service: None, destination: None, rest: Vec::new() };
        let about = |command, service| Self { service: Some(service), ..just(command) };
        let server = |command, service, destination| Self {
            destination: Some(destination),
            ..about(command, ServicePart::Which(service))
        };
        let rest = |command, rest| Self { rest, ..just(command) };
        match change {
            C::AddService(service) => about(Command::NewService, ServicePart::Whole(service)),
            C::SetService(service) => about(Command::SetService, ServicePart::Whole(service)),
            C::RemoveService(key) => about(Command::DeleteService, ServicePart::Which(key)),
            C::AddDestination { service, destination } => {
                server(Command::NewDestination, service, DestinationPart::Whole(destination))
            }
            C::SetDestination { service, destination } => {
                server(Command::SetDestination, service, DestinationPart::Whole(destination))
            }
            C::RemoveDestination { service, destination } => {
                server(Command::DeleteDestination, service, DestinationPart::Which(destination))
            }
            C::Flush => just(Command::Flush),
            C::Zero(None) => just(Command::Zero),
            C::Zero(Some(key)) => about(Command::Zero, ServicePart::Which(key)),
            C::SetTimeouts(timeouts) => rest(Command::SetConfig, timeout_attributes(timeouts)),
            C::StartDaemon(daemon) => {
                rest(Command::NewDaemon, vec![Attribute::Daemon(daemon_attributes(daemon))])
            }
            C::StopDaemon(role) => {
                rest(Command::DeleteDaemon, vec![Attribute::Daemon(role_attributes(*role))])
            }
        }
    }
}

/// Appends the attributes of the request for `operation`, and returns its command.
pub(crate) fn pack_request(operation: &Operation, bytes: &mut Vec<u8>) -> u8 {
    let mut about = |key| pack_nested(bytes, SERVICE, |bytes| service_key(key, &mut Packed(bytes)));
    let command = match operation {
        Operation::Change(change) => return pack_change(change, bytes),
        Operation::Services => Command::GetService,
        Operation::Service(key) => {
            about(key);
            Command::GetService
        }
        Operation::Destinations(key) => {
            about(key);
            Command::GetDestination
        }
        Operation::Timeouts => Command::GetConfig,
        Operation::Daemons => Command::GetDaemon,
        // The cheapest question there is; the first stands for opening the socket
        // and the last for many requests, which have no message of their own.
        Operation::Info | Operation::Connect | Operation::Batch => Command::GetInfo,
    };
    command.into()
}
