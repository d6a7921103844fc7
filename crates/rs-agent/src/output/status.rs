// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shows what `status` tells.

use std::net::IpAddr;

use lvs_host::SysctlKey;
use lvs_term::{Label, exit, printable};
use serde::Serialize;

use crate::drift::Difference;
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
    /// The same, and what each means for clients and what the remedy is.
    pub differences: Vec<Difference>,
    /// What is odd about the journal itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The exit status tells of it, too.
    #[serde(skip)]
    pub exit_code: bool,
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

impl Owner {
    /// Returns it as JSON has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::FoundBefore => "found-before",
            Self::Foreign => "foreign",
            Self::Nobody => "nobody",
        }
    }
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
        let alike = |one: &Difference, next: &Difference| {
            (one.means, &one.remedy) == (next.means, &next.remedy)
        };
        for same in self.differences.chunk_by(alike) {
            lines.extend(same.iter().map(|it| format!("drift: {}", it.what)));
            if let Some(Difference { means, remedy, .. }) = same.last() {
                lines.push(format!("  means:  {means}"));
                lines.push(format!("  remedy: {remedy}"));
            }
        }
        lines
    }

    /// Returns 0 unless it was asked for: then 5 where nothing is set up, 4 where something is
    /// missing or wrong, 3 where somebody else has changed something that is enough.
    pub(super) fn exit_status(&self) -> u8 {
        match self.differences.iter().map(|it| it.harmful).max() {
            _ if !self.exit_code => exit::DONE,
            _ if self.mode.is_none() => 5,
            Some(true) => 4,
            Some(false) => 3,
            None => exit::DONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_status_tells_what_was_asked_for() {
        let difference = |harmful| Difference {
            what: "it".to_owned(),
            harmful,
            means: "that",
            remedy: "this".to_owned(),
        };
        for (mode, harmful, status) in [
            (None, &[][..], 5),
            (Some(Mode::Dr), &[], 0),
            (Some(Mode::Dr), &[false], 3),
            (Some(Mode::Dr), &[true], 4),
            (Some(Mode::Dr), &[false, true, false], 4),
        ] {
            let differences = harmful.iter().copied().map(difference).collect();
            let since = Some("now".to_owned());
            let mut report = StatusReport { mode, since, differences, ..StatusReport::default() };
            assert_eq!(report.exit_status(), 0, "{mode:?} {harmful:?}");
            report.exit_code = true;
            assert_eq!(report.exit_status(), status, "{mode:?} {harmful:?}");
        }
    }

    /// Thousands may be missing for one reason.
    #[test]
    fn what_means_the_same_is_said_once() {
        let difference = |what: &str, means| Difference {
            what: what.to_owned(),
            harmful: true,
            means,
            remedy: "this".to_owned(),
        };
        let report = StatusReport {
            mode: Some(Mode::Dr),
            since: Some("now".to_owned()),
            differences: vec![difference("a", "x"), difference("b", "x"), difference("c", "y")],
            ..StatusReport::default()
        };
        let text = report.text();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let expected = [
            "drift: a",
            "drift: b",
            "  means:  x",
            "  remedy: this",
            "drift: c",
            "  means:  y",
            "  remedy: this",
        ];
        assert_eq!(lines, expected);
    }
}
