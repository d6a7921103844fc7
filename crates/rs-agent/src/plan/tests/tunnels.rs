// SPDX-License-Identifier: MIT OR Apache-2.0
//! Encapsulations and carriers: which devices, and which are refused.

use super::{address, commands, conf, host, ip, link, request};
use crate::bad_request::BadRequest;
use crate::facts::{Facts, Family, Port};
use crate::mode::Mode;
use crate::plan::{refuse, setup};
use crate::refusal::Refusal;
use crate::request::{Scope, TunnelType, Typed, texts};
use crate::tunnel::{Encapsulation, Listener};
use crate::wanted::Wanted;

const V4: &[&str] = &["192.0.2.10"];
const V6: &[&str] = &["2001:db8::10"];
const BOTH: &[&str] = &["192.0.2.10", "2001:db8::10"];
const RIP: &str = "10.0.0.11";
const RIP6: &str = "2001:db8:1::11";

fn tun(rip: &str, tunnel: TunnelType) -> Typed<'static> {
    Typed { rips: texts(&[rip]), tunnel: Some(tunnel), ..Typed::default() }
}

/// The steps but for the ARP settings, which are always the same.
fn plan(vips: &[&str], typed: Typed<'_>, facts: &Facts) -> Result<Vec<String>, Refusal> {
    let mode = if typed.tunnel.is_some() { Mode::Tun } else { Mode::Dr };
    let wanted = Wanted::resolve(&request(mode, vips, typed), None, facts)?;
    refuse::check(&wanted, facts)?;
    let mut steps = commands(&setup::steps(&wanted, facts));
    steps.retain(|step| !step.contains("conf.all.arp_"));
    Ok(steps)
}

/// A host with the kernel's own devices, down, and module fou.
fn with_fallbacks() -> Facts {
    let mut facts = host();
    for name in ["tunl0", "sit0", "ip6tnl0", "gre0", "ip6gre0"] {
        facts.links.push(link(name, false));
        facts.links.last_mut().unwrap().up = false;
        conf(&mut facts, name);
    }
    facts.ports = Some(Vec::new());
    facts
}

