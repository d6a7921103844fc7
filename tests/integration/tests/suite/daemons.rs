// SPDX-License-Identifier: MIT OR Apache-2.0

//! Sync daemons, timeouts and counters through `ipvs-netlink`.

use std::net::Ipv4Addr;
use std::num::{NonZeroU8, NonZeroU16};

use ipvs_netlink::{
    Change, Client, ErrorKind, InterfaceName, Scheduler, Service, ServiceKey, SetTimeouts,
    SyncDaemon, SyncRole,
};
use lab::Host;

fn lo() -> InterfaceName {
    "lo".parse().unwrap()
}

#[test]
fn daemons_of_both_roles_are_started_shown_and_stopped() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        assert!(client.daemons().unwrap().is_empty());
        let mut master = SyncDaemon::new(SyncRole::Master, lo(), 7);
        master.max_length = NonZeroU16::new(1000);
        master.port = NonZeroU16::new(9000);
        master.ttl = NonZeroU8::new(3);
        let master = master.with_group("224.0.0.99".parse().unwrap()).unwrap();
        client.apply(Change::StartDaemon(master.clone())).unwrap();
        let backup = SyncDaemon::new(SyncRole::Backup, lo(), 0);
        client.apply(Change::StartDaemon(backup)).unwrap();

        let running = client.daemons().unwrap();
        assert_eq!(running.len(), 2);
        let shown = &running[0];
        assert_eq!(shown.role, SyncRole::Master);
        assert_eq!((shown.sync_id, shown.max_length, shown.port, shown.ttl), (7, 1000, 9000, 3));
        assert_eq!(shown.group.to_string(), "224.0.0.99");
        assert_eq!(running[1].role, SyncRole::Backup);
        assert_eq!(running[1].group.to_string(), "224.0.0.81");
        assert_eq!(running[1].port, 8848);

        let error = client.apply(Change::StartDaemon(master)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        client.apply(Change::StopDaemon(SyncRole::Master)).unwrap();
        let error = client.apply(Change::StopDaemon(SyncRole::Master)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DaemonMissing, "{error}");
        client.apply(Change::StopDaemon(SyncRole::Backup)).unwrap();
        assert!(client.daemons().unwrap().is_empty());

        let nowhere = SyncDaemon::new(SyncRole::Backup, "nowhere0".parse().unwrap(), 1);
        let error = client.apply(Change::StartDaemon(nowhere)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InterfaceMissing, "{error}");
    });
    assert!(host.must("ipvsadm -Ln --daemon").stdout.is_empty());
}

/// A daemon stopped before it first ran swallows the acknowledgement.
#[test]
fn a_daemon_stopped_at_once_is_stopped_and_said_so() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        for round in 0..20 {
            let daemon = SyncDaemon::new(SyncRole::Master, lo(), 1);
            client.apply(Change::StartDaemon(daemon)).unwrap();
            client.apply(Change::StopDaemon(SyncRole::Master)).unwrap_or_else(|error| {
                panic!("round {round}: {error}");
            });
            assert!(client.daemons().unwrap().is_empty(), "round {round}");
        }
    });
}

#[test]
fn timeouts_are_set_one_by_one() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let now = client.timeouts().unwrap();
        assert_eq!((now.tcp, now.tcp_fin, now.udp), (Some(900), Some(120), Some(300)));
        let set = SetTimeouts::new().tcp(7200).unwrap().udp(10).unwrap();
        client.apply(Change::SetTimeouts(set)).unwrap();
        let now = client.timeouts().unwrap();
        assert_eq!((now.tcp, now.tcp_fin, now.udp), (Some(7200), Some(120), Some(10)));
        let longest = SetTimeouts::new().tcp_fin(SetTimeouts::MAX).unwrap();
        client.apply(Change::SetTimeouts(longest)).unwrap();
        assert_eq!(client.timeouts().unwrap().tcp_fin, Some(SetTimeouts::MAX));
    });
    let shown = host.must("ipvsadm -Ln --timeout").stdout;
    assert_eq!(shown.trim(), "Timeout (tcp tcpfin udp): 7200 2678400 10");
    assert!(SetTimeouts::new().tcp(0).is_err() && SetTimeouts::new().udp(2_678_401).is_err());
}

#[test]
fn counters_of_a_missing_service_cannot_be_zeroed() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let web = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 1), 80);
        let error = client.apply(Change::Zero(Some(web))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ServiceMissing, "{error}");
        client.apply(Change::AddService(Service::new(web, Scheduler::Rr))).unwrap();
        client.apply(Change::Zero(Some(web))).unwrap();
        client.apply(Change::Zero(None)).unwrap();
    });
}

#[test]
fn lengths_that_the_kernel_would_change_are_refused() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let daemon = |role, length, group: Option<&str>| {
            let mut daemon = SyncDaemon::new(role, lo(), 1);
            daemon.max_length = NonZeroU16::new(length);
            match group {
                None => daemon,
                Some(group) => daemon.with_group(group.parse().unwrap()).unwrap(),
            }
        };
        for (role, length, group) in [
            (SyncRole::Backup, 1023, None),
            (SyncRole::Backup, 65508, None),
            (SyncRole::Master, 65488, Some("ff02::51")),
        ] {
            let error = client.apply(Change::StartDaemon(daemon(role, length, group)));
            assert_eq!(error.unwrap_err().kind(), ErrorKind::Invalid, "{role} {length}");
        }
        assert!(client.daemons().unwrap().is_empty());
        // At the limits the kernel uses what was asked for, in both families.
        for (role, length, group) in [
            (SyncRole::Backup, 1024, None),
            (SyncRole::Master, 65507, None),
            (SyncRole::Backup, 65487, Some("ff02::51")),
            (SyncRole::Master, 1, None),
        ] {
            client.apply(Change::StartDaemon(daemon(role, length, group))).unwrap();
            let running = client.daemons().unwrap();
            let shown = running.iter().find(|daemon| daemon.role == role).unwrap();
            assert_eq!(shown.max_length, length, "{role}");
            assert_eq!(
                shown.group,
                group.unwrap_or("224.0.0.81").parse::<std::net::IpAddr>().unwrap()
            );
            client.apply(Change::StopDaemon(role)).unwrap();
        }
    });
}

/// An interface may be called almost anything, and not only in UTF-8.
#[test]
fn a_daemon_on_an_interface_with_an_odd_name_is_shown() {
    let host = Host::new("director");
    host.must("ip link add \"$(printf 'eth\\3770')\" type dummy");
    host.must(
        "ipvsadm --start-daemon backup --mcast-interface \"$(printf 'eth\\3770')\" --syncid 4",
    );
    host.enter(|| {
        let daemons = Client::connect().unwrap().daemons().unwrap();
        assert_eq!(daemons[0].interface.as_str(), "eth\u{fffd}0");
        assert_eq!(daemons[0].sync_id, 4);
    });
    // JSON has no form for it.
    let saved = host.must("rsctl save");
    assert_eq!(
        saved.stderr,
        "warning: the interface of the backup sync daemon has a name that is not UTF-8, and \
         `rsctl restore` will not find it by what is written: eth\u{fffd}0\n"
    );
}
