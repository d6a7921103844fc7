// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says what `ipvsadm` says to an errno of the kernel's.

use std::io;

use ipvs_netlink::{Change, Errno, Error, Operation};

/// Returns the text for `error`.
pub(super) fn text(error: &Error) -> String {
    match error {
        Error::Kernel(error) => errno_text(error.errno, &error.operation),
        // Without the family, ipvsadm falls back to a socket option nobody knows.
        Error::FamilyMissing => "Protocol not available".to_owned(),
        // The conversation broke down, for which ipvsadm has no words.
        other => other.to_string(),
    }
}

fn errno_text(errno: Errno, operation: &Operation) -> String {
    use Change::{
        AddDestination, AddService, RemoveDestination, RemoveService, SetDestination, SetService,
        StartDaemon, StopDaemon, Zero,
    };
    let text = match (errno, operation.change()) {
        (Errno::EEXIST, Some(AddService(_))) => "Service already exists",
        (Errno::ENOENT, Some(AddService(_) | SetService(_))) => {
            "Scheduler or persistence engine not found"
        }
        (Errno::ESRCH, Some(SetService(_) | RemoveService(_) | Zero(_)) | None) => {
            "No such service"
        }
        (
            Errno::ESRCH,
            Some(AddDestination { .. } | SetDestination { .. } | RemoveDestination { .. }),
        ) => "Service not defined",
        (Errno::EEXIST, Some(AddDestination { .. })) => "Destination already exists",
        (Errno::ENOENT, Some(SetDestination { .. } | RemoveDestination { .. })) => {
            "No such destination"
        }
        (Errno::EEXIST, Some(StartDaemon(_))) => "Daemon has already run",
        (Errno::ESRCH, Some(StopDaemon(_))) => "No daemon is running",
        (Errno::EPERM, _) => "Permission denied (you must be root)",
        (Errno::EINVAL, _) => {
            "Invalid operation.  Possibly wrong module version, address not unicast, ..."
        }
        (Errno::ENOPROTOOPT, _) => "Protocol not available",
        (Errno::ENOMEM, _) => "Memory allocation problem",
        (Errno::EOPNOTSUPP, _) => "Operation not supported with IPv6",
        (Errno::EAFNOSUPPORT, _) => "Operation not supported with specified address family",
        (Errno::EMSGSIZE, _) => "Module is wrong version",
        (other, _) => return system_text(other),
    };
    text.to_owned()
}

/// `strerror`, without what the standard library appends.
fn system_text(errno: Errno) -> String {
    let text = io::Error::from(errno).to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_errno_means_what_was_asked() {
        let key = "tcp/192.0.2.1:80".parse().unwrap();
        let zero = Operation::Change(Change::Zero(Some(key)));
        assert_eq!(errno_text(Errno::ESRCH, &zero), "No such service");
        assert_eq!(errno_text(Errno::ESRCH, &Operation::Services), "No such service");
        assert_eq!(errno_text(Errno::ERANGE, &zero), "Numerical result out of range");
        assert_eq!(errno_text(Errno::ENODEV, &zero), "No such device");
    }
}
