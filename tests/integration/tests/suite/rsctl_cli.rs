// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl` against the kernel: what each command does, and what it says.
//! `ipvsadm` is the witness of what the kernel understood.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use lab::{Host, Output, quoted};
use nix::pty::openpty;
use serde_json::{Value, json};

use crate::netlink::saved;

/// All that `ipvsadm` can show of the table.
pub(crate) fn table(host: &Host) -> String {
    host.must("ipvsadm -Sn; ipvsadm -Ln --thresholds; ipvsadm -Ln --persistent-conn").stdout
}

/// Runs `rsctl`, which must succeed and say exactly `stdout`.
#[track_caller]
fn says(host: &Host, command: &str, stdout: &str) {
    let output = host.sh(&format!("rsctl {command}"));
    let expected = Output { status: 0, stdout: stdout.to_owned(), stderr: String::new() };
    assert_eq!(output, expected, "rsctl {command}");
}

#[track_caller]
fn silent(host: &Host, command: &str) {
    says(host, command, "");
}

#[test]
fn what_is_added_is_what_ipvsadm_lists() {
    let host = Host::new("director");
    for (add, expected) in [
        ("-t 192.0.2.1:80", "-A -t 192.0.2.1:80 -s wlc"),
        ("udp/192.0.2.1:53 -s sh -b sh-port --ops", "-A -u 192.0.2.1:53 -s sh -o -b sh-port"),
        ("-u 192.0.2.1:5060 -s rr -p 60 --pe sip", "-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip"),
        ("--sctp-service 192.0.2.1:9 -s rr", "-A --sctp-service 192.0.2.1:9 -s rr"),
        ("-t 192.0.2.2 -p", "-A -t 192.0.2.2:0 -s wlc -p 360"),
        ("-t [2001:db8::1]:80 -p 9 -M 64", "-A -t [2001:db8::1]:80 -s wlc -p 9 -M 64"),
        ("-f 7 -p -M /24", "-A -f 7 -s wlc -p 360 -M 255.255.255.0"),
        ("fwmark/7/ipv6 -s none", "-A -f 7 -6 -s none"),
    ] {
        silent(&host, &format!("add-service {add}"));
        assert!(saved(&host).contains(&expected.to_owned()), "{add}\n{:#?}", saved(&host));
    }
    for (add, expected) in [
        ("-t 192.0.2.1:80 -r 10.0.0.1", "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1"),
        (
            "-r 10.0.0.2:8080 tcp/192.0.2.1:80 -m -w 2147483647",
            "-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 2147483647",
        ),
        (
            "tcp/192.0.2.1:80 -r [2001:db8::3] --mode tun -w 0",
            "-a -t 192.0.2.1:80 -r [2001:db8::3]:80 -i -w 0 --tun-type ipip",
        ),
        (
            "tcp/192.0.2.1:80 -r 10.0.0.4 -i --tun-type gue --tun-port 6080 --tun-csum",
            "-a -t 192.0.2.1:80 -r 10.0.0.4:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum",
        ),
        (
            "tcp/192.0.2.1:80 -r 10.0.0.5 -i --tun-type gre",
            "-a -t 192.0.2.1:80 -r 10.0.0.5:80 -i -w 1 --tun-type gre --tun-nocsum",
        ),
        (
            "tcp/[2001:db8::1]:80 -r [2001:db8::6] -g",
            "-a -t [2001:db8::1]:80 -r [2001:db8::6]:80 -g -w 1",
        ),
        ("fwmark/7 -r 10.0.0.7", "-a -f 7 -r 10.0.0.7:0 -g -w 1"),
    ] {
        silent(&host, &format!("add-server {add}"));
        assert!(saved(&host).contains(&expected.to_owned()), "{add}\n{:#?}", saved(&host));
    }
    silent(&host, "delete-server fwmark/7 -r 10.0.0.7");
    silent(&host, "delete-service fwmark/7");
    assert!(!host.must("ipvsadm -Sn").stdout.contains("-f 7 -s wlc"));
}

