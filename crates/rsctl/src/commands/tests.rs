// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a command line means, from the words to the change or the refusal.
//! What the kernel makes of it is for the integration suite.

use clap::Parser;
use ipvs_netlink::{Change, Destination, Service};

use super::{add_server, add_service, edit_service, server};
use crate::cli::{Cli, Command, Target};
use crate::error::Error;

fn parse(line: &str) -> Command {
    let words = std::iter::once("rsctl").chain(line.split_whitespace());
    Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}")).command
}

fn plan(line: &str) -> Result<Change, Error> {
    match parse(line) {
        Command::AddService(args) => add_service::plan(args.service.0, &args.settings),
        Command::AddServer(args) => {
            let Target::Service(service) = args.services.0 else { panic!("{line}") };
            add_server::plan(service, args.servers.real_server[0], &args.settings)
        }
        _ => panic!("{line} adds nothing"),
    }
}

/// The virtual service that `options` describe.
fn service(options: &str) -> Service {
    match plan(&format!("add-service {options}")) {
        Ok(Change::AddService(service)) => service,
        other => panic!("{options}: {other:?}"),
    }
}

/// The real server that `options` describe.
fn real_server(options: &str) -> Destination {
    match plan(&format!("add-server {options}")) {
        Ok(Change::AddDestination { destination, .. }) => destination,
        other => panic!("{options}: {other:?}"),
    }
}

fn edited_service(before: &Service, options: &str) -> Result<Service, String> {
    let Command::EditService(args) = parse(&format!("edit-service {} {options}", before.key))
    else {
        panic!("{options}");
    };
    let mut after = before.clone();
    edit_service::edit(&mut after, &args.edits).map_err(|refusal| refusal.to_string())?;
    Ok(after)
}

fn edited_server(before: &Destination, options: &str) -> Result<Destination, String> {
    let line = format!("edit-server tcp/192.0.2.10:80 -r {} {options}", before.key);
    let Command::EditServer(args) = parse(&line) else { panic!("{options}") };
    let mut after = *before;
    server::set(&mut after, &args.edits.settings).map_err(|refusal| refusal.to_string())?;
    Ok(after)
}

#[test]
fn every_way_to_name_a_service_names_the_same() {
    for (options, key) in [
        ("-t 192.0.2.10:80", "tcp/192.0.2.10:80"),
        ("-t192.0.2.10:80", "tcp/192.0.2.10:80"),
        ("--tcp-service=[2001:db8::1]:80", "tcp/[2001:db8::1]:80"),
        ("-u 192.0.2.10:53", "udp/192.0.2.10:53"),
        ("--sctp-service 192.0.2.10:9", "sctp/192.0.2.10:9"),
        ("-t 192.0.2.10 -p", "tcp/192.0.2.10:0"),
        ("-t [2001:db8::1] -p", "tcp/[2001:db8::1]:0"),
        ("-f 7", "fwmark/7"),
        ("-f 7 -6", "fwmark/7/ipv6"),
        ("-6f 7", "fwmark/7/ipv6"),
    ] {
        assert_eq!(service(options).key.to_string(), key, "{options}");
    }
}

#[test]
fn what_is_not_given_is_as_with_ipvsadm() {
    let plain = service("-t 192.0.2.10:80");
    assert_eq!(plain, service("-t 192.0.2.10:80 -s wlc"));
    assert_eq!(service("-f 7 -p"), service("-f 7 -p 360 -M 255.255.255.255"));
    assert_eq!(service("-f 7 -6 -p"), service("-f 7 -6 -p360 -M 128"));
    assert_eq!(service("-f 7 -p -M /24"), service("-p -f 7 -M 255.255.255.0"));

    let server = real_server("-t 192.0.2.10:80 -r 10.0.0.11");
    assert_eq!(server, real_server("-r 10.0.0.11:80 --mode dr -w 1 -t 192.0.2.10:80"));
    for (options, key) in [
        ("-r 10.0.0.11 -t 192.0.2.10:80 -m", "10.0.0.11:80"),
        ("-r 10.0.0.11 -f 7", "10.0.0.11:0"),
        ("-r [2001:db8::11]:80 -t [2001:db8::1]:80", "[2001:db8::11]:80"),
        ("-r [2001:db8::11] -t [2001:db8::1]:80", "[2001:db8::11]:80"),
        ("-r [2001:db8::11] -i -t 192.0.2.10:80", "[2001:db8::11]:80"),
    ] {
        assert_eq!(real_server(options).key.to_string(), key, "{options}");
    }
}

