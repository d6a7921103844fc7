// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rs-agent` makes a host a real server, and gives it back as it was.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use lab::{Family, Host, Network, WebServer, kernel, run};

/// What may be asked of [`real_server`]: every mode, family and encapsulation.
pub(crate) const SETUPS: [&str; 14] = [
    "--mode dr --vip 192.0.2.10,203.0.113.10,2001:db8:2::10",
    "--mode dr --vip 192.0.2.10 --carrier dummy0",
    "--mode dr --vip 192.0.2.10 --scope link --label lo:web",
    "--mode dr --vip 192.0.2.10,2001:db8:2::10 --carrier vip.s --create-carrier --scope global",
    "--mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11 --tunnel gre --checksum",
    "--mode tun --vip 192.0.2.10,2001:db8:2::10 --director 2001:db8:2::1 --tunnel gre",
    "--mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11 --tunnel gue --tunnel-port 6080",
    "--mode tun --vip 2001:db8:2::10 --rip 2001:db8:2::11 --tunnel gue --tunnel-port 6080 \
     --tunnel-device gue.6",
    "--mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11",
    "--mode tun --vip 192.0.2.10,2001:db8:2::10 --director 2001:db8:2::1",
    "--mode tun --vip 192.0.2.10,2001:db8:2::10 --rip 192.0.2.11,2001:db8:2::11 --tunnel gue \
     --tunnel-port 6080 --director 192.0.2.1,2001:db8:2::1",
    "--mode nat --gateway 192.0.2.1",
    "--mode nat --gateway 2001:db8:2::1",
    "--mode nat --gateway 192.0.2.1,2001:db8:2::1",
];

/// What is walked through on this kernel: all of it with `LAB_ALL`, else a half, and the
/// other half on the next. A process takes 20 to 50 ms.
pub(crate) fn share<T>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    share_of(2, all)
}

/// The same of what takes longer: the older ones take one of so many each.
pub(crate) fn share_of<T>(parts: usize, all: impl IntoIterator<Item = T>) -> Vec<T> {
    let (parts, mine) = match kernel() {
        (7.., _) => (2, 0),
        (6, 12..) => (parts, 1),
        _ => (parts, 0),
    };
    let whole = std::env::var_os("LAB_ALL").is_some();
    let told = |(place, _): &(usize, T)| whole || place % parts == mine;
    all.into_iter().enumerate().filter(told).map(|(_, it)| it).collect()
}

/// What is tried on this kernel of what is tried on one each: most of it on the newest, which
/// is the fastest. All of it with `LAB_TWINS=all`.
pub(crate) fn once<T>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let whole = std::env::var("LAB_TWINS").is_ok_and(|how| how == "all");
    let mine = |place: usize| place.is_multiple_of(3) == (kernel() < (7, 0));
    let tried = all.into_iter().enumerate().filter(|(place, _)| whole || mine(*place));
    tried.map(|(_, it)| it).collect()
}

/// Whether this kernel looks between any two steps: the newest, and with `LAB_ALL` all.
pub(crate) fn everything() -> bool {
    kernel() >= (7, 0) || std::env::var_os("LAB_ALL").is_some()
}

/// A host whose settings and routes are not the defaults, so that giving back
/// defaults would be seen.
pub(crate) fn real_server() -> Network {
    let network = Network::direct_routing(1);
    let server = &network.servers[0];
    server.must("sysctl -qw net.ipv4.conf.all.arp_announce=1 net.ipv4.conf.default.rp_filter=1");
    server.ip([
        "link add dummy0 type dummy".to_owned(),
        "link set dummy0 up".to_owned(),
        "route add default via 192.0.2.254 src 192.0.2.11 mtu 1400".to_owned(),
        "route add default via 2001:db8:2::254".to_owned(),
    ]);
    network
}

