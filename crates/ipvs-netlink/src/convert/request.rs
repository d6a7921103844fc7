// SPDX-License-Identifier: MIT OR Apache-2.0

use super::daemon::{daemon_attributes, role_attributes};
use super::destination::{destination_attributes, key_attributes as destination_key};
use super::service::{key_attributes as service_key, service_attributes};
use super::timeouts::timeout_attributes;
use crate::message::{Attribute, Command, IpvsMessage};
use crate::model::Change;
use crate::operation::Operation;

/// The request that makes `change`.
pub(crate) fn change_message(change: &Change) -> IpvsMessage {
    let (command, attributes) = match change {
        Change::AddService(service) => {
            (Command::NewService, vec![Attribute::Service(service_attributes(service))])
        }
        Change::SetService(service) => {
            (Command::SetService, vec![Attribute::Service(service_attributes(service))])
        }
        Change::RemoveService(key) => {
            (Command::DeleteService, vec![Attribute::Service(service_key(key))])
        }
        Change::AddDestination { service, destination } => (
            Command::NewDestination,
            vec![
                Attribute::Service(service_key(service)),
                Attribute::Destination(destination_attributes(destination)),
            ],
        ),
        Change::SetDestination { service, destination } => (
            Command::SetDestination,
            vec![
                Attribute::Service(service_key(service)),
                Attribute::Destination(destination_attributes(destination)),
            ],
        ),
        Change::RemoveDestination { service, destination } => (
            Command::DeleteDestination,
            vec![
                Attribute::Service(service_key(service)),
                Attribute::Destination(destination_key(destination)),
            ],
        ),
        Change::Flush => (Command::Flush, Vec::new()),
        Change::Zero(None) => (Command::Zero, Vec::new()),
        Change::Zero(Some(key)) => (Command::Zero, vec![Attribute::Service(service_key(key))]),
        Change::SetTimeouts(timeouts) => (Command::SetConfig, timeout_attributes(timeouts)),
        Change::StartDaemon(daemon) => {
            (Command::NewDaemon, vec![Attribute::Daemon(daemon_attributes(daemon))])
        }
        Change::StopDaemon(role) => {
            (Command::DeleteDaemon, vec![Attribute::Daemon(role_attributes(*role))])
        }
    };
    IpvsMessage::new(command, attributes)
}

/// The request for `operation`.
pub(crate) fn request_message(operation: &Operation) -> IpvsMessage {
    let about = |key| vec![Attribute::Service(service_key(key))];
    match operation {
        Operation::Change(change) => change_message(change),
        Operation::Services => IpvsMessage::new(Command::GetService, Vec::new()),
        Operation::Service(key) => IpvsMessage::new(Command::GetService, about(key)),
        Operation::Destinations(key) => IpvsMessage::new(Command::GetDestination, about(key)),
        Operation::Timeouts => IpvsMessage::new(Command::GetConfig, Vec::new()),
        Operation::Daemons => IpvsMessage::new(Command::GetDaemon, Vec::new()),
        // The cheapest question there is; the first stands for opening the socket
        // and the last for many requests, which have no message of their own.
        Operation::Info | Operation::Connect | Operation::Batch => {
            IpvsMessage::new(Command::GetInfo, Vec::new())
        }
    }
}
