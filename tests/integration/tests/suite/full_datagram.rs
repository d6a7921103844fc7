// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reading a list that just fills a datagram, while another program writes.

use std::cell::RefCell;
use std::collections::HashSet;
use std::net::Ipv4Addr;

use ipvs_netlink::{Change, Client, DestinationEntry, DestinationKey, ServiceEntry, ServiceKey};
use lab::Host;

use crate::concurrent::{add, fleeting, make, remove_server, server, server_key, stable};
use crate::transports::{Overtaken, overtaken};

/// A list that is a little more than one datagram: when enough of it is deleted before that
/// one is received, the kernel finds no more behind as many objects as it has sent, though
/// some are there that nobody touched. One full datagram is no list.
#[test]
#[ignore = "before Linux 7.1 the services of others count, too"]
fn a_full_datagram_is_not_taken_for_the_whole_list() {
    const MORE: u16 = 10;
    const GO: u16 = 2 * MORE;
    /// More than any first datagram has.
    const MANY: u16 = 400;
    /// What a read has shown, and whether it says that this is all.
    type Shown<K> = (HashSet<K>, bool);
    type Reader<'a> = Client<Overtaken<Box<dyn FnMut() + 'a>>>;

    let host = Host::new("director");
    host.enter(|| {
        let web = ServiceKey::tcp(Ipv4Addr::new(10, 9, 0, 1), 80);
        let mut other = Client::connect().unwrap();
        let gone = RefCell::new(Vec::new());
        let mut writer = Client::connect().unwrap();
        let (mut reader, first): (Reader<'_>, _) =
            overtaken(Box::new(|| make(&mut writer, gone.take())));

        let servers: [fn(&mut Reader<'_>, &ServiceKey) -> Shown<DestinationKey>; 2] = [
            |reader, web| {
                let mut keys = HashSet::new();
                let add = |entry: DestinationEntry| _ = keys.insert(entry.destination.key);
                let pass = reader.for_each_destination(web, add).unwrap();
                (keys, pass.is_snapshot())
            },
            |reader, web| {
                let found = reader.destinations(web).unwrap();
                (found.iter().map(|entry| entry.destination.key).collect(), true)
            },
        ];
        for (read, is_whole) in servers.into_iter().zip([false, true]) {
            make(&mut other, [add(web)]);
            make(&mut other, (0..MANY).map(|number| server(web, number)));
            read(&mut reader, &web); // the kernel learns how long the reader's buffer is
            first.set(0);
            assert_eq!(read(&mut reader, &web).0.len(), usize::from(MANY));
            let all = u16::try_from(first.get()).unwrap() + MORE;
            assert!((2 * GO..MANY).contains(&all), "{all}");
            make(&mut other, (all..MANY).map(|number| remove_server(web, number)));
            // Of those that come first and of those that come last.
            let goes = |number: &u16| number.is_multiple_of(2) && *number < GO * 2;
            gone.replace((0..all).filter(goes).map(|number| remove_server(web, number)).collect());
            let (shown, is_all) = read(&mut reader, &web);
            let stay: HashSet<_> = (0..all).filter(|it| !goes(it)).map(server_key).collect();
            assert_eq!((stay.is_subset(&shown), is_all), (is_whole, is_whole), "of {all}");
            make(&mut other, [Change::RemoveService(web)]);
        }

        let services: [fn(&mut Reader<'_>) -> Shown<ServiceKey>; 2] = [
            |reader| {
                let mut keys = HashSet::new();
                let add = |entry: ServiceEntry| _ = keys.insert(entry.service.key);
                let pass = reader.for_each_service(add).unwrap();
                (keys, pass.is_snapshot())
            },
            |reader| {
                let found = reader.services().unwrap();
                (found.iter().map(|entry| entry.service.key).collect(), true)
            },
        ];
        for (read, is_whole) in services.into_iter().zip([false, true]) {
            make(&mut other, (0..MANY).map(stable).map(add));
            first.set(0);
            assert_eq!(read(&mut reader).0.len(), usize::from(MANY));
            let all = u16::try_from(first.get()).unwrap() + MORE;
            assert!((2 * GO..MANY).contains(&all), "{all}");
            make(&mut other, (all - GO..MANY).map(stable).map(Change::RemoveService));
            make(&mut other, (0..GO).map(fleeting).map(add));
            gone.replace((0..GO).map(fleeting).map(Change::RemoveService).collect());
            let (shown, is_all) = read(&mut reader);
            let stay: HashSet<_> = (0..all - GO).map(stable).collect();
            assert_eq!((stay.is_subset(&shown), is_all), (is_whole, is_whole), "of {all}");
            make(&mut other, stay.into_iter().map(Change::RemoveService));
        }

        // What has room behind it is one moment.
        make(&mut other, (0..10).map(stable).map(add));
        assert!(reader.for_each_service(|_| ()).unwrap().is_snapshot());
    });
}
