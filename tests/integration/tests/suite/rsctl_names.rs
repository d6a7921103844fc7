// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl` shows on request, or on a terminal, only: names, colours, width.

use std::fs::File;
use std::io::Read;
use std::process::Command;
use std::time::Instant;

use lab::Host;
use nix::pty::{Winsize, openpty};
use serde_json::Value;

/// Gives `host` an /etc of its own, in which `hosts` is all there is of names.
pub(crate) fn name_hosts(host: &Host, hosts: &str) {
    host.must(
        "cp /etc/services /etc/passwd /etc/group /run/; mount -t tmpfs tmpfs /etc
         mv /run/services /run/passwd /run/group /etc/
         echo 'hosts: files dns' >/etc/nsswitch.conf",
    );
    assert_eq!(host.feed("cat >/etc/hosts", hosts).status, 0);
}

#[track_caller]
fn must(host: &Host, command: &str) -> String {
    let output = host.must(&format!("rsctl {command}"));
    assert_eq!(output.stderr, "", "{command}");
    output.stdout
}

fn named() -> Host {
    let host = Host::new("director");
    name_hosts(&host, "192.0.2.1 vip.example\n10.0.0.1 rs1\n2001:db8::1 rs6\n");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s rr
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1 -m
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2 -m -w 0
         ipvsadm -A -t [2001:db8::1]:443 -s rr
         ipvsadm -a -t [2001:db8::1]:443 -r [2001:db8::1]:47000 -m
         ipvsadm -A -f 7 -s rr
         ipvsadm -a -f 7 -r 10.0.0.1 -g",
    );
    host
}

#[test]
fn names_are_shown_when_asked_for() {
    let host = named();
    // 10.0.0.2 is asked of a name server that is not there.
    host.must("echo nameserver 127.0.0.1 >/etc/resolv.conf");
    let expected = "\
Prot LocalAddress:Port  Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  vip.example:http   rr
  -> rs1:http           nat          1          0         0
  -> 10.0.0.2:http      nat          0          0         0
TCP  rs6:https          rr
  -> rs6:47000          nat          1          0         0
FWM  7                  rr
  -> rs1:0              dr           1          0         0
";
    let table = |command: &str| must(&host, command).split_once('\n').unwrap().1.to_owned();
    assert_eq!(table("list --names"), expected);
    assert!(table("list").contains("  -> 10.0.0.1:80 "));
    assert_eq!(table("list -n"), table("list"));
    assert!(table("list --names --stats").contains("  -> rs1:http "));
    let both = host.sh("rsctl list -n --names");
    assert_eq!(both.status, 2, "{}", both.stderr);

    // Beside the numbers, not instead of them.
    let numbers: Value = serde_json::from_str(&must(&host, "list --json")).unwrap();
    let mut names: Value = serde_json::from_str(&must(&host, "list --json --names")).unwrap();
    let server = &names["services"][0]["servers"][0];
    assert_eq!((&server["host"], &server["port_name"]), (&"rs1".into(), &"http".into()));
    for service in names["services"].as_array_mut().unwrap() {
        let strip = |object: &mut Value| {
            object.as_object_mut().unwrap().retain(|name, _| name != "host" && name != "port_name");
        };
        service["servers"].as_array_mut().unwrap().iter_mut().for_each(strip);
        strip(service);
    }
    assert_eq!(names, numbers);
}

/// A name server that swallows questions does not keep a table of hundreds waiting.
#[test]
fn who_does_not_answer_is_not_waited_for_and_told_of() {
    let host = Host::new("director");
    name_hosts(&host, "10.1.0.7 rs7\n");
    // Nobody listens there, and nobody says so.
    host.must(
        "ip link add swallow type dummy && ip link set swallow up
         ip addr add 203.0.113.1/24 dev swallow
         echo nameserver 203.0.113.53 >/etc/resolv.conf",
    );
    let servers: String =
        (1..=200).map(|n| format!("-a -t 192.0.2.1:80 -r 10.1.0.{n} -m\n")).collect();
    let table = format!("-A -t 192.0.2.1:80 -s rr\n{servers}");
    assert_eq!(host.feed("rsctl restore", &table).status, 0);
    let start = Instant::now();
    let output = host.must("rsctl list --names");
    let took = start.elapsed();
    // 200 questions of five seconds each, one by one, would take a thousand; the upper end
    // is for the clock of a busy guest.
    assert!((5..100).contains(&took.as_secs()), "{took:?}");
    let warning = output.stderr.strip_prefix("warning: no answer in time for ").unwrap();
    let unanswered: usize = warning.split(' ').next().unwrap().parse().unwrap();
    assert!((100..=200).contains(&unanswered), "{}", output.stderr);
    assert_eq!(output.stderr.lines().count(), 1);
    assert_eq!(output.stdout.lines().count(), 204);
    assert!(output.stdout.contains("  -> 10.1.0.200:http "));
}

/// What `rsctl` writes to a terminal of so many columns.
fn on_terminal(host: &Host, columns: u16, command: &str) -> String {
    host.enter(|| {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(&size, None).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", &format!("rsctl {command}")])
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .stdout(terminal.slave)
            .spawn()
            .unwrap();
        let mut master = File::from(terminal.master);
        let (mut text, mut part) = (Vec::new(), [0; 4096]);
        // With nobody on the other side it is an error, which is the end.
        while let Ok(length @ 1..) = master.read(&mut part) {
            text.extend_from_slice(&part[..length]);
        }
        assert!(child.wait().unwrap().success(), "{command}");
        String::from_utf8(text).unwrap().replace("\r\n", "\n")
    })
}

#[test]
fn colours_and_width_are_those_of_a_terminal() {
    let host = named();
    host.must("[ -e /dev/pts/ptmx ] || { mkdir -p /dev/pts && mount -t devpts devpts /dev/pts; }");
    let plain = must(&host, "list");
    assert!(!plain.contains('\x1b'));
    assert_eq!(must(&host, "list --color never"), plain);
    let coloured = must(&host, "list --color=always");
    assert!(coloured.contains("\n\x1b[1mProt LocalAddress:Port"));
    assert!(coloured.contains("\n\x1b[2m  -> 10.0.0.2:80 "), "{coloured}");
    assert!(coloured.contains("\n  -> 10.0.0.1:80 "));
    assert!(!must(&host, "list --color=always --json").contains('\x1b'));

    assert_eq!(on_terminal(&host, 100, "list"), coloured);
    let environment = |set: &str| {
        // `rsctl` is what `on_terminal` starts: a shell of its own takes the setting.
        on_terminal(&host, 100, &format!("--version >/dev/null; {set} rsctl list"))
    };
    assert_eq!(environment(""), coloured);
    for none in ["NO_COLOR=1", "TERM=dumb"] {
        assert_eq!(environment(none), plain, "{none}");
    }
    assert_eq!(on_terminal(&host, 100, "list --color=never"), plain);

    let narrow = on_terminal(&host, 40, "list --color never");
    assert!(narrow.lines().all(|line| line.len() <= 57), "{narrow}");
    assert!(narrow.contains("\n  -> 10.0.0.1:80\n       nat "), "{narrow}");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&narrow), words(&plain));
    for view in ["list --stats", "list --thresholds", "connections"] {
        let shown = on_terminal(&host, 40, &format!("{view} --color never"));
        assert_eq!(words(&shown), words(&must(&host, view)), "{view}");
    }
}
