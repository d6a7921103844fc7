// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a host is by a file, and what its options make of that.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::facts::Family;
use crate::refusal::Refusal;
use crate::request::{Scope, TunnelType, texts};
use crate::tunnel::Encapsulation;
use crate::unfit::Unfit;

/// A service of a VIP, by a method, with servers.
fn service(vip: &str, how: &str, servers: &str) -> String {
    format!("  - {{service: 'tcp/{vip}', {how}, servers: [{servers}]}}\n")
}

fn file(director: &str, services: &[String]) -> String {
    let director = match director {
        "" => String::new(),
        addresses => format!("director: {{addresses: [{addresses}]}}\n"),
    };
    format!("format: ipvs-cluster/1\n{director}services:\n{}", services.concat())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn ips(all: &[&str]) -> Vec<IpAddr> {
    all.iter().map(|text| ip(text)).collect()
}

/// What a host with these addresses is.
fn request_as(
    file: &str,
    own: &[&str],
    mode: Option<Mode>,
    typed: &Typed<'_>,
) -> Result<Request, Refusal> {
    let host = Host { own: ips(own), file: "FILE".to_owned() };
    host.request(&cluster::read(file.as_bytes()).unwrap(), mode, typed)
}

fn request_by(file: &str, own: &[&str]) -> Result<Request, Refusal> {
    request_as(file, own, None, &Typed::default())
}

/// What is told of one that cannot be.
fn refused(result: Result<Request, Refusal>) -> (String, String) {
    let refusal = result.unwrap_err();
    (refusal.to_string(), refusal.hint())
}

const RIPS: &str = "10.0.0.11, 10.0.0.12";
const RIPS6: &str = "'2001:db8:1::11', '2001:db8:1::12'";
const HOST: [&str; 5] = ["127.0.0.1", "::1", "fe80::1", "10.0.0.12", "2001:db8:1::12"];

#[test]
fn each_model_is_taken_from_the_file() {
    let two = |how: &str| {
        let v4 = service("192.0.2.10:80,443", how, RIPS);
        let others = service("192.0.2.99:80", "method: dr", "10.0.0.11");
        file("10.0.0.1, '2001:db8:1::1'", &[v4, service("[2001:db8::10]:80", how, RIPS6), others])
    };
    let vips = ips(&["192.0.2.10", "2001:db8::10"]);
    let rips = ips(&["10.0.0.12", "2001:db8:1::12"]);
    let dips = ips(&["10.0.0.1", "2001:db8:1::1"]);

    let dr = request_by(&two("method: dr"), &HOST).unwrap();
    assert_eq!((dr.mode, dr.encapsulation), (Mode::Dr, None));
    assert_eq!((&dr.vips, &dr.rips, &dr.directors), (&vips, &rips, &dips));
    assert!(!dr.also_director && dr.gateways.is_empty());

    for (tunnel, encapsulation) in [
        ("", Encapsulation::Ipip),
        (", tunnel: {type: gre}", Encapsulation::Gre { checksum: false }),
        (", tunnel: {type: gre, checksum: outer}", Encapsulation::Gre { checksum: true }),
        (", tunnel: {type: gue, port: 6080}", Encapsulation::Gue { port: 6080 }),
    ] {
        let tun = request_by(&two(&format!("method: tun{tunnel}")), &HOST).unwrap();
        assert_eq!((tun.mode, tun.encapsulation), (Mode::Tun, Some(encapsulation)), "{tunnel}");
        assert_eq!((&tun.vips, &tun.rips, &tun.directors), (&vips, &rips, &dips));
    }

    let nat = request_by(&two("method: nat"), &HOST).unwrap();
    assert_eq!((nat.mode, &nat.vips, &nat.gateways), (Mode::Nat, &vips, &dips));
    assert!(nat.rips.is_empty() && nat.directors.is_empty());

    // Of a family in which nothing comes, no director matters.
    let v4 = request_by(&two("method: nat"), &["10.0.0.12"]).unwrap();
    assert_eq!((v4.vips, v4.gateways), (ips(&["192.0.2.10"]), ips(&["10.0.0.1"])));
}

#[test]
fn options_choose_a_part_or_add_to_it() {
    let both = file(
        "10.0.0.1",
        &[
            service("192.0.2.10:80", "method: dr", RIPS),
            service("192.0.2.53:53", "method: nat", "10.0.0.12, 10.0.0.13"),
        ],
    );
    let (why, hint) = refused(request_by(&both, &HOST));
    assert_eq!(why, "FILE has this host in mode dr, and in mode nat for 192.0.2.53");
    assert!(hint.contains("--mode dr or --mode nat"), "{hint}");
    for (mode, vip) in [(Mode::Dr, "192.0.2.10"), (Mode::Nat, "192.0.2.53")] {
        let chosen = request_as(&both, &HOST, Some(mode), &Typed::default()).unwrap();
        assert_eq!((chosen.mode, chosen.vips), (mode, ips(&[vip])));
        let typed = Typed { vips: texts(&[vip]), ..Typed::default() };
        let chosen = request_as(&both, &HOST, None, &typed).unwrap();
        assert_eq!((chosen.mode, chosen.vips), (mode, ips(&[vip])));
    }
    let one = file("", &[service("192.0.2.10:80", "method: dr", RIPS)]);
    let (scope, carrier) = (Some(Scope::Link), Some("vips"));
    let typed = Typed { directors: texts(&["10.0.0.1"]), scope, carrier, ..Typed::default() };
    let added = request_as(&one, &HOST, Some(Mode::Dr), &typed).unwrap();
    assert_eq!((added.scope, added.carrier.as_deref()), (scope, carrier));
    assert_eq!(added.directors, ips(&["10.0.0.1"]));
    // A host that the file knows by another address than its own.
    let typed = Typed { rips: texts(&["10.0.0.11"]), ..Typed::default() };
    assert_eq!(request_as(&one, &[], None, &typed).unwrap().rips, ips(&["10.0.0.11"]));
    // In mode nat a route can be checked alone.
    let typed = Typed { directors: texts(&["10.0.0.1"]), ..Typed::default() };
    let nat = request_as(&both, &HOST, Some(Mode::Nat), &typed).unwrap();
    assert_eq!((nat.directors, nat.gateways), (ips(&["10.0.0.1"]), vec![]));
}

#[test]
fn what_contradicts_the_file_is_named_with_what_it_says() {
    let dr = file("10.0.0.1", &[service("192.0.2.10:80", "method: dr", RIPS)]);
    let gre = "method: tun, tunnel: {type: gre}";
    let gre = file("10.0.0.1", &[service("192.0.2.10:80", gre, RIPS)]);
    let none = Typed::default();
    let tunnel = Typed { tunnel: Some(TunnelType::Ipip), ..none };
    let vip = Typed { vips: texts(&["192.0.2.11"]), ..none };
    let director = Typed { directors: texts(&["10.0.0.2"]), ..none };
    let gateway = Typed { gateways: texts(&["10.0.0.2"]), ..none };
    for (file, mode, typed, says, option) in [
        (
            &dr,
            Some(Mode::Nat),
            &none,
            "--mode nat is not what FILE says: dr for 192.0.2.10",
            "--mode",
        ),
        (&gre, None, &tunnel, "--tunnel ipip is not what FILE says: gre", "--tunnel"),
        (&dr, None, &vip, "--vip 192.0.2.11 is not what FILE says: 192.0.2.10", "--vip"),
        (&dr, None, &director, "--director 10.0.0.2 is not what FILE says: 10.0.0.1", "--director"),
        (&dr, None, &gateway, "--gateway 10.0.0.2 is not what FILE says: 10.0.0.1", "--gateway"),
    ] {
        let refusal = request_as(file, &HOST, mode, typed).unwrap_err();
        assert!(refusal.is_usage() && !refusal.may_pass(), "{refusal}");
        assert_eq!(refusal.to_string(), says);
        assert_eq!(refusal.hint(), format!("leave {option} out, or correct the file"));
    }
    let rip = Typed { rips: texts(&["10.0.0.99"]), ..none };
    let (why, _) = refused(request_as(&dr, &HOST, None, &rip));
    assert_eq!(why, "--rip 10.0.0.99 is no server's in FILE");
}

#[test]
fn a_host_that_is_no_server_is_told_its_addresses() {
    let dr = file("10.0.0.1", &[service("192.0.2.10:80", "method: dr", RIPS)]);
    let refusal = request_by(&dr, &["127.0.0.1", "fe80::1", "10.0.0.99", "2001:db8::99"]);
    let refusal = refusal.unwrap_err();
    // It may be one in a moment, while it starts.
    assert!(!refusal.is_usage() && refusal.may_pass());
    let why = "none of this host's addresses is a server's in FILE: 10.0.0.99, 2001:db8::99";
    assert_eq!(refusal.to_string(), why);
    assert!(refusal.hint().contains("--rip"), "{}", refusal.hint());
    let (why, _) = refused(request_by(&dr, &["127.0.0.1"]));
    assert!(why.ends_with("in FILE: it has none"), "{why}");
    // A VIP that is set up here, and the server of another service, is no RIP.
    let two = file(
        "",
        &[
            service("192.0.2.10:80", "method: dr", RIPS),
            service("192.0.2.20:80", "method: dr", "192.0.2.10"),
        ],
    );
    let mut own = HOST.to_vec();
    own.push("192.0.2.10");
    assert_eq!(request_by(&two, &own).unwrap().vips, ips(&["192.0.2.10"]));
}

#[test]
fn of_several_rips_what_a_host_can_be_is_set_up() {
    let two = |how: &str| file("", &[service("192.0.2.10:80", how, RIPS)]);
    let own = ["10.0.0.11", "10.0.0.12"];
    // Both are reached by one MAC address or the other.
    let dr = request_by(&two("method: dr"), &own).unwrap();
    assert_eq!((dr.vips, dr.rips), (ips(&["192.0.2.10"]), vec![]));
    let (why, hint) = refused(request_by(&two("method: tun"), &own));
    assert!(why.ends_with("RIPs of one address family for this host: 10.0.0.11 and 10.0.0.12"));
    assert!(hint.ends_with("--rip 10.0.0.11"), "{hint}");
    let typed = Typed { rips: texts(&["10.0.0.12"]), ..Typed::default() };
    let one = request_as(&two("method: tun"), &own, None, &typed).unwrap();
    assert_eq!(one.rips, ips(&["10.0.0.12"]));

    // One RIP takes VIPs of both families, two each its own.
    let inner = service("[2001:db8::10]:80", "method: tun", "10.0.0.12");
    let outer = service("192.0.2.10:80", "method: tun", "10.0.0.12");
    let both = request_by(&file("", &[inner.clone(), outer]), &HOST).unwrap();
    assert_eq!((both.vips.len(), both.rips), (2, ips(&["10.0.0.12"])));
    let other = service("[2001:db8::20]:80", "method: tun", "'2001:db8:1::12'");
    let (why, hint) = refused(request_by(&file("", &[inner, other]), &HOST));
    assert!(why.starts_with("FILE sends 2001:db8::10 to 10.0.0.12: "), "{why}");
    assert!(hint.ends_with("--rip 10.0.0.12"), "{hint}");

    let mixed = file(
        "",
        &[
            service("192.0.2.10:80", "method: tun", RIPS),
            service("192.0.2.11:80", "method: tun, tunnel: {type: gre}", RIPS),
        ],
    );
    let (why, _) = refused(request_by(&mixed, &HOST));
    assert!(why.ends_with("this host: ipip for 192.0.2.10 and gre for 192.0.2.11"), "{why}");
}

#[test]
fn nat_needs_one_way_back_for_each_family() {
    let nat = |director: &str| file(director, &[service("192.0.2.10:80", "method: nat", RIPS)]);
    let (why, hint) = refused(request_by(&nat("'2001:db8:1::1'"), &HOST));
    assert!(why.starts_with("FILE names no IPv4 address of another host"), "{why}");
    assert!(hint.contains("below `director`"), "{hint}");
    // The director itself is no way back for it.
    let (why, _) = refused(request_by(&nat("10.0.0.12"), &HOST));
    assert!(why.starts_with("FILE names no IPv4 address of another host"), "{why}");
    let (why, hint) = refused(request_by(&nat("10.0.0.1, 10.0.0.2"), &HOST));
    assert_eq!(why, "FILE names several IPv4 addresses of directors: 10.0.0.1, 10.0.0.2");
    assert!(hint.contains("--gateway 10.0.0.1"), "{hint}");
    let typed = Typed { gateways: texts(&["10.0.0.2"]), ..Typed::default() };
    let chosen = request_as(&nat("10.0.0.1, 10.0.0.2"), &HOST, None, &typed).unwrap();
    assert_eq!(chosen.gateways, ips(&["10.0.0.2"]));
}

/// Two hosts, each a director and a real server, have one file.
#[test]
fn a_director_that_is_a_real_server_is_both() {
    let two = file("10.0.0.11, 10.0.0.12", &[service("192.0.2.10:80", "method: dr", RIPS)]);
    for (own, other) in [("10.0.0.11", "10.0.0.12"), ("10.0.0.12", "10.0.0.11")] {
        let request = request_by(&two, &[own]).unwrap();
        assert!(request.also_director, "{own}");
        assert_eq!((request.rips, request.directors), (ips(&[own]), ips(&[other])));
    }
    // What it serves of itself is no matter of a real server.
    let local = file("10.0.0.11", &[service("192.0.2.10:80", "method: local", RIPS)]);
    assert!(refused(request_by(&local, &["10.0.0.11"])).0.starts_with("none of"));
}

#[test]
fn vips_behind_a_mark_stand_in_the_file() {
    let mark = |vips: &str, how: &str| {
        let service = format!("  - {{service: fwmark/7, {how}, servers: [{RIPS}]{vips}}}\n");
        file("10.0.0.1", &[service, self::service("192.0.2.53:53", how, RIPS)])
    };
    let (why, hint) = refused(request_by(&mark("", "method: dr"), &HOST));
    assert_eq!(why, "FILE does not say which VIPs fwmark/7 stands for");
    assert!(hint.contains("`vips: [VIP]`"), "{hint}");
    let known = request_by(&mark(", vips: 192.0.2.10", "method: dr"), &HOST).unwrap();
    assert_eq!(known.vips, ips(&["192.0.2.10", "192.0.2.53"]));
    // What a host with nat must not have is not needed to set it up.
    let nat = request_by(&mark("", "method: nat"), &HOST).unwrap();
    assert_eq!(nat.vips, ips(&["192.0.2.53"]));
}

/// As the configuration: it is obeyed in the same way.
#[test]
fn a_file_that_is_wrong_or_open_to_others_is_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cluster.yaml");
    let mode = |bits| fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
    let read = || request_of(&path, None, &Typed::default()).unwrap_err();
    let missing = read();
    assert!(matches!(missing, Error::ReadCluster { .. }) && missing.exit_status() == 2);

    fs::write(&path, "format: ipvs-cluster/1\nservices:\n  - {serivce: x}\n  - y\n").unwrap();
    mode(0o646);
    let open = read();
    assert!(matches!(open, Error::UntrustedConfig(_)) && open.exit_status() == 2, "{open}");
    mode(0o644);
    let wrong = read();
    let Error::Cluster { problems, .. } = &wrong else { panic!("{wrong}") };
    assert!(problems.len() >= 2 && wrong.exit_status() == 2, "{wrong}");
    let places = crate::error::places(&path, problems);
    let first = format!("{}:3:6: a service has no key `serivce`; did you mean", path.display());
    assert!(places.iter().any(|place| place.starts_with(&first)), "{places:#?}");
    assert!(wrong.to_string().contains("line 4, column 5: "), "{wrong}");
    // By itself, it names none of this host's addresses.
    fs::write(&path, file("", &[service("192.0.2.10:80", "method: dr", "192.0.2.11")])).unwrap();
    assert!(matches!(read(), Error::Refused(Refusal::Cluster(_))));
}

