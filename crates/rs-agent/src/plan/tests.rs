// SPDX-License-Identifier: MIT OR Apache-2.0
//! Facts and wishes in, decisions out.

use std::net::IpAddr;

use proptest::prelude::*;

use super::change::{Action, Change, Effect, Step};
use super::{refuse, setup, teardown};
use crate::facts::{
    Address, DefaultRoute, Facts, Hop, Link, SavedRoute, Tunnel, TunnelKind, host_prefix,
};
use crate::mode::Mode;
use crate::refusal::Refusal;
use crate::request::{Request, Typed};
use crate::sysctl_key::SysctlKey;
use crate::wanted::Wanted;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn link(name: &str, arp: bool) -> Link {
    Link { name: name.into(), up: true, arp, port: false, kind: None, tunnel: None }
}

fn route(gateway: &str, metric: u32) -> DefaultRoute {
    let text = format!("default via {gateway}");
    let saved = SavedRoute { message: text.clone(), text };
    DefaultRoute { ipv6: ip(gateway).is_ipv6(), gateways: vec![ip(gateway)], metric, saved }
}

fn address(device: &str, text: &str, prefix: u8, scope: &str) -> Address {
    Address { device: device.into(), ip: ip(text), prefix, scope: scope.into(), tag: None }
}

/// A host with `lo`, `eth0` (10.0.0.11/24) and a default route via 10.0.0.254.
fn host() -> Facts {
    let mut facts = Facts {
        links: vec![link("lo", false), link("eth0", true)],
        addresses: vec![
            address("lo", "127.0.0.1", 8, "host"),
            address("eth0", "10.0.0.11", 24, "global"),
            address("eth0", "2001:db8:1::11", 64, "global"),
        ],
        default_routes: vec![route("10.0.0.254", 0)],
        ..Facts::default()
    };
    for device in ["all", "default", "lo", "eth0"] {
        conf(&mut facts, device);
    }
    let near = |source: &str| Some(Hop { gateway: None, source: Some(ip(source)) });
    facts.hops.insert(ip("10.0.0.254"), near("10.0.0.11"));
    facts.hops.insert(ip("10.0.0.1"), near("10.0.0.11"));
    facts.hops.insert(ip("2001:db8:1::1"), near("2001:db8:1::11"));
    facts
}

fn conf(facts: &mut Facts, device: &str) {
    for name in ["arp_ignore", "arp_announce", "rp_filter"] {
        facts.sysctls.insert(SysctlKey::ipv4(device, name), 0);
    }
    facts.sysctls.insert(SysctlKey::ipv6(device, "disable_ipv6"), 0);
}

fn request(mode: Mode, vips: &[&str], typed: Typed<'_>) -> Request {
    let vips: Vec<String> = vips.iter().map(ToString::to_string).collect();
    Request::check(mode, &Typed { vips: &vips, ..typed }).unwrap()
}

fn wanted(mode: Mode, vips: &[&str], facts: &Facts) -> Wanted {
    Wanted::resolve(&request(mode, vips, Typed::default()), None, facts).unwrap()
}

fn commands(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step.action.to_string()).collect()
}

/// What our actions mean, as far as the facts go: this models our own plans, not the kernel.
fn perform(facts: &mut Facts, action: &Action) {
    match (&action.change, action.undo) {
        (Change::Sysctl { key, to, .. }, false) => {
            facts.sysctls.insert(key.clone(), *to);
        }
        (Change::Sysctl { key, from, .. }, true) => {
            if let Some(from) = from {
                facts.sysctls.insert(key.clone(), *from);
            }
        }
        (Change::Tunnel(tunnel), false) => {
            let mut new = link(&tunnel.name, false);
            (new.up, new.tunnel) = (false, Some(tunnel.clone()));
            facts.links.push(new);
            conf(facts, &tunnel.name);
        }
        (Change::Tunnel(tunnel), true) => {
            facts.links.retain(|link| link.name != tunnel.name);
            facts.addresses.retain(|have| have.device != tunnel.name);
            facts.sysctls.retain(|key, _| key.device() != Some(&tunnel.name));
        }
        (Change::Up { device }, undo) => {
            facts.links.iter_mut().find(|link| link.name == *device).unwrap().up = !undo;
        }
        (Change::Address { ip, device, .. }, false) => {
            let scope = if ip.is_ipv4() { "host" } else { "global" };
            facts.addresses.push(address(device, &ip.to_string(), host_prefix(*ip), scope));
        }
        (Change::Address { ip, device, .. }, true) => {
            facts.addresses.retain(|have| have.ip != *ip || have.device != *device);
        }
        (Change::DefaultRoute { gateway, metric, .. }, false) => {
            facts
                .default_routes
                .retain(|old| old.metric != *metric || old.ipv6 != gateway.is_ipv6());
            facts.default_routes.push(route(&gateway.to_string(), *metric));
        }
        (Change::DefaultRoute { gateway, from, .. }, true) => {
            facts.default_routes.retain(|old| old.gateways != [*gateway]);
            if let Some(from) = from {
                let gateway = from.text.strip_prefix("default via ").unwrap();
                facts.default_routes.insert(0, route(gateway, 0));
            }
        }
    }
}

