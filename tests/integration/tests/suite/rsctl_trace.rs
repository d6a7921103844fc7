// SPDX-License-Identifier: MIT OR Apache-2.0

//! `RSCTL_NETLINK_TRACE=1`: what passes between `rsctl` and this kernel.

use lab::Host;

/// The lines of the trace, without what differs from kernel to kernel: the family's id, and
/// what else the controller says of it.
#[track_caller]
fn traced(host: &Host, command: &str, status: i32) -> Vec<String> {
    let output = host.sh(&format!("RSCTL_NETLINK_TRACE=1 rsctl {command}"));
    assert_eq!(output.status, status, "{output:?}");
    let printable =
        |c: char| c == '\n' || !(c.is_control() || ('\u{202a}'..'\u{202f}').contains(&c));
    assert!(output.stderr.chars().all(printable), "{}", output.stderr);
    let lines: Vec<String> = output.stderr.lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "netlink > #1 GetFamily ack FamilyName=\"IPVS\"");
    assert!(
        lines[1].starts_with("netlink < #1 NewFamily FamilyName=\"IPVS\" FamilyId="),
        "{lines:?}"
    );
    assert_eq!(lines[2], "netlink < #1 done");
    lines[3..].to_vec()
}

#[test]
fn a_trace_shows_requests_and_answers() {
    let host = Host::new("director");
    let key = "Service={AddressFamily=2 Protocol=6 Address=192.0.2.1 Port=80";
    let settings = "SchedulerName=\"wlc\" Flags=0x0/0xffffffff Timeout=0 Netmask=255.255.255.255";
    let add = format!("netlink > #2 NewService ack {key} {settings}}}");
    assert_eq!(
        traced(&host, "add-service tcp/192.0.2.1:80", 0),
        [add.as_str(), "netlink < #2 done"]
    );
    let refused = traced(&host, "add-service tcp/192.0.2.1:80", 5);
    assert_eq!(refused[..2], [add.as_str(), "netlink < #2 error EEXIST"]);
    let told = "error: cannot add service tcp/192.0.2.1:80: it exists already (EEXIST)";
    assert_eq!(refused[2], told);

    host.must("rsctl add-server tcp/192.0.2.1:80 -r 10.0.0.1");
    // The usual view takes servers from a file.
    let listed = traced(&host, "list --tun-info", 0);
    for line in [
        "netlink > #2 GetInfo ack",
        "netlink > #3 GetService dump",
        "netlink < #3 end of list",
        &format!("netlink > #4 GetDestination dump {key}}}"),
    ] {
        assert!(listed.contains(&line.to_owned()), "{line} of {listed:#?}");
    }
    let service = listed.iter().find(|line| line.contains("< #3 NewService ")).expect("it");
    assert!(service.contains(key) && service.contains("Stats64={Connections=0 "), "{service}");
    let server = listed.iter().find(|line| line.contains("< #4 NewDestination ")).expect("it");
    assert!(
        server.contains(" Destination={Address=10.0.0.1 Port=80 ForwardingMethod=3 Weight=1 "),
        "{server}"
    );
    assert!(!listed.iter().any(|line| line.contains("attribute-")), "{listed:#?}");

    let output = host.must("rsctl list; RSCTL_NETLINK_TRACE=0 rsctl list");
    assert_eq!(output.stderr, "");
}

/// An interface may have nearly any bytes for a name.
#[test]
fn a_trace_shows_foreign_names_as_text() {
    let host = Host::new("director");
    let name = "e\x1b[1m\u{202e}\u{9b}2J";
    host.must(&format!(
        "ip link add '{name}' type dummy && ip link set '{name}' up && \
         rsctl sync-daemon start backup --interface '{name}'"
    ));
    let lines = traced(&host, "sync-daemon", 0);
    let daemon = lines.iter().find(|line| line.contains("NewDaemon")).expect("it");
    let shown = "Interface=\"e\\u{1b}[1m\\u{202e}\\u{9b}2J\"";
    assert!(daemon.contains(shown), "{daemon}");
    let started = traced(&host, &format!("sync-daemon start master --interface '{name}'"), 0);
    assert!(started[0].contains(shown), "{started:?}");
}
