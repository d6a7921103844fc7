// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was typed, and what is made of it.

use super::*;

fn vip_of(text: &str) -> Result<Vec<IpAddr>, BadRequest> {
    vips(&[text.to_owned()])
}

#[test]
fn a_vip_is_one_unicast_address() {
    for text in ["192.0.2.10", "192.0.2.10/32", "2001:db8::10", "2001:db8::10/128"] {
        assert!(vip_of(text).is_ok(), "{text}");
    }
    for text in ["192.0.2.10/24", "2001:db8::10/64", "192.0.2.10/0"] {
        assert!(matches!(vip_of(text), Err(BadRequest::NotAHostPrefix { .. })), "{text}");
    }
    for text in ["", "www", "192.0.2", "192.0.2.10/33", "192.0.2.10/", "1.2.3.4/x", "::1%lo"] {
        assert!(matches!(vip_of(text), Err(BadRequest::NotAnAddress { .. })), "{text}");
    }
    for text in [
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "169.254.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "ff02::1",
        "::ffff:192.0.2.10",
    ] {
        assert!(matches!(vip_of(text), Err(BadRequest::Unusable { .. })), "{text}");
    }
}

#[test]
fn a_vip_is_given_once_and_is_nobody_elses() {
    let twice = ["192.0.2.10", "192.0.2.10/32"].map(str::to_owned);
    let (option, ip) = ("--vip", "192.0.2.10".parse().unwrap());
    assert_eq!(vips(&twice), Err(BadRequest::Duplicate { option, ip }));
    let vip = ["192.0.2.10".to_owned()];
    let check = |typed: Typed<'_>| Request::check(Mode::Tun, &Typed { vips: &vip, ..typed });
    let same = |result| matches!(result, Err(BadRequest::SameAddress { .. }));
    assert!(same(check(Typed { rips: &vip, ..Typed::default() })));
    assert!(same(check(Typed { directors: &vip, ..Typed::default() })));
    // Nor is the RIP the director's.
    for mode in [Mode::Dr, Mode::Tun] {
        let (rips, directors) = (texts(&["10.0.0.5"]), texts(&["10.0.0.1", "10.0.0.5"]));
        let typed = Typed { vips: &vip, rips, directors, ..Typed::default() };
        let refused = Request::check(mode, &typed).unwrap_err();
        assert_eq!(refused.to_string(), "10.0.0.5 is both RIP and director address");
        assert!(refused.hint().contains("DIP"), "{refused:?}");
    }
}

#[test]
fn options_that_do_not_fit_the_mode_are_refused() {
    let vip = ["192.0.2.10".to_owned()];
    let typed = Typed { vips: &vip, carrier: Some("lo"), ..Typed::default() };
    assert!(Request::check(Mode::Dr, &typed).is_ok());
    for mode in [Mode::Tun, Mode::Nat] {
        let refused = Request::check(mode, &typed);
        assert_eq!(refused, Err(BadRequest::WrongMode { option: "--carrier", mode }));
    }
    assert_eq!(Request::check(Mode::Nat, &Typed::default()), Err(BadRequest::NoDirector));
    assert_eq!(Request::check(Mode::Dr, &Typed::default()), Err(BadRequest::NoVip));
}

