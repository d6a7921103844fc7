// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shows what `status` tells.

use std::net::IpAddr;

use lvs_host::SysctlKey;
use lvs_term::{Label, printable};
use serde::Serialize;

use crate::mode::Mode;
use crate::tunnel::{Listener, Tunnel};

/// Holds what `status` shows.
#[derive(Debug, Default, Serialize)]
pub struct StatusReport {
    /// `set up` or `not set up`.
    pub state: &'static str,
    /// Forwarding method.
    pub mode: Option<Mode>,
    /// When it was first set up, RFC 3339, UTC.
    pub since: Option<String>,
    /// The VIPs; empty in mode nat.
    pub vips: Vec<VipStatus>,
    /// Settings that setup changed.
    pub sysctls: Vec<SysctlStatus>,
    /// Tunnel devices.
    pub devices: Vec<DeviceStatus>,
    /// The dummy device that `--create-carrier` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<CarrierStatus>,
    /// The UDP ports of GUE, one for each family it comes in.
    pub ports: Vec<PortStatus>,
    /// mode nat: the default routes that setup was asked to make.
    pub gateways: Vec<GatewayStatus>,
    /// Known directors.
    pub directors: Vec<IpAddr>,
    /// What is not as setup left it; empty if all is well.
    pub drift: Vec<String>,
    /// What is odd about the journal itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Says by whom something is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// Setup made it, and teardown takes it back.
    Ours,
    /// It was so before setup, or is so again.
    FoundBefore,
    /// Somebody else has made it so since; teardown leaves it.
    Foreign,
    /// It is not there.
    Nobody,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ours => "ours",
            Self::FoundBefore => "found before",
            Self::Foreign => "foreign",
            Self::Nobody => "nobody's",
        })
    }
}

/// Describes a VIP.
#[derive(Debug, Serialize)]
pub struct VipStatus {
    /// The address.
    pub vip: IpAddr,
    /// The device it is on, or should be on.
    pub device: String,
    /// Its scope; absent if it is not there.
    pub scope: Option<String>,
    /// It is there.
    pub local: bool,
    /// Setup added it, so teardown removes it.
    pub ours: bool,
    /// Who added it.
    pub owner: Owner,
}

/// Describes a setting.
#[derive(Debug, Serialize)]
pub struct SysctlStatus {
    /// Its name, as `sysctl(8)` takes it.
    pub key: SysctlKey,
    /// Its value now; absent if it is not there.
    pub current: Option<i32>,
    /// What setup wrote.
    pub ours: i32,
    /// Its value before; absent for a device that setup made.
    pub previous: Option<i32>,
    /// Who set its present value.
    pub owner: Owner,
}

/// Describes a tunnel device.
#[derive(Debug, Serialize)]
pub struct DeviceStatus {
    /// Its name, kind and ends as wanted.
    #[serde(flatten)]
    pub tunnel: Tunnel,
    /// It is there, with that kind and these ends.
    pub present: bool,
    /// It is up.
    pub up: bool,
    /// Setup made it, so teardown deletes it.
    pub ours: bool,
    /// Who made it.
    pub owner: Owner,
}

/// Describes a dummy device for the VIPs.
#[derive(Debug, Serialize)]
pub struct CarrierStatus {
    /// Its name.
    pub name: String,
    /// A device of that name is there.
    pub present: bool,
    /// It is up.
    pub up: bool,
    /// Who made it.
    pub owner: Owner,
}

/// Describes a UDP port that takes packets out of GUE.
#[derive(Debug, Serialize)]
pub struct PortStatus {
    /// Port and family.
    #[serde(flatten)]
    pub at: Listener,
    /// It is there.
    pub present: bool,
    /// Who made it.
    pub owner: Owner,
}

/// Describes a default route.
#[derive(Debug, Serialize)]
pub struct GatewayStatus {
    /// The director it leads to.
    pub gateway: IpAddr,
    /// Who made it.
    pub owner: Owner,
}

impl StatusReport {
    pub(super) fn remarks(&self) -> String {
        self.notes.iter().map(|note| Label::Note.line(note)).collect()
    }

    /// Returns the report as text. Names of interfaces may hold line ends and worse: each line is
    /// made printable whole.
    pub(super) fn text(&self) -> String {
        self.lines().iter().map(|line| printable(line) + "\n").collect()
    }

    fn lines(&self) -> Vec<String> {
        let (Some(mode), Some(since)) = (self.mode, &self.since) else {
            return vec![self.state.to_owned()];
        };
        let mut lines = vec![format!("mode {mode}, set up since {since}")];
        for vip in &self.vips {
            lines.push(match &vip.scope {
                Some(scope) => {
                    let (device, owner) = (&vip.device, vip.owner);
                    format!("vip {} on {device}, scope {scope}, {owner}", vip.vip)
                }
                None => format!("vip {} missing on {}", vip.vip, vip.device),
            });
        }
        let state = |present, up| match (present, up) {
            (true, true) => "up",
            (true, false) => "down",
            (false, _) => "missing",
        };
        if let Some(CarrierStatus { name, present, up, owner }) = &self.carrier {
            lines.push(match owner {
                Owner::Nobody => format!("device {name} dummy, missing"),
                owner => format!("device {name} dummy, {}, {owner}", state(*present, *up)),
            });
        }
        for PortStatus { at, owner, .. } in &self.ports {
            lines.push(match owner {
                Owner::Nobody => format!("GUE on {at}, missing"),
                owner => format!("GUE on {at}, {owner}"),
            });
        }
        for device in &self.devices {
            let state = state(device.present, device.up);
            let (tunnel, owner) = (&device.tunnel, device.owner);
            lines.push(match owner {
                Owner::Nobody => format!("device {} {tunnel}, missing", tunnel.name),
                owner => format!("device {} {tunnel}, {state}, {owner}", tunnel.name),
            });
        }
        for sysctl in &self.sysctls {
            let number = |value: Option<i32>| value.map_or("none".to_owned(), |v| v.to_string());
            let (current, previous) = (number(sysctl.current), number(sysctl.previous));
            let (key, ours, owner) = (&sysctl.key, sysctl.ours, sysctl.owner);
            lines.push(format!(
                "sysctl {key} = {current}, {owner} (ours {ours}, before {previous})"
            ));
        }
        for GatewayStatus { gateway, owner } in &self.gateways {
            lines.push(format!("default route via {gateway}, {owner}"));
        }
        for director in &self.directors {
            lines.push(format!("director {director}"));
        }
        for drift in &self.drift {
            lines.push(format!("drift: {drift}"));
        }
        lines
    }
}
