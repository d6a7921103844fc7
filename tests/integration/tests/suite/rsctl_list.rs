// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl list` takes servers from `/proc/net/ip_vs` and from the kernel: where they come from
//! shows in nothing.

use std::num::NonZeroU16;

use ipvs_netlink::{
    AddressFamily, Change, Client, Destination, DestinationKey, ForwardingMethod, GueChecksum,
    Netmask, Persistence, PersistenceTimeout, Scheduler, SchedulerFlags, Service, ServiceKey,
    Thresholds, Tunnel, Weight,
};
use lab::Host;
use serde_json::Value;

/// Draws numbers, the same ones each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % end
    }

    fn number(&mut self, end: u16) -> u16 {
        u16::try_from(self.below(end.into())).unwrap()
    }

    fn service(&mut self, number: u16) -> Service {
        let [high, low] = number.to_be_bytes();
        let port = [80, 443, 0][usize::from(self.number(3))];
        let family = [AddressFamily::Ipv4, AddressFamily::Ipv6][usize::from(self.number(2))];
        let v6 = [0x2001, 0xdb8, 0, 0, 0, 0, 0, number];
        let key = match self.number(5) {
            // Some numbers are drawn for both families.
            0 | 1 => ServiceKey::fwmark(family, 1 + u32::from(number / 2)).unwrap(),
            2 => ServiceKey::tcp(v6, 80),
            3 => ServiceKey::udp([192, 0, high, low], 53),
            _ if port == 0 => ServiceKey::udp(v6, 53),
            _ => ServiceKey::tcp([192, 0, high, low], port),
        };
        let scheduler = [Scheduler::Rr, Scheduler::Wlc, Scheduler::Sh, Scheduler::Mh];
        let mut service = Service::new(key, scheduler[usize::from(self.number(4))].clone());
        if matches!(service.scheduler, Scheduler::Sh | Scheduler::Mh) && self.number(2) == 0 {
            service.scheduler_flags = SchedulerFlags::PORT;
        }
        if self.number(3) == 0 {
            let netmask = match (key.family(), self.number(2)) {
                (AddressFamily::Ipv4, 0) => Netmask::ipv4([255, 255, 255, 0].into()),
                (AddressFamily::Ipv6, 0) => Netmask::ipv6_prefix(64).unwrap(),
                (family, _) => Netmask::host(family),
            };
            let timeout = PersistenceTimeout::from_seconds(360).unwrap();
            service.persistence = Some(Persistence { timeout, netmask });
        }
        let is_udp = service.key.to_string().starts_with("udp");
        service.one_packet = is_udp && self.number(2) == 0;
        service
    }

    fn server(&mut self, service: &ServiceKey, number: u16) -> Destination {
        let gue = NonZeroU16::new(6080).unwrap();
        let forwarding = match self.number(12) {
            0 => ForwardingMethod::Tunnel(Tunnel::Ipip),
            1 => ForwardingMethod::Tunnel(Tunnel::Gue { port: gue, checksum: GueChecksum::None }),
            2 | 3 => ForwardingMethod::Local,
            4 | 5 => ForwardingMethod::Gateway,
            _ => ForwardingMethod::Masquerade,
        };
        let is_tunnel = matches!(forwarding, ForwardingMethod::Tunnel(_));
        let is_other_family = is_tunnel && self.number(2) == 0;
        let [high, low] = number.to_be_bytes();
        let address = match (service.family(), is_other_family) {
            (AddressFamily::Ipv4, false) | (AddressFamily::Ipv6, true) => [10, 0, high, low].into(),
            _ => std::net::IpAddr::from([0x2001, 0xdb8, 1, 0, 0, 0, 0, number]),
        };
        let port = match (service.port(), forwarding) {
            (Some(0), _) => 0,
            (Some(_), ForwardingMethod::Masquerade) => 8080,
            (port, _) => port.unwrap_or_default(),
        };
        let weight = [0, 1, 1, 7, 2_147_483_647][usize::from(self.number(5))];
        let server = Destination::new(DestinationKey::new(address, port), forwarding)
            .with_weight(Weight::new(weight).unwrap());
        match self.number(4) {
            0 => server.with_thresholds(Thresholds::new(100, 80).unwrap()),
            _ => server,
        }
    }

    /// A table of some services with a few servers each, and one with many.
    fn table(&mut self, services: u16) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut keys = std::collections::BTreeSet::new();
        for number in 0..services {
            let service = self.service(number);
            let key = service.key;
            if !keys.insert(key) {
                continue;
            }
            changes.push(Change::AddService(service));
            let servers = if number == 1 { 150 } else { self.number(5) };
            for server in 0..servers {
                let destination = self.server(&key, 1 + server);
                changes.push(Change::AddDestination { service: key, destination });
            }
        }
        changes
    }
}

