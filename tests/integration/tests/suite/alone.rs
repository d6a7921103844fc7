// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tests that load and unload the module, which all namespaces share: each has
//! the kernel to itself. `make test` runs them first, one after the other, in
//! the guests only; so do those that compare with `ipvsadm` line by line.

use std::fs;
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use ipvs_netlink::procfs::Procfs;
use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, ErrorKind, ForwardingMethod, Scheduler, Service,
    ServiceKey,
};
use lab::Host;

use crate::transports::{Fault, faulty};

/// The loaded modules of IPVS, those that use another first.
fn modules() -> Vec<String> {
    let loaded = fs::read_to_string("/proc/modules").unwrap();
    let names = loaded.lines().filter_map(|line| line.split_whitespace().next());
    let mut ours: Vec<_> =
        names.filter(|name| name.starts_with("ip_vs")).map(str::to_owned).collect();
    ours.sort_by_key(|name| name == "ip_vs");
    ours
}

/// Unloads IPVS. The kernel takes namespaces down in its own time, and with
/// them the last services.
fn unload(host: &Host) {
    let end = Instant::now() + Duration::from_secs(20);
    while !modules().is_empty() {
        assert!(Instant::now() < end, "{:?} cannot be unloaded", modules());
        for module in modules() {
            host.sh(&format!("rmmod {module}"));
        }
    }
}

/// Gives the family another id.
fn reload(host: &Host) {
    unload(host);
    // Another family in between, so that the id cannot be the same again.
    host.must("modprobe -r fou6 fou; modprobe ip_vs; modprobe fou");
}

const WEB: ServiceKey = ServiceKey::Endpoint {
    protocol: ipvs_netlink::Protocol::Tcp,
    address: std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    port: 80,
};

fn add_web() -> Change {
    Change::AddService(Service::new(WEB, Scheduler::Rr))
}

fn add_server(number: u8) -> Change {
    let key = DestinationKey::new(Ipv4Addr::new(10, 0, 0, number), 80);
    let destination = Destination::new(key, ForwardingMethod::Masquerade);
    Change::AddDestination { service: WEB, destination }
}

#[test]
#[ignore = "has the kernel to itself"]
fn without_the_module_rsctl_says_so() {
    const LOADER: &str = "/proc/sys/kernel/modprobe";
    let host = Host::new("director");
    unload(&host);
    let loader = fs::read_to_string(LOADER).unwrap();
    fs::write(LOADER, "/bin/false").unwrap();
    let refused: Vec<_> = ["list", "add-service tcp/192.0.2.1:80", "clear --yes"]
        .iter()
        .map(|command| host.sh(&format!("rsctl {command}")))
        .collect();
    let help = host.sh("rsctl add-server --help");
    let bad = host.sh("rsctl add-service tcp/192.0.2.1:70000");
    let errors = host
        .enter(|| [Client::connect().err().unwrap(), Procfs::new().connections().err().unwrap()]);
    fs::write(LOADER, loader.trim()).unwrap();

    for error in errors {
        assert_eq!(error.kind(), ErrorKind::FamilyMissing);
        let row = format!("| `{error}` | `FamilyMissing` | ");
        assert!(include_str!("../../../../docs/errors.md").contains(&row), "{row}");
    }

    for output in refused {
        assert_eq!((output.status, output.stdout.as_str()), (1, ""), "{}", output.stderr);
        let lines: Vec<_> = output.stderr.lines().collect();
        assert_eq!(
            lines[0],
            "error: cannot reach IPVS: the kernel does not have it and could not load the module \
             ip_vs"
        );
        assert!(lines[1].starts_with("hint: load it with `modprobe ip_vs`"), "{}", lines[1]);
        assert_eq!(lines.len(), 2);
    }
    assert_eq!(help.status, 0);
    assert!(help.stdout.contains("--real-server"));
    // Bad input is called that where there is no IPVS, too.
    assert_eq!(bad.status, 2, "{}", bad.stderr);
    assert!(modules().is_empty());
}

#[test]
#[ignore = "has the kernel to itself"]
fn the_first_request_loads_the_module() {
    let host = Host::new("director");
    unload(&host);
    host.enter(|| {
        Client::connect().unwrap().apply(add_web()).unwrap();
    });
    assert_eq!(modules(), ["ip_vs_rr", "ip_vs"]);
}

#[test]
#[ignore = "has the kernel to itself"]
fn a_living_client_survives_a_reload() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let reload = |client: &mut Client| {
            client.apply(Change::Flush).unwrap();
            reload(&host);
        };
        // A delete is not taken for done because the kernel knows no such family.
        client.apply(add_web()).unwrap();
        reload(&mut client);
        let error = client.apply(Change::RemoveService(WEB)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ServiceMissing, "{error}");

        client.apply(add_web()).unwrap();
        client.apply(add_server(1)).unwrap();
        reload(&mut client);
        assert!(client.services().unwrap().is_empty());

        reload(&mut client);
        let report = client.batch([add_web(), add_server(1), add_server(1), add_server(2)]);
        let report = report.unwrap();
        let failed: Vec<_> = report.failures.iter().map(|f| (f.index, f.error.kind())).collect();
        assert_eq!(failed, [(2, ErrorKind::AlreadyExists)]);
        assert_eq!(client.destinations(&WEB).unwrap().len(), 2);

        // Of the refusals that all of these meet, one comes and the next is lost.
        let mut client = faulty([Fault::None, Fault::None, Fault::Lost]);
        client.apply(Change::Flush).unwrap();
        self::reload(&host);
        let report = client.batch([add_web(), add_server(1), add_server(2)]).unwrap();
        assert_eq!((report.applied, report.failures.len()), (3, 0), "{:?}", report.failures);
        assert_eq!(client.destinations(&WEB).unwrap().len(), 2);
    });
}

/// Nor does it load what was unloaded.
#[test]
#[ignore = "has the kernel to itself"]
fn a_watched_list_survives_a_reload() {
    let host = Host::new("director");
    host.must("rsctl add-service tcp/192.0.2.1:80 && rm -f /run/list /run/errors");
    thread::scope(|scope| {
        // What a shell has in the background ignores Ctrl-C.
        let watch = "timeout 60 rsctl list --watch=1 >/run/list 2>/run/errors &
                     echo $! >/run/watch; wait $!";
        let watched = scope.spawn(|| host.sh(watch));
        let until = |file: &str, text: &str| {
            let end = Instant::now() + Duration::from_secs(20);
            let read = || host.sh(&format!("cat {file}")).stdout;
            while !read().contains(text) {
                assert!(Instant::now() < end, "no {text:?} in {}", read());
                thread::sleep(Duration::from_millis(50));
            }
        };
        until("/run/list", "192.0.2.1:80");
        host.must("rsctl clear --yes");
        unload(&host);
        until("/run/errors", "error: cannot read /proc/net/ip_vs: ");
        // Longer than until the next list.
        thread::sleep(Duration::from_millis(1500));
        assert!(modules().is_empty(), "{:?}", modules());
        host.must("rsctl add-service tcp/192.0.2.2:80");
        until("/run/list", "192.0.2.2:80");
        host.must("kill $(cat /run/watch)");
        watched.join().unwrap();
    });
    let said = host.must("cat /run/errors").stdout;
    assert_eq!(said.lines().count(), 2, "said once, with its hint: {said}");
}
