// SPDX-License-Identifier: MIT OR Apache-2.0
//! What helps against a finding, and the one order in which it does no harm.
//!
//! Each remedy is safe by itself: what adds a VIP hides it first. The remedies of several
//! findings are safe together in the order of their phases. And each command is safe where
//! one before it failed, as whoever pastes them may not see that: the command that adds a VIP
//! begins with the settings that hide it, one that deletes a VIP looks first whether it is
//! where it belongs, and one that hides less whether what it would show is gone.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::finding::Finding;
use super::seen::Address;
use crate::facts::host_prefix;
use crate::shell;

/// The parts of all remedies together. Each comes when those before it are through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Devices and UDP ports. Alone they do nothing; settings and VIPs need their device. One
    /// that is in the way of another goes, with the VIPs on it.
    Devices,
    /// Settings that hide VIPs or let packets for them in, and proxies that end. A VIP that is
    /// there one moment without them is answered for, and caches keep such an answer.
    Settings,
    /// Devices that were down go up, with the settings that count then.
    Up,
    /// VIPs come to where they belong.
    Add,
    /// VIPs go from where they do not belong: they are served at the right place by then.
    Remove,
    /// Settings that hide more than is needed. Nothing is left by then that only they hide.
    Relax,
    /// What no VIP waits for: routes, the firewall, files, and what only words can tell.
    Rest,
    /// Neighbours are told where the VIP is, once this host is silent about it.
    Announce,
}

/// One step of a remedy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// A shell command.
    Run(String),
    /// Words, for what no command can know.
    Words(String),
}

impl Step {
    /// Returns the command or the words.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Run(text) | Self::Words(text) => text,
        }
    }
}

/// A step and its place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// When.
    pub phase: Phase,
    /// What.
    pub step: Step,
    /// It makes an IPv4 VIP local, which must be hidden first.
    pub shows: bool,
    /// The device that it changes as it is: without that there is nothing left to do.
    pub on: Option<String>,
    /// The device that it deletes.
    pub deletes: Option<String>,
}

impl Remedy {
    /// Returns a command for that phase.
    #[must_use]
    pub fn run(phase: Phase, command: impl Into<String>) -> Self {
        Self { phase, step: Step::Run(command.into()), shows: false, on: None, deletes: None }
    }

    /// Returns it as a change of that device.
    #[must_use]
    pub fn on(self, device: &str) -> Self {
        Self { on: Some(device.to_owned()), ..self }
    }

    /// Returns words for that phase.
    #[must_use]
    pub fn words(phase: Phase, words: impl Into<String>) -> Self {
        Self { phase, step: Step::Words(words.into()), shows: false, on: None, deletes: None }
    }
}

/// As one string: in JSON a finding's remedy is a list of texts.
impl Serialize for Remedy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.step.text())
    }
}

/// A step of the remedies of all findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ordered {
    /// When.
    pub phase: Phase,
    /// The shell command, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The words, if no command can know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The rules that it helps against.
    pub rules: Vec<&'static str>,
}

impl Ordered {
    /// Returns the command or the words.
    #[must_use]
    pub fn text(&self) -> &str {
        self.command.as_deref().or(self.words.as_deref()).unwrap_or_default()
    }
}

/// Gives each command that makes an IPv4 VIP local the settings that hide it, what else that
/// takes to its finding, and puts the steps of each finding in order.
pub(super) fn complete(findings: &mut [Finding], hiding: impl FnOnce() -> Vec<Remedy>) {
    let shows = |finding: &Finding| finding.remedy.iter().any(|remedy| remedy.shows);
    let hiding = if findings.iter().any(shows) { hiding() } else { Vec::new() };
    let (settings, others): (Vec<Remedy>, Vec<Remedy>) = hiding
        .into_iter()
        .partition(|it| it.phase == Phase::Settings && matches!(it.step, Step::Run(_)));
    let mut guards: Vec<&str> = Vec::new();
    for setting in &settings {
        if !guards.contains(&setting.step.text()) {
            guards.push(setting.step.text());
        }
    }
    for finding in findings {
        if shows(finding) {
            finding.remedy.splice(0..0, others.iter().cloned());
        }
        for remedy in &mut finding.remedy {
            if let (true, Step::Run(command)) = (remedy.shows, &mut remedy.step) {
                *command = after(&guards, command);
            }
        }
        finding.remedy.sort_by_key(|remedy| remedy.phase);
        // One finding may ask for a step twice, as for a device that several VIPs are to be on.
        let mut told: Vec<Step> = Vec::new();
        finding.remedy.retain(|remedy| {
            let is_new = !told.contains(&remedy.step);
            if is_new {
                told.push(remedy.step.clone());
            }
            is_new
        });
    }
}

/// Returns the command as one that is not run unless those before it succeed.
fn after(guards: &[&str], command: &str) -> String {
    guards.iter().chain([&command]).copied().collect::<Vec<_>>().join(" && ")
}

/// Returns the command as one that is run only if that single address is on the device.
pub(super) fn once_there(ip: IpAddr, device: &str, command: &str) -> String {
    let (device, prefix) = (shell::word(device), host_prefix(ip));
    format!("ip addr show dev {device} | grep -qF ' {ip}/{prefix} ' && {command}")
}

/// Returns the command as one that is run only if those addresses are on their devices no more.
pub(super) fn once_gone<'a>(
    places: impl IntoIterator<Item = &'a Address>,
    command: &str,
) -> String {
    let mut by_device: BTreeMap<&str, String> = BTreeMap::new();
    for have in places {
        *by_device.entry(&have.device).or_default() += &format!(" -e ' {}/'", have.ip);
    }
    let guard = |(device, ips): (&str, String)| {
        format!("! ip addr show dev {} | grep -qF{ips} && ", shell::word(device))
    };
    by_device.into_iter().map(guard).collect::<String>() + command
}

/// Returns the steps of all findings in the order in which to run them, each once.
#[must_use]
pub fn in_order(findings: &[Finding]) -> Vec<Ordered> {
    let mut places: HashMap<(Phase, &Step), usize> = HashMap::new();
    let mut steps: Vec<Ordered> = Vec::new();
    let all = || findings.iter().flat_map(|finding| &finding.remedy);
    let gone: Vec<&String> = all().filter_map(|remedy| remedy.deletes.as_ref()).collect();
    let is_left = |remedy: &&Remedy| remedy.on.as_ref().is_none_or(|on| !gone.contains(&on));
    for finding in findings {
        for Remedy { phase, step, .. } in finding.remedy.iter().filter(is_left) {
            let place = *places.entry((*phase, step)).or_insert(steps.len());
            if place == steps.len() {
                let (command, words) = match step {
                    Step::Run(text) => (Some(text.clone()), None),
                    Step::Words(text) => (None, Some(text.clone())),
                };
                steps.push(Ordered { phase: *phase, command, words, rules: Vec::new() });
            }
            if let Some(step) = steps.get_mut(place)
                && !step.rules.contains(&finding.rule)
            {
                step.rules.push(finding.rule);
            }
        }
    }
    // Stable: in a phase the worst finding comes first.
    steps.sort_by_key(|step| step.phase);
    steps
}
