// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl plan` and `rsctl apply`: the table becomes what the file of a cluster says, once, and what
//! others have made stays as it is. What is refused is in `rsctl_traps`.

use lab::{Host, Output};
use serde_json::Value;

use crate::rsctl_cli::table;

/// A service of two servers, one of ours with other settings than those of [`FILE`], and what is of
/// others: a service, and a server in a service of the file.
fn director() -> Host {
    let host = Host::new("director");
    host.must(
        "ipvsadm -A -t 192.0.2.10:80 -s rr
         ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.1:80 -m -w 9
         ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.99:80 -m -w 7 -x 30 -y 20
         ipvsadm -A -u 192.0.2.77:53 -s sh -p 77
         ipvsadm -a -u 192.0.2.77:53 -r 10.0.0.77:53 -i -w 3",
    );
    host
}

/// What is of others, as `ipvsadm` saves it.
const OF_OTHERS: [&str; 3] = [
    "-a -t 192.0.2.10:80 -r 10.0.0.99:80 -m -w 7 -x 30 -y 20",
    "-A -u 192.0.2.77:53 -s sh -p 77",
    "-a -u 192.0.2.77:53 -r 10.0.0.77:53 -i -w 3 --tun-type ipip",
];

#[track_caller]
fn others_are_there(host: &Host) {
    let saved = host.must("ipvsadm -Sn").stdout;
    for line in OF_OTHERS {
        // ipvsadm saves no thresholds.
        let line = line.split(" -x").next().unwrap();
        assert!(saved.lines().any(|it| it.trim_end() == line), "{line}\n{saved}");
    }
    let thresholds = host.must("ipvsadm -Ln --thresholds").stdout;
    assert!(thresholds.contains("10.0.0.99:80                 30         20"), "{thresholds}");
}

const FILE: &str = "\
format: ipvs-cluster/1
director:
  timeouts: {udp: 200}
  sysctls: {expire_nodest_conn: 1}
defaults: {scheduler: rr, method: nat}
services:
  - service: tcp/192.0.2.10:80
    servers: [10.0.0.1-10.0.0.3]
  - service: tcp/192.0.2.11:80
    servers: [{server: 10.0.0.1, weight: 2}]
";

#[track_caller]
fn apply(host: &Host, options: &str, file: &str) -> Output {
    host.feed(&format!("rsctl apply - {options}"), file)
}

#[track_caller]
fn plan(host: &Host, options: &str, file: &str) -> Output {
    host.feed(&format!("rsctl plan - {options}"), file)
}

/// Applies, and everything has to go well.
#[track_caller]
fn applied(host: &Host, options: &str, file: &str) -> String {
    let made = apply(host, &format!("-v {options}"), file);
    assert_eq!((made.status, made.stderr.as_str()), (0, ""), "{}", made.stdout);
    made.stdout
}

const PLAN: &str = "\
director
    ~ timeouts: udp 300 -> 200 (different)
    ~ net.ipv4.vs.expire_nodest_conn: value 0 -> 1 (different)
+ service tcp/192.0.2.11:80: scheduler rr (missing)
    + server 10.0.0.1:80: method nat, weight 2 (missing)
service tcp/192.0.2.10:80
    + server 10.0.0.2:80: method nat, weight 1 (missing)
    + server 10.0.0.3:80: method nat, weight 1 (missing)
    ~ server 10.0.0.1:80: weight 9 -> 1 (different)
plan: add 1 service, 3 servers; change 1 server, 2 settings
of others, left alone: 1 service with 1 server; 1 server in services of the file
";

#[test]
fn a_plan_is_followed_and_to_follow_it_again_does_nothing() {
    let host = director();
    let before = table(&host);
    let planned = plan(&host, "", FILE);
    assert_eq!((planned.status, planned.stdout.as_str(), planned.stderr.as_str()), (3, PLAN, ""));
    let dry = apply(&host, "--dry-run", FILE);
    assert_eq!((dry.status, dry.stdout.as_str(), dry.stderr.as_str()), (3, PLAN, ""));
    assert_eq!(table(&host), before, "a plan changed the table");
    assert_eq!(host.must("sysctl -n net.ipv4.vs.expire_nodest_conn").stdout, "0\n");

    let made = applied(&host, "", FILE);
    assert_eq!(made, PLAN.replace("plan: ", "done: "));
    assert_eq!(host.must("sysctl -n net.ipv4.vs.expire_nodest_conn").stdout, "1\n");
    others_are_there(&host);

    let nothing = "nothing to change\n\
         of others, left alone: 1 service with 1 server; 1 server in services of the file\n";
    let after = table(&host);
    assert_eq!(applied(&host, "", FILE), nothing);
    let planned = plan(&host, "", FILE);
    assert_eq!((planned.status, planned.stdout.as_str()), (0, nothing));
    assert_eq!(table(&host), after);
    // Nothing was sent that changes anything.
    let trace = host.feed("RSCTL_NETLINK_TRACE=1 rsctl apply -", FILE);
    assert_eq!(trace.status, 0);
    for word in ["NEW_", "SET_", "DEL_", "FLUSH"] {
        assert!(!trace.stderr.contains(word), "{word}: {}", trace.stderr);
    }
}

