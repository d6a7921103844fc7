// SPDX-License-Identifier: MIT OR Apache-2.0

//! The shipped unit under Debian's systemd: installed as `docs/persistence.md` says,
//! at work under all its hardening, reloaded, stopped, hung, killed, and booted.

use lab::{Disk, Host, Machine};

use crate::agent::{assert_same, real_server, state};

const CONFIG: &str = "etc/rs-agent/rs-agent.toml";
const DIRECT: &str = "mode = \"dr\"\nvip = [\"192.0.2.10\", \"2001:db8:2::10\"]\n";
const VIPS_ARE_THERE: &str = "ip -o addr show dev lo | grep -q 192.0.2.10/32 && \
                              ip -o addr show dev lo | grep -q 2001:db8:2::10/128";

/// A disk with what `make install` puts there.
fn installed() -> Disk {
    let disk = Disk::new();
    let unit = include_str!("../../../../crates/rs-agent/dist/rs-agent.service")
        .replace("@PROGRAM@", "/usr/local/sbin/rs-agent")
        .replace("@CONFIG@", "/etc/rs-agent/rs-agent.toml");
    disk.write("usr/local/lib/systemd/system/rs-agent.service", &unit);
    disk.install("rs-agent");
    disk
}

/// The page's short way, from a configuration to a unit that runs.
#[track_caller]
fn enable(machine: &Machine, disk: &Disk, config: &str) {
    disk.write(CONFIG, config);
    machine.must("rs-agent setup --config /etc/rs-agent/rs-agent.toml --dry-run");
    machine.must("rs-agent install-unit");
    machine.must("systemctl daemon-reload");
    machine.must("systemctl enable --now rs-agent");
}

#[track_caller]
fn assert_kept(machine: &Machine) {
    assert_eq!(machine.property("rs-agent", "ActiveState"), "active");
    let status = machine.must("rs-agent status --json").stdout;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["state"], "set up");
    assert_eq!(status["drift"], serde_json::json!([]));
}

/// Lines of `/proc/PID/status` of the service, without spaces.
fn rights(machine: &Machine) -> String {
    let status = "/proc/$(systemctl show -P MainPID rs-agent)/status";
    machine.must(&format!("tr -d '\\t ' <{status}")).stdout
}

