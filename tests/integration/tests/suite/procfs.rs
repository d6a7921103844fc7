// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel tells in files: connections and where they come from,
//! counters, settings; and network namespaces other than the thread's.

use std::fmt::Debug;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ipvs_netlink::procfs::{Connection, Origin, Procfs, TableKey, TableService, VirtualAddress};
use ipvs_netlink::{
    Change, Client, ConnectOptions, ErrorKind, Namespace, Scheduler, Service, ServiceKey,
};
use lab::{Family, Host, NOBODY, Network, WebServer, kernel};

/// Reads until `enough`: what the kernel samples or sends to others comes in its
/// own time, 2 seconds at most.
#[track_caller]
fn eventually<R: Send + Debug>(
    host: &Host,
    read: impl Fn() -> R + Sync,
    enough: impl Fn(&R) -> bool,
) -> R {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let found = host.enter(&read);
        if enough(&found) {
            return found;
        }
        assert!(Instant::now() < end, "not in 20 s: {found:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn connections() -> Vec<Connection> {
    Procfs::new().connections().unwrap().collect::<Result<_, _>>().unwrap()
}

/// Sends one datagram from that port.
fn send(network: &Network, from: u16, to: SocketAddr, text: &str) {
    network.client.enter(|| {
        let own: SocketAddr = match to {
            SocketAddr::V4(_) => ([0, 0, 0, 0], from).into(),
            SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, from).into(),
        };
        UdpSocket::bind(own).unwrap().send_to(text.as_bytes(), to).unwrap();
    });
}

fn as_text(connection: &Connection) -> String {
    let Connection { protocol, client, service, server, state, .. } = connection;
    format!("{protocol} {client} {service} {server} {state}")
}

#[test]
fn connections_of_every_kind() {
    let network = Network::nat(1);
    let director = &network.director;
    for family in Family::BOTH {
        network.director_takes_vip(family);
    }
    director.must(
        "set -e
         tc qdisc add dev eth0 clsact
         for protocol in ip ipv6; do
           tc filter add dev eth0 ingress protocol $protocol flower ip_proto udp dst_port 443 \
             action skbedit mark 7
         done
         ipvsadm -R <<'END'
-A -u 198.51.100.10:53 -s rr
-a -u 198.51.100.10:53 -r 10.0.0.11:5353 -m
-A -u 198.51.100.10:0 -s rr -p 100 -M 255.255.255.0
-a -u 198.51.100.10:0 -r 10.0.0.11:0 -m
-A -u 198.51.100.10:5060 -s rr -p 60 --pe sip
-a -u 198.51.100.10:5060 -r 10.0.0.11:5060 -m
-A -f 7 -s rr -p 200
-a -f 7 -r 10.0.0.11:0 -m
-A -f 7 -6 -s rr -p 200
-a -f 7 -6 -r [2001:db8:10::11]:0 -m
-A -u [2001:db8:1::10]:53 -s rr
-a -u [2001:db8:1::10]:53 -r [2001:db8:10::11]:53 -m
END",
    );
    let vip = |family, port| SocketAddr::new(network.addresses(family).vip, port);
    send(&network, 4001, vip(Family::Ipv4, 53), "?");
    send(&network, 4002, vip(Family::Ipv4, 777), "?");
    send(&network, 4003, vip(Family::Ipv4, 443), "?");
    send(&network, 4004, vip(Family::Ipv6, 443), "?");
    send(&network, 4005, vip(Family::Ipv6, 53), "?");
    let invite = "INVITE sip:a@b SIP/2.0\r\nCall-ID: one.two@client\r\n\r\n";
    send(&network, 5060, vip(Family::Ipv4, 5060), invite);

    let found = eventually(director, connections, |found| found.len() >= 10);
    let mut text: Vec<_> = found.iter().map(as_text).collect();
    text.sort();
    assert_eq!(
        text,
        [
            "ip-0 198.51.100.100:0 fwmark/7 10.0.0.11:0 NONE",
            "ip-0 [2001:db8:1::100]:0 fwmark/7 [2001:db8:10::11]:0 NONE",
            "udp 198.51.100.0:0 198.51.100.10:0 10.0.0.11:0 NONE",
            "udp 198.51.100.100:0 198.51.100.10:5060 10.0.0.11:5060 NONE",
            "udp 198.51.100.100:4001 198.51.100.10:53 10.0.0.11:5353 UDP",
            "udp 198.51.100.100:4002 198.51.100.10:777 10.0.0.11:777 UDP",
            "udp 198.51.100.100:4003 198.51.100.10:443 10.0.0.11:443 UDP",
            "udp 198.51.100.100:5060 198.51.100.10:5060 10.0.0.11:5060 UDP",
            "udp [2001:db8:1::100]:4004 [2001:db8:1::10]:443 [2001:db8:10::11]:443 UDP",
            "udp [2001:db8:1::100]:4005 [2001:db8:1::10]:53 [2001:db8:10::11]:53 UDP",
        ]
    );
    assert_eq!(found.iter().filter(|connection| connection.is_template()).count(), 4);
    assert!(found.iter().all(|c| c.expires <= Duration::from_secs(300) && c.origin.is_none()));
    // The engine's data come with its template.
    let engines: Vec<_> = found.iter().filter_map(|c| c.engine.as_ref()).collect();
    assert!(engines.iter().all(|engine| engine.name == "sip"), "{engines:?}");
    assert!(
        engines.iter().any(|engine| String::from_utf8_lossy(&engine.data) == "one.two@client"),
        "{engines:?}"
    );
    let marks = found.iter().filter(|c| matches!(c.service, VirtualAddress::Fwmark(7))).count();
    assert_eq!(marks, 2);
    let with_origin = director.enter(|| {
        let table = Procfs::new().connections_with_origin().unwrap();
        table.map(|connection| connection.unwrap().origin).collect::<Vec<_>>()
    });
    assert_eq!(with_origin, vec![Some(Origin::Local); 10]);
}

