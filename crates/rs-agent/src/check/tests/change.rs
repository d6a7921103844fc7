// SPDX-License-Identifier: MIT OR Apache-2.0
//! Changes to a sound host that several rows share.

use lvs_host::SysctlKey;
use lvs_host::socket::Transport;

use super::super::seen::{Device, Ends, Fou, Listener, Seen};
use super::super::subject::{Port, Subject};
use super::{device, ip, set};
use crate::facts::{self, Family};
use crate::tunnel::{Encapsulation, Tunnel, TunnelKind};

pub(super) fn ends(seen: &mut Seen, at: usize) -> &mut Ends {
    seen.devices[at].ends.as_mut().unwrap()
}

/// The device that the kernel makes with the module.
pub(super) fn fallback(seen: &mut Seen, name: &str, kind: &str, up: bool) {
    let kind = Some(kind.to_owned());
    let ends = Some(Ends::default());
    seen.devices.push(Device { kind, ends, up, ..device(name, false) });
}

/// One GRE device for both families.
pub(super) fn gre(subject: &mut Subject, seen: &mut Seen, checksum: bool) {
    subject.encapsulation = Encapsulation::Gre { checksum };
    seen.devices.remove(3);
    seen.devices[2].kind = Some("gre".into());
    ends(seen, 2).protocol = None;
}

pub(super) fn listens(
    subject: &mut Subject,
    seen: &mut Seen,
    transport: Transport,
    on: &str,
    v6only: bool,
) {
    let other = match transport {
        Transport::Tcp => Transport::Udp,
        Transport::Udp => Transport::Tcp,
    };
    subject.ports = vec![Port { transport, number: 80 }];
    seen.listeners = Some(vec![
        Listener { v6only, ..listener(transport, on, 80) },
        listener(transport, "::", 81),
        listener(other, "::", 80),
    ]);
}

/// A socket on all interfaces that takes IPv4 too.
pub(super) fn listener(transport: Transport, on: &str, port: u16) -> Listener {
    Listener { transport, ip: ip(on), port, v6only: false, device: None, transparent: false }
}

pub(super) fn boot(seen: &mut Seen, text: &str) {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("etc/sysctl.d");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("50-x.conf"), text).unwrap();
    seen.boot = lvs_host::sysctl_d::read(root.path()).0;
}

/// UDP port 6080, for a few peers only.
pub(super) fn fou(family: Family, gue: bool) -> Fou {
    Fou::Ports(vec![facts::Port {
        at: facts::Listener { port: 6080, family },
        gue,
        is_open: false,
    }])
}

/// An IPv4 VIP in GUE over IPv6 by the kernel's own device, from anybody.
pub(super) fn open_gue(subject: &mut Subject, seen: &mut Seen) {
    let kind = TunnelKind::Ip6tnl;
    let (name, fallback) = (kind.fallback().to_owned(), true);
    let tunnel = Tunnel { name, kind, local: None, remote: None, checksum: false, fallback };
    subject.tunnels = vec![tunnel];
    subject.encapsulation = Encapsulation::Gue { port: 6080 };
    (subject.rips, subject.directors) = (Vec::new(), Vec::new());
    seen.devices.truncate(2);
    self::fallback(seen, "ip6tnl0", "ip6tnl", true);
    let ends = ends(seen, 2);
    (ends.protocol, ends.local_remote) = (Some(0), true);
    set(seen, "net.ipv4.conf.ip6tnl0.rp_filter", 2);
    seen.sysctls.insert(SysctlKey::ipv6("ip6tnl0", "disable_ipv6"), 0);
    for have in &mut seen.addresses[2..] {
        have.device = "ip6tnl0".into();
    }
}