/// All that `rs-agent` may touch, and much that it may not.
pub(crate) fn state(host: &Host) -> String {
    // Two processes rather than nine: it is asked for several times between any two steps.
    let ask = |options: &[&str], questions: &str| {
        let mut ip = Command::new("ip");
        let output = host.enter(|| run(ip.args(options).args(["-d", "-batch", "-"]), questions));
        assert_eq!(output.status, 0, "{questions}{}", output.stderr);
        output.stdout
    };
    let both = ask(&[], "addr show\nroute show table all\nrule show\nfou show\n");
    let ipv6 = ask(&["-6"], "route show table all\nrule show\n");
    // Whether the kernel has seen the cable (`state UP`) is not ours to compare.
    let mut state: String = both
        .lines()
        .map(|line| match line.split_once(" state ") {
            Some((before, after)) => {
                format!("{before} {}\n", after.split_once(' ').map_or("", |(_, rest)| rest))
            }
            None => format!("{line}\n"),
        })
        .collect();
    state += &ipv6;
    host.enter(|| settings(Path::new("/proc/sys/net"), &mut state));
    state
}

/// Reads all settings that hold still, and not those that come with `ip_vs`, or change
/// with who logs packets: another test may load those modules meanwhile. By a process,
/// this would take most of a test's time.
fn settings(folder: &Path, state: &mut String) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("settings").map(|entry| entry.expect("an entry")).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.ends_with("ipv4/vs") || path.ends_with("netfilter/nf_log") {
            continue;
        } else if path.is_dir() {
            settings(&path, state);
        } else if !path.ends_with("nf_conntrack_count")
            && let Ok(value) = fs::read_to_string(&path)
        {
            *state += &format!("{} = {value}", path.display());
        }
    }
}

/// Shows the lines that differ rather than two thousand that do not.
#[track_caller]
pub(crate) fn assert_same(now: &str, before: &str, story: &str) {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (a, b) = (lines(before), lines(now));
    let differing: Vec<_> = a.symmetric_difference(&b).collect();
    assert!(now == before, "{story}: {differing:#?}");
}

#[track_caller]
pub(crate) fn assert_set_up(server: &Host, story: &str) {
    let status = server.must("rs-agent status --json").stdout;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["state"], "set up", "{story}");
    assert_eq!(status["drift"], serde_json::json!([]), "{story}");
}

#[test]
fn teardown_gives_back_what_setup_found() {
    for setup in share(SETUPS) {
        let network = real_server();
        let server = &network.servers[0];
        let before = state(server);
        assert_ne!(server.must(&format!("rs-agent setup {setup} --dry-run")).stdout, "", "{setup}");
        assert_same(&state(server), &before, setup);
        assert_ne!(server.sh("ls -A /run/rs-agent").status, 0, "a dry run writes no file");

        assert_eq!(server.must(&format!("rs-agent setup {setup}")).stdout, "", "{setup}");
        let after = state(server);
        assert_ne!(after, before, "{setup}");
        assert_set_up(server, setup);
        let again = server.must(&format!("rs-agent setup {setup}")).stdout;
        assert!(again.starts_with("nothing to do: "), "{setup}: {again}");
        assert_same(&state(server), &after, setup);

        server.must("rs-agent teardown");
        assert_same(&state(server), &before, setup);
        assert_eq!(server.must("rs-agent status").stdout, "not set up\n");
        assert_eq!(server.must("rs-agent teardown").stdout, "nothing to do: not set up\n");
    }
}

#[test]
fn the_commands_it_prints_do_what_it_does() {
    // What differs: who made a route or address, and a new device's number and MAC address.
    let shape = |host: &Host| {
        let all = host
            .must("ip -d addr; ip route; ip -6 route; ip fou show; sysctl -a -r 'arp_|rp_filter'");
        let lines = all.stdout.lines().filter(|line| !line.contains(" fe80::")).map(|line| {
            let line = line.trim_start_matches(|c: char| c.is_ascii_digit());
            let line = line.split_once(" permaddr ").map_or(line, |(address, _)| address);
            let line = line.split_once(" brd ff:").map_or(line, |(_, rest)| rest);
            line.replace("proto static ", "").replace(" proto 0x72", "").trim_end().to_owned()
        });
        lines.collect::<Vec<String>>().join("\n")
    };
    for setup in share(SETUPS) {
        let network = real_server();
        let server = &network.servers[0];
        let make = server.must(&format!("rs-agent setup {setup} -v")).stdout;
        let by_agent = shape(server);
        let undo = server.must("rs-agent teardown -v").stdout;
        let before = shape(server);
        server.must(&format!("set -e\n{make}"));
        assert_same(&shape(server), &by_agent, &make);
        server.must(&format!("set -e\n{undo}"));
        assert_same(&shape(server), &before, &undo);
    }
}