fn services() -> Vec<TableService> {
    Procfs::new().services().unwrap().collect::<Result<_, _>>().unwrap()
}

/// The file has the services and servers that netlink has, in the same order, and less of each.
#[test]
fn services_as_the_file_shows_them() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -R <<'END'
-A -t 192.0.2.1:80 -s mh -b mh-port -p 600 -M 255.255.255.0
-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 2147483647 -x 100 -y 50
-a -t 192.0.2.1:80 -r 10.0.0.2:80 -i -w 0 --tun-type gue --tun-port 6080
-a -t 192.0.2.1:80 -r [2001:db8::3]:80 -i
-A -u [2001:db8::1]:53 -s rr -o
-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g
-A -t [2001:db8::1]:80 -s wrr -p 60 -M 64
-A -f 7 -s rr -p 60 -M 255.255.255.0
-a -f 7 -r 10.0.0.4:0 -g
-A -f 7 -6 -s wlc -o
-A -f 4294967295 -6 -s rr
END",
    );
    let (file, table) = host.enter(|| (services(), Client::connect().unwrap().table().unwrap()));
    let numbers = |service: &TableService| {
        let servers = service.servers.iter();
        let line = servers.map(|it| (it.key, it.weight, it.active, it.inactive));
        (service.key, service.scheduler.clone(), line.collect::<Vec<_>>())
    };
    let told = table.iter().map(|entry| {
        let key = match entry.service.service.key {
            ServiceKey::Fwmark { mark, .. } => TableKey::Fwmark(mark.get()),
            key => TableKey::Service(key),
        };
        let servers = entry.destinations.iter().map(|it| {
            let connections = it.connections;
            let weight = it.destination.weight.get();
            (it.destination.key, weight, connections.active, connections.inactive)
        });
        (key, entry.service.service.scheduler.clone(), servers.collect::<Vec<_>>())
    });
    assert_eq!(file.iter().map(numbers).collect::<Vec<_>>(), told.collect::<Vec<_>>());
    let find = |key: &str| {
        let key = TableKey::Service(key.parse().unwrap());
        file.iter().find(|service| service.key == key).unwrap()
    };
    let netmask = |service: &TableService| {
        let netmask = service.persistence.expect("persistence").netmask;
        netmask.map(|netmask| netmask.to_string())
    };
    let web = find("tcp/192.0.2.1:80");
    assert_eq!((netmask(web).as_deref(), web.one_packet), (Some("255.255.255.0"), Some(false)));
    let methods: Vec<_> = web.servers.iter().map(|server| format!("{:?}", server.method)).collect();
    assert_eq!(methods, ["Tunnel", "Tunnel", "Masquerade"]);
    assert_eq!(netmask(find("tcp/[2001:db8::1]:80")).as_deref(), Some("64"));
    assert_eq!(find("udp/[2001:db8::1]:53").one_packet, None, "it is, and that is not told");
    // Of marks there are two lines that say the same name.
    let marks: Vec<_> = file.iter().filter(|it| it.key == TableKey::Fwmark(7)).collect();
    assert_eq!(marks.len(), 2);
    assert!(marks.iter().any(|mark| mark.one_packet == Some(true)), "of marks it is told");
    assert!(marks.iter().filter(|mark| mark.persistence.is_some()).all(|it| netmask(it).is_none()));
    assert!(file.iter().any(|service| service.key == TableKey::Fwmark(u32::MAX)));
}

