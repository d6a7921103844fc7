// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the answers mean.

use ipvs_netlink::message::{Attribute, DestinationAttribute, ServiceAttribute};
use ipvs_netlink::{
    Change, Errno, Error, ErrorKind, Scheduler, Service, ServiceKey, SetTimeouts, Stats,
};

use crate::objects::{daemons, edited, servers, service, services, web};
use crate::{ipvs_messages, replayed, run, without_padding};

#[test]
fn information_timeouts_and_daemons() {
    let info = replayed("info", "ipvsadm --version").info().unwrap();
    assert_eq!((info.version.to_string().as_str(), info.connection_table_size), ("1.2.1", 4096));

    let timeouts = replayed("timeouts", "ipvsadm -L --timeout").timeouts().unwrap();
    assert_eq!((timeouts.tcp, timeouts.tcp_fin, timeouts.udp), (Some(901), Some(121), Some(302)));

    let running = replayed("daemons", "ipvsadm -L --daemon").daemons().unwrap();
    let [master, backup] = &running[..] else { panic!("{running:?}") };
    for (now, wanted) in [master, backup].into_iter().zip(daemons()) {
        assert_eq!((now.role, &now.interface), (wanted.role, &wanted.interface));
        assert_eq!(now.sync_id, u32::from(wanted.sync_id));
        assert_eq!(Some(now.group), wanted.group());
    }
    assert_eq!((master.max_length, master.port, master.ttl), (1400, 8849, 3));
    // The kernel's own choice.
    assert_eq!((backup.max_length, backup.port, backup.ttl), (1452, 8848, 1));
}

#[test]
fn a_service_is_read_as_it_was_set() {
    for (name, .., edited) in services() {
        let file = if name.starts_with("-f")
            || matches!(name, "-t 192.0.2.10:80" | "--sctp-service 192.0.2.10:3868")
        {
            "services-plain"
        } else {
            "services-options"
        };
        let mut client = replayed(file, &format!("ipvsadm -L -n {name}"));
        let entry = client.service(&edited.key).unwrap().unwrap();
        assert_eq!(entry.service, edited);
        assert_eq!(entry.stats, Stats::default());
        // It has no servers, which the kernel says by the end of the dump alone.
        assert_eq!(client.destinations(&edited.key).unwrap(), []);
    }
}

#[test]
fn dumps_are_read_as_they_were_set() {
    let mut client = replayed("dumps", "ipvsadm -L -n");
    let listed = client.services().unwrap();
    let mut keys: Vec<_> = listed.iter().map(|entry| entry.service.key).collect();
    keys.sort();
    let mut wanted: Vec<ServiceKey> =
        vec![web(), "tcp/[2001:db8::10]:80".parse().unwrap(), "fwmark/7".parse().unwrap()];
    wanted.sort();
    assert_eq!(keys, wanted);

    for entry in listed {
        let key = entry.service.key;
        assert_eq!(entry.service, Service::new(key, Scheduler::Wrr));
        let there = client.destinations(&key).unwrap();
        // The one added last comes first.
        let added = servers().into_iter().rev().filter(|(_, service, _)| *service == key);
        let expected: Vec<_> = added.map(|(_, _, server)| edited(&server)).collect();
        let found: Vec<_> = there.iter().map(|entry| entry.destination).collect();
        assert_eq!(found, expected);

        // Four clients came to one of the services and got no answer. (What went out
        // are the kernel's own words to one of them.)
        let wanted = if key == web() { 4 } else { 0 };
        let sum = |counter: fn(&Stats) -> u64| {
            let sum = there.iter().map(|entry| counter(&entry.stats)).sum::<u64>();
            assert_eq!(sum, counter(&entry.stats));
            sum
        };
        assert_eq!(sum(|stats| stats.connections), wanted);
        assert_eq!(sum(|stats| stats.incoming_packets), wanted);
        assert_eq!(sum(|stats| stats.incoming_bytes), 60 * wanted);
        sum(|stats| stats.outgoing_packets);
        sum(|stats| stats.outgoing_bytes);
        // Whoever never hears the server's side takes a SYN for a connection.
        let now = there.iter().map(|entry| entry.connections);
        let now: u32 = now.map(|now| now.active + now.inactive + now.persistent).sum();
        assert_eq!(u64::from(now), wanted);
    }
}

