// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl save` writes is what `rsctl restore` makes again, field by field
//! and in the kernel's order; `ipvsadm` reads it too.

use ipvs_cluster::Observed;
use ipvs_netlink::{
    Change, Client, Destination, ForwardingMethod, Scheduler, Service, ServiceKey, Thresholds,
    Timeouts,
};
use lab::Host;
use serde_json::Value;

use crate::tables::{Random, disturb, fill};

/// Everything but the counters, with the servers in the kernel's order.
pub(crate) fn observe(host: &Host) -> Observed {
    host.enter(|| Observed::read(&mut Client::connect().unwrap()).unwrap())
}

/// As a director that was just booted, but for what is in the trash.
pub(crate) fn wipe(host: &Host) {
    host.must("ipvsadm -C; ipvsadm --set 900 120 300");
    for role in ["master", "backup"] {
        host.sh(&format!("ipvsadm --stop-daemon {role}"));
    }
    let empty = observe(host);
    assert!(empty.services.is_empty() && empty.daemons.is_empty());
}

/// Makes what the lines of `ipvsadm` cannot say what they leave behind.
fn as_lines_say(mut table: Observed) -> Observed {
    for server in table.services.iter_mut().flat_map(|entry| &mut entry.servers) {
        server.thresholds = Thresholds::UNLIMITED;
    }
    table.timeouts = Timeouts::KERNEL_DEFAULTS;
    table.daemons.clear();
    table
}

/// What `ipvsadm` says of it, sorted here: marks above 2147483647 it compares by a
/// difference that overflows, and what it sorts by that it does not always show.
fn shown(host: &Host) -> Vec<String> {
    let list = "ipvsadm -Ln --nosort";
    let output = host.must(&format!("{list} && {list} --thresholds && {list} --tun-info"));
    assert_eq!(output.stderr, "");
    let mut lines: Vec<_> = output.stdout.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Lines as `rsctl save` writes them, for `rsctl restore` to know that none is missing.
pub(crate) fn framed(lines: &str) -> String {
    format!("ipvsadm ipvsadm\n{lines}ipvsadm ipvsadm ipvsadm\n")
}

const ROUNDS: u64 = 12;

#[test]
#[ignore = "has the kernel to itself"]
fn random_tables_come_back_from_json() {
    for round in 1..=ROUNDS {
        let host = Host::new("director");
        fill(&host, &mut Random::new(round.wrapping_mul(0x9e37_79b9_7f4a_7c15)), round % 2 == 0);
        let (before, shown) = (observe(&host), shown(&host));
        host.must("rsctl save -o /run/table");
        wipe(&host);
        host.must("rsctl restore /run/table");
        assert_eq!(observe(&host), before, "round {round}");
        assert_eq!(self::shown(&host), shown, "round {round}");
        // A second time there is nothing to do, and the file is the same.
        assert_eq!(host.must("rsctl restore -v /run/table").stdout, "nothing to change\n");
        let saved = host.must("cat /run/table").stdout;
        assert_eq!(host.must("rsctl save").stdout, saved, "round {round}");
        // In place, from what somebody made of it.
        disturb(&host, &mut Random::new(round.wrapping_mul(0x1234_5678_9abc_def1)));
        let disturbed = observe(&host);
        assert_ne!(sorted(disturbed), sorted(before.clone()), "round {round}");
        let output = host.must("rsctl restore -v /run/table");
        assert_eq!(sorted(observe(&host)), sorted(before.clone()), "{}", output.stdout);
        // From another table.
        let other = Host::new("other");
        fill(&other, &mut Random::new(round.wrapping_mul(0xfedc_ba98_7654_3211)), round % 3 == 0);
        let output = other.feed("rsctl restore", &saved);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "round {round}");
        assert_eq!(observe(&other), before, "round {round}");
    }
}

/// Servers that stay keep their place in the kernel's list: others do not.
fn sorted(mut table: Observed) -> Observed {
    for entry in &mut table.services {
        entry.servers.sort_by_key(|server| server.key);
    }
    table
}