/// Runs a command where the file is not to be seen.
fn without_the_file(command: &str) -> String {
    format!("unshare -m sh -c 'mount -t tmpfs none /proc && {command}'")
}

/// Runs a command where the file is this one.
fn with_the_file(content: &str, command: &str) -> String {
    let folder = "/proc/thread-self/net";
    without_the_file(&format!("mkdir -p {folder} && cp {content} {folder}/ip_vs && {command}"))
}

const SORTS: [&str; 5] =
    ["", "--sort none", "--sort weight --color always", "--sort active", "--sort connections"];

/// Of random tables all lists are the same, byte for byte, with the file and without it.
#[test]
fn lists_with_the_file_and_without_are_the_same() {
    let host = Host::new("director");
    let mut dice = Dice(16);
    for (round, services) in [0, 1, 12, 90, 260].into_iter().enumerate() {
        let changes = dice.table(services);
        let objects = changes.len();
        let report = host.enter(|| Client::connect().unwrap().batch(changes).unwrap());
        assert!(report.failures.is_empty(), "round {round}: {:?}", report.failures.first());
        for sort in SORTS {
            let list = format!("rsctl list {sort}");
            let with = host.must(&list).stdout;
            assert_eq!(with.lines().count(), 3 + objects, "round {round}: {list}");
            let without = host.must(&without_the_file(&list)).stdout;
            assert_eq!(with, without, "round {round}: {list}");
        }
        // Nor does the form that has everything leave out any of it.
        let json: Value = serde_json::from_str(&host.must("rsctl list --json").stdout).unwrap();
        let found = json["services"].as_array().unwrap();
        let servers = found.iter().map(|it| it["servers"].as_array().unwrap().len());
        assert_eq!(found.len() + servers.sum::<usize>(), objects, "round {round}");
        host.must("ipvsadm -C");
    }
}

/// What cannot be understood, or shows another table, changes nothing in a list.
#[test]
fn a_file_of_another_kind_or_another_table_is_not_believed() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -R <<'END'
-A -t 192.0.2.1:80 -s rr
-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m
-A -f 7 -s rr
-a -f 7 -r 10.0.0.2:0 -g
-A -f 7 -6 -s wlc
-a -f 7 -6 -r [2001:db8::2]:0 -g
-A -f 8 -6 -s rr
-A -t 192.0.2.3:80 -s rr
END",
    );
    let plain = host.must("rsctl list").stdout;
    assert_eq!(plain.lines().count(), 3 + 8, "{plain}");
    for edit in [
        // Short, empty, of another form, and with servers of other methods.
        "head -n 6",
        "head -c 0",
        "sed s/Masq/Bypass/",
        "sed s/TCP/TCP6/",
        "sed s/FWM/MARK/",
        // Services that are missing, there twice, or gone; a mark of which there is one.
        "sed /C0000201/,+1d",
        "sed '4,$p'",
        "sed s/C0000203/C0000204/",
        "sed '/FWM  00000007 rr/,+1d'",
        "sed '/FWM  00000007 wlc/,+1d'",
        "sed s/00000008/00000009/",
    ] {
        host.must(&format!("{edit} /proc/net/ip_vs >/run/file"));
        let list = host.must(&with_the_file("/run/file", "rsctl list"));
        assert_eq!((list.stdout, list.stderr), (plain.clone(), String::new()), "{edit}");
    }
}
