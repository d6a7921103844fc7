// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl save` and `restore` with what other tools leave behind, with the order of
//! servers, and with `mh` where there are more servers than its table has slots.

use ipvs_netlink::{
    Change, Client, Destination, ForwardingMethod, Netmask, Persistence, Scheduler, Service,
    ServiceKey, SyncDaemon, SyncRole, Timeouts, Tunnel, unchecked,
};
use lab::{Host, Output};

use crate::rsctl_save::{framed, observe, wipe};

/// The size of the table of `mh` in the kernels of the lab.
const SLOTS: usize = 4093;

fn key(text: &str) -> ServiceKey {
    text.parse().unwrap()
}

fn server(text: &str, forwarding: ForwardingMethod) -> Destination {
    Destination::new(text.parse().unwrap(), forwarding)
}

/// All that a kernel takes and the library does not send.
fn odd_changes() -> Vec<Change> {
    let add = Change::AddService;
    let to = |service: &str, server: Destination| Change::AddDestination {
        service: key(service),
        destination: server,
    };
    let persistent = |text: &str, seconds| {
        let key = key(text);
        let mut service = Service::new(key, Scheduler::Rr);
        service.persistence = Some(Persistence {
            timeout: unchecked::persistence_timeout(seconds),
            netmask: Netmask::host(key.family()),
        });
        service
    };
    let plain = |text: &str| Service::new(key(text), Scheduler::Rr);
    let mut engine = persistent("tcp/192.0.2.3:80", 60);
    engine.engine = Some("sip".parse().unwrap());
    let mut forgetful = plain("udp/192.0.2.4:53");
    forgetful.engine = Some("sip".parse().unwrap());
    let mut one_packet = plain("tcp/192.0.2.5:80");
    one_packet.one_packet = true;
    let mut large = server("10.0.0.6:80", ForwardingMethod::Masquerade);
    large.thresholds = unchecked::thresholds(3_000_000_000, 1);
    let tunnel = |kind, port, flags| ForwardingMethod::Tunnel(Tunnel::Other { kind, port, flags });
    let mut long = Timeouts::default();
    long.tcp = Some(5_000_000);
    vec![
        // 2^32 − 1 wraps around, see `traps.rs`.
        add(persistent("tcp/192.0.2.1:80", u32::MAX)),
        add(persistent("tcp/192.0.2.2:80", 0)),
        add(engine),
        add(forgetful),
        add(one_packet),
        add(plain("tcp/192.0.2.6:0")),
        add(plain("ip-99/192.0.2.7:7")),
        add(plain("tcp/[::ffff:192.0.2.8]:80")),
        add(plain("tcp/192.0.2.9:80")),
        to("tcp/192.0.2.9:80", server("10.0.0.1:81", ForwardingMethod::Gateway)),
        to("tcp/192.0.2.9:80", server("10.0.0.2:80", ForwardingMethod::Other(5))),
        to("tcp/192.0.2.9:80", server("10.0.0.3:80", tunnel(99, 7, 2))),
        to("tcp/192.0.2.9:80", server("10.0.0.4:80", tunnel(1, 6080, 3))),
        to("tcp/192.0.2.9:80", server("10.0.0.5:81", ForwardingMethod::Local)),
        add(plain("tcp/[2001:db8::1]:80")),
        to("tcp/[2001:db8::1]:80", server("[fe80::5]:80", ForwardingMethod::Masquerade)),
        Change::SetTimeouts(unchecked::timeouts(long)),
        Change::StartDaemon(unchecked::sync_id(
            SyncDaemon::new(SyncRole::Master, "lo".parse().unwrap(), 0),
            300,
        )),
        // Refused since 6.1.192; the last, as it may not be there.
        to("tcp/192.0.2.9:80", large),
    ]
}

fn restore(host: &Host, options: &str, table: &str) -> Output {
    host.feed(&format!("rsctl restore {options}"), table)
}