#[test]
fn every_encapsulation_has_its_recipe() {
    use TunnelType::{Gre, Gue, Ipip};
    let gue = |rip| Typed { tunnel_port: Some(6080), ..tun(rip, Gue) };
    let checked = |rip| Typed { checksum: true, ..tun(rip, Gre) };
    let fallback = |rip, tunnel| Typed { fallback_devices: true, ..tun(rip, tunnel) };
    let own = |device: &str, create: &[&str], v4: bool, v6: bool| {
        let mut steps: Vec<String> = create.iter().map(ToString::to_string).collect();
        if v4 || !device.ends_with("sit") {
            steps.push(format!("sysctl -w net.ipv4.conf.{device}.rp_filter=2"));
        }
        steps.push(format!("ip link set {device} up"));
        if v4 {
            steps.push(format!("ip addr add 192.0.2.10/32 dev {device} scope host"));
        }
        if v6 {
            let address = "2001:db8::10/128";
            steps.push(format!("ip addr add {address} dev {device} nodad preferred_lft 0"));
        }
        steps
    };
    let two = |port: &[&str]| -> Vec<String> {
        let mut steps: Vec<String> = port.iter().map(ToString::to_string).collect();
        steps.extend(
            [
                "ip link add rs-ipip type ipip mode ipip local 10.0.0.11",
                "ip link add rs-sit type sit mode ip6ip local 10.0.0.11",
                "sysctl -w net.ipv4.conf.rs-ipip.rp_filter=2",
                "ip link set rs-ipip up",
                "ip link set rs-sit up",
                "ip addr add 192.0.2.10/32 dev rs-ipip scope host",
                "ip addr add 2001:db8::10/128 dev rs-sit nodad preferred_lft 0",
            ]
            .map(str::to_owned),
        );
        steps
    };
    let ipip = "ip link add rs-ipip type ipip mode ipip local 10.0.0.11";
    let sit = "ip link add rs-sit type sit mode ip6ip local 10.0.0.11";
    let ip6tnl =
        "ip link add rs-ip6tnl type ip6tnl mode any local 2001:db8:1::11 allow-localremote";
    let gre = "ip link add rs-gre type gre local 10.0.0.11";
    let icsum = "ip link add rs-gre type gre local 10.0.0.11 icsum";
    let ip6gre = "ip link add rs-ip6gre type ip6gre local 2001:db8:1::11";
    let icsum6 = "ip link add rs-ip6gre type ip6gre local 2001:db8:1::11 icsum";
    let (port, port6) = ("ip fou add port 6080 gue", "ip -6 fou add port 6080 gue");
    for (vips, typed, steps) in [
        (V4, tun(RIP, Ipip), own("rs-ipip", &[ipip], true, false)),
        (V6, tun(RIP, Ipip), own("rs-sit", &[sit], false, true)),
        (BOTH, tun(RIP, Ipip), two(&[])),
        (V4, tun(RIP6, Ipip), own("rs-ip6tnl", &[ip6tnl], true, false)),
        (BOTH, tun(RIP6, Ipip), own("rs-ip6tnl", &[ip6tnl], true, true)),
        (BOTH, tun(RIP, Gre), own("rs-gre", &[gre], true, true)),
        (V6, checked(RIP), own("rs-gre", &[icsum], false, true)),
        (V4, tun(RIP6, Gre), own("rs-ip6gre", &[ip6gre], true, false)),
        (BOTH, checked(RIP6), own("rs-ip6gre", &[icsum6], true, true)),
        (BOTH, gue(RIP), two(&[port])),
        (V6, gue(RIP6), own("rs-ip6tnl", &[port6, ip6tnl], false, true)),
        (V4, fallback(RIP, Ipip), own("tunl0", &[], true, false)),
        (V6, fallback(RIP, Ipip), own("sit0", &[], false, true)),
        (V6, fallback(RIP6, Ipip), own("ip6tnl0", &[], false, true)),
        (BOTH, fallback(RIP, Gre), own("gre0", &[], true, true)),
        (V4, fallback(RIP6, Gre), own("ip6gre0", &[], true, false)),
    ] {
        let story = format!("{vips:?} {typed:?}");
        let steps = match typed.fallback_devices && typed.tunnel == Some(Ipip) && vips == V6 {
            // sit needs none; ip6tnl has one whatever is inside.
            true if typed.rips == [RIP] => {
                steps.into_iter().filter(|step| !step.contains("rp_filter")).collect()
            }
            _ => steps,
        };
        assert_eq!(plan(vips, typed, &with_fallbacks()), Ok(steps), "{story}");
    }
}

