// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent status`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use crate::cli::{STATE_DIR, StatusArgs};
use crate::drift::differences;
use crate::error::Error;
use crate::facts::{Facts, Family};
use crate::journal::{Found, Journal, Store, without_journal};
use crate::mode::Mode;
use crate::observe::{Questions, connect, observe};
use crate::output::{
    CarrierStatus, DeviceStatus, GatewayStatus, Owner, PortStatus, StatusReport, SysctlStatus,
    VipStatus,
};
use crate::plan::{Change, Effect, Target};

pub(super) fn run(args: &StatusArgs, state_dir: &Path) -> Result<StatusReport, Error> {
    args.form.checked()?;
    let exit_code = args.exit_code;
    let Found { journal, notice } = Store::to_show(state_dir)?.load()?;
    let mut notes: Vec<String> = notice.into_iter().collect();
    let Some(journal) = journal else {
        notes.extend(without_journal());
        let state = "not set up";
        return Ok(StatusReport { state, notes, exit_code, ..StatusReport::default() });
    };
    let facts = observe(&connect()?, &Questions::about(&journal.wanted))?;
    let wanted = &journal.wanted;
    let elsewhere = Some(state_dir).filter(|folder| *folder != Path::new(STATE_DIR));
    let differences = differences(&journal, &facts, elsewhere);
    Ok(StatusReport {
        state: "set up",
        mode: Some(wanted.mode),
        since: Some(journal.since.clone()),
        vips: vips(&journal, &facts),
        sysctls: sysctls(&journal, &facts),
        devices: devices(&journal, &facts),
        carrier: carrier(&journal, &facts),
        ports: ports(&journal, &facts),
        gateways: gateways(&journal, &facts),
        directors: wanted.directors.clone(),
        drift: differences.iter().map(|it| it.what.clone()).collect(),
        differences,
        notes,
        exit_code,
    })
}

/// Whose something is: of a change that setup made, or found no need to make.
fn owner(journal: &Journal, facts: &Facts, there: bool, about: impl Fn(&Change) -> bool) -> Owner {
    owner_by(journal.changes.iter().find(|change| about(change)), facts, there)
}

fn owner_by(change: Option<&Change>, facts: &Facts, there: bool) -> Owner {
    match change {
        _ if !there => Owner::Nobody,
        Some(change) if change.effect(facts) == Effect::There => Owner::Ours,
        Some(_) => Owner::Foreign,
        None => Owner::FoundBefore,
    }
}

fn vips(journal: &Journal, facts: &Facts) -> Vec<VipStatus> {
    let wanted = &journal.wanted;
    if wanted.mode == Mode::Nat {
        return Vec::new();
    }
    let owned = journal.owned(facts);
    let changes = journal.changes.iter().map(|change| (change.target(), change));
    let changes: HashMap<Target<'_>, &Change> = changes.collect();
    let status = |&vip| {
        let planned = wanted.device_for(vip);
        let found = facts.vip_on(vip, planned).or_else(|| facts.addresses.of(vip).first());
        let device = found.map_or(planned, |have| &have.device).to_owned();
        VipStatus {
            vip,
            scope: found.map(|have| have.scope.clone()),
            local: found.is_some(),
            ours: owned.contains(&(vip, device.as_str())),
            owner: {
                let change = changes.get(&Target::Address(vip, device.as_str().into()));
                owner_by(change.copied(), facts, found.is_some())
            },
            device,
        }
    };
    wanted.vips.iter().map(status).collect()
}

fn sysctls(journal: &Journal, facts: &Facts) -> Vec<SysctlStatus> {
    let changed = journal.changes.iter().filter_map(|change| match change {
        Change::Sysctl { key, from, to } => Some(SysctlStatus {
            key: key.clone(),
            current: facts.sysctl(key),
            ours: *to,
            previous: *from,
            owner: match facts.sysctl(key) {
                None => Owner::Nobody,
                Some(value) if value == *to => Owner::Ours,
                value if value == *from => Owner::FoundBefore,
                Some(_) => Owner::Foreign,
            },
        }),
        _ => None,
    });
    changed.collect()
}

fn devices(journal: &Journal, facts: &Facts) -> Vec<DeviceStatus> {
    let status = |tunnel: &crate::facts::Tunnel| {
        let link = facts.link(&tunnel.name);
        let made = Change::Tunnel(tunnel.clone());
        DeviceStatus {
            tunnel: tunnel.clone(),
            present: made.effect(facts) == Effect::There || (tunnel.fallback && link.is_some()),
            up: link.is_some_and(|link| link.up),
            ours: journal.changes.contains(&made),
            owner: owner(journal, facts, link.is_some(), |change| made.same_target(change)),
        }
    };
    journal.wanted.tunnels.iter().map(status).collect()
}

fn carrier(journal: &Journal, facts: &Facts) -> Option<CarrierStatus> {
    let wanted = &journal.wanted;
    if !wanted.create_carrier || wanted.mode != Mode::Dr {
        return None;
    }
    let name = wanted.carrier.clone();
    let link = facts.link(&name);
    let made = Change::Dummy { device: name.clone() };
    Some(CarrierStatus {
        present: link.is_some(),
        up: link.is_some_and(|link| link.up),
        owner: owner(journal, facts, link.is_some(), |change| made.same_target(change)),
        name,
    })
}

fn ports(journal: &Journal, facts: &Facts) -> Vec<PortStatus> {
    let status = |at| {
        let present = facts.port(at).is_some();
        let made = Change::Gue(at);
        let owner = owner(journal, facts, present, |change| made.same_target(change));
        PortStatus { at, present, owner }
    };
    journal.wanted.listeners().into_iter().map(status).collect()
}

fn gateways(journal: &Journal, facts: &Facts) -> Vec<GatewayStatus> {
    let status = |&gateway: &IpAddr| {
        let route = facts.default_route(Family::of(gateway));
        let there = route.is_some_and(|route| route.gateways == [gateway]);
        let about = |change: &Change| matches!(change, Change::DefaultRoute { gateway: to, .. } if *to == gateway);
        GatewayStatus { gateway, owner: owner(journal, facts, there, about) }
    };
    journal.wanted.gateways.iter().map(status).collect()
}
