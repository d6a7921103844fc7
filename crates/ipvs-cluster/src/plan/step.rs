// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use ipvs_netlink::{
    Change, Destination, DestinationKey, Scheduler, Service, ServiceKey, SetTimeouts, SyncDaemon,
    SyncDaemonEntry, Timeouts,
};

use crate::subject::Subject;
use crate::sysctl::Sysctl;

/// Makes one change of a plan: what there is before, and what there is to be after.
///
/// Its text says what it does to which object: `add server 10.0.0.1:80 of tcp/192.0.2.10:80`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Set timeouts of connections.
    #[non_exhaustive]
    SetTimeouts {
        /// Those of now.
        before: Timeouts,
        /// Those that are wanted.
        after: SetTimeouts,
    },
    /// Set a setting under `net.ipv4.vs`.
    #[non_exhaustive]
    SetSysctl {
        /// Its value of now; `None` if the kernel does not have it, or it may not be read.
        before: Option<String>,
        /// What is wanted.
        after: Sysctl,
    },
    /// Stop a sync daemon.
    #[non_exhaustive]
    StopDaemon {
        /// What runs.
        before: SyncDaemonEntry,
        /// Whether one with other settings takes its place.
        restarts: bool,
    },
    /// Add a service.
    AddService(Service),
    /// Add a server.
    #[non_exhaustive]
    AddServer {
        /// Its service.
        service: ServiceKey,
        /// The server.
        server: Destination,
        /// Whether the plan adds the service too.
        of_new_service: bool,
    },
    /// Change a service.
    #[non_exhaustive]
    EditService {
        /// What is there; kept apart, for a step of a large plan to be small.
        before: Box<Service>,
        /// What is wanted.
        after: Service,
    },
    /// Change a server.
    #[non_exhaustive]
    EditServer {
        /// Its service.
        service: ServiceKey,
        /// What is there.
        before: Destination,
        /// What is wanted.
        after: Destination,
    },
    /// Delete a server.
    #[non_exhaustive]
    DeleteServer {
        /// Its service.
        service: ServiceKey,
        /// What is there.
        before: Destination,
    },
    /// Delete a service.
    #[non_exhaustive]
    DeleteService {
        /// What is there.
        before: Service,
        /// How many servers go with it.
        servers: usize,
    },
    /// Take a server away that comes again, in another place of the order.
    #[non_exhaustive]
    LiftServer {
        /// Its service.
        service: ServiceKey,
        /// What it is, before and afterwards.
        server: Destination,
    },
    /// Add that server again.
    #[non_exhaustive]
    PutServer {
        /// Its service.
        service: ServiceKey,
        /// What it was.
        server: Destination,
    },
    /// Start a sync daemon.
    StartDaemon(SyncDaemon),
}

/// Says what a step does to what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is wanted, and is not there.
    Add,
    /// It is there, and is not what is wanted.
    Edit,
    /// It is there, and is not wanted.
    Delete,
}

/// Names the parts of a plan. What fails in one of them keeps those behind it from
/// being tried ([`OnFailure`](crate::OnFailure) says whose): they take away what the failed ones
/// should have replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Phase {
    /// Timeouts, settings under `net.ipv4.vs`, by which what comes behind is to go, and daemons
    /// that are not wanted: the kernel refuses servers of
    /// the other address family while one runs.
    Settings,
    /// Services that are not there, each with its servers.
    NewServices,
    /// Settings that the kernel has once a service has their scheduler.
    SchedulerSettings,
    /// Servers that their services do not have.
    NewServers,
    /// Weights that rise.
    Raises,
    /// Services that are to be different.
    Services,
    /// Servers that are to be different, but for weights that rise.
    Servers,
    /// Servers that are not wanted.
    DeleteServers,
    /// Servers that stand in another order than wanted, each taken away and added
    /// again.
    Order,
    /// Services that are to have `mh`: the kernel refuses it while there are more
    /// servers than its table has slots, so those that go are gone by now.
    Maglev,
    /// Services that are not wanted.
    DeleteServices,
    /// Daemons that are wanted: the last, since the kernel refuses to start one
    /// while there are servers of the other address family.
    Daemons,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "add",
            Self::Edit => "edit",
            Self::Delete => "delete",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action(), self.subject())
    }
}

impl Step {
    /// Says when it is its turn.
    pub fn phase(&self) -> Phase {
        match self {
            Self::SetTimeouts { .. } | Self::StopDaemon { restarts: false, .. } => Phase::Settings,
            Self::SetSysctl { after, .. } if after.name().of_scheduler().is_none() => {
                Phase::Settings
            }
            Self::SetSysctl { .. } => Phase::SchedulerSettings,
            Self::AddService(_) | Self::AddServer { of_new_service: true, .. } => {
                Phase::NewServices
            }
            Self::AddServer { .. } => Phase::NewServers,
            Self::EditServer { before, after, .. } if before.weight < after.weight => Phase::Raises,
            Self::EditService { before, after }
                if after.scheduler == Scheduler::Mh && before.scheduler != Scheduler::Mh =>
            {
                Phase::Maglev
            }
            Self::EditService { .. } => Phase::Services,
            Self::EditServer { .. } => Phase::Servers,
            Self::DeleteServer { .. } => Phase::DeleteServers,
            Self::LiftServer { .. } | Self::PutServer { .. } => Phase::Order,
            Self::DeleteService { .. } => Phase::DeleteServices,
            Self::StopDaemon { .. } | Self::StartDaemon(_) => Phase::Daemons,
        }
    }

