// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use ipvs_netlink::procfs::Procfs;
use ipvs_netlink::{
    Change, Client, ConnectOptions, Errno, ErrorKind, KernelError, Namespace, ServiceKey,
};
use lvs_term::{Label, shortened};

use super::Changed;
use crate::cli::NamespaceName;
use crate::error::Error;
use crate::kept::{Author, Event, Kept, Pending, STATE_DIR};
use crate::lock::{self, Lock};
use crate::trace;

/// How many servers most services have at most.
pub(super) const USUAL_SERVERS: usize = 45;

/// Says where a command acts, and whether it acts or only says what it would do.
#[derive(Clone, Debug)]
pub(crate) struct Director {
    namespace: Option<Namespace>,
    pub(crate) dry_run: bool,
    /// How long to wait while another `rsctl` changes the table.
    lock_wait: Duration,
    /// Where what is kept of all namespaces is, and then of this one.
    state_dir: PathBuf,
    kept: OnceLock<Kept>,
}

impl Default for Director {
    fn default() -> Self {
        Self {
            namespace: None,
            dry_run: false,
            lock_wait: Duration::ZERO,
            state_dir: STATE_DIR.into(),
            kept: OnceLock::new(),
        }
    }
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
        Ok(Self { namespace, dry_run, lock_wait, ..Self::default() })
    }

    /// Names another folder for what is kept.
    pub(crate) fn keeping_in(self, state_dir: &Path) -> Self {
        Self { state_dir: state_dir.to_owned(), ..self }
    }

    /// Waits so long for who changes the table.
    pub(crate) fn patient(self, lock_wait: Duration) -> Self {
        Self { lock_wait, ..self }
    }

    /// Returns the folder of what is kept of all namespaces.
    pub(super) fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Runs `work` in the network namespace.
    pub(super) fn in_namespace<R: Send>(
        &self,
        work: impl FnOnce() -> R + Send,
    ) -> Result<R, ipvs_netlink::Error> {
        match &self.namespace {
            None => Ok(work()),
            Some(namespace) => namespace.enter(work),
        }
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
    /// nobody. A change that nobody confirmed, and that nothing will undo, is told of.
    pub(super) fn lock(&self) -> Result<Option<Lock>, Error> {
        let lock = self.lock_alone()?;
        if lock.is_some() {
            self.remind();
        }
        Ok(lock)
    }

    /// Does what [`lock`](Self::lock) does, for who knows of such a change.
    pub(super) fn lock_alone(&self) -> Result<Option<Lock>, Error> {
        if self.dry_run {
            return Ok(None);
        }
        let wait = self.lock_wait;
        let take = || lock::take(wait, &mut |notice: &lock::Notice| notice.tell());
        let taken = self.in_namespace(take)?;
        taken.map(Some).map_err(|holder| Error::Locked { holder, waited: self.lock_wait })
    }

    fn remind(&self) {
        let pending = self.kept().ok().and_then(|kept| {
            // What undoes it is still there, and only waits for this command.
            kept.pending().ok().flatten().filter(|_| !kept.is_watched())
        });
        if let Some(pending) = pending {
            Label::Warning.tell(&shortened(&pending.stays()));
            Label::Hint.tell(Pending::REMEDY);
        }
    }

    /// Returns where is kept what has to be known the next time.
    pub(super) fn kept(&self) -> Result<&Kept, Error> {
        if let Some(kept) = self.kept.get() {
            return Ok(kept);
        }
        let folder = self.state_dir();
        let kept = self.in_namespace(|| Kept::of_this_thread(folder))??;
        Ok(self.kept.get_or_init(|| kept))
    }

    /// Adds to the history what was changed. What cannot be recorded is changed all the same: the
    /// kernel has it, and to say that it failed would have somebody change it again.
    pub(super) fn record<'a>(&self, changed: impl IntoIterator<Item = &'a Changed>) {
        let author = Author::of_this_process();
        self.record_events(&author, changed.into_iter().flat_map(Changed::events));
    }

    /// Does what [`record`](Self::record) does, of what is not told as changes.
    pub(super) fn record_events(&self, author: &Author, events: impl IntoIterator<Item = Event>) {
        if self.dry_run {
            return;
        }
        let recorded = self.kept().and_then(|kept| Ok(kept.record(author, events)?));
        if let Err(error) = recorded {
            unkept(&format!("what was changed is not in the history: {error}"));
        }
    }

    /// Makes `change` under a lock, or finds out whether it could be made.
    pub(super) fn apply_over(&self, client: &mut Client, change: Change) -> Result<(), Error> {
        if self.dry_run { foresee(client, &change) } else { Ok(client.apply(change)?) }
    }
}

/// Warns of something that could not be kept.
pub(super) fn unkept(what: &str) {
    Label::Warning.tell(&shortened(what));
    Label::Hint.tell("`--state-dir` names another folder for what is kept");
}

/// Returns what the kernel would say to `change`, as far as the table tells.
pub(super) fn foresee(client: &mut Client, change: &Change) -> Result<(), Error> {
    let there =
        |client: &mut Client, key: &ServiceKey| Ok::<_, Error>(client.service(key)?.is_some());
    let said = |errno| Err(ipvs_netlink::Error::from(KernelError::new(change.clone(), errno)));
    let found = match change {
        Change::AddService(service) if there(client, &service.key)? => said(Errno::EEXIST),
        Change::RemoveService(key) | Change::Zero(Some(key)) if !there(client, key)? => {
            said(Errno::ESRCH)
        }
        Change::AddDestination { service, destination } => {
            match client.destination(service, &destination.key) {
                Ok(Some(_)) => said(Errno::EEXIST),
                Ok(None) => Ok(()),
                Err(error) if error.kind() == ErrorKind::ServiceMissing => said(Errno::ESRCH),
                Err(error) => Err(error),
            }
        }
        Change::StartDaemon(daemon) if client.daemons()?.iter().any(|d| d.role == daemon.role) => {
            said(Errno::EEXIST)
        }
        Change::StopDaemon(role) if client.daemons()?.iter().all(|d| d.role != *role) => {
            said(Errno::ESRCH)
        }
        _ => Ok(()),
    };
    Ok(found?)
}