/// In what was recorded both blocks of counters say the same.
#[test]
fn narrow_and_wide_counters_agree() {
    let mut seen = 0;
    let run = run("dumps", "ipvsadm -L -n");
    for (_, message) in run.exchanges.iter().flat_map(ipvs_messages) {
        for attribute in &message.attributes {
            let (narrow, wide) = match attribute {
                Attribute::Service(inner) => (
                    inner.iter().find_map(|fact| match fact {
                        ServiceAttribute::Stats(stats) => Some(stats),
                        _ => None,
                    }),
                    inner.iter().find_map(|fact| match fact {
                        ServiceAttribute::Stats64(stats) => Some(stats),
                        _ => None,
                    }),
                ),
                Attribute::Destination(inner) => (
                    inner.iter().find_map(|fact| match fact {
                        DestinationAttribute::Stats(stats) => Some(stats),
                        _ => None,
                    }),
                    inner.iter().find_map(|fact| match fact {
                        DestinationAttribute::Stats64(stats) => Some(stats),
                        _ => None,
                    }),
                ),
                _ => continue,
            };
            if let (Some(narrow), Some(wide)) = (narrow, wide) {
                let words = |stats: String| without_padding(&stats).replace(", , ", ", ");
                assert_eq!(words(format!("{narrow:?}")), words(format!("{wide:?}")));
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 3 + servers().len());
}

#[test]
fn refusals_are_told_apart() {
    let missing = "tcp/192.0.2.11:80".parse().unwrap();
    let server = "198.51.100.11:80".parse().unwrap();
    let mut nosuch = service("tcp/192.0.2.10:81", Scheduler::Wrr);
    nosuch.scheduler = "nosuch".parse().unwrap();
    for (command, change, errno, kind) in [
        (
            "ipvsadm -A -t 192.0.2.10:80 -s wrr",
            Change::AddService(Service::new(web(), Scheduler::Wrr)),
            Errno::EEXIST,
            ErrorKind::AlreadyExists,
        ),
        (
            "ipvsadm -A -t 192.0.2.10:81 -s nosuch",
            Change::AddService(nosuch),
            Errno::ENOENT,
            ErrorKind::SchedulerMissing,
        ),
        (
            "ipvsadm -E -t 192.0.2.11:80 -s wrr",
            Change::SetService(Service::new(missing, Scheduler::Wrr)),
            Errno::ESRCH,
            ErrorKind::ServiceMissing,
        ),
        (
            "ipvsadm -d -t 192.0.2.10:80 -r 198.51.100.11:80",
            Change::RemoveDestination { service: web(), destination: server },
            Errno::ENOENT,
            ErrorKind::DestinationMissing,
        ),
    ] {
        let error = replayed("errors", command).apply(change).unwrap_err();
        assert_eq!(error.kind(), kind, "{command}: {error}");
        let Error::Kernel(refusal) = error else { panic!("{command}: {error}") };
        // libnl asks for no words.
        assert_eq!((refusal.errno, refusal.ext_ack), (errno, None), "{command}");
    }
}

/// Asked by our own transport, which does ask for words.
#[test]
fn the_kernels_words_are_read() {
    let tcp = SetTimeouts::new().tcp(900).unwrap();
    let error = replayed("errors", "capture malformed").apply(Change::SetTimeouts(tcp));
    let Err(Error::Kernel(refusal)) = error else { panic!("{error:?}") };
    assert_eq!(refusal.errno, Errno::ERANGE);
    let words = refusal.ext_ack.unwrap();
    assert_eq!(words.message.as_deref(), Some("Attribute failed policy validation"));
    // Right behind both headers.
    assert_eq!(words.offset, Some(20));
}