/// All that the documents say, as a program sees it.
#[test]
fn json_has_each_step_and_what_is_of_others() {
    let host = director();
    let planned = plan(&host, "--json", FILE);
    let document: Value = serde_json::from_str(&planned.stdout).unwrap();
    assert_eq!(document["dry_run"], true);
    assert_eq!(document["steps"].as_array().unwrap().len(), 7);
    assert_eq!(document["steps"][1]["object"], "sysctl");
    assert_eq!(
        document["steps"][1]["after"],
        serde_json::json!({"sysctl": "expire_nodest_conn", "value": "1"})
    );
    assert_eq!(
        document["foreign"],
        serde_json::json!({
            "services": [{"service": "udp/192.0.2.77:53", "servers": 1}],
            "servers": [{"service": "tcp/192.0.2.10:80", "server": "10.0.0.99:80"}],
        })
    );
    assert_eq!(document["refused"], serde_json::json!([]));
    let made = apply(&host, "--json", FILE);
    let document: Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(document["dry_run"], false);
    let steps = document["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["result"] == "done"), "{document}");
    assert_eq!(document["differs"], serde_json::json!([]));
}

/// Before, between and after: what others made is as it was, and what the file has no more goes.
#[test]
fn what_is_of_others_stays() {
    let host = director();
    applied(&host, "", FILE);
    others_are_there(&host);
    // Others come in between, also to what is ours.
    host.must(
        "ipvsadm -a -t 192.0.2.11:80 -r 10.0.0.98:80 -m -w 4
         ipvsadm -A -t 192.0.2.78:80 -s wrr
         ipvsadm -a -t 192.0.2.78:80 -r 10.0.0.1:80 -m",
    );
    let shorter = FILE.replace("10.0.0.1-10.0.0.3", "10.0.0.2-10.0.0.3");
    let made = applied(&host, "", &shorter);
    assert!(made.contains("    - server 10.0.0.1:80 (unwanted)\n"), "{made}");
    assert!(made.contains("delete 1 server\n"), "{made}");
    others_are_there(&host);

    // A service that is not wanted any more stays for the server of others, and says so.
    let (without, _) = shorter.split_once("  - service: tcp/192.0.2.11:80").unwrap();
    let made = apply(&host, "-v", without);
    assert_eq!(made.status, 0, "{}", made.stderr);
    assert!(made.stderr.contains("tcp/192.0.2.11:80 stays, though it is not wanted"), "{made:?}");
    let saved = host.must("ipvsadm -Sn").stdout;
    assert!(saved.contains("-a -t 192.0.2.11:80 -r 10.0.0.98:80 -m -w 4"), "{saved}");
    assert!(!saved.contains("-a -t 192.0.2.11:80 -r 10.0.0.1:80"), "{saved}");
    assert!(saved.contains("-a -t 192.0.2.78:80 -r 10.0.0.1:80"), "{saved}");
    others_are_there(&host);

    // Once they are gone, it goes.
    host.must("ipvsadm -d -t 192.0.2.11:80 -r 10.0.0.98:80");
    let made = applied(&host, "", without);
    assert!(made.contains("- service tcp/192.0.2.11:80 (unwanted)\n"), "{made}");
    others_are_there(&host);

    // What others make of the name of one that was ours is theirs.
    host.must("ipvsadm -A -t 192.0.2.11:80 -s lc");
    assert!(applied(&host, "", without).starts_with("nothing to change\n"));
    let planned = plan(&host, "--foreign", without);
    assert!(planned.stdout.contains("  service tcp/192.0.2.11:80 with 0 servers, of others\n"));
}

/// Without an option nothing of others goes, with it what the scope has.
#[test]
fn pruning_deletes_what_is_in_scope() {
    let host = director();
    let planned = plan(&host, "--prune", FILE);
    assert!(planned.stdout.contains("- server 10.0.0.99:80 (unwanted)"), "{}", planned.stdout);
    // Of a VIP that the file does not name nothing is in its scope.
    assert!(planned.stdout.contains("of others, left alone: 1 service with 1 server\n"));
    let declared = format!("{FILE}scope: everything\n");
    let planned = plan(&host, "--prune", &declared);
    assert!(planned.stdout.contains("- service udp/192.0.2.77:53 with 1 server (unwanted)"));
    assert!(!planned.stdout.contains("of others"), "{}", planned.stdout);
    let servers = format!("{FILE}scope: {{vips: [192.0.2.10], servers: [10.0.0.0/28]}}\n");
    let planned = plan(&host, "--prune", &servers);
    assert!(!planned.stdout.contains("10.0.0.99"), "{}", planned.stdout);
    applied(&host, "--prune", &declared);
    let saved = host.must("ipvsadm -Sn").stdout;
    assert!(!saved.contains("192.0.2.77") && !saved.contains("10.0.0.99"), "{saved}");
}

/// The last step fails: the daemon has no interface. What was there before is there again, field by
/// field, if that was asked for, and else what was made stays and is told.
#[test]
fn a_failure_leads_back_if_that_is_wanted() {
    let daemon = "  daemons: [{role: backup, interface: none0, syncid: 4}]\ndefaults";
    let failing = FILE.replace("defaults", daemon);
    let host = director();
    let (before, state) = (table(&host), host.must("ipvsadm -l --timeout").stdout);
    let made = apply(&host, "--on-failure rollback", &failing);
    assert_eq!(made.status, 1);
    assert!(made.stderr.contains("hint: all is as it was before"), "{}", made.stderr);
    assert!(made.stderr.contains("there is no such interface"), "{}", made.stderr);
    assert_eq!(table(&host), before);
    assert_eq!(host.must("ipvsadm -l --timeout").stdout, state);
    assert_eq!(host.must("sysctl -n net.ipv4.vs.expire_nodest_conn").stdout, "0\n");
    others_are_there(&host);
    // And nothing of it is ours: the servers of the service are others'.
    let planned = plan(
        &host,
        "--json",
        "format: ipvs-cluster/1\nservices:\n  - {service: tcp/192.0.2.10:80, method: nat, scheduler: rr, servers: [10.0.0.5]}\n",
    );
    let document: Value = serde_json::from_str(&planned.stdout).unwrap();
    assert_eq!(document["foreign"]["servers"].as_array().unwrap().len(), 2, "{document}");

    let made = apply(&host, "", &failing);
    assert_eq!(made.status, 1);
    assert!(made.stderr.contains("cannot apply <stdin>: 1 of 8 changes failed"), "{}", made.stderr);
    assert!(host.must("ipvsadm -Sn").stdout.contains("-A -t 192.0.2.11:80"));
    others_are_there(&host);
    assert!(applied(&host, "", FILE).starts_with("nothing to change\n"));
}

/// One waits for the other, and both come true, one after the other.
#[test]
fn two_at_once_are_one_after_the_other() {
    let host = director();
    let other = FILE.replace("10.0.0.1-10.0.0.3", "10.0.0.3-10.0.0.6");
    std::thread::scope(|scope| {
        for file in [FILE, other.as_str()] {
            scope.spawn(|| applied(&host, "--allow-deletes", file));
        }
    });
    let plans = [FILE, other.as_str()].map(|file| plan(&host, "", file).status);
    assert!(plans == [0, 3] || plans == [3, 0], "{plans:?}");
    others_are_there(&host);
}

/// Whatever is wrong with a file, the kernel is not asked anything.
#[test]
fn a_bad_file_reaches_no_kernel() {
    let host = director();
    let before = table(&host);
    for (file, told) in [
        ("", "the file is empty"),
        ("format: ipvs-cluster/1\nservices: []\n", "it has no service"),
        ("format: ipvs-cluster/2\nservices: []\n", "the format is `ipvs-cluster/2`"),
        (
            "format: ipvs-cluster/1\nservices:\n  - service: tcp/192.0.2.10:80\n    server",
            "problem",
        ),
        (
            "format: ipvs-cluster/1\nservices:\n  - service: tcp/192.0.2.10:0\n    servers: []\n",
            "1 problem",
        ),
        (
            "format: ipvs-cluster/1\nservices:\n  - service: tcp/192.0.2.10:80\n    servers: [{server: 10.0.0.1, weight: 2147483648}]\n",
            "1 problem",
        ),
        (
            "format: ipvs-cluster/1\nservices:\n  - service: tcp/192.0.2.10:80\n    servers: [0.0.0.0]\n",
            "1 problem",
        ),
        ("format: ipvs-cluster/1\nservices: []\nservices: []\n", "problem"),
        ("{\"format\": \"ipvs-table/2\", \"services\": [", "the file ends in the middle"),
        ("-A -t 192.0.2.10:80 -s\n", "problem"),
        ("\u{0}\u{1}\u{2}", "problem"),
    ] {
        for command in ["plan", "apply"] {
            let said = host.feed(&format!("RSCTL_NETLINK_TRACE=1 rsctl {command} -"), file);
            assert_eq!((said.status, said.stdout.as_str()), (2, ""), "{command} {file}");
            assert!(said.stderr.contains(told), "{command} {file}: {}", said.stderr);
            assert!(said.stderr.starts_with("error: "), "a message was sent: {}", said.stderr);
        }
    }
    assert_eq!(table(&host), before);
}