#[test]
fn a_server_edit_changes_only_what_is_named_or_all() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s rr
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 5 -x 100 -y 50
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2:80 -i --tun-type gue --tun-port 6080 --tun-csum",
    );
    let edit = |options: &str| silent(&host, &format!("edit-server tcp/192.0.2.1:80 {options}"));
    let shown = |what: &str| {
        let lines = host.must(&format!("ipvsadm -Ln {what}")).stdout;
        let servers = lines.lines().filter(|line| line.starts_with("  -> 10."));
        servers.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    edit("-r 10.0.0.1:8080 -w 0");
    edit("-r 10.0.0.2 -i -w 7");
    edit("-r 10.0.0.2 --tun-port 6081");
    edit("-r 10.0.0.2 -x 9");
    let tunnels: Vec<String> = shown("--tun-info");
    let expected = ["-> 10.0.0.1:8080 Masq n/a 0 0 0", "-> 10.0.0.2:80 Tunnel gue:6081:+c 7 0 0"];
    assert_eq!(tunnels, expected);
    let thresholds: Vec<String> = shown("--thresholds");
    assert_eq!(thresholds, ["-> 10.0.0.1:8080 100 50 0 0", "-> 10.0.0.2:80 9 0 0 0"]);
    edit("-r 10.0.0.2 -g");
    assert!(saved(&host).contains(&"-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 7".to_owned()));
    edit("-r 10.0.0.1:8080 --replace -m -x 7");
    edit("-r 10.0.0.2 --replace -i");
    let tunnels: Vec<String> = shown("--tun-info");
    assert_eq!(tunnels, ["-> 10.0.0.1:8080 Masq n/a 1 0 0", "-> 10.0.0.2:80 Tunnel ipip 1 0 0"]);
    let thresholds: Vec<String> = shown("--thresholds");
    assert_eq!(thresholds, ["-> 10.0.0.1:8080 7 0 0 0", "-> 10.0.0.2:80 0 0 0 0"]);
}

#[test]
fn a_service_edit_changes_only_what_is_named_or_all() {
    let host = Host::new("director");
    host.must("ipvsadm -A -u 192.0.2.1:53 -s sh -b sh-port -p 600 -M 255.255.255.0 --pe sip -o");
    for (options, expected) in [
        ("-p 60", "-s sh -p 60 -M 255.255.255.0 --pe sip -o -b sh-port"),
        ("-s mh", "-s mh -p 60 -M 255.255.255.0 --pe sip -o -b mh-port"),
        ("-p", "-s mh -p 60 -M 255.255.255.0 --pe sip -o -b mh-port"),
        ("-M 255.0.0.0", "-s mh -p 60 -M 255.0.0.0 --pe sip -o -b mh-port"),
        ("--no-pe", "-s mh -p 60 -M 255.0.0.0 -o -b mh-port"),
        ("-s rr", "-s rr -p 60 -M 255.0.0.0 -o"),
        ("--no-persistent", "-s rr -o"),
        ("--no-ops", "-s rr"),
        ("-s sh -b sh-fallback,sh-port", "-s sh -b sh-fallback,sh-port"),
        ("--no-sched-flags", "-s sh"),
        ("-b sh-port -p 60 -M /24 -o", "-s sh -p 60 -M 255.255.255.0 -o -b sh-port"),
        ("--replace -s rr -p 30", "-s rr -p 30"),
        ("--replace", "-s wlc"),
    ] {
        silent(&host, &format!("edit-service udp/192.0.2.1:53 {options}"));
        assert_eq!(saved(&host), [format!("-A -u 192.0.2.1:53 {expected}")], "{options}");
    }
}

#[test]
fn changes_are_told_when_asked() {
    let host = Host::new("director");
    silent(&host, "add-service -f 7");
    silent(&host, "add-server fwmark/7 -r 10.0.0.1");
    let edit = "edit-server fwmark/7 -r 10.0.0.1 -w 2";
    says(&host, &format!("{edit} -v"), "edited server 10.0.0.1:0 of fwmark/7: weight 1 -> 2\n");
    let so = "nothing to change: server 10.0.0.1:0 of fwmark/7 has these settings already\n";
    says(&host, &format!("{edit} -v"), so);
    says(&host, edit, "");
    says(&host, "edit-service fwmark/7 -s wlc --json", "{\"changed\":[]}\n");
    says(
        &host,
        "edit-service fwmark/7 -s rr --json",
        "{\"changed\":[{\"action\":\"edit-service\",\"service\":\"fwmark/7\",\
         \"before\":{\"scheduler\":\"wlc\",\"service\":\"fwmark/7\"},\
         \"after\":{\"scheduler\":\"rr\",\"service\":\"fwmark/7\"}}]}\n",
    );
    says(&host, "delete-service fwmark/7 -v", "deleted service fwmark/7\n");
}