#[test]
fn random_tables_come_back_from_lines() {
    for round in 1..=ROUNDS {
        let host = Host::new("director");
        fill(&host, &mut Random::new(round.wrapping_mul(0x9e37_79b9_7f4a_7c15)), round % 2 == 0);
        let before = as_lines_say(observe(&host));
        let saved = host.must("rsctl save --format ipvsadm");
        wipe(&host);
        let output = host.feed("rsctl restore -", &saved.stdout);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{}", saved.stdout);
        assert_eq!(observe(&host), before, "round {round}");
        let output = host.feed("rsctl restore --dry-run", &saved.stdout);
        assert_eq!((output.status, output.stdout.as_str()), (0, "nothing to change\n"));
        // ipvsadm reads the same lines and makes the same of them.
        wipe(&host);
        let output = host.feed("ipvsadm -R", &saved.stdout);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{}", saved.stdout);
        assert_eq!(observe(&host), before, "round {round}");
    }
}

/// Servers added in `ipvsadm`'s own order, and nothing it writes badly: marks
/// above 2147483647, and `flag-3` of sh and mh.
#[test]
fn lines_are_those_of_ipvsadm_byte_for_byte() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s wrr
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.11:8080 -m -w 3
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.12:80 -g
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.13:80 -i
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.14:80 -i --tun-type gue --tun-port 6080 --tun-csum
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.15:80 -i --tun-type gue --tun-port 1 --tun-nocsum
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.16:80 -i --tun-type gue --tun-port 1 --tun-remcsum
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.17:80 -i --tun-type gre --tun-csum
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.18:80 -i --tun-type gre --tun-nocsum -w 0
         ipvsadm -A -t 192.0.2.2:0 -s rr -p 300 -M 255.255.0.0
         ipvsadm -A -u 192.0.2.1:53 -s sh -o -b sh-fallback,sh-port
         ipvsadm -A -u 192.0.2.1:5060 -s rr -p 60 --pe sip -o
         ipvsadm -A --sctp-service 192.0.2.2:9000 -s mh -b mh-port
         ipvsadm -A -t [2001:db8::1]:443 -s wlc -p 600 -M 64
         ipvsadm -a -t [2001:db8::1]:443 -r [2001:db8::2]:443 -g
         ipvsadm -A -f 7 -s rr -p 300 -M 255.255.255.0
         ipvsadm -a -f 7 -r 10.0.0.14 -g
         ipvsadm -A -f 7 -6 -s rr -b flag-1,flag-3",
    );
    let theirs = host.must("ipvsadm -Sn").stdout;
    let ours = host.must("rsctl save --format ipvsadm");
    assert_eq!(ours.stdout, framed(&theirs));
    assert_eq!(ours.stderr, "");
    // IPv6 stands in brackets there, as it has to here.
    assert_eq!(host.feed("rsctl restore -v", &theirs).stdout, "nothing to change\n");
}

#[test]
fn what_lines_cannot_say_is_named() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s rr
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -x 100 -y 50
         ipvsadm --set 600 60 200
         ipvsadm --start-daemon backup --mcast-interface lo --syncid 3",
    );
    let output = host.must("rsctl save --format ipvsadm");
    assert_eq!(output.stdout, framed(&host.must("ipvsadm -Sn").stdout));
    assert_eq!(
        output.stderr,
        "warning: ipvsadm's form cannot say thresholds 100 and 50 of 10.0.0.1:80 in \
         tcp/192.0.2.1:80; `--format json` can\n\
         warning: ipvsadm's form cannot say the timeouts 600, 60 and 200; `--format json` can\n\
         warning: ipvsadm's form cannot say the backup sync daemon on lo; `--format json` can\n"
    );
    assert_eq!(host.must("rsctl save").stderr, "");
}

/// What lines would have to twist is left out of them; JSON has it.
#[test]
fn what_has_no_option_is_left_out_of_lines_and_kept_in_json() {
    let host = Host::new("director");
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        let server = |text: &str, forwarding| Destination::new(text.parse().unwrap(), forwarding);
        let esp: ServiceKey = "esp/192.0.2.1:5".parse().unwrap();
        let web: ServiceKey = "tcp/192.0.2.1:80".parse().unwrap();
        let odd = Service::new(web, Scheduler::Rr).with_unknown_flags(0x4000);
        for change in [
            Change::AddService(Service::new(esp, Scheduler::Rr)),
            Change::AddService(odd),
            Change::AddDestination {
                service: web,
                destination: server("10.0.0.1:80", ForwardingMethod::Local),
            },
            Change::AddDestination {
                service: web,
                destination: server("10.0.0.2:80", ForwardingMethod::Gateway),
            },
        ] {
            client.apply(change).unwrap();
        }
    });
    let lines = host.must("rsctl save --format ipvsadm");
    assert_eq!(
        lines.stdout,
        framed("-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1\n")
    );
    let left_out: Vec<_> = lines.stderr.lines().collect();
    assert_eq!(left_out.len(), 3, "{}", lines.stderr);
    for (line, what) in left_out.iter().zip([
        "flags 0x4000 of tcp/192.0.2.1:80;",
        "the server 10.0.0.1:80 of tcp/192.0.2.1:80, which is left out;",
        "the service esp/192.0.2.1:5, which is left out;",
    ]) {
        assert!(line.contains(what), "{line}");
    }
    // Lines leave the flags they have no words for.
    host.must("rsctl save -o /run/table");
    let before = observe(&host);
    assert_eq!(host.feed("rsctl restore --merge -v", &lines.stdout).stdout, "nothing to change\n");
    wipe(&host);
    host.must("rsctl restore /run/table");
    assert_eq!(observe(&host), before);
}