#[test]
fn an_edit_changes_only_what_is_named() {
    let full = "udp/192.0.2.10:53 -s sh -b sh-port -p 600 -M /24 --pe sip --ops";
    for (options, after) in [
        ("", full),
        ("-s sh", full),
        ("-p", full),
        ("-s mh", "udp/192.0.2.10:53 -s mh -b mh-port -p 600 -M /24 --pe sip --ops"),
        ("-s rr", "udp/192.0.2.10:53 -s rr -p 600 -M /24 --pe sip --ops"),
        ("-s mh -b flag-3", "udp/192.0.2.10:53 -s mh -b flag-3 -p 600 -M /24 --pe sip --ops"),
        ("--no-sched-flags", "udp/192.0.2.10:53 -s sh -p 600 -M /24 --pe sip --ops"),
        ("-p 60", "udp/192.0.2.10:53 -s sh -b sh-port -p 60 -M /24 --pe sip --ops"),
        ("-M /8", "udp/192.0.2.10:53 -s sh -b sh-port -p 600 -M /8 --pe sip --ops"),
        ("--no-pe", "udp/192.0.2.10:53 -s sh -b sh-port -p 600 -M /24 --ops"),
        ("--no-ops", "udp/192.0.2.10:53 -s sh -b sh-port -p 600 -M /24 --pe sip"),
        ("--no-persistent", "udp/192.0.2.10:53 -s sh -b sh-port --ops"),
    ] {
        assert_eq!(edited_service(&service(full), options), Ok(service(after)), "{options}");
    }
    let plain = service("udp/192.0.2.10:53");
    assert_eq!(edited_service(&plain, "-p"), Ok(service("udp/192.0.2.10:53 -p 360")));
    assert_eq!(
        edited_service(&plain, "-b sh-port"),
        Err("sh-port is a flag of the scheduler sh, and the service's is wlc".to_owned())
    );

    let base = "tcp/192.0.2.10:80 -r 10.0.0.11";
    let gue = "-i --tun-type gue --tun-port 6080 --tun-csum";
    for (before, options, after) in [
        ("-m -w 3 -x 10 -y 5", "", "-m -w 3 -x 10 -y 5"),
        ("-m -w 3 -x 10 -y 5", "-w 0", "-m -w 0 -x 10 -y 5"),
        ("-m -w 3 -x 10 -y 5", "-g", "-g -w 3 -x 10 -y 5"),
        ("-m -w 3 -x 10 -y 5", "-y 7", "-m -w 3 -x 10 -y 7"),
        ("-m -w 3 -x 10 -y 5", "-x 0 -y 0", "-m -w 3"),
        (gue, "-i -w 0", "-i --tun-type gue --tun-port 6080 --tun-csum -w 0"),
        (gue, "--tun-port 6081", "-i --tun-type gue --tun-port 6081 --tun-csum"),
        (gue, "--tun-remcsum", "-i --tun-type gue --tun-port 6080 --tun-remcsum"),
        (gue, "--tun-type gre", "-i --tun-type gre --tun-csum"),
        (gue, "--tun-type ipip", "-i"),
        (gue, "--mode nat", "-m"),
        ("-i --tun-type gre --tun-csum", "-i", "-i --tun-type gre --tun-csum"),
        ("-i --tun-type gre --tun-csum", "--tun-nocsum", "-i --tun-type gre"),
        ("-i --tun-type gre", "--tun-csum", "-i --tun-type gre --tun-csum"),
    ] {
        assert_eq!(
            edited_server(&real_server(&format!("{base} {before}")), options),
            Ok(real_server(&format!("{base} {after}"))),
            "{before}, then {options}"
        );
    }
    let limited = real_server(&format!("{base} -x 10 -y 5"));
    assert_eq!(
        edited_server(&limited, "-x 4"),
        Err("lower threshold 5 is above upper threshold 4".to_owned())
    );
    assert_eq!(
        edited_server(&limited, "--tun-port 6080"),
        Err("tunnel options need a tunnelled server, and 10.0.0.11:80 is not tunnelled".to_owned())
    );
}

