// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use ipvs_netlink::procfs::Procfs;
use ipvs_netlink::{
    Change, Client, ConnectOptions, Destination, DestinationKey, ErrorKind, Namespace, Service,
    ServiceKey,
};

use crate::cli::NamespaceName;
use crate::error::Error;
use crate::lock::{self, Lock};
use crate::trace;

/// How many servers most services have at most.
pub(super) const USUAL_SERVERS: usize = 45;

/// Says where a command acts, and whether it acts or only says what it would do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Director {
    namespace: Option<Namespace>,
    pub(crate) dry_run: bool,
    /// How long to wait while another `rsctl` changes the table.
    lock_wait: Duration,
}

impl Director {
    pub(crate) fn new(
        namespace: Option<&NamespaceName>,
        dry_run: bool,
        lock_wait: Duration,
    ) -> Result<Self, Error> {
        let namespace = match namespace {
            None => None,
            Some(NamespaceName::Name(name)) => Some(Namespace::named(name)?),
            Some(NamespaceName::Process(pid)) => {
                Some(Namespace::of_process(*pid).map_err(|error| match error.kind() {
                    ErrorKind::NamespaceMissing => Error::NoProcess(*pid),
                    _ => error.into(),
                })?)
            }
            Some(NamespaceName::Path(path)) => Some(Namespace::at(path)?),
        };
        Ok(Self { namespace, dry_run, lock_wait })
    }

    /// Returns whether it acts in a network namespace that was named, perhaps not the host's own.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.namespace.is_some()
    }

    pub(super) fn connect(&self) -> Result<Client, Error> {
        Ok(self.connect_with(ConnectOptions::new())?)
    }

    /// Connects to read everything once, where most services have about so many servers.
    pub(super) fn connect_to_look(&self, servers: usize) -> Result<Client, ipvs_netlink::Error> {
        self.connect_with(ConnectOptions::new().servers_per_service(servers))
    }

    fn connect_with(&self, options: ConnectOptions) -> Result<Client, ipvs_netlink::Error> {
        let options = trace::asked_for(options);
        match &self.namespace {
            None => options.connect(),
            Some(namespace) => options.namespace(namespace.clone()).connect(),
        }
    }

    pub(super) fn procfs(&self) -> Procfs {
        self.namespace.clone().map_or_else(Procfs::new, Procfs::of)
    }

    /// Keeps every other `rsctl` from changing the table as long as the result lives: from
    /// before the command looks at what it changes. A dry run changes nothing and waits for
    /// nobody.
    pub(super) fn lock(&self) -> Result<Option<Lock>, Error> {
        if self.dry_run {
            return Ok(None);
        }
        let take = || lock::take(self.lock_wait, &mut |notice: &lock::Notice| notice.tell());
        let taken = match &self.namespace {
            None => take(),
            Some(namespace) => namespace.enter(take)?,
        };
        taken.map(Some).map_err(|holder| Error::Locked { holder, waited: self.lock_wait })
    }

    /// Makes `change`, or finds out whether it could be made.
    pub(super) fn apply(&self, change: Change) -> Result<(), Error> {
        let _lock = self.lock()?;
        self.apply_over(&mut self.connect()?, change)
    }

    /// Does what [`apply`](Self::apply) does, over a connection that is there and under a lock.
    pub(super) fn apply_over(&self, client: &mut Client, change: Change) -> Result<(), Error> {
        if self.dry_run { foresee(client, &change) } else { Ok(client.apply(change)?) }
    }

    /// Edits a service, and returns whether anything differs.
    pub(super) fn edit_service(
        &self,
        key: &ServiceKey,
        edit: impl FnOnce(&mut Service),
    ) -> Result<bool, Error> {
        let _lock = self.lock()?;
        let mut client = self.connect()?;
        if !self.dry_run {
            return Ok(client.edit_service(key, edit)?);
        }
        let mut outcome = Ok(false);
        client.edit_service(key, |service| {
            let before = service.clone();
            edit(service);
            let after = std::mem::replace(service, before.clone());
            outcome = differs(Change::SetService(before), Change::SetService(after));
        })?;
        outcome
    }

    /// Edits a server, and returns whether anything differs.
    pub(super) fn edit_server(
        &self,
        service: &ServiceKey,
        key: &DestinationKey,
        edit: impl FnOnce(&mut Destination),
    ) -> Result<bool, Error> {
        let _lock = self.lock()?;
        let mut client = self.connect()?;
        if !self.dry_run {
            return Ok(client.edit_destination(service, key, edit)?);
        }
        let mut outcome = Ok(false);
        let set = |destination| Change::SetDestination { service: *service, destination };
        client.edit_destination(service, key, |server| {
            let before = *server;
            edit(server);
            let after = std::mem::replace(server, before);
            outcome = differs(set(before), set(after));
        })?;
        outcome
    }
}

/// Returns whether anything differs, as the library judges an edit.
fn differs(before: Change, after: Change) -> Result<bool, Error> {
    match after.check_edit_of(&before) {
        Err(reason) => Err(Error::refused(after, reason)),
        Ok(()) => Ok(before != after),
    }
}

/// Returns what the kernel would say to `change`, as far as the table tells.
fn foresee(client: &mut Client, change: &Change) -> Result<(), Error> {
    let there =
        |client: &mut Client, key: &ServiceKey| Ok::<_, Error>(client.service(key)?.is_some());
    let unlike = |why| Err(Error::WouldFail { action: change.to_string(), why });
    match change {
        Change::AddService(service) if there(client, &service.key)? => unlike("it exists already"),
        Change::RemoveService(key) | Change::Zero(Some(key)) if !there(client, key)? => {
            unlike("there is no such service")
        }
        Change::AddDestination { service, destination } => {
            match client.destination(service, &destination.key)? {
                Some(_) => unlike("it exists already"),
                None => Ok(()),
            }
        }
        Change::RemoveDestination { service, destination } => {
            match client.destination(service, destination)? {
                Some(_) => Ok(()),
                None => unlike("the service has no such server"),
            }
        }
        Change::StartDaemon(daemon) if client.daemons()?.iter().any(|d| d.role == daemon.role) => {
            unlike("one of that role runs already")
        }
        Change::StopDaemon(role) if client.daemons()?.iter().all(|d| d.role != *role) => {
            unlike("it does not run")
        }
        _ => Ok(()),
    }
}