/// What the kernel holds and `restore` refuses is told when it is saved.
#[test]
fn what_will_not_be_restored_is_told_when_it_is_saved() {
    let host = Host::new("director");
    host.must("ipvsadm -A -u 192.0.2.1:53 -s rr --pe sip");
    let saved = host.must("rsctl save");
    assert_eq!(
        saved.stderr,
        "warning: where it is not there already, `rsctl restore` will take line 6 with --as-is \
         only: a persistence engine needs a persistent service\n"
    );
    assert_eq!(host.feed("rsctl restore -v", &saved.stdout).stdout, "nothing to change\n");
    host.must("rsctl clear --yes");
    let refused = host.feed("rsctl restore", &saved.stdout);
    assert_eq!(refused.status, 2);
    assert!(
        refused
            .stderr
            .ends_with("hint: `--as-is` sets it all the same, as another tool may have done\n")
    );
}

/// Before Linux 7.1 services of another namespace hide some in /proc/net/ip_vs, which does not
/// say of which family a mark is.
#[test]
fn marks_of_both_families_keep_their_servers() {
    let (host, other) = (Host::new("director"), Host::new("other"));
    let add = |host: &Host, has_servers: bool| {
        let keys = |number: u32| ["", "/ipv6"].map(|family| format!("fwmark/{number}{family}"));
        let changes = (1..=300).flat_map(keys).flat_map(|key| {
            let service: ServiceKey = key.parse().unwrap();
            let server = "10.0.0.1:0".parse().unwrap();
            let destination = Destination::new(server, ForwardingMethod::Gateway);
            let is_with = has_servers && !key.ends_with("/ipv6");
            let added = Change::AddService(Service::new(service, Scheduler::Rr));
            let server = Change::AddDestination { service, destination };
            [added].into_iter().chain(is_with.then_some(server))
        });
        let report = host.enter(|| Client::connect().unwrap().batch(changes).unwrap());
        assert!(report.failures.is_empty(), "{report:?}");
    };
    add(&host, true);
    add(&other, false);
    host.must("rsctl save -o /run/table");
    let saved: Value = serde_json::from_str(&host.must("cat /run/table").stdout).unwrap();
    let services = saved["services"].as_array().unwrap();
    assert_eq!(services.len(), 600);
    for service in services {
        let name = service["service"].as_str().unwrap();
        let number = service["servers"].as_array().unwrap().len();
        assert_eq!(number, usize::from(!name.ends_with("/ipv6")), "{name}");
    }
}

#[test]
fn the_json_form_is_one_server_a_line() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s sh -b sh-port -p 60 -M 255.255.255.0
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2:80 -m -x 100 -y 50
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:80 -i --tun-type gue --tun-port 6080 -w 5
         ipvsadm -A -f 4294967295 -6 -s none",
    );
    let saved = host.must("rsctl save").stdout;
    assert_eq!(
        saved,
        r#"{
  "format": "ipvs-table/2",
  "timeouts": {"tcp": 900, "tcp_fin": 120, "udp": 300},
  "daemons": [],
  "services": [
    {"service": "tcp/192.0.2.1:80", "scheduler": "sh", "scheduler_flags": ["sh-port"], "persistent": {"timeout_seconds": 60, "netmask": "255.255.255.0"}, "servers": [
      {"server": "10.0.0.2:80", "method": "nat", "weight": 1, "upper_threshold": 100, "lower_threshold": 50},
      {"server": "10.0.0.1:80", "method": "tun", "tunnel": {"type": "gue", "port": 6080, "checksum": "none"}, "weight": 5}
    ]},
    {"service": "fwmark/4294967295/ipv6", "scheduler": "none", "servers": []}
  ]
}
"#
    );
    serde_json::from_str::<Value>(&saved).unwrap();
}