fn set(facts: &mut Facts, device: &str, name: &str, value: i32) {
    facts.sysctls.insert(SysctlKey::ipv4(device, name), value);
}

#[test]
fn dr_hides_before_it_adds() {
    let facts = host();
    let steps = setup::steps(&wanted(Mode::Dr, &["2001:db8::10", "192.0.2.10"], &facts), &facts);
    assert_eq!(
        commands(&steps),
        [
            "sysctl -w net.ipv4.conf.all.arp_ignore=1",
            "sysctl -w net.ipv4.conf.all.arp_announce=2",
            "ip addr add 2001:db8::10/128 dev lo nodad preferred_lft 0",
            "ip addr add 192.0.2.10/32 dev lo scope host",
        ]
    );
}

#[test]
fn dr_changes_no_more_than_needed() {
    let mut facts = host();
    set(&mut facts, "all", "arp_ignore", 2);
    set(&mut facts, "all", "arp_announce", 1);
    facts.addresses.push(address("lo", "192.0.2.10", 32, "global"));
    let steps = setup::steps(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
    assert_eq!(commands(&steps), ["sysctl -w net.ipv4.conf.all.arp_announce=2"]);
    let only_v6 = wanted(Mode::Dr, &["2001:db8::10"], &facts);
    let steps = setup::steps(&only_v6, &facts);
    assert_eq!(commands(&steps), ["ip addr add 2001:db8::10/128 dev lo nodad preferred_lft 0"]);
}

#[test]
fn tun_makes_one_device_per_envelope() {
    let facts = host();
    // Without an IPv6 default route the RIP is IPv4.
    let both = wanted(Mode::Tun, &["192.0.2.10", "2001:db8::10"], &facts);
    assert_eq!(
        commands(&setup::steps(&both, &facts)),
        [
            "ip link add rs-ipip type ipip mode ipip local 10.0.0.11",
            "ip link add rs-sit type sit mode ip6ip local 10.0.0.11",
            "sysctl -w net.ipv4.conf.all.arp_ignore=1",
            "sysctl -w net.ipv4.conf.all.arp_announce=2",
            "sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2",
            "ip link set rs-ipip up",
            "ip link set rs-sit up",
            "ip addr add 192.0.2.10/32 dev rs-ipip scope host",
            "ip addr add 2001:db8::10/128 dev rs-sit nodad preferred_lft 0",
        ]
    );
    let directors = ["2001:db8:1::1".to_owned()];
    let typed = Typed { directors: &directors, tunnel_device: Some("t6"), ..Typed::default() };
    let over6 = Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], typed), None, &facts).unwrap();
    assert_eq!(
        commands(&setup::steps(&over6, &facts))[0],
        "ip link add t6 type ip6tnl mode any local 2001:db8:1::11 remote 2001:db8:1::1 \
         allow-localremote"
    );
}

#[test]
fn the_rip_is_guessed_only_if_it_is_clear() {
    let mut facts = host();
    facts.hops.insert(ip("10.9.0.1"), Some(Hop { gateway: None, source: Some(ip("10.9.0.11")) }));
    let directors = ["10.0.0.1", "10.9.0.1"].map(str::to_owned);
    let typed = Typed { directors: &directors, ..Typed::default() };
    let two = Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], typed.clone()), None, &facts);
    assert!(matches!(two, Err(Refusal::RipUnclear(_))), "{two:?}");
    let rip = Typed { rip: Some("10.0.0.11"), ..typed };
    let given = Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], rip), None, &facts).unwrap();
    assert_eq!(given.tunnels[0].local, Some(ip("10.0.0.11")));
    assert_eq!(given.tunnels[0].remote, None, "two directors: no single remote end");
    facts.default_routes.clear();
    let none =
        Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], Typed::default()), None, &facts);
    assert!(matches!(none, Err(Refusal::RipUnclear(_))), "{none:?}");
}