/// What is there may stay; what is not takes `--as-is`; with it, all comes back.
#[test]
fn what_other_tools_left_comes_back() {
    let host = Host::new("director");
    host.must("ip -6 addr add fe80::5/64 dev lo nodad");
    let changes = odd_changes();
    let last = changes.len() - 1;
    let made = host.enter(|| unchecked::batch(&mut Client::connect().unwrap(), changes).unwrap());
    let failed: Vec<_> = made.failures.iter().map(|failure| failure.index).collect();
    assert!(failed.is_empty() || failed == [last], "{:?}", made.failures);
    let before = observe(&host);
    let saved = host.must("rsctl save");
    // A service, a server, the timeouts or a daemon each; ordinary services are not.
    let doubts = saved.stderr.lines().count();
    assert_eq!(doubts, 17 - failed.len(), "{}", saved.stderr);
    assert!(saved.stderr.lines().all(|line| line.contains("with --as-is only: ")));

    // Unchanged it is no matter, and a change of something else is made.
    let again = restore(&host, "-v", &saved.stdout);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("nothing to change\n", ""));
    let drained = saved.stdout.replace(
        r#""10.0.0.1:81", "method": "dr", "weight": 1"#,
        r#""10.0.0.1:81", "method": "dr", "weight": 0"#,
    );
    let edited = restore(&host, "-v", &drained);
    assert_eq!((edited.status, edited.stderr.as_str()), (0, ""));
    assert_eq!(edited.stdout, "~ server 10.0.0.1:81 of tcp/192.0.2.9:80: weight 1 -> 0\n");
    host.must("ipvsadm -e -t 192.0.2.9:80 -r 10.0.0.1:81 -g -w 1 || true");
    assert_eq!(restore(&host, "", &saved.stdout).status, 0);
    assert_eq!(observe(&host), before);

    wipe(&host);
    let empty = observe(&host);
    let refused = restore(&host, "", &saved.stdout);
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    let lines: Vec<_> = refused.stderr.lines().collect();
    assert_eq!(
        lines[0],
        format!("error: cannot restore <stdin>: {doubts} problems; nothing was changed")
    );
    assert_eq!(lines.len(), doubts + 2, "{}", refused.stderr);
    assert!(lines[1].starts_with("<stdin>:3: timeout 5000000 s is out of range"), "{}", lines[1]);
    assert!(lines[doubts + 1].starts_with("hint: `--as-is` "));
    assert_eq!(observe(&host), empty);

    let made = restore(&host, "--as-is", &saved.stdout);
    assert_eq!((made.status, made.stderr.as_str()), (0, ""));
    assert_eq!(observe(&host), before);
}

/// The lines of `ipvsadm` are read as strictly as they are typed.
#[test]
fn what_lines_carry_and_restore_refuses_is_told_when_it_is_saved() {
    let host = Host::new("director");
    host.must("ipvsadm -A -u 192.0.2.1:53 -s rr --pe sip");
    let saved = host.must("rsctl save --format ipvsadm");
    assert_eq!(saved.stdout, framed("-A -u 192.0.2.1:53 -s rr --pe sip\n"));
    assert_eq!(saved.stderr.lines().count(), 1, "{}", saved.stderr);
    assert!(saved.stderr.starts_with("warning: `rsctl restore` will refuse line 2, "));
    assert_eq!(restore(&host, "", &saved.stdout).status, 2);
}

fn order(host: &Host) -> Vec<String> {
    let table = observe(host);
    table.services[0].servers.iter().map(|server| server.key.to_string()).collect()
}

#[test]
fn servers_are_put_in_order_when_asked() {
    for scheduler in ["sh", "dh", "mh"] {
        let host = Host::new("director");
        let lines = |order: &[u8], weight: u8| {
            let servers =
                order.iter().map(|n| format!("-a -t 192.0.2.1:80 -r 10.0.0.{n} -m -w {weight}\n"));
            format!("-A -t 192.0.2.1:80 -s {scheduler}\n{}", servers.collect::<String>())
        };
        let keys =
            |order: &[u8]| order.iter().map(|n| format!("10.0.0.{n}:80")).collect::<Vec<_>>();
        restore(&host, "", &lines(&[4, 1, 3, 2], 1));
        assert_eq!(order(&host), keys(&[4, 1, 3, 2]));
        // 4 goes, 5 is new, and only what cannot stay is moved.
        let wanted = lines(&[1, 2, 5, 3], 1);
        let shown = restore(&host, "--reorder --dry-run", &wanted);
        let plan = "\
+ server 10.0.0.5:80 of tcp/192.0.2.1:80: method nat, weight 1
- server 10.0.0.4:80 of tcp/192.0.2.1:80
- server 10.0.0.3:80 of tcp/192.0.2.1:80: to come again in its place
+ server 10.0.0.3:80 of tcp/192.0.2.1:80: in its place
";
        assert_eq!((shown.status, shown.stdout.as_str(), shown.stderr.as_str()), (3, plan, ""));
        let made = restore(&host, "--reorder -v", &wanted);
        assert_eq!((made.status, made.stdout.as_str(), made.stderr.as_str()), (0, plan, ""));
        assert_eq!(order(&host), keys(&[1, 2, 5, 3]));
        let again = restore(&host, "--reorder -v", &wanted);
        assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("nothing to change\n", ""));
        // Settings change in the same run, and without being asked nothing moves.
        assert_eq!(restore(&host, "", &lines(&[3, 2, 1, 5], 2)).status, 0);
        assert_eq!(order(&host), keys(&[1, 2, 5, 3]));
        let made = restore(&host, "--reorder --json", &lines(&[3, 2, 1, 5], 9));
        assert_eq!((made.status, made.stderr.as_str()), (0, ""));
        assert_eq!(order(&host), keys(&[3, 2, 1, 5]));
        assert!(observe(&host).services[0].servers.iter().all(|it| it.weight.get() == 9));
    }
}

