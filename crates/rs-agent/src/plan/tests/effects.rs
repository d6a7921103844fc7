// SPDX-License-Identifier: MIT OR Apache-2.0
//! What became of a change: in effect, undone, or somebody else's.

use lvs_host::SysctlKey;

use super::{address, host, ip, link, route, set};
use crate::facts::{Facts, Family, Link, Port};
use crate::plan::{ADDRESS_TAG, Change, Effect};
use crate::request::Scope;
use crate::tunnel::Listener;

/// What is done to the host, and what the change is then.
type Row = (fn(&mut Facts), Effect);

#[track_caller]
fn assert_effects(change: &Change, rows: Vec<Row>) {
    for (row, (disturb, expected)) in rows.into_iter().enumerate() {
        let mut facts = host();
        disturb(&mut facts);
        assert_eq!(change.effect(&facts), expected, "row {row} of {change:?}");
    }
}

fn foreign(what: &str) -> Effect {
    Effect::Foreign(what.to_owned())
}

/// The route that a set-up replaced is no work of others when it is back.
#[test]
fn a_default_route_is_ours_or_that_of_before_or_foreign() {
    let replaced = Change::DefaultRoute {
        gateway: ip("10.0.0.1"),
        metric: 0,
        from: Some(route("10.0.0.254", 0).saved),
    };
    let other = || foreign("the default route is default via 10.0.0.3 now");
    assert_effects(
        &replaced,
        vec![
            (|_| {}, Effect::Gone),
            (|f| f.default_routes.clear(), Effect::Gone),
            (|f| f.default_routes = vec![route("10.0.0.1", 0)], Effect::There),
            (|f| f.default_routes = vec![route("10.0.0.3", 0)], other()),
            // Of another metric or the other family it is another route.
            (|f| f.default_routes = vec![route("10.0.0.1", 7)], Effect::Gone),
            (|f| f.default_routes = vec![route("10.0.0.3", 7)], Effect::Gone),
            (|f| f.default_routes = vec![route("2001:db8:1::3", 0)], Effect::Gone),
            (|f| f.default_routes.insert(0, route("2001:db8:1::1", 0)), Effect::Gone),
            // Through two it is not the one that was made.
            (
                |f| {
                    f.default_routes = vec![route("10.0.0.1", 0)];
                    f.default_routes[0].gateways.push(ip("10.0.0.3"));
                },
                foreign("the default route is default via 10.0.0.1 now"),
            ),
        ],
    );
    // Where none was before, each that is not ours is foreign.
    let added = Change::DefaultRoute { gateway: ip("2001:db8:1::1"), metric: 1, from: None };
    let from = Some(route("2001:db8:1::3", 1).saved);
    let instead = Change::DefaultRoute { gateway: ip("2001:db8:1::1"), metric: 1, from };
    for (action, command) in [
        (added.clone().make(), "replace default via 2001:db8:1::1 metric 1"),
        (added.clone().undo(), "del default via 2001:db8:1::1 metric 1"),
        (instead.clone().make(), "replace default via 2001:db8:1::1 metric 1"),
        (instead.undo(), "replace default via 2001:db8:1::3"),
    ] {
        assert_eq!(action.to_string(), format!("ip -6 route {command}"));
    }
    assert_effects(
        &added,
        vec![
            (|_| {}, Effect::Gone),
            (|f| f.default_routes.push(route("2001:db8:1::1", 1)), Effect::There),
            (
                |f| f.default_routes.push(route("2001:db8:1::3", 1)),
                foreign("the default route is default via 2001:db8:1::3 now"),
            ),
            (|f| f.default_routes.push(route("2001:db8:1::3", 1024)), Effect::Gone),
        ],
    );
}

#[test]
fn a_setting_is_ours_or_that_of_before_or_foreign() {
    let key = SysctlKey::ipv4("all", "arp_ignore");
    let change = |from| Change::Sysctl { key: key.clone(), from, to: 1 };
    let foreign = || foreign("net.ipv4.conf.all.arp_ignore is 2 now, set-up wrote 1");
    let rows = || -> Vec<Row> {
        vec![
            (|f| set(f, "all", "arp_ignore", 1), Effect::There),
            (|f| set(f, "all", "arp_ignore", 2), foreign()),
            // Gone with its device.
            (|f| f.sysctls.clear(), Effect::Gone),
        ]
    };
    assert_effects(&change(Some(0)), rows());
    assert_effects(&change(Some(0)), vec![(|_| {}, Effect::Gone)]);
    assert_effects(&change(None), rows());
}