    /// Says what it does.
    pub fn action(&self) -> Action {
        match self {
            Self::AddService(_)
            | Self::AddServer { .. }
            | Self::PutServer { .. }
            | Self::StartDaemon(_) => Action::Add,
            Self::SetTimeouts { .. }
            | Self::SetSysctl { .. }
            | Self::EditService { .. }
            | Self::EditServer { .. } => Action::Edit,
            Self::StopDaemon { .. }
            | Self::DeleteServer { .. }
            | Self::LiftServer { .. }
            | Self::DeleteService { .. } => Action::Delete,
        }
    }

    /// Returns the service it is about.
    pub fn service(&self) -> Option<ServiceKey> {
        match self {
            Self::AddService(service) => Some(service.key),
            Self::EditService { before, .. } => Some(before.key),
            Self::DeleteService { before, .. } => Some(before.key),
            Self::AddServer { service, .. }
            | Self::EditServer { service, .. }
            | Self::LiftServer { service, .. }
            | Self::PutServer { service, .. }
            | Self::DeleteServer { service, .. } => Some(*service),
            Self::SetTimeouts { .. }
            | Self::SetSysctl { .. }
            | Self::StopDaemon { .. }
            | Self::StartDaemon(_) => None,
        }
    }

    /// Returns the server it is about.
    pub fn server(&self) -> Option<DestinationKey> {
        match self {
            Self::AddServer { server, .. }
            | Self::LiftServer { server, .. }
            | Self::PutServer { server, .. } => Some(server.key),
            Self::EditServer { before, .. } | Self::DeleteServer { before, .. } => Some(before.key),
            _ => None,
        }
    }

    /// Says what it is about.
    pub fn subject(&self) -> Subject {
        match (self, self.service(), self.server()) {
            (_, Some(service), Some(server)) => Subject::Server(service, server),
            (_, Some(service), None) => Subject::Service(service),
            (Self::SetSysctl { after, .. }, ..) => Subject::Sysctl(after.name()),
            (Self::StopDaemon { before, .. }, ..) => Subject::Daemon(before.role),
            (Self::StartDaemon(daemon), ..) => Subject::Daemon(daemon.role),
            _ => Subject::Timeouts,
        }
    }

    /// Returns the change to send; `None` of a setting under `net.ipv4.vs`, which is a file.
    pub fn change(&self) -> Option<Change> {
        Some(match self {
            Self::SetSysctl { .. } => return None,
            Self::SetTimeouts { after, .. } => Change::SetTimeouts(*after),
            Self::StopDaemon { before, .. } => Change::StopDaemon(before.role),
            Self::AddService(service) => Change::AddService(service.clone()),
            Self::AddServer { service, server, .. } | Self::PutServer { service, server } => {
                Change::AddDestination { service: *service, destination: *server }
            }
            Self::EditService { after, .. } => Change::SetService(after.clone()),
            Self::EditServer { service, after, .. } => {
                Change::SetDestination { service: *service, destination: *after }
            }
            Self::DeleteServer { service, before }
            | Self::LiftServer { service, server: before } => {
                Change::RemoveDestination { service: *service, destination: before.key }
            }
            Self::DeleteService { before, .. } => Change::RemoveService(before.key),
            Self::StartDaemon(daemon) => Change::StartDaemon(daemon.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::{ForwardingMethod, SyncRole, Weight};

    use super::*;

    #[test]
    fn an_edit_has_its_turn_by_what_it_changes() {
        use Scheduler::{Mh, Rr, Wrr};
        let key: ServiceKey = "tcp/192.0.2.1:80".parse().unwrap();
        for (before, after, phase) in [
            (Rr, Wrr, Phase::Services),
            (Rr, Mh, Phase::Maglev),
            (Mh, Mh, Phase::Services),
            (Mh, Rr, Phase::Services),
        ] {
            let [before, after] = [before, after].map(|scheduler| Service::new(key, scheduler));
            let step = Step::EditService { before: before.into(), after };
            assert_eq!(step.phase(), phase, "{step:?}");
        }
        for (before, after, phase) in [
            (1, 2, Phase::Raises),
            (0, 1, Phase::Raises),
            (2, 2, Phase::Servers),
            (2, 1, Phase::Servers),
        ] {
            let [before, after] = [before, after].map(|weight| {
                let server = "10.0.0.1:80".parse().unwrap();
                let mut server = Destination::new(server, ForwardingMethod::Masquerade);
                server.weight = Weight::new(weight).unwrap();
                server
            });
            let step = Step::EditServer { service: key, before, after };
            assert_eq!(step.phase(), phase, "{step:?}");
        }
    }

    #[test]
    fn a_daemon_is_known_by_its_role() {
        for role in [SyncRole::Master, SyncRole::Backup] {
            let daemon = SyncDaemon::new(role, "eth0".parse().unwrap(), 3);
            let before = SyncDaemonEntry::from(&daemon);
            let subject = Subject::Daemon(role);
            assert_eq!(Step::StopDaemon { before, restarts: true }.subject(), subject);
            assert_eq!(Step::StartDaemon(daemon).subject(), subject);
        }
        let timeouts = Step::SetTimeouts { before: Timeouts::default(), after: SetTimeouts::new() };
        assert_eq!(timeouts.subject(), Subject::Timeouts);
    }
}