fn crowd(service: &str, servers: usize) -> Vec<Change> {
    let service = key(service);
    let add = |number: usize| Change::AddDestination {
        service,
        destination: server(
            &format!("10.1.{}.{}:80", number / 250, number % 250 + 1),
            ForwardingMethod::Masquerade,
        ),
    };
    (0..servers).map(add).collect()
}

/// The kernel refuses `mh` as long as there are too many, so those that go go first.
#[test]
fn mh_comes_when_the_servers_that_go_are_gone() {
    let host = Host::new("director");
    let mut changes =
        vec![Change::AddService(Service::new(key("tcp/192.0.2.1:80"), Scheduler::Rr))];
    changes.extend(crowd("tcp/192.0.2.1:80", SLOTS + 7));
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        assert!(client.batch(changes).unwrap().failures.is_empty());
        // So the kernel says itself.
        let hashed = Service::new(key("tcp/192.0.2.1:80"), Scheduler::Mh);
        assert!(client.apply(Change::SetService(hashed)).is_err());
    });
    let saved = host.must("rsctl save").stdout;
    let hashed = saved.replace(r#""scheduler": "rr""#, r#""scheduler": "mh""#);
    let refused = restore(&host, "", &hashed);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("<stdin>:6: mh has a table of 4093 slots, "),
        "{}",
        refused.stderr
    );
    // All but some of the servers.
    let few: Vec<&str> = hashed
        .lines()
        .filter(|line| !line.contains(r#""10.1."#) || line.contains(r#""10.1.0."#))
        .collect();
    let mut few = few.join("\n");
    let last = few.rfind(r#""weight": 1},"#).unwrap();
    few.replace_range(last..last + r#""weight": 1},"#.len(), r#""weight": 1}"#);
    let made = restore(&host, "", &few);
    assert_eq!((made.status, made.stderr.as_str()), (0, ""));
    let table = observe(&host);
    assert_eq!(table.services[0].service.scheduler, Scheduler::Mh);
    assert_eq!(table.services[0].servers.len(), 250);
}

/// Servers past the end of the table are there, if not used: the table comes back.
#[test]
fn more_servers_than_slots_come_back_when_asked() {
    let host = Host::new("director");
    let mut changes =
        vec![Change::AddService(Service::new(key("tcp/192.0.2.1:80"), Scheduler::Mh))];
    let mut servers = crowd("tcp/192.0.2.1:80", SLOTS + 2);
    let beyond = servers.split_off(SLOTS);
    changes.extend(servers);
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        assert!(client.load(changes).unwrap().failures.is_empty());
        assert!(client.batch(beyond).unwrap().failures.is_empty());
    });
    let before = observe(&host);
    let saved = host.must("rsctl save");
    assert!(saved.stderr.contains("take line 6 with --as-is only: mh has a table of 4093 slots"));
    assert_eq!(restore(&host, "-v", &saved.stdout).stdout, "nothing to change\n");
    wipe(&host);
    assert_eq!(restore(&host, "", &saved.stdout).status, 2);
    let made = restore(&host, "--as-is", &saved.stdout);
    assert_eq!((made.status, made.stderr.as_str()), (0, ""));
    assert_eq!(observe(&host), before);
}
