// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says what helps where a port of [`lvs_host`] fails: it says why, and this program says what its
//! operator can do.

use lvs_host::TunnelKind;
use lvs_host::files::trust::Distrust;
use lvs_host::netlink::NetlinkError;
use lvs_host::sysctl::SysctlError;
use nix::errno::Errno;

use crate::shell;

/// Says what to do when all was done, and something undid it at once.
pub(super) const NOT_AS_WANTED: &str = "another program changes this host at the same time: see \
    which (`ip monitor` shows what it does, rs-agent check the managers of interfaces), then try \
    again";

/// Says what to do when the kernel answers `command` so.
pub(super) fn netlink(answer: &NetlinkError, command: &str) -> Option<String> {
    let NetlinkError::Kernel(errno) = answer else {
        return None;
    };
    match errno {
        // rtnl_newlink(): no such link kind, and its module could not be loaded.
        Errno::EOPNOTSUPP if command.contains(" type ") => {
            let kind = command.split(" type ").nth(1)?.split(' ').next()?;
            let module = TunnelKind::named(kind).map_or(kind, |it| it.module());
            Some(format!("this kernel cannot make {kind} devices: is module {module} installed?"))
        }
        // Of adding and deleting, not of asking (GENL_ADMIN_PERM in net/ipv4/fou_nl.c).
        Errno::EPERM if command.contains(" fou ") => {
            Some("the kernel allows that to root of the host only, not of a container".into())
        }
        Errno::EPERM => {
            Some("CAP_NET_ADMIN is needed in the namespace's own user namespace".into())
        }
        Errno::EADDRINUSE => Some("a program has that UDP port: ss -ulpn names it".into()),
        Errno::EEXIST => Some("somebody else made it at the same moment: try again".into()),
        _ => None,
    }
}

/// Says what to do about a setting that could not be read or written.
pub(super) fn sysctl(error: &SysctlError) -> Option<&'static str> {
    Some(match error {
        SysctlError::ReadOnly(_) => {
            "in a container, mount /proc/sys/net writable, or run rs-agent on the host"
        }
        SysctlError::NotPermitted(_) => "run it as root of the network namespace's owner",
        SysctlError::NotThere(_) => "is /proc mounted, and is this the right network namespace?",
        SysctlError::NotKept { .. } => "another program sets it too: find it",
        _ => return None,
    })
}

/// Says what to do about a place of the state folder that is not believed.
pub(super) fn state(why: &Distrust) -> String {
    let elsewhere = "--state-dir or RS_AGENT_STATE_DIR names another directory";
    match why {
        Distrust::Open { path, what: "open", .. } => {
            format!("`chmod 600 {}`, or remove it while no rs-agent runs", shell::path(path))
        }
        Distrust::Open { path, .. } => format!(
            "see what is in it, then `chmod go-w {}`; {elsewhere}, one that others cannot write",
            shell::path(path)
        ),
        Distrust::Owner { owner, .. } => format!(
            "run rs-agent as uid {owner}; or {elsewhere}, one of its own user that others \
             cannot write"
        ),
        Distrust::InTheWay { path, is: "a directory", .. } => format!(
            "see what is in it and move it away; if it is empty: `rmdir {}`",
            shell::path(path)
        ),
        Distrust::InTheWay { path, .. } => {
            format!("rs-agent did not make it; remove it: `rm {}`", shell::path(path))
        }
        _ => elsewhere.to_owned(),
    }
}

/// Says what to do about a place on the way to the configuration.
pub(super) fn config(why: &Distrust) -> Option<String> {
    close(why, "may write the configuration and the folders on the way to it")
}

/// Says what to do about a place that systemd reads.
pub(super) fn unit(why: &Distrust) -> String {
    close(why, "may write what systemd obeys").unwrap_or_else(|| match why {
        Distrust::Io { .. } => "run it as root, or write below another --destdir".into(),
        _ => "see what it is and move it away, or write below another --destdir".into(),
    })
}

/// Says how to keep others out of a place.
fn close(why: &Distrust, may: &str) -> Option<String> {
    let (how, path) = match why {
        Distrust::Open { path, .. } => ("chmod go-w", path),
        Distrust::Owner { path, .. } => ("chown -h root", path),
        _ => return None,
    };
    let path = shell::path(path);
    Some(format!("see what is in it, then `{how} {path}`: only root and who runs rs-agent {may}"))
}