/// The kernel goes on behind as many services as it has shown, so what is deleted between two
/// reads hides others.
#[test]
fn services_that_the_file_hides() {
    let host = Host::new("director");
    let key = |number: u16| {
        let [high, low] = number.to_be_bytes();
        ServiceKey::tcp([192, 0, high, low], 80)
    };
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let added = (0..600).map(|it| Change::AddService(Service::new(key(it), Scheduler::Rr)));
        assert_eq!(client.batch(added).unwrap().applied, 600);
        // Before that, services of other namespaces hide some: the next test.
        if kernel() >= (7, 1) {
            assert_eq!(services().len(), 600, "at rest it shows all");
        }
        let mut table = Procfs::new().services().unwrap();
        let mut shown: Vec<_> = table.by_ref().take(50).map(|it| it.unwrap().key).collect();
        let gone = shown.iter().map(|key| match key {
            TableKey::Service(key) => Change::RemoveService(*key),
            other => panic!("{other:?}"),
        });
        assert_eq!(client.batch(gone).unwrap().applied, 50);
        shown.extend(table.map(|service| service.unwrap().key));
        let hidden = (0..600).filter(|it| !shown.contains(&TableKey::Service(key(*it)))).count();
        assert!(hidden > 0, "nothing is hidden that nobody touched");
        assert_eq!(client.services().unwrap().len(), 550);
    });
}

/// Before Linux 7.1 all namespaces share a table. Going on from one read to the next the kernel
/// passes over as many services of this namespace as it has met of all of them.
#[test]
fn services_that_another_namespace_hides() {
    let (host, other) = (Host::new("director"), Host::new("other"));
    for (host, network) in [(&host, 10), (&other, 11)] {
        host.enter(|| {
            let added = (0..600_u16).map(|number| {
                let [high, low] = number.to_be_bytes();
                let key = ServiceKey::tcp([network, 0, high, low], 80);
                Change::AddService(Service::new(key, Scheduler::Rr))
            });
            assert_eq!(Client::connect().unwrap().batch(added).unwrap().applied, 600);
        });
    }
    let shown = host.enter(|| services().len());
    assert_eq!(shown == 600, kernel() >= (7, 1), "{shown} of 600 services are shown");
    let listed = host.must("rsctl list").stdout.matches("TCP ").count();
    assert_eq!(listed, 600, "the kernel is asked for the others");

    // Who may not ask it is told, and is not told that something is not there.
    let is_whole = kernel() >= (7, 1);
    let said = host.must(&format!("{NOBODY} rsctl list")).stderr;
    assert_eq!(said.contains("warning: services may be missing: "), !is_whole, "{said}");
    let unknown = host.sh(&format!("{NOBODY} rsctl list tcp/10.9.9.9:80")).stderr;
    let why = if is_whole {
        "cannot list service tcp/10.9.9.9:80: there is no such service"
    } else {
        "cannot list service tcp/10.9.9.9:80: the kernel did not permit it (EPERM), and \
         /proc/net/ip_vs does not show all services now"
    };
    assert!(unknown.starts_with(&format!("error: {why}\nhint: ")), "{unknown}");
}

#[test]
fn a_connection_that_another_director_told_of() {
    let network = Network::nat(1);
    network.director_takes_vip(Family::Ipv4);
    let (master, backup) = (&network.director, &network.servers[0]);
    // Every connection is told of with its first packet.
    master.must("sysctl -qw net.ipv4.vs.sync_threshold='1 0'");
    for host in [master, backup] {
        host.must(
            "ipvsadm -A -u 198.51.100.10:53 -s rr && \
             ipvsadm -a -u 198.51.100.10:53 -r 10.0.0.12:53 -m",
        );
    }
    backup.must("ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 3");
    master.must("ipvsadm --start-daemon master --mcast-interface eth1 --syncid 3");
    send(&network, 4001, "198.51.100.10:53".parse().unwrap(), "?");
    let synced = || {
        let table = Procfs::new().connections_with_origin().unwrap();
        table.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let there = eventually(backup, synced, |found| !found.is_empty());
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].origin, Some(Origin::Sync));
    assert_eq!(as_text(&there[0]), "udp 198.51.100.100:4001 198.51.100.10:53 10.0.0.12:53 UDP");
    let here = master.enter(synced);
    assert_eq!(here[0].origin, Some(Origin::Local));
}

