// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io;
use std::path::PathBuf;

use ipvs_netlink::{Change, ErrorKind, ServiceKey};

use crate::cli::Usage;
use crate::exit::Exit;
use crate::refusal::{self, Refusal};

/// Why `rsctl` failed: one line, and hints.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line could not be read.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// The command line was read and makes no sense; nothing was sent.
    #[error("cannot {action}: {refusal}")]
    Refused {
        /// As in "cannot …".
        action: String,
        /// Why not.
        refusal: Refusal,
    },
    /// The library or the kernel refused.
    #[error(transparent)]
    Ipvs(#[from] ipvs_netlink::Error),
    /// The service to be listed is not there.
    #[error("cannot list service {0}: there is no such service")]
    NoService(ServiceKey),
    /// A dry run found that the kernel would refuse.
    #[error("cannot {action}: {why}")]
    WouldFail {
        /// As in "cannot …".
        action: String,
        /// Why not.
        why: &'static str,
    },
    /// The other director's status could not be read.
    #[error("cannot read the peer's status from {path}: {why}")]
    Peer {
        /// Where it was to come from.
        path: String,
        /// What was wrong with it.
        why: String,
    },
    /// What was generated could not be written.
    #[error("cannot write into {}: {error}", folder.display())]
    Generate {
        /// Where it was to go.
        folder: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The answer to the question was not yes.
    #[error("cannot delete all services: the answer was not `y`")]
    Declined,
    /// The question could not be asked.
    #[error("cannot delete all services: cannot ask on the terminal: {0}")]
    Ask(io::Error),
    /// The output could not be written. What was to be done has been done.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    pub(crate) fn refused(action: impl ToString, refusal: impl Into<Refusal>) -> Self {
        Self::Refused { action: action.to_string(), refusal: refusal.into() }
    }

    /// What may help, a line each, most likely first.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Usage(usage) => usage.hints.clone(),
            Self::Refused { refusal, .. } => refusal.hint().into_iter().collect(),
            // Only edits get this far: what is added is checked before.
            Self::Ipvs(ipvs_netlink::Error::Invalid { reason, .. }) => {
                refusal::hint_for_edit(reason).into_iter().collect()
            }
            Self::Ipvs(error) => meant_scheduler(error).into_iter().chain(error.hints()).collect(),
            Self::NoService(_) => {
                vec!["`rsctl list` shows the services: protocol, address and port".to_owned()]
            }
            Self::Declined => vec!["`rsctl clear --yes` does not ask".to_owned()],
            Self::Peer { .. } => {
                vec!["it is what `rsctl sync-daemon status --json` prints there".to_owned()]
            }
            Self::Generate { .. } => vec!["the folder must exist and be writable".to_owned()],
            Self::WouldFail { .. } | Self::Ask(_) | Self::Output(_) => Vec::new(),
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Refused { .. } | Self::Peer { .. } => Exit::Usage,
            Self::Ipvs(error) if error.kind() == ErrorKind::Invalid => Exit::Usage,
            _ => Exit::Failed,
        }
    }
}

/// The kernel does not say which name it would have known.
fn meant_scheduler(error: &ipvs_netlink::Error) -> Option<String> {
    let ipvs_netlink::Error::Kernel(kernel) = error else { return None };
    if error.kind() != ErrorKind::SchedulerMissing {
        return None;
    }
    match kernel.operation.change() {
        Some(Change::AddService(service) | Change::SetService(service)) => {
            refusal::did_you_mean_scheduler(service.scheduler.name())
        }
        _ => None,
    }
}
