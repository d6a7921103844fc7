// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says why the cluster's file does not make a real server of this host.

use std::net::IpAddr;

use lvs_term::few;

use crate::facts::Family;
use crate::mode::Mode;

/// Says why what a file of a cluster says of a host cannot be set up, or not as the options have
/// it. `Display` is the "why"; [`Unfit::hint`] the way out. The text of each variant is its
/// documentation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    #[error("none of this host's addresses is a server's in {file}: {}", listed(.own))]
    NoServer { file: String, own: Vec<IpAddr> },
    #[error("--rip {rip} is no server's in {file}")]
    NotThisRip { file: String, rip: IpAddr },
    #[error("{option} is not what {file} says: {says}")]
    Contradicts { option: String, file: String, says: String },
    #[error("{file} has this host in mode {one}, and in mode {other} for {vip}")]
    TwoModes { file: String, one: Mode, other: Mode, vip: IpAddr },
    #[error("{file} has two encapsulations for this host: {one} and {other}")]
    TwoEncapsulations { file: String, one: String, other: String },
    #[error("{file} has an encapsulation that rs-agent does not know, to {rip}")]
    UnknownEncapsulation { file: String, rip: IpAddr },
    #[error("{file} has two RIPs of one address family for this host: {one} and {other}")]
    TwoRips { file: String, one: IpAddr, other: IpAddr },
    #[error(
        "{file} sends {vip} to {rip}: a host with a RIP of each address family takes each VIP at \
         that of its own"
    )]
    Crossed { file: String, vip: IpAddr, rip: IpAddr },
    #[error("{file} does not say which VIPs fwmark/{mark} stands for")]
    NoVipOfMark { file: String, mark: u32 },
    #[error("{file} names no {family} address of another host as the director's")]
    NoGateway { file: String, family: Family },
    #[error("{file} names several {family} addresses of directors: {}", few(.directors, 3))]
    ManyGateways { file: String, family: Family, directors: Vec<IpAddr> },
}

/// The addresses of a host; of one that is starting, none.
fn listed(own: &[IpAddr]) -> String {
    if own.is_empty() { "it has none".to_owned() } else { few(own, 8) }
}

impl Unfit {
    /// Returns whether it may pass without anybody changing anything: a host that is starting has
    /// no address yet.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::NoServer { .. })
    }

    /// Returns what the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoServer { .. } => {
                "name with --rip the address by which the file knows this host, or write one of \
                 these into the file"
                    .to_owned()
            }
            Self::NotThisRip { .. } => {
                "name an address that stands at a server in the file, or write this one into it"
                    .to_owned()
            }
            Self::Contradicts { option, .. } => {
                let option = option.split(' ').next().unwrap_or(option);
                format!("leave {option} out, or correct the file")
            }
            Self::TwoModes { one, other, .. } => {
                format!("a host is set up in one of them: --mode {one} or --mode {other}")
            }
            Self::TwoEncapsulations { .. } => {
                "a host is set up for one: write the same `tunnel` for all of its services, or \
                 choose among them with --vip"
                    .to_owned()
            }
            Self::UnknownEncapsulation { .. } => {
                "a newer rs-agent may know it; until then, set the tunnel up by hand".to_owned()
            }
            Self::TwoRips { one, .. } => {
                format!("what comes to one of them is set up if it is named: --rip {one}")
            }
            Self::Crossed { rip, .. } => {
                format!("what comes to one of them is set up if it is named: --rip {rip}")
            }
            Self::NoVipOfMark { mark, .. } => {
                format!("write `vips: [VIP]` beside `service: fwmark/{mark}`")
            }
            Self::NoGateway { .. } => {
                "write `addresses: [DIP]` below `director`; or give --gateway DIP to set the \
                 default route, --director DIP to check it only"
                    .to_owned()
            }
            Self::ManyGateways { directors, .. } => {
                let one = directors.first().map(ToString::to_string).unwrap_or_default();
                format!("--gateway {one} sets the default route; --director {one} only checks it")
            }
        }
    }
}
