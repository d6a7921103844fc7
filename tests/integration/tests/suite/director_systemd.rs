// SPDX-License-Identifier: MIT OR Apache-2.0

//! A director that is booted again, as docs/director.md says: the table by the shipped unit, the
//! VIPs by systemd-networkd, NetworkManager or ifupdown, forwarding and IPVS' settings by sysctl.d,
//! under Debian's systemd.

use lab::{Disk, Family, Machine, Network, WebServer};

use crate::agent_systemd::assert_small_exposure;

const UNIT: &str = "usr/local/lib/systemd/system/rsctl-restore.service";
const TABLE: &str = "/etc/rsctl/table.json";

/// A disk with what `make install` puts there for a director.
fn installed() -> Disk {
    let disk = Disk::new();
    disk.install("rsctl");
    let unit = include_str!("../../../../crates/rsctl/dist/rsctl-restore.service");
    let unit = unit.replace("@PROGRAM@", "/usr/local/sbin/rsctl").replace("@TABLE@", TABLE);
    disk.write(UNIT, &unit);
    disk
}

/// One real server, ready for requests.
fn network() -> (Network, WebServer) {
    let network = Network::direct_routing(1);
    let server = &network.servers[0];
    server.must("rs-agent setup --mode dr --vip 192.0.2.10,2001:db8:2::10");
    let web = WebServer::start(server, 80);
    (network, web)
}

/// The VIPs of a director, as the page has them.
const NETWORK: &str = "[Match]
Name=eth0
[Address]
Address=192.0.2.1/24
[Address]
Address=2001:db8:2::1/64
[Address]
Address=192.0.2.10/32
[Address]
Address=2001:db8:2::10/128
PreferredLifetime=0
";

#[track_caller]
fn assert_balances(network: &Network) {
    for family in Family::BOTH {
        let vip = network.addresses(family).vip;
        network.director_listens_for_vip(family);
        for answer in network.client.get((vip, 80).into(), 3) {
            assert_eq!(answer.expect("an answer").server, "rs1");
        }
    }
}

#[test]
fn a_director_is_as_it_was_before_a_reboot() {
    let disk = installed();
    disk.has_networkd();
    disk.write("etc/systemd/network/10-director.network", NETWORK);
    disk.write("etc/modules-load.d/ipvs.conf", "ip_vs\n");
    let settings = "net.ipv4.vs.expire_nodest_conn = 1\nnet.ipv4.ip_forward = 1\n";
    disk.write("etc/sysctl.d/90-director.conf", settings);
    let (first, _web) = network();
    let machine = Machine::boot(&first.director, &disk);
    // Without a table it is not started, which is no failure.
    machine.must("systemctl start rsctl-restore");
    assert_eq!(machine.property("rsctl-restore", "ConditionResult"), "no");

    for (vip, rip) in [("192.0.2.10", "192.0.2.11"), ("[2001:db8:2::10]", "[2001:db8:2::11]")] {
        machine.must(&format!("rsctl add-service -t {vip}:80 -s wrr -p 600"));
        machine.must(&format!("rsctl add-server -t {vip}:80 -r {rip} --mode dr -w 3"));
    }
    machine.must("rsctl sync-daemon start master --interface eth0 --syncid 7");
    machine.must("rsctl timeouts --udp 77");
    let said = machine.must("rsctl save --install").stderr;
    assert_eq!(
        said,
        "note: wrote /etc/rsctl/table.json\n\
         hint: `systemctl enable rsctl-restore` has it restored at each boot\n"
    );
    machine.must("systemctl enable rsctl-restore systemd-networkd");
    let said = machine.must("rsctl save --install").stderr;
    assert_eq!(said, "note: wrote /etc/rsctl/table.json\n");
    assert_small_exposure(&machine, &format!("/{UNIT}"));
    let saved = machine.must("rsctl save").stdout;
    machine.must("rsctl sync-daemon stop master");
    machine.power_off();

    // Nothing is left but the disk.
    let (second, _web) = network();
    assert!(!second.director.must("rsctl list").stdout.contains("192.0.2.10"));
    let machine = Machine::boot(&second.director, &disk);
    assert_eq!(machine.property("rsctl-restore", "Result"), "success");
    assert_eq!(machine.must("rsctl save").stdout, saved);
    assert_ne!(machine.sh("journalctl | grep -i 'ordering cycle'").status, 0);
    for line in settings.lines() {
        let key = line.split(' ').next().expect("a key");
        assert_eq!(machine.must(&format!("sysctl {key}")).stdout.trim(), line);
    }
    machine.until("ip -o addr show dev eth0 | grep -q ' 192.0.2.10/32 '");
    machine.until("ip -o addr show dev eth0 | grep ' 2001:db8:2::10/128 ' | grep -v tentative | grep -q deprecated");
    assert_balances(&second);

    // Stopping it is no reason to stop forwarding; a file that is bad changes nothing, and is
    // not tried again.
    machine.must("systemctl stop rsctl-restore");
    assert_eq!(machine.must("rsctl save").stdout, saved);
    disk.write(&TABLE[1..], "{");
    assert_ne!(machine.sh("systemctl start rsctl-restore").status, 0);
    assert_eq!(machine.property("rsctl-restore", "ActiveState"), "failed");
    assert_eq!(machine.property("rsctl-restore", "ExecMainStatus"), "2");
    assert_eq!(machine.property("rsctl-restore", "NRestarts"), "0");
    assert_eq!(machine.must("rsctl save").stdout, saved);
    machine.must("rsctl sync-daemon stop master");
}