#[test]
fn adding_keeps_what_is_set_up() {
    let facts = host();
    let one = wanted(Mode::Tun, &["192.0.2.10"], &facts);
    let more = request(Mode::Tun, &["192.0.2.11"], Typed::default());
    let both = Wanted::resolve(&more, Some(&one), &facts).unwrap();
    assert_eq!(both.vips, [ip("192.0.2.10"), ip("192.0.2.11")]);
    assert_eq!(both.tunnels, one.tunnels);

    let dr =
        Wanted::resolve(&request(Mode::Dr, &["192.0.2.11"], Typed::default()), Some(&one), &facts);
    assert_eq!(dr, Err(Refusal::OtherMode(Mode::Tun)));
    let elsewhere = Typed { rip: Some("10.0.0.12"), ..Typed::default() };
    let other =
        Wanted::resolve(&request(Mode::Tun, &["192.0.2.10"], elsewhere), Some(&one), &facts);
    assert!(matches!(other, Err(Refusal::OtherTunnel { .. })), "{other:?}");
}

#[test]
fn unsafe_hosts_are_refused() {
    let dr = |change: &dyn Fn(&mut Facts)| {
        let mut facts = host();
        change(&mut facts);
        refuse::check(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts).unwrap_err()
    };
    let key = |device| SysctlKey::ipv4(device, "arp_ignore");
    let device = || "eth0".to_owned();
    let cases: Vec<(Refusal, Refusal)> = vec![
        (
            dr(&|f| set(f, "eth0", "arp_ignore", 8)),
            Refusal::ArpSilent { device: device(), key: key("eth0"), value: 8 },
        ),
        (
            dr(&|f| set(f, "all", "arp_ignore", 8)),
            Refusal::ArpSilent { device: device(), key: key("all"), value: 8 },
        ),
        (
            dr(&|f| set(f, "eth0", "arp_ignore", 4)),
            Refusal::ArpMeaningless { device: device(), key: key("eth0"), value: 4 },
        ),
        (
            dr(&|f| set(f, "eth0", "arp_announce", 3)),
            Refusal::ArpMeaningless {
                device: device(),
                key: SysctlKey::ipv4("eth0", "arp_announce"),
                value: 3,
            },
        ),
        (
            dr(&|f| {
                set(f, "eth0", "arp_ignore", 3);
                f.addresses.push(address("lo", "192.0.2.10", 32, "global"));
            }),
            Refusal::ArpScope { vip: ip("192.0.2.10"), scope: "global".into(), key: key("eth0") },
        ),
        (
            dr(&|f| f.addresses.push(address("eth0", "192.0.2.10", 32, "host"))),
            Refusal::OnNic { vip: ip("192.0.2.10"), prefix: 32, device: device() },
        ),
        (
            dr(&|f| f.addresses.push(address("lo", "192.0.2.10", 24, "host"))),
            Refusal::WidePrefix { vip: ip("192.0.2.10"), prefix: 24, device: "lo".into() },
        ),
        (
            dr(&|f| f.default_routes.push(route("192.0.2.10", 5))),
            Refusal::IsGateway { vip: ip("192.0.2.10") },
        ),
        (dr(&|f| f.sysctls.clear()), Refusal::NoSysctl(key("all"))),
        (dr(&|f| f.links[0].up = false), Refusal::CarrierDown("lo".into())),
        (dr(&|f| f.links[0].arp = true), Refusal::CarrierAnswersArp("lo".into())),
        (dr(&|f| f.links.clear()), Refusal::NoDevice("lo".into())),
    ];
    for (is, should) in &cases {
        assert_eq!(is, should);
        assert!(!is.is_usage() && !is.hint().is_empty(), "{is}");
    }
}