#[test]
fn what_can_never_come_out_is_refused() {
    let gue = Typed { tunnel_port: Some(6080), ..tun(RIP, TunnelType::Gue) };
    let fallback = |typed| Typed { fallback_devices: true, ..typed };
    let checked = |rip| Typed { checksum: true, ..tun(rip, TunnelType::Gre) };
    let at = Listener { port: 6080, family: Family::Ipv4 };
    let other = |is_open| Some(vec![Port { at, gue: true, is_open }]);
    let plain: &dyn Fn(&mut Facts) = &|_| {};
    for (vips, typed, change, refused) in [
        (V4, fallback(checked(RIP)), plain, Refusal::Request(BadRequest::FallbackChecksum("gre0"))),
        (
            V6,
            fallback(checked(RIP6)),
            plain,
            Refusal::Request(BadRequest::FallbackChecksum("ip6gre0")),
        ),
        (
            BOTH,
            fallback(tun(RIP6, TunnelType::Ipip)),
            plain,
            Refusal::Request(BadRequest::FallbackInner { vip: ip("192.0.2.10") }),
        ),
        (
            V4,
            fallback(tun(RIP, TunnelType::Ipip)),
            &|facts: &mut Facts| facts.links.retain(|link| link.name != "tunl0"),
            Refusal::NoFallback("tunl0", "ipip"),
        ),
        (
            V4,
            fallback(tun(RIP, TunnelType::Ipip)),
            &|facts: &mut Facts| facts.addresses.push(address("tunl0", "10.42.0.0", 32, "global")),
            Refusal::FallbackTaken { device: "tunl0".into(), ip: ip("10.42.0.0") },
        ),
        (V4, gue.clone(), &|facts: &mut Facts| facts.ports = None, Refusal::NoFou),
        (V4, gue, &|facts: &mut Facts| facts.ports = other(false), Refusal::PortTaken(at)),
    ]
        as [(&[&str], Typed<'_>, &dyn Fn(&mut Facts), Refusal); 7]
    {
        let mut facts = with_fallbacks();
        change(&mut facts);
        assert!(!refused.hint().is_empty());
        assert_eq!(plan(vips, typed, &facts), Err(refused));
    }
    // What the kernel itself puts on its devices is nobody's.
    let mut facts = with_fallbacks();
    facts.addresses.push(address("sit0", "::10.0.0.11", 96, "global"));
    facts.addresses.push(address("sit0", "fe80::1", 64, "link"));
    facts.ports = other(true);
    assert!(plan(V6, fallback(tun(RIP, TunnelType::Ipip)), &facts).is_ok());
    // A port like ours is used and not made.
    let gue = Typed { tunnel_port: Some(6080), ..tun(RIP, TunnelType::Gue) };
    assert!(!plan(V4, gue, &facts).unwrap().iter().any(|step| step.contains("fou")));
}

#[test]
fn the_vips_of_a_host_share_what_cannot_differ() {
    let facts = with_fallbacks();
    let wanted = |typed, before: Option<&Wanted>| {
        Wanted::resolve(&request(Mode::Tun, V4, typed), before, &facts)
    };
    let gre = wanted(tun(RIP, TunnelType::Gre), None).unwrap();
    let same = wanted(Typed::default(), Some(&gre)).unwrap();
    assert_eq!(same.encapsulation, Encapsulation::Gre { checksum: false });
    assert_eq!(same.tunnels, gre.tunnels);
    let ipip = wanted(tun(RIP, TunnelType::Ipip), Some(&gre));
    assert!(matches!(ipip, Err(Refusal::OtherEncapsulation { .. })), "{ipip:?}");
    let scope = wanted(Typed { scope: Some(Scope::Link), ..Typed::default() }, Some(&gre));
    assert!(matches!(scope, Err(Refusal::OtherScope { .. })), "{scope:?}");
    let fallback = Typed { fallback_devices: true, ..tun(RIP6, TunnelType::Gre) };
    let fallback = wanted(fallback, None).unwrap();
    // The family of the RIP is remembered by the device.
    assert_eq!(wanted(Typed::default(), Some(&fallback)).unwrap().tunnels, fallback.tunnels);
}

fn both(tunnel: TunnelType) -> Typed<'static> {
    Typed { rips: texts(&[RIP, RIP6]), ..tun(RIP, tunnel) }
}

#[test]
fn with_two_rips_each_vip_comes_in_its_own_family() {
    let facts = with_fallbacks();
    let commands = |typed: Typed<'_>| plan(BOTH, typed, &facts).unwrap();
    let has = |steps: &[String], wanted: &[&str]| {
        for step in wanted {
            assert!(steps.iter().any(|have| have.starts_with(step)), "{step}: {steps:#?}");
        }
    };
    let ipip = commands(both(TunnelType::Ipip));
    has(
        &ipip,
        &[
            "ip link add rs-ipip type ipip mode ipip local 10.0.0.11",
            "ip link add rs-ip6tnl type ip6tnl mode any local 2001:db8:1::11",
            "ip addr add 192.0.2.10/32 dev rs-ipip",
            "ip addr add 2001:db8::10/128 dev rs-ip6tnl",
        ],
    );
    let gre = commands(Typed { checksum: true, ..both(TunnelType::Gre) });
    has(
        &gre,
        &[
            "ip link add rs-gre type gre local 10.0.0.11 icsum",
            "ip link add rs-ip6gre type ip6gre local 2001:db8:1::11 icsum",
            "ip addr add 192.0.2.10/32 dev rs-gre",
            "ip addr add 2001:db8::10/128 dev rs-ip6gre",
        ],
    );
    let gue = commands(Typed { tunnel_port: Some(6080), ..both(TunnelType::Gue) });
    has(&gue, &["ip fou add port 6080 gue", "ip -6 fou add port 6080 gue"]);
    // ip6tnl0 takes no IPv4 out of IPv6, and need not.
    let own = commands(Typed { fallback_devices: true, ..both(TunnelType::Ipip) });
    has(&own, &["ip addr add 192.0.2.10/32 dev tunl0", "ip addr add 2001:db8::10/128 dev ip6tnl0"]);
    // No device for what does not come.
    let only = plan(V4, both(TunnelType::Gre), &facts).unwrap();
    assert!(!only.iter().any(|step| step.contains("ip6gre")), "{only:#?}");

    let named = Typed { tunnel_device: Some("t"), ..both(TunnelType::Gre) };
    let refused = plan(BOTH, named, &facts).unwrap_err();
    assert!(
        matches!(refused, Refusal::Request(BadRequest::TwoTunnels(..)))
            && refused.hint().contains("rs-ip6gre")
    );
}

#[test]
fn each_family_has_its_director() {
    let facts = host();
    let remotes = |directors: &[&str]| {
        let directors: Vec<String> = directors.iter().map(ToString::to_string).collect();
        let typed = Typed { directors: &directors, ..both(TunnelType::Ipip) };
        let wanted = Wanted::resolve(&request(Mode::Tun, BOTH, typed), None, &facts).unwrap();
        let remotes: Vec<_> = wanted.tunnels.iter().map(|tunnel| tunnel.remote).collect();
        (remotes, refuse::notes(&wanted))
    };
    let (dip, dip6) = ("10.0.0.1", "2001:db8:1::1");
    assert_eq!(remotes(&[dip6, dip]), (vec![Some(ip(dip)), Some(ip(dip6))], vec![]));
    let (one, notes) = remotes(&[dip]);
    assert_eq!(one, [Some(ip(dip)), None]);
    assert_eq!(notes, ["rs-ip6tnl unpacks what anybody sends: --director limits that to one"]);
    let (two, notes) = remotes(&[dip, "10.0.0.2"]);
    assert_eq!((two, notes.len()), (vec![None, None], 2), "{notes:?}");
}

#[test]
fn a_rip_of_the_other_family_is_added_where_nothing_moves() {
    let facts = with_fallbacks();
    let resolve = |vips: &[&str], typed: Typed<'_>, before: Option<&Wanted>| {
        Wanted::resolve(&request(Mode::Tun, vips, typed), before, &facts)
    };
    let directors = |dip: &str| vec![dip.to_owned()];
    let (dips, dips6) = (directors("10.0.0.1"), directors("2001:db8:1::1"));
    for tunnel in [TunnelType::Ipip, TunnelType::Gre] {
        let over = |rip, dips| Typed { directors: dips, ..tun(rip, tunnel) };
        let v4 = resolve(V4, over(RIP, &dips), None).unwrap();
        let added = resolve(V6, over(RIP6, &dips6), Some(&v4)).unwrap();
        let all = [dips.clone(), dips6.clone()].concat();
        let whole = Typed { directors: &all, ..both(tunnel) };
        assert_eq!(added.tunnels, resolve(BOTH, whole, None).unwrap().tunnels);
        // Known from then on.
        let more = resolve(&["192.0.2.11", "2001:db8::11"], Typed::default(), Some(&added));
        assert_eq!(more.unwrap().tunnels, added.tunnels);
        let rest = added.without(&[ip("2001:db8::10")]).unwrap();
        assert_eq!((&rest.tunnels, &rest.directors), (&v4.tunnels, &v4.directors));
        // The RIP is known whatever is taken down; the director is named again.
        let again = Typed { directors: &dips6, ..Typed::default() };
        assert_eq!(resolve(V6, again, Some(&rest)).unwrap().tunnels, added.tunnels);
        let open = resolve(V6, Typed::default(), Some(&rest)).unwrap();
        assert_eq!((open.tunnels[1].local, open.tunnels[1].remote), (Some(ip(RIP6)), None));
        assert_eq!(refuse::notes(&open).len(), 1);

        // A VIP that has its encapsulation keeps it, and one comes to the RIP it is asked for with.
        let single = resolve(BOTH, tun(RIP, tunnel), None).unwrap();
        for (vips, typed) in [(V6, tun(RIP6, tunnel)), (&["192.0.2.11"], tun(RIP6, tunnel))] {
            let refused = resolve(vips, typed, Some(&single));
            assert!(matches!(refused, Err(Refusal::OtherTunnel { .. })), "{refused:?}");
        }
        let refused = resolve(&["192.0.2.11"], tun(RIP6, tunnel), Some(&v4));
        assert!(matches!(refused, Err(Refusal::OtherRip { .. })), "{refused:?}");
    }
}

