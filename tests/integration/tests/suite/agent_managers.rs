// SPDX-License-Identifier: MIT OR Apache-2.0

//! What other programs that manage the network do to a VIP: Debian's own, with valid
//! configurations, and what `check` and `run` make of it. In guests only, as some of them
//! are run by a systemd.

use std::process::{Child, Command, Stdio};

use lab::{Disk, Host, Mac, Machine, UdpServer, arp_probe, beside, kernel};

use crate::agent::real_server;
use crate::running::{Run, holds};

const VIPS: [&str; 2] = ["192.0.2.10/32", "2001:db8:2::10/128"];

/// Where systemd-networkd says what it has done.
const LINKS: &str = "/run/systemd/netif/links";

/// What `check` says, one `ID severity: message` a line.
fn findings(host: &Host, arguments: &str) -> Vec<String> {
    let said = host.sh(&format!("rs-agent check --json {arguments}")).stdout;
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let findings = said["findings"].as_array().expect("findings");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let brief = |it: &serde_json::Value| {
        format!("{} {}: {}", text(&it["rule"]), text(&it["severity"]), text(&it["message"]))
    };
    findings.iter().map(brief).collect()
}

/// A `.network` file for `lo`, and which VIPs systemd-networkd leaves there. What `check`
/// says of the same file is held against that.
#[test]
fn networkd_removes_what_check_says_it_will() {
    let disk = Disk::new();
    disk.has_networkd();
    let file = "etc/systemd/network/10-lo.network";
    let network = real_server();
    let host = &network.servers[0];
    let machine = Machine::boot(host, &disk);
    let there = || {
        let lo = host.must("ip -o addr show dev lo").stdout;
        VIPS.map(|vip| lo.contains(&format!(" {vip} ")))
    };
    let declared = "[Address]\nAddress=192.0.2.10/32\nScope=host\n\
                    [Address]\nAddress=2001:db8:2::10/128\nPreferredLifetime=0\n";
    for (says, left) in [
        ("[Network]\n", [false, false]),
        // networkd calls static what is preferred for ever.
        ("[Network]\nKeepConfiguration=static\n", [true, false]),
        ("[Network]\nKeepConfiguration=yes\n", [true, true]),
        (declared, [true, true]),
    ] {
        machine.must("systemctl stop systemd-networkd");
        host.must("rs-agent setup --mode dr --vip 192.0.2.10,2001:db8:2::10");
        assert_eq!(there(), [true, true], "before {says}");
        disk.write(file, &format!("[Match]\nName=lo\n{says}"));
        // As networkd leaves it, below; the machine's files are not where the host's are.
        let state = format!("NETWORK_FILE={}", disk.path(file).display());
        host.must(&format!(
            "mkdir -p {LINKS} && printf 'ADMIN_STATE=configured\n{state}\n' >{LINKS}/1"
        ));
        let told = findings(host, "--rule RS-MGR-01").concat();
        machine.must("systemctl start systemd-networkd");
        for line in ["ADMIN_STATE=configured", &format!("NETWORK_FILE=/{file}")] {
            machine.until(&format!("grep -qx {line} {LINKS}/1"));
        }
        assert_eq!(there(), left, "{says}");
        for (vip, left) in VIPS.iter().zip(left) {
            let vip = vip.split('/').next().expect("an address");
            assert_eq!(told.contains(vip), !left, "{vip} with {says}: {told}");
        }
        host.must("rs-agent teardown");
    }
}

/// Somebody makes the VIPs ordinary addresses, as NetworkManager does when a profile for `lo`
/// is activated.
#[test]
fn a_vip_that_others_made_an_ordinary_address() {
    let network = real_server();
    let host = &network.servers[0];
    let vips = "--mode dr --vip 192.0.2.10,2001:db8:2::10";
    host.must(&format!("rs-agent setup {vips}"));
    let ordinary = "ip addr change 2001:db8:2::10/128 dev lo preferred_lft forever && \
                    ip addr del 192.0.2.10/32 dev lo && ip addr add 192.0.2.10/32 dev lo";
    host.must(ordinary);
    // The kernel says yes to another scope, and keeps the one it has.
    host.must("ip addr change 192.0.2.10/32 dev lo scope host");
    assert!(holds(host, "ip -o addr show dev lo | grep 192.0.2.10/32 | grep -q 'scope global'"));
    let found = findings(host, "--rule RS-PER-03");
    assert_eq!(
        found,
        [
            "RS-PER-03 warning: 192.0.2.10 on lo has scope global, set-up gave it scope host: \
             somebody added it anew",
            "RS-PER-03 warning: 2001:db8:2::10 on lo is not deprecated any more: somebody changed it",
        ]
    );
    let missing = "missing: ip addr change 2001:db8:2::10/128 dev lo nodad preferred_lft 0";
    assert!(host.must("rs-agent status").stdout.contains(missing));
    // What `run` may do in place it does; what it would have to take away first it tells.
    let run = Run::start(host, vips);
    let deprecated = "ip -o addr show dev lo | grep 2001:db8:2::10/128 | grep -q 'deprecated'";
    assert!(holds(host, deprecated), "{}", run.log());
    run.says("192.0.2.10 on lo was added by somebody else, with scope global");
    host.must("ip addr change 2001:db8:2::10/128 dev lo preferred_lft forever");
    run.says("event=repaired command=\"ip addr change 2001:db8:2::10/128 dev lo nodad");
    assert!(holds(host, deprecated), "{}", run.log());
    // `IFA_PROTO` is ours again, which the change had taken off.
    assert!(holds(
        host,
        "ip -d -o addr show dev lo | grep 2001:db8:2::10/128 | grep -q 'proto 0x72'"
    ));
    drop(run);
    // The remedy that is printed, under a client that asks without end: not one request is lost.
    let said = host.sh("rs-agent check --rule RS-PER-03").stdout;
    let remedy = said.lines().find_map(|line| line.trim().strip_prefix("remedy: ip route add "));
    let remedy = remedy.unwrap_or_else(|| panic!("no remedy: {said}"));
    network.client.must("ip route replace 192.0.2.10/32 via 192.0.2.11");
    let vip = ([192, 0, 2, 10], 53).into();
    let _names = UdpServer::start(host, vip);
    let ask = || assert!(network.client.ask_udp(vip, 1)[0].is_ok(), "a request is lost");
    beside(ask, || host.must(&format!("ip route add {remedy}")));
    assert_eq!(findings(host, "--rule RS-PER-03"), Vec::<String>::new());
    assert!(!holds(host, "ip route show table local | grep -q 'proto static'"));
    // The one that was added anew is somebody else's, and what hides it stays with it.
    let teardown = host.must("rs-agent teardown").stdout;
    assert!(!holds(host, "ip -o addr show dev lo | grep -q 2001:db8:2::10/128"), "{teardown}");
    assert!(holds(host, "ip -o addr show dev lo | grep -q 192.0.2.10/32"), "{teardown}");
    assert!(holds(host, "[ $(sysctl -n net.ipv4.conf.all.arp_ignore) = 1 ]"), "{teardown}");
}