#[test]
fn a_list_is_text_or_json() {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.1:80 -s rr; ipvsadm -A -f 7 -s rr
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 5
         ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2:80 -i",
    );
    let text = host.must("rsctl list -n tcp/192.0.2.1:80").stdout;
    let (header, rows) = text.split_once('\n').unwrap();
    assert_eq!(header, host.must("ipvsadm -Ln").stdout.lines().next().unwrap());
    assert_eq!(
        rows,
        "\
Prot LocalAddress:Port  Scheduler Flags
  -> RemoteAddress:Port Forward   Weight ActiveConn InActConn
TCP  192.0.2.1:80       rr
  -> 10.0.0.1:8080      nat            5          0         0
  -> 10.0.0.2:80        tun(ipip)      1          0         0
"
    );
    let document: Value =
        serde_json::from_str(&host.must("rsctl list -t 192.0.2.1:80 --json").stdout).unwrap();
    let [service] = document["services"].as_array().unwrap().as_slice() else {
        panic!("{document}");
    };
    assert_eq!(document["version"], "1.2.1");
    assert_eq!(service["service"], "tcp/192.0.2.1:80");
    assert_eq!(service["servers"][0]["server"], "10.0.0.1:8080");
    assert_eq!(service["servers"][0]["weight"], json!(5));

    let all: Value = serde_json::from_str(&host.must("rsctl list --json").stdout).unwrap();
    assert_eq!(all["services"].as_array().unwrap().len(), 2);
}

/// The kernel takes nearly any bytes for the name of an interface, and tells it as it is.
#[test]
fn no_name_of_the_kernel_reaches_the_terminal_as_it_is() {
    let host = Host::new("director");
    let name = "e\x07\x1b[31m\u{202e}i";
    let odd = quoted(name);
    host.must(&format!(
        "ip link add {odd} type dummy && ip link set {odd} up && ip addr add 10.7.0.1/24 dev {odd}"
    ));
    let start = format!("rsctl sync-daemon start master --interface {odd}");
    let shown = |text: &str, form: &str| {
        let harmful = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(text.contains(form) && !text.contains(harmful), "{text:?}");
    };
    let (text, in_json) = (r"e\u{7}\u{1b}[31m\u{202e}i", r"e\u0007\u001b[31m\u202ei");
    host.must(&start);
    for command in ["rsctl sync-daemon", "rsctl sync-daemon status", "rsctl ipvsadm -L --daemon"] {
        shown(&host.must(command).stdout, text);
    }
    for command in ["rsctl sync-daemon --json", "rsctl sync-daemon status --json", "rsctl save"] {
        shown(&host.must(command).stdout, in_json);
    }
    shown(&host.sh(&start).stderr, text);
    // It is the same name to who reads it again.
    host.must("rsctl save >/run/saved; rsctl sync-daemon stop master");
    let planned = host.sh("rsctl restore --dry-run /run/saved --allow-empty");
    assert_eq!(planned.status, 3, "{planned:?}");
    shown(&planned.stdout, text);
    shown(&host.must("rsctl restore -v /run/saved --allow-empty").stdout, text);
    let again: Value = serde_json::from_str(&host.must("rsctl sync-daemon --json").stdout).unwrap();
    assert_eq!(again["daemons"][0]["interface"], name);
    host.must(&format!("rsctl sync-daemon stop master && ip link del {odd}"));
    shown(&host.sh("rsctl restore /run/saved --allow-empty").stderr, text);
}