/// Not the first, and not the one that is asked for beside it.
#[test]
fn the_vip_whose_tunnel_would_move_is_named() {
    let facts = with_fallbacks();
    let resolve = |vips: &[&str], rip, before: Option<&Wanted>| {
        let typed = tun(rip, TunnelType::Ipip);
        Wanted::resolve(&request(Mode::Tun, vips, typed), before, &facts)
    };
    let told = |vips: &[&str], rip, before| resolve(vips, rip, Some(before)).unwrap_err();
    let single = resolve(BOTH, RIP, None).unwrap();
    assert_eq!(
        told(&["192.0.2.11"], RIP6, &single).to_string(),
        "2001:db8::10 is set up with rs-sit (sit local 10.0.0.11), not rs-ip6tnl (ip6tnl local \
         2001:db8:1::11)"
    );
    let v4 = resolve(V4, RIP, None).unwrap();
    let ipip = "is set up with rs-ipip (ipip local 10.0.0.11), not RIP 2001:db8:1::11";
    for vips in [["192.0.2.11", "192.0.2.10"], ["192.0.2.10", "192.0.2.11"]] {
        assert_eq!(told(&vips, RIP6, &v4).to_string(), format!("192.0.2.10 {ipip}"));
    }
    // One that is new has none yet.
    let new = told(&["192.0.2.11"], RIP6, &v4);
    assert_eq!(new.to_string(), format!("it {ipip} for 192.0.2.11"));
    assert!(!new.is_usage() && new.hint().contains("teardown"));
}