/// What the page says behind the name of a program that configures the network.
fn page_of(program: &str) -> &'static str {
    let page = include_str!("../../../../docs/director.md");
    let (_, behind) = page.split_once(&format!("**{program}** (suite")).expect("a section");
    behind.split("\n\n**").next().expect("its text")
}

/// A director without an address, as one is before whoever configures the network has started.
fn without_addresses() -> (Network, WebServer) {
    let (network, web) = network();
    network.director.must("ip addr flush dev eth0 scope global");
    (network, web)
}

/// Saves a table on that machine, and boots its disk again where nothing else is left. Who
/// configures the network has to bring the VIPs.
#[track_caller]
fn assert_comes_back(machine: Machine, disk: &Disk) -> (Machine, Network) {
    for (vip, rip) in [("192.0.2.10", "192.0.2.11"), ("[2001:db8:2::10]", "[2001:db8:2::11]")] {
        machine.must(&format!("rsctl add-service -t {vip}:80 -s rr"));
        machine.must(&format!("rsctl add-server -t {vip}:80 -r {rip} --mode dr"));
    }
    machine.must("rsctl save --install");
    machine.must("systemctl enable rsctl-restore");
    machine.power_off();

    let (network, _web) = without_addresses();
    let machine = Machine::boot(&network.director, disk);
    assert_eq!(machine.property("rsctl-restore", "Result"), "success");
    assert_has_vips(&machine);
    assert_balances(&network);
    (machine, network)
}

#[track_caller]
fn assert_has_vips(machine: &Machine) {
    for ip in ["192.0.2.1/24", "192.0.2.10/32", "2001:db8:2::1/64", "2001:db8:2::10/128"] {
        machine.until(&format!("ip -o addr show dev eth0 -tentative | grep -q ' {ip} '"));
    }
}

#[test]
fn network_manager_brings_the_vips() {
    let disk = installed();
    disk.has_network_manager();
    let (first, _web) = without_addresses();
    let machine = Machine::boot(&first.director, &disk);
    machine.must(
        "nmcli connection add type ethernet con-name eth0 ifname eth0 \
         ipv4.method manual ipv4.addresses 192.0.2.1/24 \
         ipv6.method manual ipv6.addresses 2001:db8:2::1/64",
    );
    machine.must("nmcli connection up eth0");
    let page = page_of("NetworkManager");
    let commands: Vec<_> = page.split('`').filter(|text| text.starts_with("nmcli ")).collect();
    assert_eq!(commands.len(), 2, "{page}");
    for command in commands {
        machine.must(command);
    }
    assert_has_vips(&machine);
    let (machine, _network) = assert_comes_back(machine, &disk);
    // Which the page says, too.
    assert_eq!(machine.must("ip -o addr show dev eth0 deprecated").stdout, "");
}

#[test]
fn ifupdown_brings_the_vips() {
    let disk = installed();
    disk.has_ifupdown();
    let block = page_of("ifupdown").split("```").nth(1).expect("lines of interfaces");
    let (_, lines) = block.trim().split_once('\n').expect("a comment and lines");
    disk.write(
        "etc/network/interfaces",
        &format!(
            "auto eth0\n\
             iface eth0 inet static\n    address 192.0.2.1/24\n{lines}\n\
             iface eth0 inet6 static\n    address 2001:db8:2::1/64\n"
        ),
    );
    let (first, _web) = without_addresses();
    let machine = Machine::boot(&first.director, &disk);
    let (machine, _network) = assert_comes_back(machine, &disk);
    let deprecated = machine.must("ip -o addr show dev eth0 deprecated").stdout;
    assert!(deprecated.contains(" 2001:db8:2::10/128 "), "{deprecated}");
    // Its own lines take them away again.
    machine.must("ifdown eth0");
    assert_eq!(machine.must("ip -o addr show dev eth0 scope global").stdout, "");
    machine.must("ifup eth0");
    assert_has_vips(&machine);
}

/// Debian's own unit, switched on, has a table too: it clears and loads at its start, and clears
/// at its end. Ours comes behind it at a boot.
#[test]
fn beside_debians_own_unit() {
    let disk = installed();
    disk.write("etc/default/ipvsadm", "AUTO=\"true\"\nDAEMON=\"none\"\n");
    disk.write("etc/ipvsadm.rules", "-A -t 192.0.2.99:443 -s rr\n-A -t 192.0.2.10:80 -s rr\n");
    let (first, _web) = network();
    let machine = Machine::boot(&first.director, &disk);
    // An empty table would be refused at boot.
    let empty = machine.sh("rsctl save --install");
    assert_eq!(
        (empty.status, machine.sh(&format!("ls {TABLE}")).status),
        (1, 2),
        "{}",
        empty.stderr
    );
    machine.must("rsctl add-service -t 192.0.2.10:80 -s wrr");
    machine.must("rsctl add-server -t 192.0.2.10:80 -r 192.0.2.11 --mode dr");
    machine.must("rsctl save --install");
    let saved = machine.must("rsctl save").stdout;
    machine.must("systemctl enable ipvsadm rsctl-restore");
    machine.power_off();

    let (second, _web) = network();
    let machine = Machine::boot(&second.director, &disk);
    for unit in ["ipvsadm", "rsctl-restore"] {
        assert_eq!(machine.property(unit, "ActiveState"), "active", "{unit}");
    }
    assert_eq!(machine.must("rsctl save").stdout, saved);
    // The trap that the page tells of.
    machine.must("systemctl stop ipvsadm");
    assert_eq!(machine.must("ipvsadm -Sn").stdout, "");
    machine.must("systemctl reload rsctl-restore");
    assert_eq!(machine.must("rsctl save").stdout, saved);
}
