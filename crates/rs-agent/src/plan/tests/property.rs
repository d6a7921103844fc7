// SPDX-License-Identifier: MIT OR Apache-2.0
//! What holds of every host, every wish and every interruption.

use std::collections::HashSet;
use std::net::IpAddr;

use proptest::prelude::*;

use super::{address, be, conf, host, ip, link, perform, request, route, set};
use crate::facts::Facts;
use crate::mode::Mode;
use crate::plan::{Change, Effect, setup, teardown};
use crate::request::{Request, Scope, TunnelType, Typed, texts};
use crate::tunnel::{Tunnel, TunnelKind};
use crate::wanted::Wanted;

fn any_host() -> impl Strategy<Value = Facts> {
    let levels = proptest::collection::vec(0..4, 6);
    (levels, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(level, vip, device, v6)| {
        let mut facts = host();
        facts.ports = Some(Vec::new());
        let names = ["arp_ignore", "arp_announce", "rp_filter"];
        for (value, at) in level.into_iter().zip(0..) {
            let device = ["all", "eth0"][at / 3];
            set(&mut facts, device, names[at % 3], value);
        }
        if vip {
            facts.addresses.push(address("lo", "192.0.2.10", 32, "host"));
        }
        if device {
            let kind = TunnelKind::Ipip;
            let (name, local) = ("rs-ipip".into(), Some(ip("10.0.0.11")));
            let tunnel =
                Tunnel { name, kind, local, remote: None, checksum: false, fallback: false };
            let mut there = link("rs-ipip", false);
            there.up = false;
            be(&mut there, &tunnel);
            facts.links.push(there);
            conf(&mut facts, "rs-ipip");
        }
        if v6 {
            facts.default_routes.push(route("2001:db8:1::1", 1024));
        }
        facts
    })
}

fn any_wanted() -> impl Strategy<Value = Request> {
    let vips =
        proptest::sample::subsequence(vec!["192.0.2.10", "192.0.2.11", "2001:db8::10"], 1..=3);
    let rips = proptest::sample::subsequence(vec!["10.0.0.11", "2001:db8:1::11"], 1..=2);
    let mode = prop_oneof![Just(Mode::Dr), Just(Mode::Tun), Just(Mode::Nat)];
    let tunnel = prop_oneof![Just(TunnelType::Ipip), Just(TunnelType::Gre), Just(TunnelType::Gue)];
    let scope = prop_oneof![Just(Scope::Host), Just(Scope::Global), Just(Scope::Link)];
    (vips, mode, rips, tunnel, scope, any::<bool>()).prop_map(
        |(vips, mode, rips, tunnel, scope, flag)| {
            let typed = Typed { rips: texts(&rips), scope: Some(scope), ..Typed::default() };
            match mode {
                Mode::Nat => {
                    let gateways = texts(&["10.0.0.1", "2001:db8:1::2"][..=usize::from(flag)]);
                    request(mode, &[], Typed { gateways, ..Typed::default() })
                }
                Mode::Dr if flag => {
                    let carrier = Some("vips.0");
                    request(mode, &vips, Typed { carrier, create_carrier: true, ..typed })
                }
                Mode::Dr => request(mode, &vips, typed),
                Mode::Tun => {
                    let checksum = flag && tunnel == TunnelType::Gre;
                    let tunnel_port = (tunnel == TunnelType::Gue).then_some(6080);
                    let tunnel = Some(tunnel);
                    request(mode, &vips, Typed { tunnel, checksum, tunnel_port, ..typed })
                }
            }
        },
    )
}

proptest! {
    /// From any host, stopped after any number of steps of setup and then of teardown:
    /// setup again completes; teardown gives the original facts exactly.
    #[test]
    fn every_interruption_is_recovered(
        facts in any_host(), request in any_wanted(), stop in 0usize..12, stop_again in 0usize..12,
    ) {
        let wanted = Wanted::resolve(&request, None, &facts).unwrap();
        let steps = setup::steps(&wanted, &facts);
        let changes: Vec<Change> = steps.iter().map(|step| step.action.change.clone()).collect();
        let vips: HashSet<IpAddr> = wanted.vips.iter().copied().collect();
        let found: Vec<IpAddr> = facts.hidden_addresses(&vips).map(|have| have.ip).collect();
        let mut now = facts.clone();
        steps.iter().take(stop).for_each(|step| perform(&mut now, &step.action));

        let mut completed = now.clone();
        setup::steps(&wanted, &now).iter().for_each(|step| perform(&mut completed, &step.action));
        prop_assert!(setup::steps(&wanted, &completed).is_empty());
        prop_assert!(changes.iter().all(|change| change.effect(&completed) == Effect::There));

        for mut state in [now, completed] {
            let down = teardown::plan(&changes, None, &found, &state);
            down.steps.iter().take(stop_again).for_each(|step| perform(&mut state, &step.action));
            let rest = teardown::plan(&changes, None, &found, &state);
            rest.steps.iter().for_each(|step| perform(&mut state, &step.action));
            prop_assert_eq!(&state, &facts);
        }
    }

    /// At no moment of setup or teardown is an IPv4 VIP of ours there without the settings
    /// that hide it.
    #[test]
    fn no_vip_is_ever_exposed(facts in any_host(), request in any_wanted()) {
        let wanted = Wanted::resolve(&request, None, &facts).unwrap();
        let (mut now, mut exposed) = (facts.clone(), false);
        let mut look = |now: &Facts| {
            let vip = now.addresses.iter().filter(|have| have.ip.is_ipv4());
            let mut new = vip.filter(|have| wanted.vips.contains(&have.ip) && !facts.addresses.contains(have));
            let hidden = now.effective("arp_ignore", "eth0") >= 1 && now.effective("arp_announce", "eth0") >= 2;
            exposed |= new.next().is_some() && !hidden;
        };
        let steps = setup::steps(&wanted, &facts);
        for step in &steps {
            perform(&mut now, &step.action);
            look(&now);
        }
        let changes: Vec<Change> = steps.into_iter().map(|step| step.action.change).collect();
        for step in teardown::plan(&changes, None, &[], &now).steps {
            perform(&mut now, &step.action);
            look(&now);
        }
        prop_assert!(!exposed);
    }

    /// Taking an action back right after it leaves the facts as they were.
    #[test]
    fn an_inverse_cancels(facts in any_host(), request in any_wanted()) {
        let wanted = Wanted::resolve(&request, None, &facts).unwrap();
        let mut now = facts;
        for step in setup::steps(&wanted, &now) {
            let before = now.clone();
            perform(&mut now, &step.action);
            let after = now.clone();
            prop_assert_ne!(&before, &after);
            let goes_with_device = matches!(step.action.change, Change::Sysctl { from: None, .. });
            if !goes_with_device {
                perform(&mut now, &step.action.inverse());
                prop_assert_eq!(&now, &before);
            }
            now = after;
        }
    }
}
