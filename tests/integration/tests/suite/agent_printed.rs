// SPDX-License-Identifier: MIT OR Apache-2.0

//! The commands that `rs-agent check` prints, as who pastes them gets on with them: whatever
//! interfaces are called, and where what hides a VIP cannot be set.

use lab::{Family, Host, Network, quoted};

/// What to run, in order.
fn commands(server: &Host, options: &str) -> Vec<String> {
    let output = server.sh(&format!("exec rs-agent check --json {options}"));
    let report: serde_json::Value =
        serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{options}: {output:?}"));
    let steps = report["remedies"].as_array().expect("remedies").iter();
    steps.filter_map(|step| Some(step["command"].as_str()?.to_owned())).collect()
}

#[test]
fn odd_names_in_remedies_are_read_as_names() {
    let network = Network::direct_routing(1);
    let server = &network.servers[0];
    let plain = ["up", "a=b.1", "$(id)`*;", "it's\\"];
    let mut rows: Vec<(String, String)> =
        plain.iter().map(|name| (quoted(name), quoted(name))).collect();
    // What is no text has a written form.
    rows.push((r#""$(printf 'gr\374')""#.to_owned(), quoted("gr\\xfc")));
    for (name, written) in rows {
        let file = format!("\"/proc/sys/net/ipv4/conf/\"{name}/arp_ignore");
        server.must(&format!(
            "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0
             ip link add dev {name} type veth peer name peer && ip link set dev {name} up
             ip addr add 10.9.0.1/24 dev {name} && ip addr add 10.9.0.10/24 dev {name}
             echo 8 >{file}"
        ));
        let carrier = format!("{written}c");
        let options = format!("--mode dr --vip 10.9.0.10,2001:db8::10 --carrier={carrier}");
        let commands = commands(server, &options);
        for command in &commands {
            let done = server.sh(command);
            assert_eq!((done.status, &*done.stderr), (0, ""), "{name}: {command}: {done:?}");
        }
        let checked = server.sh(&format!("rs-agent check {options}"));
        assert!(matches!(checked.status, 0 | 3), "{commands:#?}\n{checked:?}");
        let set = server.must(&format!("cat {file}")).stdout;
        assert_eq!(set, "1\n", "{commands:#?}");
        server.must(&format!(
            "ip addr show dev {name} | grep -q 10.9.0.1/24 && ip link del dev {name} && \
             ip addr show dev {name}c | grep -q 10.9.0.10/32 && ip link del dev {name}c"
        ));
    }
}

#[test]
fn no_vip_comes_up_where_nothing_can_hide_it() {
    let network = Network::direct_routing(1);
    let server = &network.servers[0];
    server.must("mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys");
    for (before, options, after) in [
        ("true", "--mode dr", ""),
        ("true", "--mode tun --rip 192.0.2.11 --director 192.0.2.1", ""),
        ("ip addr add 192.0.2.10/24 dev eth0", "--mode dr", "eth0"),
        ("ip addr flush to 192.0.2.10 && ip link set eth0 down", "--mode dr", ""),
        ("true", "--mode tun --rip 192.0.2.11 --director 192.0.2.1", ""),
        ("ip addr add 192.0.2.10/32 dev lo", "--mode dr", "lo"),
    ] {
        server.must(before);
        let is_up = || server.sh("ip -o link show up | grep -q eth0").status == 0;
        let was_up = is_up();
        let commands = commands(server, &format!("--vip 192.0.2.10 {options}"));
        assert!(!commands.is_empty(), "{before} {options}");
        // One after the other, and all at once.
        for command in commands.iter().chain([&commands.join("\n")]) {
            server.sh(command);
        }
        let there = server.must("ip -o addr show to 192.0.2.10").stdout;
        let there = there.split_whitespace().nth(1).unwrap_or_default();
        assert_eq!(there, after, "{before} {options}: {commands:#?}");
        assert_eq!(is_up(), was_up, "{before} {options}: {commands:#?}");
    }
}

/// An interface that is down hides a VIP for as long as it is that.
#[test]
fn an_interface_comes_up_when_the_vips_are_hidden() {
    let network = Network::direct_routing(1);
    let server = &network.servers[0];
    let vip = network.addresses(Family::Ipv4).vip;
    let tun = "--mode tun --rip 192.0.2.11 --director 192.0.2.1";
    for (before, options) in [
        ("true", "--mode dr"),
        ("true", tun),
        ("ip addr add 192.0.2.10/32 dev lo", "--mode dr"),
        ("ip addr add 192.0.2.10/32 dev eth0", "--mode dr"),
        ("ip addr add 192.0.2.10/24 dev eth0", tun),
    ] {
        server.must(
            "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0
             ip addr flush to 192.0.2.10; ip link set eth0 down",
        );
        server.must(before);
        let commands = commands(server, &format!("--vip {vip} {options}"));
        for command in &commands {
            server.must(command);
            if server.sh("ip -o link show up | grep -q eth0").status == 0 {
                let answers = network.who_answers(vip);
                assert!(answers.is_empty(), "{before} {options}: {command} of {commands:#?}");
            }
        }
        server.must("ip -o link show up | grep -q eth0");
        let checked = server.sh(&format!("rs-agent check --vip {vip} {options}"));
        assert!(matches!(checked.status, 0 | 3), "{commands:#?}\n{checked:?}");
    }
}