#[test]
fn counters_of_the_namespace_and_of_each_processor() {
    let network = Network::nat(1);
    network.director_takes_vip(Family::Ipv4);
    network.servers[0].must("ip route add default via 10.0.0.1");
    let director = &network.director;
    director.must(network.forward_command(Family::Ipv4));
    director.must(
        "ipvsadm -A -t 198.51.100.10:80 -s rr && ipvsadm -a -t 198.51.100.10:80 -r 10.0.0.11 -m",
    );
    let _web = WebServer::start(&network.servers[0], 80);
    assert!(network.client.get("198.51.100.10:80".parse().unwrap(), 5).iter().all(Result::is_ok));

    let per_cpu = director.enter(|| Procfs::new().per_cpu().unwrap());
    let live: u64 = per_cpu.cpus.iter().map(|cpu| cpu.connections).sum();
    assert_eq!(live, 5, "live at once");
    let totals = eventually(
        director,
        || Procfs::new().totals().unwrap(),
        |totals| totals.connections == 5 && totals.outgoing_bytes > 0,
    );
    let service = director.enter(|| Client::connect().unwrap().services().unwrap()[0].stats);
    assert_eq!((totals.connections, totals.incoming_packets), (5, service.incoming_packets));
    assert_eq!(totals.outgoing_bytes, service.outgoing_bytes);
    let sampled = director.enter(|| Procfs::new().per_cpu().unwrap().total);
    assert_eq!(sampled.incoming_bytes, totals.incoming_bytes);

    director.must("ipvsadm -Z");
    let (totals, per_cpu) =
        director.enter(|| (Procfs::new().totals().unwrap(), Procfs::new().per_cpu().unwrap()));
    assert_eq!(totals.connections, 0);
    assert_eq!(per_cpu.cpus.iter().map(|cpu| cpu.connections).sum::<u64>(), 5, "never zeroed");
}

#[test]
fn settings_are_those_of_the_running_kernel() {
    let host = Host::new("director");
    host.must("sysctl -qw net.ipv4.vs.expire_nodest_conn=1");
    let settings = host.enter(|| Procfs::new().sysctls().unwrap());
    let names: Vec<_> = settings.iter().map(|sysctl| sysctl.name.as_str()).collect();
    let listed = host.must("ls /proc/sys/net/ipv4/vs").stdout;
    let mut listed: Vec<_> = listed.split_whitespace().collect();
    listed.sort_unstable();
    assert_eq!(names, listed);
    let value = |name: &str| {
        settings.iter().find(|sysctl| sysctl.name == name).and_then(|sysctl| sysctl.value.clone())
    };
    assert_eq!(value("expire_nodest_conn").as_deref(), Some("1"));
    assert_eq!(value("sync_threshold").as_deref(), Some("3\t50"));
    // They came in 6.2 and in 7.2.
    assert_eq!(value("est_nice").is_some(), kernel() >= (6, 2));
    assert_eq!(value("conn_max").is_some(), kernel() >= (7, 2));
}

#[test]
fn another_namespace_by_name_process_and_path() {
    let host = Host::new("director");
    host.must("ip netns add blue && ip -n blue link set lo up");
    host.must("ipvsadm -A -t 192.0.2.1:80 -s rr");
    host.must("ip netns exec blue ipvsadm -A -u 192.0.2.2:53 -s wrr");
    host.enter(|| {
        let mut child = Command::new("ip")
            .args(["netns", "exec", "blue", "sh", "-c", "echo && exec sleep 60"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It has entered the namespace when it prints.
        let mut line = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
        let namespaces = [
            Namespace::named("blue").unwrap(),
            Namespace::of_process(child.id()).unwrap(),
            Namespace::at("/run/netns/blue").unwrap(),
        ];
        for namespace in namespaces {
            let options = ConnectOptions::new().namespace(namespace.clone());
            let mut there = options.connect().unwrap();
            let keys: Vec<_> =
                there.services().unwrap().iter().map(|e| e.service.key.to_string()).collect();
            assert_eq!(keys, ["udp/192.0.2.2:53"]);
            assert!(Procfs::of(namespace).connections().unwrap().next().is_none());
            // The thread itself has gone nowhere.
            let mut here = Client::connect().unwrap();
            assert_eq!(here.services().unwrap()[0].service.key.to_string(), "tcp/192.0.2.1:80");
        }
        child.kill().unwrap();
        child.wait().unwrap();

        for name in ["green", "", "..", "../run/netns/blue", "a/b"] {
            let error = Namespace::named(name).err().unwrap();
            assert!(error.to_string().starts_with("cannot enter network namespace "), "{error}");
        }
        assert_eq!(Namespace::named("green").err().unwrap().kind(), ErrorKind::NamespaceMissing);
        let error = Namespace::at("/etc/passwd").err().unwrap().to_string();
        assert!(error.ends_with("/etc/passwd: it is no network namespace"), "{error}");
    });
}