/// keepalived in the foreground, gone with its test.
struct Keepalived(Child);

impl Keepalived {
    fn start(host: &Host) -> Self {
        let text = "vrrp_instance v {\\n state MASTER\\n interface eth0\\n virtual_router_id 51\\n \
                    priority 200\\n advert_int 0.1\\n use_vmac\\n \
                    virtual_ipaddress {\\n 192.0.2.99/32\\n }\\n}\\n";
        host.must(&format!(
            "cp -R /etc /run && mount --bind /run/etc /etc && mkdir -p /etc/keepalived && \
             printf '{text}' >/etc/keepalived/keepalived.conf"
        ));
        let child = host.enter(|| {
            let mut command = Command::new("keepalived");
            command.args(["--dont-fork", "--vrrp", "--log-console"]);
            let log = std::fs::File::create("/run/keepalived.log").expect("a log");
            command.stdout(log).stderr(Stdio::null()).spawn().expect("keepalived")
        });
        let vip = "ip -o addr show dev vrrp.51 2>/dev/null | grep -q 192.0.2.99";
        let wait = format!("timeout 30 sh -c 'until {vip}; do sleep 0.05; done'");
        assert!(holds(host, &wait), "{}", host.sh("cat /run/keepalived.log").stdout);
        Self(child)
    }
}

impl Drop for Keepalived {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.0.id().cast_signed());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// On Linux 7.2 keepalived sets nothing of its own interface, says so in its log, and goes on.
#[test]
fn keepalived_with_a_mac_address_of_its_own() {
    for filter in ["0", "1"] {
        let network = real_server();
        let host = &network.servers[0];
        host.must(&format!(
            "sysctl -qw net.ipv4.conf.all.rp_filter={filter} net.ipv4.conf.default.rp_filter={filter}"
        ));
        let _keepalived = Keepalived::start(host);
        let asked = || {
            let (vip, asker) = ([192, 0, 2, 99].into(), [192, 0, 2, 77].into());
            let answers = arp_probe(&network.client, "eth0", vip, asker);
            answers.into_iter().collect::<Vec<Mac>>()
        };
        let works = holds(host, "[ $(cat /proc/sys/net/ipv4/conf/vrrp.51/accept_local) = 1 ]");
        assert_eq!(works, kernel() < (7, 0), "what was refused on 7.2 is not any more");
        let own = Mac([0, 0, 0x5e, 0, 1, 51]);
        let parents = host.mac("eth0");
        let check = "--mode dr --vip 203.0.113.10 --rule RS-MGR-04";
        let told = findings(host, check).concat();
        let (alone, says) = match (works, filter) {
            (true, _) => (vec![own], "RS-MGR-04 info"),
            (false, "0") => (vec![own, parents], "other interfaces answer"),
            (false, _) => (vec![parents], "vrrp.51 does not answer ARP"),
        };
        assert_eq!(asked(), alone, "rp_filter {filter}");
        assert!(told.contains(says), "{told}");
        // With what a set-up makes.
        host.must("rs-agent setup --mode dr --vip 203.0.113.10");
        let (with_us, says) = match (works, filter) {
            (false, "1") => (vec![], "vrrp.51 does not answer ARP"),
            _ => (vec![own], "RS-MGR-04 info"),
        };
        let told = findings(host, check).concat();
        assert_eq!(asked(), with_us, "rp_filter {filter}, set up");
        assert!(told.contains(says), "{told}");
        // And by what is printed.
        let said = host.sh(&format!("rs-agent check {check}")).stdout;
        for remedy in said.lines().filter_map(|line| line.trim().strip_prefix("remedy: sysctl")) {
            host.must(&format!("sysctl{remedy}"));
        }
        assert_eq!(asked(), [own], "rp_filter {filter}: {said}");
        let told = findings(host, check).concat();
        assert!(told.contains("RS-MGR-04 info"), "{told}");
    }
}
