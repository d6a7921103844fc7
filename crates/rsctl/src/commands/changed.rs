// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says what a changing command made, or would make.

use ipvs_cluster::file::Object;
use ipvs_netlink::{
    Destination, DestinationKey, Service, ServiceKey, SyncDaemon, SyncDaemonEntry, SyncRole,
    Timeouts,
};

use super::Warning;
use crate::kept::{Event, Fared, Part};

/// Lists what a changing command made, or would make.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) changed: Vec<Changed>,
    /// What is as it was asked for already, as in "nothing to change: …".
    pub(crate) unchanged: Vec<String>,
    /// What is hardly meant about it.
    pub(crate) warnings: Vec<Warning>,
    /// What could not be made, of several changes.
    pub(crate) failed: Vec<crate::error::Error>,
}

impl From<Vec<Changed>> for Made {
    fn from(changed: Vec<Changed>) -> Self {
        Self { changed, ..Self::default() }
    }
}

impl Made {
    /// Adds a warning, unless it is there already: of one server in many services.
    pub(super) fn warn(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }
}

/// Names one change that was made, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) action: Action,
    /// The virtual service, if the change was about one.
    pub(crate) service: Option<ServiceKey>,
    /// The real server, if the change was about one.
    pub(crate) server: Option<DestinationKey>,
    /// The sync daemon, if the change was about one.
    pub(crate) role: Option<SyncRole>,
    /// What it makes of what, if that is known.
    pub(crate) states: Option<States>,
    /// The servers that go with a service, of which only the history tells.
    pub(crate) with: Vec<Destination>,
}

/// Says what was done, to the service or the server if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Add,
    Edit,
    Delete,
    Zero,
    SetTimeouts,
    StartDaemon,
    StopDaemon,
}

/// Holds an object before a change and after it; `None` where it is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct States {
    pub(crate) before: Option<State>,
    pub(crate) after: Option<State>,
}

/// Holds an object as it is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Service(Service),
    Server(Destination),
    Timeouts(Timeouts),
    /// A sync daemon to be started.
    Daemon(SyncDaemon),
    /// One that ran.
    Running(SyncDaemonEntry),
}

impl State {
    /// Returns it as a saved file has it.
    pub(crate) fn object(&self) -> Object {
        match self {
            Self::Service(service) => service.into(),
            Self::Server(server) => server.into(),
            Self::Timeouts(timeouts) => (*timeouts).into(),
            Self::Daemon(daemon) => daemon.into(),
            Self::Running(daemon) => daemon.into(),
        }
    }
}

impl From<Service> for State {
    fn from(service: Service) -> Self {
        Self::Service(service)
    }
}

impl From<Destination> for State {
    fn from(server: Destination) -> Self {
        Self::Server(server)
    }
}

impl Changed {
    pub(super) fn new(action: Action) -> Self {
        let (service, server, role, states) = (None, None, None, None);
        Self { action, service, server, role, states, with: Vec::new() }
    }

    pub(super) fn service(action: Action, service: ServiceKey) -> Self {
        Self { service: Some(service), ..Self::new(action) }
    }

    pub(super) fn server(action: Action, service: ServiceKey, server: DestinationKey) -> Self {
        Self { server: Some(server), ..Self::service(action, service) }
    }

    /// Says which servers go with it.
    pub(super) fn with(self, with: Vec<Destination>) -> Self {
        Self { with, ..self }
    }

    /// Returns the word for what was done, which says to what kind of object.
    pub(crate) fn word(&self) -> &'static str {
        match (self.action, self.server) {
            (Action::Add, None) => "add-service",
            (Action::Edit, None) => "edit-service",
            (Action::Delete, None) => "delete-service",
            (Action::Add, Some(_)) => "add-server",
            (Action::Edit, Some(_)) => "edit-server",
            (Action::Delete, Some(_)) => "delete-server",
            (Action::Zero, _) => "zero",
            (Action::SetTimeouts, _) => "set-timeouts",
            (Action::StartDaemon, _) => "start-daemon",
            (Action::StopDaemon, _) => "stop-daemon",
        }
    }

    /// Returns it as the history has it: an event for each object.
    pub(super) fn events(&self) -> impl Iterator<Item = Event> {
        let service = self.service;
        let gone = self.with.iter().map(move |server| Event {
            action: "delete-server",
            service,
            server: Some(server.key),
            role: None,
            states: Some((Some(Part::Server(*server)), None)),
            fared: Fared::Done,
        });
        let part = |state: &State| match state {
            State::Server(server) => Part::Server(*server),
            other => Part::Object(other.object()),
        };
        let parts = |states: &States| {
            [&states.before, &states.after].map(|state| state.as_ref().map(part)).into()
        };
        gone.chain([Event {
            action: self.word(),
            service,
            server: self.server,
            role: self.role,
            states: self.states.as_ref().map(parts),
            fared: Fared::Done,
        }])
    }

    /// Says what was there before, and what is after.
    pub(super) fn between(
        self,
        before: Option<impl Into<State>>,
        after: Option<impl Into<State>>,
    ) -> Self {
        let states = States { before: before.map(Into::into), after: after.map(Into::into) };
        Self { states: Some(states), ..self }
    }
}