#[test]
fn of_some_addresses_there_is_one_of_each_family() {
    let check = |gateways: &[&str]| {
        let typed = Typed { gateways: texts(gateways), ..Typed::default() };
        Request::check(Mode::Nat, &typed).map(|request| request.gateways.len())
    };
    assert_eq!(check(&["10.0.0.1"]), Ok(1));
    assert_eq!(check(&["2001:db8::1", "10.0.0.1"]), Ok(2));
    for two in [["10.0.0.1", "10.0.0.2"], ["2001:db8::1", "2001:db8::2"]] {
        let refused = check(&two);
        assert!(matches!(refused, Err(BadRequest::TwoOfOneFamily { .. })), "{refused:?}");
    }
    let refused = check(&["2001:db8::1", "10.0.0.1", "2001:DB8:0::1"]).unwrap_err();
    assert_eq!(refused.to_string(), "--gateway 2001:db8::1 is given twice");
    assert!(matches!(check(&["10.0.0.1", "www"]), Err(BadRequest::NotAnAddress { .. })));

    let directors = ["10.0.0.1", "2001:db8::1"].map(str::to_owned);
    let vips = ["192.0.2.10".to_owned()];
    let tun = |rips: &[&str]| {
        let typed =
            Typed { vips: &vips, rips: texts(rips), directors: &directors, ..Typed::default() };
        Request::check(Mode::Tun, &typed).map(|request| request.rips.len())
    };
    assert_eq!(tun(&["10.0.0.5", "2001:db8::5"]), Ok(2));
    assert!(matches!(tun(&["10.0.0.5", "10.0.0.6"]), Err(BadRequest::TwoOfOneFamily { .. })));
    assert!(matches!(tun(&["10.0.0.5"; 2]), Err(BadRequest::Duplicate { option: "--rip", .. })));
    assert!(matches!(tun(&["10.0.0.5"]), Err(BadRequest::MixedFamilies { .. })));
    // Of one that is named twice there are not two, which a device would take for any.
    let directors = texts(&["10.0.0.1", "10.0.0.1"]);
    let typed = Typed { vips: &vips, directors, ..Typed::default() };
    let refused = Request::check(Mode::Tun, &typed);
    assert!(matches!(refused, Err(BadRequest::Duplicate { option: "--director", .. })));
}

#[test]
fn an_encapsulation_is_described_in_full() {
    use BadRequest::{NoTunnelPort, WrongTunnel};
    use TunnelType::{Gre, Gue, Ipip};
    let wrong = |option| Err(WrongTunnel { option });
    for (tunnel, checksum, tunnel_port, meaning) in [
        (None, false, None, Ok(None)),
        (None, true, None, wrong("--checksum")),
        (None, false, Some(6080), wrong("--tunnel-port")),
        (Some(Ipip), false, None, Ok(Some(Encapsulation::Ipip))),
        (Some(Ipip), true, None, wrong("--checksum")),
        (Some(Gre), false, None, Ok(Some(Encapsulation::Gre { checksum: false }))),
        (Some(Gre), true, None, Ok(Some(Encapsulation::Gre { checksum: true }))),
        (Some(Gre), true, Some(6080), wrong("--tunnel-port")),
        (Some(Gue), false, Some(6080), Ok(Some(Encapsulation::Gue { port: 6080 }))),
        (Some(Gue), true, Some(6080), wrong("--checksum")),
        (Some(Gue), false, None, Err(NoTunnelPort)),
    ] {
        let typed = Typed { tunnel, checksum, tunnel_port, ..Typed::default() };
        let read = encapsulation(typed.tunnel, typed.checksum, typed.tunnel_port);
        assert_eq!(read, meaning, "{typed:?}");
    }
}

#[test]
fn device_names_are_those_the_kernel_takes() {
    for name in ["lo", "eth0.100", "a..b", "fifteen-bytes-x"] {
        assert!(device_name(name).is_ok(), "{name}");
    }
    for name in ["", ".", "..", "sixteen-bytes-xx", "a/b", "a:b", "a b", "rs%d", "all"] {
        assert!(device_name(name).is_err(), "{name}");
    }
}

#[test]
fn a_client_network_is_probed_at_both_ends() {
    for (text, first, last) in [
        ("198.51.100.0/24", "198.51.100.1", "198.51.100.254"),
        ("198.51.100.7", "198.51.100.7", "198.51.100.7"),
        ("198.51.100.6/31", "198.51.100.6", "198.51.100.7"),
        ("2001:db8::/32", "2001:db8::1", "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe"),
    ] {
        let ends = Network::parse(text).unwrap().ends().map(|ip| ip.to_string());
        assert_eq!(ends, [first, last], "{text}");
    }
    for text in ["198.51.100.0/33", "198.51.100.0/0", "x/24", "224.0.0.0/4"] {
        assert!(Network::parse(text).is_err(), "{text}");
    }
}