#[test]
fn a_vip_is_marked_at_once_where_any_address_is() {
    let vip = |tag| Change::Address {
        ip: ip("192.0.2.10"),
        device: "lo".into(),
        tag,
        scope: Scope::Host,
        label: None,
    };
    let mut own = address("lo", "::1", 128, "host");
    for (told, expected) in [(None, None), (Some(1), Some(ADDRESS_TAG))] {
        own.tag = told;
        let facts = Facts { addresses: vec![own.clone()].into(), ..Facts::default() };
        assert_eq!(vip(None).marked(&facts), vip(expected), "{told:?}");
        let up = Change::Up { device: "vips".into() };
        assert_eq!(up.clone().marked(&facts), up);
    }
}

#[test]
fn a_vip_is_ours_by_its_tag_and_scope() {
    let vip = |ip_text: &str, tag| Change::Address {
        ip: ip(ip_text),
        device: "lo".into(),
        tag,
        scope: Scope::Host,
        label: None,
    };
    fn add(facts: &mut Facts, device: &str, scope: &str, tag: Option<u8>) {
        let mut have = address(device, "192.0.2.10", 32, scope);
        have.tag = tag;
        facts.addresses.push(have);
    }
    let theirs = || foreign("192.0.2.10 on lo was added by somebody else");
    let scope = || foreign("192.0.2.10 on lo was added by somebody else, with scope global");
    assert_effects(
        &vip("192.0.2.10", Some(ADDRESS_TAG)),
        vec![
            (|_| {}, Effect::Gone),
            (|f| add(f, "lo", "host", Some(ADDRESS_TAG)), Effect::There),
            (|f| add(f, "eth0", "host", Some(ADDRESS_TAG)), Effect::Gone),
            (|f| add(f, "lo", "host", None), theirs()),
            (|f| add(f, "lo", "host", Some(3)), theirs()),
            (|f| add(f, "lo", "global", Some(ADDRESS_TAG)), scope()),
        ],
    );
    // Before it was read back, and where the kernel keeps none, no tag tells.
    assert_effects(
        &vip("192.0.2.10", None),
        vec![
            (|f| add(f, "lo", "host", None), Effect::There),
            (|f| add(f, "lo", "host", Some(3)), Effect::There),
            (|f| add(f, "lo", "global", None), scope()),
        ],
    );
    // The scope of an IPv6 address is its own affair.
    let there = |f: &mut Facts| f.addresses.push(address("lo", "2001:db8::10", 128, "global"));
    assert_effects(&vip("2001:db8::10", None), vec![(there, Effect::There)]);
    let again = |ip_text: &str| Change::Deprecate {
        ip: ip(ip_text),
        device: "lo".into(),
        tag: Some(ADDRESS_TAG),
    };
    let preferred = |f: &mut Facts| {
        let mut have = address("lo", "2001:db8::10", 128, "global");
        have.deprecated = false;
        f.addresses.push(have);
    };
    assert_effects(
        &again("2001:db8::10"),
        vec![(there, Effect::There), (preferred, Effect::Gone), (|_| {}, Effect::Gone)],
    );
}

#[test]
fn a_device_is_ours_by_its_kind() {
    let dummy = Change::Dummy { device: "rs0".into() };
    fn add(facts: &mut Facts, kind: &str) {
        facts.links.push(Link { kind: Some(kind.into()), ..link("rs0", false) });
    }
    assert_effects(
        &dummy,
        vec![
            (|_| {}, Effect::Gone),
            (|f| add(f, "dummy"), Effect::There),
            (|f| add(f, "veth"), foreign("rs0 is another device now")),
        ],
    );
    let at = Listener { family: Family::Ipv4, port: 6080 };
    fn listens(facts: &mut Facts, at: Listener, is_open: bool) {
        facts.ports = Some(vec![Port { at, gue: is_open, is_open }]);
    }
    assert_effects(
        &Change::Gue(at),
        vec![
            (|_| {}, Effect::Gone),
            (|f| listens(f, Listener { family: Family::Ipv4, port: 6080 }, true), Effect::There),
            (|f| listens(f, Listener { family: Family::Ipv6, port: 6080 }, true), Effect::Gone),
            (
                |f| listens(f, Listener { family: Family::Ipv4, port: 6080 }, false),
                foreign(&format!("{at} is another kind of port now")),
            ),
        ],
    );
    assert_effects(
        &Change::Up { device: "rs0".into() },
        vec![
            (|_| {}, Effect::Gone),
            (|f| add(f, "dummy"), Effect::There),
            (|f| f.links.push(Link { up: false, ..link("rs0", false) }), Effect::Gone),
        ],
    );
}