#[test]
fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is() {
    let host = Host::new("director");
    host.must("ipvsadm -A -f 7 -s rr");
    for args in [["list", "-n"], ["list", "--json"], ["list", "--help"]] {
        let output = host.enter(|| {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            Command::new("rsctl").args(args).stdout(writer).output().expect("rsctl")
        });
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{args:?}");
    }
    // What was made is not taken for what failed.
    let untold = host.sh("rsctl add-service -f 99 -v >/dev/full");
    let said = "error: the changes were made, and cannot be told of: no space left on device\n";
    assert_eq!((untold.status, untold.stderr.as_str()), (1, said));
    silent(&host, "delete-service -f 99");
    let full = host.sh("rsctl list >/dev/full");
    assert_eq!(full.status, 1, "{full:?}");
    assert!(full.stderr.starts_with("error: cannot write the output: "), "{full:?}");
    // Rust's runtime puts /dev/null in the place of what was closed, which others open so, too.
    for command in ["list", "save", "save --format ipvsadm", "ipvsadm -Ln", "--help", "--version"] {
        let run = |to: &str| host.sh(&format!("rsctl {command} {to}"));
        let closed = run(">&-");
        assert_eq!(closed.status, 1, "{command}: {closed:?}");
        assert!(closed.stderr.contains("cannot write the output: "), "{command}: {closed:?}");
        for open in [">/dev/null", "1<>/dev/null", "<&- >/dev/null", "2>&- >/dev/null"] {
            assert_eq!(run(open).status, 0, "{command} {open}");
        }
    }
    // What says nothing needs none.
    assert_eq!(host.sh("rsctl add-service -f 98 >&- && rsctl delete-service -f 98 >&-").status, 0);
}

#[test]
fn clear_without_a_terminal_does_not_ask() {
    let host = Host::new("director");
    host.must("ipvsadm -A -f 7 -s rr; ipvsadm -a -f 7 -r 10.0.0.1; ipvsadm -A -f 8 -s rr");
    says(&host, "clear -v", "deleted service fwmark/7\ndeleted service fwmark/8\n");
    says(&host, "clear -v", "nothing to change\n");
    assert!(saved(&host).is_empty());
}

#[test]
fn clear_on_a_terminal_asks() {
    let host = Host::new("director");
    host.must("mountpoint -q /dev/pts || { mkdir -p /dev/pts; mount -t devpts devpts /dev/pts; }");
    host.must("ipvsadm -A -f 7 -s rr; ipvsadm -a -f 7 -r 10.0.0.1; ipvsadm -A -f 8 -s rr");
    let before = table(&host);
    let question = "delete 2 services with 1 server? [y/N] ";

    let (status, stderr) = on_a_terminal(&host, &["clear"], "n\n");
    let declined = "error: cannot delete all services: the answer was not `y`\n\
                    hint: `rsctl clear --yes` does not ask\n";
    assert_eq!((status, stderr), (Some(1), format!("{question}{declined}")));
    assert_eq!(table(&host), before);

    let (status, stderr) = on_a_terminal(&host, &["clear"], "y\n");
    assert_eq!((status, stderr.as_str()), (Some(0), question));
    assert!(saved(&host).is_empty());

    // Nothing to delete, nothing to ask; and --yes is an answer.
    assert_eq!(on_a_terminal(&host, &["clear"], ""), (Some(0), String::new()));
    host.must("ipvsadm -A -f 7 -s rr");
    assert_eq!(on_a_terminal(&host, &["clear", "--yes"], ""), (Some(0), String::new()));
    assert!(saved(&host).is_empty());
}

/// Ctrl-D
const END_OF_INPUT: &[u8] = b"\x04";

/// Runs `rsctl` with a terminal on stdin, on which `typed` and then the end of
/// input are typed: its exit status and what it wrote to stderr.
fn on_a_terminal(host: &Host, args: &[&str], typed: &str) -> (Option<i32>, String) {
    host.enter(|| {
        let terminal = openpty(None, None).expect("a terminal");
        let mut rsctl = Command::new("rsctl")
            .args(args)
            .stdin(terminal.slave)
            .stderr(Stdio::piped())
            .spawn()
            .expect("rsctl");
        let mut keyboard = File::from(terminal.master);
        keyboard.write_all(typed.as_bytes()).expect("type");
        keyboard.write_all(END_OF_INPUT).expect("type");
        let mut stderr = String::new();
        rsctl.stderr.take().expect("stderr").read_to_string(&mut stderr).expect("read stderr");
        (rsctl.wait().expect("rsctl").code(), stderr)
    })
}