#[test]
fn refusals_say_why_and_what_to_write() {
    let persistent_hint = "make it persistent with -p";
    let tunnel = "add-server tcp/192.0.2.10:80 -r 10.0.0.11 -i --tun-type";
    for (line, why, hint) in [
        (
            "add-service -t 192.0.2.10",
            "add service tcp/192.0.2.10:0: port 0 (all ports) needs a persistent service",
            "name a port, or make the service persistent with -p",
        ),
        (
            "add-service -t 192.0.2.10:80 --ops",
            "add service tcp/192.0.2.10:80: one-packet scheduling works for UDP only",
            "leave out --ops, or make the service a UDP one",
        ),
        (
            "add-service -t 192.0.2.10:80 -p -M 24",
            "add service tcp/192.0.2.10:80: `24` is not a netmask: expected 255.255.255.0, /24 \
             or, for IPv6, 64",
            "write /24 for a prefix; ipvsadm reads `24` as the mask 0.0.0.24",
        ),
        (
            "add-service -t 192.0.2.10:80 -M /24",
            "add service tcp/192.0.2.10:80: a netmask means something to a persistent service \
             only",
            persistent_hint,
        ),
        (
            "add-service -t 192.0.2.10:80 -p --pe sip",
            "add service tcp/192.0.2.10:80: a persistence engine works for UDP only",
            "leave out --pe, or make the service a UDP one",
        ),
        (
            "add-service -u 192.0.2.10:80 --pe sip",
            "add service udp/192.0.2.10:80: a persistence engine means something to a persistent \
             service only",
            persistent_hint,
        ),
        (
            "add-service -t 192.0.2.10:80 -s rr -b sh-port",
            "add service tcp/192.0.2.10:80: sh-port is a flag of the scheduler sh, and the \
             service's is rr",
            "name the scheduler too: -s sh",
        ),
        (
            "add-server tcp/192.0.2.10:80 -r 10.0.0.11:8080",
            "add server 10.0.0.11:8080 to tcp/192.0.2.10:80: dr cannot change the \
             port: 10.0.0.11:8080 would receive packets for port 80 (the port of \
             tcp/192.0.2.10:80)",
            "leave the port out, or use nat (-m), which can change the port",
        ),
        (
            "add-server tcp/192.0.2.10:80 -r [2001:db8::1]",
            "add server [2001:db8::1]:80 to tcp/192.0.2.10:80: [2001:db8::1]:80 and \
             tcp/192.0.2.10:80 are of different address families: only tunnels carry that",
            "use a tunnel (-i), or a real server of the service's address family",
        ),
        (
            "add-server tcp/192.0.2.10:80 -r 10.0.0.11 -y 5",
            "add server 10.0.0.11:80 to tcp/192.0.2.10:80: lower threshold 5 is above upper \
             threshold 0",
            "an upper threshold of 0 means no limit: name one with -x, or say -y 0",
        ),
        (
            "add-server tcp/192.0.2.10:80 -r 10.0.0.11 -m --tun-type gue",
            "add server 10.0.0.11:80 to tcp/192.0.2.10:80: tunnel options need a tunnelled \
             server, and 10.0.0.11:80 is not tunnelled",
            "make it a tunnel with -i",
        ),
        (
            &format!("{tunnel} gue"),
            "add server 10.0.0.11:80 to tcp/192.0.2.10:80: a gue tunnel needs a port",
            "name the real server's UDP port with --tun-port",
        ),
        (
            &format!("{tunnel} ipip --tun-port 6080"),
            "add server 10.0.0.11:80 to tcp/192.0.2.10:80: ipip tunnels have no port",
            "only gue tunnels have it: --tun-type gue",
        ),
        (
            &format!("{tunnel} ipip --tun-csum"),
            "add server 10.0.0.11:80 to tcp/192.0.2.10:80: ipip tunnels have no checksum",
            "name the type with --tun-type gue or --tun-type gre",
        ),
        (
            &format!("{tunnel} gre --tun-port 6080"),
            "add server 10.0.0.11:80 to tcp/192.0.2.10:80: gre tunnels have no port",
            "only gue tunnels have it: --tun-type gue",
        ),
        (
            &format!("{tunnel} gre --tun-remcsum"),
            "add server 10.0.0.11:80 to tcp/192.0.2.10:80: gre tunnels have no remote checksum",
            "only gue tunnels have it: --tun-type gue",
        ),
    ] {
        let error = plan(line).expect_err(line);
        let text = error.complaint().to_string();
        assert_eq!(text, format!("error: cannot {why}\nhint: {hint}\n"), "{line}");
        assert_eq!(error.exit(), crate::exit::Exit::Usage, "{line}");
    }
}
