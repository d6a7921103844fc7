// SPDX-License-Identifier: MIT OR Apache-2.0

//! Who answers for an address? A probe that fails is a failure of the test.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use lvs_check::probe::{self, ArpSender, Asker, Mac, Silence};
use nix::ifaddrs::getifaddrs;

use crate::exchange::PATIENCE;
use crate::{Family, Host, Network};

/// How long to wait for answers where a device of the host asked keeps questions in a queue
/// of its own (a macvlan does), so that no other answer says that they were dealt with.
const WINDOW: Duration = Duration::from_millis(300);

impl Network {
    /// The MAC addresses that answer when the client asks its neighbours who has `target`: in
    /// IPv4 by ARP as `sender`, in IPv6 by a neighbour solicitation from the client's address.
    ///
    /// `awaited` are addresses of all who might answer, and surely answer for these: they are
    /// asked last, and who has answered then has dealt with the question before.
    pub fn who_has(&self, target: IpAddr, sender: ArpSender, awaited: &[IpAddr]) -> BTreeSet<Mac> {
        let IpAddr::V6(ipv6) = self.addresses(Family::Ipv6).cip else {
            panic!("an IPv4 address among those of IPv6")
        };
        let asker = Asker { arp: sender, ipv6 };
        let silence = Silence::Proved { awaited, within: PATIENCE };
        let told = self.client.enter(|| probe::who_has("eth0", target, asker, silence));
        told.unwrap_or_else(|error| panic!("{error}: {error:#?}"))
    }

    /// The MAC addresses of all hosts on the client's network that answer for `target`, asked
    /// in all ways; in [`direct_routing`](Self::direct_routing), where all are neighbours.
    pub fn who_answers(&self, target: IpAddr) -> BTreeSet<Mac> {
        let family = if target.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
        let addresses = self.addresses(family);
        let awaited: Vec<_> = addresses.rips.iter().copied().chain([addresses.dip]).collect();
        let mut macs = self.who_has(target, ArpSender::Nobody, &awaited);
        if let IpAddr::V4(cip) = addresses.cip {
            macs.extend(self.who_has(target, ArpSender::Address(cip), &awaited));
        }
        macs
    }
}

/// The MAC addresses that answer within a moment when `host` asks on `interface` who has
/// `target`: for devices that [`Network::who_has`] cannot judge.
pub fn arp_probe(
    host: &Host,
    interface: &str,
    target: Ipv4Addr,
    sender: Ipv4Addr,
) -> BTreeSet<Mac> {
    let asker = Asker { arp: ArpSender::Address(sender), ipv6: Ipv6Addr::UNSPECIFIED };
    let silence = Silence::Assumed(WINDOW);
    let told = host.enter(|| probe::who_has(interface, target.into(), asker, silence));
    told.unwrap_or_else(|error| panic!("{error}: {error:#?}"))
}

impl Host {
    /// The MAC addresses of its interfaces.
    pub fn macs(&self) -> Vec<Mac> {
        self.enter(|| {
            getifaddrs()
                .expect("interfaces")
                .filter_map(|interface| interface.address?.as_link_addr()?.addr())
                .map(Mac)
                .filter(|mac| *mac != Mac([0; 6]))
                .collect()
        })
    }
}