#[test]
fn vips_come_and_go_one_by_one() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    let value = |name: &str| server.must(&format!("sysctl -n net.ipv4.conf.all.{name}")).stdout;
    server.must("rs-agent setup --mode dr --vip 192.0.2.10");
    server.must("rs-agent setup --mode dr --vip 203.0.113.10,2001:db8:2::10");
    let on_lo = || server.must("ip -br addr show lo").stdout;
    assert!(
        ["192.0.2.10/32", "203.0.113.10/32", "2001:db8:2::10/128"]
            .iter()
            .all(|vip| on_lo().contains(vip))
    );
    server.must("rs-agent teardown --vip 192.0.2.10");
    assert!(!on_lo().contains("192.0.2.10/32"));
    assert_eq!((value("arp_ignore"), value("arp_announce")), ("1\n".into(), "2\n".into()));
    // The last IPv4 VIP takes the ARP settings with it.
    server.must("rs-agent teardown --vip 203.0.113.10");
    assert_eq!((value("arp_ignore"), value("arp_announce")), ("0\n".into(), "1\n".into()));
    let unknown = server.must("rs-agent teardown --vip 192.0.2.77").stdout;
    assert_eq!(unknown, "nothing to do: not set up: 192.0.2.77\n");
    server.must("rs-agent teardown --vip 2001:db8:2::10");
    assert_same(&state(server), &before, "after the last");
}

#[test]
fn what_others_did_is_left_alone() {
    let network = real_server();
    let server = &network.servers[0];
    server.must("ip addr add 192.0.2.10/32 dev lo");
    let setup = server.must("rs-agent setup --mode dr --vip 192.0.2.10,203.0.113.10");
    assert!(setup.stderr.contains("192.0.2.10 is already there on lo"), "{}", setup.stderr);
    // Somebody raises a setting, and takes our address away and puts it back as theirs.
    server.must("sysctl -qw net.ipv4.conf.all.arp_ignore=2");
    server.must("ip addr del 203.0.113.10/32 dev lo && ip addr add 203.0.113.10/32 dev lo");
    let teardown = server.must("rs-agent teardown");
    assert!(teardown.stderr.contains("203.0.113.10 on lo was added by somebody else"));
    assert!(teardown.stderr.contains("arp_ignore is 2 now, set-up wrote 1"));
    let left = server.must("ip -br addr show lo").stdout;
    assert!(left.contains("192.0.2.10/32") && left.contains("203.0.113.10/32"), "{left}");
    assert_eq!(server.must("sysctl -n net.ipv4.conf.all.arp_ignore").stdout, "2\n");
    // What is theirs now would be announced without it.
    assert_eq!(server.must("sysctl -n net.ipv4.conf.all.arp_announce").stdout, "2\n");
}

#[test]
fn runs_at_the_same_time_take_turns() {
    let network = real_server();
    let server = &network.servers[0];
    let before = state(server);
    thread::scope(|scope| {
        for number in 1..=6 {
            scope.spawn(move || {
                server.must(&format!("rs-agent setup --mode dr --vip 203.0.113.{number}"));
            });
        }
    });
    assert_set_up(server, "after six");
    let on_lo = server.must("ip -br addr show lo").stdout;
    assert_eq!(on_lo.matches("203.0.113.").count(), 6, "{on_lo}");
    server.must("rs-agent teardown");
    assert_same(&state(server), &before, "after teardown");
}

#[test]
fn nobody_answers_for_the_vip_but_the_director() {
    let network = Network::direct_routing(2);
    let [vip, vip6] = Family::BOTH.map(|family| network.addresses(family).vip);
    // In IPv4, and in IPv6.
    let answering = || -> Vec<String> {
        let macs = [vip, vip6].map(|vip| network.who_answers(vip));
        macs.into_iter().flatten().map(|mac| network.name_of(mac)).collect()
    };
    // By hand and without the settings: this is what rs-agent is there to prevent.
    for server in &network.servers {
        server.must(&format!("ip addr add {vip}/32 dev lo"));
    }
    assert_eq!(answering().len(), 2);
    for server in &network.servers {
        server.must(&format!("ip addr del {vip}/32 dev lo"));
        server.must(&format!("rs-agent setup --mode dr --vip {vip},{vip6}"));
    }
    assert_eq!(answering(), Vec::<String>::new());
    network.director_takes_vip(Family::Ipv4);
    network.director_takes_vip(Family::Ipv6);
    assert_eq!(answering(), ["director", "director"]);
    for server in &network.servers {
        server.must("rs-agent teardown");
    }
    assert_eq!(answering(), ["director", "director"]);
}

