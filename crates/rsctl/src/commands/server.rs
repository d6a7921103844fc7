// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    Destination, DestinationKey, ForwardingMethod, GueChecksum, ServiceKey, Thresholds, Tunnel,
};

use crate::cli::{Endpoint, Mode, ServerSettings, TunnelSettings, TunnelType};
use crate::refusal::Refusal;

/// Returns the server's key: without a port it has the service's, or 0, which keeps the packet's,
/// if the service is a firewall mark.
pub(super) fn key(service: &ServiceKey, server: Endpoint) -> DestinationKey {
    let port = server.port.or(service.port()).unwrap_or(0);
    DestinationKey { address: server.address, port }
}

/// Returns a server of which nothing is said.
pub(super) fn default(key: DestinationKey) -> Destination {
    Destination::new(key, ForwardingMethod::Gateway)
}

/// Changes what `settings` names and leaves the rest of `server`.
pub(super) fn set(server: &mut Destination, settings: &ServerSettings) -> Result<(), Refusal> {
    server.forwarding = forwarding(server, settings)?;
    if let Some(weight) = settings.weight {
        server.weight = weight;
    }
    let now = server.thresholds;
    if settings.upper.is_some() || settings.lower.is_some() {
        server.thresholds = Thresholds::new(
            settings.upper.unwrap_or(now.upper()),
            settings.lower.unwrap_or(now.lower()),
        )?;
    }
    Ok(())
}

fn forwarding(
    server: &Destination,
    settings: &ServerSettings,
) -> Result<ForwardingMethod, Refusal> {
    let mode = settings.method.mode();
    let method = match (mode, server.tunnel()) {
        (None, None) => server.forwarding,
        (Some(Mode::Dr), _) => ForwardingMethod::Gateway,
        (Some(Mode::Nat), _) => ForwardingMethod::Masquerade,
        (Some(Mode::Tun), now) => {
            let now = now.unwrap_or(Tunnel::Ipip);
            return tunnel(now, &settings.tunnel).map(ForwardingMethod::Tunnel);
        }
        (None, Some(now)) => return tunnel(now, &settings.tunnel).map(ForwardingMethod::Tunnel),
    };
    if settings.tunnel.is_empty() { Ok(method) } else { Err(Refusal::NotTunnelled(server.key)) }
}

/// Returns the tunnel `now` with what `settings` names. One of another type keeps what both have,
/// which is the checksum of gue and gre.
fn tunnel(now: Tunnel, settings: &TunnelSettings) -> Result<Tunnel, Refusal> {
    if settings.is_empty() {
        return Ok(now);
    }
    let kind = match (settings.kind, now) {
        (Some(kind), _) => kind,
        (None, Tunnel::Ipip) => TunnelType::Ipip,
        (None, Tunnel::Gue { .. }) => TunnelType::Gue,
        (None, Tunnel::Gre { .. }) => TunnelType::Gre,
        (None, other) => return Err(Refusal::UnknownTunnel(other)),
    };
    let none = |tunnel, option| Err(Refusal::NoSuchTunnelOption { tunnel, option });
    match (kind, settings.port, settings.checksum()) {
        (TunnelType::Ipip, None, None) => Ok(Tunnel::Ipip),
        (TunnelType::Ipip, Some(_), _) => none("ipip", "port"),
        (TunnelType::Ipip, _, Some(_)) => none("ipip", "checksum"),
        (TunnelType::Gue, port, checksum) => {
            let (now_port, now_checksum) = match now {
                Tunnel::Gue { port, checksum } => (Some(port), checksum),
                Tunnel::Gre { checksum: true } => (None, GueChecksum::Outer),
                _ => (None, GueChecksum::None),
            };
            let port = port.or(now_port).ok_or(Refusal::GueWithoutPort)?;
            Ok(Tunnel::Gue { port, checksum: checksum.unwrap_or(now_checksum) })
        }
        (TunnelType::Gre, Some(_), _) => none("gre", "port"),
        (TunnelType::Gre, _, Some(GueChecksum::Remote)) => none("gre", "remote checksum"),
        (TunnelType::Gre, None, checksum) => {
            let now = match now {
                Tunnel::Gre { checksum } => checksum,
                Tunnel::Gue { checksum, .. } => checksum != GueChecksum::None,
                _ => false,
            };
            let checksum = checksum.map_or(now, |asked| asked == GueChecksum::Outer);
            Ok(Tunnel::Gre { checksum })
        }
    }
}