/// A file that cannot be written whole is not written at all.
#[test]
fn a_file_is_replaced_or_left() {
    let host = Host::new("director");
    host.must("ipvsadm -A -t 192.0.2.1:80 -s rr; echo old > /run/table; chmod 640 /run/table");
    host.must("rsctl save -o /run/table");
    assert_eq!(host.must("stat -c %a /run/table").stdout, "640\n");
    host.must("grep -q 192.0.2.1 /run/table");
    // The permissions are those any program would leave; a link is followed.
    host.must("umask 027; rsctl save -o /run/new; ln -s table /run/link; rsctl save -o /run/link");
    assert_eq!(
        host.must("stat -c %a,%F /run/new /run/link").stdout,
        "640,regular file\n777,symbolic link\n"
    );
    // Whatever the umask is, who may read and write it stays, and whose it is.
    host.must(
        "echo old >/run/shared; chown 65534:7 /run/shared; chmod 4664 /run/shared
         umask 077; rsctl save -o /run/shared",
    );
    assert_eq!(host.must("stat -c %a,%u,%g /run/shared").stdout, "4664,65534,7\n");
    host.must("grep -q 192.0.2.1 /run/shared");
    // Where a link leads nowhere, nothing is made, and the link stays.
    let output = host.sh("ln -s nowhere /run/dangling; rsctl save -o /run/dangling");
    assert_eq!(
        (output.status, output.stderr.as_str()),
        (1, "error: cannot write /run/dangling: it is a link to nowhere, which is not there\n")
    );
    assert_eq!(
        host.must("readlink /run/dangling; ls /run | grep -c nowhere || :").stdout,
        "nowhere\n0\n"
    );
    // What the caller has open is written to: `-` is stdout, as `restore -` is stdin.
    let lines = host.must("rsctl save --format ipvsadm").stdout;
    // A guest's /dev has no stdout, which would lead to the last of these.
    for output in ["-", "/proc/self/fd/1"] {
        let save = format!("rsctl save --format ipvsadm -o {output}");
        host.must(&format!("cd /run; {{ echo one; {save}; echo two; }} >/run/mix"));
        assert_eq!(host.must("cat /run/mix").stdout, format!("one\n{lines}two\n"), "{output}");
        assert_eq!(host.must(&format!("cd /run; {save} | cat; ! test -e ./-")).stdout, lines);
    }
    // A disk that is full.
    host.must(
        "mkdir /run/full; mount -t tmpfs -o size=4k none /run/full; echo old > /run/full/table",
    );
    host.must("for i in $(seq 9 250); do ipvsadm -A -t 192.0.2.$i:80 -s rr; done");
    let output = host.sh("rsctl save -o /run/full/table");
    assert_eq!(output.status, 1);
    assert!(
        output.stderr.starts_with("error: cannot write /run/full/table: "),
        "{}",
        output.stderr
    );
    assert_eq!(host.must("cat /run/full/*; ls -A /run/full").stdout, "old\ntable\n");
    // One that takes no writes, and a folder that is not there.
    host.must("mount -o remount,ro /run/full");
    for (file, why) in [
        ("/run/full/table", "read-only file system"),
        ("/run/full/new", "read-only file system"),
        ("/run/nowhere/table", "no such file or directory"),
    ] {
        let output = host.sh(&format!("rsctl save -o {file}"));
        assert_eq!(output.stderr, format!("error: cannot write {file}: {why}\n"));
        assert_eq!(output.status, 1);
    }
}

/// A link that another user left in a folder for all is not followed, where the kernel says so.
#[test]
#[ignore = "has the kernel to itself"]
fn a_planted_link_is_not_followed() {
    let host = Host::new("director");
    host.must(
        "mkdir /run/tmp; chmod 1777 /run/tmp; echo old >/run/theirs
         ln -s /run/theirs /run/tmp/planted; chown -h 65534 /run/tmp/planted",
    );
    let setting = host.must("cat /proc/sys/fs/protected_symlinks").stdout;
    host.must("echo 1 >/proc/sys/fs/protected_symlinks");
    let output = host.sh("rsctl save -o /run/tmp/planted");
    host.must(&format!("echo {} >/proc/sys/fs/protected_symlinks", setting.trim()));
    assert_eq!(
        (output.status, output.stderr.as_str()),
        (1, "error: cannot write /run/tmp/planted: permission denied\n")
    );
    assert_eq!(host.must("cat /run/theirs").stdout, "old\n");
}
