// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reading while another program writes.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

use ipvs_cluster::{Converge, Desired, Observed, Policy, Step, Subject, file};
use ipvs_netlink::{
    Change, Client, ConnectOptions, Destination, DestinationKey, ErrorKind, ForwardingMethod,
    Scheduler, Service, ServiceKey,
};
use lab::{Host, beside};

use crate::transports::interrupted;

/// A service nobody touches once it is there.
pub(crate) fn stable(number: u16) -> ServiceKey {
    let [a, b] = number.to_be_bytes();
    ServiceKey::tcp(Ipv4Addr::new(10, 0, a, b), 80)
}

/// A service that comes and goes.
pub(crate) fn fleeting(number: u16) -> ServiceKey {
    let [a, b] = number.to_be_bytes();
    ServiceKey::udp(Ipv4Addr::new(10, 0, a, b), 80)
}

pub(crate) fn add(key: ServiceKey) -> Change {
    Change::AddService(Service::new(key, Scheduler::Rr))
}

pub(crate) fn server(service: ServiceKey, number: u16) -> Change {
    let destination = Destination::new(server_key(number), ForwardingMethod::Masquerade);
    Change::AddDestination { service, destination }
}

pub(crate) fn server_key(number: u16) -> DestinationKey {
    let [a, b] = number.to_be_bytes();
    DestinationKey::new(Ipv4Addr::new(10, 1, a, b), 80)
}

pub(crate) fn remove_server(service: ServiceKey, number: u16) -> Change {
    Change::RemoveDestination { service, destination: server_key(number) }
}

pub(crate) fn make(client: &mut Client, changes: impl IntoIterator<Item = Change>) {
    let report = client.batch(changes).unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
}

/// The trap itself, made certain: what one pass has shown is deleted before it
/// goes on, and as many that nobody touched are not shown.
#[test]
fn deleting_what_was_seen_hides_what_was_not() {
    let host = Host::new("director");
    host.enter(|| {
        let mut other = Client::connect().unwrap();
        make(&mut other, (0..300).map(stable).chain((0..300).map(fleeting)).map(add));
        let seen = RefCell::new(Vec::new());
        let mut deleted = 0;
        let mut reader = interrupted(|_| {
            // Once, behind the first datagram of each of the first three passes.
            let gone: Vec<_> = seen.borrow_mut().drain(..).take(60).collect();
            deleted += gone.len();
            make(&mut other, gone.into_iter().map(Change::RemoveService));
        });
        let mut shown = HashSet::new();
        let pass = reader
            .for_each_service(|entry| {
                // Before 7.1 others' services make a pass show some twice.
                let is_new = shown.insert(entry.service.key);
                if is_new && entry.service.key.to_string().starts_with("udp/") {
                    seen.borrow_mut().push(entry.service.key);
                }
            })
            .unwrap();
        assert!(!pass.is_snapshot());
        let missed = (0..300).filter(|number| !shown.contains(&stable(*number))).count();
        assert!(missed > 0, "one pass missed none: the kernel has changed its ways");
        drop(reader);
        assert!(deleted > 0);

        // Passes cut at different places miss none together.
        let all: HashSet<_> =
            other.services().unwrap().iter().map(|entry| entry.service.key).collect();
        assert!((0..300).all(|number| all.contains(&stable(number))));
    });
}

/// Interrupted in the first three passes, a reader ends with all that was there all the
/// time, and with nothing that never was.
#[test]
fn a_disturbed_read_is_read_again() {
    let host = Host::new("director");
    host.enter(|| {
        let web = stable(0);
        let mut other = Client::connect().unwrap();
        make(&mut other, [add(web)]);
        make(&mut other, (1..=300).map(|number| server(web, number)));
        let mut datagrams = 0;
        let mut reader = interrupted(|_| {
            datagrams += 1;
            // A dump takes four datagrams and one for its end; the newest come first.
            if datagrams % 5 == 1 && datagrams < 15 {
                let newest = 300 - 10 * (datagrams / 5);
                let gone = (newest - 9..=newest).map(|number| remove_server(web, number));
                make(&mut other, gone);
            }
        });
        // Finding the family was the first datagrams.
        let found = reader.destinations(&web).unwrap();
        drop(reader);
        let found: HashSet<_> = found.iter().map(|entry| entry.destination.key).collect();
        let there: HashSet<_> =
            other.destinations(&web).unwrap().iter().map(|entry| entry.destination.key).collect();
        assert!(there.is_subset(&found), "{:?}", there.difference(&found));
        assert!(there.len() < 300);
        let all: HashSet<_> = (1..=300).map(server_key).collect();
        assert!(found.is_subset(&all));
    });
}

/// A service that vanishes during a dump of its servers is missing, not small.
#[test]
fn a_service_that_vanishes_while_it_is_read() {
    let host = Host::new("director");
    host.enter(|| {
        let web = stable(0);
        let mut other = Client::connect().unwrap();
        make(&mut other, [add(web)]);
        make(&mut other, (1..=300).map(|number| server(web, number)));
        let mut datagrams = 0;
        let mut reader = interrupted(|_| {
            datagrams += 1;
            if datagrams == 4 {
                make(&mut other, [Change::RemoveService(web)]);
            }
        });
        let error = reader.destinations(&web).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ServiceMissing, "{error}");
    });
}