#[test]
fn the_page_of_errors_has_each() {
    const PAGE: &str = include_str!("../../../../docs/errors.md");
    let (file, family) = (|| "FILE".to_owned(), Family::Ipv4);
    let (vip, rip) = (ip("2001:db8::10"), ip("10.0.0.12"));
    let (one, other) = (ip("10.0.0.11"), ip("10.0.0.12"));
    let directors = ips(&["10.0.0.1", "10.0.0.2"]);
    for unfit in [
        Unfit::NoServer { file: file(), own: ips(&["10.0.0.99"]) },
        Unfit::NotThisRip { file: file(), rip: ip("10.0.0.99") },
        Unfit::Contradicts {
            option: "--mode nat".to_owned(),
            file: file(),
            says: "dr for 192.0.2.10".to_owned(),
        },
        Unfit::TwoModes { file: file(), one: Mode::Dr, other: Mode::Nat, vip: ip("192.0.2.53") },
        Unfit::TwoEncapsulations {
            file: file(),
            one: "ipip for 192.0.2.10".to_owned(),
            other: "gre for 192.0.2.11".to_owned(),
        },
        Unfit::TwoRips { file: file(), one, other },
        Unfit::Crossed { file: file(), vip, rip },
        Unfit::NoVipOfMark { file: file(), mark: 7 },
        Unfit::NoGateway { file: file(), family },
        Unfit::ManyGateways { file: file(), family, directors },
    ] {
        assert!(PAGE.contains(&format!("| `{unfit}`")), "{unfit}");
    }
}
