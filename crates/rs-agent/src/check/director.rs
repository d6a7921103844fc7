// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges a host that is director and real server at once: what holds in either role.

use std::net::{IpAddr, SocketAddr};

use lvs_check::{Finding, Severity};

use super::catalogue;
use super::seen::Seen;
use super::steps::to_carrier;
use super::subject::{Subject, some};

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    for &vip in subject.vips.iter().filter(|_| subject.holds_vips()) {
        if seen.is_directing(vip) {
            findings.extend(unprepared(vip, subject, seen));
        } else {
            findings.extend(again(vip, seen));
        }
    }
    findings
}

/// The VIP is here only for as long as this host is the active director.
fn unprepared(vip: IpAddr, subject: &Subject, seen: &Seen) -> Option<Finding> {
    if seen.places(vip).next().is_some() {
        return None;
    }
    let have = seen.directed.of(vip).next()?;
    let message = format!(
        "{vip} is only on {}, as the director's address: this host stops serving it when another \
         becomes director",
        have.device
    );
    let finding =
        Finding::new(&catalogue::RS_DIR_01, Severity::Warning, message).read([have.text()]);
    Some(to_carrier(finding, vip, subject, seen))
}

/// What another director sends here for the VIP, this host's own IPVS takes and hands on.
fn again(vip: IpAddr, seen: &Seen) -> Option<Finding> {
    if seen.backup_only || !seen.is_local(vip) {
        return None;
    }
    let is_elsewhere = |server: &&SocketAddr| {
        seen.places(server.ip()).next().is_none() && !seen.is_local(server.ip())
    };
    let (at, others) = seen.ipvs.of(vip).find_map(|service| {
        let others: Vec<IpAddr> =
            service.unchanged.iter().filter(is_elsewhere).map(SocketAddr::ip).collect();
        service.at().filter(|_| !others.is_empty()).map(|at| (at, others))
    })?;
    let message = format!(
        "IPVS on this host hands on what another director sends it for {at}, to {}: if that is \
         the other director, packets go round between the two",
        some(&others)
    );
    let finding = Finding::new(&catalogue::RS_DIR_02, Severity::Warning, message)
        .read([format!("/proc/net/ip_vs: {at}"), "net/ipv4/vs/backup_only = 0".to_owned()]);
    Some(
        finding
            .words(
                "sysctl -w net.ipv4.vs.backup_only=1, with the sync daemon in state backup while \
                 this host is not the director",
            )
            .words("or give IPVS this service only while the VIP is on an interface here"),
    )
}