/// A table has all that was there all the time, however services come and go.
#[test]
fn a_table_is_whole() {
    let host = Host::new("director");
    host.enter(|| {
        let mut other = Client::connect().unwrap();
        make(&mut other, (0..3).map(stable).map(add));
        make(&mut other, (0..3).map(|number| server(stable(number), number)));
        let mut datagrams = 0;
        let mut reader = interrupted(|_| {
            datagrams += 1;
            // Before the servers are read: one service goes, another comes.
            if datagrams == 4 {
                make(&mut other, [Change::RemoveService(stable(2)), add(stable(7))]);
                make(&mut other, [server(stable(7), 7)]);
            }
        });
        let table = reader.table().unwrap();
        let mut keys: Vec<_> = table.iter().map(|entry| entry.service.service.key).collect();
        keys.retain(|key| *key != stable(7));
        keys.sort();
        assert_eq!(keys, [stable(0), stable(1)]);
        assert!(table.iter().all(|entry| entry.destinations.len() == 1));
    });
}

/// A service that is away just while its servers are asked for, and the same as
/// before when the services are read once more, is in the table.
#[test]
fn a_service_that_comes_back_is_in_the_table() {
    let host = Host::new("director");
    host.enter(|| {
        let mut other = Client::connect().unwrap();
        make(&mut other, (0..3).map(stable).map(add));
        make(&mut other, (0..3).map(|number| server(stable(number), number)));
        let (mut datagrams, mut returned) = (0, false);
        let mut reader = interrupted(|datagram| {
            datagrams += 1;
            // Two for the family, two for the services.
            if datagrams == 4 {
                make(&mut other, [Change::RemoveService(stable(2))]);
            }
            // The kernel's own word that it is missing (`ESRCH`).
            let refused = datagram[4..6] == 2_u16.to_ne_bytes();
            if refused && datagram[16..20] == (-3_i32).to_ne_bytes() {
                make(&mut other, [add(stable(2)), server(stable(2), 2)]);
                returned = true;
            }
        });
        let table = reader.table().unwrap();
        drop(reader);
        assert!(returned, "it was never missed");
        let mut keys: Vec<_> = table.iter().map(|entry| entry.service.service.key).collect();
        keys.sort();
        assert_eq!(keys, [stable(0), stable(1), stable(2)]);
        assert!(table.iter().all(|entry| entry.destinations.len() == 1));
    });
}

const STABLE: u16 = 2000;
const FLEETING: u16 = 400;

/// A second writer adds and deletes without a pause: in a thousand reads of two
/// thousand services not one of them is ever called missing.
#[test]
fn a_thousand_reads_beside_a_writer_that_never_rests() {
    let host = Host::new("director");
    host.enter(|| make(&mut Client::connect().unwrap(), (0..STABLE).map(stable).map(add)));
    let mut writer = host.enter(|| Client::connect().unwrap());
    let write = || {
        make(&mut writer, (0..FLEETING).map(fleeting).map(add));
        make(&mut writer, (0..FLEETING).map(fleeting).map(Change::RemoveService));
    };
    let reads = || {
        let mut client = Client::connect().unwrap();
        for read in 0..1000 {
            let found = client.find_services((0..STABLE).map(stable)).unwrap();
            let missing: Vec<_> = found.iter().filter(|(_, entry)| entry.is_none()).collect();
            assert!(missing.is_empty(), "read {read}: {missing:?}");
        }
        // Nor is what comes and goes ever taken for what it is not.
        client.find_services((0..FLEETING).map(fleeting)).unwrap().len()
    };
    let found = host.enter(|| beside(write, reads));
    assert_eq!(found, usize::from(FLEETING));
}

/// What a program lists beside a writer that never rests: of services and of servers,
/// each in more than one datagram.
const LISTED: u16 = 120;
const SERVERS: u16 = 200;
const GUESTS: u16 = 100;

/// Adds and deletes services, and servers of one service, without a pause.
fn restless(host: &Host) -> impl FnMut() + Send {
    let mut writer = host.enter(|| Client::connect().unwrap());
    move || {
        make(&mut writer, (0..GUESTS).map(fleeting).map(add));
        let servers = SERVERS..SERVERS + GUESTS;
        make(&mut writer, servers.clone().map(|number| server(stable(0), number)));
        // The oldest come last in the list of servers, and move to its front.
        make(&mut writer, [remove_server(stable(0), 0), server(stable(0), 0)]);
        make(&mut writer, (0..GUESTS).map(fleeting).map(Change::RemoveService));
        make(&mut writer, servers.map(|number| remove_server(stable(0), number)));
    }
}

fn listed_host() -> Host {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        make(&mut client, (0..LISTED).map(stable).map(add));
        make(&mut client, (0..SERVERS).map(|number| server(stable(0), number)));
        make(&mut client, (1..LISTED).map(|number| server(stable(number), number)));
    });
    host
}

