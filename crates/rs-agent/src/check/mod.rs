// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges whether this host is a sound real server. Rules over facts, without any traffic.
//!
//! [`subject`] is what the host should be, [`observe`] collects what it is ([`seen`]),
//! and each rule is a pure function from the two to findings. [`catalogue`] lists the
//! rules; docs/checks.md is made from it and held to it by a test.

pub mod catalogue;
pub mod hops;
pub mod indexed;
pub mod observe;
pub mod replies;
pub mod report;
pub mod seen;
pub mod subject;

mod arp;
mod arp_model;
mod director;
mod doubt;
mod firewall;
mod gateway;
mod guards;
mod hiding;
mod incoming;
mod inward;
mod ipv6;
mod managers;
mod persistence;
mod receiver;
mod rip;
mod rpf;
mod service;
mod steps;
mod tunnel;
mod vip;

#[cfg(test)]
mod tests;

use lvs_check::Finding;

use seen::Seen;
use subject::Subject;

/// Returns every finding about the host, worst first, in the order of the catalogue.
#[must_use]
pub fn findings(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let groups = [
        arp::check,
        vip::check,
        ipv6::check,
        rip::check,
        rpf::check,
        tunnel::check,
        service::check,
        director::check,
        firewall::check,
        gateway::check,
        managers::check,
        persistence::check,
    ];
    let apart = seen.apart(subject.also_director, &subject.vips);
    let seen = apart.as_ref().filter(|_| subject.holds_vips()).unwrap_or(seen);
    let mut findings: Vec<Finding> =
        groups.into_iter().flat_map(|check| check(subject, seen)).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    lvs_check::complete(&mut findings, || hiding::hiding(subject, seen));
    findings
}