/// Requests through a director set up with `ipvsadm`, so that only `rs-agent` is tested.
fn requests_are_answered(
    network: &Network,
    inner: Family,
    outer: Family,
    method: &str,
    setup: &str,
) {
    let vip = network.addresses(inner).vip;
    let outer = network.addresses(outer);
    let service = std::net::SocketAddr::from((vip, 80));
    network.director_takes_vip(inner);
    network.director.must(&format!("ipvsadm -A -t {service} -s rr"));
    for (server, rip) in network.servers.iter().zip(&outer.rips) {
        server.must(&setup.replace("VIP", &vip.to_string()).replace("RIP", &rip.to_string()));
        let server = std::net::SocketAddr::from((*rip, 80));
        network.director.must(&format!("ipvsadm -a -t {service} -r {server} {method}"));
    }
    let _web: Vec<_> = network.servers.iter().map(|s| WebServer::start(s, 80)).collect();
    let mut servers: Vec<_> = network
        .client
        .get(service, 4)
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|error| panic!("{setup}: {error}")).server)
        .collect();
    servers.sort();
    assert_eq!(servers, ["rs1", "rs1", "rs2", "rs2"], "{setup}");
}

#[test]
fn direct_routing_works() {
    for family in Family::BOTH {
        let network = Network::direct_routing(2);
        let setup = "rs-agent setup --mode dr --vip VIP";
        requests_are_answered(&network, family, family, "-g", setup);
    }
}

#[test]
fn tunnels_work_on_hardened_hosts() {
    for (outer, inner) in
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(o, i)| (Family::BOTH[o], Family::BOTH[i]))
    {
        let network = Network::tunnel(2);
        for server in &network.servers {
            server
                .must("sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1");
        }
        let dip = network.addresses(outer).dip;
        let setup = format!("rs-agent setup --mode tun --vip VIP --director {dip}");
        requests_are_answered(&network, inner, outer, "-i", &setup);
    }
}

#[test]
fn nat_works_with_the_route_it_sets() {
    for family in Family::BOTH {
        let network = Network::nat(2);
        let dip = network.addresses(family).dip;
        network.director.must(network.forward_command(family));
        let setup = format!("rs-agent setup --mode nat --vip VIP --gateway {dip}");
        requests_are_answered(&network, family, family, "-m", &setup);
    }
}

#[test]
fn teardown_exposes_nobody_elses_vip() {
    let vip = "192.0.2.10";
    for (story, meanwhile, stays) in [
        (
            "ours, removed and added again",
            "ip addr del VIP/32 dev lo && ip addr add VIP/32 dev lo",
            vip,
        ),
        ("another", "ip addr add 192.0.2.50/32 dev lo", "192.0.2.50"),
    ] {
        let network = Network::direct_routing(1);
        let server = &network.servers[0];
        server.must(&format!("rs-agent setup --mode dr --vip {vip}"));
        server.must(&meanwhile.replace("VIP", vip));
        let output = server.must("rs-agent teardown");
        assert!(
            output.stderr.contains(&format!("{stays} on lo is not ours")),
            "{story}: {output:?}"
        );
        let answers = network.who_answers(stays.parse().unwrap());
        assert!(answers.is_empty(), "{story}: {answers:?}");
    }
}

#[test]
fn default_routes_of_every_kind_come_back() {
    for route in [
        "blackhole default",
        "unreachable default",
        "prohibit default",
        "default nhid 5",
        "default dev eth0",
        "default nexthop via 192.0.2.253 weight 2 nexthop via 192.0.2.254",
    ] {
        let network = Network::direct_routing(1);
        let server = &network.servers[0];
        server.must("ip nexthop add id 5 via 192.0.2.253 dev eth0");
        server.must(&format!("ip route add {route}"));
        let before = state(server);
        server.must("rs-agent setup --mode nat --gateway 192.0.2.1");
        assert_ne!(state(server), before, "{route}");
        server.must("rs-agent teardown");
        assert_same(&state(server), &before, route);
    }
}