#[test]
fn carriers_scopes_and_labels() {
    let facts = host();
    let dr = |typed| plan(BOTH, typed, &facts);
    let made = Typed { carrier: Some("vips"), create_carrier: true, ..Typed::default() };
    assert_eq!(
        dr(Typed { scope: Some(Scope::Link), label: Some("vips:web"), ..made.clone() }).unwrap(),
        [
            "ip link add vips type dummy",
            "ip link set vips up",
            "ip addr add 192.0.2.10/32 dev vips scope link label vips:web",
            "ip addr add 2001:db8::10/128 dev vips nodad preferred_lft 0",
        ]
    );
    let label = |label| Typed { label: Some(label), ..Typed::default() };
    assert!(dr(label("lo")).is_ok() && dr(label("lo:1")).is_ok());
    for bad in ["eth0:1", "loop", "l"] {
        let refused = Refusal::OtherLabel { label: bad.into(), device: "lo".into() };
        assert_eq!(dr(label(bad)), Err(refused));
    }
    let missing = Typed { carrier: Some("vips"), ..Typed::default() };
    assert_eq!(dr(missing), Err(Refusal::NoDevice("vips".into())));
    // 3 hides scope host only.
    let mut facts = host();
    super::set(&mut facts, "eth0", "arp_ignore", 3);
    let global = Typed { scope: Some(Scope::Global), ..Typed::default() };
    assert!(matches!(plan(V4, global, &facts), Err(Refusal::ArpScope { .. })));
}