/// What systemd's own judge thinks of a unit: it has no complaint, and an exposure of 2.0 at most.
#[track_caller]
pub(crate) fn assert_small_exposure(machine: &Machine, unit: &str) {
    let security = "systemd-analyze security --offline=true --threshold=20";
    let judged = machine.must(&format!("{security} {unit}")).stdout;
    assert!(judged.contains("Overall exposure level for "), "{judged}");
    let verified = machine.must(&format!("systemd-analyze verify --man=no {unit}"));
    // It has its opinion of other units, too, which this one is ordered by.
    let said = verified.stdout + &verified.stderr;
    let of_ours = said.lines().filter(|line| !line.starts_with("/usr/lib/systemd/"));
    assert_eq!(of_ours.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_unit_works_as_shipped_and_as_installed() {
    let network = real_server();
    let host = &network.servers[0];
    let disk = installed();
    let machine = Machine::boot(host, &disk);
    let before = state(host);

    // Without a configuration it is not started, which is no failure.
    machine.must("systemctl start rs-agent");
    assert_eq!(machine.property("rs-agent", "ConditionResult"), "no");
    assert_eq!(machine.property("rs-agent", "ActiveState"), "inactive");
    disk.write(CONFIG, DIRECT);
    machine.must("systemctl start rs-agent");
    let shipped = "/usr/local/lib/systemd/system/rs-agent.service";
    assert_eq!(machine.property("rs-agent", "FragmentPath"), shipped);
    assert_kept(&machine);
    assert_small_exposure(&machine, shipped);
    machine.must("systemctl stop rs-agent && rs-agent teardown");
    assert_same(&state(host), &before, "the shipped unit, and a teardown by hand");

    enable(&machine, &disk, DIRECT);
    // That it was ready is what `systemctl` waited for: nothing more is waited for here.
    machine.must(VIPS_ARE_THERE);
    assert_kept(&machine);
    let own = "/etc/systemd/system/rs-agent.service";
    assert_eq!(machine.property("rs-agent", "FragmentPath"), own);
    assert_small_exposure(&machine, own);
    machine.until(
        "systemctl show -P StatusText rs-agent | grep -qx 'keeping dr 192.0.2.10, 2001:db8:2::10'",
    );

    // CAP_NET_ADMIN is the twelfth; a filter is mode 2 (include/uapi/linux/{capability,seccomp}.h).
    let rights = rights(&machine);
    for line in ["CapPrm", "CapEff", "CapBnd"].map(|set| format!("{set}:0000000000001000")) {
        assert!(rights.lines().any(|have| have == line), "{line}\n{rights}");
    }
    for line in ["CapAmb:0000000000000000", "NoNewPrivs:1", "Seccomp:2"] {
        assert!(rights.lines().any(|have| have == line), "{line}\n{rights}");
    }
    let root = "/proc/$(systemctl show -P MainPID rs-agent)/root";
    for path in ["etc", "usr/local", "sys/fs/cgroup", "proc/sys/kernel/hostname"] {
        // Not for a write to be refused by what else it may be: by its mount alone.
        machine.must(&format!("[ -e {root}/{path} ] && ! [ -w {root}/{path} ]"));
    }
    machine.must(&format!(
        "[ -w {root}/run/rs-agent ] && [ -w {root}/proc/sys/net/ipv4/conf/all/arp_ignore ]"
    ));
    // And both kinds of work are done under all that.
    for (drift, over) in [
        (
            "sysctl -qw net.ipv4.conf.all.arp_ignore=0",
            "[ $(sysctl -n net.ipv4.conf.all.arp_ignore) = 1 ]",
        ),
        ("ip addr del 192.0.2.10/32 dev lo", VIPS_ARE_THERE),
    ] {
        machine.must(over);
        machine.must(drift);
        machine.until(over);
    }
    machine.until("journalctl -u rs-agent -p warning | grep -q event=repaired");
}

#[test]
fn systemctl_reloads_and_stops_it() {
    let network = real_server();
    let host = &network.servers[0];
    let disk = installed();
    let machine = Machine::boot(host, &disk);
    let before = state(host);
    enable(&machine, &disk, DIRECT);
    let pid = machine.property("rs-agent", "MainPID");

    disk.write(CONFIG, "mode = \"dr\"\nvip = [\"2001:db8:2::10\", \"203.0.113.10\"]\n");
    machine.must("systemctl reload rs-agent");
    machine.until("! ip -o addr show dev lo | grep -q 192.0.2.10/32");
    machine.until("ip -o addr show dev lo | grep -q 203.0.113.10/32");
    machine.must("ip -o addr show dev lo | grep -q 2001:db8:2::10/128");

    // A wrong file changes nothing, and says so; it is the same process all the time.
    let after = state(host);
    disk.write(CONFIG, "mode = \"dr\"\nvip = [\"192.0.2.10/24\"]\n");
    machine.must("systemctl reload rs-agent");
    machine.until("journalctl -u rs-agent | grep -q 'line 2: 192.0.2.10/24 is a whole subnet'");
    assert_same(&state(host), &after, "a wrong file");
    assert_eq!(machine.property("rs-agent", "MainPID"), pid);

    // At a start it is final: no attempt after the first.
    machine.must("systemctl stop rs-agent");
    assert_same(&state(host), &after, "stopped, keeping");
    assert_ne!(machine.sh("systemctl start rs-agent").status, 0);
    assert_eq!(machine.property("rs-agent", "ActiveState"), "failed");
    assert_eq!(machine.property("rs-agent", "ExecMainStatus"), "2");
    // Nor after one that cannot be read.
    machine.must(&format!("chmod 0 /{CONFIG} && systemctl reset-failed rs-agent"));
    assert_ne!(machine.sh("systemctl start rs-agent").status, 0);
    assert_eq!(machine.property("rs-agent", "ExecMainStatus"), "2");
    assert_eq!(machine.property("rs-agent", "ActiveState"), "failed");
    assert_eq!(machine.property("rs-agent", "NRestarts"), "0");
    assert_same(&state(host), &after, "not started");
    machine.must(&format!("chmod 644 /{CONFIG}"));

    disk.write(CONFIG, &format!("{DIRECT}on-stop = \"teardown\"\n"));
    machine.must("systemctl start rs-agent");
    assert_kept(&machine);
    machine.must("systemctl stop rs-agent");
    assert_eq!(machine.property("rs-agent", "Result"), "success");
    assert_same(&state(host), &before, "stopped, taking all away");
}

#[test]
fn a_hung_or_killed_one_is_started_again_and_goes_on() {
    let network = real_server();
    let host = &network.servers[0];
    let disk = installed();
    let machine = Machine::boot(host, &disk);
    let before = state(host);
    // Half a minute is a long time for a test.
    disk.write("etc/systemd/system/rs-agent.service.d/soon.conf", "[Service]\nWatchdogSec=5s\n");
    enable(&machine, &disk, DIRECT);
    // One that is well says so in time, and goes on beyond it: systemd knows when it did last.
    let since = |property: &str| -> u64 {
        machine.property("rs-agent", property).parse().expect("microseconds")
    };
    let started = since("ActiveEnterTimestampMonotonic");
    machine.until(&format!(
        "[ $(systemctl show -P WatchdogTimestampMonotonic rs-agent) -gt {} ]",
        started + 5_000_000
    ));
    assert_eq!(machine.property("rs-agent", "NRestarts"), "0");
    let mut after = state(host);
    for (signal, story) in [("STOP", "watchdog"), ("KILL", "signal")] {
        let pid = machine.property("rs-agent", "MainPID");
        machine.must(&format!("kill -{signal} {pid}"));
        machine.must("ip addr del 192.0.2.10/32 dev lo");
        machine.until(&format!(
            "journalctl -u rs-agent | grep -q \"Failed with result '{story}'\" && \
             [ $(systemctl show -P MainPID rs-agent) != {pid} ] && systemctl is-active -q rs-agent"
        ));
        // It is ready, so nothing is missing.
        machine.must(VIPS_ARE_THERE);
        assert_kept(&machine);
        let now = state(host);
        assert_same(&now, &after, story);
        after = now;
    }
    machine.must("systemctl stop rs-agent && rs-agent teardown");
    assert_same(&state(host), &before, "the third one knows what the first one found");
}

/// Binds port 80 of both VIPs before systemd goes on to who waits for it.
const WEB: &str = "use IO::Socket::IP;
for ('192.0.2.10', '2001:db8:2::10') {
    push @listeners, IO::Socket::IP->new(LocalHost => $_, LocalPort => 80, Listen => 5)
        || die \"$_: $!\\n\";
}
exit if fork;
sleep;
";

/// Starts when the page says it has to.
const WEB_UNIT: &str = "[Unit]
After=rs-agent.service
[Service]
Type=forking
ExecStart=perl /usr/local/bin/web
[Install]
WantedBy=multi-user.target
";

/// The same before that, and what it finds.
const EARLY_UNIT: &str = "[Unit]
DefaultDependencies=no
After=systemd-sysctl.service
Before=rs-agent.service
[Service]
Type=oneshot
ExecStart=sh -c 'cat /proc/sys/net/ipv4/conf/all/arp_ignore \
/proc/sys/net/ipv4/conf/all/arp_announce >/run/early; LC_ALL=C perl /usr/local/bin/web 2>>/run/early || :'
[Install]
WantedBy=multi-user.target
";

/// In the place of a network manager, and what it finds.
const NETWORK_UNIT: &str = "[Unit]
DefaultDependencies=no
Wants=network-pre.target
After=network-pre.target
[Service]
Type=oneshot
ExecStart=sh -c 'ip -o addr show dev lo >/run/network-came; ip link set eth0 up'
[Install]
WantedBy=multi-user.target
";

/// What a boot has to bring back. Not whose the settings are: those that sysctl.d made are
/// found by the agent, not made.
fn kept(machine: &Machine, host: &Host) -> String {
    assert_kept(machine);
    let settings = "net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce";
    host.must(&format!("ip -o addr show dev lo; sysctl {settings}")).stdout
}

#[test]
fn a_boot_brings_all_back_before_anybody_binds_it() {
    let disk = installed();
    disk.write("usr/local/bin/web", WEB);
    for (name, text) in [("web", WEB_UNIT), ("early", EARLY_UNIT), ("network", NETWORK_UNIT)] {
        disk.write(&format!("etc/systemd/system/{name}.service"), text);
    }
    let first = real_server();
    let host = &first.servers[0];
    let machine = Machine::boot(host, &disk);
    enable(&machine, &disk, DIRECT);
    machine.must("systemctl enable web early network");
    let installed = kept(&machine, host);
    machine.power_off();

    // Nothing is left but the disk.
    let second = real_server();
    let host = &second.servers[0];
    host.must("ip link set eth0 down");
    assert_ne!(host.sh(VIPS_ARE_THERE).status, 0);
    let machine = Machine::boot(host, &disk);
    assert_eq!(kept(&machine, host), installed);
    assert_ne!(machine.sh("journalctl | grep -i 'ordering cycle'").status, 0);
    // systemd-sysctl has done its part before; a VIP was nowhere.
    let early = machine.must("cat /run/early").stdout;
    assert_eq!(early, "1\n2\n192.0.2.10: Cannot assign requested address\n");
    let network = machine.must("cat /run/network-came").stdout;
    assert!(network.contains(" 192.0.2.10/32 ") && network.contains(" 2001:db8:2::10/128 "));
    assert_eq!(machine.property("web", "ActiveState"), "active");
    let bound = host.must("ss -Hltn sport = 80").stdout;
    assert!(bound.contains("192.0.2.10:80") && bound.contains("[2001:db8:2::10]:80"), "{bound}");
    // All who are asked for the RIP, and none for the VIP.
    let asks = |target: [u8; 4]| second.who_answers(target.into()).len();
    assert_eq!((asks([192, 0, 2, 11]), asks([192, 0, 2, 10])), (1, 0));
}

/// A slow udev, and what it finds of the tunnel before its rules are applied.
const SLOW_UDEV: &str = "sleep 0.3
cat /proc/sys/net/ipv4/conf/rs-ipip/rp_filter >/run/found
";

/// systemd's own rule for new devices (99-systemd.rules) applies a distribution's glob to the
/// tunnel. The agent has to come after that, or all it has made is undone.
#[test]
fn a_tunnel_and_udev_with_a_distributions_glob() {
    let disk = installed();
    disk.write("etc/sysctl.d/10-distribution.conf", "net.ipv4.conf.*.rp_filter = 1\n");
    disk.write("usr/local/bin/slow", SLOW_UDEV);
    disk.write(
        "etc/udev/rules.d/10-slow.rules",
        "ACTION==\"add\", SUBSYSTEM==\"net\", KERNEL==\"rs-ipip\", \
         PROGRAM=\"/usr/bin/sh /usr/local/bin/slow\"\n",
    );
    let network = real_server();
    let host = &network.servers[0];
    let machine = Machine::boot(host, &disk);
    let filter = |device: &str| {
        host.must(&format!("sysctl -n net.ipv4.conf.{device}.rp_filter")).stdout.trim().to_owned()
    };
    host.must("sysctl -qw net.ipv4.conf.default.rp_filter=0");
    machine.must("ip link add dummy9 type dummy && udevadm settle");
    assert_eq!(filter("dummy9"), "1", "udev is at work");

    enable(&machine, &disk, "mode = \"tun\"\nvip = \"192.0.2.10\"\nrip = \"192.0.2.11\"\n");
    machine.must("udevadm settle");
    assert_eq!(machine.must("cat /run/found").stdout, "0\n", "not the agent's yet");
    machine.until("[ $(sysctl -n net.ipv4.conf.rs-ipip.rp_filter) = 2 ]");
    assert_kept(&machine);
    // At the next boot the device is right by sysctl.d, and its module is there.
    let files = "/etc/sysctl.d/90-rs-agent.conf /etc/modules-load.d/rs-agent.conf";
    machine.must(&format!("systemctl stop rs-agent && rs-agent teardown && ls {files}"));
    machine.must("systemctl restart systemd-modules-load systemd-sysctl");
    // The device is not there yet, which is nothing to warn of.
    let warnings = machine.must("journalctl -b -q -p warning -u systemd-sysctl").stdout;
    assert!(!warnings.contains("rs-ipip"), "{warnings}");
    machine.must("ip link add rs-ipip type ipip && udevadm settle");
    assert_eq!(filter("rs-ipip"), "2");
}