#[test]
fn a_broadcast_address_is_no_vip() {
    let facts = host();
    let check = |vip| refuse::check(&wanted(Mode::Dr, &[vip], &facts), &facts);
    let refused = Refusal::Broadcast { vip: ip("10.0.0.255"), device: "eth0".into() };
    assert_eq!(check("10.0.0.255"), Err(refused));
    assert_eq!(check("10.0.0.250"), Ok(()));
}

#[test]
fn harmless_hosts_are_not_refused() {
    let ok = |change: &dyn Fn(&mut Facts)| {
        let mut facts = host();
        change(&mut facts);
        let checked = refuse::check(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
        assert_eq!(checked, Ok(()));
    };
    ok(&|_| {});
    ok(&|f| set(f, "eth0", "arp_ignore", 2));
    // Scope host is hidden by 3, and ours has it.
    ok(&|f| set(f, "eth0", "arp_ignore", 3));
    // What does not answer ARP does not count: down, a bridge's port, lo.
    ok(&|f| {
        set(f, "eth0", "arp_ignore", 8);
        f.links[1].up = false;
    });
    ok(&|f| {
        set(f, "eth0", "arp_ignore", 8);
        f.links[1].port = true;
    });
    ok(&|f| set(f, "lo", "arp_ignore", 8));
}

#[test]
fn a_device_of_another_kind_or_the_same_ends_is_refused() {
    let mut facts = host();
    let tun = wanted(Mode::Tun, &["192.0.2.10"], &facts);
    facts.links.push(Link { kind: Some("dummy".into()), ..link("rs-ipip", false) });
    assert!(matches!(refuse::check(&tun, &facts), Err(Refusal::DeviceTaken { .. })));
    let same = Tunnel { name: "ipip7".into(), ..tun.tunnels[0].clone() };
    facts.links[2] = Link { tunnel: Some(same), ..link("ipip7", false) };
    assert!(matches!(refuse::check(&tun, &facts), Err(Refusal::EndpointTaken { .. })));
    let ours = Some(tun.tunnels[0].clone());
    facts.links[2] = Link { tunnel: ours, ..link("rs-ipip", false) };
    assert_eq!(refuse::check(&tun, &facts), Ok(()));
}

#[test]
fn nat_wants_the_way_back() {
    let facts = host();
    let directors = ["10.0.0.1".to_owned()];
    let typed = Typed { directors: &directors, ..Typed::default() };
    let check = |typed: Typed<'_>, facts: &Facts| {
        let wanted = Wanted::resolve(&request(Mode::Nat, &[], typed), None, facts).unwrap();
        refuse::check(&wanted, facts)
    };
    let refused = check(typed.clone(), &facts);
    assert!(matches!(refused, Err(Refusal::NotThroughDirector { .. })), "{refused:?}");
    let right = ["10.0.0.254".to_owned()];
    assert_eq!(check(Typed { directors: &right, ..typed.clone() }, &facts), Ok(()));

    // The default route is right, that to the client is not.
    let client = Typed { directors: &right, client: Some("198.51.100.7"), ..Typed::default() };
    let mut aside = facts.clone();
    let hop = |gateway| Some(Hop { gateway: Some(ip(gateway)), source: None });
    aside.hops.insert(ip("198.51.100.7"), hop("10.0.0.3"));
    assert!(matches!(check(client.clone(), &aside), Err(Refusal::NotThroughDirector { .. })));
    aside.hops.insert(ip("198.51.100.7"), hop("10.0.0.254"));
    assert_eq!(check(client, &aside), Ok(()));

    let far = Typed { gateway: Some("203.0.113.1"), ..Typed::default() };
    assert_eq!(check(far, &facts), Err(Refusal::GatewayFar(ip("203.0.113.1"))));
    let set = Typed { gateway: Some("10.0.0.1"), ..Typed::default() };
    let wanted = Wanted::resolve(&request(Mode::Nat, &[], set), None, &facts).unwrap();
    let steps = setup::steps(&wanted, &facts);
    assert_eq!(commands(&steps), ["ip route replace default via 10.0.0.1"]);
    let back = steps[0].action.clone().inverse();
    assert_eq!(back.to_string(), "ip route replace default via 10.0.0.254");
}