/// Another carrier for VIPs that are there, or for new ones, would leave the others' forgotten.
#[test]
fn all_vips_have_one_carrier() {
    let on = |vip, carrier, create_carrier, before: Option<&Wanted>| {
        let typed = Typed { carrier, create_carrier, ..Typed::default() };
        Wanted::resolve(&request(Mode::Dr, &[vip], typed), before, &host())
    };
    for vip in ["192.0.2.10", "192.0.2.11"] {
        for (now, is_made, asked) in
            [("lo", false, "vips"), ("vips", false, "lo"), ("vips", true, "lo")]
        {
            let first = on("192.0.2.10", Some(now), is_made, None).unwrap();
            let refusal = Refusal::OtherCarrier { now: now.to_owned(), asked: asked.to_owned() };
            assert_eq!(refusal.hint(), "run rs-agent teardown first");
            assert_eq!(on(vip, Some(asked), false, Some(&first)), Err(refusal));
            for same in [None, Some(now)] {
                assert_eq!(on(vip, same, false, Some(&first)).unwrap().carrier, now);
            }
        }
    }
}

/// What no step shows is told.
#[test]
fn another_director_is_told() {
    let with = |directors: &[&str], rips, before: Option<&Wanted>| {
        let directors: Vec<String> = directors.iter().map(ToString::to_string).collect();
        let typed = Typed { directors: &directors, rips, ..Typed::default() };
        Wanted::resolve(&request(Mode::Dr, V4, typed), before, &host()).unwrap()
    };
    let first = with(&["10.0.0.1"], &[], None);
    let told =
        |directors: &[&str], rips| with(directors, rips, Some(&first)).known_otherwise(&first);
    assert_eq!(told(&[], &[]), [""; 0]);
    assert_eq!(told(&["10.0.0.1"], &[]), [""; 0]);
    assert_eq!(told(&["10.0.0.2"], &[]), ["director: 10.0.0.2 instead of 10.0.0.1"]);
    assert_eq!(told(&[], texts(&[RIP])), [""; 0], "it takes the place of none");
    let two = with(&["10.0.0.1", "10.0.0.2"], &[], None);
    let turned = with(&["10.0.0.2", "10.0.0.1"], &[], Some(&two));
    assert_eq!(turned.known_otherwise(&two), [""; 0]);
    // A family's director takes no place of the other's.
    assert_eq!(told(&["2001:db8:1::1"], &[]), [""; 0]);
}

#[test]
fn who_may_send_is_said() {
    let notes = |directors: &[&str], typed: Typed<'_>| {
        let directors: Vec<String> = directors.iter().map(ToString::to_string).collect();
        let typed = Typed { directors: &directors, ..typed };
        let wanted = Wanted::resolve(&request(Mode::Tun, BOTH, typed), None, &with_fallbacks());
        refuse::notes(&wanted.unwrap())
    };
    let ipip = || tun(RIP, TunnelType::Ipip);
    assert_eq!(notes(&["10.0.0.1"], ipip()), [""; 0]);
    let anybody = "rs-ipip and rs-sit unpack what anybody sends: ";
    assert_eq!(notes(&[], ipip()), [format!("{anybody}--director limits that to one")]);
    let two = notes(&["10.0.0.1", "10.0.0.2"], ipip());
    assert_eq!(
        two,
        [format!("{anybody}with several directors only a firewall can limit that to them")]
    );
    let own = notes(&["10.0.0.1"], Typed { fallback_devices: true, ..ipip() });
    let anybody = "tunl0 and sit0 unpack what anybody sends: ";
    assert_eq!(own, [format!("{anybody}a firewall can limit that to the directors")]);
}