/// The real program, by default: no list leaves out what nobody touched, or has it twice.
#[test]
fn lists_beside_a_writer_that_never_rests() {
    let host = listed_host();
    let lists = || {
        for list in 0..200 {
            let text = host.must("rsctl list --nosort").stdout;
            let mut service = "";
            let mut seen = HashMap::new();
            for line in text.lines() {
                let mut words = line.split_whitespace();
                match (words.next(), words.next()) {
                    (Some("->"), Some(server)) => {
                        *seen.entry((service, server)).or_insert(0) += 1;
                    }
                    (Some("TCP"), Some(address)) => {
                        service = address;
                        *seen.entry((service, "")).or_insert(0) += 1;
                    }
                    _ => service = "other",
                }
            }
            let web = "10.0.0.0:80";
            let address = |number: u16| format!("10.0.{}.{}:80", number / 256, number % 256);
            let server = |number: u16| format!("10.1.{}.{}:80", number / 256, number % 256);
            let services = (0..LISTED).map(|number| (address(number), String::new()));
            let its = (1..SERVERS).map(|number| (web.to_owned(), server(number)));
            let theirs = (1..LISTED).map(|number| (address(number), server(number)));
            let wrong: Vec<_> = services
                .chain(its)
                .chain(theirs)
                .filter(|(service, server)| {
                    seen.get(&(service.as_str(), server.as_str())) != Some(&1)
                })
                .collect();
            assert!(wrong.is_empty(), "list {list}: {} wrong: {:?}", wrong.len(), wrong.first());
        }
    };
    beside(restless(&host), lists);
}

/// What is saved leaves out nothing that nobody touched, either, and can be read again.
#[test]
fn saves_beside_a_writer_that_never_rests() {
    let host = listed_host();
    let saves = || {
        for save in 0..50 {
            let text = host.must("rsctl save").stdout;
            let table = file::read(text.as_bytes()).unwrap().desired;
            let servers = |service: u16| {
                let mut services = table.services().iter();
                let service = services.find(|it| it.service.key == stable(service)).unwrap();
                service.servers.iter().map(|it| it.server.key).collect::<HashSet<_>>()
            };
            let web = servers(0);
            assert!((1..SERVERS).all(|server| web.contains(&server_key(server))), "save {save}");
            for number in 1..LISTED {
                assert!(servers(number).contains(&server_key(number)), "save {save}: {number}");
            }
        }
    };
    beside(restless(&host), saves);
}

/// The library's own lists, over one connection.
#[test]
fn tables_beside_a_writer_that_never_rests() {
    let host = listed_host();
    let tables = || {
        host.enter(|| {
            let mut client = Client::connect().unwrap();
            for read in 0..50 {
                let table = client.table().unwrap();
                let servers: HashMap<_, _> = table
                    .iter()
                    .map(|entry| {
                        let keys = entry.destinations.iter().map(|entry| entry.destination.key);
                        (entry.service.service.key, keys.collect::<HashSet<_>>())
                    })
                    .collect();
                assert_eq!(servers.len(), table.len(), "one is there twice");
                let has = |service: u16, server: u16| {
                    let key = server_key(server);
                    servers.get(&stable(service)).is_some_and(|keys| keys.contains(&key))
                };
                let missing: Vec<_> = (1..SERVERS)
                    .map(|server| (0, server))
                    .chain((1..LISTED).map(|number| (number, number)))
                    .filter(|(service, server)| !has(*service, *server))
                    .collect();
                assert!(missing.is_empty(), "read {read}: {missing:?}");
            }
        });
    };
    beside(restless(&host), tables);
}

/// The first look of a convergence, which reads once what is as wanted: no step is about what is
/// right and nobody touched, however much there is to do about the rest.
#[test]
fn looks_beside_a_writer_that_never_rests() {
    let host = listed_host();
    let wanted = host.enter(|| Observed::read(&mut Client::connect().unwrap()).unwrap());
    let wanted = Desired::try_from(&wanted).unwrap();
    let touches = |step: &Step| match step.subject() {
        Subject::Service(key) => (0..GUESTS).any(|number| fleeting(number) == key),
        Subject::Server(service, server) => {
            let is_guest = (SERVERS..SERVERS + GUESTS).any(|guest| server_key(guest) == server);
            service == stable(0) && (is_guest || server == server_key(0))
        }
        _ => false,
    };
    let looks = || {
        let mut client = ConnectOptions::new().servers_per_service(0).connect().unwrap();
        let mut steps = 0;
        for look in 0..100 {
            let outlook = Converge::new(&wanted, Policy::exact()).look(&mut client).unwrap();
            let plan = outlook.plan().steps();
            let wrong: Vec<_> = plan.iter().filter(|step| !touches(step)).collect();
            assert!(wrong.is_empty(), "look {look}: {wrong:?}");
            steps += plan.len();
        }
        assert!(steps > 0, "the writer never disturbed");
    };
    beside(restless(&host), || host.enter(looks));
}