#[test]
fn teardown_removes_the_vip_first_and_keeps_what_others_need() {
    let facts = host();
    let both = wanted(Mode::Dr, &["192.0.2.10", "2001:db8::10"], &facts);
    let (after, changes) = set_up(&both, &facts);
    let all = teardown::plan(&changes, None, &[], &after);
    assert_eq!(
        commands(&all.steps),
        [
            "ip addr del 2001:db8::10/128 dev lo",
            "ip addr del 192.0.2.10/32 dev lo",
            "sysctl -w net.ipv4.conf.all.arp_announce=0",
            "sysctl -w net.ipv4.conf.all.arp_ignore=0",
        ]
    );
    // IPv6 needs no ARP settings: they go with the last IPv4 VIP.
    let rest = both.without(&[ip("192.0.2.10")]);
    let four = teardown::plan(&changes, rest.as_ref(), &[], &after);
    assert_eq!(commands(&four.steps), commands(&all.steps)[1..]);
    let rest = both.without(&[ip("2001:db8::10")]);
    let six = teardown::plan(&changes, rest.as_ref(), &[], &after);
    assert_eq!(commands(&six.steps), commands(&all.steps)[..1]);
    assert_eq!(six.kept.len(), 3);
}

#[test]
fn teardown_leaves_what_somebody_else_changed() {
    let facts = host();
    let (mut after, mut changes) = set_up(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
    for change in &mut changes {
        if let Change::Address { tag, .. } = change {
            *tag = Some(super::ADDRESS_TAG);
        }
    }
    set(&mut after, "all", "arp_ignore", 2);
    // The address in the facts carries no tag: removed and added again by hand. It stays,
    // so it must stay hidden.
    let plan = teardown::plan(&changes, None, &[], &after);
    assert_eq!(commands(&plan.steps), [""; 0]);
    assert_eq!(plan.notes.len(), 3, "{:?}", plan.notes);
    assert!(plan.notes.iter().any(|note| note.contains("arp_announce=0")), "{:?}", plan.notes);
    // Had it been there before, it would not be ours to hide.
    let found = ["192.0.2.10".parse().unwrap()];
    let plan = teardown::plan(&changes, None, &found, &after);
    assert_eq!(commands(&plan.steps), ["sysctl -w net.ipv4.conf.all.arp_announce=0"]);
}

#[test]
fn teardown_exposes_no_vip_that_came_later() {
    let facts = host();
    let (mut after, changes) = set_up(&wanted(Mode::Dr, &["192.0.2.10"], &facts), &facts);
    let mut later = after.vip_on("192.0.2.10".parse().unwrap(), "lo").unwrap().clone();
    later.ip = "192.0.2.50".parse().unwrap();
    after.addresses.push(later);
    let plan = teardown::plan(&changes, None, &[], &after);
    assert_eq!(commands(&plan.steps), ["ip addr del 192.0.2.10/32 dev lo"]);
    assert!(
        plan.notes[0].starts_with("192.0.2.50 on lo is not ours and stays"),
        "{:?}",
        plan.notes
    );
}

/// Sets up in the model; gives the new facts and the journalled changes.
fn set_up(wanted: &Wanted, facts: &Facts) -> (Facts, Vec<Change>) {
    let steps = setup::steps(wanted, facts);
    let mut after = facts.clone();
    steps.iter().for_each(|step| perform(&mut after, &step.action));
    (after, steps.into_iter().map(|step| step.action.change).collect())
}

fn any_host() -> impl Strategy<Value = Facts> {
    let levels = proptest::collection::vec(0..4, 6);
    (levels, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(level, vip, device, v6)| {
        let mut facts = host();
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
            let tunnel =
                Tunnel { name: "rs-ipip".into(), kind, local: Some(ip("10.0.0.11")), remote: None };
            let mut there = link("rs-ipip", false);
            (there.up, there.tunnel) = (false, Some(tunnel));
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
    let rip = prop_oneof![Just("10.0.0.11"), Just("2001:db8:1::11")];
    (vips, prop_oneof![Just(Mode::Dr), Just(Mode::Tun), Just(Mode::Nat)], rip).prop_map(
        |(vips, mode, rip)| match mode {
            Mode::Nat => {
                request(mode, &[], Typed { gateway: Some("10.0.0.1"), ..Typed::default() })
            }
            mode => request(mode, &vips, Typed { rip: Some(rip), ..Typed::default() }),
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
        let found: Vec<IpAddr> = facts.hidden_addresses().map(|have| have.ip).collect();
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
